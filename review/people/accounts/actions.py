"""Accounts, sessions and tokens are made, renewed and ended. Actions never commit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError, SignInError, TooManyError
from review.history.actions import record_step
from review.people.accounts.models import ApiToken, Attempt, Credential, SignIn
from review.people.accounts.queries import credential_of, longest_wait
from review.people.accounts.rules import (
    LONGEST_LIMIT,
    SEEN_EVERY,
    TOKEN_SEEN_EVERY,
    Scope,
    subject_of,
)
from review.people.accounts.secrets import (
    new_code_secret,
    new_secret,
    new_spare_codes,
    secret_hash,
    step_of_code,
)
from review.people.models import Person

WRONG = "this name and this password are not somebody's here"


def begin_attempt(
    session: Session, subjects: Sequence[tuple[str, str]], *, now: datetime
) -> list[int]:
    """Count an attempt as failed before it is made, so that many at once are counted too.

    Returns what `forget_attempt` takes when it was right. Raises TooManyError.
    """
    session.execute(sa.delete(Attempt).where(Attempt.at < now - LONGEST_LIMIT))
    wait = longest_wait(session, subjects, now)
    if wait is not None:
        seconds = max(1, math.ceil(wait.total_seconds()))
        minutes = math.ceil(seconds / 60)
        raise TooManyError(
            f"too many failed attempts; the next one is in {minutes} "
            f"minute{'' if minutes == 1 else 's'}. Who is signed in stays signed in",
            seconds=seconds,
        )
    rows = [Attempt(at=now, subject=subject_of(kind, value)) for kind, value in subjects]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def forget_attempt(session: Session, attempt: Sequence[int]) -> None:
    """Say that an attempt was right."""
    session.execute(sa.delete(Attempt).where(Attempt.id.in_(attempt)))


def set_password(
    session: Session, person: Person, stored: str, *, now: datetime, keep: int | None = None
) -> None:
    """Store a password's hash; all sessions but `keep` end, and that one gets a new cookie."""
    credential = credential_of(session, person)
    if credential is None:
        session.add(Credential(person_id=person.id, password=stored, changed_at=now))
    else:
        credential.password, credential.changed_at = stored, now
    session.flush()
    end_sessions(session, person, now=now, keep=keep)
    record_step(session, "set-password", entity="person", entity_id=person.id)


def start_session(
    session: Session,
    person: Person,
    *,
    now: datetime,
    lasts: timedelta,
    idle: timedelta | None,
    browser: str,
    address: str,
    waits_for_code: bool = False,
) -> str:
    """Make a session; return the secret that its cookie carries."""
    secret = new_secret()
    row = SignIn(
        person_id=person.id, secret_hash=secret_hash(secret), form_token=new_secret(),
        made_at=now, seen_at=now, ends_at=now + lasts,
        idle_seconds=None if idle is None else int(idle.total_seconds()),
        waits_for_code=waits_for_code, renew=False, browser=browser[:200], address=address[:60],
    )  # fmt: skip
    session.add(row)
    session.flush()
    return secret


def renew_session(session: Session, session_id: int) -> str:
    """Give a session a new secret; the old one is dead."""
    row = _session(session, session_id)
    secret = new_secret()
    row.secret_hash, row.renew = secret_hash(secret), False
    session.flush()
    return secret


def note_use(session: Session, session_id: int, *, now: datetime) -> None:
    """Note that a session was used, which keeps it from ending."""
    row = _session(session, session_id)
    row.seen_at = max(now, row.seen_at)


def is_use_to_note(seen_at: datetime, now: datetime) -> bool:
    """Return whether the last noted use is so old that this one is noted."""
    return now - seen_at >= SEEN_EVERY


def end_session(session: Session, person: Person, session_id: int, *, now: datetime) -> None:
    """End one of a person's sessions; raise NotFoundError for another's."""
    row = session.get(SignIn, session_id)
    if row is None or row.person_id != person.id:
        raise NotFoundError("there is no such session of yours")
    row.ended_at = row.ended_at or now


def end_sessions(
    session: Session, person: Person, *, now: datetime, keep: int | None = None
) -> None:
    """End a person's sessions; the one that is kept gets a new cookie with its next page."""
    for row in session.scalars(
        sa.select(SignIn).where(SignIn.person_id == person.id, SignIn.ended_at.is_(None))
    ):
        if row.id == keep:
            row.renew = True
        else:
            row.ended_at = now
    session.flush()


