"""Reviews that the person is in."""

from __future__ import annotations

from review.people.queries import role_of
from review.people.rules import Deed, Role
from review.protocol.queries import reviews
from review.web.api import Slug, resources
from review.web.api.shapes import Cursor, Limit, Page, Shape, cut
from review.web.visits import Visiting

routes = resources("reviews")


class ReviewShape(Shape):
    """A review, and what the person is in it."""

    slug: str
    title: str
    question: str
    role: Role


@routes.get("/reviews", Deed.ACCOUNT)
def list_reviews(visit: Visiting, cursor: Cursor = None, limit: Limit = 50) -> Page[ReviewShape]:
    """List the reviews that you are in."""
    with visit.reading() as session:
        mine = [
            ReviewShape(slug=one.slug, title=one.title, question=one.question, role=role)
            for one in reviews(session)
            if (role := role_of(session, one.id, visit.person)) is not None
        ]
    return cut(mine, cursor, limit, lambda one: one.slug)


@routes.get("/reviews/{review}", Deed.LOOK)
def get_review(visit: Visiting, review: Slug) -> ReviewShape:
    """Return a review."""
    del review  # the visit has looked it up
    with visit.reading() as session:
        found = visit.review_of(session)
        return ReviewShape(
            slug=found.slug, title=found.title, question=found.question,
            role=visit.role or Role.VIEWER,
        )  # fmt: skip
