"""Elementary functions of one number or of an array of them, by one name.

numpy takes ten times as long for a number as Python does. A formula written with these functions
serves an analysis on its own and a batch alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import cast

import numpy as np

from review.arrays import Bools, Floats

__all__ = ["clip", "exp", "larger", "log", "some", "sqrt", "where"]


OfNumber = Callable[[float], Floats]
"""What takes a number and gives one, which is typed as an array is."""

_SQRT, _LOG, _EXP = cast(OfNumber, math.sqrt), cast(OfNumber, math.log), cast(OfNumber, math.exp)
_LARGER = cast(Callable[[float | Floats, float | Floats], Floats], max)
_SMALLER = cast(Callable[[float | Floats, float | Floats], Floats], min)


def sqrt(x: Floats | float) -> Floats:
    """The square root.

    Examples
    --------
    >>> sqrt(4.0), sqrt(np.array([4.0])).tolist()
    (2.0, [2.0])
    """
    return _SQRT(x) if isinstance(x, float) else np.sqrt(x)


def log(x: Floats | float) -> Floats:
    """The natural logarithm."""
    return _LOG(x) if isinstance(x, float) else np.log(x)


def exp(x: Floats | float) -> Floats:
    """The exponential function."""
    return _EXP(x) if isinstance(x, float) else np.exp(x)


def larger(x: Floats | float, y: float) -> Floats:
    """The larger of two numbers."""
    return _LARGER(x, y) if isinstance(x, float) else np.maximum(x, y)


def clip(x: Floats | float, low: Floats | float, high: Floats | float) -> Floats:
    """``x``, or the end of the interval that it lies beyond."""
    if isinstance(x, float):
        return _SMALLER(_LARGER(x, low), high)
    return np.minimum(np.maximum(x, low), high)


def where(condition: Bools | bool, x: Floats | float, y: Floats | float) -> Floats:
    """``x`` where the condition holds, else ``y``."""
    if isinstance(condition, bool):
        return cast(Floats, x if condition else y)
    return np.where(condition, x, y)


def some(x: Floats | float) -> bool:
    """Whether a number, or any of them, is not zero."""
    return bool(x) if isinstance(x, float) else bool(x.any())
