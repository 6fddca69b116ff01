"""The reviews of a person, and where each stands."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from review.export.views.overview import dashboard, review_card
from review.people.queries import role_of
from review.people.rules import Deed, Role
from review.protocol.queries import reviews
from review.web.render import page
from review.web.routes import Routes
from review.web.visits import Visiting

routes = Routes()


@routes.get("/", Deed.ACCOUNT)
def index(visit: Visiting) -> Response:
    """List the reviews that the person is in, with what waits for them in each."""
    with visit.reading() as session:
        mine = [
            review_card(session, review, role, viewer=visit.person, now=datetime.now(UTC))
            for review in reviews(session)
            if (role := role_of(session, review.id, visit.person)) is not None
        ]
    return page(visit, "reviews.html", mine)


@routes.get("/r/{review}", Deed.LOOK)
def overview(visit: Visiting) -> Response:
    """Say what changed last, what waits for the person, where the review is, and what is due."""
    with visit.reading() as session:
        view = dashboard(
            session, visit.review_of(session), visit.role or Role.VIEWER, viewer=visit.person,
            now=datetime.now(UTC),
        )  # fmt: skip
    return page(visit, "review.html", view)
