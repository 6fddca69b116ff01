"""Adding searches and importing batches. Actions never commit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import CanonicalText, clean_text
from review.citations import queries
from review.citations.files import CitationFile
from review.citations.formats.entry import Entry, Rejected
from review.citations.formats.reading import Reading
from review.citations.models import (
    AddedAbstract,
    Batch,
    DuplicatePair,
    Record,
    Reject,
    Search,
)
from review.citations.rules import UNSTATED
from review.citations.vocabulary import SourceKind
from review.db import Base
from review.errors import InvalidDataError
from review.history.actions import record_step, rows_told
from review.history.references import references, said_of
from review.people.actions import person_called
from review.protocol.models import Review

_Item = TypeVar("_Item")
_LISTS: Final = ("authors", "keywords", "remarks", "notices", "labels")
_EMPTY: Final = CanonicalText("[]")
_CHUNK: Final = 1_000
"""Records that are written at once."""


@dataclass(frozen=True, slots=True)
class SearchSpec:
    """What PRISMA-S asks to be reported of one search (Rethlefsen et al. 2021)."""

    source: str
    ran_on: str
    searched_by: str
    kind: SourceKind = SourceKind.DATABASE
    platform: str | None = None
    database: str | None = None
    strategy: str | None = None
    limits: str | None = None
    hits: int | None = None


def add_search(session: Session, review: Review, spec: SearchSpec, *, now: datetime) -> Search:
    """Keep a search; raise InvalidDataError for a date that is none or lies in the future."""
    _check(spec, now)
    search = Search(review_id=review.id, **_columns(spec))
    session.add(search)
    session.flush()
    return search


def edit_search(
    session: Session,
    review: Review,
    *,
    number: int,
    changes: Mapping[str, Any],
    now: datetime,
) -> tuple[str, ...]:
    """Correct what is kept of a search; return what changed, in words.

    Its batches and records stay as they are. Raises NotFoundError, or InvalidDataError for what
    `add_search` refuses and where nothing would change.
    """
    search = queries.search_numbered(session, review, number)
    old = SearchSpec(**{name: getattr(search, name) for name in _SEARCH_FIELDS})
    new = replace(old, **changes)
    _check(new, now)
    before, after = _columns(old), _columns(new)
    changed = [name for name in before if before[name] != after[name]]
    if not changed:
        raise InvalidDataError(f"search {number} is like that already")
    for name in changed:
        setattr(search, name, after[name])
    session.flush()
    said = tuple(_edited(number, name, before[name], after[name]) for name in changed)
    record_step(session, "edit", entity="search", entity_id=search.id, said="; ".join(said))
    return said


def _edited(number: int, name: str, old: Any, new: Any) -> str:
    named = {"ran_on": "date", "searched_by": "run by"}.get(name, name)
    if name == "strategy":
        lines = [len((text or "").splitlines()) for text in (new, old)]
        return f"search {number}: the strategy has {lines[0]} lines now (it had {lines[1]})"
    was, now = ("empty" if value is None else value for value in (old, new))
    return f"search {number}: {named} is now {now} (it was {was})"


_SEARCH_FIELDS: Final = tuple(field.name for field in fields(SearchSpec))


def _columns(spec: SearchSpec) -> dict[str, Any]:
    values = {name: getattr(spec, name) for name in _SEARCH_FIELDS}
    return {**values, "source": spec.source.strip()}


def _check(spec: SearchSpec, now: datetime) -> None:
    if not spec.source.strip():
        raise InvalidDataError("a search needs the name of its source, such as PsycINFO")
    if re.fullmatch(r"\d{4}-\d\d-\d\d", spec.ran_on) is None:
        raise InvalidDataError(f"{spec.ran_on!r} is not a date such as 2026-11-20")
    try:
        ran_on = date.fromisoformat(spec.ran_on)
    except ValueError:
        raise InvalidDataError(f"there is no day {spec.ran_on}") from None
    if ran_on > now.astimezone(UTC).date() and ran_on > now.date():
        raise InvalidDataError(f"the search ran on {spec.ran_on}, which lies in the future")
    if spec.hits is not None and spec.hits < 0:
        raise InvalidDataError("a search cannot have fewer than 0 hits")


@dataclass(frozen=True, slots=True)
class Imported:
    """The batch of a file, and whether this import made it."""

    batch: Batch
    already_imported: bool


def import_batch(
    session: Session,
    review: Review,
    reading: Reading,
    *,
    file: CitationFile,
    search: Search | None,
    now: datetime,
) -> Imported:
    """Store all that a file held: a batch, its records and its rejects.

    A file of the same SHA-256 is in the review already: nothing is stored, and the batch that
    brought it is returned.
    """
    known = queries.batch_of_file(session, review, file.sha256)
    if known is not None:
        return Imported(known, already_imported=True)
    batch = Batch(
        review_id=review.id,
        search_id=search.id if search else None,
        file=file.name,
        sha256=file.sha256,
        format=reading.format,
        encoding=reading.encoding,
        columns=dict(reading.columns_told),
        read=len(reading.items),
        stored=reading.items.stored,
        rejected=reading.items.rejected,
        imported_at=now,
    )
    session.add(batch)
    session.flush()
    digest = hashlib.sha256()
    for chunk in _batched(enumerate(reading.items, start=1)):
        for _, item in chunk:
            digest.update(item.raw.encode("utf-8", "replace"))
            digest.update(b"\0")
        records = [
            _row(item, review.id, batch.id, place)
            for place, item in chunk
            if isinstance(item, Entry)
        ]
        rejects = [
            {
                "batch_id": batch.id,
                "position": place,
                "line": item.line,
                "reason": item.reason,
                "raw": item.raw,
            }
            for place, item in chunk
            if isinstance(item, Rejected)
        ]
        # the tables themselves: one statement for rows that all name every column
        if records:
            session.execute(sa.insert(Base.metadata.tables[Record.__tablename__]), records)
        if rejects:
            session.execute(sa.insert(Base.metadata.tables[Reject.__tablename__]), rejects)

    def mine(table: type[Record] | type[Reject]) -> sa.ColumnElement[bool]:
        return table.batch_id == batch.id

    record_step(
        session,
        "import",
        entity="batch",
        entity_id=batch.id,
        records=batch.stored,
        rejects=batch.rejected,
        sha256=file.sha256,
        entries_sha256=digest.hexdigest(),
        **rows_told(session, record=mine(Record), reject=mine(Reject)),
    )
    return Imported(batch, already_imported=False)


def _batched(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """Yield items in lists of `_CHUNK`, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _row(entry: Entry, review_id: int, batch_id: int, position: int) -> dict[str, Any]:
    row: dict[str, Any] = entry._asdict()
    for name in _LISTS:
        row[name] = row[name] or _EMPTY
    row.update(review_id=review_id, batch_id=batch_id, position=position)
    return row


