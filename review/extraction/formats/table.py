"""Delimited text of any dialect as rows with line numbers; every unreadable place is named."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from review.canonical import clean_text
from review.errors import FileError, InvalidDataError, Problem
from review.extraction.formats.numbers import given, with_points
from review.tabular.formulas import unguarded
from review.tabular.grid import Remark
from review.tabular.header import Columns, Others, header_of
from review.tabular.numbers import Kind
from review.tabular.reading import read_grid, unreadable

ROW_NUMBERS = frozenset({"", "x", "...1", "unnamed: 0", "rownames", "row.names", "row"})
"""Names under which programs write the number of a row; it says nothing about the row."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the line of the file it begins on, and its cells by column."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows under lower-case column names, missing values empty, numbers with points."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    remarks: tuple[Remark, ...] = ()


def read_table(
    data: bytes,
    *,
    file: str,
    required: Sequence[Sequence[str]],
    numeric: Collection[str],
    mostly: Collection[str] = (),
    sheet: str | None = None,
) -> Table:
    """Read a table; raise FileError with every problem, by line and column.

    Parameters
    ----------
    required : for each thing that must be there, the names its column goes by.
    numeric : columns in which text is an error.
    mostly : columns of numbers in which text is left as it is.
    """
    wanted = Columns(
        dict.fromkeys([*(name for names in required for name in names), *numeric], Kind.EITHER),
        others=Others.KEPT,
    )
    grid = read_grid(data, wanted, file=file, sheet=sheet)
    if not grid.rows:
        raise FileError(file, [Problem(None, None, "the file is empty")])
    header = header_of(grid, wanted)
    top, *rest = grid.rows[header.place :]
    records = [(row.line, list(row.cells)) for row in rest if row.broken is None]
    columns, problems = _named(top.line, top.cells, records)
    problems += unreadable(grid, top.line)
    for names in required:
        if not any(name in columns for name in names):
            problems.append(Problem(top.line, names[0], "the column is missing"))
    if problems:
        raise FileError(file, problems)
    lines, problems = _filled(columns, records, delimited=grid.sheet is None)
    problems += _numbers(columns, lines, numeric, mostly)
    if not lines and not problems:
        problems = [Problem(None, None, "it holds no rows")]
    if problems:
        raise FileError(file, sorted(problems, key=lambda p: (p.line or 0, p.column or "")))
    kept = tuple(name for name in columns if name is not None)
    skipped = tuple(remark for remark in header.remarks if (remark.line or 0) < top.line)
    return Table(kept, tuple(lines), (*grid.remarks, *skipped))


def _named(
    line: int, header: Sequence[str], records: Sequence[tuple[int, list[str]]]
) -> tuple[list[str | None], list[Problem]]:
    """Return the column names, None for row numbers and for empty columns without a name."""
    names: list[str | None] = []
    problems = []
    for index, cell in enumerate(header):
        name = cell.strip().lower()
        column = [cells[index].strip() for _, cells in records if index < len(cells)]
        if name in ROW_NUMBERS and (not any(column) or _counts(column)):
            names.append(None)
            continue
        name = name or f"column {index + 1}"
        if name in names:
            problems.append(Problem(line, name, "the column appears twice"))
        names.append(name)
    return names, problems


def _counts(column: Sequence[str]) -> bool:
    """Whether a column holds whole numbers alone, as row numbers are."""
    return all(cell.isdecimal() for cell in column if cell)


def _filled(
    columns: Sequence[str | None], records: Sequence[tuple[int, list[str]]], *, delimited: bool
) -> tuple[list[Line], list[Problem]]:
    lines, problems = [], []
    for line, cells in records:
        beyond = any(cell.strip() for cell in cells[len(columns) :])
        if beyond or (delimited and len(cells) < len(columns)):
            reason = f"{len(cells)} cells, and the header has {len(columns)} columns"
            problems.append(Problem(line, None, reason))
            continue
        try:
            filled = {
                name: given(unguarded(clean_text(cell)))
                for name, cell in zip(
                    columns, [*cells, *[""] * (len(columns) - len(cells))], strict=False
                )
                if name is not None
            }
        except InvalidDataError as error:
            problems.append(Problem(line, None, str(error)))
            continue
        lines.append(Line(line, filled))
    return lines, problems


def _numbers(
    columns: Sequence[str | None],
    lines: Sequence[Line],
    numeric: Collection[str],
    mostly: Collection[str],
) -> list[Problem]:
    problems = []
    for name in columns:
        if name is None:
            continue
        cells, doubts = with_points(
            [line.cells[name] for line in lines],
            must_be_numbers=name in numeric or name in mostly,
        )
        for line, cell in zip(lines, cells, strict=True):
            line.cells[name] = cell
        problems += [
            Problem(lines[doubt.index].line, name, doubt.reason)
            for doubt in doubts
            if doubt.ambiguous or name in numeric
        ]
    return problems
