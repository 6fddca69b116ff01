"""Writing persons and memberships."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.people.models import Membership, Person, Role


def person_called(session: Session, handle: str) -> Person:
    """Return the person of that handle, made on first sight."""
    person = session.scalar(sa.select(Person).where(Person.handle == handle))
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
