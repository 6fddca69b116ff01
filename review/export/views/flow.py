"""The PRISMA flow as a page shows it: boxes that open what they count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.export.flow.model import Flow, FlowBox, Part, Unit
from review.export.flow.prisma import figure_of, flow_of
from review.figures.prisma import INDENT, Branch, FigureBox
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class BoxLine:
    """One line of a box, with the key of what it counts where that can be opened."""

    text: str
    n: int | None
    key: str | None
    inset: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the figure."""

    key: str
    lines: tuple[BoxLine, ...]


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A step of the flow: the box, and what leaves the flow beside it."""

    step: str
    main: Box | None
    aside: Box | None


@dataclass(frozen=True, slots=True)
class FlowWay:
    """A way of identification."""

    heading: str
    rows: tuple[FlowRow, ...]


@dataclass(frozen=True, slots=True)
class FlowView:
    """The whole figure."""

    review: str
    title: str
    since: datetime | None
    previous: Box | None
    columns: tuple[FlowWay, ...]
    included: Box
    total: Box | None
    notes: tuple[str, ...]
    batches: tuple[tuple[str, ...], ...]
    """A line a file: source, file, read, rejected, stored, duplicates, included."""


STEPS = ("Identification", "Screening", "Retrieval", "Eligibility")


def flow_view(session: Session, review: Review, *, since: datetime | None = None) -> FlowView:
    """Return the flow of a review, of an update since a time if one is given.

    Raises FlowDoesNotCloseError, and InvalidDataError for a time before the first batch.
    """
    trigger = "new records" if since is not None else None
    flow = flow_of(session, review, since=since, trigger=trigger)
    figure = figure_of(flow)
    by_line = _keys(flow)
    branches = [figure.main, *([figure.other] if figure.other is not None else [])]

    def box(found: FigureBox | None) -> Box | None:
        return None if found is None else _box(found, by_line, flow)

    def column(branch: Branch) -> FlowWay:
        rows = zip(STEPS, branch.rows, strict=True)
        return FlowWay(
            branch.heading,
            tuple(
                FlowRow(step, box(main), box(aside))
                for step, (main, aside) in rows
                if main is not None or aside is not None
            ),
        )

    return FlowView(
        review=flow.review,
        title=flow.title,
        since=since,
        previous=box(figure.previous),
        columns=tuple(map(column, branches)),
        included=_box(figure.included, by_line, flow),
        total=box(figure.total),
        notes=tuple(flow.notes),
        batches=tuple(
            (
                line.source, line.file, f"{line.read:,}", f"{line.rejected:,}",
                f"{line.stored:,}", f"{line.duplicates:,}", f"{line.included:,}",
            )
            for line in flow.batches
        ),
    )  # fmt: skip


def _keys(flow: Flow) -> dict[tuple[str, str, int], str]:
    """Return the keys of boxes and of lines within them, by what a line of the figure says."""
    found: dict[tuple[str, str, int], str] = {}
    for key, box in flow.boxes.items():
        found.setdefault(("", box.label, box.n), key)
        for part in box.parts:
            found.setdefault((key, part.label, part.n), part.key)
            name = part.label.partition(": ")[2]
            if name:
                found.setdefault((key, name, part.n), part.key)
    return found


def _box(box: FigureBox, keys: dict[tuple[str, str, int], str], flow: Flow) -> Box:
    lines = []
    for line in box.lines:
        inset = line.startswith(INDENT)
        text, n = _counted(line.strip())
        key = None
        if n is not None:
            key = keys.get((box.key, text, n)) or keys.get(("", text, n))
        if key is not None and not _can_open(flow, key):
            key = None
        lines.append(BoxLine(text, n, key, inset))
    return Box(box.key, tuple(lines))


def _counted(line: str) -> tuple[str, int | None]:
    text, sign, rest = line.rpartition(" (n = ")
    if not sign:
        return line.rstrip(":"), None
    number = rest.rstrip("):").replace(",", "")
    return text, int(number) if number.isdigit() else None


def _can_open(flow: Flow, key: str) -> bool:
    found = flow.box(key)
    return bool(found.ids)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a box of the flow counts."""

    key: str
    label: str
    of_studies: bool
    ids: tuple[int, ...]


def opened(session: Session, review: Review, key: str) -> Opened:
    """Return what a box of the flow counts; raise NotFoundError with the boxes there are."""
    found: FlowBox | Part = flow_of(session, review).box(key)
    of_studies = isinstance(found, FlowBox) and found.unit is Unit.STUDIES
    return Opened(key, found.label, of_studies, found.ids)
