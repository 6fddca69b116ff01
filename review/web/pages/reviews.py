"""The reviews of a person."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from review.people.queries import role_of
from review.people.rules import Deed, Role
from review.protocol.queries import reviews
from review.web.render import page
from review.web.routes import Routes
from review.web.visits import Visiting

routes = Routes()


@dataclass(frozen=True, slots=True)
class Mine:
    """A review, and what the person is in it."""

    slug: str
    title: str
    role: Role


@routes.get("/", Deed.ACCOUNT)
def index(visit: Visiting) -> Response:
    """List the reviews that the person is in."""
    with visit.reading() as session:
        mine = [
            Mine(review.slug, review.title, role)
            for review in reviews(session)
            if (role := role_of(session, review.id, visit.person)) is not None
        ]
    return page(visit, "reviews.html", mine)


@routes.get("/r/{review}", Deed.LOOK)
def dashboard(visit: Visiting) -> Response:
    """Show where a review stands."""
    with visit.reading() as session:
        review = visit.review_of(session)
        view = Mine(review.slug, review.title, visit.role or Role.VIEWER)
    return page(visit, "review.html", view)
