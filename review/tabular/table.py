"""What a table file gives: values, with remarks and problems by their place."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NoReturn, TypeVar, overload

from review.errors import FileError, Problem
from review.tabular.grid import Grid, Held, Remark

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read(Sequence[T], Generic[T]):
    """What a file gave, in its order, and what was converted, skipped or guessed on the way."""

    items: tuple[T, ...]
    remarks: tuple[Remark, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What is wrong with rows, where the reader leaves it to the one who stores them to say so."""

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        return self.items[place]

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its line in the file, and its cells by column."""

    line: int
    cells: Mapping[str, str]
    held: Mapping[str, Held] = field(default_factory=dict)
    wrong: frozenset[str] = frozenset()
    """Columns whose cell could not be read: they are empty in `cells`, and a problem."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file under the names of its columns."""

    file: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    remarks: tuple[Remark, ...]
    problems: tuple[Problem, ...]
    header_line: int
    decimal: str | None = None
    """The decimal sign where a column alone does not tell it."""
    numeric: frozenset[str] = frozenset()
    """Columns whose cells are plain numbers now, or say that there is none."""
    places: Mapping[str, int] = field(default_factory=dict)
    grid: Grid = field(default_factory=lambda: Grid(()))

    def problem(self, line: int | None, column: str | None, reason: str) -> Problem:
        """Return a problem of a cell, a row, a column of the header or the file, with its place.

        Of several columns, joined by commas, the first says where.
        """
        index = self.places.get(column.split(", ")[0]) if column is not None else None
        if line is not None and column is not None and self._is_date(line, column):
            reason += "; Excel holds a date here: format the cell as text and type it again"
        return Problem(line, column, reason, self.grid.place(line, index))

    def _is_date(self, line: int, column: str) -> bool:
        at = bisect_left(self.lines, line, key=lambda row: row.line)
        row = self.lines[at] if at < len(self.lines) else None
        return row is not None and row.line == line and row.held.get(column) is Held.DATE

    def refuse(self, problems: Iterable[Problem]) -> NoReturn:
        """Raise FileError with the table's problems and some more, in the order of the file."""
        found = [*self.problems, *problems]
        order = self.places
        found.sort(key=lambda p: (p.line or 0, order.get((p.column or "").split(", ")[0], -1)))
        raise FileError(self.file, found)
