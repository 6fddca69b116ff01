"""Coming in."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from review.errors import NotAllowedError
from review.people.rules import Deed
from review.web.render import page, to
from review.web.routes import Routes
from review.web.sessions import COOKIE, OnePerson
from review.web.visits import Visiting

routes = Routes()


@routes.get("/enter", Deed.ENTER)
def enter(request: Request, key: str = "") -> Response:
    """Let in the person of this machine, who was given the key where the program was started."""
    people: OnePerson = request.app.state.people
    cookie = people.enter(key)
    if cookie is None:
        raise NotAllowedError("this key was used, or is of an earlier start of the program")
    response = to("/")
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="lax")
    return response


@routes.get("/sign-in", Deed.ENTER)
def sign_in(visit: Visiting) -> Response:
    """Say how to come in."""
    return page(visit, "sign_in.html", None)
