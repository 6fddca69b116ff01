"""The PRISMA 2020 flow of a review: read, counted, checked, and laid out as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from review.citations.queries import batches
from review.citations.rules import UNSTATED, warning_of
from review.errors import InvalidDataError
from review.export.flow.column import Earlier, FlowInputs, StatedVersion
from review.export.flow.counting import count_flow
from review.export.flow.model import BatchLine, Flow, FlowBox, Part, Template, Unit
from review.extraction.linking.queries import links
from review.extraction.linking.warnings import records_warned
from review.extraction.queries import studies
from review.figures.prisma import INDENT, Branch, FigureBox, PrismaFigure
from review.living.runs.queries import pooled_studies
from review.protocol.models import Review
from review.screening.fates import fates_of
from review.screening.queries import (
    ledger,
    previous_version,
    reasons,
    reasons_not_retrieved,
    records_numbered,
)
from review.screening.standings import fates


def flow_of(
    session: Session,
    review: Review,
    *,
    since: datetime | None = None,
    version: str | None = None,
    trigger: str | None = None,
) -> Flow:
    """Return the flow of a review, all identities checked.

    With `since` it is the flow of an updated review whose preceding version was of that time.
    Raises FlowDoesNotCloseError, or InvalidDataError for a time before the first batch.
    """
    now = fates(session, review)
    earlier = None
    if since is not None:
        then = fates_of(ledger(session, review, at=since))
        if now.groups and not then.groups:
            raise InvalidDataError(
                f"no record had been imported by {since:%Y-%m-%d %H:%M} UTC; there was no version"
            )
        earlier = Earlier(since, then, links(session, review, at=since))
    stated = previous_version(session, review)
    held = {study.id: study.excluded_because is not None for study in studies(session, review)}
    return count_flow(
        FlowInputs(
            review=review.slug,
            title=review.title,
            fates=now,
            batches=[
                BatchLine(
                    batch.id, batch.search.source if batch.search else UNSTATED,
                    batch.search.kind if batch.search else None, batch.file, batch.read,
                    batch.rejected, batch.stored,
                )
                for batch in batches(session, review)
            ],
            reasons=[reason.label for reason in reasons(session, review)],
            links=links(session, review),
            withdrawn=frozenset(study for study, withdrawn in held.items() if withdrawn),
            studies=frozenset(study for study, withdrawn in held.items() if not withdrawn),
            pooled=frozenset(pooled_studies(session, review)),
            not_retrieved=reasons_not_retrieved(session, review),
            warned={
                record: found[0].value
                for record, said in records_warned(session, review).items()
                if (found := [kind for kind, _ in said if kind.is_serious])
            },
            stated=StatedVersion(stated.citation, stated.studies, stated.reports)
            if stated
            else None,
            earlier=earlier,
            version=version,
            trigger=trigger,
        )
    )  # fmt: skip


def listed(session: Session, review: Review, flow: Flow, key: str) -> list[dict[str, object]]:
    """Return what a box, or a line within one, counts: records, or studies by name.

    Raises NotFoundError with the boxes there are.
    """
    box = flow.box(key)
    if isinstance(box, FlowBox) and box.unit is Unit.STUDIES:
        labels = {study.id: study.label for study in studies(session, review)}
        return [{"study": labels[number]} for number in box.ids]
    part_of: dict[int, str] = {}
    if isinstance(box, FlowBox):
        part_of = {record: part.label for part in box.parts for record in part.ids}
    return [
        {
            "record": record.id,
            "title": record.title,
            "warning": warning_of(record.notices),
            "year": record.year,
            "file": record.batch.file,
            "line": record.line,
            "under": part_of.get(record.id),
        }
        for record in records_numbered(session, review, box.ids)
    ]


def _line(label: str, n: int) -> str:
    return f"{label} (n = {n:,})"


def _parts(parts: tuple[Part, ...]) -> tuple[str, ...]:
    return tuple(_line(part.label, part.n) for part in parts)


def _one(flow: Flow, key: str) -> FigureBox:
    box = flow.boxes[key]
    return FigureBox(key, (_line(box.label, box.n),))


def _headed(flow: Flow, key: str) -> FigureBox:
    box = flow.boxes[key]
    head = _line(box.label, box.n)
    if not box.parts:
        return FigureBox(key, (head,))
    return FigureBox(key, (f"{head}:", *(INDENT + line for line in _parts(box.parts))))


def _sources(flow: Flow, key: str) -> FigureBox:
    """Return the records identified: databases, registers and so on, each with its sources."""
    kinds: dict[str, int] = {}
    names: dict[str, list[str]] = {}
    for part in flow.boxes[key].parts:
        kind, _, name = part.label.partition(": ")
        kinds[kind] = kinds.get(kind, 0) + part.n
        names.setdefault(kind, []).extend([INDENT + _line(name, part.n)] if name else [])
    lines = [line for kind, n in kinds.items() for line in (_line(kind, n), *names[kind])]
    if not lines:
        return FigureBox(key, (_line(flow.boxes[key].label, 0),))
    return FigureBox(key, (f"{flow.boxes[key].label}:", *lines))


def _removed(flow: Flow) -> FigureBox:
    keys = ("duplicates_removed", "removed_by_automation_tools", "removed_for_other_reasons")
    lines = [_line(flow.boxes[key].label, flow.n(key)) for key in keys]
    return FigureBox("removed", ("Records removed before screening:", *lines))


def _waiting(flow: Flow, key: str) -> tuple[str, ...]:
    box = flow.boxes.get(key)
    return (_line(box.label, box.n),) if box is not None and box.n else ()


def _with(box: FigureBox, *more: str) -> FigureBox:
    return FigureBox(box.key, (*box.lines, *more))


def _new(flow: Flow) -> str:
    return "new " if flow.template is Template.UPDATED else ""


def _main(flow: Flow) -> Branch:
    return Branch(
        heading=f"Identification of {_new(flow)}studies via databases and registers",
        rows=(
            (_sources(flow, "records_identified"), _removed(flow)),
            (
                _one(flow, "records_screened"),
                _with(_one(flow, "records_excluded"), *_waiting(flow, "awaiting_screening")),
            ),
            (
                _one(flow, "reports_sought"),
                _with(
                    _headed(flow, "reports_not_retrieved"), *_waiting(flow, "awaiting_retrieval")
                ),
            ),
            (
                _one(flow, "reports_assessed"),
                _with(_headed(flow, "reports_excluded"), *_waiting(flow, "awaiting_assessment")),
            ),
        ),
    )


def _other(flow: Flow) -> Branch | None:
    if not flow.other_methods:
        return None
    set_aside = tuple(
        _line(flow.boxes[f"other_{key}"].label, flow.n(f"other_{key}"))
        for key in (
            "duplicates_removed", "removed_by_automation_tools", "removed_for_other_reasons",
            "records_excluded", "awaiting_screening",
        )
        if flow.n(f"other_{key}")
    )  # fmt: skip
    return Branch(
        heading=f"Identification of {_new(flow)}studies via other methods",
        rows=(
            (
                _sources(flow, "other_records_identified"),
                FigureBox("other_set_aside", ("Records not sought:", *set_aside))
                if set_aside
                else None,
            ),
            (None, None),
            (
                _one(flow, "other_reports_sought"),
                _with(
                    _headed(flow, "other_reports_not_retrieved"),
                    *_waiting(flow, "other_awaiting_retrieval"),
                ),
            ),
            (
                _one(flow, "other_reports_assessed"),
                _with(
                    _headed(flow, "other_reports_excluded"),
                    *_waiting(flow, "other_awaiting_assessment"),
                ),
            ),
        ),
    )


def _pair(flow: Flow, key: str, studies_key: str, reports_key: str) -> FigureBox:
    boxes: Mapping[str, FlowBox] = flow.boxes
    return FigureBox(
        key,
        (
            _line(boxes[studies_key].label, flow.n(studies_key)),
            _line(boxes[reports_key].label, flow.n(reports_key)),
        ),
    )


def figure_of(flow: Flow) -> PrismaFigure:
    """Return a flow as the figure that `review.figures.prisma.prisma_plot` draws."""
    included = _with(
        _pair(flow, "included", "included_studies", "included_reports"),
        *_waiting(flow, "reports_not_linked"),
        *_waiting(flow, "reports_of_withdrawn_studies"),
        *_waiting(flow, "studies_pooled"),
    )
    previous = total = None
    if flow.template is Template.UPDATED:
        previous = _pair(flow, "previous", "previous_studies", "previous_reports")
        total = _with(
            _pair(flow, "total", "total_studies", "total_reports"),
            *_waiting(flow, "withdrawn_studies"),
            *_waiting(flow, "withdrawn_reports"),
        )
    notes = list(flow.notes)
    if flow.living is not None:
        living = flow.living
        name = f"Version {living.version}. " if living.version else ""
        notes.insert(0, f"{name}Changes since {living.since:%Y-%m-%d}; trigger: {living.trigger}.")
    return PrismaFigure(
        title=flow.title,
        main=_main(flow),
        other=_other(flow),
        included=included,
        previous=previous,
        total=total,
        note=" ".join(notes),
    )
