"""Searches, the files that came of them, records, and the flow of all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from review.citations import actions
from review.citations.actions import LONGEST_ABSTRACT, LONGEST_SOURCE
from review.citations.queries import batches, searches
from review.citations.vocabulary import Format, SourceKind
from review.export.views.flow import FlowView, flow_view
from review.export.views.records import RecordLine, RecordView, Wanted, record_of, records_of
from review.people.rules import Deed
from review.screening.vocabulary import Box
from review.web.api import Slug, resources
from review.web.api.sending import dumped
from review.web.api.shapes import (
    Cursor,
    Limit,
    Page,
    Shape,
    Time,
    cursor_of,
    listed,
    place_of,
)
from review.web.visits import Visiting

routes = resources("records")

MOST_NUMBER = 2**31 - 1

Number = Annotated[int, Path(ge=1, le=MOST_NUMBER)]


class SearchShape(Shape):
    """One search of one source, as PRISMA-S wants it reported."""

    id: int
    kind: SourceKind
    source: str
    platform: str | None
    database: str | None
    strategy: str | None
    ran_on: str
    limits: str | None
    hits: int | None
    """What the source said that it found; null where it did not say."""
    searched_by: str


class BatchShape(Shape):
    """One imported file; of what was read, each record is stored or rejected."""

    id: int
    search_id: int | None
    file: str
    sha256: str
    format: Format
    encoding: str
    read: int
    stored: int
    rejected: int
    imported_at: Time


@routes.get("/reviews/{review}/searches", Deed.LOOK)
def list_searches(
    visit: Visiting, review: Slug, cursor: Cursor = None, limit: Limit = 50
) -> Page[SearchShape]:
    """List the searches."""
    del review
    return listed(visit, searches, cursor, limit, SearchShape.model_validate)


@routes.get("/reviews/{review}/batches", Deed.LOOK)
def list_batches(
    visit: Visiting, review: Slug, cursor: Cursor = None, limit: Limit = 50
) -> Page[BatchShape]:
    """List the imported files."""
    del review
    return listed(visit, batches, cursor, limit, BatchShape.model_validate)


@routes.get("/reviews/{review}/records", Deed.LOOK, response_model=Page[RecordLine])
def list_records(
    visit: Visiting,
    review: Slug,
    q: Annotated[
        str | None, Query(max_length=200, description="Text in title, abstract, DOI or PMID.")
    ] = None,
    state: Annotated[Box | None, Query(description="Where the record stands.")] = None,
    source: Annotated[str | None, Query(max_length=200)] = None,
    batch: Annotated[int | None, Query(ge=1, le=MOST_NUMBER, description="A file.")] = None,
    box: Annotated[
        str | None, Query(max_length=200, description="The key of a box or line of the flow.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List records in order of import."""
    del review
    place = place_of(cursor, int)
    wanted = Wanted(
        q or None, state, source or None, batch, box or None, place[0] if place else 0, limit
    )
    with visit.reading() as session:
        view = records_of(session, visit.review_of(session), wanted)
    after = None if view.next is None else cursor_of(view.next)
    return dumped(Page[RecordLine](items=list(view.records), next=after))


@routes.get("/reviews/{review}/records/{number}", Deed.LOOK, response_model=RecordView)
def get_record(visit: Visiting, review: Slug, number: Number) -> Response:
    """Return a record as it came, with what you may see of its decisions."""
    del review
    with visit.reading() as session:
        view = record_of(session, visit.review_of(session), number, viewer=visit.person)
    return dumped(view)


class AddAbstract(BaseModel):
    """The abstract of a record whose file has none."""

    text: str = Field(max_length=LONGEST_ABSTRACT)
    source: str = Field(max_length=LONGEST_SOURCE, description="Where it was found.")


@routes.post("/reviews/{review}/records/{number}/abstract", Deed.COLLECT, response_model=RecordView)
def add_abstract(visit: Visiting, review: Slug, number: Number, body: AddAbstract) -> Response:
    """Add the abstract of a record whose file has none; the newest counts."""
    del review
    with visit.writing() as session:
        actions.add_abstract(
            session, visit.review_of(session), number, body.text, source=body.source,
            person=visit.person, now=visit.now,
        )  # fmt: skip
    with visit.reading() as session:
        view = record_of(session, visit.review_of(session), number, viewer=visit.person)
    return dumped(view)


@routes.get("/reviews/{review}/flow", Deed.LOOK, response_model=FlowView)
def get_flow(
    visit: Visiting,
    review: Slug,
    since: Annotated[date | None, Query(description="Of an update: its first day, UTC.")] = None,
) -> Response:
    """Return the PRISMA flow; the keys of its boxes are what records are asked for by."""
    del review
    begun = datetime(since.year, since.month, since.day, tzinfo=UTC) if since else None
    with visit.reading() as session:
        view = flow_view(session, visit.review_of(session), since=begun)
    return dumped(view)
