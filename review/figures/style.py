"""Colours, font files and settings that every figure shares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from review.errors import InvalidDataError
from review.figures.paper import paper

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

# Okabe & Ito's palette, told apart with any colour vision (Okabe & Ito 2008,
# https://jfly.uni-koeln.de/color/).
BLACK = "#000000"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
# Greys for rules and secondary text; the zone is Okabe-Ito orange at one fifth on white, written as
# an opaque colour because some journals' PDF checks refuse transparency.
GREY = "#555555"
PALE = "#BBBBBB"
ZONE = "#FAECCC"
# Bands around a line: blue at one fifth and at one twelfth on white.
BAND = "#CCE3F0"
FAINT_BAND = "#EBF4F9"

# Fixed so that element ids in SVG are the same on each run.
HASH_SALT = "living-review"

# The families of matplotlib's settings that change what is drawn; the rest (backend, key bindings)
# belongs to the process.
DRAWING = frozenset(
    {"agg", "axes", "figure", "font", "hatch", "legend", "lines", "markers", "mathtext", "patch"}
    | {"path", "pdf", "savefig", "svg", "text", "xtick", "ytick"}
)


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw under matplotlib's defaults, whatever the reader's own matplotlibrc says."""
    import matplotlib

    defaults = {
        key: value
        for key, value in matplotlib.rcParamsDefault.items()
        if key.split(".")[0] in DRAWING
    }
    defaults |= {
        "svg.hashsalt": HASH_SALT,
        # glyphs as outlines: no font is needed to show the file
        "svg.fonttype": "none" if paper().editable else "path",
        "pdf.fonttype": 42,  # TrueType, embedded; many journals refuse Type 3
    }
    with matplotlib.rc_context(defaults):
        yield


def font(size: float, *, bold: bool = False) -> FontProperties:
    """The paper's font, or DejaVu Sans from the file inside matplotlib, not the system's copy.

    Raises InvalidDataError where this computer lacks the family that the paper names.
    """
    return font_of(paper().family, size, bold)


@cache
def font_of(family: str | None, size: float, bold: bool) -> FontProperties:
    """Return the font of a family, as `font` does of the paper's."""
    import matplotlib
    from matplotlib.font_manager import FontProperties, findfont

    if family is not None:
        wanted = FontProperties(family=family, weight="bold" if bold else "normal")
        try:
            file = findfont(wanted, fallback_to_default=False)
        except ValueError:
            raise InvalidDataError(f"This computer has no font of the family {family!r}.") from None
        return FontProperties(fname=file, size=size)
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return FontProperties(fname=Path(matplotlib.get_data_path(), "fonts", "ttf", name), size=size)
