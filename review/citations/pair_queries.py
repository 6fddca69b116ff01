"""Reading pairs that may be one work, with what is said of them, and the clusters they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from review.citations.clusters import Clusters
from review.citations.models import DedupeRun, DuplicateDecision, DuplicatePair
from review.citations.rules import PairState, pair_state
from review.citations.vocabulary import Band, Verdict
from review.db import in_parts
from review.errors import NotFoundError, Remedy
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A pair of records with what it is now; plain values, for there may be very many."""

    id: int
    earlier_id: int
    later_id: int
    band: Band
    score: float
    rule: str
    verdict: Verdict | None
    """The newest verdict of a person."""

    @property
    def state(self) -> PairState:
        """What the pair is now."""
        return pair_state(self.band, self.verdict)


def judged_pairs(
    session: Session, review: Review, *, at: datetime | None = None
) -> list[JudgedPair]:
    """Return all pairs of a review with their newest verdicts, in the order they were found.

    With `at`, the pairs that were known at that time, and the verdicts given until then.
    """
    verdicts = (
        sa.select(DuplicateDecision.pair_id, DuplicateDecision.verdict)
        .join(DuplicateDecision.pair)
        .where(DuplicatePair.review_id == review.id)
        .order_by(DuplicateDecision.id)
    )
    pairs = (
        sa.select(
            DuplicatePair.id,
            DuplicatePair.earlier_id,
            DuplicatePair.later_id,
            DuplicatePair.band,
            DuplicatePair.score,
            DuplicatePair.rule,
        )
        .where(DuplicatePair.review_id == review.id)
        .order_by(DuplicatePair.id)
    )
    if at is not None:
        verdicts = verdicts.where(DuplicateDecision.decided_at <= at)
        ran = sa.select(DedupeRun.id).where(DedupeRun.ran_at <= at)
        offered = sa.select(DuplicateDecision.pair_id).where(DuplicateDecision.decided_at <= at)
        pairs = pairs.where(
            sa.or_(
                DuplicatePair.run_id.in_(ran),
                sa.and_(DuplicatePair.run_id.is_(None), DuplicatePair.id.in_(offered)),
            )
        )
    newest = {row.pair_id: row.verdict for row in session.execute(verdicts)}
    return [JudgedPair(*row, newest.get(row.id)) for row in session.execute(pairs)]


_NEWEST: Final = (
    sa.select(DuplicateDecision.verdict)
    .where(DuplicateDecision.pair_id == DuplicatePair.id)
    .order_by(DuplicateDecision.id.desc())
    .limit(1)
    .correlate(DuplicatePair)
    .scalar_subquery()
)
"""The newest verdict of a person on a pair."""

_JUDGED: Final = sa.select(
    DuplicatePair.id, DuplicatePair.earlier_id, DuplicatePair.later_id, DuplicatePair.band,
    DuplicatePair.score, DuplicatePair.rule, _NEWEST,
)  # fmt: skip
"""The values of `JudgedPair`."""


def _is(state: PairState) -> sa.ColumnElement[bool]:
    """`rules.pair_state` in SQL."""
    certain = DuplicatePair.band == Band.CERTAIN
    if state is PairState.LINKED:
        return sa.or_(_NEWEST == Verdict.DUPLICATE, sa.and_(_NEWEST.is_(None), certain))
    if state is PairState.DIFFERENT:
        return _NEWEST == Verdict.DIFFERENT
    return sa.or_(_NEWEST == Verdict.UNDECIDED, sa.and_(_NEWEST.is_(None), sa.not_(certain)))


def some_pairs(
    session: Session,
    review: Review,
    *,
    state: PairState | None = None,
    number: int | None = None,
    record: int | None = None,
    after: int = 0,
    by_score: bool = False,
    limit: int | None = None,
) -> list[JudgedPair]:
    """Return some pairs of a review with their newest verdicts; the others are not read.

    Parameters
    ----------
    state
        Those that are so now.
    number, record
        One pair; those that a record is in.
    after
        Those found after the pair of this number.
    by_score
        The most alike first; else in the order they were found.
    limit
        How many at most.
    """
    pair = DuplicatePair
    query = _JUDGED.where(pair.review_id == review.id, pair.id > after)
    if state is not None:
        query = query.where(_is(state))
    if number is not None:
        query = query.where(pair.id == number)
    if record is not None:
        query = query.where(sa.or_(pair.earlier_id == record, pair.later_id == record))
    first = (pair.score.desc(), pair.id) if by_score else (pair.id,)
    return [JudgedPair(*row) for row in session.execute(query.order_by(*first).limit(limit))]


