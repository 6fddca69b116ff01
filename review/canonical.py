"""One text for one value: how text, times, JSON and numbers are stored, hashed and said."""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any, Final

from review.errors import InvalidDataError

MAX_TEXT: Final = 1_000_000
"""Characters; longer than any quote, short enough to refuse a file pasted by mistake."""

_NEEDS_A_LOOK: Final = re.compile(r"[^\x01-\u02ff]")
"""Characters that a database or NFC could want otherwise: U+0300 is the first combining character,
and all below it stand in NFC already."""

_UNSTORABLE: Final = re.compile(r"[\x00\ud800-\udfff]")

HALF: Final = re.compile(r"[\ud800-\udfff]")
"""Half a character, which UTF-8 does not have."""


def clean_text(value: str) -> str:
    """Return `value` in NFC; raise InvalidDataError for NUL, lone surrogates and huge texts.

    ASCII, and one scan by a regular expression, come first: records bring tens of megabytes.
    """
    if len(value) > MAX_TEXT:
        raise InvalidDataError(f"text of {len(value):,} characters; at most {MAX_TEXT:,} are kept")
    if value.isascii() and "\x00" not in value:
        return value
    if _NEEDS_A_LOOK.search(value) is None:
        return value
    if _UNSTORABLE.search(value):
        raise InvalidDataError("text holds a NUL or half a character; check the file's encoding")
    return unicodedata.normalize("NFC", value)


def utc_text(value: datetime) -> str:
    """Return ``2026-11-23T09:15:00.000000Z``, a year always in four digits.

    Raises InvalidDataError for a naive time, and one that UTC puts outside the calendar.
    """
    if value.tzinfo is None:
        raise InvalidDataError("a time without a time zone cannot be stored")
    try:
        plain = value.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise InvalidDataError(f"{value} is outside the calendar") from None
    return f"{plain.isoformat(timespec='microseconds')}Z"


def canonical_json(value: object) -> str:
    """Return JSON with sorted keys and no spaces, fit for hashing; NaN is refused."""
    if isinstance(value, list | tuple) and all(type(text) is str for text in value):
        return f"[{','.join(map(encode_basestring, value))}]"  # the same, without an encoder
    return _CANONICAL.encode(value)


_CANONICAL: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def parsed_json(text: str | bytes) -> Any:
    """Return what JSON of anybody's making says.

    Raises ValueError for what is none, lists that lie too deep in each other included.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("lists or objects lie too deep in each other") from None


class CanonicalText(str):
    """The canonical JSON of a value, written already: stored as it is, and not once more."""

    __slots__ = ()


def sha256_of(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of `value`, as 64 hexadecimal digits."""
    return sha256_of_text(canonical_json(value))


def sha256_of_text(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


MOST_DECIMALS: Final = 5
"""Of a number in print, however narrow its interval."""

STEPS: Final = 5
"""Units of the last decimal that an interval spans at least: rounding then moves no limit by more
than a tenth of it."""


def decimals_for(
    limits: tuple[float, float], marks: Iterable[float] = (0.0,), least: int = 2
) -> int:
    """Return the decimals that an estimate with these limits is printed with.

    Parameters
    ----------
    limits : (float, float)
        Of its interval, as printed: of ratios the ratios.
    marks : iterable of float
        What limits are read against: no effect, margins.
    least : int
        Decimals of an interval that needs no more.

    Returns
    -------
    int
        `least`; more for an interval narrower than five units of the last decimal, up to
        `MOST_DECIMALS`, and where a limit would round to a mark (`telling`).

    Examples
    --------
    >>> decimals_for((-0.67, 0.07)), decimals_for((-0.012, 0.021)), decimals_for((-0.96, -0.004))
    (2, 3, 3)
    >>> decimals_for((0.84, 0.998), marks=(1.0,)), decimals_for((-0.502, 0.1), (0.0, -0.5))
    (3, 3)
    >>> decimals_for((70.2, 95.1), (100.0,), least=0), decimals_for((0.6, 1.4), (1.0,), least=0)
    (0, 1)
    """
    low, high = limits
    decimals = least
    while decimals < MOST_DECIMALS and 0 < high - low < STEPS * 10.0**-decimals:
        decimals += 1
    return telling(limits, decimals, marks)


def telling(limits: tuple[float, float], decimals: int, marks: Iterable[float] = (0.0,)) -> int:
    """Return the decimals that tell limits from marks: more where one would round to it.

    What is concluded from an interval must be seen in it, as from a p value. Beyond two more, a
    limit is as good as there.

    Examples
    --------
    >>> telling((-0.96, -0.004), 2), telling((0.0, 1.2), 2)
    (3, 2)
    """
    pairs = [(limit, mark) for limit in limits for mark in marks if limit != mark]
    for more in range(decimals, decimals + 3):
        if not any(round(limit, more) == round(mark, more) for limit, mark in pairs):
            return more
    return decimals


def own_decimals(value: float, least: int = 2) -> int:
    """Return the decimals that show a number as it was chosen, a margin of 0.025 with three.

    Examples
    --------
    >>> own_decimals(0.5), own_decimals(0.025), own_decimals(1 / 3)
    (2, 3, 2)
    """
    for decimals in range(least, MOST_DECIMALS):
        if abs(round(value, decimals) - value) < 1e-9:
            return decimals
    return least


RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

LARGEST_PLAIN: Final = 1e4
"""A ratio from which on digits say nothing and take the room of a line."""


def power_of_ten(logarithm: float) -> str:
    """Return the exponential of a natural logarithm as people write large numbers.

    Examples
    --------
    >>> power_of_ten(53.4), power_of_ten(math.log(9.97e5))
    ('1.6×10²³', '1.0×10⁶')
    """
    power = math.floor(logarithm / math.log(10))
    if round(math.exp(logarithm - power * math.log(10)), 1) == 10:
        power += 1
    first = math.exp(logarithm - power * math.log(10))
    return f"{first:.1f}×10{str(power).translate(RAISED)}"


LARGEST: Final = 1e12
"""A number from which on no digit is read."""


def fixed(value: float, decimals: int = 2) -> str:
    """Return a number with fixed decimals for people; what rounds to zero has no sign.

    Examples
    --------
    >>> fixed(-0.001), fixed(-2.5e19), fixed(math.inf)
    ('0.00', '-2.5×10¹⁹', '∞')
    """
    if abs(value) >= LARGEST:
        size = "∞" if math.isinf(value) else power_of_ten(math.log(abs(value)))
        return f"{'-' if value < 0 else ''}{size}"
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def number(value: float | None, decimals: int = 2) -> str:
    """Return a number for people; nothing for None."""
    return "" if value is None else fixed(value, decimals)


def interval(limits: tuple[float, float] | None, decimals: int = 2) -> str:
    """Return ``[-0.17, 1.33]``; nothing for None."""
    return "" if limits is None else f"[{fixed(limits[0], decimals)}, {fixed(limits[1], decimals)}]"


def p_value(value: float | None) -> str:
    """Return a p value with three decimals, ``<0.001`` below that."""
    if value is None:
        return ""
    return "<0.001" if value < 0.0005 else f"{value:.3f}"
