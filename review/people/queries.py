"""Who is in a review, and who may do what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.errors import NotAllowedError, NotFoundError, Remedy
from review.history.kept import kept
from review.history.once import once
from review.history.withdrawal import prepared
from review.people.models import Membership, Person
from review.people.rules import DEED_WORDS, Deed, Role, may, near_misses, roles_that_may


@once(Person)
def person_known(session: Session, handle: str) -> Person | None:
    """Return the person of a handle, a merged one as the person that it was merged into."""
    person = session.scalar(_called(), {"handle": handle})
    return person if person is None or person.merged_into is None else person.merged_into


@cache
def _called() -> sa.Select[Person]:
    asked = sa.select(Person).where(Person.handle == sa.bindparam("handle"))
    return prepared(asked.options(joinedload(Person.merged_into)))


def members(session: Session, review_id: int) -> Sequence[tuple[Person, Membership]]:
    """Return the persons of a review with their roles, in order of name."""
    rows = session.execute(
        sa.select(Person, Membership)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.review_id == review_id, Person.merged_into_id.is_(None))
        .order_by(Person.handle)
    )
    return [(person, membership) for person, membership in rows]


def handles(session: Session) -> dict[int, str]:
    """Return the names of all persons by id."""
    return {row.id: row.handle for row in session.execute(sa.select(Person.id, Person.handle))}


def other_names(session: Session) -> dict[int, list[str]]:
    """Return the names that were merged into each person, by the person's id."""
    found: dict[int, list[str]] = {}
    for person in session.scalars(
        sa.select(Person).where(Person.merged_into_id.is_not(None)).order_by(Person.handle)
    ):
        found.setdefault(person.identity, []).append(person.handle)
    return found


@kept(Person, Membership)
def role_of(session: Session, review_id: int, handle: str) -> Role | None:
    """Return a person's role in a review, None for somebody who is not in it."""
    person = person_known(session, handle)
    if person is None:
        return None
    return session.scalar(
        sa.select(Membership.role).where(
            Membership.review_id == review_id, Membership.person_id == person.id
        )
    )


def member_called(session: Session, review_id: int, handle: str) -> Person:
    """Return a person of a review; raise NotFoundError with the nearest name, or all there are."""
    known = {person.handle: person for person, _ in members(session, review_id)}
    person = person_known(session, handle)
    if person is not None and person.handle in known:
        return known[person.handle]
    raise NotFoundError(f"{handle} is not in this review{_whom_there_is(handle, list(known))}")


def member_who_may(session: Session, review_id: int, handle: str, deed: Deed) -> Person:
    """Return a person of a review whose role allows a deed.

    Raises NotAllowedError for one who did not join, for other roles, and for closed accounts.
    """
    person, role = person_known(session, handle), role_of(session, review_id, handle)
    if person is None or role is None:
        known = [one.handle for one, _ in members(session, review_id)]
        raise NotAllowedError(
            f"{handle} is not in this review{_whom_there_is(handle, known)}",
            remedy=Remedy("somebody new joins first, with", f"review people add {handle}"),
        )
    if person.handle != handle:
        raise NotAllowedError(
            f"{handle} is another name of {person.handle}",
            remedy=Remedy("say who you are with", f"export REVIEW_ACTOR={person.handle}"),
        )
    if person.disabled_because is not None:
        raise NotAllowedError(f"the account of {handle} is closed: {person.disabled_because}")
    if not may(role, deed):
        leads = [o.handle for o, m in members(session, review_id) if m.role is Role.LEAD]
        raise _not_for_the_role(leads, person.handle, role, deed)
    return person


def _not_for_the_role(leads: Sequence[str], handle: str, role: Role, deed: Deed) -> NotAllowedError:
    fitting = next(one for one in (Role.REVIEWER, *roles_that_may(deed)) if may(one, deed))
    return NotAllowedError(
        f"{handle} is {role.value} in this review, and does not {DEED_WORDS[deed]}; "
        f"{' or '.join(leads) or 'nobody'} is lead and can change that",
        remedy=Remedy(
            "for instance with",
            f"REVIEW_ACTOR={leads[0] if leads else 'NAME'} review people add {handle} "
            f"--role {fitting.value}",
        ),
    )


def _whom_there_is(handle: str, known: Sequence[str]) -> str:
    near = near_misses(handle, known)
    if near:
        return f": did you mean {' or '.join(near)}? (REVIEW_ACTOR says who you are)"
    return f" (there are: {', '.join(known) or 'nobody'})"
