"""Letters of every script: drawn from a font that has them, or named with the remedy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from matplotlib import font_manager

from review.cli import main
from review.cli.figures import file_options, written
from review.config import settings
from review.db import Database
from review.figures import Forest, ForestRow, forest_plot, style, text
from review.figures.paper import Paper, lacking, on_paper
from review.figures.saving import FigureFormat, render
from review.figures.style import font_for, substitute
from review.figures.text import REPLACEMENT, printable, width

KANJI, PRIVATE = "\N{CJK UNIFIED IDEOGRAPH-5C71}", "\ue123"
HEBREW, ARABIC = "כהן", "محمد علي"


def test_arabic_and_hebrew_are_drawn_joined_and_from_right_to_left() -> None:
    assert printable(HEBREW) == HEBREW
    assert printable(ARABIC) == ARABIC
    # Joined letters are narrower than the same letters apart.
    assert width(ARABIC, 8.0) < 0.95 * sum(width(letter, 8.0) for letter in ARABIC)


def test_a_letter_that_only_another_font_has_is_drawn_from_it() -> None:
    if substitute(KANJI) is None:
        pytest.skip("no font of this computer has Chinese letters")
    assert printable(f"{KANJI} (2003)") == f"{KANJI} (2003)"
    families = font_for(f"{KANJI} (2003)", None, 8.0, False).get_family()
    assert families == ["DejaVu Sans", substitute(KANJI)]
    assert font_for("Smith (2003)", None, 8.0, False).get_file()  # its own file, as ever
    figure = forest_plot(Forest("x", (ForestRow(KANJI, 0.1, 0.0, 0.2),)))
    for kind in FigureFormat:
        assert render(figure, kind) == render(figure, kind)


def test_what_no_font_has_is_kept_in_a_list() -> None:
    with on_paper(Paper()):
        assert printable(f"a{KANJI}"[:1] + PRIVATE) == f"a{REPLACEMENT}"
        assert lacking() == set()  # of private use: no letter
        with on_paper(Paper()):
            assert lacking() == set()


@click.command()
@file_options
def draw(files: tuple[Path, ...], dpi: int) -> None:
    """Draw a study with a name that no font has."""
    written(forest_plot(Forest("x", (ForestRow(KANJI, 0.1, 0.0, 0.2),))), files, dpi, drawn="x")


@pytest.fixture
def _no_other_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    kept = (style._installed, style.substitute, text._printable)
    for cached in kept:
        cached.cache_clear()
    yield
    for cached in kept:
        cached.cache_clear()


@pytest.mark.usefixtures("_no_other_font")
def test_a_command_names_letters_that_no_font_has_and_what_helps(tmp_path: Path) -> None:
    ran = CliRunner().invoke(draw, ["-o", str(tmp_path / "a.svg")])
    assert ran.exit_code == 0, ran.output
    assert f"no font on this computer has them: {KANJI}. Install" in ran.output


EMPTY = {
    "margins multimedia": "has no margin",
    "screening": "nobody has decided",
    "risk-of-bias": "nothing appraised",
    "risk-of-bias --summary": "nothing appraised",
}


@pytest.mark.parametrize("command", EMPTY)
def test_no_empty_figure_is_drawn_and_the_remedy_is_said(
    command: str, delivery: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_DATABASE_URL", str(delivery.url))
    settings.cache_clear()
    file = tmp_path / "empty.svg"
    ran = CliRunner().invoke(main, ["plot", *command.split(), "-o", str(file)])
    assert ran.exit_code != 0
    assert EMPTY[command] in ran.output
    assert "review " in ran.output
    assert not file.exists()
