"""The small font files that come along are DejaVu Sans, letter by letter."""

from itertools import product

import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from matplotlib.ft2font import FT2Font, LoadFlags

from review.figures.style import font_for, own_file
from tests.figures.small_fonts import BLOCKS, whole

WEIGHTS = pytest.mark.parametrize("bold", [False, True])


@WEIGHTS
def test_every_letter_has_the_outline_and_the_width_of_the_whole_font(bold: bool) -> None:
    small, large = TTFont(own_file(bold)), TTFont(whole(own_file(bold).name))
    assert 1_000 < len(small.getBestCmap()) < 2_000
    for code, name in small.getBestCmap().items():
        drawn = []
        for font in (small, large):
            glyphs = font.getGlyphSet()
            pen = DecomposingRecordingPen(glyphs)
            glyph = glyphs[font.getBestCmap()[code]]
            glyph.draw(pen)
            drawn.append((glyph.width, pen.value))
        assert drawn[0] == drawn[1], f"{name} U+{code:04X}"


@WEIGHTS
def test_it_has_all_that_the_whole_font_has_in_its_blocks(bold: bool) -> None:
    small, large = TTFont(own_file(bold)), TTFont(whole(own_file(bold).name))
    wanted = {code for first, last in BLOCKS for code in range(first, last + 1)}
    assert set(small.getBestCmap()) == wanted & set(large.getBestCmap())


@WEIGHTS
def test_pairs_of_letters_stand_as_close_as_in_the_whole_font(bold: bool) -> None:
    small, large = FT2Font(own_file(bold)), FT2Font(whole(own_file(bold).name))
    letters = "AVTWYLPFavtwyoe.,-−(1247)"
    closer = 0
    for pair in product(letters, repeat=2):
        wide = []
        for font in (small, large):
            font.set_size(100, 72)
            font.set_text("".join(pair), 0.0, flags=LoadFlags.NO_HINTING)
            wide.append(font.get_width_height()[0])
        assert wide[0] == wide[1], "".join(pair)
        single = []
        for letter in pair:
            small.set_text(letter, 0.0, flags=LoadFlags.NO_HINTING)
            single.append(small.get_width_height()[0])
        closer += wide[0] < sum(single) - 64
    assert closer, "some pairs are kerned at all"


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize(
    ("text", "small"),
    [("Müller (2012): τ² −0.30 → ≤", True), ("Šćepanović", True), ("Иванов", True),
     ("محمد", False), ("ქართული", False)],
)  # fmt: skip
def test_letters_beyond_europe_are_drawn_from_the_whole_font(
    text: str, small: bool, bold: bool
) -> None:
    file = own_file(bold)
    expected = file if small else whole(file.name)
    assert font_for(text, None, 8.0, bold).get_file() == str(expected)
