"""Delimited text of any dialect as rows with line numbers; every unreadable place is named."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from review.canonical import clean_text
from review.citations.formats.decoding import decoded
from review.errors import FileError, InvalidDataError, Problem
from review.extraction.fields import GUARD
from review.extraction.formats.numbers import given, with_points

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
    encoding: str


def read_table(
    data: bytes,
    *,
    file: str,
    required: Sequence[Sequence[str]],
    numeric: Collection[str],
    mostly: Collection[str] = (),
) -> Table:
    """Read a table; raise FileError with every problem, by line and column.

    Parameters
    ----------
    required : for each thing that must be there, the names its column goes by.
    numeric : columns in which text is an error.
    mostly : columns of numbers in which text is left as it is.
    """
    text = decoded(data, file=file)
    header, records = _records(text.text, file)
    columns, problems = _named(header, records)
    for names in required:
        if not any(name in columns for name in names):
            problems.append(Problem(1, names[0], "the column is missing"))
    if problems:
        raise FileError(file, problems)
    lines, problems = _filled(columns, records)
    problems += _numbers(columns, lines, numeric, mostly)
    if not lines and not problems:
        problems = [Problem(None, None, "it holds no rows")]
    if problems:
        raise FileError(file, sorted(problems, key=lambda p: (p.line or 0, p.column or "")))
    kept = tuple(name for name in columns if name is not None)
    return Table(kept, tuple(lines), text.encoding)


def _records(text: str, file: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header and the rows that are not blank, each with its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[tuple[int, list[str]]] = []
    before = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((before + 1, cells))
            before = reader.line_num
    except csv.Error as error:
        reason = f"the row that begins here cannot be read: {error}"
        raise FileError(file, [Problem(before + 1, None, reason)]) from None
    if not rows:
        raise FileError(file, [Problem(None, None, "it holds no header")])
    return rows[0][1], rows[1:]


def _delimiter(text: str) -> str:
    """Return the sign that separates the header's cells, counted outside quotes."""
    counts = dict.fromkeys(";,\t|", 0)
    quoted = False
    for sign in text:
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign == "\n" and any(counts.values()):
            break
        elif not quoted and sign in counts:
            counts[sign] += 1
    return max(counts, key=lambda sign: counts[sign])


def _named(
    header: Sequence[str], records: Sequence[tuple[int, list[str]]]
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
            problems.append(Problem(1, name, "the column appears twice"))
        names.append(name)
    return names, problems


def _counts(column: Sequence[str]) -> bool:
    """Whether a column holds whole numbers alone, as row numbers are."""
    return all(cell.isdecimal() for cell in column if cell)


def _filled(
    columns: Sequence[str | None], records: Sequence[tuple[int, list[str]]]
) -> tuple[list[Line], list[Problem]]:
    lines, problems = [], []
    for line, cells in records:
        if len(cells) != len(columns):
            reason = f"{len(cells)} cells, and the header has {len(columns)} columns"
            problems.append(Problem(line, None, reason))
            continue
        try:
            filled = {
                name: given(GUARD.sub("", clean_text(cell)))
                for name, cell in zip(columns, cells, strict=True)
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
