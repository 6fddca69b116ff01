"""Where each record stands, kept beside the ledger so that reading does not grow with a review.

A place is what `review.screening.ledger.Ledger` says of one record at one stage, written down in
the transaction that changed it. Nothing is decided here: `catch_up` reads from the history which
records anything was said of since the last time, asks the ledger of those alone, and keeps its
answer; what concerns a whole review (a rule, a duplicate, a merged person) makes all places anew.
Where places are behind, readers ask the ledger itself. docs/decisions/0031-places.md says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.db import in_parts, put
from review.history.models import Event
from review.history.once import KEPT
from review.history.queries import appended, head
from review.history.withdrawal import prepared
from review.independent.judgement import newest
from review.protocol.models import Review
from review.screening import queries
from review.screening.ledger import Ledger
from review.screening.models import (
    Adjudication,
    Decision,
    Place,
    PlaceMark,
    Removal,
    Retrieval,
    Withdrawal,
)
from review.screening.vocabulary import Stage

SAID: Final = {
    table.__tablename__: table for table in (Decision, Withdrawal, Adjudication, Retrieval, Removal)
}
"""Rows that say something of one record."""

ANY: Final = frozenset({"duplicate_decision", "dedupe_run", "stage_setting", "pilot", "ranking"})
"""Rows that may say something of any record."""

CHANGED: Final = frozenset({"batch", "person", "dedupe_run"})
"""Rows that may say something of any record once they are changed, or withdrawn."""

BATCH: Final = "batch"
BEGUN: Final = 1
UNTOUCHED: Final = 2

HEARD: Final = frozenset({*SAID, *ANY, *CHANGED, BATCH})
_MARKS: Final = "place marks"
KEPT.add(_MARKS)

_HEARD: Final = sa.or_(
    Event.entity.in_([*SAID, *ANY, BATCH]),
    sa.and_(Event.entity.in_(CHANGED), Event.action != "insert"),
)


def are_current(session: Session, review: Review) -> bool:
    """Whether the places of a review say what its ledger says."""
    seq = session.scalar(sa.select(PlaceMark.seq).where(PlaceMark.review_id == review.id))
    if seq is None:
        return False
    unheard = sa.select(Event.seq).where(Event.seq > seq, _HEARD, *_here(review)).limit(1)
    return session.scalar(unheard) is None


def _here(review: Review) -> Sequence[sa.ColumnElement[bool]]:
    """What another review's events say does not concern this one; what persons do, may."""
    return (sa.or_(Event.review == review.slug, Event.review.is_(None), Event.entity == "person"),)


def catch_up(session: Session, review: Review, *, said: Ledger | None = None) -> None:
    """Bring the places of a review up to what was written, in this transaction too.

    `said` is the ledger of those records that the transaction said anything of, where it is known.
    """
    session.flush()
    seq, _ = head(session)
    marks: dict[int, int | None] = session.info.setdefault(_MARKS, {})
    if review.id not in marks:
        marks[review.id] = session.scalar(_mark_asked(), {"review": review.id})
    mark = marks[review.id]
    if mark == seq:
        return
    marks[review.id] = seq
    if mark is None:
        _make_anew(session, review)
        session.add(PlaceMark(review_id=review.id, seq=seq))
        session.flush()
        return
    told = _told(session, review, mark)
    if any(one.entity in ANY or (one.entity in CHANGED and one.action != "insert") for one in told):
        _make_anew(session, review)
    elif told:
        _renew(session, review, _records_of(session, told), said)
    put(session, PlaceMark, [{"review_id": review.id, "seq": seq}])


@cache
def _mark_asked() -> sa.Select[int]:
    return prepared(sa.select(PlaceMark.seq).where(PlaceMark.review_id == sa.bindparam("review")))


class _Told(NamedTuple):
    """That something was said; of which record, where that is known."""

    entity: str
    entity_id: int | None
    action: str
    record: int | None = None


def _told(session: Session, review: Review, mark: int) -> Sequence[_Told]:
    own = appended(session, after=mark)
    if own is not None:
        here = (review.slug, None)
        return [
            _Told(one.entity, one.entity_id, one.action, (one.new or {}).get("record_id"))
            for one in own
            if one.entity in HEARD and (one.review in here or one.entity == "person")
        ]
    asked = sa.select(Event.entity, Event.entity_id, Event.action).where(
        Event.seq > mark, _HEARD, *_here(review)
    )
    return [_Told(*row) for row in session.execute(asked)]


def _records_of(session: Session, told: Iterable[_Told]) -> list[int]:
    by_table: dict[str, list[int]] = {}
    found: set[int] = set()
    for one in told:
        if one.record is not None:
            found.add(one.record)
        elif one.entity_id is not None and one.entity in (*SAID, BATCH):
            by_table.setdefault(one.entity, []).append(one.entity_id)
    for batch in by_table.pop(BATCH, ()):
        found |= set(session.scalars(sa.select(Record.id).where(Record.batch_id == batch)))
    for name, ids in by_table.items():
        table = SAID[name]
        for some in in_parts(ids):
            found |= set(session.scalars(sa.select(table.record_id).where(table.id.in_(some))))
    return sorted(found)


def _make_anew(session: Session, review: Review) -> None:
    session.execute(sa.delete(Place).where(Place.review_id == review.id))
    now = queries.ledger(session, review)
    if rows := _all_rows(session, review, now, list(now.records)):
        session.execute(sa.insert(Place), rows)


def _renew(session: Session, review: Review, records: Sequence[int], said: Ledger | None) -> None:
    is_known = said is not None and said.records.keys() >= set(records)
    for some in in_parts(records):
        now = said if said and is_known else queries.ledger(session, review, only=some)
        mine = [record for record in some if record in now.records]
        put(session, Place, _all_rows(session, review, now, mine))


def _all_rows(
    session: Session, review: Review, now: Ledger, records: Sequence[int]
) -> list[dict[str, Any]]:
    return [
        row
        for stage in Stage
        for row in _rows(
            review.id, stage, now, records, _ranked(session, review, stage, now, records)
        )
    ]


def _ranked(
    session: Session, review: Review, stage: Stage, now: Ledger, records: Sequence[int]
) -> Mapping[int, int]:
    """Return where a ranking puts each record; nothing where nothing untouched is asked for."""
    judged = set(now.to_judge(stage)).intersection(records)
    if all(newest(now.cast(stage, record)) for record in judged):
        return {}
    return queries.ranks(session, review, stage)


def _rows(
    review: int,
    stage: Stage,
    now: Ledger,
    records: Sequence[int],
    ranked: Mapping[int, int],
) -> Iterator[dict[str, Any]]:
    judged = set(now.to_judge(stage))
    piloted = {r for p in now.pilots if p.is_open and p.stage is stage for r in p.records}
    for record in records:
        deciders = newest(now.cast(stage, record))
        stands = now.standing(stage, record)
        ruled = (stage, record) in now.rulings
        wants = record in judged and not ruled
        missing = max(0, now.required(stage, record) - len(deciders)) if wants else 0
        turn = 0 if not missing else BEGUN if deciders else UNTOUCHED
        yield {
            "record_id": record,
            "stage": stage,
            "review_id": review,
            "batch_id": now.records[record],
            "judged": record in judged,
            "state": stands.state,
            "reason": stands.reason,
            "deciders": "".join(f",{person}" for person in sorted(deciders)) + "," * bool(deciders),
            "missing": missing,
            "turn": turn,
            "position": ranked.get(record, len(ranked)) if turn == UNTOUCHED else 0,
            "piloted": record in piloted,
            "ruled": ruled,
            "box": now.box(record),
        }
