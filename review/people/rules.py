"""Whether two names may be the same person's: pure rules on plain values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

LONG: Final = 6
"""Letters from which two slips of the pen are forgiven instead of one."""


def near_misses(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that a name may be a slip for, the nearest first.

    Case, accents and punctuation do not tell persons apart; one slip (a letter too many, missing,
    wrong or swapped) is a near miss, two in names of six letters or more; so is a name that begins
    with the other, as a first name does. Names that differ by their number alone, such as
    reviewer1 and reviewer2, are different on purpose.

    Examples
    --------
    >>> near_misses("ana", ["anna", "ben"])
    ['anna']
    >>> near_misses("reviewer2", ["reviewer1"])
    []
    """
    found = []
    for other in known:
        distance = _distance(name, other)
        if distance is not None:
            found.append((distance, other))
    return [other for _, other in sorted(found)]


def _distance(one: str, other: str) -> int | None:
    first, second = _folded(one), _folded(other)
    if first == second:
        return 0
    if first and second and _without_digits(first) == _without_digits(second):
        return None
    longest, shortest = max(len(first), len(second)), min(len(first), len(second))
    from rapidfuzz.distance import OSA  # a name is looked for far more often than missed

    slips = OSA.distance(first, second)
    if slips <= (2 if shortest >= LONG else 1) and longest > 2:
        return slips
    begins = shortest >= 3 and (first.startswith(second) or second.startswith(first))
    return slips if begins else None


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(filter(str.isalnum, plain))


def _without_digits(name: str) -> str:
    return re.sub(r"\d+", "", name)
