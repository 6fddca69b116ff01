"""UTF-8 that was read as Windows-1252 and saved as UTF-8 again, before the file came here."""

from __future__ import annotations

import re
from typing import Final

from review.wording import counted

_SIGN: Final = re.compile(
    "Ã[¤¶¼Ÿ©¨¡ª«­³º±§£µ¸¥¦\u0192„–œ‰˜]|â€[™œ˜“”¦¢\u009d\u0093\u0094]|Â[\u00a0°±µ·®«»]"
)
"""Letters and quotation marks that no language writes so, and UTF-8 read as Windows-1252 has."""

_RUN: Final = re.compile(r"[^\x00-\x7f]{2,}")


_TWICE: Final = re.compile(rb"\xc3(?:[\x82\x83]\xc2|\xa2\xe2\x82\xac)")


def holds_mojibake(data: bytes) -> bool:
    """Whether the bytes of a file in UTF-8 may have been encoded twice."""
    return _TWICE.search(data) is not None


def encoded_once(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text with the lines mended that were encoded twice, and a note that says so.

    Examples
    --------
    >>> encoded_once("Schlaf in MÃ¼nchen")
    ('Schlaf in München', ('1 line in UTF-8 twice, read as meant: München',))
    >>> encoded_once("NÃO É”")
    ('NÃO É”', ())
    """
    if "Ã" not in text and "â€" not in text and "Â" not in text:
        return text, ()
    lines = text.split("\n")
    mended = 0
    example = ""
    for place, line in enumerate(lines):
        if _SIGN.search(line) is None:
            continue
        once = _RUN.sub(lambda found: _decoded(found.group()), line)
        if once != line:
            lines[place] = once
            mended += 1
            example = example or next(w for w in once.split() if not w.isascii())
    if not mended:
        return text, ()
    said = f"{counted(mended, 'line')} in UTF-8 twice, read as meant: {example.strip('.,;:')}"
    return "\n".join(lines), (said,)


def _decoded(run: str) -> str:
    try:
        data = b"".join(bytes((ord(c),)) if ord(c) < 256 else c.encode("cp1252") for c in run)
        return data.decode("utf-8")
    except UnicodeError:
        return run
