"""What people did to the inputs of an analysis between two runs, in their words."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.models import Arm, Entry, Report, Result
from review.extraction.past_imports import ENTITY
from review.history.models import Event
from review.living.runs.contents import RunInputs, TrialInput

_STUDY_OF = {
    "study": None,
    "arm": sa.select(Arm.id, Arm.study_id),
    "report": sa.select(Report.id, Report.study_id),
    "result": sa.select(Result.id, Entry.study_id).join(Entry, Result.entry_id == Entry.id),
}
"""How a row leads to its study."""


def acts_between(
    session: Session, review: str, *, since: int, until: int, inputs: Iterable[RunInputs]
) -> tuple[str, ...]:
    """Return what was corrected, merged, withdrawn or undone, each as a sentence with its reason.

    Parameters
    ----------
    review
        Its slug.
    since, until
        Heads of the history when the inputs of the two runs were read.
    inputs
        Of both runs: only what touched one of their studies or instruments is told.
    """
    trials = [trial for found in inputs for trial in found.trials]
    studies = {trial.study_id for trial in trials}
    instruments = {slug for trial in trials for slug in _instruments(trial)}
    steps = session.scalars(
        sa.select(Event)
        .where(
            Event.review == review,
            Event.seq > since,
            Event.seq <= until,
            Event.action.in_(("edit", "merge", "withdraw", "reinstate", "rekey", "rename", "undo")),
        )
        .order_by(Event.seq)
    ).all()
    return tuple(
        f"{said}{f' ({step.reason})' if step.reason else ''}"
        for step in steps
        if (said := (step.new or {}).get("said"))
        and _touches(session, step, said, studies, instruments)
    )


def _instruments(trial: TrialInput) -> set[str]:
    return {trial.instrument}.union(*map(_instruments, trial.parts))


def _touches(
    session: Session, step: Event, said: str, studies: set[int], instruments: set[str]
) -> bool:
    if step.entity in (ENTITY, "review"):
        return True
    if step.entity == "instrument":
        return any(said.startswith(f"instrument {slug}") for slug in instruments) or any(
            said.endswith(f" {slug}") for slug in instruments
        )
    if step.entity not in _STUDY_OF:
        return False
    query = _STUDY_OF[step.entity]
    if query is None:
        return step.entity_id in studies
    table = query.selected_columns[0]
    row = session.execute(
        query.where(table == step.entity_id).execution_options(withdrawn=True)
    ).one_or_none()
    return row is not None and row[1] in studies
