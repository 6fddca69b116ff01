"""Counting the flow of a review from what became of its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from review.citations.vocabulary import SourceKind
from review.export.flow.column import FlowColumn, FlowInputs, StatedVersion
from review.export.flow.model import (
    BatchLine,
    Change,
    Flow,
    FlowBox,
    Identity,
    Living,
    Template,
    Unit,
    check,
)
from review.screening.fates import Fate, Fates
from review.screening.vocabulary import STAGE_WORDS, Box
from review.wording import counted

_PENDING: Final = frozenset(
    {Box.AWAITING_SCREENING, Box.AWAITING_RETRIEVAL, Box.AWAITING_ASSESSMENT}
)


def _is_other(kind: SourceKind | None) -> bool:
    return kind is not None and kind.is_other_method


def _cohort(inputs: FlowInputs) -> tuple[Fates, frozenset[int], frozenset[int]]:
    """Return the records of this version, those carried over, and those included before it."""
    if inputs.earlier is None:
        return inputs.fates, frozenset(), frozenset()
    now, before = inputs.fates.boxes(), inputs.earlier.fates.boxes()
    included = frozenset(record for record, box in before.items() if box is Box.INCLUDED)
    carried = frozenset(
        record
        for record, box in before.items()
        if record not in included and (box in _PENDING or now.get(record) is not box)
    )
    cohort = inputs.fates.only(lambda record: record not in before or record in carried)
    return cohort, carried, included


def _is_included(fate: Fate) -> bool:
    return fate.box is Box.INCLUDED


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
    with_other = any(_is_other(line.kind) for line in inputs.batches)
    main = cohort.of(lambda fate: not _is_other(kinds[fate.batch]))
    columns = [FlowColumn(inputs, main, prefix="", carried=carried)]
    if with_other:
        other = cohort.of(lambda fate: _is_other(kinds[fate.batch]))
        columns.append(FlowColumn(inputs, other, prefix="other_", carried=carried))
    updated = inputs.earlier is not None or inputs.stated is not None
    boxes: dict[str, FlowBox] = {}
    for column in columns:
        boxes |= column.boxes
    joint, identities = _included(inputs, columns, included_before, updated=updated)
    places = Counter[Box]()
    for fate, ids in cohort.groups.items():
        places[fate.box] += len(ids)
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
            sum(map(len, inputs.fates.groups.values())),
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
        notes=_notes(inputs, frozenset(joint["studies_outside"].ids)),
    )


def _lines(inputs: FlowInputs) -> tuple[BatchLine, ...]:
    duplicates, included = Counter[int](), Counter[int]()
    for fate, ids in inputs.fates.groups.items():
        if fate.duplicate:
            duplicates[fate.batch] += len(ids)
        elif fate.box is Box.INCLUDED:
            included[fate.batch] += len(ids)
    return tuple(
        BatchLine(
            line.batch, line.source, line.kind, line.file, line.read, line.rejected, line.stored,
            duplicates[line.batch], included[line.batch],
        )
        for line in inputs.batches
    )  # fmt: skip


def _included(
    inputs: FlowInputs, columns: Sequence[FlowColumn], before: frozenset[int], *, updated: bool
) -> tuple[dict[str, FlowBox], list[Identity]]:
    """Return the boxes of included studies and reports, and what must agree about them."""
    links = inputs.links
    now = frozenset(inputs.fates.ids(_is_included))
    studies = _studies_of(now, links) - inputs.withdrawn
    earlier_links = inputs.earlier.links if inputs.earlier else {}
    studies_before = _studies_of(before, earlier_links)
    unlinked = frozenset(r for r in now if r not in links)
    gone = frozenset(r for r in now if links.get(r) in inputs.withdrawn)
    standing = now - unlinked - gone
    stated = inputs.stated or StatedVersion("", 0, 0)
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
        add("withdrawn_reports", "Reports no longer included", Unit.REPORTS, before - standing)
    add(
        "included_studies", f"{word}studies included in review".capitalize(), Unit.STUDIES,
        studies - studies_before,
    )  # fmt: skip
    add("included_reports", f"Reports of {word}included studies", Unit.REPORTS, standing - before)
    add("reports_not_linked", "Included reports not linked to a study yet", Unit.REPORTS, unlinked)
    add("reports_of_withdrawn_studies", "Reports of withdrawn studies", Unit.REPORTS, gone)
    label = "Studies that no included record leads to"
    add("studies_outside", label, Unit.STUDIES, inputs.studies - studies)
    add("studies_pooled", "Studies included in meta-analysis", Unit.STUDIES, inputs.pooled)
    identities = [
        Identity(
            "reports included in both columns = reports of included studies + of none or withdrawn",
            sum(column.boxes[column.prefix + "reports_included"].n for column in columns),
            boxes["included_reports"].n + len((unlinked | gone) - before),
        ),
        Identity(
            "reports of included studies + not linked + of withdrawn studies = included reports",
            len(standing) + boxes["reports_not_linked"].n + len(gone),
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
        label = "Reports of total included studies"
        add("total_reports", label, Unit.REPORTS, standing, stated.reports)
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
    seen = {fate.batch for fate in earlier.fates.groups}
    fresh = [line for line in inputs.batches if line.batch not in seen]
    found = "; ".join(f"{line.source} ({line.file})" for line in fresh)
    whole_now = _counted(
        FlowInputs(
            inputs.review, inputs.title, inputs.fates, inputs.batches, inputs.reasons,
            inputs.links, inputs.withdrawn, not_retrieved=inputs.not_retrieved,
        )
    )  # fmt: skip
    whole_before = _counted(
        FlowInputs(
            inputs.review, inputs.title, earlier.fates,
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


def _warned(inputs: FlowInputs) -> dict[str, list[int]]:
    """Return records of works that may not stand, by what is said of them, duplicates apart."""
    found: dict[str, list[int]] = {}
    if not inputs.warned:
        return found
    boxes = inputs.fates.boxes()
    for record, label in sorted(inputs.warned.items()):
        if boxes.get(record, Box.DUPLICATE) is not Box.DUPLICATE:
            found.setdefault(label, []).append(record)
    return found


def _notes(inputs: FlowInputs, outside: frozenset[int]) -> tuple[str, ...]:
    notes = []
    if outside:
        notes.append(
            f"Not in this flow: {counted(len(outside), 'study', 'studies')} of the review that no "
            f"included record leads to, {len(outside & inputs.pooled)} in a meta-analysis."
        )
    unstated = [line.file for line in inputs.batches if line.kind is None]
    if unstated:
        notes.append(f"No search was stated for: {', '.join(unstated)}.")
    rejected = sum(line.rejected for line in inputs.batches)
    if rejected:
        entries = counted(rejected, "entry", "entries")
        notes.append(f"Not counted: {entries} of the files that could not be read.")
    included_now = frozenset(inputs.fates.ids(_is_included))
    for label, records in _warned(inputs).items():
        included = len(included_now.intersection(records))
        notes.append(
            f"{counted(len(records), 'record')} {label}, by what their files say; {included} of "
            "them included."
        )
    notes += [
        f"Record {record} and its duplicate {copy}, found later, were decided differently on "
        f"{STAGE_WORDS[stage]}: a conflict that awaits adjudication."
        for stage, record, copy in inputs.fates.late_links
    ]
    if inputs.stated is not None:
        studies = counted(inputs.stated.studies, "study", "studies")
        reports = counted(inputs.stated.reports, "report")
        stated = f"as stated by {inputs.stated.citation}"
        notes.append(f"Previous version: {studies} in {reports} {stated}.")
    return tuple(notes)
