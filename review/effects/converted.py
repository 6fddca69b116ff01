"""A converted number with its recipe: what was reported, what was assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

Plain = float | str | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Converted(Generic[T]):
    """What a paper's numbers were turned into, and how.

    Parameters
    ----------
    value
        The result: a number, or a small named tuple of numbers.
    recipe
        The rule in words, with its source.
    reported
        What the paper gave, by name.
    assumptions
        What it did not give and was assumed, by name; empty where nothing was.
    approximate
        Whether the rule holds only approximately, even if all assumptions are right.
    """

    value: T
    recipe: str
    reported: Mapping[str, Plain] = field(default_factory=dict)
    assumptions: Mapping[str, Plain] = field(default_factory=dict)
    approximate: bool = False
