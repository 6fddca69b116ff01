"""Lists on which somebody works: records that want their decision, and what they decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.people.models import Person
from review.protocol.models import Review
from review.screening import queries, serving
from review.screening.desk import Sheet, sheets, terms_of
from review.screening.guidance import queries as guidance
from review.screening.standings import decided_by
from review.screening.views import MyDecision, my_decisions
from review.screening.vocabulary import Stage, Verdict

PAGE = 50


@dataclass(frozen=True, slots=True)
class Several:
    """Records in a list, held for whoever reads it."""

    stage: Stage
    sheets: tuple[Sheet, ...]
    left: int
    count: int
    reasons: tuple[tuple[int, str], ...]


def several(
    session: Session,
    review: Review,
    person: Person,
    *,
    stage: Stage,
    now: datetime,
    count: int,
    containing: str | None = None,
) -> Several:
    """Hand many records to a person at once; the session writes holds."""
    served = serving.serve(
        session, review, person, stage=stage, now=now, count=count, containing=containing
    )
    return Several(
        stage=stage,
        sheets=tuple(
            sheets(
                session, review, person, served.records, stage=stage,
                terms=terms_of(session, review),
            )
        ),
        left=served.left,
        count=count,
        reasons=tuple((r.place, r.label) for r in queries.reasons(session, review)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mine:
    """A page of what a person decided."""

    stage: Stage
    total: int
    decisions: tuple[MyDecision, ...]
    labels: tuple[str, ...]
    next: int | None


def mine_of(
    session: Session,
    review: Review,
    person: Person,
    *,
    stage: Stage,
    verdict: Verdict | None = None,
    containing: str | None = None,
    label: str | None = None,
    before: int | None = None,
) -> Mine:
    """Return a page of a person's decisions, of all or of those that are asked for."""
    among = guidance.labelled(session, review, person, label) if label else None
    found = my_decisions(
        session, review, person, stage=stage, before=before, limit=PAGE + 1, verdict=verdict,
        containing=containing, among=among,
    )  # fmt: skip
    shown = found[:PAGE]
    return Mine(
        stage=stage,
        total=decided_by(session, review, stage=stage, person=person.id),
        decisions=tuple(shown),
        labels=tuple(guidance.labels_of(session, review, person)),
        next=shown[-1].id if len(found) > PAGE else None,
    )
