"""Which row is the header, and which column each of its names means."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from typing import Final

from review.tabular.grid import Grid, Remark, Row, listed, quoted
from review.tabular.numbers import Kind
from review.tabular.separated import LOOKED_AT
from review.wording import counted

UNKNOWN: Final = 50
"""Unknown columns that are named, with what was likely meant; of more, how many there are."""


class Others(StrEnum):
    """What becomes of columns that a table does not know."""

    REFUSED = "refused"
    LEFT = "left out with a remark"
    KEPT = "kept as they are"


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table is to have.

    Parameters
    ----------
    known
        Names, and what the columns hold.
    needed
        Names without which it is no such table.
    others
        What becomes of other columns.
    synonyms
        What people call a column besides, in lower case with underscores; only for "did you mean".
    form
        What such a table is, for the message about a file that is none, after "so it is not".
    listed_by
        Where the names stand, for the message about one that is unknown.
    bounds
        Columns of numbers in which ``<0.001`` may stand for a bound; it stays one.
    unread
        Names of columns that stand there for the reader alone: not read, and not remarked.
    kept
        Words, in lower case, that stay as they are in columns of numbers too.
    """

    known: Mapping[str, Kind]
    needed: Sequence[str] = ()
    others: Others = Others.REFUSED
    synonyms: Mapping[str, str] = field(default_factory=dict)
    form: str = "such a table"
    listed_by: str = ""
    bounds: Collection[str] = ()
    unread: Collection[str] = ()
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a column's name; the index is None for what is missing."""

    index: int | None
    name: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Header:
    """The header: its place among the rows, and a name or None for each of its cells."""

    place: int
    names: tuple[str | None, ...]
    faults: tuple[Fault, ...]
    remarks: tuple[Remark, ...]


@lru_cache(2_000)  # the names that a table knows are compared with each of its first rows
def plain_name(text: str) -> str:
    """Return what two spellings of a column's name share: case, blanks, line breaks, - and _."""
    return re.sub(r"[\s_\-\u200b\ufeff]+", "_", text.strip().strip('"').casefold()).strip("_")


def fitness(rows: Sequence[Row], columns: Columns) -> int:
    """Return how many of the known columns the best row among the first names."""
    return max((_known_in(row, columns) for row in rows[:LOOKED_AT]), default=0)


def fits(rows: Sequence[Row], columns: Columns) -> bool:
    """Whether one of the first rows names two known columns or more."""
    return any(len(_named_in(row, columns)) > 1 for row in rows[:LOOKED_AT])


def _named_in(row: Row, columns: Columns) -> set[str]:
    plain = {plain_name(cell) for cell in row.cells}
    return {name for name in columns.known if plain_name(name) in plain}


def _known_in(row: Row, columns: Columns) -> int:
    """Return how many known columns a row names, those that it must name counting twice."""
    names = _named_in(row, columns)
    return len(names) + sum(name in names for name in columns.needed)


def header_of(grid: Grid, columns: Columns) -> Header:
    """Return the header of a grid that has a row.

    It is the row near the top that names most of the known columns, and at least two; else the
    first. Rows above it are skipped with a remark.
    """
    top = grid.rows[:LOOKED_AT]
    scores = [_known_in(row, columns) for row in top]
    best = max(scores)
    place = scores.index(best) if best > 1 else 0
    row = top[place]
    remarks = [
        Remark(
            above.line,
            None,
            f"{quoted(' '.join(cell for cell in above.cells if cell))} stands above the header "
            "and is skipped",
            grid.place(above.line),
        )
        for above in top[:place]
    ]
    names, faults, read_as = _named(row, grid.rows[place + 1 :], columns)
    if read_as.left:
        said = f"columns not read: {listed(read_as.left)}"
        remarks.append(Remark(row.line, None, said, grid.place(row.line)))
    if read_as.pairs:
        said = listed([f"{quoted(cell)} as {name}" for cell, name in read_as.pairs], most=60)
        remarks.append(Remark(row.line, None, f"columns read: {said}", grid.place(row.line)))
    return Header(place, names, tuple(faults), tuple(remarks))


@dataclass(frozen=True, slots=True)
class _ReadAs:
    pairs: list[tuple[str, str]] = field(default_factory=list)
    """Cells that spell a known name in another way."""
    left: list[str] = field(default_factory=list)
    """Columns that are not read."""


