"""Where extracted results went: the newest run of each analysis that used them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.living.runs.models import Run
from review.living.runs.queries import newest_of_each, snapshot_of
from review.living.runs.results import Snapshot
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Use:
    """An effect that a result went into."""

    analysis: str
    run: int
    recipe: str
    yi: float
    vi: float


def uses(
    session: Session,
    review: Review,
    result_ids: Collection[int],
    *,
    contents: Callable[[Run], Snapshot] = snapshot_of,
) -> dict[int, list[Use]]:
    """Return what the newest runs made of some results, by result id.

    `contents` reads a run; who reads many of them keeps them in memory.
    """
    found: dict[int, list[Use]] = {}
    wanted = frozenset(result_ids)
    for run in newest_of_each(session, review):
        inputs, results = contents(run)
        for trial, effect in zip(inputs.trials, results.effects, strict=False):
            mine = sorted(trial.result_ids & wanted)
            if not mine:
                continue
            use = Use(run.version.analysis.slug, run.number, effect.recipe, effect.yi, effect.vi)
            for result_id in mine:
                found.setdefault(result_id, []).append(use)
    return found
