"""One text for one value: how text, times, JSON and numbers are stored, hashed and said."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
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
    """Return ``2026-11-23T09:15:00.000000Z``; raise InvalidDataError for a naive time."""
    if value.tzinfo is None:
        raise InvalidDataError("a time without a time zone cannot be stored")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


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


def fixed(value: float, decimals: int = 2) -> str:
    """Return a number with fixed decimals for people; what rounds to zero has no sign."""
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
