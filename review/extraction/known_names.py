"""The names that a person may see in a review: what new ones are held against."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction import queries
from review.extraction.models import Result
from review.extraction.twins import KnownNames
from review.protocol.models import Review


def known_names(session: Session, review: Review, viewer: str | None = None) -> KnownNames:
    """Return the names that a person may see in a review, in the order in which they came."""
    label_of = {s.id: s.label for s in sorted(queries.studies(session, review), key=lambda s: s.id)}
    arms_of: dict[str, list[str]] = {label: [] for label in label_of.values()}
    cited: dict[str, list[str]] = {label: [] for label in label_of.values()}
    treatments: dict[str, None] = {}
    seen = [entry.id for entry in queries.visible_entries(session, list(label_of), viewer)]
    for arm in sorted(queries.arms(session, list(label_of), seen), key=lambda arm: arm.id):
        arms_of[label_of[arm.study_id]].append(arm.label)
        treatments[arm.treatment] = None
    for report in queries.reports(session, list(label_of), seen):
        cited[label_of[report.study_id]].append(report.citation)
    times = session.scalars(
        sa.select(Result.timepoint)
        .where(Result.entry_id.in_(seen))
        .group_by(Result.timepoint)
        .order_by(sa.func.min(Result.id))
    ).all()
    return KnownNames(
        studies=list(label_of.values()),
        arms=arms_of,
        treatments=list(treatments),
        timepoints=list(dict.fromkeys(("post", *times))),
        reports=cited,
    )
