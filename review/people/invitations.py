"""Links that work once: into a review, or to a person's own account. Actions never commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotAllowedError, NotFoundError
from review.people.accounts.queries import credential_of
from review.people.accounts.rules import INVITATION
from review.people.accounts.secrets import new_secret, secret_hash
from review.people.actions import join_review
from review.people.models import Invitation, Membership, Person
from review.people.queries import role_of
from review.people.rules import Role, allows_more


def invite(
    session: Session, review_id: int, *, role: Role, note: str | None, by: str, now: datetime
) -> tuple[Invitation, str]:
    """Make a link that lets one person join a review; return it with its secret, shown once."""
    return _made(session, by=by, now=now, review_id=review_id, role=role, note=note)


def open_door_for(
    session: Session, person: Person, *, by: str, now: datetime
) -> tuple[Invitation, str]:
    """Make a link with which a person sets their password, the first or a new one.

    Earlier links of the person are dead. Only whoever runs the program gives it to somebody who has
    a password already: it is as good as theirs.
    """
    for row in session.scalars(
        sa.select(Invitation).where(
            Invitation.for_id == person.id,
            Invitation.used_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
    ):
        row.withdrawn_at = now
    return _made(session, by=by, now=now, for_id=person.id)


def open_door_for_member(
    session: Session, review_id: int, person: Person, *, by: str, now: datetime
) -> tuple[Invitation, str]:
    """Make the first link to the account of a member who has worked without one.

    Raises NotAllowedError for somebody with a password, who would lose their account to whoever
    has the link, and for members of a review whose lead `by` is not.
    """
    if credential_of(session, person) is not None:
        raise NotAllowedError(f"{person.handle} has an account, and alone changes its password")
    reviews = session.scalars(
        sa.select(Membership.review_id).where(Membership.person_id == person.id)
    ).all()
    if review_id not in reviews:
        raise NotFoundError(f"{person.handle} is not in this review")
    if any(role_of(session, one, by) is not Role.LEAD for one in reviews):
        raise NotAllowedError(
            f"{person.handle} is in a review that you do not lead; whoever runs the program gives "
            "them their link"
        )
    return open_door_for(session, person, by=by, now=now)


def _made(
    session: Session,
    *,
    by: str,
    now: datetime,
    review_id: int | None = None,
    role: Role | None = None,
    note: str | None = None,
    for_id: int | None = None,
) -> tuple[Invitation, str]:
    secret = new_secret()
    row = Invitation(
        review_id=review_id, role=role, note=note, for_id=for_id, secret_hash=secret_hash(secret),
        made_by=by, made_at=now, ends_at=now + INVITATION,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row, secret


def open_invitations(session: Session, review_id: int, now: datetime) -> Sequence[Invitation]:
    """Return the links into a review that still work, the newest first."""
    return session.scalars(
        _still_open(now).where(Invitation.review_id == review_id).order_by(Invitation.id.desc())
    ).all()


def invitation_of(session: Session, secret: str, now: datetime) -> Invitation:
    """Return what a link leads to.

    Raises NotFoundError for one that was used, taken back, is too old, or never was.
    """
    row = session.scalar(_still_open(now).where(Invitation.secret_hash == secret_hash(secret)))
    if row is None:
        raise NotFoundError(
            "this link does not work: it was used, taken back, or is older than three days; ask "
            "whoever sent it for a new one"
        )
    return row


def _still_open(now: datetime) -> sa.Select[Invitation]:
    return sa.select(Invitation).where(
        Invitation.used_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.ends_at > now
    )


def accept(session: Session, invitation: Invitation, person: Person, *, now: datetime) -> None:
    """Let a person join by a link, which is used up by it.

    Raises InvalidDataError for somebody who is in the review already, NotAllowedError for a link
    that is for somebody else.
    """
    if invitation.for_id is not None and invitation.for_id != person.identity:
        raise NotAllowedError("this link is for somebody else")
    if invitation.review_id is not None and invitation.role is not None:
        there = role_of(session, invitation.review_id, person.handle)
        if there is not None and not allows_more(invitation.role, there):
            raise InvalidDataError(f"you are in this review already, as {there.value}")
        join_review(session, review_id=invitation.review_id, person=person, role=invitation.role)
    invitation.used_at, invitation.used_by_id = now, person.id
    session.flush()


def withdraw(session: Session, review_id: int, invitation_id: int, *, now: datetime) -> None:
    """Take a link back; raise NotFoundError for one that is not this review's or was used."""
    row = session.get(Invitation, invitation_id)
    gone = row is None or row.used_at is not None or row.withdrawn_at is not None
    if row is None or gone or row.review_id != review_id:
        raise NotFoundError("there is no such invitation to take back")
    row.withdrawn_at = now
    session.flush()
