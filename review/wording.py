"""Plain words: counts, first letters, and what pydantic found wrong with a value. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return ``1 study`` or ``2 studies``; `many` where it is not `one` with an s.

    Examples
    --------
    >>> counted(1, "trial"), counted(2, "trial"), counted(0, "study", "studies")
    ('1 trial', '2 trials', '0 studies')
    """
    return f"{n} {one if n == 1 else many or one + 's'}"


def capitalised(words: str) -> str:
    """Return words as a sentence begins, the rest as it is: ``REML, t intervals`` stays so.

    Examples
    --------
    >>> capitalised("one trial of CBT")
    'One trial of CBT'
    """
    return words[:1].upper() + words[1:]


def lowered(words: str) -> str:
    """Return words as they stand within a sentence; an abbreviation keeps its capitals.

    Examples
    --------
    >>> lowered("Risk ratio"), lowered("SMD")
    ('risk ratio', 'SMD')
    """
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def with_article(words: str) -> str:
    """Return words with their indefinite article, by their first letter.

    Examples
    --------
    >>> with_article("odds ratio"), with_article("risk ratio")
    ('an odds ratio', 'a risk ratio')
    """
    return f"{'an' if words[:1].lower() in set('aeio') else 'a'} {words}"


_DIGITS: Final = re.compile(r"(\d+)")


def by_name(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return what names are sorted by, as readers look for them: numbers by size, no accents.

    Examples
    --------
    >>> sorted(["Trial 10", "Trial 9", "de Graaf 2008", "Zettle 1989", "Åberg 2001"], key=by_name)
    ['Åberg 2001', 'de Graaf 2008', 'Trial 9', 'Trial 10', 'Zettle 1989']
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    parts = enumerate(_DIGITS.split(bare.casefold()))
    made = tuple((0, int(part), "") if place % 2 else (1, 0, part) for place, part in parts)
    return (*made, (2, 0, name))


LEAST_LIKENESS: Final = 0.8
"""Share of characters in common (Ratcliff and Obershelp) from which two names look alike."""

SHORTEST_BEGINNING: Final = 3
"""Characters of a name that another may begin with to look like it: ``post`` and ``post-test``."""


def looks_like(one: str, other: str) -> bool:
    """Whether two names may be meant for the same: a hint for people, never a decision.

    Case, accents of width, blanks and signs do not count. Names whose digits differ are never
    alike: ``3 months`` is not ``6 months``, nor PHQ-8 PHQ-9.

    Examples
    --------
    >>> looks_like("Post-treatment", "post"), looks_like("Video-CBT", "video CBT")
    (True, True)
    >>> looks_like("3 months", "6 months"), looks_like("BDI-II", "PHQ-9")
    (False, False)
    """
    a, b = (_bare(name) for name in (one, other))
    if not a or not b:
        return False
    digits = [[c for c in name if c.isdigit()] for name in (a, b)]
    if all(digits) and digits[0] != digits[1]:
        return False
    shorter, longer = sorted((a, b), key=len)
    if a == b or (len(shorter) >= SHORTEST_BEGINNING and longer.startswith(shorter)):
        return True
    return SequenceMatcher(None, a, b, autojunk=False).ratio() >= LEAST_LIKENESS


def _bare(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean CBT?`` where a known name looks like it; else nothing."""
    near = [one for one in known if looks_like(name, one)]
    return f"; did you mean {' or '.join(near[:3])}?" if near else ""


def plainly(detail: ErrorDetails) -> str:
    """Return what is wrong with a value as a sentence for the person who typed it.

    Parameters
    ----------
    detail
        One of ``ValidationError.errors()``.

    Returns
    -------
    str
        Bounds, lengths, choices and short names in our words; of what our own validators raise,
        their sentence; of anything rarer, pydantic's.
    """
    said = _SAID.get(detail["type"])
    if said is None:
        return detail["msg"].removeprefix("Value error, ")
    given = {name: str(value).replace("'", "") for name, value in detail.get("ctx", {}).items()}
    if given.get("min_length") == "1" and detail["input"] == "":
        return "it is empty"
    length = given.get("min_length") or given.get("max_length")
    ending = "" if length == "1" else "s"
    return said.format(value=_shown(detail["input"]), ending=ending, **given)


def _shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else f"{value}"
    return text if len(text) <= 60 else f"{text[:57]}..."


_SAID: Final[Mapping[str, str]] = {
    "greater_than_equal": "{value} is too small; it must be at least {ge}",
    "greater_than": "{value} is too small; it must be greater than {gt}",
    "less_than_equal": "{value} is too large; it must be at most {le}",
    "less_than": "{value} is too large; it must be less than {lt}",
    "string_pattern_mismatch": (
        "{value} is no short name: lower-case letters and digits, joined by single hyphens or "
        "underscores"
    ),
    "string_too_short": "it must have at least {min_length} character{ending}",
    "string_too_long": "it must have at most {max_length} character{ending}",
    "missing": "it is missing",
    "extra_forbidden": "there is nothing of this name",
    "enum": "{value} is not one of {expected}",
    "literal_error": "{value} is not one of {expected}",
    "finite_number": "{value} is not a finite number",
    "float_parsing": "{value} is not a number",
    "float_type": "{value} is not a number",
    "int_parsing": "{value} is not a whole number",
    "int_type": "{value} is not a whole number",
    "int_from_float": "{value} is not a whole number",
    "bool_parsing": "{value} is neither true nor false",
    "string_type": "{value} is not text",
}
