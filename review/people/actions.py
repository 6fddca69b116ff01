"""Writing persons and memberships. Actions never commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import AlreadyExistsError, InvalidDataError, NotFoundError, Remedy
from review.people.accounts.actions import end_everything, end_sessions, renew_sessions
from review.people.accounts.rules import checked_email, checked_orcid
from review.people.models import Membership, Person
from review.people.queries import (
    member_called,
    member_who_may,
    members,
    person_known,
    role_of,
)
from review.people.rules import Deed, Role, allows_more, near_misses


def person_called(session: Session, handle: str) -> Person:
    """Return the person of that handle, made on first sight; it gives nobody a role."""
    person = person_known(session, handle)
    if person is None:
        person = Person(handle=handle)
        session.add(person)
        session.flush()
    return person


def join_review(session: Session, *, review_id: int, person: Person, role: Role) -> Membership:
    """Give a person a role in a review, or change the one they have."""
    membership = session.scalar(
        sa.select(Membership).where(
            Membership.review_id == review_id, Membership.person_id == person.id
        )
    )
    if membership is None:
        membership = Membership(review_id=review_id, person_id=person.id, role=role)
        session.add(membership)
    membership.role = role
    session.flush()
    renew_sessions(session, person)
    return membership


@dataclass(frozen=True, slots=True)
class Joined:
    """Who joined, and in place of which role."""

    handle: str
    role: Role
    before: Role | None


def add_person(
    session: Session,
    review_id: int,
    handle: str,
    *,
    role: Role | None,
    actor: str,
    is_new: bool = False,
) -> Joined:
    """Let a person join a review, or change their role.

    Parameters
    ----------
    session, review_id
        The review.
    handle
        Letters, digits and ``. _ @ + -``, or words with single spaces.
    role
        By default reviewer, or the role that the person has.
    actor
        Who asks: a lead, or somebody who is not in the review yet and joins it as a reviewer.
    is_new
        That a name which is nearly another's is another person.

    Raises
    ------
    InvalidDataError
        For a name with other signs, one that was merged, or one that is nearly another's.
    NotAllowedError
        Where the actor's role does not allow it.
    """
    name = checked_handle(handle)
    known = {person.handle: member.role for person, member in members(session, review_id)}
    person = person_known(session, name)
    if person is not None and person.handle != name:
        raise InvalidDataError(f"{name} is another name of {person.handle}; add {person.handle}")
    before = known.get(name)
    if before is None and not is_new:
        near = near_misses(name, known)
        if near:
            raise InvalidDataError(
                f"{name}: did you mean {' or '.join(near)}?",
                remedy=Remedy("somebody else is added with", f"review people add {name} --new"),
            )
    wanted = role or before or Role.REVIEWER
    joins = actor == name and before is None and wanted is Role.REVIEWER
    if not joins and Role.LEAD in known.values():
        member_who_may(session, review_id, actor, Deed.MEMBERS)
    if before is Role.LEAD and wanted is not Role.LEAD:
        _keep_a_lead(known, name)
    if person is None:
        person = person_called(session, name)
    join_review(session, review_id=review_id, person=person, role=wanted)
    return Joined(name, wanted, before)


def checked_handle(handle: str) -> str:
    """Return a handle with single spaces; raise InvalidDataError for one with other signs."""
    name = " ".join(handle.split())
    if not name or not all(c.isalnum() or c in " ._@+-'" for c in name) or len(name) > 80:
        raise InvalidDataError(
            f"{handle!r} is no name: use letters, digits, spaces and . _ @ + - ' (at most 80)"
        )
    return name


def _keep_a_lead(known: dict[str, Role], name: str) -> None:
    if [who for who, role in known.items() if role is Role.LEAD] == [name]:
        raise InvalidDataError(
            f"{name} is the only lead; make somebody else one first",
            remedy=Remedy("for instance with", "review people add NAME --role lead"),
        )


def leave_review(session: Session, review_id: int, handle: str, *, actor: str) -> Person:
    """Let a person go: what they decided stays and counts; from now on they may look.

    Raises NotFoundError for somebody who is not in the review, InvalidDataError for its only lead,
    NotAllowedError unless a lead says it, or they themselves.
    """
    person = member_called(session, review_id, handle)
    if person.handle != actor:
        member_who_may(session, review_id, actor, Deed.MEMBERS)
    known = {p.handle: member.role for p, member in members(session, review_id)}
    _keep_a_lead(known, person.handle)
    join_review(session, review_id=review_id, person=person, role=Role.VIEWER)
    return person


def rename_person(session: Session, review_id: int, old: str, new: str, *, actor: str) -> Person:
    """Call a person something else from now on; the history keeps the name of its time.

    Raises NotFoundError for somebody unknown, AlreadyExistsError for a name that is taken,
    NotAllowedError unless a lead of the review says it, or they themselves.
    """
    name = checked_handle(new)
    if old != actor:
        member_who_may(session, review_id, actor, Deed.MEMBERS)
    person = session.scalar(sa.select(Person).where(Person.handle == old))
    if person is None:
        raise _nobody(old)
    if session.scalar(sa.select(Person.id).where(Person.handle == name)) is not None:
        raise AlreadyExistsError(
            f"{name} is taken",
            remedy=Remedy("were they one person", f"review people merge {old} {name}"),
        )
    person.handle = name
    session.flush()
    return person


def merge_persons(
    session: Session, name: str, into: str, *, now: datetime
) -> tuple[Person, Person]:
    """Say that one name is another's: all that both did counts as one person's from now on.

    The rows stay as they were written. The remaining person has, in each review, the role that
    allows more.

    Raises
    ------
    NotFoundError
        For a name that nobody has.
    InvalidDataError
        Where both are one already.
    """
    gone, kept = (person_there(session, one) for one in (name, into))
    if gone.id == kept.id:
        raise InvalidDataError(f"{name} and {into} are one person already")
    for other in session.scalars(sa.select(Person).where(Person.merged_into_id == gone.id)):
        other.merged_into_id = kept.id
    gone.merged_into_id = kept.id
    for theirs in session.scalars(
        sa.select(Membership).where(Membership.person_id == gone.id).order_by(Membership.id)
    ).all():
        mine = role_of(session, theirs.review_id, kept.handle)
        if mine is None or allows_more(theirs.role, mine):
            join_review(session, review_id=theirs.review_id, person=kept, role=theirs.role)
    end_sessions(session, gone, now=now)
    session.flush()
    return gone, kept


def person_there(session: Session, handle: str) -> Person:
    """Return somebody who has been named before; raise NotFoundError."""
    person = person_known(session, handle)
    if person is None:
        raise _nobody(handle)
    return person


def _nobody(handle: str) -> NotFoundError:
    return NotFoundError(
        f"there is nobody called {handle}",
        remedy=Remedy("see who there is with", "review people list"),
    )


@dataclass(frozen=True, slots=True)
class Described:
    """What a person says of themselves; an empty text takes back what was said."""

    display_name: str = ""
    email: str = ""
    orcid: str = ""

    def checked(self) -> Described:
        """Return it as it is kept; raise InvalidDataError for what cannot be."""
        return Described(
            " ".join(self.display_name.split()),
            checked_email(self.email) if self.email else "",
            checked_orcid(self.orcid) if self.orcid else "",
        )


def describe_person(session: Session, person: Person, said: Described) -> None:
    """Keep a person's full name, e-mail address and ORCID iD.

    Raises InvalidDataError for an address or an iD that cannot be one.
    """
    kept = said.checked()
    person.display_name, person.email = kept.display_name or None, kept.email or None
    person.orcid = kept.orcid or None
    session.flush()


def close_account(session: Session, handle: str, *, because: str, now: datetime) -> Person:
    """Let a person do nothing any more, in any review; what they did stays and counts."""
    person = person_there(session, handle)
    person.disabled_because = because
    end_everything(session, person, now=now)
    return person


def reopen_account(session: Session, handle: str) -> Person:
    """Let a person in again, with the roles and the password that they had."""
    person = person_there(session, handle)
    person.disabled_because = None
    session.flush()
    return person
