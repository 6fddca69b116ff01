import math
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

from review.errors import InvalidDataError
from review.figures.drapery import Drapery, PValueFunction, drapery_plot
from tests.figures.artists import by_gid, overlaps
from tests.figures.synthetic import SIZES, studies

P = (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 1.0)


def curve(label: str, estimate: float, se: float) -> PValueFunction:
    half = -ndtri(np.array(P) / 2) * se
    return PValueFunction(label, tuple(estimate - half), tuple(estimate + half))


def drapery(k: int, *, extreme: bool = False, **changes: Any) -> Drapery:
    plain: dict[str, Any] = {
        "title": "Synthetic: p-value functions",
        "p": P,
        "studies": tuple(curve(n, y, math.sqrt(v)) for n, y, v in studies(k, extreme=extreme)),
        "pooled": curve("Pooled effect", 0.4, 0.1) if k else None,
        "prediction": curve("Effect in a new study", 0.4, 0.3) if k > 1 else None,
        "favours_left": "favours control",
        "favours_right": "favours CBT",
        "note": "REML. " * 40,
    }
    return Drapery(**(plain | changes))


def test_curves_go_through_the_limits_at_each_p() -> None:
    given = drapery(20)
    drawn = by_gid(drapery_plot(given))
    assert given.pooled is not None
    for gid, of in (("pooled", given.pooled), ("study-7", given.studies[7])):
        x, y = drawn[gid].get_data()
        assert list(x) == [*of.low, *of.high[::-1]]
        assert list(y) == [*P, *P[::-1]]


def test_the_curve_of_the_pooled_effect_crosses_five_per_cent_at_its_interval() -> None:
    drawn = by_gid(drapery_plot(drapery(20)))
    x, y = (np.asarray(values) for values in drawn["pooled"].get_data())
    assert drawn["level-.05"].get_ydata()[0] == 0.05
    assert sorted(x[y == 0.05]) == pytest.approx([0.4 - 0.195996398, 0.4 + 0.195996398])


def test_the_prediction_region_is_bounded_by_its_limits() -> None:
    given = drapery(20)
    assert given.prediction is not None
    corners = by_gid(drapery_plot(given))["prediction"].get_xy()
    assert {tuple(c) for c in corners} >= set(zip(given.prediction.low, P, strict=True))
    assert {tuple(c) for c in corners} >= set(zip(given.prediction.high, P, strict=True))


@pytest.mark.parametrize(("k", "extreme"), [*((k, False) for k in SIZES), (20, True)])
def test_no_text_overlaps_or_leaves_the_page(k: int, extreme: bool) -> None:
    figure = drapery_plot(drapery(k, extreme=extreme))
    assert overlaps(figure) == []
    assert ("empty" in by_gid(figure)) == (k == 0)
    assert -6 < figure.axes[0].get_xlim()[0] < figure.axes[0].get_xlim()[1] < 6 or k < 20


def test_impossible_plots_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="must increase"):
        drapery(0, p=(0.5, 0.2, 1.0))
    with pytest.raises(InvalidDataError, match="2 pairs of limits for 7 p values"):
        drapery(0, studies=(PValueFunction("A", (0.0, 1.0), (2.0, 1.0)),))
    with pytest.raises(InvalidDataError, match="lower limit above"):
        PValueFunction("A", (2.0,), (1.0,))


@pytest.mark.parametrize(("k", "seen"), [(20, False), (200, True)])
def test_many_curves_do_not_hide_a_new_study_and_no_effect(k: int, seen: bool) -> None:
    drawn = by_gid(drapery_plot(drapery(k)))
    assert ("prediction-outline" in drawn) is seen
    above = drawn["study-0"].get_zorder()
    assert drawn["null-line"].get_zorder() > above
    if seen:
        assert drawn["prediction-outline"].get_zorder() > above
        styles = {a.get_linestyle() for g, a in drawn.items() if g.startswith("key-sample")}
        assert drawn["prediction-outline"].get_linestyle() in styles
