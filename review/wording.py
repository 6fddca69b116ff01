"""Plain words: counts, first letters, and what pydantic found wrong with a value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
