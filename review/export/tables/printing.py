"""Cells as print shows them: rounded, with the signs and zeros of a style; no locale has a say."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from review.canonical import telling
from review.export.tables.cells import Cell, EffectInterval, Interval, Kind
from review.export.tables.model import Column
from review.figures.numbers import MINUS, bracketed, fixed


class NumberStyle(StrEnum):
    """Whose rules numbers follow in print."""

    APA = "apa"
    """Publication Manual, 7th ed., 6.36-6.44: *p* without leading zero, [low, high]."""
    AMA = "ama"
    """Manual of Style, 11th ed., 18.7.1 and 19.5: *P* without leading zero, to 2 digits and below
    .01 to 3; low-high, and "low to high" where a limit is negative."""
    COCHRANE = "cochrane"
    """Cochrane Style Manual, Statistical and mathematical presentation: *P* with its leading
    zero, "low to high"."""


SYMBOLS: Final = frozenset({"p", "k", "n", "N", "M", "SD", "g", "d", "r", "t", "F", "z", "Q"})
"""Statistical symbols that APA sets in italics (6.44)."""

SIGNIFICANCE: Final = 0.05
"""A p value must not look like one on the other side of it because it was rounded."""


class Words(NamedTuple):
    """A header in two parts: a symbol in italics, and the rest."""

    symbol: str
    rest: str

    def __str__(self) -> str:
        """The words without their type."""
        return self.symbol + self.rest


def headed(column: Column, style: NumberStyle = NumberStyle.APA) -> Words:
    """The header of a column as a style sets it.

    Examples
    --------
    >>> headed(Column("p", "p (two-sided)", Kind.P_VALUE), NumberStyle.AMA)
    Words(symbol='P', rest=' (two-sided)')
    >>> headed(Column("study", "Study"))
    Words(symbol='', rest='Study')
    """
    first, space, rest = column.header.partition(" ")
    if column.kind is Kind.P_VALUE and first == "p":
        return Words(first if style is NumberStyle.APA else "P", space + rest)
    if style is NumberStyle.APA and column.kind is not Kind.TEXT and first in SYMBOLS:
        return Words(first, space + rest)
    return Words("", column.header)


def printed(column: Column, cell: Cell, style: NumberStyle = NumberStyle.APA) -> str:
    """The cell as it reads in a document.

    Parameters
    ----------
    column : Column
        Gives kind and decimals.
    cell : str, int, float, Interval or None
        A checked cell of that column; None is empty.
    style : NumberStyle
        Decides on the digits and leading zeros of p values and on the form of intervals.

    Returns
    -------
    str
        With real minus signs; p values below .001 (or the column's last decimal) as ``< .001``,
        those that would round to one as ``> .999`` (AMA: ``> .99``).

    Examples
    --------
    >>> printed(Column("p", "p", Kind.P_VALUE), 0.11202)
    '.112'
    >>> printed(Column("p", "P", Kind.P_VALUE), 0.11202, NumberStyle.AMA)
    '.11'
    >>> printed(Column("ci", "95% CI", Kind.INTERVAL), Interval(-0.67, 0.07))
    '[−0.67, 0.07]'
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Interval):
        if isinstance(cell, EffectInterval):
            return limits(*cell, cell.decimals, style)
        return limits(*cell, telling(cell, column.places), style)
    if column.kind is Kind.INTEGER:
        return str(cell).replace("-", MINUS)
    if column.kind is Kind.P_VALUE:
        return p_value(float(cell), style, column.places)
    return fixed(cell, column.places) + ("%" if column.kind is Kind.PERCENT else "")


def limits(low: float, high: float, decimals: int, style: NumberStyle) -> str:
    """Write an interval: APA ``[−0.67, 0.07]``, AMA ``0.50-1.09``, Cochrane ``0.50 to 1.09``."""
    if style is NumberStyle.APA:
        return bracketed(low, high, decimals)
    between = "-" if style is NumberStyle.AMA and low >= 0 else " to "
    return f"{fixed(low, decimals)}{between}{fixed(high, decimals)}"


def p_value(p: float, style: NumberStyle, decimals: int = 3) -> str:
    """Write a p value by its own: ``.112``, ``< .001``."""
    smallest = 10.0**-decimals
    if style is NumberStyle.AMA and p >= 0.01 and _side(p, 2) == (p < SIGNIFICANCE):
        decimals = min(decimals, 2)
    if p < smallest:
        text = f"< {smallest:.{decimals}f}"
    elif float(f"{p:.{decimals}f}") >= 1.0:
        text = f"> {1 - 10.0**-decimals:.{decimals}f}"
    else:
        text = f"{p:.{decimals}f}"
    return text if style is NumberStyle.COCHRANE else text.replace("0.", ".", 1)


def p_letter(style: NumberStyle) -> str:
    """Return the letter of a p value in a text."""
    return "p" if style is NumberStyle.APA else "P"


def stated_p(p: float, style: NumberStyle) -> str:
    """Write a p value as a sentence has it: ``p = .112``, ``P < .001``; the letter is italic."""
    value = p_value(p, style)
    letter = p_letter(style)
    return f"{letter} {value}" if value[0] in "<>" else f"{letter} = {value}"


def _side(p: float, decimals: int) -> bool:
    """Say whether a rounded p value reads as significant."""
    return float(f"{p:.{decimals}f}") < SIGNIFICANCE
