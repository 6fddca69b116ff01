"""One column of a flow diagram, each box counted by its own rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from review.citations.vocabulary import SourceKind
from review.export.flow.model import BatchLine, FlowBox, Identity, Part, Unit
from review.screening.fates import Fate, Fates
from review.screening.vocabulary import Box, RemovalCause, RetrievalOutcome, State


@dataclass(frozen=True, slots=True)
class Earlier:
    """What had become of records, and the links, as they stood at the preceding version."""

    at: datetime
    fates: Fates
    links: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class StatedVersion:
    """What was stated of a previous version whose screening is not in this ledger."""

    citation: str
    studies: int
    reports: int


@dataclass(frozen=True, slots=True)
class FlowInputs:
    """All that a flow is counted from."""

    review: str
    title: str
    fates: Fates
    batches: Sequence[BatchLine]
    reasons: Sequence[str] = ()
    """The protocol's ordered list; a reason's place in it is its number from 1."""
    links: Mapping[int, int] = field(default_factory=dict)
    """Record to study."""
    withdrawn: frozenset[int] = frozenset()
    """Studies that were taken out of the review, for instance after a retraction."""
    studies: frozenset[int] = frozenset()
    """Studies that the review holds, those that no record led to as well."""
    pooled: frozenset[int] = frozenset()
    """Studies in the newest run of an analysis."""
    not_retrieved: Mapping[int, str] = field(default_factory=dict)
    warned: Mapping[int, str] = field(default_factory=dict)
    """Records of works that were retracted, or are under concern, in words."""
    stated: StatedVersion | None = None
    earlier: Earlier | None = None
    version: str | None = None
    trigger: str | None = None


_SETTLED: Final = frozenset({State.INCLUDED, State.EXCLUDED})
_CARRIED: Final = "Carried over from the previous version"
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
        self, inputs: FlowInputs, fates: Fates, *, prefix: str, carried: frozenset[int]
    ) -> None:
        self.inputs = inputs
        self.fates = fates
        self.prefix = prefix
        self.carried = carried
        self.boxes: dict[str, FlowBox] = {}
        self.fill()

    def add(
        self, key: str, label: str, ids: Sequence[int], *, unit: Unit, parts: Sequence[Part] = ()
    ) -> None:
        """Count a box."""
        key = self.prefix + key
        self.boxes[key] = FlowBox(key, label, unit, len(ids), tuple(ids), tuple(parts))

    def fill(self) -> None:
        """Count each box by its own rule, so that the identities can fail."""

        def sought(fate: Fate) -> bool:
            return not fate.is_removed and fate.abstract is State.INCLUDED

        def got(fate: Fate) -> bool:
            return sought(fate) and fate.retrieval is RetrievalOutcome.RETRIEVED

        def lost(fate: Fate) -> bool:
            return sought(fate) and fate.retrieval is RetrievalOutcome.NOT_RETRIEVED

        def excluded(fate: Fate) -> bool:
            return got(fate) and fate.full is State.EXCLUDED

        rules: Sequence[tuple[Unit, str, str, Callable[[Fate], bool]]] = (
            (Unit.RECORDS, "records_identified", "Records identified from", lambda _: True),
            (Unit.RECORDS, "duplicates_removed", "Duplicate records removed",
             lambda fate: fate.duplicate),
            (Unit.RECORDS, "removed_by_automation_tools",
             "Records marked as ineligible by automation tools",
             lambda fate: fate.removal is RemovalCause.AUTOMATION_TOOL),
            (Unit.RECORDS, "removed_for_other_reasons", "Records removed for other reasons",
             lambda fate: fate.removal is RemovalCause.OTHER),
            (Unit.RECORDS, "records_screened", "Records screened",
             lambda fate: not fate.is_removed and fate.abstract in _SETTLED),
            (Unit.RECORDS, "records_excluded", "Records excluded",
             lambda fate: not fate.is_removed and fate.abstract is State.EXCLUDED),
            (Unit.RECORDS, "awaiting_screening", "Records awaiting screening",
             lambda fate: not fate.is_removed and fate.abstract not in _SETTLED),
            (Unit.REPORTS, "reports_sought", "Reports sought for retrieval", sought),
            (Unit.REPORTS, "reports_not_retrieved", "Reports not retrieved", lost),
            (Unit.REPORTS, "awaiting_retrieval", "Reports awaiting retrieval",
             lambda fate: sought(fate) and fate.retrieval is None),
            (Unit.REPORTS, "awaiting_assessment", "Reports awaiting assessment",
             lambda fate: got(fate) and fate.full not in _SETTLED),
            (Unit.REPORTS, "reports_assessed", "Reports assessed for eligibility",
             lambda fate: got(fate) and fate.full in _SETTLED),
            (Unit.REPORTS, "reports_excluded", "Reports excluded", excluded),
            (Unit.REPORTS, "reports_included", "Reports included",
             lambda fate: fate.box is Box.INCLUDED),
        )  # fmt: skip
        lines = {
            "records_identified": self.sources(),
            "reports_not_retrieved": self.reasons_missing(self.fates.ids(lost)),
            "reports_excluded": self.reasons(self.fates.of(excluded)),
        }
        for unit, key, label, rule in rules:
            self.add(key, label, self.fates.ids(rule), unit=unit, parts=lines.get(key, ()))

    def sources(self) -> list[Part]:
        """Return records by source, carried-over ones apart, in order of their first record."""
        of_batch = {line.batch: line for line in self.inputs.batches}
        groups: dict[str, list[int]] = {}
        for fate, ids in self.fates.groups.items():
            line = of_batch[fate.batch]
            stated = f"{_SOURCES[line.kind]}: {line.source}" if line.kind else _SOURCES[None]
            for name, found in (
                (stated, [r for r in ids if r not in self.carried] if self.carried else ids),
                (_CARRIED, [r for r in ids if r in self.carried] if self.carried else ()),
            ):
                if found:
                    groups.setdefault(name, []).extend(found)
        key = f"{self.prefix}records_identified"
        return [
            Part(f"{key}/{number}", name, len(ids), tuple(sorted(ids)))
            for number, (name, ids) in enumerate(
                sorted(groups.items(), key=lambda group: min(group[1])), start=1
            )
        ]

    def reasons(self, excluded: Fates) -> list[Part]:
        """Return the excluded reports by reason, in the protocol's order."""
        parts = []
        for place, label in enumerate(self.inputs.reasons, start=1):
            ids = tuple(
                r for f, found in excluded.groups.items() if f.reason == place for r in found
            )
            if ids:
                key = f"{self.prefix}reports_excluded/{place}"
                parts.append(Part(key, label, len(ids), tuple(sorted(ids))))
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
