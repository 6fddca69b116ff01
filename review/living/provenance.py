"""Where extracted results went: the newest run of each analysis that used them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.living.queries import newest_of_each, snapshot_of
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Use:
    """An effect that a result went into."""

    analysis: str
    run: int
    recipe: str
    yi: float
    vi: float


def uses(session: Session, review: Review, study: str) -> dict[int, list[Use]]:
    """Return what the newest runs made of a study's results, by result id."""
    found: dict[int, list[Use]] = {}
    for run in newest_of_each(session, review):
        inputs, results = snapshot_of(run)
        for trial, effect in zip(inputs.trials, results.effects, strict=False):
            if trial.study != study:
                continue
            use = Use(run.version.analysis.slug, run.number, effect.recipe, effect.yi, effect.vi)
            for result_id in sorted(trial.result_ids):
                found.setdefault(result_id, []).append(use)
    return found
