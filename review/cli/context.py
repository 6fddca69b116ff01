"""What commands share: the database, the name behind a change, and the usual options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from review.config import settings
from review.db import Database, Session, database_at
from review.errors import InvalidDataError
from review.history.actions import Attribution, in_role, writing
from review.people.queries import member_who_may, role_of
from review.people.rules import Deed
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.schema import current

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def configured_database() -> Database:
    """Return the database of the settings, whatever its state; the command closes it at its end."""
    return _closed_at_the_end(database_at(settings().database_url))


def opened() -> Database:
    """Return the database of the settings; raise DatabaseStateError unless it can be used."""
    return _closed_at_the_end(current(database_at(settings().database_url)))


def _closed_at_the_end(database: Database) -> Database:
    click.get_current_context().call_on_close(database.close)
    return database


def by(review: str | None = None, reason: str | None = None) -> Attribution:
    """Return who changes something now."""
    return Attribution(actor=settings().actor, review=review, reason=reason)


def judge(named: str | None = None) -> str:
    """Return who judges: the name given, or REVIEW_ACTOR.

    Raises InvalidDataError where neither is: an account, which several people may share, judges
    nothing.
    """
    if named is None and not settings().actor_is_said:
        raise InvalidDataError(
            "who are you? A judgement carries the name of the person who makes it. Type, with your "
            f"own name:\n  export REVIEW_ACTOR={settings().actor}\n"
            "and join the review if you have not: review people add NAME"
        )
    return named or settings().actor


@contextmanager
def looking(review_slug: str | None) -> Iterator[tuple[Session, Review]]:
    """Yield a reading session and the review that a command is about."""
    with opened().reading() as session:
        yield session, review_called(session, review_slug)


@contextmanager
def changing(
    review_slug: str | None, reason: str | None, deed: Deed
) -> Iterator[tuple[Session, Review]]:
    """Yield a writing session and the review it changes, under the name of the settings.

    Raises NotAllowedError for somebody whose role does not allow the deed.
    """
    database = opened()
    with database.reading() as session:
        name = review_called(session, review_slug).slug
    with writing(database, by(name, reason)) as session:
        review = review_called(session, name)
        require(session, review, deed)
        yield session, review


def require(session: Session, review: Review, deed: Deed) -> None:
    """Go on in the role of the settings' name; raise NotAllowedError unless it allows the deed.

    Who takes part is asked where the answer depends on who it is about (`people.actions`).
    """
    actor = settings().actor
    role = role_of(session, review.id, actor)
    if deed is not Deed.MEMBERS:
        member_who_may(session, review.id, actor if role else judge(), deed)
    in_role(session, role)


def review_option(function: FunctionT) -> FunctionT:
    """Add ``--review``."""
    text = "The review; needed only where there are several."
    return click.option("--review", "-r", "review_slug", metavar="SLUG", help=text)(function)


def json_option(function: FunctionT) -> FunctionT:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")(function)


def reason_option(function: FunctionT) -> FunctionT:
    """Add ``--reason``."""
    return click.option("--reason", metavar="TEXT", help="Why; kept in the history.")(function)


def sheet_option(function: FunctionT) -> FunctionT:
    """Add ``--sheet``."""
    text = "Which sheet of a workbook; needed only where several are filled."
    return click.option("--sheet", metavar="NAME", help=text)(function)
