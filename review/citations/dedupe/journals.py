"""Whether two names of journals are one: in full, abbreviated, or as initials."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Final


class Agreement(StrEnum):
    """What comparing one field of two records says."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """One of them does not have it."""


_SMALL: Final = frozenset(
    {
        "a", "an", "and", "at", "de", "der", "des", "die", "du", "et", "for", "fur", "in", "la",
        "le", "of", "on", "online", "print", "the", "und",
    }
)  # fmt: skip
_ALIKE: Final = {
    "bmj": "british medical journal",
    "jama": "journal american medical association",
    "nejm": "new england journal medicine",
    "pnas": "proceedings national academy sciences",
    "proceedings national academy sciences united states america":
        "proceedings national academy sciences",
}  # fmt: skip
"""Names that no rule makes one; keys and values without small words."""


@lru_cache(maxsize=200_000)
def same_journal(one: str, other: str) -> Agreement:
    """Return whether two names, as `words_of` gives them, are of one journal.

    A word agrees with another that it abbreviates: the same first letter, all its letters in
    order in the other (``natl`` and ``national``). A subtitle or place may follow the shorter
    name when at least two words agree.

    Examples
    --------
    >>> same_journal("clin microbiol rev", "clinical microbiology reviews").value
    'same'
    >>> same_journal("journal of digital studies", "workshop of digital studies").value
    'different'
    """
    if not one or not other:
        return Agreement.UNKNOWN
    if one == other:
        return Agreement.SAME
    first, second = _words(one), _words(other)
    if not first or not second:
        return Agreement.UNKNOWN
    if first == second:
        return Agreement.SAME
    if _initials(first, second) or _initials(second, first):
        return Agreement.SAME
    shorter, longer = sorted((first, second), key=len)
    agree = all(_abbreviates(a, b) for a, b in zip(shorter, longer, strict=False))
    enough = len(shorter) == len(longer) or (len(shorter) > 1 and len(longer) > len(shorter))
    return Agreement.SAME if agree and enough else Agreement.DIFFERENT


def _words(name: str) -> tuple[str, ...]:
    words = tuple(word for word in name.split() if word not in _SMALL)
    alike = _ALIKE.get(" ".join(words))
    return tuple(alike.split()) if alike else words


def _initials(short: tuple[str, ...], full: tuple[str, ...]) -> bool:
    return (
        len(short) == 1
        and len(full) > 1
        and len(short[0]) == len(full)
        and short[0] == "".join(word[0] for word in full)
    )


def _abbreviates(one: str, other: str) -> bool:
    short, full = sorted((one, other), key=len)
    if short[0] != full[0]:
        return False
    letters = iter(full)
    return all(letter in letters for letter in short)
