"""Rows of a review's table, custom columns too: one door for files, forms and pastes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from review.errors import InvalidDataError
from review.extraction.fields import FieldSpec, parsed_or_outgrown
from review.extraction.rules import KEY_COLUMNS, CellProblem, ExtractionRow, built

CLEAR: Final = "(clear)"
"""A cell that takes the value away which is known; an empty one of study or arm leaves it."""

NEVER_CLEARED: Final = frozenset({"study", "arm", "versus_arm", "citation", *KEY_COLUMNS})
"""Columns that say what a row is about."""


@dataclass(frozen=True, slots=True)
class NumberedRow:
    """A row, the line of the file it begins on, and the values of its custom columns."""

    line: int
    row: ExtractionRow
    custom: Mapping[str, Any] = field(default_factory=dict)
    """Parsed values by field; an empty cell is None, an absent column is not there."""
    cleared: frozenset[str] = frozenset()
    """Columns in which the row says `CLEAR`: what was known of them is to be known no more."""
    bad: bool = False
    """Whether cells of it were refused: then it has the others, and is looked at but not taken."""


def numbered(
    line: int,
    cells: Mapping[str, Any],
    versions: Mapping[str, Sequence[FieldSpec]],
    *,
    bad: frozenset[str] = frozenset(),
    cleared: frozenset[str] = frozenset(),
) -> tuple[NumberedRow, list[CellProblem]]:
    """Return the row of the cells that can be, and all that is wrong with the others.

    Parameters
    ----------
    line
        What the row is told from the others by.
    cells
        As typed, by column; what is not there is not said.
    versions
        Of each custom field, the newest first: what was entered by an earlier one may stand.
    bad
        Columns that could not be read before.
    cleared
        Columns whose value is to be known no more; their cells are empty.
    """
    problems = [
        CellProblem((name,), "it says what the row is about, and is not cleared")
        for name in sorted(cleared & NEVER_CLEARED)
    ]
    custom: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for name, cell in cells.items():
        if name not in versions:
            given[name] = cell
            continue
        newest, *earlier = versions[name]
        try:
            custom[name] = parsed_or_outgrown(newest, earlier, cell)
        except InvalidDataError as error:
            problems.append(CellProblem((name,), str(error)))
    made = built(given, bad=bad)
    problems += made.problems
    return NumberedRow(line, made.row, custom, cleared, bad=bool(problems or bad)), problems
