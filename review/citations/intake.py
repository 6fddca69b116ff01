"""A citation file on its way into a review: what is said of it before and after it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from review.citations import actions, queries
from review.citations.files import CitationFile
from review.citations.formats.reading import NoRecordError, Reading, read_citations
from review.citations.models import Batch, Search
from review.citations.vocabulary import Format
from review.errors import FileError, InvalidDataError
from review.protocol.models import Review
from review.wording import counted


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says of how to read files."""

    search: int | None = None
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """What is said of one file: read, stored or not, and all that was wrong with it."""

    file: str
    format: Format | None
    sha256: str | None
    read: int
    stored: int
    """Records that were stored, or would be where the file was only looked at."""
    rejected: int
    already_imported: bool
    rejects: list[dict[str, Any]]
    batch: int | None = None
    search: int | None = None
    encoding: str | None = None
    notes: tuple[str, ...] = ()
    error: str | None = None
    replaced_batch: int | None = None
    remarks: list[dict[str, Any]] = field(default_factory=list)
    """What was understood only in part: sentence, number of records, line of the first."""
    notices: list[dict[str, Any]] = field(default_factory=list)
    """Retractions, corrections and concerns that the file tells of."""
    labels: dict[str, dict[str, int]] = field(default_factory=dict)
    """Earlier decisions of other tools, by tool."""
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    """Names that the file has for its fields, with an example: read, ignored, and mapped."""


def known_as(session: Session, review: Review, file: CitationFile, told: Told) -> Batch | None:
    """Return the batch that brought a file already, unless it is to be read in another encoding."""
    known = queries.batch_of_file(session, review, file.sha256)
    return None if known is None or _is_other_encoding(known, told.encoding) else known


def remembered(session: Session, review: Review, told: Told) -> Mapping[str, str]:
    """Return the columns that a person named for an earlier file of the same source."""
    if told.search is None:
        return {}
    search = queries.search_numbered(session, review, told.search)
    return queries.columns_of_source(session, search)


def reading_of(
    file: CitationFile, told: Told, *, called: str, columns: Mapping[str, str] | None = None
) -> Reading:
    """Read a file as a person says; raise FileError. `columns` are those of an earlier file."""
    return read_citations(
        file.data,
        file=called,
        encoding=told.encoding,
        columns=told.columns,
        remembered=columns,
        sheet=told.sheet,
    )


def store(
    session: Session,
    review: Review,
    reading: Reading,
    *,
    file: CitationFile,
    called: str,
    search: Search | None,
    told: Told,
    now: datetime,
) -> FileReport:
    """Store a file; one that was imported in another encoding is taken back for it.

    Raises InvalidDataError where something was decided on its records.
    """
    replaced = None
    known = queries.batch_of_file(session, review, file.sha256)
    if known is not None and _is_other_encoding(known, told.encoding):
        why = f"imported again as {reading.encoding} instead of {known.encoding}"
        actions.undo_batch(session, review, number=known.id, reason=why)
        replaced = known.id
    done = actions.import_batch(session, review, reading, file=file, search=search, now=now)
    if done.already_imported:
        return report_known(called, done.batch)
    return report_of(
        reading, file=file, called=called, batch=done.batch.id, search=done.batch.search_id,
        replaced=replaced,
    )  # fmt: skip


def _is_other_encoding(batch: Batch, encoding: str | None) -> bool:
    """Whether a person says that a file that was imported is in another encoding."""
    if encoding is None:
        return False
    plain = re.sub(r"[^a-z0-9]", "", batch.encoding.split(" (")[0].lower())
    guessed = "(" in batch.encoding
    return guessed or plain != re.sub(r"[^a-z0-9]", "", encoding.lower())


def report_of(
    reading: Reading,
    *,
    file: CitationFile,
    called: str,
    batch: int | None = None,
    search: int | None = None,
    replaced: int | None = None,
) -> FileReport:
    """Return what is said of a file that was read, and stored as a batch if there is one."""
    said = reading.said
    return FileReport(
        file=called,
        format=reading.format,
        sha256=file.sha256,
        read=len(reading.items),
        stored=reading.items.stored,
        rejected=reading.items.rejected,
        already_imported=False,
        rejects=[{"line": r.line, "reason": r.reason} for r in reading.rejects],
        batch=batch,
        search=search,
        encoding=reading.encoding,
        notes=tuple(_notes(reading)),
        replaced_batch=replaced,
        remarks=[asdict(one) for one in said.remarks.values()],
        notices=[asdict(one) for one in said.notices],
        labels=said.labels,
        fields={
            "read": reading.names.read,
            "ignored": reading.names.ignored,
            "mapped": reading.names.mapped,
        },
    )


def _notes(reading: Reading) -> Iterator[str]:
    """Yield what was guessed, skipped or taken from an earlier file."""
    if "(" in reading.encoding:
        yield (
            f"the encoding is {reading.encoding}; if letters are wrong, import the file again with "
            "--encoding NAME, which takes this batch's place"
        )
    yield from reading.notes
    yield from (f"line {aside.line}, of no record: {aside.text}" for aside in reading.asides)


def report_refused(
    called: str, file: CitationFile | None, error: FileError | InvalidDataError
) -> FileReport:
    """Return what is said of a file that was not taken."""
    problems = error.problems if isinstance(error, FileError) else ()
    read = error.read if isinstance(error, NoRecordError) else 0
    return FileReport(
        file=called,
        format=None,
        sha256=file.sha256 if file else None,
        read=read,
        stored=0,
        rejected=read,
        already_imported=False,
        rejects=[{"line": p.line, "reason": p.reason} for p in problems],
        error=error.told,
    )


def report_known(called: str, batch: Batch) -> FileReport:
    """Return what is said of a file that the review has already."""
    note = (
        f"already imported as batch {batch.id} ({batch.file}, {counted(batch.stored, 'record')}, "
        f"{batch.imported_at:%Y-%m-%d})"
    )
    return FileReport(
        file=called,
        format=batch.format,
        sha256=batch.sha256,
        read=0,
        stored=0,
        rejected=0,
        already_imported=True,
        rejects=[],
        batch=batch.id,
        search=batch.search_id,
        encoding=batch.encoding,
        notes=(note,),
    )
