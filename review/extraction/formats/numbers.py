"""Numbers of a table in either decimal convention, decided by column and never guessed by cell."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MISSING: Final = frozenset({"", "na", "n/a", "nan", "nr", "null", "#n/a", "-", "."})
"""Cell contents, in lower case, that say: not given."""

_PLAIN = re.compile(r"[+-]?\d+([eE][+-]?\d+)?")
_POINT = re.compile(r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A cell of a column that is no number of that column."""

    index: int
    reason: str
    ambiguous: bool
    """Whether it is a number of one size or another, and no text."""


def given(cell: str) -> str:
    """Return a cell without blanks around it, empty for a missing value."""
    text = cell.strip()
    return "" if text.lower() in MISSING else text


def with_points(cells: Sequence[str], *, must_be_numbers: bool) -> tuple[list[str], list[Doubt]]:
    """Return a column with decimal points, and the cells that are in doubt.

    Parameters
    ----------
    cells : the column, missing values empty.
    must_be_numbers : whether text in it is in doubt. A column that may hold text is changed only
        where every given cell of it is a number.

    Notes
    -----
    ``1,234`` is 1.234 where the column writes decimal commas and in doubt where it writes points:
    whether it is a thousand cannot be seen. ``0,234`` and ``12,5`` are no thousands anywhere.
    """
    texts = [cell.replace("−", "-") for cell in cells]
    commas = sum(bool(_COMMA.fullmatch(text)) for text in texts)
    points = sum(bool(_POINT.fullmatch(text)) for text in texts)
    other = _POINT if commas > points else _COMMA
    doubts = []
    for index, text in enumerate(texts):
        if text and not any(form.fullmatch(text) for form in (_PLAIN, _POINT, _COMMA)):
            doubts.append(Doubt(index, f'"{text}" is not a number', ambiguous=False))
        elif text and not math.isfinite(float(text.replace(",", "."))):
            doubts.append(Doubt(index, "a number beyond all size", ambiguous=True))
        elif other.fullmatch(text) and _THOUSANDS.fullmatch(text):
            mixed = "the column writes the other decimal sign, so its size is not certain"
            doubts.append(Doubt(index, f'"{text}": {mixed}', ambiguous=True))
    if doubts and not must_be_numbers:
        return list(cells), []
    wrong = {doubt.index for doubt in doubts}
    return [
        text if index in wrong else text.replace(",", ".") for index, text in enumerate(texts)
    ], doubts
