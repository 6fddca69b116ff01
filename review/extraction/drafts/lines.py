"""A form as rows of the extraction table, and where each of their cells stands on it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from review.extraction.drafts.form import KEY_PARTS, At, Block, Form, Place, Row, Source
from review.extraction.fields import FieldSpec
from review.extraction.rows import NumberedRow, numbered
from review.extraction.rules import COLUMNS, KEY_COLUMNS
from review.extraction.vocabulary import Level

What = Literal["study", "arm", "report", "row"]

_NAMES: Final[Mapping[What, frozenset[str]]] = {
    "study": frozenset(),
    "arm": frozenset({"arm"}),
    "report": frozenset({"citation"}),
    "row": frozenset(KEY_PARTS),
}


@dataclass(slots=True)
class Line:
    """A row of the table that a form says: of the study, an arm, a report or a result."""

    number: int
    what: What
    key: str | None
    cells: dict[str, str]
    id: int | None = None
    block: Block | None = None
    report: str | None = None
    """The key of the report that a result is from."""
    source: Source = field(default_factory=Source)
    sources: Mapping[str, Source] = field(default_factory=dict)
    sourced: bool = False
    """Whether it says for itself where its numbers stand."""
    withdraw: str | None = None
    cleared: frozenset[str] = frozenset()

    @property
    def place(self) -> Place:
        """Where it stands on the form."""
        return Place(at=self.what, key=self.key)

    @property
    def names(self) -> frozenset[str]:
        """The columns that it is recognised by."""
        return _NAMES[self.what]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with cells of a form."""

    place: Place
    fields: tuple[str, ...]
    message: str


def lines_of(form: Form, study: str) -> Iterator[Line]:
    """Yield the rows that a form says, the study's first."""
    number = 1
    yield Line(number, "study", None, {"study": study, **form.study.cells})
    for arm in form.arms:
        number += 1
        cells = {"study": study, "arm": arm.label, **arm.cells}
        yield Line(number, "arm", arm.key, cells, id=arm.id)
    for report in form.reports:
        number += 1
        cells = {"study": study, "citation": _citation(report.citation, report.doi)}
        yield Line(number, "report", report.key, {**cells, "doi": report.doi}, id=report.id)
    arms = {arm.key: arm.label for arm in form.arms}
    cited = {r.key: (_citation(r.citation, r.doi), r.doi) for r in form.reports}
    for block in form.blocks:
        for row in block.rows:
            number += 1
            yield _result(number, block, row, study, arms, cited)


def _citation(citation: str, doi: str) -> str:
    return citation.strip() or (f"doi:{doi.strip()}" if doi.strip() else "")


def _result(
    number: int,
    block: Block,
    row: Row,
    study: str,
    arms: Mapping[str, str],
    cited: Mapping[str, tuple[str, str]],
) -> Line:
    source = (row.source or Source()).over(block.source)
    key = {name: getattr(block, name) for name in KEY_COLUMNS}
    versus = row.versus_arm if block.level is Level.CONTRAST else ""
    related = block.with_instrument if block.level is Level.ASSOCIATION else ""
    citation, doi = cited.get(source.report or "", ("", ""))
    cells = {
        **row.cells, **key, "study": study, "arm": arms.get(row.arm, row.arm),
        "versus_arm": arms.get(versus, versus), "with_instrument": related,
        "page": source.page or "", "quote": source.quote or "", "citation": citation, "doi": doi,
    }  # fmt: skip
    return Line(
        number, "row", row.key, cells, id=row.result, block=block, report=source.report,
        source=source, sources=row.sources, withdraw=row.withdraw,
        sourced=row.source is not None and any(value for _, value in row.source),
    )  # fmt: skip


def located(line: Line, column: str | None) -> Place:
    """Return where on the form a column of a line stands."""
    if line.what == "row" and line.block is not None:
        if column in KEY_COLUMNS:
            return Place(at="block", key=line.block.key)
        if column in ("citation", "doi") and line.report:
            return Place(at="report", key=line.report)
    return line.place


