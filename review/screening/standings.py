"""Lists and counts of screening, read from places: no more is read than is shown.

Each says what `review.screening.ledger.Ledger` would say, as tests/screening/test_places.py proves
after any sequence of changes; where places are behind, the ledger is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.citations.models import Record
from review.citations.queries import clusters
from review.people.models import Person, identity
from review.people.queries import handles
from review.protocol.models import Review
from review.screening import queries
from review.screening.fates import Fates, fates_of, placed
from review.screening.models import Decision, Hold, Place
from review.screening.places import BEGUN, UNTOUCHED, are_current
from review.screening.progress import Share, StageProgress, progress_at
from review.screening.vocabulary import Box, Stage, State

NOBODY: Final = -1


def names_of(session: Session, person: int | None) -> list[int]:
    """Return the ids that decisions of a person bear: their own, and merged ones."""
    if person is None:
        return []
    return list(session.scalars(sa.select(Person.id).where(identity == person)))


def _wants(
    review: Review, stage: Stage, person: int | None, names: Sequence[int]
) -> Sequence[sa.ColumnElement[bool]]:
    """Conditions of a place that wants a decision of a person's."""
    conditions = [Place.review_id == review.id, Place.stage == stage]
    if person is not None:
        theirs = sa.exists().where(
            Decision.record_id == Place.record_id,
            Decision.stage == Place.stage,
            Decision.person_id.in_(names),
            queries.STANDS,
        )
        conditions.append(
            sa.or_(
                Place.deciders == 0,
                Place.sole != person,
                sa.and_(Place.sole.is_(None), sa.not_(theirs)),
            )
        )
    return conditions


def wanted(
    session: Session,
    review: Review,
    *,
    stage: Stage,
    person: int | None,
    limit: int | None = None,
    held_at: datetime | None = None,
) -> list[int]:
    """Return the records that want a person's decision next, as `queries.queue` does.

    Parameters
    ----------
    session, review, stage, person
        Whose queue; None for somebody who never decided.
    limit
        How many at most.
    held_at
        Leave out those that as many others as are missing read at this time.
    """
    names = names_of(session, person)
    conditions = list(_wants(review, stage, person, names))
    if held_at is not None:
        others = (
            sa.select(sa.func.count())
            .where(
                Hold.record_id == Place.record_id,
                Hold.stage == Place.stage,
                Hold.until > held_at,
                Hold.person_id != (NOBODY if person is None else person),
            )
            .correlate(Place)
            .scalar_subquery()
        )
        conditions.append(Place.missing > others)
    for piloted in (True, False) if _has_open_pilot(session, review, stage) else (False,):
        found: list[int] = []
        for turn in (BEGUN, UNTOUCHED):
            left = None if limit is None else limit - len(found)
            if left == 0:
                break
            found += session.scalars(
                sa.select(Place.record_id)
                .where(*conditions, Place.turn == turn, *([Place.piloted] if piloted else []))
                .order_by(Place.position, Place.record_id)
                .limit(left)
            )
        if found:
            return found
    return []


def _has_open_pilot(session: Session, review: Review, stage: Stage) -> bool:
    return any(
        pilot.stage is stage and pilot.closed_at is None
        for pilot in queries.pilots(session, review)
    )


def left_for(session: Session, review: Review, *, stage: Stage, person: int | None) -> int:
    """Return how many records want a person's decision."""
    conditions = _wants(review, stage, person, names_of(session, person))
    counts = (
        sa.select(sa.func.count())
        .select_from(Place)
        .where(*conditions, Place.turn.in_((BEGUN, UNTOUCHED)))
    )
    if _has_open_pilot(session, review, stage):
        found = session.scalar(counts.where(Place.piloted))
        if found:
            return found
    return session.scalar(counts) or 0


def conflicting(
    session: Session,
    review: Review,
    *,
    stage: Stage,
    after: int = 0,
    limit: int | None = None,
) -> list[int]:
    """Return the records that await adjudication at a stage, in order of import."""
    if not are_current(session, review):
        now = queries.ledger(session, review)
        found = [
            r
            for r in now.to_judge(stage)
            if r > after and now.standing(stage, r).state is State.CONFLICT
        ]
        return found[:limit]
    return list(
        session.scalars(
            sa.select(Place.record_id)
            .where(
                Place.review_id == review.id,
                Place.stage == stage,
                Place.judged,
                Place.state == State.CONFLICT,
                Place.record_id > after,
            )
            .order_by(Place.record_id)
            .limit(limit)
        )
    )


def to_settle(session: Session, review: Review, *, stage: Stage, person: int) -> list[int]:
    """Return the conflicts that a person may settle: those that they did not decide on."""
    open_ = conflicting(session, review, stage=stage)
    names = names_of(session, person)
    own = set(
        session.scalars(
            sa.select(Decision.record_id).where(
                Decision.stage == stage, Decision.person_id.in_(names), queries.STANDS
            )
        )
    )
    return [record for record in open_ if record not in own]


