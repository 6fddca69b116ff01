"""What a cell of a table may hold, checked once at the door."""

from __future__ import annotations

import math
import operator
import re
from enum import StrEnum
from typing import NamedTuple

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# What XML 1.0 (section 2.2, Char) cannot hold, and so neither DOCX nor XLSX; CSV and LaTeX readers
# stumble over the same characters.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Kind(StrEnum):
    """What a column holds, and so how it is written."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    P_VALUE = "p_value"
    INTERVAL = "interval"
    PERCENT = "percent"  # in percentage points: 86.3 is 86.3 %


class Interval(NamedTuple):
    """Two limits on the column's scale, the lower first; either may be infinite."""

    low: float
    high: float


class EffectInterval(Interval):
    """The limits of an effect, and the decimals that they and their estimate are printed with."""

    decimals: int

    def __new__(cls, low: float, high: float, decimals: int) -> EffectInterval:
        """Return the limits with their decimals."""
        made = super().__new__(cls, low, high)
        made.decimals = decimals
        return made

    def __getnewargs__(self) -> tuple[float, float, int]:
        """Return what it is made of, for another process."""
        return (*self, self.decimals)


Cell = str | int | float | Interval | None


def typed(kind: Kind, value: object) -> Cell:
    """The value as the Python type its column asks for.

    Parameters
    ----------
    kind : Kind
        Of the column.
    value : object
        None is an empty cell in any column. numpy scalars are accepted as the numbers they are.

    Returns
    -------
    str, int, float, Interval or None
        Never NaN.

    Raises
    ------
    TypeError, ValueError
        With a sentence without its full stop, for a value that is not of the kind.
    """
    if value is None:
        return None
    if kind is Kind.TEXT:
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is not text")
        return value
    if kind is Kind.INTERVAL:
        if not isinstance(value, tuple) or len(value) != 2:
            raise TypeError(f"{value!r} is not an interval")
        low, high = _number(value[0]), _number(value[1])
        if low > high:
            raise ValueError(f"the limits {low:g} and {high:g} are in the wrong order")
        limits = Interval(low, high)
        return value if isinstance(value, EffectInterval) and value == limits else limits
    if kind is Kind.INTEGER:
        if isinstance(value, bool):
            raise TypeError(f"{value!r} is not a whole number")
        try:
            return operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            raise TypeError(f"{value!r} is not a whole number") from None
    number = _number(value)
    if kind is Kind.P_VALUE and not 0 <= number <= 1:
        raise ValueError(f"{number:g} is not a p value")
    return number


def writable(text: str) -> str:
    """The text with U+FFFD for what no document can hold: control characters, lone surrogates."""
    return _UNWRITABLE.sub(REPLACEMENT, text)


def _number(value: object) -> float:
    if isinstance(value, bool | str):
        raise TypeError(f"{value!r} is not a number")
    try:
        number = float(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{value!r} is not a number") from None
    if math.isnan(number):
        raise ValueError("a value is NaN; an empty cell is None")
    return number
