"""A visit: who asks, in which review, as what; made before the endpoint of a route runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from review.db import Database, Session
from review.errors import NotAllowedError, NotFoundError
from review.history.actions import Attribution, in_role, writing
from review.people.accounts.rules import Scope
from review.people.queries import role_of
from review.people.rules import DEED_WORDS, Deed, Role, may
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.web.security import SAFE, check_origin, check_token
from review.web.sessions import ANSWER, Known, SignInNeeded, clock, known_of
from review.web.settings import WebSettings

API = "/api/"


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, in which review, as what."""

    database: Database
    settings: WebSettings
    known: Known | None
    """The person and their session; None at the door."""
    review: str | None
    """The slug in the address."""
    role: Role | None
    """What the person is in that review."""
    deed: Deed
    request_id: str
    address: str
    """The path and query that were asked for."""
    origin: str
    """``https://review.example.org``: where the browser reaches these pages."""
    now: datetime
    """When it was asked for: the time of what is written, and of what is shown."""

    @property
    def person(self) -> str:
        """The handle of who asks, to be handed to actions.

        Raises AssertionError at the door, where nobody is known.
        """
        assert self.known is not None
        return self.known.handle

    def may(self, deed: Deed | str) -> bool:
        """Return whether who asks may do something in this review, to offer it or not."""
        return may(self.role, Deed(deed))

    def path(self, *parts: object, **query: object) -> str:
        """Return an address within this review: ``visit.path('s', 17)`` is ``/r/cbt/s/17``."""
        assert self.review is not None
        return address("r", self.review, *parts, **query)

    def back(self, path: str) -> str:
        """Return an address that a form named, if it is one within the review; else nothing."""
        return path if path.startswith(f"{self.path()}/") and "//" not in path else ""

    def whole_address(self, path: str) -> str:
        """Return an address with the name of the machine, to be sent to somebody."""
        return f"{self.origin}{path}"

    def review_of(self, session: Session) -> Review:
        """Return the review of the address."""
        assert self.review is not None
        return review_called(session, self.review)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session to load from; leave it before rendering."""
        with self.database.reading() as session:
            yield session

    @contextmanager
    def writing(self, reason: str | None = None) -> Iterator[Session]:
        """Yield the session of one attributed transaction.

        The right is asked for again in it: it may have been taken away since the request came.
        """
        by = Attribution(
            actor=self.person, review=self.review, reason=reason, at=self.now,
            request=self.request_id,
        )  # fmt: skip
        with writing(self.database, by) as session:
            if self.review is not None:
                role = role_of(session, self.review_of(session).id, self.person)
                _require(role, self.deed, self.review)
                in_role(session, role)
            yield session


def address(*parts: object, **query: object) -> str:
    """Return a path of this program; parts may hold any sign."""
    path = "/" + "/".join(quote(str(part), safe="") for part in parts)
    told = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
    return f"{path}?{told}" if told else path


async def sent(request: Request) -> AsyncIterator[Mapping[str, Any]]:
    """Yield the fields of a form, none for what is no form.

    Files are taken from who may send them alone; else any stranger could fill the disk.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in SAFE or kind not in (
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ):
        yield FormData()
        return
    files = request.scope["route"].files
    if files:
        await run_in_threadpool(_admit_files, request)
    async with request.form(max_files=files, max_fields=1000) as fields:
        yield fields


def _admit_files(request: Request) -> None:
    """Refuse a body with files before it is read, unless its sender may do what it is sent for."""
    state = request.app.state
    known = known_of(request)
    check_origin(request.headers, state.settings, known, at_door=False)
    if known is None:
        raise SignInNeeded
    slug = request.path_params["review"]
    if known.role is None:
        raise NotFoundError("there is no such review, or you are not in it")
    _require(known.role, request.scope["route"].deed, slug)


Sent = Annotated[Mapping[str, Any], Depends(sent)]
"""The fields of a form, for `forms.read`."""


def admit(request: Request, fields: Sent) -> Visit:
    """Let somebody in, or raise what the edge says instead.

    Raises
    ------
    SignInNeeded
        Where somebody must be known and nobody is.
    NotFoundError
        For a review that is not there, and, alike, for one that the person is not in.
    NotAllowedError
        Where the role does not allow the deed, and for forms of other pages.
    """
    state = request.app.state
    settings: WebSettings = state.settings
    deed: Deed = request.scope["route"].deed
    known = known_of(request)
    if known is not None:
        request.scope[ANSWER]["who"] = known.handle
    if request.method not in SAFE:
        at_door = deed is Deed.ENTER
        check_origin(request.headers, settings, known, at_door=at_door)
        if not at_door:  # forms of the door are filled in before there is a session
            check_token(request.headers, fields, known)
    if known is not None and known.is_script:
        _check_script(request, known)
    if known is None and deed is not Deed.ENTER:
        raise SignInNeeded
    slug = request.path_params.get("review")
    role = None
    if slug is not None and known is not None:
        role = known.role
        if role is None:
            raise NotFoundError("there is no such review, or you are not in it")
        _require(role, deed, slug)
    elif deed not in (Deed.ENTER, Deed.ACCOUNT):
        raise AssertionError(f"{request.url.path}: {deed} is done in a review")
    query = f"?{request.url.query}" if request.url.query else ""
    return Visit(
        state.database, settings, known, slug, role, deed,
        request.scope["review.request_id"], request.url.path + query,
        settings.origin or f"http://{request.url.netloc}", clock(request),
    )  # fmt: skip


def _check_script(request: Request, known: Known) -> None:
    if not request.url.path.startswith(API):
        raise NotAllowedError("a token opens the API, not the pages")
    if request.method not in SAFE and known.scope is not Scope.WRITE:
        raise NotAllowedError("this token may read only; one that may write is made at /account")


def _require(role: Role | None, deed: Deed, review: str) -> None:
    if not may(role, deed):
        raise NotAllowedError(
            f"a {role} does not {DEED_WORDS[deed]} in {review}"
            if role
            else f"you are not in {review} any more"
        )


Visiting = Annotated[Visit, Depends(admit)]
"""The visit, for an endpoint."""