def pairs_around(session: Session, records: Iterable[int]) -> list[JudgedPair]:
    """Return the pairs that decide on the clusters of some records, in the order they were found.

    All that touch these records, or one that links lead to from them: `clusters_of` them has the
    same members of these clusters as `clusters` of all pairs.
    """
    pair, found = DuplicatePair, dict[int, JudgedPair]()
    reached, coming = set[int](), set(records)
    while coming:
        reached |= coming
        touching = [
            JudgedPair(*row)
            for some in in_parts(sorted(coming))
            for row in session.execute(
                _JUDGED.where(sa.or_(pair.earlier_id.in_(some), pair.later_id.in_(some)))
            )
        ]
        found.update((one.id, one) for one in touching)
        linked = (one for one in touching if one.state is PairState.LINKED)
        coming = {number for one in linked for number in (one.earlier_id, one.later_id)} - reached
    return [found[number] for number in sorted(found)]


def count_pairs(session: Session, review: Review, state: PairState) -> int:
    """Return how many pairs of a review are so now."""
    query = sa.select(sa.func.count(DuplicatePair.id)).where(
        DuplicatePair.review_id == review.id, _is(state)
    )
    return session.scalar(query) or 0


def clusters(session: Session, review: Review, *, at: datetime | None = None) -> Clusters:
    """Return the clusters that the links of a review make, or made at a time.

    What a person called different stays apart, whatever else links it.
    """
    return clusters_of(judged_pairs(session, review, at=at))


def clusters_of(pairs: Sequence[JudgedPair]) -> Clusters:
    """Return the clusters that the links among pairs make."""
    return Clusters(
        ((p.earlier_id, p.later_id) for p in pairs if p.state is PairState.LINKED),
        different=((p.earlier_id, p.later_id) for p in pairs if p.state is PairState.DIFFERENT),
    )


def dedupe_runs(session: Session, review: Review) -> Sequence[DedupeRun]:
    """Return the comparisons that were run, in order."""
    return session.scalars(
        sa.select(DedupeRun).where(DedupeRun.review_id == review.id).order_by(DedupeRun.id)
    ).all()


def pair_numbered(session: Session, review: Review, number: int) -> DuplicatePair:
    """Return a pair of a review with both records; raise NotFoundError."""
    pair = session.scalar(
        sa.select(DuplicatePair)
        .where(DuplicatePair.review_id == review.id, DuplicatePair.id == number)
        .options(joinedload(DuplicatePair.earlier), joinedload(DuplicatePair.later))
    )
    if pair is None:
        raise NotFoundError(
            f"review {review.slug} has no pair {number}",
            remedy=Remedy("see them with", "review dedupe review"),
        )
    return pair


def decisions(session: Session, pair: DuplicatePair) -> Sequence[DuplicateDecision]:
    """Return what persons said of a pair, the newest last."""
    return session.scalars(
        sa.select(DuplicateDecision)
        .where(DuplicateDecision.pair_id == pair.id)
        .order_by(DuplicateDecision.id)
    ).all()


def open_pairs(session: Session, review: Review, *, limit: int | None = None) -> list[OpenPair]:
    """Return the pairs that wait for a person, the most alike first, with both records."""
    judged = some_pairs(session, review, state=PairState.OPEN, by_score=True, limit=limit)
    found: dict[int, DuplicatePair] = {}
    numbers = [pair.id for pair in judged]
    for some in in_parts(numbers):
        rows = session.scalars(
            sa.select(DuplicatePair)
            .where(DuplicatePair.id.in_(some))
            .options(joinedload(DuplicatePair.earlier), joinedload(DuplicatePair.later))
        )
        found.update((pair.id, pair) for pair in rows)
    return [OpenPair(found[p.id], p.rule, p.score) for p in judged]


@dataclass(frozen=True, slots=True)
class OpenPair:
    """A pair that waits for a person."""

    pair: DuplicatePair
    rule: str
    score: float
