"""What became of the records of a review, those alike together: what its flow is counted from.

`fates` reads places where they are current, and the ledger otherwise; both say the same, as
tests/screening/test_places.py proves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from review.citations.models import Record
from review.citations.queries import clusters
from review.protocol.models import Review
from review.screening import queries
from review.screening.ledger import Ledger
from review.screening.models import Decision, Place
from review.screening.places import are_current
from review.screening.vocabulary import Box, RemovalCause, RetrievalOutcome, Stage, State


@dataclass(frozen=True, slots=True)
class Fate:
    """All that a flow tells apart of a record."""

    batch: int
    box: Box
    duplicate: bool
    removal: RemovalCause | None
    """Why it was taken out before screening; None of a duplicate, and of what was put back."""
    abstract: State
    """What the decisions on title and abstract amount to."""
    retrieval: RetrievalOutcome | None
    """Of a report that is sought; None of all others."""
    full: State
    reason: int | None
    """Place in the protocol's list of the reason that its full text was excluded for."""

    @property
    def is_removed(self) -> bool:
        """Whether it was taken out before screening, as a duplicate or otherwise."""
        return self.duplicate or self.removal is not None


@dataclass(frozen=True, slots=True)
class Fates:
    """All records of a review, duplicates too, by fate; and the copies that were found late."""

    groups: Mapping[Fate, Sequence[int]]
    """Records in order of import."""
    late_links: Sequence[tuple[Stage, int, int]] = ()
    """As `Ledger.late_links` gives them."""

    def ids(self, of: Callable[[Fate], bool] = lambda _: True) -> list[int]:
        """Return the records of some fates, in order of import."""
        return sorted(chain.from_iterable(ids for fate, ids in self.groups.items() if of(fate)))

    def boxes(self) -> dict[int, Box]:
        """Return where each record stands."""
        return {record: fate.box for fate, ids in self.groups.items() for record in ids}

    def only(self, records: Callable[[int], bool]) -> Fates:
        """Return the fates of some records."""
        kept = {fate: [r for r in ids if records(r)] for fate, ids in self.groups.items()}
        return Fates({fate: ids for fate, ids in kept.items() if ids}, self.late_links)

    def of(self, fates: Callable[[Fate], bool]) -> Fates:
        """Return the records of some fates."""
        return Fates(
            {fate: ids for fate, ids in self.groups.items() if fates(fate)}, self.late_links
        )


def fates_of(ledger: Ledger) -> Fates:
    """Return what a ledger says."""
    groups: dict[Fate, list[int]] = {}
    for record, batch in ledger.records.items():
        duplicate = record in ledger.duplicates
        removal = None if duplicate else ledger.removals.get(record)
        if removal is RemovalCause.RESTORED:
            removal = None
        abstract = ledger.standing(Stage.TITLE_ABSTRACT, record).state
        full = ledger.standing(Stage.FULL_TEXT, record)
        sought = abstract is State.INCLUDED and not duplicate and removal is None
        fate = Fate(
            batch=batch,
            box=ledger.box(record),
            duplicate=duplicate,
            removal=removal,
            abstract=abstract,
            retrieval=ledger.retrievals.get(record) if sought else None,
            full=full.state,
            reason=full.reason,
        )
        groups.setdefault(fate, []).append(record)
    return Fates(groups, ledger.late_links())


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
            _fate(batch, box, abstract, judged, reason): sorted(map(int, listed.split(",")))
            for batch, box, abstract, judged, reason, listed in rows
        },
        _late_links(session, review),
    )


_REMOVALS = {Box.AUTOMATION: RemovalCause.AUTOMATION_TOOL, Box.OTHER: RemovalCause.OTHER}
_RETRIEVALS = {
    Box.NOT_RETRIEVED: RetrievalOutcome.NOT_RETRIEVED,
    Box.AWAITING_ASSESSMENT: RetrievalOutcome.RETRIEVED,
    Box.REPORT_EXCLUDED: RetrievalOutcome.RETRIEVED,
    Box.INCLUDED: RetrievalOutcome.RETRIEVED,
}


def _fate(batch: int, box: Box, abstract: State, full: State, reason: int | None) -> Fate:
    return Fate(
        batch=batch,
        box=box,
        duplicate=box is Box.DUPLICATE,
        removal=_REMOVALS.get(box),
        abstract=abstract,
        retrieval=_RETRIEVALS.get(box),
        full=full,
        reason=reason,
    )


def _late_links(session: Session, review: Review) -> list[tuple[Stage, int, int]]:
    """Ask the ledger of those records alone whose duplicates were decided on."""
    decided = sa.exists().where(Decision.record_id == Place.record_id)
    copies = session.scalars(
        sa.select(Place.record_id).where(
            Place.review_id == review.id,
            Place.stage == Stage.TITLE_ABSTRACT,
            Place.box == Box.DUPLICATE,
            decided,
        )
    ).all()
    if not copies:
        return []
    kept = clusters(session, review).removed()
    asked = sorted({kept[copy] for copy in copies})
    return queries.ledger(session, review, only=asked).late_links()
