"""What a figure is drawn for: the width of a column, with or without title, in which type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from review.errors import InvalidDataError

MM: Final = 1 / 25.4
"""A millimetre in inches."""

COLUMNS: Final = {"single": 85.0, "one-and-a-half": 114.0, "double": 174.0}
"""Widths in millimetres that many journals set; theirs can be given as a number."""

NARROWEST: Final = 60.0
WIDEST: Final = 420.0
"""In millimetres: below it no text fits, above it no page does."""

NARROW: Final = 5.0
"""Inches below which type is small and what a table can spare is left out."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a figure is drawn on; lengths in inches."""

    width: float | None = None
    """None for as wide as the figure likes to be."""
    title: bool = True
    family: str | None = None
    """A family of fonts on this computer; None for DejaVu Sans, which comes with the program."""
    editable: bool = False
    """Whether an SVG keeps text as text, which needs the font where it is opened."""

    @property
    def narrow(self) -> bool:
        """Whether it is a single column."""
        return self.width is not None and self.width < NARROW


_PAPER: ContextVar[Paper] = ContextVar("paper", default=Paper())  # noqa: B039 - frozen


def paper() -> Paper:
    """Return what is drawn on now."""
    return _PAPER.get()


@contextmanager
def on_paper(chosen: Paper) -> Iterator[None]:
    """Draw on a paper."""
    token = _PAPER.set(chosen)
    try:
        yield
    finally:
        _PAPER.reset(token)


def page_width(natural: float) -> float:
    """Return the width of a figure that can be of any: the paper's, or its natural one."""
    return paper().width or natural


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
