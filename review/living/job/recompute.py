"""Recomputing old runs from their own inputs: what was kept is enough to get the same numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import engine_versions, pool_inputs
from review.living.runs.models import Run
from review.living.runs.queries import snapshot_of
from review.living.runs.results import Snapshot

TOLERANCE: Final = 1e-9
"""Relative, absolute near zero: other builds of numpy and scipy may differ in the last digits."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A stored value that today's engine does not give again."""

    where: str
    stored: str
    recomputed: str


@dataclass(frozen=True, slots=True)
class Recomputation:
    """What came of recomputing a run."""

    analysis: str
    number: int
    values: int
    """How many stored values were compared."""
    largest: float
    """The largest difference, relative above 1 and absolute below."""
    deviations: tuple[Deviation, ...]
    inputs_intact: bool
    """Whether the stored inputs still have the stored fingerprint."""
    same_engine: bool

    @property
    def reproduced(self) -> bool:
        """Whether every value came out again."""
        return self.inputs_intact and not self.deviations


def recompute(run: Run) -> Recomputation:
    """Compute a stored run again from its stored inputs and compare every number.

    Returns
    -------
    Recomputation
        Numbers agree within 1e-9, texts and classes exactly.
    """
    inputs, results = snapshot_of(run)
    (again,) = pool_inputs([(inputs, trial_effects(inputs))])
    pairs = list(_pairs("", results.model_dump(mode="json"), again.model_dump(mode="json")))
    deviations = tuple(
        Deviation(where, repr(old), repr(new)) for where, old, new in pairs if not _same(old, new)
    )
    return Recomputation(
        analysis=run.version.analysis.slug,
        number=run.number,
        values=len(pairs),
        largest=max((_distance(old, new) for _, old, new in pairs), default=0.0),
        deviations=deviations,
        inputs_intact=_intact(run, (inputs, results)),
        same_engine=run.software == dict(engine_versions()),
    )


def _intact(run: Run, snapshot: Snapshot) -> bool:
    return snapshot[0].fingerprint == run.fingerprint


def _pairs(where: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield every stored leaf with its counterpart; what software added later is not compared.

    Nor are words on how a number came about, of which later software says more.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old:
            if name not in ("recipe", "note"):
                yield from _pairs(f"{where}.{name}" if where else name, old[name], new.get(name))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _pairs(f"{where}[{index}]", one, other)
    else:
        yield where, old, new


def _distance(old: Any, new: Any) -> float:
    if isinstance(old, int | float) and isinstance(new, int | float):
        return abs(old - new) / max(1.0, abs(old))
    return 0.0


def _same(old: Any, new: Any) -> bool:
    numbers = isinstance(old, int | float) and isinstance(new, int | float)
    if numbers and not isinstance(old, bool):
        return math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(old == new)