def boxes(session: Session, review: Review) -> dict[Box, int]:
    """Return how many records stand in each box of the flow; those with none are left out."""
    if not are_current(session, review):
        now = queries.ledger(session, review)
        found: dict[Box, int] = {}
        for record in now.records:
            found[now.box(record)] = found.get(now.box(record), 0) + 1
        return found
    rows = session.execute(
        sa.select(Place.box, sa.func.count().label("records"))
        .where(Place.review_id == review.id, Place.stage == Stage.TITLE_ABSTRACT)
        .group_by(Place.box)
    )
    return {row.box: row.records for row in rows}


def progress(
    session: Session, review: Review, stage: Stage, *, screeners: frozenset[int]
) -> StageProgress:
    """Return how far a stage is; `screeners` are the persons who still screen."""
    known = handles(session)
    if not are_current(session, review):
        return progress_at(queries.ledger(session, review), known, screeners, stage)
    here = (Place.review_id == review.id, Place.stage == stage)
    states = dict.fromkeys(State, 0)
    begun = ruled = wanting = piloted = 0
    touched = Place.deciders > sa.literal_column("0")
    kinds = (Place.state, Place.ruled, Place.piloted, Place.turn, touched)
    for row in session.execute(
        sa.select(*kinds, sa.func.count()).where(*here, Place.judged).group_by(*kinds)
    ):
        state, is_ruled, is_piloted, turn, is_touched, count = row
        states[state] += count
        ruled += count if is_ruled else 0
        begun += count if state is State.AWAITING and is_touched else 0
        wanting += count if turn else 0
        piloted += count if turn and is_piloted else 0
    decided = _deciders(session, stage, *here, Place.judged.is_(True))
    began = _deciders(session, stage, *here, Place.turn == BEGUN)
    began_piloted = (
        _deciders(session, stage, *here, Place.turn == BEGUN, Place.piloted.is_(True))
        if piloted
        else {}
    )
    rule = queries.stage_rules(session, review)[stage]

    def remaining(person: int) -> int:
        in_pilot = piloted - began_piloted.get(person, 0)
        return in_pilot or wanting - began.get(person, 0)

    persons = sorted(set(decided) | screeners, key=lambda person: known[person])
    return StageProgress(
        stage=stage,
        required=rule.required,
        blind=rule.blind,
        records=sum(states.values()),
        states=states,
        begun=begun,
        adjudicated=ruled,
        reviewers=tuple(
            Share(
                known[person],
                decided.get(person, 0),
                remaining(person) if person in screeners else 0,
            )
            for person in persons
        ),
    )


def _deciders(session: Session, stage: Stage, *places: sa.ColumnElement[bool]) -> dict[int, int]:
    """Return on how many of some records each person decided."""
    rows = session.execute(
        sa.select(
            identity.label("who"), sa.func.count(Decision.record_id.distinct()).label("records")
        )
        .join(Person, Person.id == Decision.person_id)
        .where(
            Decision.stage == stage,
            Decision.record_id.in_(sa.select(Place.record_id).where(*places)),
            queries.STANDS,
        )
        .group_by(identity)
    )
    return {row.who: row.records for row in rows}


def fates(session: Session, review: Review) -> Fates:
    """Return what became of a review's records, as the ledger says it now."""
    if not are_current(session, review):
        return fates_of(queries.ledger(session, review))
    full = aliased(Place)
    kinds = (Record.batch_id, Place.box, Place.state, full.state, full.reason)
    numbers = sa.func.aggregate_strings(sa.cast(Place.record_id, sa.String), ",")
    rows = session.execute(
        sa.select(*kinds, numbers)
        .select_from(Place)
        .join(full, sa.and_(full.record_id == Place.record_id, full.stage == Stage.FULL_TEXT))
        .join(Record, Record.id == Place.record_id)
        .where(Place.review_id == review.id, Place.stage == Stage.TITLE_ABSTRACT)
        .group_by(*kinds)
    )
    return Fates(
        {
            placed(batch, box, abstract, judged, reason): sorted(map(int, listed.split(",")))
            for batch, box, abstract, judged, reason, listed in rows
        },
        late_links(session, review),
    )


def decided_copies(session: Session, review: Review) -> list[int]:
    """Return records that were decided on and then found to be duplicates; their decisions stay."""
    if not are_current(session, review):
        now = queries.ledger(session, review)
        return sorted({record for _, record in now.ballots if record in now.duplicates})
    decided = sa.exists().where(Decision.record_id == Place.record_id)
    return list(
        session.scalars(
            sa.select(Place.record_id)
            .where(
                Place.review_id == review.id,
                Place.stage == Stage.TITLE_ABSTRACT,
                Place.box == Box.DUPLICATE,
                decided,
            )
            .order_by(Place.record_id)
        )
    )


def late_links(session: Session, review: Review) -> list[tuple[Stage, int, int]]:
    """Return what `Ledger.late_links` does, asked of those alone whose copies were decided on."""
    copies = decided_copies(session, review)
    if not copies:
        return []
    kept = clusters(session, review).removed()
    asked = sorted({kept[copy] for copy in copies})
    return queries.ledger(session, review, only=asked).late_links()
