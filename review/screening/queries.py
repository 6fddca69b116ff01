"""Reading the ledger of screening; a blind stage shows nobody what others have decided so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.citations.models import Batch, DedupeRun, DuplicateDecision, DuplicatePair, Record
from review.citations.pair_queries import clusters
from review.db import AT_ONCE, Base, in_parts
from review.errors import NotFoundError, Remedy
from review.history.kept import kept
from review.history.once import once
from review.history.queries import noted
from review.independent.seals import broken, seal
from review.people.models import Membership, Person, identity
from review.people.queries import person_known
from review.protocol.models import Review
from review.screening import asking
from review.screening.ledger import Ledger, PilotRound, StageRule
from review.screening.models import (
    Adjudication,
    Decision,
    ExclusionReason,
    FullText,
    LateDecision,
    Pilot,
    PreviousVersion,
    Ranking,
    Removal,
    Retrieval,
    StageScreener,
    StageSetting,
    Withdrawal,
)
from review.screening.rules import Ruling
from review.screening.screeners import screeners_asked
from review.screening.vocabulary import RetrievalOutcome, Stage

STANDS: Final = sa.not_(sa.exists().where(Withdrawal.decision_id == Decision.id))
"""That a decision was not taken back."""


def reasons(session: Session, review: Review) -> Sequence[ExclusionReason]:
    """Return the protocol's reasons for exclusion, in order."""
    return session.scalars(
        sa.select(ExclusionReason)
        .where(ExclusionReason.review_id == review.id)
        .order_by(ExclusionReason.place)
    ).all()


def reason_called(session: Session, review: Review, text: str) -> ExclusionReason:
    """Return a reason by its label or its number; raise NotFoundError with those there are."""
    found = reasons(session, review)
    for reason in found:
        if text.strip().casefold() in (reason.label.casefold(), str(reason.place)):
            return reason
    known = "; ".join(f"{r.place} {r.label}" for r in found)
    raise NotFoundError(
        f"review {review.slug} has no exclusion reason {text!r} (it has: {known or 'none yet'})",
        remedy=None if known else Remedy("add them with", "review screen reasons add"),
    )


@kept(StageSetting, StageScreener, Person, Membership)
def stage_rules(session: Session, review: Review) -> dict[Stage, StageRule]:
    """Return how each stage is screened."""
    settings = session.scalars(sa.select(StageSetting).where(StageSetting.review_id == review.id))
    given = {setting.stage: StageRule(setting.required, setting.blind) for setting in settings}
    core: dict[Stage, set[int]] = defaultdict(set)
    for one in screeners_asked(session, review):
        if one.is_core:
            core[one.stage].add(one.person)
    return {
        stage: replace(given.get(stage, StageRule()), core=frozenset(core[stage]))
        for stage in Stage
    }


@once(Pilot)
def pilots(session: Session, review: Review) -> Sequence[Pilot]:
    """Return the pilot rounds of a review, in order."""
    return session.scalars(
        sa.select(Pilot).where(Pilot.review_id == review.id).order_by(Pilot.stage, Pilot.number)
    ).all()


@kept(Pilot)
def pilot_rounds(session: Session, review: Review) -> tuple[PilotRound, ...]:
    """Return the pilot rounds of a review as the rules see them, in order."""
    return tuple(
        PilotRound(
            id=pilot.id,
            stage=pilot.stage,
            number=pilot.number,
            reviewers=pilot.reviewers,
            records=frozenset(pilot.record_ids),
            is_open=pilot.closed_at is None,
        )
        for pilot in pilots(session, review)
    )


def person_of(session: Session, handle: str) -> int | None:
    """Return the id of a person, None for one who never changed anything."""
    person = person_known(session, handle)
    return None if person is None else person.id


def _linked(
    session: Session, review: Review, duplicates: Mapping[int, int], decided: Collection[int]
) -> dict[int, datetime]:
    """Return when each duplicate that was decided on was found to be one, or called one."""
    copies = sorted(copy for copy in duplicates if copy in decided)
    found: dict[int, datetime] = {}
    for some in in_parts(copies):
        rows = session.execute(
            sa.select(
                DuplicatePair.earlier_id,
                DuplicatePair.later_id,
                sa.func.max(DedupeRun.ran_at),
                sa.func.max(DuplicateDecision.decided_at),
            )
            .outerjoin(DedupeRun, DedupeRun.id == DuplicatePair.run_id)
            .outerjoin(DuplicateDecision, DuplicateDecision.pair_id == DuplicatePair.id)
            .where(
                DuplicatePair.review_id == review.id,
                sa.or_(DuplicatePair.earlier_id.in_(some), DuplicatePair.later_id.in_(some)),
            )
            .group_by(DuplicatePair.id, DuplicatePair.earlier_id, DuplicatePair.later_id)
        )
        for earlier, later, ran, told in rows:
            if duplicates.get(earlier, earlier) == duplicates.get(later, later):
                when = told or ran
                for copy in {earlier, later} & set(some):
                    found[copy] = min(found.get(copy, when), when)
    return found


