import math

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.figures.influence import InfluenceMeasure, InfluencePanel, influence_plot
from review.figures.paper import MM, Paper, on_paper
from tests.figures.artists import by_gid, overlaps
from tests.figures.synthetic import NAMES, SIZES

MEASURES = ("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat", "weight")


def panel(k: int, scale: float = 1.0) -> InfluencePanel:
    values = np.random.default_rng(k).normal(0, scale, (len(MEASURES), k))
    return InfluencePanel(
        "Synthetic: influence of each trial",
        tuple(NAMES[i % 2] for i in range(k)),
        tuple(
            InfluenceMeasure(name, tuple(map(float, row)), 0.0, (-1.96 * scale, 1.96 * scale))
            for name, row in zip(MEASURES, values, strict=True)
        ),
        tuple(i % 9 == 2 for i in range(k)),
        "Broken lines: the fit with all trials. " * 8,
    )


def test_each_value_stands_in_its_strip_on_its_studys_line() -> None:
    given = panel(20)
    figure = influence_plot(given)
    drawn = by_gid(figure)
    assert len(figure.axes) == len(MEASURES)
    for measure, axes in zip(given.measures, figure.axes, strict=True):
        plain, marked = drawn[measure.name], drawn[f"{measure.name}-influential"]
        assert plain.axes is marked.axes is axes
        places = {*zip(*plain.get_data(), strict=True), *zip(*marked.get_data(), strict=True)}
        assert places == set(zip(measure.values, range(20), strict=True))
        assert drawn[f"{measure.name}-reference"].get_xdata()[0] == 0.0
        cuts = [drawn[f"{measure.name}-cut-off-{j}"].get_xdata()[0] for j in (0, 1)]
        assert cuts == list(measure.cut_offs)
    height = figure.transFigure.inverted()
    for i in range(20):
        at = height.transform(figure.axes[3].transData.transform((0, i)))[1]
        assert drawn[f"label-{i}"].get_position()[1] == pytest.approx(at, abs=1e-12)


def test_influential_studies_are_diamonds_in_bold() -> None:
    drawn = by_gid(influence_plot(panel(20)))
    assert list(drawn["hat-influential"].get_ydata()) == [2, 11]
    assert (drawn["hat"].get_marker(), drawn["hat-influential"].get_marker()) == ("o", "D")
    for i in range(20):
        font = str(drawn[f"label-{i}"].get_fontproperties().get_file())
        assert ("Bold" in font) == (i in (2, 11))


def test_an_infinite_value_is_an_arrow_at_the_edge() -> None:
    rstudent = InfluenceMeasure("rstudent", (0.1, math.inf, -math.inf), 0.0)
    drawn = by_gid(influence_plot(InfluencePanel("S", ("A", "B", "C"), (rstudent,), (False,) * 3)))
    assert drawn["rstudent-1-cut"].get_marker() == ">"
    assert drawn["rstudent-2-cut"].get_marker() == "<"


@pytest.mark.parametrize("k", SIZES)
def test_no_text_overlaps_or_leaves_the_page(k: int) -> None:
    figure = influence_plot(panel(k))
    assert overlaps(figure) == []
    assert ("label-none" in by_gid(figure)) == (k == 0)


@pytest.mark.parametrize("column", [85.0, 174.0])
@pytest.mark.parametrize("low", [0.0, 0.0023, 1871.0])
def test_strips_are_called_by_words_and_none_is_without_a_number(column: float, low: float) -> None:
    values = tuple(low + x * (low or 0.007) / 40 for x in range(6))
    named = tuple(
        InfluenceMeasure(name, values, low, words=f"In words {n}")
        for n, name in enumerate(MEASURES)
    )
    with on_paper(Paper(column * MM, title=False)):
        figure = influence_plot(InfluencePanel("S", tuple("ABCDEF"), named, (False,) * 6))
    said = " ".join(text.get_text() for text in figure.texts)
    assert all(name not in said for name in ("rstudent", "QE.del"))
    assert "In words" in said
    assert all(len(axes.get_xticks()) for axes in figure.axes)


@pytest.mark.parametrize("scale", [1e-6, 1e3, 1e9])
def test_any_scale_of_values_fits(scale: float) -> None:
    assert overlaps(influence_plot(panel(4, scale))) == []


def test_impossible_panels_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="hat has 1 values for 2 studies"):
        InfluencePanel("S", ("A", "B"), (InfluenceMeasure("hat", (0.5,)),), (False, False))
    with pytest.raises(InvalidDataError, match="hat has a value that is not a number"):
        InfluencePanel("S", ("A",), (InfluenceMeasure("hat", (math.nan,)),), (False,))
    with pytest.raises(InvalidDataError, match="0 marks"):
        InfluencePanel("S", ("A",), (), ())
