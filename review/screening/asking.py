"""What a ledger asks of the tables; asked of few records, it asks no more than there is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Batch, DuplicatePair, Record
from review.db import Base
from review.people.models import identity
from review.protocol.models import Review
from review.screening.models import (
    Adjudication,
    Decision,
    ExclusionReason,
    Removal,
    Retrieval,
    Withdrawal,
)

_SAID: Final = (Removal, Adjudication, Retrieval)
"""Tables of which few records have a row."""


class Few(NamedTuple):
    """Some records by batch, whether a pair names one, and which tables have rows of them."""

    batches: Mapping[int, int]
    is_paired: bool
    said: Collection[type[Base]]


@cache
def _few_asked() -> sa.Select[*tuple[Any, ...]]:
    paired = sa.or_(DuplicatePair.earlier_id == Record.id, DuplicatePair.later_id == Record.id)
    has = [sa.exists().where(table.record_id == Record.id) for table in _SAID]
    return sa.select(Record.id, Record.batch_id, sa.exists().where(paired), *has).order_by(
        Record.id
    )


def few(session: Session, review: Review, only: Sequence[int]) -> Few:
    """Return what there is of a few records of a review."""
    rows = session.execute(
        _few_asked().where(Record.review_id == review.id, Record.id.in_(only))
    ).all()
    said = [table for i, table in enumerate(_SAID, start=3) if any(row[i] for row in rows)]
    return Few({row[0]: row[1] for row in rows}, any(row[2] for row in rows), said)


def batches(session: Session, mine: sa.ColumnElement[bool], at: datetime | None) -> dict[int, int]:
    """Return the batch of each record that was there at a time, in order of import."""
    asked = sa.select(Record.id, Record.batch_id).where(mine).order_by(Record.id)
    if at is not None:
        asked = asked.join(Record.batch).where(Batch.imported_at <= at)
    return {row.id: row.batch_id for row in session.execute(asked)}


def decisions(at: datetime | None = None) -> sa.Select[*tuple[Any, ...]]:
    """Ask for all decisions, with what took them back, as of a time or now."""
    taken_back = Withdrawal.decision_id == Decision.id
    asked = (
        sa.select(
            Decision.stage,
            Decision.record_id,
            Decision.id,
            identity.label("person_id"),
            Decision.verdict,
            ExclusionReason.place,
            Withdrawal.after_id,
        )
        .join(Decision.record)
        .join(Decision.person)
        .outerjoin(
            Withdrawal,
            taken_back if at is None else sa.and_(taken_back, Withdrawal.withdrawn_at <= at),
        )
        .outerjoin(Decision.reason)
        .order_by(Decision.id)
    )
    return asked if at is None else asked.where(Decision.decided_at <= at)


decisions_now = cache(decisions)
"""Putting the question together takes longer than asking it of few records."""


def rulings() -> sa.Select[*tuple[Any, ...]]:
    """Ask for all adjudications."""
    return (
        sa.select(
            Adjudication.stage,
            Adjudication.record_id,
            Adjudication.verdict,
            ExclusionReason.place,
            Adjudication.decided_at,
        )
        .join(Adjudication.record)
        .outerjoin(Adjudication.reason)
        .order_by(Adjudication.id)
    )


def removals() -> sa.Select[*tuple[Any, ...]]:
    """Ask for all that was removed or restored."""
    asked = sa.select(Removal.record_id, Removal.cause)
    return asked.join(Record, Removal.record_id == Record.id).order_by(Removal.id)


def retrievals() -> sa.Select[*tuple[Any, ...]]:
    """Ask for all that was retrieved or not."""
    asked = sa.select(Retrieval.record_id, Retrieval.outcome)
    return asked.join(Record, Retrieval.record_id == Record.id).order_by(Retrieval.id)
