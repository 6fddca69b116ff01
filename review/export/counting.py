"""Counting the flow of a review from its ledger, each box by its own rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from review.citations.vocabulary import SourceKind
from review.export.flow import (
    BatchLine,
    Change,
    Flow,
    FlowBox,
    Identity,
    Living,
    Part,
    Template,
    Unit,
    check,
)
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
    stated: Stated | None = None
    earlier: Earlier | None = None
    version: str | None = None
    trigger: str | None = None


_SETTLED: Final = frozenset({State.INCLUDED, State.EXCLUDED})
_PENDING: Final = frozenset(
    {Box.AWAITING_SCREENING, Box.AWAITING_RETRIEVAL, Box.AWAITING_ASSESSMENT}
)
_SOURCES: Final = {
    SourceKind.DATABASE: "Databases",
    SourceKind.REGISTER: "Registers",
    SourceKind.WEBSITE: "Websites",
    SourceKind.ORGANISATION: "Organisations",
    SourceKind.CITATION_SEARCHING: "Citation searching",
    SourceKind.OTHER: "Other",
    None: "Source unstated",
}


def _is_other(kind: SourceKind | None) -> bool:
    return kind is not None and kind.is_other_method


class _Column:
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


def _cohort(inputs: FlowInputs) -> tuple[list[int], frozenset[int], frozenset[int]]:
    """Return the records of this version, those carried over, and those included before it."""
    now, earlier = inputs.ledger, inputs.earlier
    if earlier is None:
        return list(now.records), frozenset(), frozenset()
    before = {record: earlier.ledger.box(record) for record in earlier.ledger.records}
    included = frozenset(record for record, box in before.items() if box is Box.INCLUDED)
    carried = frozenset(
        record
        for record, box in before.items()
        if record not in included and (box in _PENDING or now.box(record) is not box)
    )
    cohort = [record for record in now.records if record not in before or record in carried]
    return cohort, carried, included


def _studies_of(records: Iterable[int], links: Mapping[int, int]) -> frozenset[int]:
    return frozenset(links[record] for record in records if record in links)


def _sorted(ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(ids))


def count_flow(inputs: FlowInputs) -> Flow:
    """Return the flow of a review; raise FlowDoesNotCloseError where its numbers disagree.

    Parameters
    ----------
    inputs : FlowInputs
        With `earlier` or `stated` the template for updated reviews is filled. Then a record of an
        earlier batch belongs to this version only if it was not finished at the preceding one, or
        if its fate has changed since ("carried over").

    Returns
    -------
    Flow
        While work is under way three boxes that PRISMA does not have hold what is not done yet;
        they are empty, and left out of the figure, in a finished review.
    """
    flow = _counted(inputs)
    check(flow)
    return flow


def _counted(inputs: FlowInputs) -> Flow:
    cohort, carried, included_before = _cohort(inputs)
    kinds = {line.batch: line.kind for line in inputs.batches}
    other = {r for r in cohort if _is_other(kinds[inputs.ledger.records[r]])}
    with_other = any(_is_other(line.kind) for line in inputs.batches)
    main = _Column(inputs, [r for r in cohort if r not in other], prefix="", carried=carried)
    columns = [main]
    if with_other:
        columns.append(
            _Column(inputs, [r for r in cohort if r in other], prefix="other_", carried=carried)
        )
    updated = inputs.earlier is not None or inputs.stated is not None
    boxes: dict[str, FlowBox] = {}
    for column in columns:
        boxes |= column.boxes
    joint, identities = _included(inputs, columns, included_before, updated=updated)
    places = Counter(inputs.ledger.box(record) for record in cohort)
    whole = [
        *(
            Identity(
                f"records that stand under {place.value} = records counted there",
                places[place],
                sum(column.boxes[column.prefix + place.value].n for column in columns),
            )
            for place in Box
        ),
        Identity(
            "records stored by batch = records in the ledger",
            sum(line.stored for line in inputs.batches),
            len(inputs.ledger.records),
        ),
        Identity(
            "entries read - rejected = records stored",
            sum(line.read - line.rejected for line in inputs.batches),
            sum(line.stored for line in inputs.batches),
        ),
    ]
    return Flow(
        review=inputs.review,
        title=inputs.title,
        template=Template.UPDATED if updated else Template.NEW,
        other_methods=with_other,
        boxes=boxes | joint,
        identities=(*(i for column in columns for i in column.identities()), *identities, *whole),
        batches=_lines(inputs),
        living=_living(inputs),
        notes=_notes(inputs),
    )


def _lines(inputs: FlowInputs) -> tuple[BatchLine, ...]:
    duplicates: dict[int, int] = {}
    included: dict[int, int] = {}
    for record, batch in inputs.ledger.records.items():
        if record in inputs.ledger.duplicates:
            duplicates[batch] = duplicates.get(batch, 0) + 1
        elif inputs.ledger.box(record) is Box.INCLUDED:
            included[batch] = included.get(batch, 0) + 1
    return tuple(
        BatchLine(
            line.batch, line.source, line.kind, line.file, line.read, line.rejected, line.stored,
            duplicates.get(line.batch, 0), included.get(line.batch, 0),
        )
        for line in inputs.batches
    )  # fmt: skip


def _included(
    inputs: FlowInputs, columns: Sequence[_Column], before: frozenset[int], *, updated: bool
) -> tuple[dict[str, FlowBox], list[Identity]]:
    """Return the boxes of included studies and reports, and what must agree about them."""
    ledger, links = inputs.ledger, inputs.links
    now = frozenset(r for r in ledger.records if ledger.box(r) is Box.INCLUDED)
    studies = _studies_of(now, links) - inputs.withdrawn
    earlier_links = inputs.earlier.links if inputs.earlier else {}
    studies_before = _studies_of(before, earlier_links)
    new = now - before
    unlinked = frozenset(r for r in now if r not in links)
    gone = frozenset(r for r in now if links.get(r) in inputs.withdrawn)
    stated = inputs.stated or Stated("", 0, 0)
    word = "new " if updated else ""
    boxes: dict[str, FlowBox] = {}

    def add(key: str, label: str, unit: Unit, ids: Iterable[int], plus: int = 0) -> None:
        found = _sorted(ids)
        boxes[key] = FlowBox(key, label, unit, len(found) + plus, found, stated=plus)

    if updated:
        label = "included in previous version of review"
        add("previous_studies", f"Studies {label}", Unit.STUDIES, studies_before, stated.studies)
        add("previous_reports", f"Reports of studies {label}", Unit.REPORTS, before, stated.reports)
        add(
            "withdrawn_studies",
            "Studies no longer included",
            Unit.STUDIES,
            studies_before - studies,
        )
        add("withdrawn_reports", "Reports no longer included", Unit.REPORTS, before - now)
    add(
        "included_studies", f"{word}studies included in review".capitalize(), Unit.STUDIES,
        studies - studies_before,
    )  # fmt: skip
    add("included_reports", f"Reports of {word}included studies", Unit.REPORTS, new)
    add("reports_not_linked", "Included reports not linked to a study yet", Unit.REPORTS, unlinked)
    add("reports_of_withdrawn_studies", "Reports of withdrawn studies", Unit.REPORTS, gone)
    identities = [
        Identity(
            "reports included in both columns = reports of included studies",
            sum(column.boxes[column.prefix + "reports_included"].n for column in columns),
            boxes["included_reports"].n,
        ),
        Identity(
            "included reports linked to a study + not linked = included reports",
            sum(1 for r in now if r in links) + boxes["reports_not_linked"].n,
            len(now),
        ),
    ]
    if updated:
        add(
            "total_studies",
            "Total studies included in review",
            Unit.STUDIES,
            studies,
            stated.studies,
        )
        add("total_reports", "Reports of total included studies", Unit.REPORTS, now, stated.reports)
        identities += [
            Identity(
                f"previous {unit} - no longer included + new = total {unit}",
                boxes[f"previous_{unit}"].n
                - boxes[f"withdrawn_{unit}"].n
                + boxes[f"included_{unit}"].n,
                boxes[f"total_{unit}"].n,
            )
            for unit in ("studies", "reports")
        ]
    return boxes, identities


def _living(inputs: FlowInputs) -> Living | None:
    earlier = inputs.earlier
    if earlier is None:
        return None
    seen = set(earlier.ledger.records.values())
    fresh = [line for line in inputs.batches if line.batch not in seen]
    found = "; ".join(f"{line.source} ({line.file})" for line in fresh)
    whole_now = _counted(
        FlowInputs(
            inputs.review, inputs.title, inputs.ledger, inputs.batches, inputs.reasons,
            inputs.links, inputs.withdrawn, inputs.not_retrieved,
        )
    )  # fmt: skip
    whole_before = _counted(
        FlowInputs(
            inputs.review, inputs.title, earlier.ledger,
            [line for line in inputs.batches if line.batch in seen], inputs.reasons,
            earlier.links,
        )
    )  # fmt: skip
    changes = tuple(
        Change(key, box.label, whole_before.n(key), box.n)
        for key, box in whole_now.boxes.items()
        if whole_before.n(key) != box.n
    )
    default = f"new records from {found}" if found else "no new records"
    return Living(inputs.version, earlier.at, inputs.trigger or default, changes)


def _notes(inputs: FlowInputs) -> tuple[str, ...]:
    notes = []
    unstated = [line.file for line in inputs.batches if line.kind is None]
    if unstated:
        notes.append(f"No search was stated for: {', '.join(unstated)}.")
    rejected = sum(line.rejected for line in inputs.batches)
    if rejected:
        notes.append(f"{rejected} entries of the files could not be read and are not counted.")
    if inputs.stated is not None:
        notes.append(
            f"Previous version: {inputs.stated.studies} studies in {inputs.stated.reports} reports "
            f"as stated by {inputs.stated.citation}."
        )
    return tuple(notes)
