"""Plans that were made or changed after results were seen, and what the old plan would give now.

Read from the ledger: each plan version and each run is an event, and the order of events says
whether a run was there when a version was frozen. No clock is asked, and nothing can be undone: a
plan that goes back to what it was has still been changed twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import ReviewError
from review.extraction.evidence import Evidence
from review.history.models import Event
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.inputs.select import select
from review.living.reports.changes import compare
from review.living.reports.differences import ValueChange, plan_differences
from review.living.reports.notices import Notice, NoticeKind
from review.living.runs.models import Run
from review.protocol.models import Analysis, AnalysisVersion, Review
from review.protocol.queries import outcomes, plan_of
from review.protocol.rules import Plan
from review.wording import lowered

WORDING: Final = frozenset({"title", "effect", "intervention label", "comparator label"})
"""What of a plan names things, and changes no number."""

MOST_RUNS: Final = 2_000
"""Runs of a review that are looked through for the first one of an outcome."""


class RowMade(NamedTuple):
    """The event that made a row: its place in the history, by whom, why."""

    seq: int
    actor: str
    reason: str | None


class Seen(NamedTuple):
    """The first run of an outcome in a review."""

    analysis: str
    title: str
    seq: int


def revisions(
    session: Session, review: Review, analyses: Collection[str], items: Sequence[Evidence]
) -> dict[str, list[Notice]]:
    """Return the notices of plans made or changed after results were seen, by analysis."""
    versions = versions_of(session, review, analyses)
    runs = session.execute(
        sa.select(Run.id, Run.number, Run.analysis_id)
        .where(Run.analysis_id.in_({version.analysis_id for version in versions}))
        .order_by(Run.analysis_id, Run.number)
    ).all()
    made = _made(session, AnalysisVersion.__tablename__, [version.id for version in versions])
    ran = _made(session, Run.__tablename__, [run.id for run in runs])
    of_analysis: dict[str, list[AnalysisVersion]] = {}
    for version in versions:
        of_analysis.setdefault(version.analysis.slug, []).append(version)
    first_of = _first_runs(session, review)
    named = {outcome.slug: lowered(outcome.name) for outcome in outcomes(session, review)}
    return {
        slug: [
            *_post_hoc(slug, found[0], made, first_of, named),
            *_changed(
                found,
                made,
                {run.number: ran[run.id].seq for run in runs
                 if run.analysis_id == found[0].analysis_id and run.id in ran},
                items,
            ),
        ]
        for slug, found in of_analysis.items()
    }  # fmt: skip


def versions_of(
    session: Session, review: Review, analyses: Collection[str]
) -> Sequence[AnalysisVersion]:
    """Return every version of some analyses' plans, by analysis and number."""
    return session.scalars(
        sa.select(AnalysisVersion)
        .join(AnalysisVersion.analysis)
        .where(Analysis.review_id == review.id, Analysis.slug.in_(analyses))
        .order_by(AnalysisVersion.analysis_id, AnalysisVersion.number)
    ).all()


def _made(session: Session, entity: str, ids: Sequence[int]) -> dict[int, RowMade]:
    query = sa.select(Event.entity_id, Event.seq, Event.actor, Event.reason).where(
        Event.entity == entity, Event.action == "insert", Event.entity_id.in_(ids)
    )
    return {row[0]: RowMade(*row[1:]) for row in session.execute(query) if row[0] is not None}


def _first_runs(session: Session, review: Review) -> dict[str, Seen]:
    """Return the first run of each outcome of a review."""
    rows = session.execute(
        sa.select(Event.seq, Analysis.slug, AnalysisVersion.plan)
        .join(Run, sa.and_(Event.entity == Run.__tablename__, Event.entity_id == Run.id))
        .join(AnalysisVersion, Run.version_id == AnalysisVersion.id)
        .join(Analysis, Run.analysis_id == Analysis.id)
        .where(Analysis.review_id == review.id, Event.action == "insert")
        .order_by(Event.seq)
        .limit(MOST_RUNS)
    )
    found: dict[str, Seen] = {}
    for seq, slug, plan in rows:
        found.setdefault(plan["outcome"], Seen(slug, plan["title"], seq))
    return found


def _post_hoc(
    slug: str,
    first: AnalysisVersion,
    made: Mapping[int, RowMade],
    first_of: Mapping[str, Seen],
    named: Mapping[str, str],
) -> Iterator[Notice]:
    plan, by = plan_of(first), made.get(first.id)
    seen = first_of.get(plan.outcome)
    if by is not None and seen is not None and seen.analysis != slug and seen.seq < by.seq:
        yield Notice(
            NoticeKind.POST_HOC,
            f"planned on {first.frozen_at:%Y-%m-%d}, when results of {named[plan.outcome]} had "
            f"been seen already (in “{seen.title}”)",
            detail=by.reason,
            by=by.actor,
        )


def _changed(
    versions: Sequence[AnalysisVersion],
    made: Mapping[int, RowMade],
    runs: Mapping[int, int],
    items: Sequence[Evidence],
) -> Iterator[Notice]:
    for old, new in pairwise(versions):
        by = made.get(new.id)
        seen = [number for number, seq in runs.items() if by is not None and seq < by.seq]
        if by is None or not seen:
            continue
        before = plan_of(old)
        changes = tuple(plan_differences(before, plan_of(new)))
        told = "; ".join(change.words for change in changes) or "its stored form only"
        why = f"; the reason given: “{by.reason}”" if by.reason else ""
        numbers = "; ".join(_would_give(old.number, before, items, changes))
        yield Notice(
            NoticeKind.PLAN_CHANGED,
            f"version {new.number} of {new.frozen_at:%Y-%m-%d} was frozen when run {max(seen)} had "
            f"been seen{why}. Changed: {told}. {numbers}",
            by=by.actor,
        )


def _would_give(
    number: int, plan: Plan, items: Sequence[Evidence], changes: Sequence[ValueChange]
) -> Iterator[str]:
    if {change.what for change in changes} <= WORDING:
        yield "This changes no number"
    else:
        yield f"By version {number} the present data give {result_now(plan, items)}"


def result_now(plan: Plan, items: Sequence[Evidence]) -> str:
    """Return what a plan gives on the present evidence, in a sentence without its full stop."""
    bare = plan.bare.model_copy(update={"sequential": None})
    try:
        inputs = select(bare, items)
        if not inputs.trials:
            return "nothing, for no trial can enter"
        (results,) = pool_inputs([(inputs, trial_effects(inputs))])
    except ReviewError as error:
        return f"nothing, because {error}"
    return compare(None, (inputs, results)).sentence.rstrip(".")
