"""Taking a release of another program's file into a review. Actions never commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError, Remedy
from review.extraction.formats import queries
from review.extraction.formats.comparison import compare, facing
from review.extraction.formats.models import ImportedRelease, SourceLine, SourceResult
from review.extraction.formats.reading import ReadFile
from review.extraction.formats.registry import FORMATS
from review.extraction.formats.report import ReleaseReport
from review.extraction.formats.results import take_results
from review.extraction.formats.source import Directions, Place, SourceTable
from review.extraction.formats.taking import Taking
from review.extraction.formats.trials import (
    leave_mended,
    leave_studies,
    take_arms,
    take_instruments,
    take_studies,
)
from review.extraction.models import Result
from review.extraction.past_imports import keep_import
from review.history.actions import record_step, rows_told
from review.history.queries import head
from review.people.actions import person_called
from review.people.models import Person
from review.protocol.models import Review


def import_release(
    session: Session,
    review: Review,
    read: ReadFile,
    *,
    source: str,
    person: str,
    directions: Directions,
    now: datetime,
) -> ReleaseReport:
    """Take a file as the next release of its source; a file that is the newest changes nothing.

    Rows are matched with those of the release before by their natural key. What the file changed
    since then is changed here; what a person changed here since then is kept and flagged. Results
    that no row states any more lose their numbers, studies that no row names leave the review;
    the history keeps what they were.

    Parameters
    ----------
    source : what the file is a release of; a review may take from several databases.
    directions : for instruments that do not say so yet, and for signs that the file does not prove.

    Raises
    ------
    InvalidDataError
        If no row of the file is in the release before: it is a release of another source.
    """
    first = head(session)[0] + 1
    taking = Taking.of(session, review, read, source, directions)
    _take(taking, person_called(session, person), directions, now)
    keep_import(session, first=first, file=read.file, rows=len(read.table.rows))
    return taking.report


def _take(taking: Taking, person: Person, directions: Directions, now: datetime) -> None:
    take_instruments(taking)
    report, table = taking.report, taking.read.table
    report.pools = list(table.pools)
    if taking.previous is not None and taking.same:
        report.release = taking.previous.number
        report.unchanged = len(table.rows)
        return
    _compare(taking)
    report.signs = taking.new.signs
    taking.new = facing(taking.new, taking.old)
    taking.known.find({*taking.new.studies, *taking.old.studies})
    mended = leave_mended(taking)
    take_studies(taking, person)
    take_arms(taking)
    places = take_results(taking, mended)
    leave_studies(taking)
    taking.session.flush()
    _store(taking, places, person, directions, now)


def reread_release(
    session: Session,
    review: Review,
    *,
    source: str,
    person: str,
    directions: Directions,
    now: datetime,
) -> tuple[ReadFile, ReleaseReport]:
    """Read the kept rows of a source's newest release again, as its file would be read now.

    Raises
    ------
    NotFoundError
        If the review has no release of this source.
    """
    release = queries.newest_release(session, review, source)
    if release is None:
        raise NotFoundError(
            f"review {review.slug} has no release of {source}",
            remedy=Remedy("see them with", "review extract releases"),
        )
    rows = tuple(queries.rows_of(session, release))
    table = SourceTable(release.format, tuple(release.columns), rows)
    read = ReadFile(release.file, release.sha256, table)
    better = directions.better if directions.better is not None else release.better
    said = replace(directions, better=better)
    return read, import_release(
        session, review, read, source=source, person=person, directions=said, now=now
    )


def _compare(taking: Taking) -> None:
    """Report what the file changed since the release before."""
    reading = FORMATS[taking.read.table.format]
    found = compare(taking.old_rows, taking.read.table.rows, reading.columns, reading.flags)
    if taking.old_rows and not found.pairs:
        raise InvalidDataError(
            f"no row of {taking.read.file} is in release {taking.number - 1} of {taking.source}; "
            "for another database or review give it a name with --source"
        )
    report = taking.report
    report.release = taking.number
    report.added, report.removed = len(found.added), len(found.removed)
    report.unchanged, report.corrected = found.unchanged, found.corrected
    report.corrections = list(found.corrections)
    report.additions, report.removals = list(found.added), list(found.removed)
    if taking.previous is None:
        report.additions = []
    else:
        report.columns_added = list(found.columns_added)
        report.columns_removed = list(found.columns_removed)
    known = {(f.kind, f.study, f.column, f.new) for f in taking.old.flags}
    report.flags = [
        *found.flags,
        *(f for f in taking.new.flags if (f.kind, f.study, f.column, f.new) not in known),
    ]


def _store(
    taking: Taking,
    places: Mapping[Place, Result],
    person: Person,
    directions: Directions,
    now: datetime,
) -> None:
    """Keep the file's rows, each with the results that were made from it."""
    table = taking.read.table
    release = ImportedRelease(
        review_id=taking.review.id,
        person_id=person.id,
        source=taking.source,
        format=table.format,
        number=taking.number,
        file=taking.file,
        sha256=taking.read.sha256,
        columns=list(table.columns),
        rows=len(table.rows),
        better=directions.better,
        reading=dict(taking.new.reading) if taking.new.reading is not None else None,
        imported_at=now,
    )
    taking.session.add(release)
    taking.session.flush()
    lines = {
        id(row): SourceLine(
            release_id=release.id, line=row.line, key=dict(row.key), cells=dict(row.cells)
        )
        for row in table.rows
    }
    taking.session.add_all(lines.values())
    taking.session.flush()
    links = {
        (lines[id(row)].id, result.id)
        for place, result in places.items()
        for row in taking.new.origins[place]
    }
    taking.session.add_all(
        SourceResult(source_line_id=line, result_id=result) for line, result in sorted(links)
    )
    mine = SourceLine.release_id == release.id
    ids = sa.select(SourceLine.id).where(mine).scalar_subquery()
    told = rows_told(
        taking.session, source_line=mine, source_result=SourceResult.source_line_id.in_(ids)
    )
    record_step(taking.session, "read", entity="imported_release", entity_id=release.id, **told)
