"""Who is known by the cookie of a request."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from fastapi import Request

from review.errors import ReviewError

COOKIE = "review-session"


class SignInNeeded(ReviewError):
    """Nobody is signed in; the page leads to the door and back."""

    def __init__(self) -> None:
        super().__init__("sign in to see this")


@dataclass(frozen=True, slots=True)
class Known:
    """A person who is signed in."""

    handle: str
    token: str
    """What the forms of this session carry."""


class OnePerson:
    """The one person of this machine: the first who comes with the key."""

    def __init__(self, key: str, handle: str) -> None:
        self.handle = handle
        self._key: str | None = key
        self._cookies: dict[str, Known] = {}

    def enter(self, key: str) -> str | None:
        """Return the cookie for a key, which works once; None for a wrong one."""
        if self._key is None or not hmac.compare_digest(self._key.encode(), key.encode()):
            return None
        self._key = None
        cookie = secrets.token_urlsafe(32)
        self._cookies[cookie] = Known(self.handle, secrets.token_urlsafe(32))
        return cookie

    def known(self, cookie: str) -> Known | None:
        """Return who a cookie says it is."""
        return self._cookies.get(cookie)


def known_of(request: Request) -> Known | None:
    """Return who asks."""
    cookie = request.cookies.get(COOKIE)
    person: OnePerson = request.app.state.people
    return person.known(cookie) if cookie else None
