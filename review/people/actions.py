"""Writing persons and memberships. Actions never commit."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import AlreadyExistsError, InvalidDataError, NotAllowedError, NotFoundError
from review.people.models import Membership, Person
from review.people.queries import member_called, members, person_known, role_of
from review.people.rules import Role, near_misses


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
        Who asks. A viewer changes no role; an owner alone makes owners, where there is one.
    is_new
        That a name which is nearly another's is another person.

    Raises
    ------
    InvalidDataError
        For a name with other signs, one that was merged, or one that is nearly another's.
    NotAllowedError
        Where the actor's role does not allow it.
    """
    name = _checked(handle)
    known = {person.handle: member.role for person, member in members(session, review_id)}
    person = person_known(session, name)
    if person is not None and person.handle != name:
        raise InvalidDataError(f"{name} is another name of {person.handle}; add {person.handle}")
    before = known.get(name)
    if before is None and not is_new:
        near = near_misses(name, known)
        if near:
            raise InvalidDataError(
                f"{name}: did you mean {' or '.join(near)}? If {name} is somebody else, say so: "
                f"review people add {name} --new"
            )
    wanted = role or before or Role.REVIEWER
    _may_give(session, review_id, actor, known, wanted)
    if before is Role.LEAD and wanted is not Role.LEAD:
        _keep_an_owner(known, name)
    if person is None:
        person = person_called(session, name)
    join_review(session, review_id=review_id, person=person, role=wanted)
    return Joined(name, wanted, before)


def _checked(handle: str) -> str:
    name = " ".join(handle.split())
    if not name or not all(c.isalnum() or c in " ._@+-'" for c in name) or len(name) > 80:
        raise InvalidDataError(
            f"{handle!r} is no name: use letters, digits, spaces and . _ @ + - ' (at most 80)"
        )
    return name


def _may_give(
    session: Session, review_id: int, actor: str, known: dict[str, Role], wanted: Role
) -> None:
    mine = role_of(session, review_id, actor)
    owners = [name for name, role in known.items() if role is Role.LEAD]
    if mine is Role.VIEWER or (wanted is Role.LEAD and owners and mine is not Role.LEAD):
        raise NotAllowedError(
            f"{actor} is {mine.value if mine else 'not'} in this review, and makes nobody "
            f"{wanted.value}; ask an owner: {', '.join(owners)}"
        )


def _keep_an_owner(known: dict[str, Role], name: str) -> None:
    if [who for who, role in known.items() if role is Role.LEAD] == [name]:
        raise InvalidDataError(
            f"{name} is the only owner; make another one first: review people add NAME --role owner"
        )


def leave_review(session: Session, review_id: int, handle: str) -> Person:
    """Let a person go: what they decided stays and counts; from now on they may look.

    Raises NotFoundError for somebody who is not in the review, InvalidDataError for its only owner.
    """
    person = member_called(session, review_id, handle)
    known = {p.handle: member.role for p, member in members(session, review_id)}
    _keep_an_owner(known, person.handle)
    join_review(session, review_id=review_id, person=person, role=Role.VIEWER)
    return person


def rename_person(session: Session, old: str, new: str) -> Person:
    """Call a person something else from now on; the history keeps the name of its time.

    Raises NotFoundError for somebody unknown, AlreadyExistsError for a name that is taken.
    """
    name = _checked(new)
    person = session.scalar(sa.select(Person).where(Person.handle == old))
    if person is None:
        raise NotFoundError(f"there is nobody called {old}; see: review people list")
    if session.scalar(sa.select(Person.id).where(Person.handle == name)) is not None:
        raise AlreadyExistsError(
            f"{name} is taken; if {old} and {name} are one person: review people merge {old} {name}"
        )
    person.handle = name
    session.flush()
    return person


def merge_persons(session: Session, name: str, into: str) -> tuple[Person, Person]:
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
    gone, kept = (_known(session, one) for one in (name, into))
    if gone.id == kept.id:
        raise InvalidDataError(f"{name} and {into} are one person already")
    for other in session.scalars(sa.select(Person).where(Person.merged_into_id == gone.id)):
        other.merged_into_id = kept.id
    gone.merged_into_id = kept.id
    for theirs in session.scalars(
        sa.select(Membership).where(Membership.person_id == gone.id).order_by(Membership.id)
    ).all():
        mine = role_of(session, theirs.review_id, kept.handle)
        if mine is None or _RANK[theirs.role] < _RANK[mine]:
            join_review(session, review_id=theirs.review_id, person=kept, role=theirs.role)
    session.flush()
    return gone, kept


_RANK = {role: place for place, role in enumerate(Role)}
"""Roles are listed by what they allow, the most first."""


def _known(session: Session, handle: str) -> Person:
    person = person_known(session, handle)
    if person is None:
        raise NotFoundError(f"there is nobody called {handle}; see: review people list")
    return person
