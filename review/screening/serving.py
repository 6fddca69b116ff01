"""Handing records to the people who read them now, so that nobody reads in vain.

A record is held for whoever it was handed to, for ten minutes or until they decide or leave. It is
handed to no more people than decisions are missing. A hold is no decision: it tells nobody
anything, no history is kept of it, and whoever decides without one is not refused for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import UtcDateTime, put
from review.history.withdrawal import prepared
from review.people.models import Person
from review.protocol.models import Review
from review.screening.models import Hold
from review.screening.places import catch_up
from review.screening.standings import left_and_done, wanted
from review.screening.vocabulary import Stage
from review.screening.whose import Whose, whose_queue

HOLD: Final = timedelta(minutes=10)
"""How long a record waits for whoever reads it."""

FORGET: Final = timedelta(days=1)
"""How long it is remembered who read a record: a decision that comes late is thanked for."""


@dataclass(frozen=True, slots=True)
class Served:
    """Records handed to a person, and how it is with the rest of their queue."""

    records: tuple[int, ...]
    left: int
    """Records that want the person's decision, these and those that others read now included."""


def serve(
    session: Session,
    review: Review,
    person: Person,
    *,
    stage: Stage,
    now: datetime,
    count: int = 1,
    apart_from: Collection[int] = (),
    in_share: bool = True,
    containing: str | None = None,
) -> Served:
    """Hand the next records to a person; those they hold already come first, held anew.

    Those that they skip are not handed out, and given back: `apart_from`. Where they are given a
    share of the records, those in it are handed out, unless they ask for more (`in_share`).
    None are handed where all that want the person's decision are being read by as many others as
    are missing: `left` is then above zero, and the answer changes as they decide.
    """
    whose = whose_queue(session, review, stage, person.id)
    chosen = hand_out(
        session, review, person, stage=stage, now=now, count=count, apart_from=apart_from,
        in_share=in_share, containing=containing, whose=whose,
    )  # fmt: skip
    left, _ = left_and_done(session, review, stage=stage, whose=whose, in_share=in_share)
    return Served(tuple(chosen), left)


def hand_out(
    session: Session,
    review: Review,
    person: Person,
    *,
    stage: Stage,
    now: datetime,
    count: int,
    apart_from: Collection[int],
    in_share: bool,
    whose: Whose,
    containing: str | None = None,
) -> list[int]:
    """Hand the next records to a person, as `serve` does; places are up to date from then on."""
    catch_up(session, review)
    own = set(session.scalars(_own(), {"stage": stage, "person": person.id, "now": now}))
    if not own:  # whoever begins tidies up for those who are reading
        session.execute(sa.delete(Hold).where(Hold.until < now - FORGET))
    if own.intersection(apart_from):
        release(session, person, now=now, records=sorted(own.intersection(apart_from)))
    found = wanted(
        session, review, stage=stage, person=person.id, held_at=now, in_share=in_share,
        limit=count + len(own) + len(apart_from), containing=containing, whose=whose,
    )  # fmt: skip
    offered = [record for record in found if record not in apart_from]
    chosen = sorted(offered, key=lambda record: record not in own)[:count]
    hold(session, person, stage, chosen, now)
    return chosen


@cache
def _own() -> sa.Select[int]:
    return prepared(
        sa.select(Hold.record_id).where(
            Hold.stage == sa.bindparam("stage", type_=Hold.stage.type),
            Hold.person_id == sa.bindparam("person"),
            Hold.until > sa.bindparam("now", type_=UtcDateTime()),
        )
    )


@cache
def _given_back(*, some: bool) -> sa.Update:
    now = sa.bindparam("now", type_=UtcDateTime())
    asked = sa.update(Hold).where(Hold.person_id == sa.bindparam("person"), Hold.until > now)
    if some:
        asked = asked.where(Hold.record_id.in_(sa.bindparam("records", expanding=True)))
    return asked.values(until=now).execution_options(synchronize_session=False)


def hold(
    session: Session, person: Person, stage: Stage, records: Sequence[int], now: datetime
) -> None:
    """Hold records for a person from now on."""
    held = {"stage": stage, "person_id": person.id, "until": now + HOLD}
    put(session, Hold, [{"record_id": record, **held} for record in dict.fromkeys(records)])


def release(
    session: Session, person: Person, *, now: datetime, records: Sequence[int] | None = None
) -> None:
    """Give records back that a person holds, all or some; that they were held is remembered."""
    of = {"person": person.id, "now": now}
    some = {} if records is None else {"records": list(records)}
    session.execute(_given_back(some=bool(some)), of | some)


def was_handed(session: Session, person: Person, stage: Stage, record: int) -> bool:
    """Whether a person was handed a record within the last day."""
    return session.get(Hold, (record, stage, person.id)) is not None
