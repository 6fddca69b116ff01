"""Figures for a journal's column: of that width, in type that can be read, nothing over another."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

from review.cli import main
from review.config import settings
from review.db import Database
from review.errors import InvalidDataError
from review.export.drawings.registry import pages_of
from review.export.tracing.printed import of_pages, pieces
from review.figures.paper import COLUMNS, DEEPEST, MM, Paper, on_paper, width_called
from review.figures.saving import FigureFormat, Task, files_of, render
from review.figures.text import RAISED, width
from tests.figures.artists import by_gid, overlaps
from tests.figures.test_contact_sheet import NAMES
from tests.tiers import WHOLE

SMALLEST = 6.9
"""Points, of every piece of type: 7 to 8, less what rounding takes."""

SIZES = (3, 12, 60, 200, 420)
KINDS = (*NAMES, "funnel", "baujat", "influence", "bubble", "strips", "gosh", "drapery")
GRID = [(name, k, column) for name in KINDS for k in SIZES for column in ("single", "double")]
"""Whether all of the grid is drawn, which takes minutes, instead of two cells of each kind."""


def _sample() -> list[tuple[str, int, str]]:
    chosen = random.Random(17)
    return [
        cell
        for name in KINDS
        for cell in chosen.sample([one for one in GRID if one[0] == name and one[1] < 200], 2)
    ]


def faults(figure: Figure, column: str, high: float) -> list[str]:
    """What an editor would send a page back for."""
    found = [f"{a} over {b}" for a, b in overlaps(figure)]  # asserts that no text leaves the page
    wide, tall = figure.get_size_inches()
    if abs(wide - COLUMNS[column] * MM) > 1e-6 or tall > high + 1e-6:
        found.append(f"{wide / MM:.0f} by {tall / MM:.0f} mm")
    texts = {g: a for g, a in by_gid(figure).items() if hasattr(a, "get_text") and a.get_text()}
    found += [f"{g} at {a.get_fontsize()}" for g, a in texts.items() if a.get_fontsize() < SMALLEST]
    found += [f"{g} is a title" for g in texts if g.startswith("title-")]
    note = " ".join(a.get_text() for g, a in texts.items() if "note-" in g)
    marks = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    for text in [a.get_text() for g, a in texts.items() if "note-" not in g] + marks:
        cut = text.partition("\N{HORIZONTAL ELLIPSIS}")[2]
        raised = "".join(c for c in cut if c in map(chr, RAISED.values()))
        if "\N{HORIZONTAL ELLIPSIS}" in text and not (raised and f"{raised} " in note):
            found.append(f"{text!r} is cut and stands nowhere in full")
    return found


def draw_cell(drawn: Any, name: str, k: int, column: str, **case: bool) -> Sequence[Figure]:
    """Return the pages of a kind for a journal's column; none where the command refuses."""
    results, diagnostics, synthetic = drawn
    draw = getattr(results, name, None) or getattr(diagnostics, name)
    with on_paper(Paper(width_called(column), height=DEEPEST * MM, title=False)):
        made = draw(synthetic.Case(f"k{k}", k, **case))
        return () if made is None else pages_of(made)


@pytest.mark.parametrize(("name", "k", "column"), GRID if WHOLE else _sample())
def test_every_kind_is_readable_at_every_size_on_every_column(
    drawn: Any, name: str, k: int, column: str
) -> None:
    for page in draw_cell(drawn, name, k, column):
        assert faults(page, column, DEEPEST * MM) == []


@pytest.mark.parametrize("name", KINDS)
def test_what_the_writer_of_a_pdf_tells_of_a_kind_is_what_is_read_in_it(
    drawn: Any, name: str
) -> None:
    made = files_of(Task(draw_cell(drawn, name, 12, "double"), [FigureFormat.PDF]))
    assert made.texts is not None
    read = pieces("figure.pdf", made.files[FigureFormat.PDF])
    assert of_pages(made.texts) == read
    assert read


@pytest.mark.parametrize("name", KINDS)
def test_long_names_and_extreme_effects_fit_a_single_column(drawn: Any, name: str) -> None:
    for case in ({"long": True}, {"extreme": True}):
        for page in draw_cell(drawn, name, 9, "single", **case):
            # A flow of nine reasons in sentences cannot be parted: it is as long as it is.
            high = 2.5 * DEEPEST if name == "prisma" else DEEPEST
            assert faults(page, "single", high * MM) == []


def test_an_editable_svg_keeps_its_text(drawn: Any) -> None:
    results, _, synthetic = drawn
    case = next(case for case in synthetic.CASES if case.name == "k3")
    with on_paper(Paper(editable=True)):
        text = render(results.forest(case)[0], FigureFormat.SVG).decode()
    assert "<text" in text
    assert "<text" not in render(results.forest(case)[0], FigureFormat.SVG).decode()


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
