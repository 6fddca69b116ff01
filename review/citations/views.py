"""What pages show of searches and of the files that came of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.citations import queries
from review.citations.models import Search
from review.citations.rules import BatchCount
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class SearchLine:
    """A search as PRISMA-S wants it reported, with the files that came of it."""

    number: int
    source: str
    kind: str
    platform: str | None
    database: str | None
    ran_on: str
    searched_by: str
    limits: str | None
    hits: int | None
    strategy: str | None
    files: tuple[BatchCount, ...]

    @property
    def records(self) -> int:
        """How many records its files brought."""
        return sum(one.identified for one in self.files)


@dataclass(frozen=True, slots=True)
class Searches:
    """The searches of a review, in the order in which they were added."""

    title: str
    searches: tuple[SearchLine, ...]
    unstated: tuple[BatchCount, ...]
    """Files that were imported without a search."""


def searches_of(session: Session, review: Review) -> Searches:
    """Return the searches of a review."""
    counts = queries.identified(session, review).batches
    return Searches(
        review.title,
        tuple(
            _line(search, tuple(one for one in counts if one.search_id == search.id))
            for search in queries.searches(session, review)
        ),
        tuple(one for one in counts if one.search_id is None),
    )


def _line(search: Search, files: tuple[BatchCount, ...]) -> SearchLine:
    return SearchLine(
        search.id, search.source, search.kind.value, search.platform, search.database,
        search.ran_on, search.searched_by, search.limits, search.hits, search.strategy, files,
    )  # fmt: skip