def renew_sessions(session: Session, person: Person) -> None:
    """Have every session of a person get a new cookie: what they may do has changed."""
    for row in session.scalars(
        sa.select(SignIn).where(SignIn.person_id == person.id, SignIn.ended_at.is_(None))
    ):
        row.renew = True
    session.flush()


def _session(session: Session, session_id: int) -> SignIn:
    row = session.get(SignIn, session_id)
    if row is None:
        raise NotFoundError("there is no such session")
    return row


def begin_second_factor(session: Session, person: Person) -> str:
    """Make the secret of a second factor; it counts once a code of it was typed."""
    credential = _account(session, person)
    if credential.code_since is not None:
        raise InvalidDataError("you have a second factor; end it before you take another")
    credential.code_secret = new_code_secret()
    session.flush()
    return credential.code_secret


def confirm_second_factor(
    session: Session, person: Person, code: str, *, now: datetime
) -> list[str]:
    """Start asking for a second factor; return the spare codes, which are shown once.

    Raises SignInError for a code that is not the one of now.
    """
    credential = _account(session, person)
    if credential.code_secret is None or credential.code_since is not None:
        raise InvalidDataError("begin with the square that the telephone reads")
    step = step_of_code(credential.code_secret, code, now)
    if step is None:
        raise SignInError(
            "this is not the code of this half minute; is the telephone's clock right?"
        )
    spare = new_spare_codes()
    credential.code_since, credential.code_step = now, step
    credential.spare_codes = [secret_hash(one) for one in spare]
    session.flush()
    record_step(session, "start-second-factor", entity="person", entity_id=person.id)
    return spare


def end_second_factor(session: Session, person: Person) -> None:
    """Ask for the password alone from now on."""
    credential = _account(session, person)
    credential.code_secret = credential.code_since = credential.code_step = None
    credential.spare_codes = None
    session.flush()
    record_step(session, "end-second-factor", entity="person", entity_id=person.id)


def use_code(session: Session, person: Person, code: str, *, now: datetime) -> None:
    """Take a code of the second factor, or a spare one; each works once.

    Raises SignInError.
    """
    credential = _account(session, person)
    secret, spare = credential.code_secret, list(credential.spare_codes or [])
    typed = secret_hash(code.strip().lower())
    if typed in spare:
        spare.remove(typed)
        credential.spare_codes = spare
        session.flush()
        return
    step = step_of_code(secret, code, now) if secret else None
    if step is None or (credential.code_step is not None and step <= credential.code_step):
        raise SignInError("this is not the code of this half minute, or it was used")
    credential.code_step = step
    session.flush()


def _account(session: Session, person: Person) -> Credential:
    credential = credential_of(session, person)
    if credential is None:
        raise InvalidDataError(f"{person.handle} has no password yet")
    return credential


def make_token(
    session: Session,
    person: Person,
    *,
    name: str,
    scope: Scope,
    now: datetime,
    lasts: timedelta | None,
) -> str:
    """Make a token for scripts; return the secret, which nobody can read again."""
    secret = f"lr_{new_secret()}"
    row = ApiToken(
        person_id=person.id, name=name, scope=scope, secret_hash=secret_hash(secret),
        made_at=now, ends_at=None if lasts is None else now + lasts,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record_step(
        session, "make-token", entity="person", entity_id=person.id, token=name, scope=scope.value
    )
    return secret


def note_token(session: Session, token_id: int, *, now: datetime) -> None:
    """Note, to the hour, that a token was used."""
    row = session.get(ApiToken, token_id)
    if row is not None and is_token_use_to_note(row.seen_at, now):
        row.seen_at = now


def is_token_use_to_note(seen_at: datetime | None, now: datetime) -> bool:
    """Return whether this use of a token is noted."""
    return seen_at is None or now - seen_at >= TOKEN_SEEN_EVERY


def end_token(session: Session, person: Person, token_id: int, *, now: datetime) -> None:
    """Take a token back; raise NotFoundError for another person's."""
    row = session.get(ApiToken, token_id)
    if row is None or row.person_id != person.id or row.ended_at is not None:
        raise NotFoundError("there is no such token of yours")
    row.ended_at = now
    session.flush()
    record_step(session, "end-token", entity="person", entity_id=person.id, token=row.name)


def end_everything(session: Session, person: Person, *, now: datetime) -> None:
    """End all sessions and tokens of a person whose account is closed."""
    end_sessions(session, person, now=now)
    for row in session.scalars(
        sa.select(ApiToken).where(ApiToken.person_id == person.id, ApiToken.ended_at.is_(None))
    ):
        row.ended_at = now
    session.flush()
