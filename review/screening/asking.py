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
from review.history.withdrawal import prepared
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
from review.screening.rules import Ballot
from review.screening.vocabulary import Stage

_SAID: Final = (Removal, Adjudication, Retrieval)
"""Tables of which few records have a row."""


class Few(NamedTuple):
    """Some records by batch, their decisions, whether a pair names one, what else says of them."""

    batches: Mapping[int, int]
    is_paired: bool
    said: Collection[type[Base]]
    ballots: Mapping[tuple[Stage, int], Sequence[Ballot]]


@cache
def _few_asked() -> sa.Select[*tuple[Any, ...]]:
    only = sa.bindparam("only", expanding=True, type_=sa.Integer)
    paired = sa.or_(DuplicatePair.earlier_id.in_(only), DuplicatePair.later_id.in_(only))
    has = [sa.exists().where(table.record_id.in_(only)) for table in _SAID]
    return prepared(
        sa.select(
            Record.id, Record.batch_id, Decision.stage, Decision.id, identity, Decision.verdict,
            ExclusionReason.place, Withdrawal.after_id, sa.exists().where(paired), *has,
        )
        .outerjoin(Decision, Decision.record_id == Record.id)
        .outerjoin(Decision.person)
        .outerjoin(Decision.reason)
        .outerjoin(Withdrawal, Withdrawal.decision_id == Decision.id)
        .where(Record.review_id == sa.bindparam("review"), Record.id.in_(only))
        .order_by(Record.id, Decision.id)
    )  # fmt: skip


def few(session: Session, review: Review, only: Sequence[int]) -> Few:
    """Return what there is of a few records of a review, and all decisions on them."""
    batches: dict[int, int] = {}
    ballots: dict[tuple[Stage, int], list[Ballot]] = {}
    is_paired, has = False, [False] * len(_SAID)
    rows = session.execute(_few_asked(), {"review": review.id, "only": list(only)})
    for record, batch, stage, number, person, verdict, place, withdrawn, paired, *any_of in rows:
        batches[record] = batch
        is_paired, has = paired, any_of
        if number is not None:
            ballot = Ballot(number, person, verdict, place, withdrawn)
            ballots.setdefault((stage, record), []).append(ballot)
    said = [table for table, some in zip(_SAID, has, strict=True) if some]
    return Few(batches, is_paired, said, ballots)


def batches(session: Session, mine: sa.ColumnElement[bool], at: datetime | None) -> dict[int, int]:
    """Return the batch of each record that was there at a time, in order of import."""
    asked = sa.select(Record.id, Record.batch_id).where(mine).order_by(Record.id)
    if at is not None:
        asked = asked.join(Record.batch).where(Batch.imported_at <= at)
    return {row.id: row.batch_id for row in session.execute(asked)}


def ballots(
    session: Session, mine: sa.ColumnElement[bool], at: datetime | None
) -> dict[tuple[Stage, int], list[Ballot]]:
    """Return all decisions, with what took them back, as of a time or now."""
    taken_back = Withdrawal.decision_id == Decision.id
    asked = (
        sa.select(
            Decision.stage, Decision.record_id, Decision.id, identity, Decision.verdict,
            ExclusionReason.place, Withdrawal.after_id,
        )
        .join(Decision.record)
        .join(Decision.person)
        .outerjoin(
            Withdrawal,
            taken_back if at is None else sa.and_(taken_back, Withdrawal.withdrawn_at <= at),
        )
        .outerjoin(Decision.reason)
        .where(mine)
        .order_by(Decision.id)
    )  # fmt: skip
    if at is not None:
        asked = asked.where(Decision.decided_at <= at)
    found: dict[tuple[Stage, int], list[Ballot]] = {}
    for stage, record, number, person, verdict, place, withdrawn in session.execute(asked):
        ballot = Ballot(number, person, verdict, place, withdrawn)
        found.setdefault((stage, record), []).append(ballot)
    return found


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
