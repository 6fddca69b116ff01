"""What the pages about people show: members and links of a review, and a person's own account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.people.accounts import queries as accounts
from review.people.accounts.rules import Scope
from review.people.invitations import open_invitations
from review.people.models import Person
from review.people.queries import members, other_names
from review.people.rules import Role


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a review."""

    handle: str
    name: str | None
    orcid: str | None
    role: Role
    other_names: tuple[str, ...]
    has_account: bool
    closed_because: str | None


@dataclass(frozen=True, slots=True)
class OpenLink:
    """An invitation that nobody has followed yet."""

    number: int
    role: Role
    note: str | None
    made_by: str
    made_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class People:
    """Who is in a review, and who is invited."""

    title: str
    members: tuple[Member, ...]
    links: tuple[OpenLink, ...]
    leads: int


def people_of(session: Session, review_id: int, title: str, *, now: datetime) -> People:
    """Return the members of a review and its open invitations."""
    others = other_names(session)
    accounts_there = accounts.with_accounts(session)
    found = tuple(
        Member(
            person.handle, person.display_name, person.orcid, membership.role,
            tuple(others.get(person.id, ())), person.id in accounts_there,
            person.disabled_because,
        )
        for person, membership in members(session, review_id)
    )  # fmt: skip
    links = tuple(
        OpenLink(row.id, row.role, row.note, row.made_by, row.made_at, row.ends_at)
        for row in open_invitations(session, review_id, now)
        if row.role is not None
    )
    leads = sum(member.role is Role.LEAD for member in found)
    return People(title, found, links, leads)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser in which a person is signed in."""

    number: int
    browser: str
    address: str
    since: datetime
    seen: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class Token:
    """What a script shows."""

    number: int
    name: str
    scope: Scope
    made_at: datetime
    ends_at: datetime | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """What a person sees of their own account."""

    handle: str
    display_name: str | None
    email: str | None
    orcid: str | None
    has_password: bool
    second_factor_since: datetime | None
    spare_codes: int
    sessions: tuple[OpenSession, ...]
    tokens: tuple[Token, ...]


def account_of(
    session: Session, person: Person, *, this_session: int | None, now: datetime
) -> Account:
    """Return a person's account as they see it."""
    credential = accounts.credential_of(session, person)
    sessions = tuple(
        OpenSession(
            row.id, browser_of(row.browser), row.address, row.made_at, row.seen_at,
            row.id == this_session,
        )
        for row in accounts.sessions_of(session, person, now)
    )  # fmt: skip
    tokens = tuple(
        Token(row.id, row.name, row.scope, row.made_at, row.ends_at, row.seen_at)
        for row in accounts.tokens_of(session, person)
    )
    return Account(
        person.handle, person.display_name, person.email, person.orcid, credential is not None,
        credential.code_since if credential else None,
        len(credential.spare_codes or ()) if credential else 0, sessions, tokens,
    )  # fmt: skip


_BROWSERS = ("Edg/", "Firefox/", "OPR/", "Chrome/", "Safari/")
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux")
_CALLED = {"Edg/": "Edge", "OPR/": "Opera", "Mac OS X": "macOS"}


def browser_of(said: str) -> str:
    """Return ``Firefox on Linux`` for what a browser says it is.

    Examples
    --------
    >>> browser_of("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox on Linux'
    """
    name = next((one for one in _BROWSERS if one in said), None)
    system = next((one for one in _SYSTEMS if one in said), None)
    if name is None:
        return said[:40] or "a program that does not say its name"
    called = _CALLED.get(name, name.rstrip("/"))
    return f"{called} on {_CALLED.get(system, system)}" if system else called
