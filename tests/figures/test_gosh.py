from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.figures import FigureFormat, render
from review.figures.gosh import Gosh, gosh_plot
from tests.figures.artists import by_gid, overlaps, point, words


def gosh(m: int = 4000, *, highlight: bool = False, **changes: Any) -> Gosh:
    """Synthetic subsets; those with the highlighted study lie to the right."""
    rng = np.random.default_rng(3)
    have = np.arange(m) % 2 == 0
    plain: dict[str, Any] = {
        "title": "Synthetic: subsets",
        "estimate": rng.normal(np.where(have, 2.0, 0.0), 0.1),
        "I2": rng.uniform(20, 80, m),
        "pooled": (1.0, 50.0),
        "highlight": "Müller-Lüdenscheidt, O'Brien & the Very Long Named Group (1999b)",
        "highlighted": have if highlight else None,
        "favours_left": "favours control",
        "favours_right": "favours CBT",
        "note": "All subsets. " * 20,
    }
    return Gosh(**(plain | changes))


def hexagons(figure: Any) -> tuple[Any, Any]:
    drawn = by_gid(figure)["hexagons"]
    return np.asarray(drawn.get_offsets()), np.asarray(drawn.get_facecolor())


def test_hexagons_are_where_subsets_are_and_nowhere_else() -> None:
    given = gosh()
    places, _ = hexagons(gosh_plot(given))
    x0, x1 = given.estimate.min(), given.estimate.max()
    assert x0 - 0.1 <= places[:, 0].min() < places[:, 0].max() <= x1 + 0.1
    assert not ((places[:, 0] > 0.6) & (places[:, 0] < 1.4)).any()
    assert 15 < places[:, 1].min() < places[:, 1].max() < 85


def test_fuller_hexagons_are_darker() -> None:
    estimate = np.array([0.0] * 1000 + [1.0])
    places, colours = hexagons(gosh_plot(gosh(1001, estimate=estimate, I2=np.full(1001, 50.0))))
    darkness = {round(float(x)): c[:3].sum() for (x, _), c in zip(places, colours, strict=True)}
    assert darkness[0] < darkness[1]


def test_the_highlighted_study_colours_its_subsets() -> None:
    figure = gosh_plot(gosh(highlight=True))
    places, colours = hexagons(figure)
    redder = colours[:, 0] > colours[:, 2]
    assert (redder == (places[:, 0] > 1.0)).all()
    assert words(figure)["key-0"].startswith("with Müller")


def test_histograms_hold_every_subset() -> None:
    drawn = by_gid(gosh_plot(gosh()))
    for side in ("above", "beside"):
        assert drawn[f"histogram-{side}"].get_data().values.sum() == 4000
    drawn = by_gid(gosh_plot(gosh(highlight=True)))
    for part in ("with", "without"):
        assert drawn[f"histogram-above-{part}"].get_data().values.sum() == 2000


def test_where_zero_means_nothing_the_axis_need_not_reach_it() -> None:
    figure = gosh_plot(gosh(null_line=False, estimate=np.full(4000, 5.0), pooled=None))
    assert "null-line" not in by_gid(figure)
    assert figure.axes[0].get_xlim()[0] > 3


def test_all_studies_are_a_diamond() -> None:
    drawn = by_gid(gosh_plot(gosh()))
    assert point(drawn["pooled"]) == (1.0, 50.0)


@pytest.mark.parametrize("m", [0, 1, 7, 4000])
@pytest.mark.parametrize("highlight", [False, True])
def test_no_text_overlaps_or_leaves_the_page(m: int, highlight: bool) -> None:
    figure = gosh_plot(gosh(m, highlight=highlight, pooled=(1.0, 50.0) if m else None))
    assert overlaps(figure) == []
    assert ("empty" in by_gid(figure)) == (m == 0)


def test_far_subsets_do_not_press_the_others_together() -> None:
    estimate = np.append(np.linspace(0, 1, 999), 1e6)
    figure = gosh_plot(gosh(1000, estimate=estimate, I2=np.full(1000, 5.0)))
    assert figure.axes[0].get_xlim()[1] < 2
    assert overlaps(figure) == []


def test_the_same_subsets_give_the_same_bytes() -> None:
    one, two = (render(gosh_plot(gosh(highlight=True)), FigureFormat.SVG) for _ in range(2))
    assert one == two


def test_impossible_subsets_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="differ in number"):
        gosh(5, I2=np.zeros(4))
    with pytest.raises(InvalidDataError, match="not a number"):
        gosh(2, I2=np.array([0.0, np.nan]))
