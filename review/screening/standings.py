"""Lists and counts of screening, read from places: no more is read than is shown.

Each says what `review.screening.ledger.Ledger` would say, as tests/screening/test_places.py proves
after any sequence of changes; where places are behind, the ledger is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.citations.pair_queries import clusters
from review.independent.judgement import newest
from review.people.queries import handles
from review.protocol.models import Review
from review.screening import queries
from review.screening.fates import ASSESSED, Fate, Fates, fates_of, placed
from review.screening.ledger import Ledger
from review.screening.lists import Asked
from review.screening.models import Decision, Place
from review.screening.places import are_current
from review.screening.progress import Share, StageProgress, progress_at
from review.screening.rules import is_kept, is_offered
from review.screening.vocabulary import Box, Stage, State
from review.screening.whose import Whose, counted_asked, undecided, wanted_asked, whose_queue


def wanted(
    session: Session,
    review: Review,
    *,
    stage: Stage,
    person: int | None,
    limit: int | None = None,
    held_at: datetime | None = None,
    in_share: bool = False,
    containing: str | None = None,
    whose: Whose | None = None,
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
    in_share
        Only those in the person's share of the records, where they were given one.
    containing
        Only those with this text in title or abstract.
    whose
        What `whose_queue` gives for the person, where it is known.
    """
    whose = whose or whose_queue(session, review, stage, person)
    for piloted in (True, False) if whose.in_pilot else (False,):
        asked = wanted_asked(
            review.id, stage, whose, held=held_at is not None, in_share=in_share, piloted=piloted,
            limited=limit is not None,
        )  # fmt: skip
        if containing:
            found_in = sa.select(Record.id).where(Record.contains(containing))
            asked = asked.where(Place.record_id.in_(found_in))
        found = session.scalars(asked, {"at": held_at, "limit": limit}).all()
        if found:
            return list(found)
    return []


def left_for(
    session: Session, review: Review, *, stage: Stage, person: int | None, in_share: bool = False
) -> int:
    """Return how many records want a person's decision, of all or of those in their share."""
    whose = whose_queue(session, review, stage, person)
    if not are_current(session, review):
        missing = queries.ledger(session, review).missing_from(stage, person)
        return sum(not in_share or is_offered(record, whose.offered) for record in missing)
    left, piloted, _ = _counted(session, review, stage, whose, in_share=in_share)
    return piloted or left


def _counted(
    session: Session, review: Review, stage: Stage, whose: Whose, *, in_share: bool
) -> tuple[int, int, int]:
    """Return how many places want a person, how many of a pilot do, and how many they decided."""
    asked = counted_asked(review.id, stage, whose, in_share=in_share)
    left, *piloted, done = session.execute(asked).one()
    return left, piloted[0] if piloted else 0, done


def left_and_done(
    session: Session, review: Review, *, stage: Stage, whose: Whose, in_share: bool
) -> tuple[int, int]:
    """Return how many records want a person's decision, and on how many they decided.

    For who brought the places up to date just now, as `serving.serve` does.
    """
    left, piloted, done = _counted(session, review, stage, whose, in_share=in_share)
    return piloted or left, done


def decided_by(session: Session, review: Review, *, stage: Stage, person: int) -> int:
    """Return on how many records of a stage a person decided."""
    if not are_current(session, review):
        now = queries.ledger(session, review)
        return sum(person in newest(now.cast(stage, record)) for record in now.to_judge(stage))
    whose = whose_queue(session, review, stage, person)
    return _counted(session, review, stage, whose, in_share=False)[2]


def waiting_for_nobody(
    session: Session, review: Review, stage: Stage, *, screeners: frozenset[int]
) -> int:
    """Return how many records want more decisions than there are people left to give them."""
    if not are_current(session, review):
        now = queries.ledger(session, review)
        wants: Counter[tuple[frozenset[int], int]] = Counter()
        for record in now.to_judge(stage):
            by = frozenset(newest(now.cast(stage, record)))
            missing = now.required(stage, record) - len(by)
            if missing > 0 and (stage, record) not in now.rulings:
                wants[by, missing] += 1
    else:
        rows = session.execute(
            sa.select(Place.deciders, Place.missing, sa.func.count())
            .where(Place.review_id == review.id, Place.stage == stage, Place.missing > 0)
            .group_by(Place.deciders, Place.missing)
        )
        wants = Counter(
            {
                (frozenset(int(p) for p in listed.split(",") if p), missing): count
                for listed, missing, count in rows
            }
        )
    return sum(count for (by, missing), count in wants.items() if len(screeners - by) < missing)


def open_conflicts(
    session: Session, review: Review, *, stage: Stage, after: int = 0, limit: int | None = None
) -> Asked:
    """Return the records that await adjudication at a stage, in order of import, or ask for them.

    A page of them begins `after` a record and has at most `limit`.
    """
    if not are_current(session, review):
        return [r for r in _open(queries.ledger(session, review), stage) if r > after][:limit]
    here = (Place.review_id == review.id, Place.stage == stage, Place.record_id > after)
    found = _conflicts(*here)
    return found if limit is None else found.order_by(Place.record_id).limit(limit)


def conflicting(session: Session, review: Review, *, stage: Stage) -> list[int]:
    """Return the records that await adjudication at a stage, in order of import."""
    asked = open_conflicts(session, review, stage=stage)
    return sorted(session.scalars(asked) if isinstance(asked, sa.Select) else asked)


