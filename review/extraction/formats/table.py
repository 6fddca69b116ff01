"""Delimited text of any dialect as rows with line numbers; every unreadable place is named."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from review.errors import FileError, Problem
from review.tabular.conversion import with_numbers
from review.tabular.grid import Row
from review.tabular.header import Columns, Others, header_of
from review.tabular.numbers import Kind
from review.tabular.reading import filled, read_grid, unreadable
from review.tabular.table import Table

ROW_NUMBERS = frozenset({"", "x", "...1", "unnamed: 0", "rownames", "row.names", "row"})
"""Names under which programs write the number of a row; it says nothing about the row."""

MISSING: Final = frozenset({"", "na", "n/a", "nan", "nr", "null", "#n/a", "-", "."})
"""Cell contents, in lower case, that say in these files: not given. ``none`` is a category."""


def given(cell: str) -> str:
    """Return a cell without blanks around it, empty for a missing value."""
    text = cell.strip()
    return "" if text.lower() in MISSING else text


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
    columns, problems = _named(top, rest)
    for names in required:
        if not any(name in columns for name in names):
            problems.append(Problem(top.line, names[0], "the column is missing"))
    if top.broken is not None:
        problems = [Problem(top.line, None, top.broken)]
    if problems:
        raise FileError(file, problems)
    places = {name: index for index, name in enumerate(columns) if name is not None}
    read = {index: name for name, index in places.items()}
    skipped = (remark for remark in header.remarks if (remark.line or 0) < top.line)
    table = filled(
        Table(
            file,
            tuple(places),
            (),
            (*grid.remarks, *skipped),
            tuple(unreadable(grid, top.line, read)),
            top.line,
            places=places,
            grid=grid,
        ),
        rest,
        width=len(columns),
        numbers=True,
    )
    lines = (
        replace(line, cells={name: given(cell) for name, cell in line.cells.items()})
        for line in table.lines
    )
    kinds = dict.fromkeys(mostly, Kind.MOSTLY) | dict.fromkeys(numeric, Kind.NUMBER)
    table = with_numbers(replace(table, lines=tuple(lines)), replace(wanted, known=kinds))
    if table.problems:
        table.refuse(())
    return table


def _named(header: Row, rows: Sequence[Row]) -> tuple[list[str | None], list[Problem]]:
    """Return the column names, None for row numbers and for empty columns without a name."""
    names: list[str | None] = []
    problems = []
    for index, cell in enumerate(header.cells):
        name = cell.strip().lower()
        column = [row.cells[index].strip() for row in rows if index < len(row.cells)]
        if name in ROW_NUMBERS and (not any(column) or _counts(column)):
            names.append(None)
            continue
        name = name or f"column {index + 1}"
        if name in names:
            problems.append(Problem(header.line, name, "the column appears twice"))
        names.append(name)
    return names, problems


def _counts(column: Sequence[str]) -> bool:
    """Whether a column holds whole numbers alone, as row numbers are."""
    return all(cell.isdecimal() for cell in column if cell)
