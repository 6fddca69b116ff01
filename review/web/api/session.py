"""Who is signed in: for pages whose session ended while somebody typed."""

from __future__ import annotations

from review.people.rules import Deed
from review.web.api import resources
from review.web.api.shapes import Shape
from review.web.visits import Visiting

routes = resources("people")


class SessionShape(Shape):
    """The person of this session, and what its forms carry."""

    handle: str
    name: str
    token: str
    """Empty for a script, which needs none."""
    idle_seconds: int | None


@routes.get("/session", Deed.ACCOUNT)
def get_session(visit: Visiting) -> SessionShape:
    """Return who you are."""
    assert visit.known is not None
    return SessionShape.model_validate(visit.known, from_attributes=True)
