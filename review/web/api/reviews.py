"""Reviews that the person is in: where each stands, and its protocol."""

from __future__ import annotations

from dataclasses import dataclass, fields

from starlette.responses import Response

from review.export.views.overview import (
    Link,
    Moved,
    ReviewCard,
    StageBar,
    dashboard,
    review_card,
)
from review.export.views.protocol import ProtocolView, protocol_view
from review.people.queries import role_of
from review.people.rules import Deed, Role
from review.protocol.queries import reviews
from review.web.api import Slug, resources
from review.web.api.sending import dumped
from review.web.api.shapes import Cursor, Limit, Page, cut
from review.web.visits import Visiting

routes = resources("reviews")


@dataclass(frozen=True, slots=True)
class Standing(ReviewCard):
    """A review with what changed last, what waits for you, where it is, and what is due."""

    because: str | None
    """Why it is paused or retired."""
    moved: tuple[Moved, ...]
    waits: tuple[Link, ...]
    stages: tuple[StageBar, ...]
    due: tuple[Link, ...]


@routes.get("/reviews", Deed.ACCOUNT, response_model=Page[ReviewCard])
def list_reviews(visit: Visiting, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """List the reviews that you are in."""
    with visit.reading() as session:
        mine = [
            review_card(session, one, role, viewer=visit.person, now=visit.now)
            for one in reviews(session)
            if (role := role_of(session, one.id, visit.person)) is not None
        ]
    mine.sort(key=lambda one: one.slug)
    return dumped(cut(mine, cursor, limit, lambda one: one.slug))


@routes.get("/reviews/{review}", Deed.LOOK, response_model=Standing)
def get_review(visit: Visiting, review: Slug) -> Response:
    """Return where a review stands."""
    del review  # the visit has looked it up
    role = visit.role or Role.VIEWER
    with visit.reading() as session:
        found = visit.review_of(session)
        card = review_card(session, found, role, viewer=visit.person, now=visit.now)
        view = dashboard(session, found, role, viewer=visit.person, now=visit.now)
    in_short = {field.name: getattr(card, field.name) for field in fields(card)}
    return dumped(
        Standing(
            **in_short, because=view.because, moved=view.moved, waits=view.waiting,
            stages=view.stages, due=view.due,
        )
    )  # fmt: skip


@routes.get("/reviews/{review}/protocol", Deed.LOOK, response_model=ProtocolView)
def get_protocol(visit: Visiting, review: Slug) -> Response:
    """Return the protocol; the plans of its analyses stand at their versions."""
    del review
    with visit.reading() as session:
        view = protocol_view(session, visit.review_of(session), now=visit.now)
    return dumped(view)
