"""What a figure is drawn for: the width of a column, with or without title, in which type."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from review.errors import InvalidDataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MM: Final = 1 / 25.4
"""A millimetre in inches."""

COLUMNS: Final = {"single": 85.0, "one-and-a-half": 114.0, "double": 174.0}
"""Widths in millimetres that many journals set; theirs can be given as a number."""

NARROWEST: Final = 60.0
WIDEST: Final = 420.0
"""In millimetres: below it no text fits, above it no page does."""

DEEPEST: Final = 234.0
"""Millimetres of a page's height that journals leave a figure beside its caption."""

NARROW: Final = 5.0
"""Inches below which type is small and what a table can spare is left out."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a figure is drawn on; lengths in inches."""

    width: float | None = None
    """None for as wide as the figure likes to be."""
    height: float | None = None
    """Of the page: a longer figure goes on over several; None for as high as its lines need."""
    title: bool = True
    family: str | None = None
    """A family of fonts on this computer; None for DejaVu Sans, which comes with the program."""
    p: Callable[[float], str] | None = None
    """How p values are written; None for ``p = 0.045``."""
    editable: bool = False
    """Whether an SVG keeps text as text, which needs the font where it is opened."""

    @property
    def narrow(self) -> bool:
        """Whether it is a single column."""
        return self.width is not None and self.width < NARROW


_LACKING: ContextVar[set[str] | None] = ContextVar("lacking", default=None)
_PAPER: ContextVar[Paper] = ContextVar("paper", default=Paper())  # noqa: B039 - frozen


def paper() -> Paper:
    """Return what is drawn on now."""
    return _PAPER.get()


@contextmanager
def on_paper(chosen: Paper, *, keep: bool = False) -> Iterator[None]:
    """Draw on a paper, with a new list of lacking letters unless that so far is to be kept."""
    token, own = _PAPER.set(chosen), _LACKING.set(_LACKING.get() if keep else set())
    try:
        yield
    finally:
        _PAPER.reset(token)
        _LACKING.reset(own)


def lacking() -> set[str]:
    """Return the letters, on this paper so far, that no font of this computer draws."""
    found = _LACKING.get()
    return set() if found is None else found


def page_width(natural: float) -> float:
    """Return the width of a figure that can be of any: the paper's, or its natural one."""
    return paper().width or natural


def page_height() -> float:
    """Return how high a page may be; infinite where the paper sets no height."""
    return paper().height or math.inf


def split(
    count: int,
    fits: Callable[[range], bool],
    *,
    most: int | None = None,
    last: Callable[[int], bool] = lambda _: True,
) -> list[range]:
    """Part lines into pages, each with as many as fit it, at least one and `most` at the most.

    `last` says whether a page may end with a line.
    """
    found, start = list[range](), 0
    while start < count:
        low, high = start + 1, min(count, start + (most or count))
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(range(start, middle)) else (low, middle - 1)
        while start + 1 < low < count and not last(low - 1):
            low -= 1
        found.append(range(start, low))
        start = low
    return found


def one_page(draw: Callable[[], list[Figure]]) -> Figure:
    """Return a figure on one page, as high as its lines need, whatever the paper's height."""
    with on_paper(replace(paper(), height=None), keep=True):
        (figure,) = draw()
    return figure


def fitted(wanted: float, natural: float) -> float:
    """Return the width of a figure whose contents want some room.

    Raises InvalidDataError with the width that would do where the paper is narrower.
    """
    wide = paper().width
    if wide is None:
        return max(wanted, natural)
    if wanted > wide + 1e-6:
        needs = int(wanted / MM) + 1
        raise InvalidDataError(f"This figure needs {needs} mm and does not fit into {wide / MM:g}.")
    return wide


def width_called(text: str) -> float:
    """Return a width in inches: ``85mm``, ``single``, ``one-and-a-half`` or ``double``.

    Raises InvalidDataError.

    Examples
    --------
    >>> round(width_called("254mm"), 9), round(width_called("single") / MM)
    (10.0, 85)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*mm", text.strip().casefold())
    wide = float(found[1]) if found else COLUMNS.get(text.strip().casefold())
    if wide is None:
        raise InvalidDataError(f"{text!r} is no width; say 85mm, or one of {', '.join(COLUMNS)}.")
    if not NARROWEST <= wide <= WIDEST:
        raise InvalidDataError(f"A width is between {NARROWEST:g} and {WIDEST:g} mm.")
    return wide * MM