def _open(now: Ledger, stage: Stage) -> list[int]:
    return [r for r in now.to_judge(stage) if now.standing(stage, r).state is State.CONFLICT]


def _conflicts(*places: sa.ColumnElement[bool]) -> sa.Select[int]:
    return sa.select(Place.record_id).where(*places, Place.judged, Place.state == State.CONFLICT)


def to_settle(session: Session, review: Review, *, stage: Stage, person: int) -> list[int]:
    """Return the conflicts that a person may settle: those that they did not decide on."""
    if not are_current(session, review):
        now = queries.ledger(session, review)
        return [r for r in _open(now, stage) if person not in newest(now.cast(stage, r))]
    return sorted(session.scalars(_conflicts(*undecided(review.id, stage, person))))


def standing_in(session: Session, review: Review, box: Box) -> list[int]:
    """Return the records that stand in a box of the flow, in order of import."""
    if not are_current(session, review):
        now = queries.ledger(session, review)
        return [record for record in now.records if now.box(record) is box]
    here = (Place.review_id == review.id, Place.stage == Stage.TITLE_ABSTRACT, Place.box == box)
    return sorted(session.scalars(sa.select(Place.record_id).where(*here)))


def boxes(session: Session, review: Review) -> dict[Box, int]:
    """Return how many records stand in each box of the flow; those with none are left out."""
    found: dict[Box, int] = {}
    for (_, box), records in boxes_by_batch(session, review).items():
        found[box] = found.get(box, 0) + records
    return found


def boxes_by_batch(session: Session, review: Review) -> Mapping[tuple[int, Box], int]:
    """Return how many records of each batch stand in each box of the flow."""
    if not are_current(session, review):
        now = queries.ledger(session, review)
        return Counter((batch, now.box(record)) for record, batch in now.records.items())
    rows = session.execute(
        sa.select(Place.batch_id, Place.box, sa.func.count())
        .where(Place.review_id == review.id, Place.stage == Stage.TITLE_ABSTRACT)
        .group_by(Place.batch_id, Place.box)
    )
    return {(batch, box): records for batch, box, records in rows}


def progress(
    session: Session, review: Review, stage: Stage, *, screeners: frozenset[int]
) -> StageProgress:
    """Return how far a stage is; `screeners` are the persons who still screen."""
    known = handles(session)
    if not are_current(session, review):
        return progress_at(queries.ledger(session, review), known, screeners, stage)
    here = (Place.review_id == review.id, Place.stage == stage)
    states = dict.fromkeys(State, 0)
    rule = queries.stage_rules(session, review)[stage]
    begun = ruled = 0
    decided, wanting, piloted = Counter[int](), Counter[int](), Counter[int]()
    kinds = (Place.state, Place.ruled, Place.piloted, Place.missing, Place.deciders)
    for row in session.execute(
        sa.select(*kinds, sa.func.count()).where(*here, Place.judged).group_by(*kinds)
    ):
        state, is_ruled, is_piloted, missing, deciders, count = row
        by = {int(person) for person in deciders.split(",") if person}
        states[state] += count
        ruled += count if is_ruled else 0
        begun += count if state is State.AWAITING and deciders else 0
        decided.update(dict.fromkeys(by, count))
        for person in screeners - by if missing else ():
            if not is_kept(rule.core, by, person, required=len(by) + missing):
                wanting[person] += count
                piloted[person] += count if is_piloted else 0
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
                decided[person],
                piloted[person] or wanting[person],
            )
            for person in persons
        ),
    )


def fates(session: Session, review: Review) -> Fates:
    """Return what became of a review's records, as the ledger says it now."""
    if not are_current(session, review):
        return fates_of(queries.ledger(session, review))
    numbers = sa.func.aggregate_strings(sa.cast(Place.record_id, sa.String), ",")
    groups: dict[Fate, list[int]] = {}
    for stage, concerned in (
        (Stage.TITLE_ABSTRACT, Place.box.not_in(ASSESSED)), (Stage.FULL_TEXT, Place.judged),
    ):  # fmt: skip
        kinds = (Place.batch_id, Place.box, Place.state, Place.reason)
        for batch, box, state, reason, listed in session.execute(
            sa.select(*kinds, numbers)
            .where(Place.review_id == review.id, Place.stage == stage, concerned)
            .group_by(*kinds)
        ):
            fate = placed(batch, box, state, reason)
            groups.setdefault(fate, []).extend(map(int, listed.split(",")))
    return Fates(
        {fate: sorted(records) for fate, records in groups.items()}, late_links(session, review)
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


def copies_decided(session: Session, review: Review) -> dict[int, list[int]]:
    """Return the records whose duplicates were decided on, with these."""
    copies = decided_copies(session, review)
    if not copies:
        return {}
    kept = clusters(session, review).removed()
    found: dict[int, list[int]] = {}
    for copy in copies:
        found.setdefault(kept[copy], []).append(copy)
    return found


def late_links(session: Session, review: Review) -> list[tuple[Stage, int, int]]:
    """Return what `Ledger.late_links` does, asked of those alone whose copies were decided on."""
    asked = sorted(copies_decided(session, review))
    return queries.ledger(session, review, only=asked).late_links() if asked else []
