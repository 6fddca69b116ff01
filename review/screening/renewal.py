"""When a ranking is due again; nothing here learns, so that a decision may ask it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.protocol.models import Review
from review.screening import queries
from review.screening.ledger import Ledger
from review.screening.models import Decision
from review.screening.vocabulary import Stage, State

RENEW_AFTER: Final = 5
"""New complete records after which a ranking is due again, or a fiftieth of those it learned from;
a ranking runs beside the screening, so that only its processor time counts against more."""

_LEARNED_SHARE: Final = 50
_ASK_EVERY: Final = 5
"""Decisions between two looks whether a ranking is due: one reviewer may be far ahead."""

_SETTLED: Final = {State.INCLUDED: True, State.EXCLUDED: False}


def labels_of(ledger: Ledger, stage: Stage) -> dict[int, bool | None]:
    """Return for each record of a stage whether it was included, None while not settled."""
    return {
        record: _SETTLED.get(ledger.standing(stage, record).state)
        for record in ledger.to_judge(stage)
    }


def is_due(session: Session, review: Review, stage: Stage) -> bool:
    """Whether so many records were settled since the newest ranking that a new one pays."""
    ranking = queries.newest_ranking(session, review, stage)
    labels = list(labels_of(queries.ledger(session, review), stage).values())
    settled = sum(label is not None for label in labels)
    if ranking is None:
        return True in labels and False in labels
    return settled >= next_ranking_at(ranking.learned)


def next_ranking_at(learned: int) -> int:
    """Return at how many complete records a ranking follows one that learned from so many."""
    return learned + max(RENEW_AFTER, learned // _LEARNED_SHARE)


def may_be_due(session: Session, review: Review, stage: Stage, *, decided: int) -> bool:
    """Whether it is worth to ask `is_due`, in a moment, after so many decisions.

    False where nobody has asked for a ranking yet, or fewer decisions came since the newest one
    than records have to be complete; each complete record takes one at least.
    """
    ranking = queries.newest_ranking(session, review, stage)
    if ranking is None:
        return False
    learned = ranking.learned
    since = session.scalar(
        sa.select(sa.func.count())
        .select_from(Decision)
        .join(Decision.record)
        .where(
            Record.review_id == review.id,
            Decision.stage == stage,
            Decision.decided_at > ranking.made_at,
        )
    )
    over = (since or 0) - (next_ranking_at(learned) - learned)
    return over >= 0 and over % _ASK_EVERY < decided
