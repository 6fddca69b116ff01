"""Who asks: the person of a session's cookie or of a script's token, and how they came in."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from fastapi import Request
from starlette.responses import Response

from review.db import Database, Session
from review.errors import BusyError, ReviewError, SignInError
from review.history.actions import Attribution, writing
from review.people.accounts import actions, queries
from review.people.accounts.models import SignIn
from review.people.accounts.rules import CODE_WAIT, IDLE, LOCAL_SESSION, SESSION, Scope
from review.people.accounts.secrets import is_old, password_hash, password_is
from review.people.actions import person_called
from review.people.models import Person
from review.people.rules import Role
from review.protocol.queries import role_in
from review.web.settings import WebSettings

BEARER: Final = "bearer "

ANSWER: Final = "review.answer"
"""Where in the scope a cookie waits that the answer is to set."""


class SignInNeeded(ReviewError):
    """Nobody is signed in; a page leads to the door and back."""

    def __init__(self) -> None:
        super().__init__("sign in to see this")


@dataclass(frozen=True, slots=True)
class Known:
    """A person who is signed in."""

    handle: str
    name: str
    """The name in full, or else the handle."""
    person_id: int
    session_id: int | None
    token: str
    """What the forms of this session carry."""
    scope: Scope
    """What a script's token allows; a session allows all."""
    idle_seconds: int | None
    """After how long without a request the session ends."""
    role: Role | None
    """What they are in the review of the address, where it names one that they are in."""

    @property
    def is_script(self) -> bool:
        """Whether a token was shown, which no other site can have a browser send."""
        return self.session_id is None


class OneKey:
    """The key that one start of the program prints, which works once."""

    def __init__(self, key: str | None, handle: str) -> None:
        self.handle = handle
        self._key = key

    def take(self, key: str) -> bool:
        """Return whether this is the key, which then is none any more."""
        if self._key is None or not hmac.compare_digest(self._key.encode(), key.encode()):
            return False
        self._key = None
        return True


def cookie_name(request: Request) -> str:
    """Return the name of the cookie: browsers send one of 127.0.0.1 to every port of it."""
    settings: WebSettings = request.app.state.settings
    if settings.secure:
        return "__Host-review"
    return f"review-{request.url.port or 80}"


def set_cookie(response: Response, request: Request, secret: str) -> None:
    """Have the browser keep a session's secret, where no script reads it."""
    settings: WebSettings = request.app.state.settings
    response.set_cookie(
        cookie_name(request), secret, httponly=True, samesite="lax", secure=settings.secure,
        path="/",
    )  # fmt: skip


def drop_cookie(response: Response, request: Request) -> None:
    """Have the browser forget the session."""
    settings: WebSettings = request.app.state.settings
    response.delete_cookie(
        cookie_name(request), httponly=True, samesite="lax", secure=settings.secure, path="/"
    )


def client_address(request: Request) -> str:
    """Return from where a request came: what a proxy says counts where it is one of ours.

    Of several forwarded addresses the last that no proxy of ours has is the one that the outermost
    of ours saw; those before it are hearsay.
    """
    settings: WebSettings = request.app.state.settings
    seen = request.client.host if request.client else ""
    forwarded = [one.strip() for one in request.headers.get("x-forwarded-for", "").split(",")]
    while _is_ours(seen, settings) and forwarded and forwarded[-1]:
        seen = forwarded.pop()
    return seen


def _is_ours(address: str, settings: WebSettings) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in settings.proxies)


def clock(request: Request) -> datetime:
    """Return the time; tests give the application another clock."""
    now: Callable[[], datetime] = request.app.state.now
    return now()


def known_of(request: Request) -> Known | None:
    """Return who asks, None for nobody.

    Raises SignInError for a token that is none: a script that shows one must hear of it.
    """
    told = request.headers.get("authorization", "")
    if told.lower().startswith(BEARER):
        return _of_token(request, told[len(BEARER) :].strip())
    secret = request.cookies.get(cookie_name(request))
    if not secret:
        return None
    database: Database = request.app.state.database
    now = clock(request)
    with database.reading() as session:
        row = queries.session_of(session, secret, now)
        if row is None or row.waits_for_code:
            return None
        known = _known(row.person, row, _role(session, request, row.person))
        renew, use = row.renew and _is_visit(request), actions.is_use_to_note(row.seen_at, now)
    if renew or use:
        _note(request, known, now, renew=renew)
    return known


def _known(person: Person, row: SignIn, role: Role | None) -> Known:
    return Known(
        person.handle, person.display_name or person.handle, person.id, row.id, row.form_token,
        Scope.WRITE, row.idle_seconds, role,
    )  # fmt: skip


def _role(session: Session, request: Request, person: Person) -> Role | None:
    slug = request.path_params.get("review")
    return None if slug is None else role_in(session, slug, person.handle)


def _of_token(request: Request, secret: str) -> Known:
    database: Database = request.app.state.database
    now = clock(request)
    with database.reading() as session:
        row = queries.token_of(session, secret, now)
        if row is None:
            raise SignInError("this token is not one, was taken back, or is too old")
        person = row.person
        known = Known(
            person.handle, person.display_name or person.handle, person.id, None, "", row.scope,
            None, _role(session, request, person),
        )  # fmt: skip
        number, use = row.id, actions.is_token_use_to_note(row.seen_at, now)
    if use:
        with database.transaction() as session:
            actions.note_token(session, number, now=now)
    return known


