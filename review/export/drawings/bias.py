"""Judgements of risk of bias of the trials of a run."""

from __future__ import annotations

from sqlalchemy.orm import Session

from review.extraction.appraisal.picture import of_target, picture
from review.extraction.appraisal.queries import standings
from review.figures.risk_of_bias import RiskOfBias
from review.living.runs.contents import RunInputs
from review.living.runs.queries import run_numbered, snapshot_of
from review.living.runs.results import RunResults
from review.protocol.models import Review


def bias_of_review(
    session: Session,
    review: Review,
    tool: str | None,
    *,
    analysis: str | None = None,
    outcome: str | None = None,
    instrument: str | None = None,
    timepoint: str | None = None,
    title: str | None = None,
) -> RiskOfBias:
    """Return the settled judgements of a review, or those of an analysis' newest run by weight."""
    if analysis is not None:
        return bias_of_run(
            session, review, tool, *snapshot_of(run_numbered(session, review, analysis, None)),
            outcome=outcome, instrument=instrument, timepoint=timepoint, title=title,
        )  # fmt: skip
    found = standings(session, review, tool)
    chosen = of_target(found, outcome=outcome, instrument=instrument, timepoint=timepoint)
    return picture(chosen, title=title or f"Risk of bias: {outcome or review.title}")


def bias_of_run(
    session: Session,
    review: Review,
    tool: str | None,
    inputs: RunInputs,
    results: RunResults,
    *,
    outcome: str | None = None,
    instrument: str | None = None,
    timepoint: str | None = None,
    title: str | None = None,
) -> RiskOfBias:
    """Return the settled judgements of the trials of a run, with their weights.

    Parameters
    ----------
    tool : str or None
        An adopted tool, or the family of several; None where all that was adopted is of one.
    outcome, instrument, timepoint : str, optional
        Which results of a study are meant; by default those of the plan's outcome, and what was
        judged of studies as a whole.
    title : str, optional
        Above the figure.

    Raises
    ------
    InvalidDataError
        Where none of the trials was appraised, or one has several results that fit.
    """
    plan = inputs.plan
    found = standings(session, review, tool)
    wanted = outcome or plan.outcome
    chosen = of_target(found, outcome=wanted, instrument=instrument, timepoint=timepoint)
    if outcome is None:
        chosen += [s for s in found if s.target.outcome is None]
    weights: dict[str, float] = {}
    for effect in results.effects:
        weights[effect.study] = weights.get(effect.study, 0.0) + effect.weight
    return picture(chosen, title=title or f"Risk of bias: {plan.title}", weights=weights)
