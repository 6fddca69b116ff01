"""What tables for print have in common: words for choices, columns in use, a label said once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from review.export.tables.model import Cell, Column
from review.extraction.numbers import ABOUT
from review.figures.numbers import MINUS
from review.wording import lowered

NO_NAMES: Final[Mapping[str, str]] = {}

NOT_REPORTED: Final = "NR"
"""In cells of documents; the table says below what it means."""

NOT_REPORTED_NOTE: Final = "NR: not reported."

MOST_DECIMALS: Final = 4
"""Of numbers that are printed as reported."""

Row = tuple[Cell, ...]


def words(choice: str | None) -> str | None:
    """Return a closed choice as people write it: ``face to face``, ``ITT``; None for none."""
    if choice is None:
        return None
    return "ITT" if choice == "itt" else choice.replace("_", " ")


def row_name(name: str) -> str:
    """Return what a row about a number or another field is called: ``SD``, ``delivery mode``."""
    about = ABOUT.get(name)
    if about is not None and (about.heading or about.called):
        return lowered(about.heading) or about.called
    return name.replace("_", " ")


def as_reported(value: float) -> str:
    """Return a number with every digit it has and no more: ``−0.214``, ``49``."""
    text = repr(float(value)).removesuffix(".0")
    return text.replace("-", MINUS)


def decimals_of(values: Iterable[float | None]) -> int:
    """Return the decimals that print some reported numbers without loss, four at the most."""
    parts = [repr(float(v)).partition(".")[2] for v in values if v is not None]
    return min(MOST_DECIMALS, max((len(p) for p in parts if p != "0"), default=0))


def in_use(
    columns: Sequence[Column], rows: Sequence[Row]
) -> tuple[tuple[Column, ...], tuple[Row, ...], tuple[Column, ...]]:
    """Return columns and rows without the columns that no row fills, and those columns."""
    kept = [i for i in range(len(columns)) if any(row[i] is not None for row in rows)]
    empty = tuple(column for i, column in enumerate(columns) if i not in kept)
    return (
        tuple(columns[i] for i in kept),
        tuple(tuple(row[i] for i in kept) for row in rows),
        empty,
    )


LONGEST_ABBREVIATION: Final = 7
"""Letters and digits of a short name that stands for its instrument in print: ``HAMD-17``."""


def abbreviated(slug: str, names: Mapping[str, str] = NO_NAMES) -> str:
    """Return an instrument as a narrow column has it: its abbreviation, or its name.

    A short name that is no abbreviation is the program's, not the reader's.

    Examples
    --------
    >>> abbreviated("phq-9"), abbreviated("panic-scale", {"panic-scale": "Panic Scale"})
    ('PHQ-9', 'Panic Scale')
    """
    if sum(letter.isalnum() for letter in slug) <= LONGEST_ABBREVIATION:
        return slug.upper()
    return names.get(slug, slug.replace("-", " "))


def said_once(rows: Sequence[Row], leading: int) -> tuple[Row, ...]:
    """Return rows whose leading cells are empty where they repeat those of the row above."""
    found: list[Row] = []
    for index, row in enumerate(rows):
        same = 0
        while index and same < leading and row[same] == rows[index - 1][same]:
            same += 1
        found.append((*(None,) * same, *row[same:]))
    return tuple(found)
