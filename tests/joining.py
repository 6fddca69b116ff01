"""People for tests: somebody joins a review before they judge anything in it."""

from __future__ import annotations

from review.db import Session
from review.people.actions import join_review, person_called
from review.people.queries import role_of
from review.people.rules import Role
from review.protocol.models import Review


def joined(session: Session, review: Review, who: str) -> str:
    """Let somebody join as a reviewer, if they have not; return their name."""
    if role_of(session, review.id, who) is None:
        person = person_called(session, who)
        join_review(session, review_id=review.id, person=person, role=Role.REVIEWER)
    return who
