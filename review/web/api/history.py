"""Who did what, when and why, and the releases that were given out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime
from starlette.responses import Response

from review.export.views.events import Asked, EventLine, history_page
from review.living.releases.releases import releases
from review.people.rules import Deed
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

routes = resources("history")

Instant = Annotated[AwareDatetime | None, Query(description="With its offset from UTC.")]


@routes.get("/reviews/{review}/history", Deed.LOOK, response_model=Page[EventLine])
def list_events(
    visit: Visiting,
    review: Slug,
    before: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="Events older than this one.")
    ] = None,
    actor: Annotated[str | None, Query(max_length=80)] = None,
    entity: Annotated[str | None, Query(max_length=80, description="What was changed.")] = None,
    since: Instant = None,
    until: Instant = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List what was done, the newest first, as far as you may see it."""
    del review
    place = place_of(cursor, int)
    asked = Asked(
        actor or None, entity or None, since, until,
        place[0] if place else before, limit,
    )  # fmt: skip
    with visit.reading() as session:
        view = history_page(session, visit.review_of(session), asked, viewer=visit.person)
    after = None if view.next is None else cursor_of(view.next)
    return dumped(Page[EventLine](items=list(view.events), next=after))


class ReleaseShape(Shape):
    """A version of the review that was given out."""

    version: str
    created: Time
    because: str
    sha256: str
    """Of the manifest."""
    manifest: dict[str, Any]
    """Every file with its SHA-256, the searches, plans and runs."""
    history_seq: int
    history_hash: str


@routes.get("/reviews/{review}/releases", Deed.LOOK)
def list_releases(
    visit: Visiting, review: Slug, cursor: Cursor = None, limit: Limit = 50
) -> Page[ReleaseShape]:
    """List the releases."""
    del review
    return listed(visit, releases, cursor, limit, ReleaseShape.model_validate)