def checked(
    form: Form, lines: Sequence[Line], versions: Mapping[str, Sequence[FieldSpec]]
) -> tuple[list[NumberedRow], list[Wrong]]:
    """Return the lines as checked rows of the table, and all that is wrong with their cells.

    Rows that say nothing, as an empty one at the end of a block, are left out.
    """
    wrong = list(_parts(form))
    rows: list[NumberedRow] = []
    seen: dict[tuple[str, ...], int] = {}
    for line in lines:
        if line.what == "report" and not line.cells["citation"]:
            continue
        if _says_nothing(line):
            continue
        unknown = [n for n in line.cells if n not in COLUMNS and n not in versions]
        wrong += [
            Wrong(line.place, (name,), f"this review has no field {name}") for name in unknown
        ]
        cells = {name: cell for name, cell in line.cells.items() if name not in unknown}
        row, problems = numbered(line.number, cells, versions, cleared=line.cleared)
        rows.append(row)
        for problem in problems:
            wrong += _wrong(line, problem.fields, problem.reason)
        if line.what == "row" and not row.bad:
            key = tuple(str(getattr(row.row, name)) for name in KEY_PARTS)
            if key in seen:
                message = "the same arm, instrument, rater, timepoint and set as another row"
                wrong.append(Wrong(line.place, (), f"{message}; write how they differ"))
            seen[key] = line.number
    return rows, wrong


def _wrong(line: Line, fields: Sequence[str], reason: str) -> Iterator[Wrong]:
    """Yield a problem at each part of the form that has cells of it."""
    by_place: dict[Place, list[str]] = {}
    for name in fields:
        by_place.setdefault(located(line, name), []).append(name)
    for place, names in (by_place or {line.place: []}).items():
        yield Wrong(place, tuple(called(place, name) for name in names), reason)


def called(place: Place, column: str) -> str:
    """Return what the form calls a column of the table at a place."""
    return "label" if place.at == "arm" and column == "arm" else column


def _says_nothing(line: Line) -> bool:
    """Whether a new row of a block has nothing but its arms."""
    if line.what != "row" or line.id is not None or line.sourced:
        return False
    return not any(cell.strip() for name, cell in line.cells.items() if name not in _OF_THE_BLOCK)


_OF_THE_BLOCK: Final = frozenset({"study", "page", "quote", "citation", "doi", *KEY_PARTS})


def _parts(form: Form) -> Iterator[Wrong]:
    """Yield what is wrong with the parts of a form apart from their cells."""
    named: tuple[tuple[At, list[str]], ...] = (
        ("arm", [arm.key for arm in form.arms]),
        ("report", [report.key for report in form.reports]),
        ("block", [block.key for block in form.blocks]),
        ("row", [row.key for block in form.blocks for row in block.rows]),
    )
    for kind, keys in named:
        for key, count in Counter(keys).items():
            if count > 1:
                yield Wrong(Place(at=kind, key=key), (), f"{count} parts have the key {key}")
    labels = Counter(" ".join(arm.label.casefold().split()) for arm in form.arms)
    for arm in form.arms:
        label = " ".join(arm.label.casefold().split())
        if not label:
            yield Wrong(Place(at="arm", key=arm.key), ("label",), "an arm has a name; write which")
        elif labels[label] > 1:
            message = "another arm is called so; give each a name of its own"
            yield Wrong(Place(at="arm", key=arm.key), ("label",), message)
    arms = {arm.key for arm in form.arms}
    reports = {report.key for report in form.reports}
    for block in form.blocks:
        for row in block.rows:
            place = Place(at="row", key=row.key)
            if row.arm and row.arm not in arms:
                yield Wrong(place, ("arm",), "this arm is none of the form's")
            if row.versus_arm and row.versus_arm not in arms:
                yield Wrong(place, ("versus_arm",), "this arm is none of the form's")
            source = (row.source or Source()).over(block.source)
            if source.report and source.report not in reports:
                yield Wrong(place, ("report",), "this report is none of the form's")
            if row.withdraw is not None and not row.withdraw.strip():
                yield Wrong(place, ("withdraw",), "say why it is no result; the reason is kept")
            if block.level is Level.CONTRAST and row.cells and not row.versus_arm:
                yield Wrong(place, ("versus_arm",), "a contrast needs the other arm")
    for note in form.notes:
        given = {"topic": note.topic, "text": note.text, "source": note.source}
        missing = tuple(name for name, text in given.items() if not text.strip())
        if missing and len(missing) < len(given):
            message = "a note says on what, what, and where it stands"
            yield Wrong(Place(at="note", key=note.key), missing, message)
