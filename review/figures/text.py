"""Text that fits: measured widths, ellipses and wrapped lines."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from review.figures.numbers import with_minus
from review.figures.paper import lacking, paper
from review.figures.style import font_for, glyphs_of, substitute

POINTS_PER_INCH = 72.0
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
# On a screen hinting draws lines up to a fiftieth wider than they measure.
HINTED = 0.97
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# A study's year tells it from the author's other studies, so shortening spares it.
_YEAR = re.compile(r"\s*[(\[]?(?:1[89]|20)\d\d[a-z]?[)\]]?$")


def printable(text: str) -> str:
    """One line of what the fonts of this computer can draw, the paper's first.

    White space becomes a space, what no font has U+FFFD, of which `paper.lacking` keeps a list.
    """
    line = _printable(text, paper().family)
    if REPLACEMENT in line:
        drawn = zip(_one_line(text), line, strict=True)
        lacking().update(c for c, shown in drawn if shown == REPLACEMENT and c.isprintable())
    return line


def _one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


@lru_cache(maxsize=20_000)
def _printable(text: str, family: str | None) -> str:
    return "".join(
        c if c.isprintable() and (ord(c) in glyphs_of(family) or substitute(c)) else REPLACEMENT
        for c in _one_line(text)
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
        text, font_for(text, family, size, bold), ismath=False
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


class Cuts:
    """What was cut short in a figure, with a number each, for a key that says it in full."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def fit(self, text: str, size: float, widest: float, *, bold: bool = False) -> str:
        """The text if it fits, else what `shorten` leaves of it, with its number raised."""
        if width(text, size, bold=bold) <= widest:
            return text
        number = str(self._numbers.setdefault(text, len(self._numbers) + 1))
        mark = number.translate(RAISED)
        return shorten(text, size, widest - width(mark, size, bold=bold), bold=bold) + mark

    @property
    def key(self) -> str:
        """Each in full behind its number; nothing where none was cut."""
        told = (f"{str(n).translate(RAISED)} {text}" for text, n in self._numbers.items())
        return f"In full: {'; '.join(told)}." if self._numbers else ""


def title_lines(text: str, size: float, widest: float) -> list[str]:
    """Lines of a title in bold; none where the paper has no title."""
    return wrap(text, size, HINTED * widest, bold=True) if paper().title else []


def paragraph(text: str, size: float, widest: float) -> list[str]:
    """Lines of a note as wide as the page; negative numbers have the axis' minus signs."""
    return wrap(with_minus(text), size, HINTED * widest)


TOGETHER: Final = re.compile(r"[^\s=<>]+ [=<>] [−\d]\S*|[\[(][\d.]+% CI[\])]|Page \d+ of \d+")
"""What no line breaks: ``(n = 12)``, ``p < 0.001``, ``[95% CI]`` and ``Page 1 of 2``."""

_JOINER: Final = "\ue000"
"""Stands for a space that is kept: of private use, which no text has once it is printable."""


ALMOST: Final = 0.9
"""Of the room: a line whose words fill less of it, each measured alone, fits as a whole; letters
that are drawn together (kerning) widen none by a tenth."""


def words_of(text: str) -> list[str]:
    """Split a text at its spaces, but for those in what is kept `TOGETHER`."""
    joined = TOGETHER.sub(lambda found: found.group().replace(" ", _JOINER), printable(text))
    return [word.replace(_JOINER, " ") for word in joined.split()]


def wrap(text: str, size: float, widest: float, *, bold: bool = False) -> list[str]:
    """Lines no wider than `widest` inches, broken at spaces; a longer word within itself."""
    lines: list[str] = []
    space, long = width(" ", size, bold=bold), 0.0
    for word in words_of(text):
        joined = f"{lines[-1]} {word}" if lines else word
        long += space + width(word, size, bold=bold)
        if lines and (long <= ALMOST * widest or width(joined, size, bold=bold) <= widest):
            lines[-1] = joined
        else:
            lines += pieces(word, size, widest, bold=bold)
            long = width(lines[-1], size, bold=bold)
    return lines


def pointing(
    left: str, right: str, size: float, rooms: tuple[float, float]
) -> tuple[list[str], list[str]]:
    """Lines of what the two sides of an axis mean; each arrow stays with the word beside it."""
    arrow = width(" →", size)
    away, towards = (
        wrap(words, size, room - arrow) for words, room in zip((left, right), rooms, strict=True)
    )
    return (
        [f"← {away[0]}", *away[1:]] if away else [],
        [*towards[:-1], f"{towards[-1]} →"] if towards else [],
    )


def pieces(word: str, size: float, widest: float, *, bold: bool = False) -> list[str]:
    """Break a word that is too wide, at a space, hyphen or stroke if it can be, else anywhere."""
    found: list[str] = []
    while len(word) > 1 and width(word, size, bold=bold) > widest:
        fits = [n for n in range(1, len(word)) if width(word[:n], size, bold=bold) <= widest]
        most = fits[-1] if fits else 1
        stops = [n for n in range(2, most + 1) if word[n - 1] in " -/–"]
        at = stops[-1] if stops else most
        found.append(word[:at].rstrip())
        word = word[at:]
    return [*found, word]
