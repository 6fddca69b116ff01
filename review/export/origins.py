"""Where an exported number stands: the run that holds it, and the path to it in there."""

from __future__ import annotations

from typing import Final

SHORT_KEY: Final = 12
"""Digits of a run's key in an origin: 48 bits, so that two runs of one database never meet."""


def origin(key: str, *path: str | int) -> str:
    """Return the origin of a number, or of a row of numbers.

    Parameters
    ----------
    key : str
        The run's key, 64 hexadecimal digits.
    path : str or int
        Names and places inside the run's results, as `RunResults` has them.

    Examples
    --------
    >>> origin("1f0c5a2b9e77" + 52 * "0", "effects", 3, "yi")
    '1f0c5a2b9e77/effects/3/yi'
    """
    return "/".join([key[:SHORT_KEY], *map(str, path)])
