"""What later reports need of a run, a few kilobytes, so that they read no whole run. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from pydantic import TypeAdapter

from review.canonical import CanonicalText
from review.living.runs.results import Interval, MarginReading, Snapshot
from review.protocol.parts import SequentialRules
from review.protocol.vocabulary import Variant

WHAT = "digest"


class Unit(NamedTuple):
    """One effect of a run."""

    study_id: int
    first_result: int
    """The lowest id of its results: the order in which trials entered the database."""
    yi: float
    vi: float


class VariantClass(NamedTuple):
    """What a sensitivity analysis concluded."""

    variant: str
    label: str
    conclusion: str | None


@dataclass(frozen=True, slots=True)
class Digest:
    """A run in short."""

    title: str
    measure: str
    effect: str | None
    k: int
    estimate: float
    ci: Interval
    readings: tuple[MarginReading, ...]
    variants: tuple[VariantClass, ...]
    """Without the estimates that leave one trial out."""
    margin: float | None
    sequential: SequentialRules | None
    units: tuple[Unit, ...]
    """In the order of the run's trials."""
    changed: str | None = None
    """In a few words, why the run was made; None where nobody has compared it."""
    flipped: bool = False
    """Whether the class of any margin changed with it."""


_ADAPTER = TypeAdapter(Digest)


def digest_of(snapshot: Snapshot, *, changed: str | None = None, flipped: bool = False) -> Digest:
    """Return a run in short."""
    inputs, results = snapshot
    plan, line = inputs.plan, results.pooled
    return Digest(
        title=plan.title,
        measure=plan.measure.value,
        effect=plan.effect,
        k=line.k,
        estimate=line.estimate,
        ci=line.ci,
        readings=results.readings,
        variants=tuple(
            VariantClass(one.variant, one.label, one.conclusion)
            for one in results.variants
            if one.variant != Variant.LEAVE_ONE_OUT
        ),
        margin=plan.margin,
        sequential=plan.sequential,
        units=tuple(
            Unit(trial.study_id, trial.first_result, effect.yi, effect.vi)
            for trial, effect in zip(inputs.trials, results.effects, strict=True)
        ),
        changed=changed,
        flipped=flipped,
    )


def content_of(digest: Digest) -> CanonicalText:
    """Return a digest as what is kept of it: JSON, which nobody hashes."""
    return CanonicalText(_ADAPTER.dump_json(digest).decode())


@lru_cache(maxsize=256)
def digest_from(kept: str) -> Digest:
    """Return a digest from what is kept of it; digests never change, and are asked for together."""
    return _ADAPTER.validate_json(kept)
