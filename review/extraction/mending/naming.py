"""Names that were said to be their own: no doubt is raised about them. Never commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from review.extraction import queries
from review.extraction.actions import dismiss
from review.extraction.doubts import doubts
from review.extraction.plausibility import Kind
from review.extraction.twins import Answers
from review.protocol.models import Review

DISTINCT = "said to be a name of its own when it was entered"
"""Why a doubt about two names is set aside that somebody settled beforehand."""


def dismiss_twins(
    session: Session, review: Review, answers: Answers, *, person: str, now: datetime
) -> int:
    """Set the doubts aside about names that were said to be distinct; return how many."""
    if not answers.distinct:
        return 0
    found = [
        d.finding
        for d in doubts(session, review)
        if d.finding.kind is Kind.NEARLY_ONE_NAME
        and d.dismissal is None
        and answers.separates(*map(str, d.finding.numbers.values()))
    ]
    for finding in found:
        study = queries.study_called(session, review, finding.study)
        dismiss(session, study, finding, person=person, reason=DISTINCT, now=now)
    return len(found)
