"""Coming in and going out."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import JSONResponse, Response

from review.errors import NotAllowedError, SignInError
from review.people.rules import Deed
from review.web.forms import Blank, FieldErrors, Form, read
from review.web.render import page, to
from review.web.routes import Routes
from review.web.sessions import (
    drop_cookie,
    end_this,
    enter_by_key,
    enter_code,
    set_cookie,
    sign_in,
    waits_for_code,
)
from review.web.visits import Sent, Visiting, address

routes = Routes()


@routes.get("/enter", Deed.ENTER)
def enter(request: Request, key: str = "") -> Response:
    """Let in the person of this machine, who was given the key where the program was started."""
    secret = enter_by_key(request, key)
    if secret is None:
        raise NotAllowedError(
            "this key was used, or is of an earlier start of the program; start it again for a new "
            "one"
        )
    response = to("/")
    set_cookie(response, request, secret)
    return response


class SignInForm(Form):
    """Who signs in."""

    name: str
    password: str


class SecondFactorForm(Form):
    """The second factor."""

    code: str


@routes.get("/sign-in", Deed.ENTER)
def sign_in_page(visit: Visiting, next: str = "/") -> Response:  # noqa: A002 -- as in the address
    """Show the form, or say where the key is on a machine of one's own."""
    if visit.known is not None:
        return to(within(next))
    return page(visit, "sign_in.html", within(next), form=Blank())


@routes.post("/sign-in", Deed.ENTER)
def sign_in_now(request: Request, visit: Visiting, sent: Sent) -> Response:
    """Start a session, or ask for the second factor."""
    after = within(str(sent.get("next", "/")))
    try:
        form = read(SignInForm, sent)
        entered = sign_in(request, form.name, form.password)
    except FieldErrors as errors:
        return page(visit, "sign_in.html", after, form=errors, status=422)
    except SignInError as error:
        wrong = FieldErrors(dict(sent), {"password": f"{str(error).capitalize()}."})
        return page(visit, "sign_in.html", after, form=wrong, status=401)
    response = to(address("sign-in", "code", next=after) if entered.waits_for_code else after)
    set_cookie(response, request, entered.secret)
    return response


@routes.get("/sign-in/code", Deed.ENTER)
def code_page(request: Request, visit: Visiting, next: str = "/") -> Response:  # noqa: A002
    """Ask for the code of the second factor."""
    if not waits_for_code(request):
        return to(address("sign-in", next=within(next)))
    return page(visit, "code.html", within(next), form=Blank())


@routes.post("/sign-in/code", Deed.ENTER)
def code_now(request: Request, visit: Visiting, sent: Sent) -> Response:
    """Start the session whose second factor is right."""
    after = within(str(sent.get("next", "/")))
    try:
        secret = enter_code(request, read(SecondFactorForm, sent).code)
    except FieldErrors as errors:
        return page(visit, "code.html", after, form=errors, status=422)
    except SignInError as error:
        wrong = FieldErrors({}, {"code": f"{str(error).capitalize()}."})
        return page(visit, "code.html", after, form=wrong, status=401)
    response = to(after)
    set_cookie(response, request, secret)
    return response


@routes.post("/sign-out", Deed.ACCOUNT)
def sign_out(request: Request, visit: Visiting) -> Response:
    """End this session."""
    with visit.writing() as session:
        end_this(session, request, visit.now)
    response = to("/sign-in")
    drop_cookie(response, request)
    response.headers["clear-site-data"] = '"cache"'
    return response


@routes.get("/session", Deed.ACCOUNT)
def this_session(visit: Visiting) -> Response:
    """Say who is signed in: a page that was left open takes the token for its forms from here."""
    assert visit.known is not None
    return JSONResponse({"person": visit.person, "token": visit.known.token})


@routes.post("/session", Deed.ACCOUNT)
def stay(visit: Visiting) -> Response:
    """Keep the session open: the person is there, and types."""
    assert visit.known is not None
    return JSONResponse({"idle": visit.known.idle_seconds})


def within(path: str) -> str:
    """Return a path of this program, ``/`` for any other address.

    Examples
    --------
    >>> within("/r/cbt?run=3"), within("//evil.example"), within("https://evil.example/")
    ('/r/cbt?run=3', '/', '/')
    """
    parts = urlsplit(path)
    odd = any(sign in path for sign in "\\\t\r\n") or any(ord(sign) < 32 for sign in path)
    if parts.scheme or parts.netloc or odd or not path.startswith("/") or path.startswith("//"):
        return "/"
    return path
