"""White space in values."""

from __future__ import annotations

from typing import Final


def squeezed(value: str) -> str:
    """Return `value` without white space at its ends and with single spaces in it.

    Most values have no other, and to look is quicker than to split an abstract into its words.
    """
    if "  " not in value:
        if len(value) < _LONG or not value.isascii():
            if value.isprintable():
                return value.strip(" ")
        elif not any(sign in value for sign in _OTHER_SPACES):
            return value.strip(" ")
    return " ".join(value.split())


_LONG: Final = 200
"""Characters from which to look for each kind of white space is quicker than for all at once."""

_OTHER_SPACES: Final = "\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"
"""White space of ASCII but the space itself."""
