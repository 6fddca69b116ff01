"""How far a printed number may be from the one that was rounded."""

from __future__ import annotations

from decimal import Decimal


def half_unit(value: float) -> float:
    """Return half of the last decimal place printed, at most half a unit.

    Trailing zeros are lost in a stored number: 5.60 counts as 5.6, which makes checks lenient.

    Examples
    --------
    >>> half_unit(5.25), half_unit(3.0)
    (0.005, 0.5)
    """
    exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
    return 0.5 * 10.0 ** min(0, int(exponent))


def digits(value: float) -> int:
    """Return the number of significant digits.

    Examples
    --------
    >>> digits(12.5), digits(0.04), digits(20.0)
    (3, 1, 1)
    """
    return len(Decimal(repr(float(value))).normalize().as_tuple().digits)
