"""Numbers as print wants them: fixed decimals, a real minus sign, never a negative zero."""

from __future__ import annotations

import math
import re
from typing import Final

from review.figures.paper import paper

MINUS = "\N{MINUS SIGN}"
INFINITY = "\N{INFINITY}"

# Beyond ten million a column of fixed decimals says less than a power of ten does.
LARGEST_FIXED = 1e7


_HYPHEN: Final = re.compile(r"(?<![^\s(\[“\"=±<>≤≥×])(?<!\d )-(?=\.?\d)")
"""A hyphen before a digit that is no part of a word, a range or a date: a minus sign."""


def with_minus(text: str) -> str:
    """Return a text whose negative numbers have real minus signs.

    Examples
    --------
    >>> with_minus("from -0.38 [-1.09, 0.32] on 2026-09-16, PHQ-9, aged 12 - 18")
    'from −0.38 [−1.09, 0.32] on 2026-09-16, PHQ-9, aged 12 - 18'
    """
    return _HYPHEN.sub(MINUS, text)


def fixed(value: float, decimals: int) -> str:
    """Write a number with a fixed count of decimals.

    Parameters
    ----------
    value : float
        Any number but NaN.
    decimals : int
        Digits after the point, 0 or more.

    Returns
    -------
    str
        ``"−0.30"``; what rounds to zero carries no sign; infinities are ``∞`` and ``−∞``;
        from 10⁷ on, scientific notation with the same decimals.

    Examples
    --------
    >>> fixed(-0.304, 2), fixed(-0.001, 2)
    ('−0.30', '0.00')
    """
    if math.isinf(value):
        return INFINITY if value > 0 else MINUS + INFINITY
    text = f"{abs(value):.{decimals}{'e' if abs(value) >= LARGEST_FIXED else 'f'}}"
    negative = value < 0 and any(digit in "123456789" for digit in text)
    return MINUS + text if negative else text


def bracketed(low: float, high: float, decimals: int) -> str:
    """Write an interval: ``[−0.67, 0.07]``."""
    return f"[{fixed(low, decimals)}, {fixed(high, decimals)}]"


def p_words(p: float) -> str:
    """Write a p value as the paper has it, by default ``p = 0.045`` and ``p < 0.001``."""
    told = paper().p
    if told is not None:
        return told(p)
    return "p < 0.001" if p < 0.0005 else f"p = {p:.3f}"


def p_level(p: float) -> str:
    """Write a round level as the paper writes p values: ``0.05``, or ``.05`` where it says so."""
    text = fixed(p, 2)
    return text if "0." in p_words(p) else text.removeprefix("0")
