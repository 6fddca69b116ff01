"""Columns of numbers: each cell read by the habit of its column, each conversion remarked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from review.errors import Problem
from review.tabular.grid import Held, Remark, quoted
from review.tabular.header import Columns
from review.tabular.numbers import MISSING, NUMBERS, Kind, Number, decimal_sign, read_number
from review.tabular.table import Line, Table

_EITHER: Final = {Kind.EITHER: Kind.NUMBER, Kind.EITHER_COUNT: Kind.COUNT}
"""How a column is read that may hold text."""


def with_numbers(table: Table, columns: Columns) -> Table:
    """Return a table with plain numbers in columns of numbers, each conversion remarked."""
    numeric = [n for n in table.columns if columns.known.get(n) in {*NUMBERS, Kind.MOSTLY}]
    either = [n for n in table.columns if columns.known.get(n, Kind.EITHER) in _EITHER]
    typed = {
        name: [line.cells[name] for line in table.lines if name not in line.held]
        for name in (*numeric, *either)
    }
    habit = decimal_sign(cell for cells in typed.values() for cell in cells)
    if habit is None and table.grid.delimiter == ";":
        habit = ","
    table = replace(table, decimal=habit)
    changed: dict[str, list[str]] = {}
    wrong: list[set[str]] = [set(line.wrong) for line in table.lines]
    problems = list(table.problems)
    remarks = list(table.remarks)
    for name in numeric:
        found = number_column(
            table,
            name,
            columns.known[name],
            bounds=name in columns.bounds,
            kept=columns.kept,
        )
        changed[name] = found.cells
        problems += found.problems
        remarks += found.remarks
        for place in found.wrong:
            wrong[place].add(name)
    for name in either:
        found = number_column(table, name, _EITHER[columns.known.get(name, Kind.EITHER)])
        if not found.problems:
            changed[name] = found.cells
            remarks += found.remarks
    remarks += _dates(table, columns)
    if not changed:
        return replace(table, remarks=tuple(remarks))
    lines = tuple(
        Line(
            line.line,
            {**line.cells, **{name: cells[place] for name, cells in changed.items()}},
            line.held,
            frozenset(wrong[place]),
        )
        for place, line in enumerate(table.lines)
    )
    return replace(
        table,
        lines=lines,
        problems=tuple(problems),
        remarks=tuple(remarks),
        numeric=frozenset(changed),
    )


def _dates(table: Table, columns: Columns) -> list[Remark]:
    """Say of each cell of text in which Excel holds a date: it may have been "3-4" once."""
    return [
        Remark(
            line.line,
            name,
            f"Excel holds a date here, read as {line.cells[name]}; where something else was "
            "typed, format the cell as text and type it again",
            table.grid.place(line.line, table.places[name]),
        )
        for line in table.lines
        for name, what in line.held.items()
        if what is Held.DATE and columns.known.get(name, Kind.EITHER) is Kind.TEXT
    ]


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column of numbers, line by line; what cannot be read is empty in `cells`."""

    cells: list[str]
    wrong: frozenset[int]
    problems: list[Problem]
    remarks: list[Remark]


def number_column(
    table: Table,
    name: str,
    kind: Kind,
    *,
    bounds: bool = False,
    kept: frozenset[str] = frozenset(),
) -> NumberColumn:
    """Read a column of a table as numbers; words for "not given", and those `kept`, stay.

    With `bounds`, ``p < 0,001`` becomes ``<0.001``: what a bound means is the caller's to say.
    """
    typed = [line.cells[name] for line in table.lines]
    decimal = decimal_sign(typed) or table.decimal
    cells: list[str] = []
    wrong: set[int] = set()
    problems: list[Problem] = []
    said = _Said(table, name)
    for place, (line, cell) in enumerate(zip(table.lines, typed, strict=True)):
        held, text = line.held.get(name), cell.strip()
        if name in line.wrong or held is Held.NUMBER or text.casefold() in MISSING | kept:
            cells.append(text)
            continue
        reason = _held_problem(held, cell, kind)
        if reason is None and held is Held.PERCENT:
            cells.append(text)
            continue
        sign, text = _bound(text) if bounds else ("", text)
        found = read_number(text, kind, column=name, decimal=decimal) if reason is None else None
        if isinstance(found, Number):
            cells.append(sign + found.text)
            if found.how is not None:
                said.converted(line, cell, sign + found.text, found.how)
            continue
        if found is not None and kind is Kind.MOSTLY and not found.doubtful:
            cells.append(cell)
            continue
        if found is not None:
            reason = found.reason
        cells.append("")
        wrong.add(place)
        problems.append(table.problem(line.line, name, reason or "it is not a number"))
    return NumberColumn(cells, frozenset(wrong), problems, said.remarks())


_BOUND: Final = re.compile(r"(?:p\s*)?([<>≤≥])\s*=?\s*(.+)", re.IGNORECASE | re.DOTALL)


def _bound(text: str) -> tuple[str, str]:
    """Return the sign of a bound and the rest; no sign for what is none."""
    found = _BOUND.fullmatch(text)
    return (found[1], found[2]) if found is not None else ("", text)


def _held_problem(held: Held | None, cell: str, kind: Kind) -> str | None:
    match held:
        case Held.DATE:
            return f"{cell} is not a number"
        case Held.YES_NO:
            return f"it holds {'TRUE' if cell == 'yes' else 'FALSE'}, not a number"
        case Held.PERCENT if kind is not Kind.SHARE:
            shown = f"{float(cell) * 100:.12g}"
            return (
                f"Excel shows {shown}% and holds {cell}; format the cell as a plain number that "
                "says which is meant"
            )
        case _:
            return None


@dataclass(frozen=True, slots=True)
class _Said:
    """What was converted in a column, a remark for each way."""

    table: Table
    column: str
    found: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)

    def converted(self, line: Line, cell: str, read: str, how: str) -> None:
        self.found.setdefault(how, []).append((line.line, cell, read))

    def remarks(self) -> list[Remark]:
        return [self._remark(how, cells) for how, cells in self.found.items()]

    def _remark(self, how: str, cells: Sequence[tuple[int, str, str]]) -> Remark:
        line, cell, read = cells[0]
        reason = f"{quoted(cell)} is read as {read} ({how})"
        if len(cells) > 1:
            lines = ", ".join(str(number) for number, _, _ in cells[1:6])
            rest = f" and {len(cells) - 6} more" if len(cells) > 6 else ""
            reason += f", and so in {'row' if self.table.grid.sheet else 'line'} {lines}{rest}"
        place = self.table.grid.place(line, self.table.places[self.column])
        return Remark(line, self.column, reason, place)
