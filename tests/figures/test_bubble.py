import math
from typing import Any

import pytest

from review.errors import InvalidDataError
from review.figures.bubble import Bubble, BubblePlot, Fitted, bubble_plot
from tests.figures.artists import by_gid, overlaps, point, words
from tests.figures.synthetic import SIZES, studies

INSTRUMENTS = ("BDI", "Hamilton Depression Rating Scale, 17 items, rated by a clinician", "PHQ-9")


def by_number(k: int, *, extreme: bool = False, **changes: Any) -> BubblePlot:
    plain: dict[str, Any] = {
        "title": "Synthetic: effects by year",
        "bubbles": tuple(
            Bubble(n, 1990.0 + i * 7 % 25, y, 100 / k / v)
            for i, (n, y, v) in enumerate(studies(k, extreme=extreme))
        ),
        "fitted": tuple(
            Fitted(x, 0.4 + b, 0.2 + b, 0.6 + b, -0.5 + b, 1.3 + b)
            for x in (1990.0, 2000.0, 2014.0)
            for b in ((x - 2000) / 50,)
        ) if k else (),
        "moderator": "Year",
        "whole": True,
        "effect_label": "Difference in standardized mean change",
        "favours_left": "favours the usual face-to-face delivery in a clinic",
        "favours_right": "favours CBT",
        "note": "Meta-regression. " * 20,
    }  # fmt: skip
    return BubblePlot(**(plain | changes))


def by_category(k: int) -> BubblePlot:
    bubbles = tuple(
        Bubble(n, INSTRUMENTS[i % 3], y, 1 / v) for i, (n, y, v) in enumerate(studies(k))
    )
    groups = [name for name in INSTRUMENTS if any(b.at == name for b in bubbles)]
    fitted = tuple(Fitted(name, 0.4, 0.2, 0.6, -0.5, 1.3, k=7) for name in groups)
    return by_number(k, bubbles=bubbles, fitted=fitted, moderator="Instrument", whole=False)


def test_bubbles_stand_at_moderator_and_effect_with_areas_by_weight() -> None:
    plot = by_number(20)
    drawn = by_gid(bubble_plot(plot))
    for i, bubble in enumerate(plot.bubbles):
        assert point(drawn[f"bubble-{i}"]) == (bubble.at, bubble.estimate)
    heaviest = max(b.weight for b in plot.bubbles)
    for i, bubble in enumerate(plot.bubbles):
        across = drawn[f"bubble-{i}"].get_markersize()
        assert (across / 15.0) ** 2 == pytest.approx(
            max(bubble.weight / heaviest, (2.2 / 15.0) ** 2)
        )


def test_the_line_and_both_bands_are_the_models() -> None:
    plot = by_number(20)
    drawn = by_gid(bubble_plot(plot))
    x, y = drawn["line"].get_data()
    assert (list(x), list(y)) == ([f.at for f in plot.fitted], [f.estimate for f in plot.fitted])
    for name, low, high in (
        ("confidence", "ci_low", "ci_high"),
        ("prediction", "pi_low", "pi_high"),
    ):
        corners = {tuple(v) for v in drawn[f"band-{name}"].get_paths()[0].vertices.tolist()}
        for fit in plot.fitted:
            assert (fit.at, getattr(fit, low)) in corners
            assert (fit.at, getattr(fit, high)) in corners


def test_categories_have_strips_of_their_own_with_mean_and_intervals() -> None:
    plot = by_category(20)
    figure = bubble_plot(plot)
    drawn = by_gid(figure)
    for i, bubble in enumerate(plot.bubbles):
        x, y = point(drawn[f"bubble-{i}"])
        assert x == bubble.estimate
        assert INSTRUMENTS.index(str(bubble.at)) == round(y)
    for j, group in enumerate(plot.fitted):
        assert point(drawn[f"group-{j}"])[0] == group.estimate
        assert list(drawn[f"interval-{j}"].get_xdata()) == [group.ci_low, group.ci_high]
        assert drawn[f"value-{j}"].get_text() == "0.40 [0.20, 0.60]"
        assert drawn[f"k-{j}"].get_text() == "k = 7"
    places = [point(drawn[f"bubble-{i}"])[1] for i in range(0, 20, 3)]
    assert len(set(places)) == len(places), "studies of one category hide each other"


def test_what_up_and_down_mean_is_said() -> None:
    said = " ".join(words(bubble_plot(by_number(20))).values())
    assert "↑ favours CBT" in said
    assert "↓ favours the usual" in said


def test_years_have_no_fractions() -> None:
    bubbles = tuple(Bubble("A", at, 0.1, 50.0) for at in (2010.0, 2011.0))
    figure = bubble_plot(by_number(2, bubbles=bubbles))
    assert all("." not in t.get_text() for t in figure.axes[0].get_xticklabels())


def test_a_study_that_dwarfs_the_others_is_an_arrow_and_named() -> None:
    figure = bubble_plot(by_number(20, extreme=True, note=""))
    assert by_gid(figure)["bubble-0-cut"].get_marker() == "^"
    assert overlaps(figure) == []
    assert "Beyond the axes: Smith (2001) (900.00)." in words(figure)["note-0"]


@pytest.mark.parametrize("k", SIZES)
def test_no_text_overlaps_or_leaves_the_page(k: int) -> None:
    assert overlaps(bubble_plot(by_number(k))) == []
    assert overlaps(bubble_plot(by_category(k))) == []


def test_no_studies_is_said() -> None:
    assert words(bubble_plot(by_number(0)))["empty"] == "No studies"


def test_impossible_plots_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="numbers or of categories"):
        by_number(2, bubbles=(Bubble("A", "x", 0.1, 1.0), Bubble("B", 1.0, 0.1, 1.0)))
    with pytest.raises(InvalidDataError, match='category "x" has no estimate'):
        by_number(2, bubbles=(Bubble("A", "x", 0.1, 1.0),), fitted=())
    with pytest.raises(InvalidDataError, match="no effect or no weight"):
        Bubble("A", 1.0, math.nan, 1.0)
    with pytest.raises(InvalidDataError, match="between"):
        Fitted(1.0, 0.5, 0.6, 0.7, 0.0, 1.0)
