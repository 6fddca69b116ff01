"""Reading releases and what they claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.formats.models import ImportedRelease, SourceLine, SourceResult
from review.extraction.formats.source import SourceRow
from review.extraction.models import Arm, Entry, Result, Study
from review.history.models import Event
from review.protocol.models import Instrument, Review


def releases(session: Session, review: Review) -> Sequence[ImportedRelease]:
    """Return the releases of a review in the order they came."""
    return session.scalars(
        sa.select(ImportedRelease)
        .where(ImportedRelease.review_id == review.id)
        .order_by(ImportedRelease.id)
    ).all()


def newest_release(session: Session, review: Review, source: str) -> ImportedRelease | None:
    """Return the newest release of a source; None before the first."""
    return session.scalar(
        sa.select(ImportedRelease)
        .where(ImportedRelease.review_id == review.id, ImportedRelease.source == source)
        .order_by(ImportedRelease.number.desc())
        .limit(1)
    )


@dataclass(frozen=True, slots=True)
class Origin:
    """A row of a file that names a study, with all its cells."""

    source: str
    release: int
    file: str
    line: int
    results: tuple[int, ...]
    """Ids of the results that were made from it."""
    cells: dict[str, str]


def origins(session: Session, review: Review, study: Study) -> list[Origin]:
    """Return the rows of all releases that results of a study were made from, newest first."""
    found: dict[int, tuple[ImportedRelease, SourceLine, list[int]]] = {}
    query = (
        sa.select(ImportedRelease, SourceLine, SourceResult.result_id)
        .join(SourceLine, SourceLine.release_id == ImportedRelease.id)
        .join(SourceResult, SourceResult.source_line_id == SourceLine.id)
        .join(Result, Result.id == SourceResult.result_id)
        .join(Entry, Entry.id == Result.entry_id)
        .where(ImportedRelease.review_id == review.id, Entry.study_id == study.id)
        .order_by(ImportedRelease.id.desc(), SourceLine.line, SourceResult.result_id)
    )
    for release, line, result in session.execute(query):
        found.setdefault(line.id, (release, line, []))[2].append(result)
    return [
        Origin(
            release.source,
            release.number,
            release.file,
            line.line,
            tuple(results),
            {name: line.cells[name] for name in release.columns if line.cells.get(name)},
        )
        for release, line, results in found.values()
    ]


Named = TypeVar("Named", Arm, Instrument)


def formerly(session: Session, review: Review, kind: type[Named], name: str) -> list[Named]:
    """Return the arms or instruments that were called so before, or what such were merged into.

    The history knows them; the newest act comes first.
    """
    entity = kind.__tablename__
    column = "label" if kind is Arm else "slug"
    events = session.scalars(
        sa.select(Event)
        .where(
            Event.review == review.slug,
            Event.entity == entity,
            Event.action.in_(("update", "merge")),
        )
        .order_by(Event.seq.desc())
    )
    ids = dict.fromkeys(
        event.entity_id
        for event in events
        if (event.old or {}).get(column) == name
        or str((event.new or {}).get("said", "")).startswith(f"{entity} {name} ")
    )
    found = (session.get(kind, number) for number in ids if number is not None)
    return [row for row in found if row is not None]


def studies_by_line(session: Session, release: ImportedRelease) -> dict[int, Study]:
    """Return the study that the results of each line of a release belong to now."""
    query = (
        sa.select(SourceLine.line, Study)
        .join(SourceResult, SourceResult.source_line_id == SourceLine.id)
        .join(Result, Result.id == SourceResult.result_id)
        .join(Entry, Entry.id == Result.entry_id)
        .join(Study, Study.id == Entry.study_id)
        .where(SourceLine.release_id == release.id)
        .order_by(SourceLine.id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def rows_of(session: Session, release: ImportedRelease) -> list[SourceRow]:
    """Return the rows of a release in the order of its file."""
    lines = session.execute(
        sa.select(SourceLine.line, SourceLine.key, SourceLine.cells)
        .where(SourceLine.release_id == release.id)
        .order_by(SourceLine.id)
    )
    # Canonical JSON sorts keys; the release keeps the order of the columns.
    order = {name: place for place, name in enumerate(release.columns)}
    return [
        SourceRow(
            line,
            dict(sorted(key.items(), key=lambda item: order.get(item[0], len(order)))),
            dict(sorted(cells.items(), key=lambda item: order.get(item[0], len(order)))),
        )
        for line, key, cells in lines
    ]
