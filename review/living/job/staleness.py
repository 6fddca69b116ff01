"""Which analyses a change can touch: from the events since the last job, not from the database.

Nothing stored says "stale". A job keeps the number of the newest event it has seen (its
watermark); the next one reads the events after it, follows what they changed to outcomes, and
looks only at the analyses of those outcomes (docs/decisions/0012-staleness.md). Whether an
analysis is stale is still decided by comparing its inputs with those of its last run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from review.db import Base, in_parts
from review.extraction.models import Entry, Result
from review.extraction.past_imports import ENTITY
from review.history.models import Event
from review.living.runs.models import Failure, Job, Run
from review.protocol.models import Analysis, AnalysisVersion, Instrument, Outcome, Review
from review.tables import every_table

MOST_EVENTS: Final = 20_000
"""Above so many events looking at everything is quicker than following each of them."""

_NEVER_INPUT: Final = (
    "review.people", "review.citations", "review.screening", "review.history", "review.living",
)  # fmt: skip
"""Packages whose tables hold nothing that an analysis is computed from."""

_SOURCES_ONLY: Final = frozenset({"report_id", "person_id"})
"""References that say where a number is from, and not what it belongs to."""


@dataclass(slots=True)
class Touched:
    """What the events since a watermark changed, as far up as analyses can be reached from."""

    everything: bool = False
    reviews: set[str] = field(default_factory=set)
    outcomes: set[int] = field(default_factory=set)
    analyses: set[int] = field(default_factory=set)
    studies: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class LastLook:
    """The last finished job that looked at a whole scope, and the events it had seen."""

    job_id: int
    watermark: int


def last_look(session: Session, review: Review | None) -> LastLook | None:
    """Return the newest finished job that covered a review (None: all reviews)."""
    query = sa.select(Job.id, Job.watermark).where(Job.watermark.is_not(None))
    covers: sa.ColumnElement[bool] = Job.review.is_(None)
    if review is not None:
        covers = sa.or_(covers, Job.review == review.slug)
    row = session.execute(query.where(covers).order_by(Job.id.desc()).limit(1)).one_or_none()
    return LastLook(row.id, row.watermark) if row else None


def stirred(session: Session, after: int) -> bool:
    """Whether an event after `after` is of anything but runs and jobs."""
    found = session.scalar(
        sa.select(Event.seq).where(Event.seq > after, Event.entity != "run").limit(1)
    )
    return found is not None


def to_look_at(session: Session, since: LastLook | None) -> set[int] | None:
    """Return the ids of analyses, of any review, that may be stale; None for all of them.

    What the last job could not pool is looked at again.
    """
    if since is None:
        return None
    touched = touched_since(session, since.watermark)
    if touched.everything:
        return None
    failed = session.scalars(
        sa.select(Failure.analysis_id).where(Failure.job_id >= since.job_id).distinct()
    )
    return _analyses(session, touched) | set(failed)


def analyses_touched(session: Session, review: Review, since: int) -> list[str]:
    """Return the analyses of a review whose inputs the events after `since` may have changed."""
    touched = touched_since(session, since)
    found = None if touched.everything else _analyses(session, touched)
    planned = session.execute(
        sa.select(Analysis.id, Analysis.slug)
        .where(Analysis.review_id == review.id)
        .order_by(Analysis.slug)
    )
    return [slug for number, slug in planned if found is None or number in found]


def touched_since(session: Session, watermark: int) -> Touched:
    """Follow the events after `watermark` to what analyses depend on."""
    touched = Touched()
    events = session.execute(
        sa.select(Event.entity, Event.entity_id, Event.review, Event.old, Event.action)
        .where(Event.seq > watermark, Event.entity != "run")
        .order_by(Event.seq)
        .limit(MOST_EVENTS + 1)
    ).all()
    if len(events) > MOST_EVENTS:
        touched.everything = True
        return touched
    rows: dict[str, set[int]] = defaultdict(set)
    for entity, entity_id, review, old, action in events:
        kind = _class_of(entity)
        if action not in ("insert", "update") and (kind is not None or entity == ENTITY):
            continue  # a step beside the events of the rows that it changed
        if kind is not None and kind.__module__.startswith(_NEVER_INPUT):
            continue
        moved = {name for name in old or () if name.endswith("_id")} - _SOURCES_ONLY
        followed = kind is not None and _leads_somewhere(kind.__tablename__)
        if entity_id is not None and followed and not moved:
            rows[entity].add(entity_id)
        elif review is not None:
            touched.reviews.add(review)
        else:
            touched.everything = True
    for entity, ids in rows.items():
        _follow(session, entity, sorted(ids), touched)
    return touched


def _class_of(entity: str) -> type[Base] | None:
    every_table()
    for mapper in Base.registry.mappers:
        if mapper.local_table is not None and mapper.class_.__tablename__ == entity:
            found: type[Base] = mapper.class_
            return found
    return None


_GOALS: Final = ("outcome", "analysis", "study")
"""What a changed row is followed to: its outcome, else its analysis, else its study."""


def _leads_somewhere(entity: str) -> bool:
    return any(_path(entity, goal) is not None for goal in _GOALS)


def _path(entity: str, goal: str) -> list[sa.ForeignKey] | None:
    """Return the shortest chain of foreign keys from one table to another, [] for itself."""
    tables = every_table().tables
    paths: list[tuple[str, list[sa.ForeignKey]]] = [(entity, [])]
    seen = {entity}
    while paths:
        table, path = paths.pop(0)
        if table == goal:
            return path
        keys = sorted(tables[table].foreign_keys, key=lambda key: key.parent.name)
        for key in keys:
            other = key.column.table.name
            if other not in seen and key.parent.name not in _SOURCES_ONLY:
                seen.add(other)
                paths.append((other, [*path, key]))
    return None


def _follow(session: Session, entity: str, ids: Sequence[int], touched: Touched) -> None:
    """Follow rows to the first goal that each leads to; one that leads nowhere touches all.

    A reference may be empty: the appraisal of a whole study names no outcome, but its study.
    """
    reached = {"outcome": touched.outcomes, "analysis": touched.analyses, "study": touched.studies}
    left = set(ids)
    for goal in _GOALS:
        path = _path(entity, goal)
        if path is None or not left:
            continue
        origins: dict[int, set[int]] = {row: {row} for row in left}
        for key in path:
            table, column = key.parent.table, key.parent
            further: dict[int, set[int]] = defaultdict(set)
            for part in in_parts(sorted(origins)):
                rows = sa.select(table.c.id, column).where(
                    table.c.id.in_(part), column.is_not(None)
                )
                for row, value in session.execute(rows):
                    further[value] |= origins[row]
            origins = further
        reached[goal].update(origins)
        left -= {row for rows_of in origins.values() for row in rows_of}
    touched.everything = touched.everything or bool(left)


def _analyses(session: Session, touched: Touched) -> set[int]:
    """Return the analyses whose newest plan is about a touched outcome, and those named."""
    outcomes = set(touched.outcomes)
    for part in in_parts(sorted(touched.studies)):
        outcomes.update(
            session.scalars(
                sa.select(Instrument.outcome_id)
                .join(Result, Result.instrument_id == Instrument.id)
                .join(Entry, Result.entry_id == Entry.id)
                .where(Entry.study_id.in_(part))
                .distinct()
            )
        )
    found = set(touched.analyses)
    named: dict[int, set[str]] = defaultdict(set)
    for part in in_parts(sorted(outcomes)):
        rows = session.execute(
            sa.select(Outcome.review_id, Outcome.slug).where(Outcome.id.in_(part))
        )
        for review_id, slug in rows:
            named[review_id].add(slug)
    for part in in_parts(sorted(named)):
        for review_id, analysis_id, plan in _plans(session, Analysis.review_id.in_(part)):
            if named[review_id] & outcomes_of(plan):
                found.add(analysis_id)
    for slug in sorted(touched.reviews):
        found.update(
            session.scalars(sa.select(Analysis.id).join(Analysis.review).where(Review.slug == slug))
        )
    return found


def outcomes_of(plan: dict[str, Any]) -> set[str]:
    """Return the slugs of the outcomes that a stored plan selects from."""
    return {plan["outcome"]} | ({plan["predicts"]} if plan.get("predicts") else set())


def _plans(
    session: Session, where: sa.ColumnElement[bool]
) -> Iterable[tuple[int, int, dict[str, Any]]]:
    newest = aliased(AnalysisVersion)
    query = (
        sa.select(Analysis.review_id, Analysis.id, AnalysisVersion.plan)
        .join(AnalysisVersion, AnalysisVersion.analysis_id == Analysis.id)
        .where(
            where,
            ~sa.exists().where(
                newest.analysis_id == AnalysisVersion.analysis_id,
                newest.number > AnalysisVersion.number,
            ),
        )
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def versions_by_review(
    session: Session, review: Review | None, analyses: set[int] | None
) -> list[tuple[int, int]]:
    """Return ``(review id, plan version id)`` of the analyses given (None: all in scope).

    The newest version of each, in order of review and analysis.
    """
    newer = aliased(AnalysisVersion)
    query = (
        sa.select(Review.slug, Analysis.slug, Analysis.review_id, AnalysisVersion.id)
        .join(AnalysisVersion.analysis)
        .join(Analysis.review)
        .where(
            ~sa.exists().where(
                newer.analysis_id == AnalysisVersion.analysis_id,
                newer.number > AnalysisVersion.number,
            )
        )
    )
    if review is not None:
        query = query.where(Analysis.review_id == review.id)
    parts: Iterable[Sequence[int] | None] = (
        [None] if analyses is None else in_parts(sorted(analyses))
    )
    rows = [
        (row[0], row[1], row[2], row[3])
        for part in parts
        for row in session.execute(
            query if part is None else query.where(AnalysisVersion.analysis_id.in_(part))
        )
    ]
    return [(review_id, version_id) for _, _, review_id, version_id in sorted(rows)]


def versions_numbered(session: Session, ids: Sequence[int]) -> list[AnalysisVersion]:
    """Return plan versions by id, in the order given, their analyses and reviews loaded."""
    found = {
        version.id: version
        for part in in_parts(ids)
        for version in session.scalars(
            sa.select(AnalysisVersion)
            .where(AnalysisVersion.id.in_(part))
            .options(joinedload(AnalysisVersion.analysis).joinedload(Analysis.review))
        )
    }
    return [found[version_id] for version_id in ids]


def without_run(session: Session, review: Review | None) -> list[tuple[str, str, int]]:
    """Return review, analysis and id of what has never been pooled."""
    query = (
        sa.select(Review.slug, Analysis.slug, Analysis.id)
        .join(Analysis.review)
        .where(~sa.exists().where(Run.analysis_id == Analysis.id))
        .order_by(Review.slug, Analysis.slug)
    )
    if review is not None:
        query = query.where(Analysis.review_id == review.id)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def count_analyses(session: Session, review: Review | None) -> int:
    """Return how many analyses are planned (in a review)."""
    query = sa.select(sa.func.count()).select_from(Analysis)
    if review is not None:
        query = query.where(Analysis.review_id == review.id)
    return session.scalar(query) or 0
