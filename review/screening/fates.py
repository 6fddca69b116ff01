"""What became of the records of a review, those alike together: what its flow is counted from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from review.screening.ledger import Ledger
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
    """What those on a full text that was retrieved amount to; awaiting for all others."""
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


ASSESSED: Final = frozenset({Box.AWAITING_ASSESSMENT, Box.REPORT_EXCLUDED, Box.INCLUDED})
"""Where records stand whose full text was retrieved, and no others."""


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
        assessed = ledger.box(record) in ASSESSED
        fate = Fate(
            batch=batch,
            box=ledger.box(record),
            duplicate=duplicate,
            removal=removal,
            abstract=abstract,
            retrieval=ledger.retrievals.get(record) if sought else None,
            full=full.state if assessed else State.AWAITING,
            reason=full.reason if assessed else None,
        )
        groups.setdefault(fate, []).append(record)
    return Fates(groups, ledger.late_links())


_REMOVALS: Final = {Box.AUTOMATION: RemovalCause.AUTOMATION_TOOL, Box.OTHER: RemovalCause.OTHER}


def placed(batch: int, box: Box, state: State, reason: int | None) -> Fate:
    """Return the fate of a record by its place: the box tells removals and retrievals too.

    State and reason are those of its full text where that is assessed, else of its abstract.
    """
    assessed = box in ASSESSED
    lost = RetrievalOutcome.NOT_RETRIEVED if box is Box.NOT_RETRIEVED else None
    return Fate(
        batch=batch,
        box=box,
        duplicate=box is Box.DUPLICATE,
        removal=_REMOVALS.get(box),
        abstract=State.INCLUDED if assessed else state,
        retrieval=RetrievalOutcome.RETRIEVED if assessed else lost,
        full=state if assessed else State.AWAITING,
        reason=reason if assessed else None,
    )


@dataclass(frozen=True, slots=True)
class BatchFlow:
    """What became of the records of one file, or of that and all before it."""

    file: str
    records: int
    duplicates: int
    removed: int
    awaiting: int
    """Screening, retrieval or assessment."""
    excluded: int
    """On title and abstract."""
    not_retrieved: int
    reports_excluded: int
    included: int


_COLUMNS: Final[Mapping[Box, str]] = {
    Box.DUPLICATE: "duplicates",
    Box.AUTOMATION: "removed",
    Box.OTHER: "removed",
    Box.AWAITING_SCREENING: "awaiting",
    Box.AWAITING_RETRIEVAL: "awaiting",
    Box.AWAITING_ASSESSMENT: "awaiting",
    Box.EXCLUDED: "excluded",
    Box.NOT_RETRIEVED: "not_retrieved",
    Box.REPORT_EXCLUDED: "reports_excluded",
    Box.INCLUDED: "included",
}


def flow_by_batch(
    found: Mapping[tuple[int, Box], int], files: Sequence[tuple[int, str]]
) -> list[tuple[BatchFlow, BatchFlow]]:
    """Return each file's flow, with that of all files up to it; every record is in one column.

    `found` has how many records stand in each box by batch, `files` batches with their names, in
    order of import.
    """
    counts: dict[int, Counter[str]] = {batch: Counter() for batch, _ in files}
    for (batch, box), records in found.items():
        counts[batch].update({"records": records, _COLUMNS[box]: records})
    rows, total = [], Counter[str]()
    names = ("records", *dict.fromkeys(_COLUMNS.values()))
    for batch, file in files:
        total.update(counts[batch])
        rows.append(
            (
                BatchFlow(file, **{name: counts[batch][name] for name in names}),
                BatchFlow(file, **{name: total[name] for name in names}),
            )
        )
    return rows
