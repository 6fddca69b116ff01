"""Revising a plan: what differs, and which trials would enter, without their effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.export.views.analysis import Headline
from review.export.views.tabs import head_of
from review.extraction.evidence_queries import evidence
from review.extraction.facts import names_of
from review.living.reports.changes import ValueChange, plan_differences
from review.living.reports.noticing import known_studies
from review.living.reports.selected import chosen_by
from review.living.runs.queries import newest_numbers
from review.protocol.characteristics import problems
from review.protocol.choices import texts_of
from review.protocol.models import Review
from review.protocol.queries import instruments, outcomes, plan_of, versions
from review.protocol.rules import Plan


@dataclass(frozen=True, slots=True)
class Entering:
    """A study that a plan would take, and what of it; its effect is not told."""

    study: str
    what: tuple[str, ...]
    new: bool
    """Whether the newest version does not take it."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A study that a plan would leave out, and why."""

    study: str
    why: tuple[str, ...]
    taken_now: bool
    """Whether the newest version takes it."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a changed plan would do; nothing is computed of effects, and nothing stored."""

    differences: tuple[ValueChange, ...]
    entering: tuple[Entering, ...]
    leaving: tuple[Leaving, ...]
    problem: str | None
    """Why it could not be frozen as it is."""


@dataclass(frozen=True, slots=True)
class PlanEditor:
    """A form over the newest version of a plan."""

    head: Headline
    version: int
    """The newest one, which a change is held against."""
    texts: Mapping[str, str | list[str]]
    seen: str
    """Whether results were there before: what a new version will be marked with."""
    outcomes: tuple[tuple[str, str], ...]
    instruments: tuple[tuple[str, str], ...]


def plan_editor(session: Session, review: Review, analysis: str) -> PlanEditor:
    """Return the form over the newest version of a plan; raise NotFoundError."""
    newest = versions(session, review, analysis)[0]
    run = newest_numbers(session, [newest.analysis_id]).get(newest.analysis_id)
    seen = (
        f"Results of this analysis are there (run {run}). A new version is marked as made after "
        "results were seen, in every report."
        if run is not None
        else "No result of this analysis is there yet: a new version is not marked."
    )
    return PlanEditor(
        head=head_of(session, review, analysis),
        version=newest.number,
        texts=texts_of(plan_of(newest)),
        seen=seen,
        outcomes=tuple((one.slug, one.name) for one in outcomes(session, review)),
        instruments=tuple((one.slug, one.name) for one in instruments(session, review)),
    )


def preview(session: Session, review: Review, analysis: str, plan: Plan) -> Preview:
    """Return what a plan would change and which trials would enter, without their effects."""
    newest = plan_of(versions(session, review, analysis)[0])
    differences = tuple(plan_differences(newest, plan))
    names = sorted({*plan.names, *newest.names})
    unknown = list(problems(plan.names, also=names_of(session, review)))
    if unknown:
        return Preview(differences, (), (), "; ".join(unknown))
    studies = known_studies(session, review)
    items = [item for _, item in evidence(session, [review.id], names=names)]
    try:
        now = chosen_by(newest, items, studies)
        then = chosen_by(plan, items, studies)
    except InvalidDataError as error:
        return Preview(differences, (), (), str(error))
    taken = {row.study for row in now if row.chosen}
    enters = {row.study for row in then if row.chosen}
    stops = [text for row in then if row.stops for text in row.left_out]
    return Preview(
        differences=differences,
        entering=tuple(
            Entering(row.study, row.chosen, row.study not in taken) for row in then if row.chosen
        ),
        leaving=tuple(
            Leaving(row.study, row.left_out, row.study in taken)
            for row in then
            if not row.chosen and (row.study in taken or row.study not in enters)
        ),
        problem=_cannot(differences, stops),
    )


def _cannot(differences: Sequence[ValueChange], stops: Sequence[str]) -> str | None:
    if stops:
        return f"With this plan the analysis cannot be pooled: {stops[0]}"
    return None if differences else "Nothing differs from the newest version."
