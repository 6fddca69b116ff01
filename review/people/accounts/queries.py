"""Who a cookie or a token is, and what a person has open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.history.withdrawal import prepared
from review.people.accounts.models import ApiToken, Attempt, Credential, SignIn
from review.people.accounts.rules import CODE_WAIT, LIMITS, SEEN_EVERY, subject_of, wait_of
from review.people.accounts.secrets import secret_hash
from review.people.models import Person
from review.people.queries import person_known


def credential_of(session: Session, person: Person) -> Credential | None:
    """Return what a person proves themselves with; None for one without an account."""
    return session.get(Credential, person.id)


def anybody_has_a_password(session: Session) -> bool:
    """Return whether there is an account: then a key of one machine lets nobody in."""
    return session.scalar(sa.select(Credential.person_id).limit(1)) is not None


def with_accounts(session: Session) -> frozenset[int]:
    """Return the ids of the persons who have a password."""
    return frozenset(session.scalars(sa.select(Credential.person_id)))


def person_to_sign_in(session: Session, name: str) -> Person | None:
    """Return the person of a handle, or of an e-mail address that one person alone has."""
    found = person_known(session, " ".join(name.split()))
    if found is None and "@" in name:
        alike = sa.func.lower(Person.email) == name.strip().lower()
        several = session.scalars(sa.select(Person).where(alike).limit(2)).all()
        found = several[0] if len(several) == 1 else None
    return found


def is_open(row: SignIn, now: datetime) -> bool:
    """Return whether a session still is one.

    A clock that was put back by more than a minute since the session was used ends it: it must not
    live longer by that.
    """
    if row.ended_at is not None or row.person.disabled_because is not None:
        return False
    if now >= row.ends_at or now < row.seen_at - SEEN_EVERY:
        return False
    if row.waits_for_code:
        return now - row.made_at < CODE_WAIT
    return row.idle_seconds is None or now - row.seen_at < timedelta(seconds=row.idle_seconds)


def session_of(session: Session, secret: str, now: datetime) -> SignIn | None:
    """Return the open session of a cookie, also one that waits for its second factor."""
    row = session.scalar(_of_secret(), {"hash": secret_hash(secret)})
    return row if row is not None and is_open(row, now) else None


@cache
def _of_secret() -> sa.Select[SignIn]:
    asked = sa.select(SignIn).where(SignIn.secret_hash == sa.bindparam("hash"))
    return prepared(asked.options(joinedload(SignIn.person)))


def sessions_of(session: Session, person: Person, now: datetime) -> Sequence[SignIn]:
    """Return a person's open sessions, the one used last first."""
    rows = session.scalars(
        sa.select(SignIn)
        .where(SignIn.person_id == person.id, SignIn.ended_at.is_(None))
        .options(joinedload(SignIn.person))
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    )
    return [row for row in rows if is_open(row, now) and not row.waits_for_code]


def token_of(session: Session, secret: str, now: datetime) -> ApiToken | None:
    """Return the token that a script shows, if it still is one."""
    row = session.scalar(
        sa.select(ApiToken)
        .where(ApiToken.secret_hash == secret_hash(secret))
        .options(joinedload(ApiToken.person))
    )
    if row is None or row.ended_at is not None or row.person.disabled_because is not None:
        return None
    return row if row.ends_at is None or now < row.ends_at else None


def tokens_of(session: Session, person: Person) -> Sequence[ApiToken]:
    """Return a person's tokens that were not taken back, the newest first."""
    return session.scalars(
        sa.select(ApiToken)
        .where(ApiToken.person_id == person.id, ApiToken.ended_at.is_(None))
        .order_by(ApiToken.id.desc())
    ).all()


def longest_wait(
    session: Session, subjects: Sequence[tuple[str, str]], now: datetime
) -> timedelta | None:
    """Return how long nobody gets a try for these subjects; None where everybody does."""
    waits = []
    for kind, value in subjects:
        since = now - max(limit.within for limit in LIMITS[kind])
        times = session.scalars(
            sa.select(Attempt.at).where(
                Attempt.subject == subject_of(kind, value), Attempt.at > since
            )
        ).all()
        wait = wait_of(kind, list(times), now)
        if wait is not None:
            waits.append(wait)
    return max(waits, default=None)
