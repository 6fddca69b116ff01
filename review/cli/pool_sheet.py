"""A CSV file of studies as ``review pool`` reads it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from review.errors import Problem, UnreadableFileError
from review.extraction.files import text_of
from review.wording import counted

LABELS: Final = ("label", "slab", "study", "trial", "author")
"""Columns that name a row where --label does not say which: the first that is there."""

MISSING: Final = frozenset({"", "na", "nan", "nr", "null", "none", "."})
"""Cell contents, in lower case, that say: not reported."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file: its header, its cells and the line each row ends on."""

    file: str
    header: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    lines: tuple[int, ...]

    def numbers(self, column: str) -> list[float | None]:
        """Return a column as numbers; raise UnreadableFileError naming each cell that is none."""
        values: list[float | None] = []
        problems = []
        for line, row in zip(self.lines, self.rows, strict=True):
            text = row[column].strip().replace("−", "-")
            try:
                values.append(None if text.lower() in MISSING else float(text))
            except ValueError:
                problems.append(Problem(line, column, f'"{row[column]}" is not a number'))
        if problems:
            raise UnreadableFileError(self.file, problems)
        return values

    def labels(self, column: str | None) -> list[str]:
        """Return what names the rows; their numbers where no column does."""
        if column is not None and column not in self.header:
            raise UnreadableFileError(self.file, [Problem(1, column, "there is no such column")])
        chosen = column or next((name for name in LABELS if name in self.header), None)
        if chosen is None:
            return [str(index) for index in range(1, len(self.rows) + 1)]
        return [row[chosen] for row in self.rows]


def other_separator(header: Sequence[str]) -> str | None:
    """Return what separates a file that commas do not: its header is then one cell."""
    names = {";": "semicolons", "\t": "tabs", "|": "bars"}
    if len(header) != 1:
        return None
    return next((name for sign, name in names.items() if sign in header[0]), None)


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file with a header; raise UnreadableFileError."""
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    header: tuple[str, ...] | None = None
    rows, lines, problems = [], [], []
    try:
        for cells in reader:
            if header is None:
                header = tuple(name.strip() for name in cells)
                separator = other_separator(header)
                if separator is not None:
                    problems.append(Problem(1, None, f"it is separated by {separator}, not commas"))
                    break
            elif len(cells) == len(header):
                rows.append(dict(zip(header, cells, strict=True)))
                lines.append(reader.line_num)
            elif cells:
                reason = f"{counted(len(cells), 'cell')} under {counted(len(header), 'column')}"
                problems.append(Problem(reader.line_num, None, reason))
    except csv.Error as error:
        problems.append(Problem(reader.line_num, None, str(error)))
    if not rows and not problems:
        problems.append(Problem(None, None, "it holds no rows"))
    if problems or header is None:
        raise UnreadableFileError(str(path), problems)
    return Sheet(str(path), header, tuple(rows), tuple(lines))
