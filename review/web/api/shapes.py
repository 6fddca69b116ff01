"""What the API sends, as far as several resources share it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

from review.canonical import parsed_json, utc_text
from review.errors import InvalidDataError
from review.web.visits import Visit

MOST: Final = 500
"""Items of a page; the default is 50."""

Time = Annotated[
    AwareDatetime, PlainSerializer(lambda at: utc_text(at), return_type=str, when_used="json")
]
"""An instant, in UTC: ``2026-11-23T09:15:00.000000Z``."""


class Shape(BaseModel):
    """A value that is sent; made from the attributes of a view."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class FieldProblem(Shape):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(Shape):
    """An error (RFC 9457)."""

    title: str
    status: int
    detail: str
    remedy: str | None = None
    errors: list[FieldProblem] = []
    request: str
    """The number of the request, for whoever looks into the log."""


ItemT = TypeVar("ItemT")


class Page(Shape, Generic[ItemT]):
    """A part of a list; `next` is the cursor of the part that follows, null at the end."""

    items: list[ItemT]
    next: str | None


Cursor = Annotated[
    str | None, Query(description="What the page before said is next; empty for the first.")
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Items of a page.")]


def cursor_of(*place: Any) -> str:
    """Return a cursor for the place of the last item of a page."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Return the place that a cursor holds, None for the first page.

    Raises InvalidDataError for what is no cursor of this list.
    """
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        place = parsed_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        if len(place) == len(kinds) and all(map(isinstance, place, kinds)):
            return tuple(place)
    except (ValueError, TypeError):
        pass
    raise InvalidDataError("this cursor is not of this list; begin without one")


def paged(
    items: Sequence[ItemT], limit: int, place: Callable[[ItemT], tuple[Any, ...]]
) -> Page[ItemT]:
    """Return a page of items of which one more than `limit` was read, to know whether it ends."""
    more = len(items) > limit
    shown = list(items[:limit])
    return Page(items=shown, next=cursor_of(*place(shown[-1])) if more else None)


def numbered(rows: Sequence[Any], limit: int, shape: Callable[[Any], ItemT]) -> Page[ItemT]:
    """Return a page of rows in order of `id`, of which one more than `limit` was read."""
    found = paged(rows, limit, lambda row: (row.id,))
    return Page(items=[shape(row) for row in found.items], next=found.next)


def listed(
    visit: Visit,
    rows: Callable[..., Sequence[Any]],
    cursor: str | None,
    limit: int,
    shape: Callable[[Any], ItemT],
) -> Page[ItemT]:
    """Return a page of what a query finds in the review, in order of `id`."""
    with visit.reading() as session:
        review = visit.review_of(session)
        found = rows(session, review, after=after_of(cursor), limit=limit + 1)
        return numbered(found, limit, shape)


def after_of(cursor: str | None) -> int:
    """Return the id after which a page of rows begins, 0 for the first."""
    place = place_of(cursor, int)
    return place[0] if place else 0


def cut(
    items: Sequence[ItemT], cursor: str | None, limit: int, key: Callable[[ItemT], str]
) -> Page[ItemT]:
    """Return a page of a short list that was read whole, ordered by a text."""
    place = place_of(cursor, str)
    left = [item for item in items if place is None or key(item) > place[0]]
    return paged(left[: limit + 1], limit, lambda item: (key(item),))
