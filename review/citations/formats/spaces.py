"""White space in values."""

from __future__ import annotations


def squeezed(value: str) -> str:
    """Return `value` without white space at its ends and with single spaces in it.

    Most values have no other, and to look is quicker than to split an abstract into its words.
    """
    if "  " not in value and value.isprintable():
        return value.strip(" ")
    return " ".join(value.split())
