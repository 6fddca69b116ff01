"""Search strategies, as PRISMA-S wants them reported, with what each search brought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from review.citations.queries import identified, searches
from review.export.contents.columns import NOT_REPORTED, NOT_REPORTED_NOTE, words
from review.export.tables.model import Alignment, Column, Footnote, Kind, Table
from review.protocol.models import Review

DATA_COLUMNS: Final = (
    Column("search", "Search", Kind.INTEGER),
    Column("source", "Source"),
    Column("kind", "Kind"),
    Column("platform", "Platform"),
    Column("database", "Segment"),
    Column("ran_on", "Date"),
    Column("limits", "Limits"),
    Column("hits", "Records found", Kind.INTEGER),
    Column("rejected", "Unreadable", Kind.INTEGER),
    Column("imported", "Records imported", Kind.INTEGER),
    Column("duplicates", "Duplicates", Kind.INTEGER),
    Column("strategy", "Strategy"),
    Column("searched_by", "Searched by"),
)
COLUMNS: Final = (
    Column("source", "Source (platform)"),
    Column("database", "Segment"),
    Column("ran_on", "Date"),
    Column("limits", "Limits"),
    Column("hits", "Found", alignment=Alignment.RIGHT),
    Column("imported", "Imported", Kind.INTEGER),
    Column("duplicates", "Duplicates", Kind.INTEGER),
    Column("strategy", "Strategy"),
)


class _Row(NamedTuple):
    """A search with what it brought, or a file without a search; in the order of `DATA_COLUMNS`."""

    search: int | None
    source: str
    kind: str | None
    platform: str | None
    database: str | None
    ran_on: str | None
    limits: str | None
    hits: int | None
    rejected: int
    imported: int
    duplicates: int
    strategy: str | None
    searched_by: str | None


def searches_table(session: Session, review: Review) -> Table:
    """Return a row a search, for print; files imported without a search come last."""
    rows = tuple(
        (
            f"{row.source} ({row.platform})" if row.platform else row.source,
            row.database or NOT_REPORTED,
            row.ran_on or NOT_REPORTED,
            row.limits or "none stated",
            NOT_REPORTED if row.hits is None else f"{row.hits:,}",
            row.imported,
            row.duplicates,
            row.strategy or NOT_REPORTED,
        )
        for row in _rows(session, review)
    )
    silent = any(NOT_REPORTED in row for row in rows)
    said = "Duplicates: imported records that an earlier record represents."
    return Table(
        f"{review.title}: search strategies",
        COLUMNS,
        rows,
        footnotes=(Footnote(f"{said} {NOT_REPORTED_NOTE}" if silent else said),),
    )


def searches_data(session: Session, review: Review) -> Table:
    """Return the same with a column a fact; empty is not reported."""
    rows = tuple(_rows(session, review))
    return Table(f"{review.title}: search strategies", DATA_COLUMNS, rows)


def _rows(session: Session, review: Review) -> Iterator[_Row]:
    batches = identified(session, review).batches
    for search in searches(session, review):
        own = [batch for batch in batches if batch.search_id == search.id]
        yield _Row(
            search=search.id,
            source=search.source,
            kind=words(search.kind),
            platform=search.platform,
            database=search.database,
            ran_on=search.ran_on,
            limits=search.limits,
            hits=search.hits,
            rejected=sum(batch.rejected for batch in own),
            imported=sum(batch.identified for batch in own),
            duplicates=sum(batch.duplicates for batch in own),
            strategy=search.strategy,
            searched_by=search.searched_by,
        )
    for batch in batches:
        if batch.search_id is None:
            yield _Row(
                *(None, f"{batch.source}: {batch.file}", None, None, None, None, None, None),
                rejected=batch.rejected,
                imported=batch.identified,
                duplicates=batch.duplicates,
                strategy=None,
                searched_by=None,
            )
