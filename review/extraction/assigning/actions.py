"""Asking people to enter studies, and asking them no longer. Actions never commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.extraction.assigning.models import Assignment
from review.extraction.assigning.queries import assigned
from review.extraction.assigning.rules import ASKED, shared
from review.extraction.models import Study
from review.extraction.queries import extraction_states, extractor, studies, study_numbered
from review.protocol.models import Review


def assign(
    session: Session, review: Review, study: Study, handles: Sequence[str], *, now: datetime
) -> int:
    """Ask people to enter a study; return how many were not asked before.

    Raises InvalidDataError for more than two in all, NotAllowedError for somebody who may not.
    """
    have = assigned(session, review).get(study.id, ())
    people = [extractor(session, review, handle) for handle in dict.fromkeys(handles)]
    new = [person for person in people if person.name not in have]
    if len(have) + len(new) > ASKED:
        raise InvalidDataError(
            f"{study.label} is entered by {ASKED} people at most; it has {', '.join(have)}"
            if have
            else f"{study.label} is entered by {ASKED} people at most"
        )
    session.add_all(
        Assignment(study_id=study.id, person_id=person.id, assigned_at=now) for person in new
    )
    session.flush()
    return len(new)


def release(session: Session, study: Study, handle: str, *, because: str) -> bool:
    """Ask somebody no longer; what they entered stays. Return whether they were asked."""
    for row in session.scalars(sa.select(Assignment).where(Assignment.study_id == study.id)):
        if row.person.name == handle:
            row.withdrawn_because = because
            session.flush()
            return True
    return False


def share_out(session: Session, review: Review, handles: Sequence[str], *, now: datetime) -> int:
    """Give every study that nobody has entered yet to two of some people; return how many asks."""
    if not handles:
        raise InvalidDataError("say among whom")
    states = extraction_states(session, review)
    open_ = [
        study.id
        for study in studies(session, review)
        if study.excluded_because is None and states[study.id] == "awaiting extraction"
    ]
    given = shared(open_, list(dict.fromkeys(handles)), assigned(session, review))
    for number, handle in given:
        assign(session, review, study_numbered(session, review, number), [handle], now=now)
    return len(given)