def ledger(
    session: Session,
    review: Review,
    *,
    at: datetime | None = None,
    only: Sequence[int] | None = None,
) -> Ledger:
    """Return all screening of a review now, or as it stood at a time, or of some records only.

    Reasons, settings and pilot rounds are those of now; all that was decided is dated.
    """
    mine = Record.review_id == review.id
    few = None if only is None or len(only) > AT_ONCE else asking.few(session, review, only)
    is_paired = few is None or few.is_paired
    duplicates = clusters(session, review, at=at).removed() if is_paired else {}
    if few is not None and not is_paired:
        mine = Record.id.in_(list(few.batches))
    elif few is not None and only is not None:
        copies = [copy for copy, kept in duplicates.items() if kept in set(only)]
        mine = sa.and_(mine, Record.id.in_([*only, *copies]))
    if few is not None and not is_paired and at is None:
        ballots = few.ballots
    else:
        ballots = asking.ballots(session, mine, at)

    def rows_of(
        ask: Callable[[], sa.Select[*tuple[Any, ...]]], table: type[Base], dated: Any
    ) -> Any:
        """Return the rows of a table, none where few records are asked for and it has none."""
        if few is not None and not is_paired and table not in few.said:
            return ()
        asked = ask().where(mine)
        return session.execute(asked if at is None else asked.where(dated <= at))

    return Ledger(
        records=few.batches
        if few is not None and not is_paired and at is None
        else asking.batches(session, mine, at),
        duplicates=duplicates,
        linked=_linked(session, review, duplicates, {record for _, record in ballots}),
        removals={
            row.record_id: row.cause for row in rows_of(asking.removals, Removal, Removal.noted_at)
        },
        ballots=ballots,
        rulings={
            (row.stage, row.record_id): Ruling(row.verdict, row.place, row.decided_at)
            for row in rows_of(asking.rulings, Adjudication, Adjudication.decided_at)
        },
        retrievals={
            row.record_id: row.outcome
            for row in rows_of(asking.retrievals, Retrieval, Retrieval.noted_at)
        },
        rules=stage_rules(session, review),
        pilots=pilot_rounds(session, review),
    )


@dataclass(frozen=True, slots=True)
class InUse:
    """The ranking that is in use at a stage."""

    id: int
    made_at: datetime
    learned: int
    """Complete records that it learned from."""
    ranks: Mapping[int, int]
    """Where it puts each record, from 0."""
    by_chance: Collection[int]
    """Records whose place was drawn."""


@kept(Ranking)
def newest_ranking(session: Session, review: Review, stage: Stage) -> InUse | None:
    """Return the ranking that is in use at a stage."""
    found = session.scalar(
        sa.select(Ranking)
        .where(Ranking.review_id == review.id, Ranking.stage == stage)
        .order_by(Ranking.id.desc())
        .limit(1)
    )
    if found is None:
        return None
    return InUse(
        found.id,
        found.made_at,
        found.learned_included + found.learned_excluded,
        {record: index for index, (record, _, _) in enumerate(found.places)},
        frozenset(record for record, _, at_random in found.places if at_random),
    )


def queue(
    session: Session, review: Review, *, stage: Stage, handle: str, limit: int | None = None
) -> list[int]:
    """Return the records that want a person's decision next, as `Ledger.queue` orders them."""
    ranked = ranks(session, review, stage)
    person = person_of(session, handle)
    return ledger(session, review).queue(stage, person, ranked)[:limit]


def ranks(session: Session, review: Review, stage: Stage) -> Mapping[int, int]:
    """Return where the ranking in use puts each record, from 0; nothing where there is none."""
    ranking = newest_ranking(session, review, stage)
    return ranking.ranks if ranking is not None else {}


def records_numbered(session: Session, review: Review, numbers: Sequence[int]) -> list[Record]:
    """Return records of a review in the order asked for, batches and searches loaded."""
    found: dict[int, Record] = {}
    for some in in_parts(numbers):
        for record in session.scalars(
            sa.select(Record)
            .where(Record.review_id == review.id, Record.id.in_(some))
            .options(joinedload(Record.batch).joinedload(Batch.search))
        ):
            found[record.id] = record
    all_found(review, numbers, found)
    return [found[number] for number in numbers]


def all_found(review: Review, numbers: Sequence[int], found: Collection[int]) -> None:
    """Raise NotFoundError for the first of some records that is not among those found."""
    missing = next((number for number in numbers if number not in found), None)
    if missing is not None:
        raise NotFoundError(
            f"review {review.slug} has no record {missing}",
            remedy=Remedy("see them with", "review records list"),
        )


def decisions_on(session: Session, record: int, stage: Stage) -> Sequence[Decision]:
    """Return all decisions on a record at a stage, the oldest first.

    For those who may see them: callers ask `Ledger.shows_others` first.
    """
    return session.scalars(
        sa.select(Decision)
        .where(Decision.record_id == record, Decision.stage == stage)
        .options(joinedload(Decision.person), joinedload(Decision.reason))
        .order_by(Decision.id)
    ).all()