def _is_visit(request: Request) -> bool:
    """Whether a whole page is asked for: a new cookie would be lost on the parts of one."""
    return request.method == "GET" and "hx-request" not in request.headers


def _note(request: Request, known: Known, now: datetime, *, renew: bool) -> None:
    database: Database = request.app.state.database
    assert known.session_id is not None
    try:
        with database.transaction() as session:
            actions.note_use(session, known.session_id, now=now)
            if renew:
                request.scope[ANSWER]["secret"] = actions.renew_session(session, known.session_id)
    except BusyError:  # a reader does not wait for it; the next request notes it
        return


def enter_by_key(request: Request, key: str) -> str | None:
    """Return the secret of a session for the key of this start, None for another key."""
    one: OneKey = request.app.state.key
    database: Database = request.app.state.database
    if not one.take(key):
        return None
    now = clock(request)
    with writing(database, Attribution(actor=one.handle, at=now)) as session:
        person = person_called(session, one.handle)
        actions.end_sessions(session, person, now=now)
        return _started(session, request, person, now, lasts=LOCAL_SESSION, idle=None)


@dataclass(frozen=True, slots=True)
class Entered:
    """A password that was right: the new session's secret, and whether a code is still to come."""

    secret: str
    waits_for_code: bool


def sign_in(request: Request, name: str, password: str) -> Entered:
    """Start a session for a name and a password; the session of the same browser ends.

    Unknown names take as long as known ones, and are told the same.

    Raises SignInError, and TooManyError after too many failures.
    """
    database: Database = request.app.state.database
    now = clock(request)
    subjects = [("name", name), ("address", client_address(request)), ("all", "")]
    with database.transaction() as session:
        attempt = actions.begin_attempt(session, subjects, now=now)
    with database.reading() as session:
        person = queries.person_to_sign_in(session, name)
        credential = queries.credential_of(session, person) if person is not None else None
        stored = credential.password if credential is not None else None
        closed = person is not None and person.disabled_because is not None
        person_id = person.id if person is not None else 0
    if not password_is(stored, password) or closed or stored is None:
        raise SignInError(actions.WRONG)
    renewed = password_hash(password) if is_old(stored) else stored
    with database.transaction() as session:
        actions.forget_attempt(session, attempt)
        person = session.get_one(Person, person_id)
        credential = queries.credential_of(session, person)
        assert credential is not None
        credential.password = renewed
        end_this(session, request, now)
        waits = credential.code_since is not None
        lasts, idle = (CODE_WAIT, CODE_WAIT) if waits else (SESSION, IDLE)
        secret = _started(session, request, person, now, lasts=lasts, idle=idle, waits=waits)
    return Entered(secret, waits)


def enter_code(request: Request, code: str) -> str:
    """Return the secret of a session whose second factor was right.

    Raises SignInNeeded where no password was given before, SignInError for a wrong code, and
    TooManyError after too many.
    """
    database: Database = request.app.state.database
    now = clock(request)
    secret = request.cookies.get(cookie_name(request), "")
    with database.reading() as session:
        row = queries.session_of(session, secret, now)
        if row is None or not row.waits_for_code:
            raise SignInNeeded
        subjects, number = [("code", str(row.person_id))], row.id
    with database.transaction() as session:
        attempt = actions.begin_attempt(session, subjects, now=now)
    with database.transaction() as session:
        waiting = session.get_one(SignIn, number)
        actions.use_code(session, waiting.person, code, now=now)
        actions.forget_attempt(session, attempt)
        actions.end_session(session, waiting.person, number, now=now)
        return _started(session, request, waiting.person, now, lasts=SESSION, idle=IDLE)


def start_for(request: Request, person_id: int) -> str:
    """Return the secret of a session for somebody who has just made their account."""
    database: Database = request.app.state.database
    now = clock(request)
    with database.transaction() as session:
        end_this(session, request, now)
        person = session.get_one(Person, person_id)
        return _started(session, request, person, now, lasts=SESSION, idle=IDLE)


def waits_for_code(request: Request) -> bool:
    """Return whether the browser has given the password, and not yet the code."""
    database: Database = request.app.state.database
    with database.reading() as session:
        secret = request.cookies.get(cookie_name(request), "")
        row = queries.session_of(session, secret, clock(request))
        return row is not None and row.waits_for_code


def end_this(session: Session, request: Request, now: datetime) -> None:
    """End the session whose cookie a request has, if it has one."""
    row = queries.session_of(session, request.cookies.get(cookie_name(request), ""), now)
    if row is not None:
        actions.end_session(session, row.person, row.id, now=now)


def _started(
    session: Session,
    request: Request,
    person: Person,
    now: datetime,
    *,
    lasts: timedelta,
    idle: timedelta | None,
    waits: bool = False,
) -> str:
    return actions.start_session(
        session, person, now=now, lasts=lasts, idle=idle,
        browser=request.headers.get("user-agent", ""), address=client_address(request),
        waits_for_code=waits,
    )  # fmt: skip
