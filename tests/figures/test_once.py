"""A figure that is drawn once is in every format the one that matplotlib itself would draw."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray
from PIL import Image

from review.figures import FigureFormat, render
from review.figures.once import telling
from review.figures.pdf import _shown
from review.figures.saving import Task, files_of
from review.figures.style import font, own_settings
from review.figures.text import REPLACEMENT, printable
from tests.figures.artists import picture
from tests.figures.test_saving import plot


def everything() -> Figure:
    """Each kind of thing that a renderer is asked for: clipped, dashed, turned, in numbers."""
    figure = Figure(figsize=(4, 3), facecolor="white")
    axes = figure.add_axes((0.15, 0.15, 0.8, 0.75))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    rng = np.random.default_rng(5)
    axes.plot([-0.2, 1.2], [0.1, 0.9], ls="--", lw=2, color="#0072B2", alpha=0.6)
    axes.plot(rng.random(20), rng.random(20), "o", ms=5, mfc="#D55E00", mec="black", mew=0.5)
    axes.scatter(rng.random(9), rng.random(9), s=rng.uniform(5, 90, 9), c=rng.random(9))
    axes.hexbin(rng.random(50), rng.random(50), gridsize=9, extent=(0.5, 1, 0, 0.4))
    axes.fill_between([0, 0.4, 0.6], [0.2, 0.3, 0.1], hatch="//", facecolor="#EEEEEE")
    axes.imshow(rng.random((4, 4)), extent=(0.05, 0.3, 0.6, 0.9), aspect="auto")
    round_one = Circle((0.8, 0.8), 0.1, transform=axes.transData)
    (cut,) = axes.plot([0.6, 1.0], [0.7, 0.9], lw=9)
    cut.set_clip_path(round_one)
    x = np.linspace(-0.5, 1.5, 900)
    axes.plot(x, 0.5 + 0.4 * np.sin(9 * x) * np.exp(-x), lw=1.5, color="#009E73")
    axes.text(0.5, 0.5, "turned \u2212 τ²", rotation=30, ha="right", va="top", color="#555555")
    axes.text(0.9, 0.02, "right", ha="right")
    return figure


def as_matplotlib(figure: Figure) -> NDArray[np.int64]:
    held = BytesIO()
    with own_settings():
        figure.savefig(held, format="png", dpi=200, facecolor="white")
    return np.asarray(Image.open(held).convert("RGB")).astype(np.int64)


def test_a_picture_is_that_of_matplotlib_but_for_parts_of_a_pixel() -> None:
    one, other = picture(everything(), 200), as_matplotlib(everything())
    assert one.shape == other.shape
    far = np.abs(one - other).max(axis=2) > 64
    assert far.mean() < 0.003
    assert (other < 200).any(axis=2).mean() > 0.15, "something is drawn"


def leave_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from review.figures.once import Drawn

    monkeypatch.setattr(Drawn, name, lambda *_given, **_more: None)


@pytest.mark.parametrize(
    "name", ["draw_path", "draw_markers", "draw_path_collection", "draw_text", "draw_image"]
)
def test_the_comparison_sees_what_is_left_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = as_matplotlib(everything())
    leave_out(name, monkeypatch)
    far = np.abs(picture(everything(), 200) - other).max(axis=2) > 64
    assert far.mean() > 0.003


def test_a_figure_is_drawn_once_for_its_three_files(monkeypatch: pytest.MonkeyPatch) -> None:
    figure, times = everything(), []
    draw: Callable[[RendererBase], None] = figure.draw

    def counted(renderer: RendererBase) -> None:
        times.append(renderer)
        draw(renderer)

    monkeypatch.setattr(figure, "draw", counted)
    made = files_of(Task([figure], list(FigureFormat))).files
    assert len(times) == 1
    for kind, content in made.items():
        assert content == render(everything(), kind), kind


@pytest.mark.parametrize("tolerance", [0.1, 0.01])
def test_places_of_a_line_that_are_left_out_are_near_what_is_left(tolerance: float) -> None:
    x = np.linspace(0.0, 300.0, 500)
    places = np.column_stack([x, 100 * np.exp(-(((x - 150) / 40) ** 2))])
    kept = telling(places, tolerance)
    assert kept[0]
    assert kept[-1]
    assert kept.sum() < 200
    again = np.interp(x, places[kept, 0], places[kept, 1])
    steepest = np.hypot(1.0, np.abs(np.gradient(places[:, 1], x)).max())
    assert np.abs(again - places[:, 1]).max() <= tolerance * steepest
    assert telling(np.zeros((3, 2)), tolerance).tolist() == [True, False, True]


def test_a_line_beyond_its_axes_leaves_the_figure_as_it_is() -> None:
    figure = Figure(figsize=(3, 2))
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.plot(np.linspace(5, 6, 100), np.linspace(0, 1, 100), gid="far")
    made = files_of(Task([figure], list(FigureFormat))).files
    assert all(made.values())


@pytest.mark.parametrize("text", ["שלום 12", "12 漢字 of 30"])
def test_what_others_may_read_otherwise_is_not_told(text: str) -> None:
    figure = Figure(figsize=(3, 2))
    figure.text(0.1, 0.1, text, fontproperties=font(8, text=text))
    if REPLACEMENT in printable(text):
        pytest.skip("no font of this computer has these letters")
    assert files_of(Task([figure], [FigureFormat.PDF])).texts is None


def test_the_letters_of_a_pdf_stand_where_they_were_measured() -> None:
    kerned: list[bytes | float] = [b"x", -0.49] * 100
    shown = _shown(kerned)
    moved = sum(one for one in shown if not isinstance(one, bytes))
    assert abs(moved - -49.0) <= 1.0
    assert b"".join(one for one in shown if isinstance(one, bytes)) == b"x" * 100
    assert len(shown) < 110


def test_the_pages_of_a_pdf_have_one_font_and_each_its_own_size() -> None:
    from pypdf import PdfReader

    from review.figures import forest_plot

    small, large = forest_plot(plot()), everything()
    content = files_of(Task([small, large], [FigureFormat.PDF])).files[FigureFormat.PDF]
    pages = PdfReader(BytesIO(content)).pages
    for page, figure in zip(pages, (small, large), strict=True):
        wide, high = figure.get_size_inches()
        assert [float(x) for x in page.mediabox[2:]] == pytest.approx([72 * wide, 72 * high])
    assert "Depression" in pages[0].extract_text()
    assert "right" in pages[1].extract_text()
    assert figure.dpi == Figure().dpi, "the figure is as it was"