def _named(
    header: Row, rows: Sequence[Row], columns: Columns
) -> tuple[tuple[str | None, ...], list[Fault], _ReadAs]:
    cells = [cell.strip() for cell in header.cells]
    there = set(cells)
    faults: list[Fault] = []
    read_as = _ReadAs()
    meant: list[str | None] = []
    spelled: dict[str, str] = {}
    for name in columns.known:
        spelled.setdefault(plain_name(name), name)
    for cell in cells:
        known = cell if cell in columns.known else spelled.get(plain_name(cell))
        meant.append(None if known != cell and known in there else known)
    names: list[str | None] = []
    unknown = 0
    for index, (cell, known) in enumerate(zip(cells, meant, strict=True)):
        if known is not None:
            names.append(known)
            if known != cell:
                read_as.pairs.append((cell, known))
        elif not cell:
            names.append(None)
            faults += _nameless(index, rows, columns, read_as)
        elif columns.others is Others.KEPT:
            names.append(cell)
        elif plain_name(cell) in columns.unread:
            names.append(None)
        else:
            names.append(None)
            read_as.left.append(cell)
            unknown += columns.others is Others.REFUSED
            if columns.others is Others.REFUSED and unknown <= UNKNOWN:
                faults.append(Fault(index, cell, f"unknown column{_like(cell, cells, columns)}"))
    if unknown > UNKNOWN:
        more = counted(unknown - UNKNOWN, "more column is unknown", "more columns are unknown")
        faults.append(Fault(None, None, more))
    for name in dict.fromkeys(name for name in names if name is not None):
        if names.count(name) > 1:
            places = [index for index, other in enumerate(names) if other == name]
            how = [quoted(cells[index]) for index in places]
            shown = f" ({', '.join(how)})" if len(set(how)) > 1 else ""
            faults.append(Fault(places[1], name, f"the column appears {_times(len(how))}{shown}"))
    faults += _missing(names, cells, columns)
    if columns.others is Others.REFUSED and faults:
        read_as.left.clear()
    return tuple(names), faults, read_as


def _times(n: int) -> str:
    return "twice" if n == 2 else f"{n} times"


def _nameless(index: int, rows: Sequence[Row], columns: Columns, read_as: _ReadAs) -> list[Fault]:
    """Refuse a column without a name that holds something; where others are left, leave it."""
    filled = next((r for r in rows if index < len(r.cells) and r.cells[index].strip()), None)
    if filled is None:
        return []
    numbers = [row.cells[index].strip('" ') for row in rows if index < len(row.cells)]
    if columns.others is not Others.REFUSED or numbers == [str(n + 1) for n in range(len(rows))]:
        read_as.left.append(f"the {_ordinal(index + 1)}, which has no name")
        return []
    reason = (
        f"column {index + 1} has no name and holds cells, such as {quoted(filled.cells[index])} "
        f"in line {filled.line}"
    )
    return [Fault(index, None, reason)]


def _ordinal(n: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{'th' if n % 100 in (11, 12, 13) else ending}"


def _missing(names: Sequence[str | None], cells: Sequence[str], columns: Columns) -> list[Fault]:
    found = []
    for name in columns.needed:
        if name in names:
            continue
        plain = {plain_name(cell): cell for cell in cells}
        likely = get_close_matches(name, plain, n=1, cutoff=0.8)
        likely += [other for other in plain if columns.synonyms.get(other) == name]
        also = f"; did you mean it by {quoted(plain[likely[0]])}?" if likely else ""
        found.append(Fault(None, name, f"the column is missing{also}"))
    return found


def _like(cell: str, cells: Sequence[str], columns: Columns) -> str:
    """Return what a column was likely meant to be, or where the columns are listed."""
    wanted = plain_name(cell)
    by_plain = {plain_name(name): name for name in columns.known}
    if wanted in by_plain:
        return f"; another column is {by_plain[wanted]} already"
    likely = [by_plain[n] for n in get_close_matches(wanted, by_plain, n=2, cutoff=0.78)]
    meant = columns.synonyms.get(wanted) or columns.synonyms.get(wanted.strip("._:*"))
    if meant is None and wanted.strip("._:*") in by_plain:
        meant = by_plain[wanted.strip("._:*")]
    if meant is not None:
        likely = [meant]
    free = [name for name in likely if name not in cells] or likely
    if free:
        return f"; did you mean {' or '.join(free)}?"
    return f"; {columns.listed_by}" if columns.listed_by else ""
