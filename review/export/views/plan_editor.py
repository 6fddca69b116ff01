"""Revising a plan: what differs, and which trials would enter, without their effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError
from review.export.views.analysis import Headline
from review.export.views.tabs import head_of
from review.extraction.evidence_queries import evidence
from review.extraction.facts import names_of
from review.living.reports.differences import ValueChange, plan_differences
from review.living.reports.noticing import known_studies
from review.living.reports.selected import chosen_by
from review.living.runs.queries import newest_numbers
from review.protocol.actions import check_plan
from review.protocol.models import Review
from review.protocol.plan_texts import blank_texts, texts_of
from review.protocol.queries import current_versions, instruments, outcomes, plan_of, versions
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
    """A form over the newest version of a plan, or over the first of a new analysis."""

    head: Headline | None
    """None for a new analysis."""
    version: int
    """The newest one, which a change is held against; 0 where there is none."""
    texts: Mapping[str, str | list[str]]
    seen: str
    """Whether results were there before: what a new version will be marked with."""
    outcomes: tuple[tuple[str, str], ...]
    instruments: tuple[tuple[str, str], ...]
    """Short name, and name with the outcome that it measures."""


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
    head = head_of(session, review, analysis)
    return _editor(session, review, head, newest.number, texts_of(plan_of(newest)), seen)


def new_plan(session: Session, review: Review) -> PlanEditor:
    """Return the form over the first version of a new analysis: the defaults."""
    planned = current_versions(session, review)
    ran = newest_numbers(session, [version.analysis_id for version in planned])
    known = [version.analysis.slug for version in planned if version.analysis_id in ran]
    seen = (
        f"Other analyses of this review have results already ({', '.join(known)}): readers see "
        "from the day on which this one is frozen that it came after them."
        if known
        else "No analysis of this review has a result yet: this one is planned before any is seen."
    )
    return _editor(session, review, None, 0, blank_texts(), seen)


def _editor(
    session: Session,
    review: Review,
    head: Headline | None,
    version: int,
    texts: Mapping[str, str | list[str]],
    seen: str,
) -> PlanEditor:
    return PlanEditor(
        head=head,
        version=version,
        texts=texts,
        seen=seen,
        outcomes=tuple((one.slug, one.name) for one in outcomes(session, review)),
        instruments=tuple(
            (one.slug, f"{one.name}, {one.outcome.name}") for one in instruments(session, review)
        ),
    )


def preview(session: Session, review: Review, analysis: str | None, plan: Plan) -> Preview:
    """Return what a plan would change and which trials would enter, without their effects.

    `analysis` is None for a new one, where all that enter are new.
    """
    newest = plan_of(versions(session, review, analysis)[0]) if analysis else None
    differences = tuple(plan_differences(newest, plan)) if newest else ()
    names = sorted({*plan.names, *(newest.names if newest else ())})
    try:
        check_plan(session, review, plan, names_of(session, review))
        studies = known_studies(session, review)
        items = [item for _, item in evidence(session, [review.id], names=names)]
        now = chosen_by(newest, items, studies) if newest else ()
        then = chosen_by(plan, items, studies)
    except (InvalidDataError, NotFoundError) as error:
        return Preview(differences, (), (), str(error))
    taken = {row.study for row in now if row.chosen}
    enters = {row.study for row in then if row.chosen}
    stops = [text for row in then if row.stops for text in row.left_out]
    problem = f"With this plan the analysis cannot be pooled: {stops[0]}" if stops else None
    if problem is None and newest and not differences:
        problem = "Nothing differs from the newest version."
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
        problem=problem,
    )