@dataclass(frozen=True, slots=True)
class BatchUndo:
    """What taking a batch back takes back, or why it cannot be."""

    batch: int
    file: str
    records: int
    rejects: int
    source: str
    pairs: int
    """Pairs of likely duplicates that fall away with its records."""
    decided: tuple[str, ...]
    """What was decided on its records, in words; empty where the batch can be taken back."""


def undo_of_batch(session: Session, review: Review, number: int) -> BatchUndo:
    """Return what taking a batch back would do; raise NotFoundError. Changes nothing."""
    batch = queries.batch_numbered(session, review, number)
    mine = sa.select(Record.id).where(Record.batch_id == batch.id)
    pairs = sa.select(DuplicatePair.id).where(
        sa.or_(DuplicatePair.earlier_id.in_(mine), DuplicatePair.later_id.in_(mine))
    )
    found = [
        *references(session, "record", mine),
        *references(session, "duplicate_pair", pairs),
    ]
    return BatchUndo(
        batch=batch.id,
        file=batch.file,
        records=batch.stored,
        rejects=batch.rejected,
        source=batch.search.source if batch.search else UNSTATED,
        pairs=session.scalar(sa.select(sa.func.count()).select_from(pairs.subquery())) or 0,
        decided=tuple(said_of(found)),
    )


def undo_batch(session: Session, review: Review, *, number: int, reason: str) -> BatchUndo:
    """Take a batch back, as long as nothing was decided on its records.

    Its records and what was found of their duplicates stay in the database, and no reading sees
    them; the same file can be imported again, for instance in another encoding.

    Raises
    ------
    NotFoundError
        If the review has no such batch.
    InvalidDataError
        If something was decided on one of its records; it says what, and by whom.
    """
    undo = undo_of_batch(session, review, number)
    if undo.decided:
        raise InvalidDataError(
            f"batch {number} ({undo.file}) cannot be taken back, because something was decided on "
            f"its records: {'; '.join(undo.decided)}"
        )
    if not reason.strip():
        raise InvalidDataError("say why the batch is taken back; the reason is kept")
    queries.batch_numbered(session, review, number).withdrawn_because = reason.strip()
    session.flush()
    return undo


LONGEST_ABSTRACT: Final = 20_000
"""Letters; the longest of MEDLINE's have some 10,000."""

LONGEST_SOURCE: Final = 500


def add_abstract(
    session: Session,
    review: Review,
    number: int,
    text: str,
    *,
    source: str,
    person: str,
    now: datetime,
) -> AddedAbstract:
    """Keep the abstract of a record whose file has none, as somebody found it in `source`.

    The record stays as its file has it; the newest abstract that was added counts, and the same
    once more changes nothing. Raises NotFoundError for no such record, and InvalidDataError where
    the file has an abstract, or for a text or source that says nothing or too much.
    """
    record = queries.record_numbered(session, review, number)
    if record.abstract:
        raise InvalidDataError(f"record {record.id} has an abstract in its file")
    text = clean_text("\n".join(text.strip().splitlines()))
    source = clean_text(" ".join(source.split()))
    for words, what, most in (
        (text, "an abstract", LONGEST_ABSTRACT),
        (source, "the source of an abstract", LONGEST_SOURCE),
    ):
        if not 0 < len(words) <= most:
            raise InvalidDataError(f"{what} has 1 to {most:,} letters; this has {len(words):,}")
    if record.added and (record.added[-1].text, record.added[-1].source) == (text, source):
        return record.added[-1]
    added = AddedAbstract(
        record_id=record.id,
        person_id=person_called(session, person).id,
        text=text,
        source=source,
        added_at=now,
    )
    session.add(added)
    session.flush()
    session.expire(record, ["added"])
    return added
