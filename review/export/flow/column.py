"""One column of a flow diagram, counted from the ledger, each box by its own rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from review.citations.vocabulary import SourceKind
from review.export.flow.model import BatchLine, FlowBox, Identity, Part, Unit
from review.screening.ledger import Ledger
from review.screening.vocabulary import Box, RemovalCause, RetrievalOutcome, Stage, State


@dataclass(frozen=True, slots=True)
class Earlier:
    """The ledger and the links as they stood at the preceding version."""

    at: datetime
    ledger: Ledger
    links: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Stated:
    """What was stated of a previous version whose screening is not in this ledger."""

    citation: str
    studies: int
    reports: int


@dataclass(frozen=True, slots=True)
class FlowInputs:
    """All that a flow is counted from."""

    review: str
    title: str
    ledger: Ledger
    batches: Sequence[BatchLine]
    reasons: Sequence[str] = ()
    """The protocol's ordered list; a reason's place in it is its number from 1."""
    links: Mapping[int, int] = field(default_factory=dict)
    """Record to study."""
    withdrawn: frozenset[int] = frozenset()
    """Studies that were taken out of the review, for instance after a retraction."""
    not_retrieved: Mapping[int, str] = field(default_factory=dict)
    warned: Mapping[int, str] = field(default_factory=dict)
    """Records of works that were retracted, or are under concern, in words."""
    stated: Stated | None = None
    earlier: Earlier | None = None
    version: str | None = None
    trigger: str | None = None


_SETTLED: Final = frozenset({State.INCLUDED, State.EXCLUDED})
_SOURCES: Final = {
    SourceKind.DATABASE: "Databases",
    SourceKind.REGISTER: "Registers",
    SourceKind.WEBSITE: "Websites",
    SourceKind.ORGANISATION: "Organisations",
    SourceKind.CITATION_SEARCHING: "Citation searching",
    SourceKind.OTHER: "Other",
    None: "Source unstated",
}


class FlowColumn:
    """One column of the diagram: databases and registers, or other methods."""

    def __init__(
        self, inputs: FlowInputs, records: Sequence[int], *, prefix: str, carried: frozenset[int]
    ) -> None:
        self.inputs = inputs
        self.ledger = inputs.ledger
        self.prefix = prefix
        self.records = records
        self.carried = carried
        self.boxes: dict[str, FlowBox] = {}
        self.fill()

    def add(
        self, key: str, label: str, ids: Iterable[int], *, unit: Unit, parts: Sequence[Part] = ()
    ) -> frozenset[int]:
        """Count a box and return what stands in it."""
        found = tuple(ids)
        key = self.prefix + key
        self.boxes[key] = FlowBox(key, label, unit, len(found), found, tuple(parts))
        return frozenset(found)

    def fill(self) -> None:
        """Count each box by its own rule, so that the identities can fail."""
        ledger, records = self.ledger, self.records
        abstract = {r: ledger.standing(Stage.TITLE_ABSTRACT, r) for r in records}
        full = {r: ledger.standing(Stage.FULL_TEXT, r) for r in records}
        self.add(
            "records_identified", "Records identified from", records, unit=Unit.RECORDS,
            parts=self.sources(),
        )  # fmt: skip
        removed = self.add(
            "duplicates_removed", "Duplicate records removed",
            (r for r in records if r in ledger.duplicates), unit=Unit.RECORDS,
        )  # fmt: skip
        for cause, key, label in (
            (RemovalCause.AUTOMATION_TOOL, "removed_by_automation_tools",
             "Records marked as ineligible by automation tools"),
            (RemovalCause.OTHER, "removed_for_other_reasons",
             "Records removed for other reasons"),
        ):  # fmt: skip
            removed |= self.add(
                key, label,
                (r for r in records if r not in removed and ledger.removals.get(r) is cause),
                unit=Unit.RECORDS,
            )  # fmt: skip
        left = [r for r in records if r not in removed]
        self.add(
            "records_screened", "Records screened",
            (r for r in left if abstract[r].state in _SETTLED), unit=Unit.RECORDS,
        )  # fmt: skip
        self.add(
            "records_excluded", "Records excluded",
            (r for r in left if abstract[r].state is State.EXCLUDED), unit=Unit.RECORDS,
        )  # fmt: skip
        self.add(
            "awaiting_screening", "Records awaiting screening",
            (r for r in left if abstract[r].state not in _SETTLED), unit=Unit.RECORDS,
        )  # fmt: skip
        sought = [r for r in left if abstract[r].state is State.INCLUDED]
        self.add("reports_sought", "Reports sought for retrieval", sought, unit=Unit.REPORTS)
        missing = [r for r in sought if ledger.retrievals.get(r) is RetrievalOutcome.NOT_RETRIEVED]
        self.add(
            "reports_not_retrieved", "Reports not retrieved", missing, unit=Unit.REPORTS,
            parts=self.reasons_missing(missing),
        )  # fmt: skip
        self.add(
            "awaiting_retrieval", "Reports awaiting retrieval",
            (r for r in sought if r not in ledger.retrievals), unit=Unit.REPORTS,
        )  # fmt: skip
        got = [r for r in sought if ledger.retrievals.get(r) is RetrievalOutcome.RETRIEVED]
        self.add(
            "awaiting_assessment", "Reports awaiting assessment",
            (r for r in got if full[r].state not in _SETTLED), unit=Unit.REPORTS,
        )  # fmt: skip
        self.add(
            "reports_assessed", "Reports assessed for eligibility",
            (r for r in got if full[r].state in _SETTLED), unit=Unit.REPORTS,
        )  # fmt: skip
        excluded = {r: full[r].reason for r in got if full[r].state is State.EXCLUDED}
        self.add(
            "reports_excluded", "Reports excluded", excluded, unit=Unit.REPORTS,
            parts=self.reasons(excluded),
        )  # fmt: skip
        self.add(
            "reports_included", "Reports included",
            (r for r in records if ledger.box(r) is Box.INCLUDED), unit=Unit.REPORTS,
        )  # fmt: skip

    def sources(self) -> list[Part]:
        """Return records by source, carried-over ones apart."""
        of_batch = {line.batch: line for line in self.inputs.batches}
        groups: dict[str, list[int]] = {}
        for record in self.records:
            line = of_batch[self.ledger.records[record]]
            stated = f"{_SOURCES[line.kind]}: {line.source}" if line.kind else _SOURCES[None]
            name = "Carried over from the previous version" if record in self.carried else stated
            groups.setdefault(name, []).append(record)
        key = f"{self.prefix}records_identified"
        return [
            Part(f"{key}/{number}", name, len(ids), tuple(ids))
            for number, (name, ids) in enumerate(groups.items(), start=1)
        ]

    def reasons(self, excluded: Mapping[int, int | None]) -> list[Part]:
        """Return the excluded reports by reason, in the protocol's order."""
        parts = []
        for place, label in enumerate(self.inputs.reasons, start=1):
            ids = tuple(r for r, reason in excluded.items() if reason == place)
            if ids:
                parts.append(Part(f"{self.prefix}reports_excluded/{place}", label, len(ids), ids))
        return parts

    def reasons_missing(self, missing: Sequence[int]) -> list[Part]:
        """Return the reports not retrieved by reason, in order of the alphabet."""
        groups: dict[str, list[int]] = {}
        for record in missing:
            groups.setdefault(self.inputs.not_retrieved.get(record, "not stated"), []).append(
                record
            )
        return [
            Part(f"{self.prefix}reports_not_retrieved/{number}", name, len(ids), tuple(ids))
            for number, (name, ids) in enumerate(sorted(groups.items()), start=1)
        ]

    def identities(self) -> list[Identity]:
        """Return what must agree within the column."""
        where = " (other methods)" if self.prefix else ""

        def n(key: str) -> int:
            return self.boxes[self.prefix + key].n

        def parts(key: str) -> int:
            return sum(part.n for part in self.boxes[self.prefix + key].parts)

        removed = sum(
            n(key)
            for key in (
                "duplicates_removed", "removed_by_automation_tools", "removed_for_other_reasons",
            )
        )  # fmt: skip
        return [
            Identity(
                f"records identified - removed before screening - awaiting screening "
                f"= records screened{where}",
                n("records_identified") - removed - n("awaiting_screening"),
                n("records_screened"),
            ),
            Identity(
                f"records screened - records excluded = reports sought for retrieval{where}",
                n("records_screened") - n("records_excluded"),
                n("reports_sought"),
            ),
            Identity(
                f"reports sought - not retrieved - awaiting retrieval - awaiting assessment "
                f"= reports assessed{where}",
                n("reports_sought")
                - n("reports_not_retrieved")
                - n("awaiting_retrieval")
                - n("awaiting_assessment"),
                n("reports_assessed"),
            ),
            Identity(
                f"reports assessed - reports excluded by reason = reports included{where}",
                n("reports_assessed") - parts("reports_excluded"),
                n("reports_included"),
            ),
            Identity(
                f"records identified by source = records identified{where}",
                parts("records_identified"),
                n("records_identified"),
            ),
        ]
