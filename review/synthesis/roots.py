"""The root of a function of one variable between two points where its sign differs."""

from __future__ import annotations

import math
from collections.abc import Callable

from review.errors import InvalidDataError

__all__ = ["bracketed_root"]

MOST_STEPS = 200
"""Bisection alone would exhaust a float's digits in fewer."""


def bracketed_root(
    f: Callable[[float], float], low: float, high: float, *, tolerance: float = 1e-13
) -> float:
    """Find x between `low` and `high` with f(x) = 0.

    Parameters
    ----------
    f : callable
        Continuous, of opposite sign (or zero) at the ends.
    low, high : float
    tolerance : float
        Relative to the size of x, and absolute below one.

    Returns
    -------
    float

    Raises
    ------
    InvalidDataError
        If the sign at both ends is the same.

    References
    ----------
    Chandrupatla 1997, Adv Eng Softw 28:145 (bisection and inverse quadratic interpolation).

    Examples
    --------
    >>> round(bracketed_root(lambda x: x * x - 2, 0.0, 2.0), 12)
    1.414213562373
    """
    a, b = high, low
    fa, fb = f(a), f(b)
    if fa == 0 or fb == 0:
        return a if fa == 0 else b
    if math.copysign(1, fa) == math.copysign(1, fb) or math.isnan(fa) or math.isnan(fb):
        raise InvalidDataError(f"There is no root between {low} and {high}.")
    t = 0.5
    for _ in range(MOST_STEPS):
        x = a + t * (b - a)
        fx = f(x)
        c, fc = (a, fa) if (fx > 0) == (fa > 0) else (b, fb)
        if (fx > 0) != (fa > 0):
            b, fb = a, fa
        a, fa = x, fx
        best = a if abs(fa) < abs(fb) else b
        nearness = tolerance * max(1.0, abs(best)) / abs(b - a) if b != a else 1.0
        if fa == 0 or nearness >= 0.5:
            return best
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        if 1 - math.sqrt(1 - xi) < phi < math.sqrt(xi):
            t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (
                fc - fb
            )
        else:
            t = 0.5
        t = min(1 - nearness, max(nearness, t))
    return a if abs(fa) < abs(fb) else b
