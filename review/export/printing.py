"""Cells as print shows them: rounded, with the signs and zeros of a style."""

from __future__ import annotations

from enum import StrEnum

from review.export.cells import Cell, Interval, Kind
from review.export.tables import Column
from review.figures.numbers import MINUS, bracketed, fixed


class NumberStyle(StrEnum):
    """Whose rules numbers follow in print."""

    APA = "apa"  # Publication Manual, 7th ed., 6.36-6.40: p without leading zero, [low, high]
    COCHRANE = "cochrane"  # Cochrane Style Manual: leading zero always, "low to high"


def printed(column: Column, cell: Cell, style: NumberStyle = NumberStyle.APA) -> str:
    """The cell as it reads in a document.

    Parameters
    ----------
    column : Column
        Gives kind and decimals.
    cell : str, int, float, Interval or None
        A checked cell of that column; None is empty.
    style : NumberStyle
        Decides on leading zeros of p values and on the form of intervals.

    Returns
    -------
    str
        With real minus signs; p values below the last decimal as ``< .001``, those that would
        round to one as ``> .999``.

    Examples
    --------
    >>> printed(Column("p", "p", Kind.P_VALUE), 0.11202)
    '.112'
    >>> printed(Column("ci", "95% CI", Kind.INTERVAL), Interval(-0.67, 0.07))
    '[−0.67, 0.07]'
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Interval):
        if style is NumberStyle.COCHRANE:
            return f"{fixed(cell.low, column.places)} to {fixed(cell.high, column.places)}"
        return bracketed(cell.low, cell.high, column.places)
    if column.kind is Kind.INTEGER:
        return str(cell).replace("-", MINUS)
    if column.kind is Kind.P_VALUE:
        return _p_value(float(cell), column.places, style)
    return fixed(cell, column.places) + ("%" if column.kind is Kind.PERCENT else "")


def _p_value(p: float, decimals: int, style: NumberStyle) -> str:
    smallest = 10.0**-decimals
    if p < smallest:
        text = f"< {smallest:.{decimals}f}"
    elif float(f"{p:.{decimals}f}") >= 1.0:
        text = f"> {1 - smallest:.{decimals}f}"
    else:
        text = f"{p:.{decimals}f}"
    return text.replace("0.", ".", 1) if style is NumberStyle.APA else text
