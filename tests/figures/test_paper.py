"""Figures for a journal's column: of that width, in type that can be read, nothing over another."""

from __future__ import annotations

import re
from typing import Any

import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

from review.cli import main
from review.config import settings
from review.db import Database
from review.errors import InvalidDataError
from review.figures.paper import COLUMNS, MM, Paper, on_paper, width_called
from review.figures.saving import FigureFormat, render
from review.figures.text import width
from tests.figures.artists import by_gid, overlaps
from tests.figures.test_contact_sheet import NAMES

SMALLEST = 6.0
"""Points: dates below the numbers of runs; all other type is 6.9 at the least."""


def _sizes(figure: Figure) -> list[tuple[str, float]]:
    texts = {g: a for g, a in by_gid(figure).items() if hasattr(a, "get_text") and a.get_text()}
    return [(gid, text.get_fontsize()) for gid, text in texts.items()]


def _drawn_or_needed(draw: Any, case: Any) -> tuple[Figure | None, int]:
    """Return the figure, or the millimetres that it says it needs."""
    try:
        return draw(case), 0
    except InvalidDataError as error:
        told = re.fullmatch(r"This figure needs (\d+) mm .*", str(error))
        return None, int(told[1]) if told else 0


@pytest.mark.parametrize("column", ["single", "double"])
@pytest.mark.parametrize("name", NAMES)
def test_every_figure_fits_a_column_or_says_which_it_needs(
    drawn: Any, name: str, column: str
) -> None:
    results, synthetic = drawn
    told = 0
    for case in synthetic.CASES:
        if case.name not in {"k3", "k12", "k70"}:
            continue
        with on_paper(Paper(width_called(column), title=False)):
            figure, needs = _drawn_or_needed(getattr(results, name), case)
            if figure is None:
                assert needs > COLUMNS[column]
                told += 1
                continue
            assert figure.get_size_inches()[0] == pytest.approx(COLUMNS[column] * MM)
            assert overlaps(figure) == []
            assert all(size >= SMALLEST for _, size in _sizes(figure)), _sizes(figure)
            assert not any(gid.startswith("title-") for gid, _ in _sizes(figure))
    assert told == 0 or column == "single"


def test_an_editable_svg_keeps_its_text(drawn: Any) -> None:
    results, synthetic = drawn
    case = next(case for case in synthetic.CASES if case.name == "k3")
    with on_paper(Paper(editable=True)):
        text = render(results.forest(case), FigureFormat.SVG).decode()
    assert "<text" in text
    assert "<text" not in render(results.forest(case), FigureFormat.SVG).decode()


def test_a_font_that_is_not_there_is_refused_and_widths_are_understood() -> None:
    with (
        on_paper(Paper(family="Nonesuch")),
        pytest.raises(InvalidDataError, match="no font of the family 'Nonesuch'"),
    ):
        width("x", 8.0)
    assert width_called("double") == pytest.approx(174 / 25.4)
    for wrong in ("85", "wide", "5mm", "900mm"):
        with pytest.raises(InvalidDataError):
            width_called(wrong)


def test_the_command_draws_for_a_column(
    delivery: Database, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_DATABASE_URL", str(delivery.url))
    settings.cache_clear()
    file = tmp_path / "a.svg"
    ran = CliRunner().invoke(
        main, ["plot", "forest", "multimedia", "--width", "single", "--no-title", "-o", str(file)]
    )
    assert ran.exit_code == 0, ran.output
    wide = re.search(r'<svg [^>]*width="([\d.]+)pt"', file.read_text("utf-8"))
    assert wide
    assert float(wide[1]) == pytest.approx(85 / 25.4 * 72, abs=0.01)
    told = CliRunner().invoke(main, ["plot", "forest", "multimedia", "--width", "x", "-o", "b.svg"])
    assert "'x' is no width" in told.output
