"""Reading searches, batches, records and duplicates."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from review.citations.formats.entry import Entry
from review.citations.formats.labels import Label
from review.citations.formats.notices import Notice
from review.citations.models import Batch, Record, Reject, Search
from review.citations.pair_queries import clusters
from review.citations.rules import UNSTATED, BatchCount, Identified
from review.citations.vocabulary import NoticeKind
from review.db import in_parts
from review.errors import NotFoundError, Remedy
from review.history.models import Event
from review.protocol.models import Review


def searches(
    session: Session, review: Review, *, after: int = 0, limit: int | None = None
) -> Sequence[Search]:
    """Return a review's searches in the order they were added.

    A page of them begins `after` one by its id.
    """
    return session.scalars(
        sa.select(Search)
        .where(Search.review_id == review.id, Search.id > after)
        .order_by(Search.id)
        .limit(limit)
    ).all()


def search_numbered(session: Session, review: Review, number: int) -> Search:
    """Return a search of a review; raise NotFoundError with the searches there are."""
    found = {search.id: search for search in searches(session, review)}
    if number not in found:
        known = ", ".join(f"{s.id} ({s.source}, {s.ran_on})" for s in found.values())
        raise NotFoundError(
            f"review {review.slug} has no search {number} (it has: {known or 'none yet'})",
            remedy=None if known else Remedy("keep one with", "review search add"),
        )
    return found[number]


def batches(
    session: Session, review: Review, *, after: int = 0, limit: int | None = None
) -> Sequence[Batch]:
    """Return a review's batches in order of import, searches loaded.

    A page of them begins `after` one by its id.
    """
    return session.scalars(
        sa.select(Batch)
        .where(Batch.review_id == review.id, Batch.id > after)
        .options(joinedload(Batch.search))
        .order_by(Batch.id)
        .limit(limit)
    ).all()


def batch_numbered(session: Session, review: Review, number: int) -> Batch:
    """Return a batch of a review, its search loaded; raise NotFoundError with those there are."""
    found = {batch.id: batch for batch in batches(session, review)}
    if number not in found:
        known = ", ".join(f"{b.id} ({b.file})" for b in found.values())
        raise NotFoundError(
            f"review {review.slug} has no batch {number} (it has: {known or 'none'})"
        )
    return found[number]


def withdrawn_batches(session: Session, review: Review) -> Sequence[Batch]:
    """Return the batches of a review that were taken back, searches loaded."""
    return session.scalars(
        sa.select(Batch)
        .where(Batch.review_id == review.id, Batch.withdrawn_because.is_not(None))
        .options(joinedload(Batch.search))
        .order_by(Batch.id)
        .execution_options(withdrawn=True)
    ).all()


def batch_of_file(session: Session, review: Review, sha256: str) -> Batch | None:
    """Return the batch that brought a file of this SHA-256 into the review."""
    return session.scalar(
        sa.select(Batch).where(Batch.review_id == review.id, Batch.sha256 == sha256)
    )


def rejects(session: Session, batch: Batch) -> Sequence[Reject]:
    """Return what could not be read of a batch's file, in order of the file."""
    return session.scalars(
        sa.select(Reject).where(Reject.batch_id == batch.id).order_by(Reject.position)
    ).all()


def records(session: Session, review: Review) -> Sequence[Record]:
    """Return all records of a review, duplicates too, in order of import; raw text not loaded."""
    return session.scalars(
        sa.select(Record).where(Record.review_id == review.id).order_by(Record.id)
    ).all()


def record_numbered(session: Session, review: Review, number: int) -> Record:
    """Return a record of a review, its batch and search loaded; raise NotFoundError."""
    record = session.scalar(
        sa.select(Record)
        .where(Record.review_id == review.id, Record.id == number)
        .options(joinedload(Record.batch).joinedload(Batch.search))
    )
    if record is None:
        raise NotFoundError(
            f"review {review.slug} has no record {number}",
            remedy=Remedy("see them with", "review records list"),
        )
    return record


def records_in_scope(session: Session, review: Review) -> Sequence[Record]:
    """Return the records to screen, in order of import: the earliest of each cluster.

    Raw text is not loaded; duplicates certain or accepted by a person are left out.
    """
    removed = clusters(session, review).removed()
    return [record for record in records(session, review) if record.id not in removed]


