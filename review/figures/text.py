"""Text that fits: measured widths, ellipses and wrapped lines."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from review.figures.paper import paper
from review.figures.style import font_of

POINTS_PER_INCH = 72.0
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# A study's year tells it from the author's other studies, so shortening spares it.
_YEAR = re.compile(r"\s*[(\[]?(?:1[89]|20)\d\d[a-z]?[)\]]?$")


@cache
def _glyphs(family: str | None) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(str(font_of(family, 8, bold=False).get_file())).get_charmap())


def printable(text: str) -> str:
    """One line of what the paper's font can draw; white space becomes a space, the rest U+FFFD."""
    return _printable(text, paper().family)


@lru_cache(maxsize=20_000)
def _printable(text: str, family: str | None) -> str:
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(
        character if ord(character) in _glyphs(family) and character.isprintable() else REPLACEMENT
        for character in line
    )


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line in inches at a font size in points."""
    return _width(text, size, bold, paper().family)


@lru_cache(maxsize=20_000)
def _width(text: str, size: float, bold: bool, family: str | None) -> float:
    from matplotlib.textpath import text_to_path

    if not text:
        return 0.0
    extent = text_to_path.get_text_width_height_descent(
        text, font_of(family, size, bold), ismath=False
    )
    return float(extent[0]) / POINTS_PER_INCH


def shorten(text: str, size: float, widest: float, *, bold: bool = False) -> str:
    """The text if it fits, else its beginning, an ellipsis and, where there is one, its year.

    Parameters
    ----------
    text : str
        One printable line.
    size : float
        Font size in points.
    widest : float
        Room in inches.
    bold : bool
        Whether it will be drawn in bold.

    Returns
    -------
    str
        No wider than `widest`, unless that is narrower than the ellipsis itself.
    """
    if width(text, size, bold=bold) <= widest:
        return text
    found = _YEAR.search(text)
    tail = " " + found.group().strip() if found and found.start() else ""
    head = text[: found.start()] if found and tail else text
    if width(ELLIPSIS + tail, size, bold=bold) > widest:
        head, tail = text, ""
    low, high = 0, len(head)
    while low < high:
        middle = (low + high + 1) // 2
        if width(head[:middle].rstrip() + ELLIPSIS + tail, size, bold=bold) <= widest:
            low = middle
        else:
            high = middle - 1
    return head[:low].rstrip() + ELLIPSIS + tail


def title_lines(text: str, size: float, widest: float) -> list[str]:
    """Lines of a title in bold; none where the paper has no title.

    On a screen hinting draws bold lines up to a fiftieth wider than they measure.
    """
    return wrap(text, size, 0.97 * widest, bold=True) if paper().title else []


def wrap(text: str, size: float, widest: float, *, bold: bool = False) -> list[str]:
    """Lines no wider than `widest` inches, broken at spaces; a longer word is shortened."""
    lines: list[str] = []
    for word in printable(text).split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width(joined, size, bold=bold) <= widest:
            lines[-1] = joined
        else:
            lines.append(shorten(word, size, widest, bold=bold))
    return lines
