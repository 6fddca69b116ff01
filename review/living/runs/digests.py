"""What later reports need of earlier runs, a few kilobytes each, so that they read no whole run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from review.living.runs import kept
from review.living.runs.contents import Interval, Reading, Snapshot
from review.living.runs.models import Run
from review.living.runs.queries import runs, snapshot_of
from review.protocol.models import Review
from review.protocol.rules import SequentialRules
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
    readings: tuple[Reading, ...]
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


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of an analysis, in short."""

    run_id: int
    number: int
    created: datetime
    job_id: int
    plan_version: int
    plan_frozen: datetime
    digest: Digest


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


def content_of(digest: Digest) -> object:
    """Return a digest as what is kept of it."""
    return _ADAPTER.dump_python(digest, mode="json")


def digests(session: Session, found: Iterable[Run]) -> list[PastRun]:
    """Return runs in short; the whole of a run is read only where no digest of it is kept yet."""
    listed = list(found)
    known = kept.contents(session, [run.id for run in listed], WHAT)
    return [
        PastRun(
            run_id=run.id,
            number=run.number,
            created=run.created,
            job_id=run.job_id,
            plan_version=run.version.number,
            plan_frozen=run.version.frozen_at,
            digest=_ADAPTER.validate_json(known[run.id])
            if run.id in known
            else digest_of(snapshot_of(run)),
        )
        for run in listed
    ]


def past_runs(session: Session, review: Review, analysis: str) -> Sequence[PastRun]:
    """Return the runs of an analysis in short, the oldest first; raise NotFoundError."""
    return digests(session, runs(session, review, analysis))
