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

# Every font that figures are drawn in has the letters up to here.
LAST_LATIN = 0xFF

# DejaVu Sans with European letters alone, in the files beside this module: a PDF of them is made in
# a quarter of the time. Texts with other letters are drawn from the whole font inside matplotlib.
FONTS = Path(__file__).parent / "fonts"

# Names of files of fonts that many scripts are in, the best drawn first.
PREFERRED = ("notosanscjk", "sourcehansans", "notosans", "droidsansfallback", "wqy", "unifont")

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
        "pdf.compression": 9,
        "pdf.fonttype": 42,  # TrueType, embedded; many journals refuse Type 3
        "ps.fonttype": 42,  # asked for how many letters one font of a PDF may have: 256 of Type 3
        # at 300 dots an inch hinting only shifts letters from where they were measured
        "text.hinting": "no_hinting",
    }
    with matplotlib.rc_context(defaults):
        yield


def font(size: float, *, bold: bool = False, text: str = "") -> FontProperties:
    """The paper's font, or DejaVu Sans from the file that comes along, not the system's copy.

    For a `text` with letters that it lacks (Chinese, Japanese, Korean) others of this computer
    stand behind it. Raises InvalidDataError where this computer lacks the family that the paper
    names.
    """
    return font_for(text, paper().family, size, bold)


def font_for(text: str, family: str | None, size: float, bold: bool) -> FontProperties:
    """Return the font of a family for a text, as `font` does of the paper's."""
    beyond = {c for c in text if ord(c) > LAST_LATIN}
    lacking = {c for c in beyond if ord(c) not in glyphs_of(family)}
    others = sorted({name for name in map(substitute, sorted(lacking)) if name is not None})
    european = all(ord(c) in _charmap(str(own_file(bold))) for c in beyond)
    return font_of(family, size, bold, tuple(others), whole=not european)


@cache
def glyphs_of(family: str | None) -> frozenset[int]:
    """Return the code points that a family draws itself."""
    return _charmap(str(font_of(family, 8, False, whole=True).get_file()))


@cache
def _charmap(file: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(file).get_charmap())


@cache
def substitute(character: str) -> str | None:
    """Return a family of this computer that draws a letter; None where there is none."""
    from matplotlib.font_manager import fontManager, get_font

    for file in _installed():
        if ord(character) in _charmap(file):
            name = str(get_font(file).family_name)
            if all(known.name != name for known in fontManager.ttflist):
                fontManager.addfont(file)  # installed since matplotlib last looked
            return name
    return None


@cache
def _installed() -> tuple[str, ...]:
    """The files of fonts, those first that were made to stand behind others."""
    from matplotlib.font_manager import findSystemFonts

    def preference(file: str) -> tuple[int, bool, str]:
        name = Path(file).name.casefold()
        known = next((i for i, word in enumerate(PREFERRED) if word in name), len(PREFERRED))
        return known, "regular" not in name, name

    return tuple(sorted(findSystemFonts(), key=preference))


def own_file(bold: bool, *, whole: bool = False) -> Path:
    """Return the file of DejaVu Sans: that with European letters, or the whole one."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path(), "fonts", "ttf", name) if whole else FONTS / name


@cache
def font_of(
    family: str | None,
    size: float,
    bold: bool,
    others: tuple[str, ...] = (),
    *,
    whole: bool = False,
) -> FontProperties:
    """Return the font of a family, with others behind it for letters that it lacks.

    `whole` asks for all of DejaVu Sans, not for its European letters alone.
    """
    from matplotlib.font_manager import FontProperties, findfont

    if others:
        weight = "bold" if bold else "normal"
        return FontProperties(family=[family or "DejaVu Sans", *others], weight=weight, size=size)
    if family is not None:
        wanted = FontProperties(family=family, weight="bold" if bold else "normal")
        try:
            file = findfont(wanted, fallback_to_default=False)
        except ValueError:
            raise InvalidDataError(f"This computer has no font of the family {family!r}.") from None
        return FontProperties(fname=file, size=size)
    return FontProperties(fname=own_file(bold, whole=whole), size=size)
