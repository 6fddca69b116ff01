"""Rows of cells as a file holds them, before anything is known of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from review.errors import Problem


class Held(StrEnum):
    """What a cell of a workbook holds where its text alone does not say it."""

    NUMBER = "a number"
    PERCENT = "a number shown as a percentage"
    DATE = "a date"
    YES_NO = "true or false"
    ERROR = "an error"
    FORMULA = "a formula without a result"


class Remark(Problem):
    """Something of a place of a file that was converted, skipped or guessed, and is said."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, the line of the file it begins on (the row of a sheet), and its cells."""

    line: int
    cells: tuple[str, ...]
    held: Mapping[int, Held] = field(default_factory=dict)
    broken: str | None = None
    """Why it cannot be told into cells; it has none then."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Cells that a sheet shows as one: first and last row and column, from 1."""

    name: str
    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a file that are not blank."""

    rows: tuple[Row, ...]
    sheet: str | None = None
    """Of a workbook."""
    delimiter: str | None = None
    """Of a text."""
    merged: tuple[Merged, ...] = ()
    remarks: tuple[Remark, ...] = ()

    def place(self, line: int | None, index: int | None = None) -> str | None:
        """Return where a cell or row of a sheet is, as Excel calls it; None for a text's lines."""
        if self.sheet is None or line is None:
            return None
        if index is None:
            return f"sheet {self.sheet}, row {line}"
        return f"sheet {self.sheet}, cell {letters(index)}{line}"

    def problem(self, line: int, index: int | None, column: str | None, reason: str) -> Problem:
        """Return a problem of a cell or row, with its place."""
        return Problem(line, column, reason, self.place(line, index))


def letters(index: int) -> str:
    """Return what Excel calls a column, counted from 0.

    Examples
    --------
    >>> letters(0), letters(25), letters(26), letters(701), letters(702)
    ('A', 'Z', 'AA', 'ZZ', 'AAA')
    """
    found, rest = "", index + 1
    while rest:
        rest, last = divmod(rest - 1, 26)
        found = chr(ord("A") + last) + found
    return found


def quoted(text: str, most: int = 60) -> str:
    """Return a cell's text for a message: on one line, in quotation marks, cut where it is long."""
    line = " ".join(text.split())
    return f'"{line if len(line) <= most else line[: most - 3] + "..."}"'


def listed(words: Sequence[str], most: int = 8) -> str:
    """Return words with commas, and how many more there are than shown."""
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"
