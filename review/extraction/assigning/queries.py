"""Reading who is asked to enter which study."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.extraction.assigning.models import Assignment
from review.extraction.models import Study
from review.protocol.models import Review


def assigned(session: Session, review: Review) -> dict[int, tuple[str, ...]]:
    """Return who is asked to enter each study that anybody is asked for, by its number."""
    rows = session.scalars(
        sa.select(Assignment)
        .join(Study, Assignment.study_id == Study.id)
        .where(Study.review_id == review.id)
        .options(joinedload(Assignment.person))
        .order_by(Assignment.id)
    )
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        found[row.study_id] = (*found.get(row.study_id, ()), row.person.name)
    return found
