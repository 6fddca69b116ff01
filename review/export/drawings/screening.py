"""Screening over time, replayed from the ledger's decisions and adjudications."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Record
from review.figures.screening import Course, ScreeningCourse, StageCourse
from review.people.models import identity
from review.protocol.models import Review
from review.screening.ledger import Ledger
from review.screening.models import Adjudication, Decision, ExclusionReason
from review.screening.queries import ledger
from review.screening.rules import Ballot, Ruling, standing
from review.screening.vocabulary import Stage, State, Verdict

NAMES: Final = {Stage.TITLE_ABSTRACT: "Titles and abstracts", Stage.FULL_TEXT: "Full texts"}

FINEST: Final = 400
"""Points of a line: more cannot be told apart in print."""


@dataclass(frozen=True, slots=True)
class _Event:
    """A decision of a person, or the ruling of an adjudicator."""

    at: datetime
    record: int
    ballot: Ballot | None = None
    ruling: Ruling | None = None


@dataclass(slots=True)
class _Replay:
    """The state of a stage while its events are taken one by one."""

    ballots: dict[int, list[Ballot]] = field(default_factory=lambda: defaultdict(list))
    rulings: dict[int, Ruling] = field(default_factory=dict)
    judged: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    conflicts: set[int] = field(default_factory=set)


def screening_course(session: Session, review: Review) -> ScreeningCourse:
    """Return the course of screening of a review, stage by stage.

    Counted are the records that a stage is about now (no duplicates, nothing removed) and that a
    person has judged at least once; a conflict lasts until the reviewers agree or it is
    adjudicated. Who decided what is not told, as in `review.screening.progress`.
    """
    now = ledger(session, review)
    places: dict[int, int] = {}
    stages = []
    for stage in Stage:
        kept = set(now.to_judge(stage))
        events = [e for e in _events(session, review, stage) if e.record in kept]
        if events:
            stages.append(_course(now, stage, len(kept), events, places))
    return ScreeningCourse(
        title=f"{review.title}: screening",
        stages=tuple(stages),
        note=(
            "Records that each reviewer has judged, in the order in which they began; a conflict "
            "lasts until the reviewers agree or it is adjudicated. Duplicates and removed records "
            "are left out."
        ),
    )


def _events(session: Session, review: Review, stage: Stage) -> Iterator[_Event]:
    mine = Record.review_id == review.id
    decisions = (
        sa.select(
            Decision.decided_at,
            Decision.record_id,
            Decision.id,
            identity.label("person_id"),
            Decision.verdict,
            ExclusionReason.place,
        )
        .join(Decision.record)
        .join(Decision.person)
        .outerjoin(Decision.reason)
        .where(mine, Decision.stage == stage)
    )
    rulings = (
        sa.select(Adjudication.decided_at, Adjudication.record_id, Adjudication.verdict)
        .join(Adjudication.record)
        .where(mine, Adjudication.stage == stage)
        .order_by(Adjudication.id)
    )
    found: list[tuple[datetime, int, int, _Event]] = []
    for at, record, number, person, verdict, place in session.execute(decisions):
        ballot = Ballot(number, person, Verdict(verdict), place)
        found.append((at, 0, number, _Event(at, record, ballot=ballot)))
    for n, (at, record, verdict) in enumerate(session.execute(rulings)):
        found.append((at, 1, n, _Event(at, record, ruling=Ruling(Verdict(verdict)))))
    yield from (event for *_, event in sorted(found, key=lambda entry: entry[:3]))


def _course(
    now: Ledger, stage: Stage, records: int, events: Sequence[_Event], places: dict[int, int]
) -> StageCourse:
    replay = _Replay()
    times: list[datetime] = []
    judged: dict[int, list[int]] = defaultdict(list)
    conflicts: list[int] = []
    persons = list(dict.fromkeys(e.ballot.person for e in events if e.ballot))
    for person in persons:
        places.setdefault(person, len(places) + 1)
    for at, together in groupby(events, key=lambda event: event.at):
        for event in together:
            _take(replay, now, stage, event)
        times.append(at)
        conflicts.append(len(replay.conflicts))
        for person in persons:
            judged[person].append(len(replay.judged[person]))
    kept = _thinned(len(times))

    def course(label: str, counts: Sequence[int]) -> Course:
        return Course(label, tuple(times[i] for i in kept), tuple(counts[i] for i in kept))

    return StageCourse(
        name=NAMES[stage],
        records=records,
        persons=tuple(course(f"reviewer {places[person]}", judged[person]) for person in persons),
        conflicts=course("conflicts", conflicts),
    )


def _take(replay: _Replay, now: Ledger, stage: Stage, event: _Event) -> None:
    if event.ballot is not None:
        replay.ballots[event.record].append(event.ballot)
        replay.judged[event.ballot.person].add(event.record)
    if event.ruling is not None:
        replay.rulings[event.record] = event.ruling
    state = standing(
        stage,
        replay.ballots[event.record],
        required=now.required(stage, event.record),
        ruling=replay.rulings.get(event.record),
    ).state
    if state is State.CONFLICT:
        replay.conflicts.add(event.record)
    else:
        replay.conflicts.discard(event.record)


def _thinned(count: int) -> list[int]:
    """Places of so many times, evenly spread, the first and the last among them."""
    if count <= FINEST:
        return list(range(count))
    return sorted({round(i * (count - 1) / (FINEST - 1)) for i in range(FINEST)})