def late_on(session: Session, record: int, stage: Stage) -> Sequence[LateDecision]:
    """Return what came late of a record at a stage; for those who may see its decisions."""
    return session.scalars(
        sa.select(LateDecision)
        .where(LateDecision.record_id == record, LateDecision.stage == stage)
        .options(joinedload(LateDecision.person), joinedload(LateDecision.reason))
        .order_by(LateDecision.id)
    ).all()


def adjudications_on(session: Session, record: int, stage: Stage) -> Sequence[Adjudication]:
    """Return the adjudications of a record at a stage, the oldest first."""
    return session.scalars(
        sa.select(Adjudication)
        .where(Adjudication.record_id == record, Adjudication.stage == stage)
        .options(joinedload(Adjudication.person), joinedload(Adjudication.reason))
        .order_by(Adjudication.id)
    ).all()


def newest_retrievals(session: Session, records: Sequence[int]) -> dict[int, Retrieval]:
    """Return what is known of the search for reports' full texts, by record."""
    newest: dict[int, Retrieval] = {}
    for some in in_parts(records):
        for row in session.scalars(
            sa.select(Retrieval)
            .where(Retrieval.record_id.in_(some))
            .options(joinedload(Retrieval.full_text))
            .order_by(Retrieval.id)
        ):
            newest[row.record_id] = row
    return newest


def newest_removal(session: Session, record: int) -> Removal | None:
    """Return how a record was last removed or restored."""
    return session.scalar(
        sa.select(Removal).where(Removal.record_id == record).order_by(Removal.id.desc()).limit(1)
    )


def full_text_known(session: Session, sha256: str) -> FullText | None:
    """Return a PDF by its content."""
    return session.scalar(sa.select(FullText).where(FullText.sha256 == sha256))


def previous_version(session: Session, review: Review) -> PreviousVersion | None:
    """Return what was stated of a previous version, None when nothing was."""
    return session.scalar(
        sa.select(PreviousVersion)
        .where(PreviousVersion.review_id == review.id)
        .order_by(PreviousVersion.id.desc())
        .limit(1)
    )


def reasons_not_retrieved(
    session: Session, review: Review, *, at: datetime | None = None
) -> dict[int, str]:
    """Return why each report that is not retrieved is not, by record."""
    query = (
        sa.select(Retrieval.record_id, Retrieval.outcome, Retrieval.reason)
        .join(Record, Retrieval.record_id == Record.id)
        .where(Record.review_id == review.id)
        .order_by(Retrieval.id)
    )
    if at is not None:
        query = query.where(Retrieval.noted_at <= at)
    newest = {row.record_id: row for row in session.execute(query)}
    return {
        record: row.reason
        for record, row in newest.items()
        if row.outcome is RetrievalOutcome.NOT_RETRIEVED
    }


def seal_of(said: Decision | LateDecision | sa.Row[Any]) -> str:
    """Return the seal that a decision, or a row of all its columns, should bear."""
    return seal(
        said.record_id,
        said.stage.value,
        said.person_id,
        said.verdict.value,
        said.reason_id or "",
        said.note or "",
        said.nonce,
    )


def broken_seals(session: Session, review: Review) -> list[int]:
    """Return the decisions that are not what was sealed, by id; none in a sound ledger."""
    return [*_broken(session, review, Decision), *_broken(session, review, LateDecision)]


def _broken(
    session: Session, review: Review, table: type[Decision] | type[LateDecision]
) -> list[int]:
    rows = session.execute(
        sa.select(*table.__table__.columns)
        .join(Record, Record.id == table.record_id)
        .where(Record.review_id == review.id)
        .order_by(table.id)
    )
    return [row.id for row in broken(rows, seal_of, noted(session, table.__tablename__, "seal"))]


def voted_twice(
    session: Session, review: Review, person: int | None = None
) -> list[tuple[Stage, int]]:
    """Return stage and record where one person decided under two names, or settled their own.

    Of one person by id, or of all. Both decisions stay; the newest counts, as one person's.
    """
    said = (
        sa.select(Decision.stage, Decision.record_id, Decision.person_id)
        .join(Decision.record)
        .where(Record.review_id == review.id)
    )
    settled = (
        sa.select(Adjudication.stage, Adjudication.record_id, Adjudication.person_id)
        .join(Adjudication.record)
        .where(Record.review_id == review.id)
    )
    both = sa.union_all(said, settled).subquery()
    query = (
        sa.select(both.c.stage, both.c.record_id)
        .join(Person, Person.id == both.c.person_id)
        .group_by(both.c.stage, both.c.record_id, identity)
        .having(sa.func.count(both.c.person_id.distinct()) > 1)
        .order_by(both.c.stage.desc(), both.c.record_id)
    )
    if person is not None:
        query = query.where(identity == person)
    else:
        merged = sa.select(Person.id).where(Person.merged_into_id.is_not(None)).limit(1)
        if session.scalar(merged) is None:
            return []
    return [(Stage(stage), record) for stage, record in session.execute(query)]