def identified(session: Session, review: Review) -> Identified:
    """Return the counts of identification: each batch with what was read, stored and removed."""
    removed = clusters(session, review).removed()
    duplicates: Counter[int] = Counter()
    for some in in_parts(list(removed)):
        duplicates.update(session.scalars(sa.select(Record.batch_id).where(Record.id.in_(some))))
    return Identified(
        tuple(
            BatchCount(
                batch_id=batch.id,
                search_id=batch.search_id,
                kind=batch.search.kind if batch.search else None,
                source=batch.search.source if batch.search else UNSTATED,
                file=batch.file,
                read=batch.read,
                rejected=batch.rejected,
                identified=batch.stored,
                duplicates=duplicates[batch.id],
            )
            for batch in batches(session, review)
        )
    )


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """A record as lists and exports need it."""

    record: Record
    source: str
    duplicate_of: int | None
    """The record that represents it; None for one that is in scope."""


def listed_records(
    session: Session,
    review: Review,
    *,
    batch: int | None = None,
    containing: str | None = None,
    in_scope_only: bool = False,
    after: int | None = None,
    limit: int | None = None,
) -> list[ListedRecord]:
    """Return a review's records in order of import, with source and representative.

    A page of them begins `after` a record and has at most `limit`.

    `containing` keeps those with the text in title, abstract, DOI or PMID, in any case.
    """
    removed = clusters(session, review).removed()
    query = (
        sa.select(Record)
        .where(Record.review_id == review.id)
        .options(joinedload(Record.batch).joinedload(Batch.search), selectinload(Record.added))
        .order_by(Record.id)
    )
    if batch is not None:
        query = query.where(Record.batch_id == batch)
    if containing is not None:
        query = query.where(Record.contains(containing))
    if after is not None:
        query = query.where(Record.id > after)
    if limit is not None and in_scope_only:
        query = query.limit(limit + len(removed))
    elif limit is not None:
        query = query.limit(limit)
    found = (
        ListedRecord(
            record=record,
            source=record.batch.search.source if record.batch.search else UNSTATED,
            duplicate_of=removed.get(record.id),
        )
        for record in session.scalars(query)
        if not (in_scope_only and record.id in removed)
    )
    return list(islice(found, limit))


def entry_of(record: Record) -> Entry:
    """Return a record as an entry to write; its raw text stays in the database."""
    return Entry(
        line=record.line,
        raw="",
        kind=record.kind,
        title=record.title,
        abstract=record.abstract_known,
        authors=tuple(record.authors),
        year=record.year,
        journal=record.journal,
        volume=record.volume,
        issue=record.issue,
        pages=record.pages,
        doi=record.doi,
        pmid=record.pmid,
        accession=record.accession,
        issn=record.issn,
        url=record.url,
        language=record.language,
        keywords=tuple(record.keywords),
        notices=notices_of(record),
        labels=tuple(Label(*label) for label in record.labels),
    )


def notices_of(record: Record) -> tuple[Notice, ...]:
    """Return what the record's file says of retractions, corrections and concerns."""
    return tuple(Notice(NoticeKind(kind), said) for kind, said in record.notices)


def columns_of_source(session: Session, search: Search) -> dict[str, str]:
    """Return the columns that a person named for the newest file of the search's source."""
    told = session.scalar(
        sa.select(Batch.columns)
        .join(Batch.search)
        .where(
            Batch.review_id == search.review_id,
            sa.func.lower(Search.source) == search.source.lower(),
            sa.cast(Batch.columns, sa.Text) != "{}",
        )
        .order_by(Batch.id.desc())
        .limit(1)
    )
    return dict(told or {})


def untold_batches(session: Session) -> Iterator[int]:
    """Yield the batches whose entries are not those that were imported, by id.

    Of batches from before the history had the digest of every record: it has that of their raw
    entries, and their number. Later ones are looked at row by row.
    """
    steps = session.execute(
        sa.select(Event.entity_id, Event.new)
        .where(Event.entity == "batch", Event.action == "import")
        .order_by(Event.seq)
    )
    for batch, new in steps:
        if "rows" in new or "entries_sha256" not in new:
            continue
        digest = hashlib.sha256()
        parts = [
            sa.select(table.c.position, table.c.raw).where(table.c.batch_id == batch)
            for table in (Record.__table__, Reject.__table__)
        ]
        for _, raw in session.execute(sa.union_all(*parts).order_by("position")):
            digest.update(raw.encode("utf-8", "replace") + b"\0")
        if digest.hexdigest() != new["entries_sha256"]:
            yield batch
