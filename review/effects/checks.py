"""Single numbers at the door of a conversion: refused where they cannot be right."""

from __future__ import annotations

import math

from review.errors import InvalidDataError


def finite(name: str, value: float) -> float:
    """The value; raises InvalidDataError unless it is a finite number."""
    return _held(name, value, math.isfinite(value), "is not a finite number")


def positive(name: str, value: float) -> float:
    """The value; raises InvalidDataError unless it is above zero."""
    return _held(name, value, 0.0 < value < math.inf, "is not above zero")


def not_negative(name: str, value: float) -> float:
    """The value; raises InvalidDataError unless it is zero or more."""
    return _held(name, value, 0.0 <= value < math.inf, "is negative")


def size(name: str, value: float, least: float = 2.0) -> float:
    """The value; raises InvalidDataError unless it is a sample size of at least ``least``."""
    return _held(name, value, least <= value < math.inf, f"is below {least:g}")


def correlation(name: str, value: float) -> float:
    """The value; raises InvalidDataError unless it lies between -1 and 1."""
    return _held(name, value, -1.0 <= value <= 1.0, "does not lie between -1 and 1")


def share(name: str, value: float) -> float:
    """The value; raises InvalidDataError unless it lies between 0 and 1, both excluded."""
    return _held(name, value, 0.0 < value < 1.0, "does not lie between 0 and 1")


def ascending(**values: float) -> None:
    """Raises InvalidDataError unless the values, in the order given, are finite and rise."""
    for name, value in values.items():
        finite(name, value)
    numbers = list(values.values())
    if numbers != sorted(numbers):
        told = ", ".join(f"{name} {value:g}" for name, value in values.items())
        raise InvalidDataError(f"These should rise in this order and do not: {told}.")


def _held(name: str, value: float, holds: bool, words: str) -> float:
    if not holds:
        raise InvalidDataError(f"{name} is {value:g}, which {words}.")
    return float(value)
