import math
from typing import Any

import pytest
from scipy.special import ndtri

from review.errors import InvalidDataError
from review.figures.funnel import CONTOURS, Funnel, FunnelPoint, funnel_plot
from review.figures.paper import Paper, on_paper
from review.figures.scale import Notation
from tests.figures.artists import by_gid, overlaps, point, words
from tests.figures.synthetic import SIZES, studies


def points(k: int = 20, *, extreme: bool = False) -> tuple[FunnelPoint, ...]:
    return tuple(FunnelPoint(n, y, math.sqrt(v)) for n, y, v in studies(k, extreme=extreme))


def funnel(**changes: Any) -> Funnel:
    plain: dict[str, Any] = {
        "title": "Synthetic: funnel plot",
        "points": points(),
        "estimate": 0.4,
        "effect_label": "Difference in standardized mean change",
        "favours_left": "favours the usual face-to-face delivery in a clinic",
        "favours_right": "favours CBT",
        "note": "REML. " * 40,
    }
    return Funnel(**(plain | changes))


def test_studies_stand_at_effect_and_standard_error_with_precise_ones_on_top() -> None:
    figure = funnel_plot(funnel())
    drawn = by_gid(figure)
    for i, study in enumerate(points()):
        assert point(drawn[f"point-{i}"]) == (study.estimate, study.se)
    bottom, top = figure.axes[0].get_ylim()
    assert top == 0.0 < max(p.se for p in points()) < bottom


def test_contours_run_at_the_quantiles_of_p() -> None:
    drawn = by_gid(funnel_plot(funnel()))
    for p, quantile, _ in CONTOURS:
        assert quantile == pytest.approx(-float(ndtri(p / 2)), rel=1e-12)
        for side, sign in (("low", -1), ("high", 1)):
            corners = drawn[f"zone-{p:.2f}-{side}".replace("-0.", "-.")].get_xy()
            assert list(corners[0]) == [0.0, 0.0]
            assert corners[1][0] / corners[1][1] == pytest.approx(sign * quantile, rel=1e-12)


def test_a_zone_ends_where_the_next_begins() -> None:
    drawn = by_gid(funnel_plot(funnel()))
    assert list(drawn["zone-.10-high"].get_xy()[2]) == list(drawn["zone-.05-high"].get_xy()[1])
    assert list(drawn["zone-.05-low"].get_xy()[2]) == list(drawn["zone-.01-low"].get_xy()[1])


def test_the_key_writes_p_as_the_paper_does() -> None:
    def zones() -> list[str]:
        said = words(funnel_plot(funnel())).values()
        return [one for one in said if one.startswith("p ")]

    assert zones() == ["p 0.05 to 0.10", "p 0.01 to 0.05", "p < 0.01"]
    with on_paper(Paper(p=lambda p: f"P = {p:.2f}".replace("0.", "."))):
        assert zones() == ["p .05 to .10", "p .01 to .05", "p < .01"]


def test_pseudo_limits_leave_the_pooled_effect_by_the_quantile() -> None:
    drawn = by_gid(funnel_plot(funnel(quantile=1.5)))
    assert list(drawn["estimate-line"].get_xdata()) == [0.4, 0.4]
    for side, sign in (("low", -1), ("high", 1)):
        (x0, x1), (y0, y1) = drawn[f"limit-{side}"].get_data()
        assert (x0, y0) == (0.4, 0.0)
        assert (x1 - x0) / y1 == pytest.approx(sign * 1.5)


def test_filled_studies_are_hollow_and_the_funnel_stands_around_the_effect_with_them() -> None:
    filled = (FunnelPoint("filled 1", -0.3, 0.4),)
    drawn = by_gid(funnel_plot(funnel(filled=filled, adjusted=0.25)))
    assert point(drawn["filled-0"]) == (-0.3, 0.4)
    assert drawn["filled-0"].get_markerfacecolor() == "white"
    assert drawn["point-0"].get_markerfacecolor() != "white"
    assert list(drawn["adjusted-line"].get_xdata()) == [0.25, 0.25]
    assert drawn["limit-low"].get_xdata()[0] == 0.25
    assert "With filled studies, 0.25" in words(funnel_plot(funnel(adjusted=0.25))).values()


def test_a_study_that_dwarfs_the_others_is_an_arrow_and_named() -> None:
    figure = funnel_plot(funnel(points=points(20, extreme=True), note=""))
    drawn = by_gid(figure)
    low, high = figure.axes[0].get_xlim()
    assert -5 < low < high < 5
    assert drawn["point-0-cut"].get_marker() == ">"
    assert drawn["point-1-cut"].get_marker() == "v"
    assert point(drawn["point-0-cut"])[0] == high
    note = " ".join(text for gid, text in words(figure).items() if gid.startswith("note-"))
    assert note.startswith("Beyond the axes: Smith (2001) (900.00, standard error")


def test_ratios_are_written_as_ratios() -> None:
    figure = funnel_plot(funnel(notation=Notation.RATIO))
    assert f"Pooled, {math.exp(0.4):.2f}" in words(figure).values()
    labels = {t.get_text(): t.get_position()[0] for t in figure.axes[0].get_xticklabels()}
    assert labels["2.0"] == pytest.approx(math.log(2))


def test_where_zero_means_nothing_it_has_no_line_and_no_zones() -> None:
    drawn = by_gid(funnel_plot(funnel(null_line=False)))
    assert "null-line" not in drawn
    assert not any(gid.startswith("zone") for gid in drawn)


@pytest.mark.parametrize(("k", "extreme"), [*((k, False) for k in SIZES), (20, True)])
def test_no_text_overlaps_or_leaves_the_page(k: int, extreme: bool) -> None:
    filled = points(3) if k else ()
    figure = funnel_plot(
        funnel(
            points=points(k, extreme=extreme), filled=filled, adjusted=0.2 if k else None,
            estimate=0.4 if k else None, title="A long title of a synthetic funnel plot " * 3,
        )
    )  # fmt: skip
    assert overlaps(figure) == []
    assert ("empty" in by_gid(figure)) == (k == 0)


@pytest.mark.parametrize(("estimate", "se"), [(math.nan, 1.0), (0.0, 0.0), (0.0, math.inf)])
def test_impossible_points_are_refused(estimate: float, se: float) -> None:
    with pytest.raises(InvalidDataError, match="standard error above 0"):
        FunnelPoint("A (2001)", estimate, se)
