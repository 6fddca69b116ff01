"""Elementary functions of one number or of an array of them, by one name.

numpy takes ten times as long for a number as Python does. A formula written with these functions
serves an analysis on its own and a batch alike.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from review.arrays import Bools, Floats

__all__ = ["clip", "exp", "larger", "log", "sqrt", "where"]


def sqrt(x: Floats | float) -> Floats:
    """The square root.

    Examples
    --------
    >>> sqrt(4.0), sqrt(np.array([4.0])).tolist()
    (2.0, [2.0])
    """
    return cast(Floats, math.sqrt(x)) if isinstance(x, float) else np.sqrt(x)


def log(x: Floats | float) -> Floats:
    """The natural logarithm."""
    return cast(Floats, math.log(x)) if isinstance(x, float) else np.log(x)


def exp(x: Floats | float) -> Floats:
    """The exponential function."""
    return cast(Floats, math.exp(x)) if isinstance(x, float) else np.exp(x)


def larger(x: Floats | float, y: float) -> Floats:
    """The larger of two numbers."""
    return cast(Floats, max(x, y)) if isinstance(x, float) else np.maximum(x, y)


def clip(x: Floats | float, low: Floats | float, high: Floats | float) -> Floats:
    """``x``, or the end of the interval that it lies beyond."""
    if isinstance(x, float):
        return cast(Floats, min(max(x, low), high))
    return np.minimum(np.maximum(x, low), high)


def where(condition: Bools | bool, x: Floats | float, y: Floats | float) -> Floats:
    """``x`` where the condition holds, else ``y``."""
    if isinstance(condition, bool):
        return cast(Floats, x if condition else y)
    return np.where(condition, x, y)
