"""The font files beside the figures, made from those that matplotlib brings along.

Figures embed a part of a font in each PDF. From DejaVu Sans with its six thousand glyphs and the
rules of a dozen scripts that takes eight times as long as from one with European letters alone.
Run: python -m tests.figures.small_fonts
"""

from __future__ import annotations

import logging
from io import BytesIO
from pathlib import Path
from typing import Final

from fontTools.subset import Options, Subsetter, load_font
from matplotlib import get_data_path

from review.figures.style import own_file

BLOCKS: Final = (
    (0x0020, 0x007E), (0x00A0, 0x017F),  # Latin
    (0x0218, 0x021B), (0x02C6, 0x02DD), (0x1E00, 0x1EFF),  # Romanian, signs, Vietnamese and Welsh
    (0x0370, 0x03FF), (0x0400, 0x045F),  # Greek, Cyrillic
    (0x2000, 0x206F), (0x2070, 0x209F), (0x20AC, 0x20AC),  # dashes, raised digits, the euro
    (0x2116, 0x2122), (0x2190, 0x2199), (0x2202, 0x221E), (0x2227, 0x222B),  # №, ™, arrows, ∂ to ∫
    (0x2248, 0x2248), (0x2260, 0x2265), (0x2295, 0x2296), (0x22C5, 0x22C5),  # operators
    (0x25A0, 0x25CF), (0x25EF, 0x25EF), (0xFFFD, 0xFFFD),  # shapes
)  # fmt: skip
"""First and last code point of what European writing and figures need."""

SCRIPTS: Final = ("GDEF", "GPOS", "GSUB", "MATH", "FFTM")
"""Tables of rules for other scripts, for formulae, and of a time stamp."""


def whole(name: str) -> Path:
    """Return matplotlib's own file of a font."""
    return Path(get_data_path(), "fonts", "ttf", name)


def made(name: str) -> bytes:
    """Return the small file of a font; kerning stays, hinting and other scripts go."""
    options = Options(
        layout_features=[], layout_closure=False, glyph_names=True, name_IDs=["*"],
        notdef_outline=True, recommended_glyphs=True, hinting=False, legacy_kern=True,
        recalc_timestamp=False,
    )  # fmt: skip
    options.drop_tables = [table for table in options.drop_tables if table != "kern"]
    options.drop_tables += list(SCRIPTS)
    font = load_font(str(whole(name)), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[c for first, last in BLOCKS for c in range(first, last + 1)])
    subsetter.subset(font)
    font["cmap"].tables = [font["cmap"].getcmap(3, 1)]  # one list of letters instead of three
    held = BytesIO()
    font.save(held)
    return held.getvalue()


def main() -> None:
    """Write both files."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    for bold in (False, True):
        file = own_file(bold)
        file.write_bytes(made(file.name))


if __name__ == "__main__":
    main()
