"""The scale of a reported estimate: ratios as printed, logarithms, and no two metrics in one."""

from __future__ import annotations

from math import exp, log

import pytest

from review.living.job.work import Found, Made, Unfit, work_off
from tests.living.job.test_work import contrast, task

Z = 1.959963984540054


def only(
    metric: str, estimate: float, ci_low: float, ci_high: float, *, measure: str = "OR"
) -> Found:
    item = contrast(1, estimate, None, metric=metric, ci_low=ci_low, ci_high=ci_high)
    (found,) = work_off([task(item, measure=measure)])
    return found


@pytest.mark.parametrize(
    ("metric", "measure"),
    [("OR", "OR"), ("odds ratio", "OR"), ("RR", "RR"), ("ROM", "ROM"), ("HR", "GEN")],
)
def test_a_printed_ratio_is_logged_with_its_limits(metric: str, measure: str) -> None:
    made = only(metric, 1.5, 0.9, 2.5, measure=measure)
    assert isinstance(made, Made)
    (effect,) = made.results.effects
    assert effect.yi == pytest.approx(log(1.5))
    assert effect.vi == pytest.approx((log(2.5 / 0.9) / (2 * Z)) ** 2)


def test_a_logarithm_is_taken_as_it_is() -> None:
    made = only("log OR", -0.4, -0.9, 0.1)
    assert isinstance(made, Made)
    assert made.results.effects[0].yi == -0.4
    assert made.results.effects[0].vi == pytest.approx((1.0 / (2 * Z)) ** 2)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (("log OR", 1.5, 0.9, 2.5), "1.5 with its interval 0.9 to 2.5 is not symmetric"),
        (("OR", 1.5, 1.2, 6.0), "on the log scale"),
        (("OR", -0.4, -0.9, 0.1), "'log OR'"),
    ],
)
def test_an_interval_that_is_not_of_its_estimate_is_refused(
    numbers: tuple[str, float, float, float], words: str
) -> None:
    found = only(*numbers)
    assert isinstance(found, Unfit)
    assert found.reason.startswith("Made up 1: ")
    assert words in found.reason


def test_rounded_limits_are_symmetric_enough() -> None:
    made = only("OR", 0.05, 0.01, 0.12)
    assert isinstance(made, Made)
    y, half = log(0.64), 0.66
    for digits in (2, 3, 6):
        low, high = round(exp(y - half), digits), round(exp(y + half), digits)
        assert isinstance(only("OR", 0.64, low, high), Made)


def test_generic_estimates_of_several_metrics_are_not_pooled() -> None:
    numbers = {"ci_low": 0.9, "ci_high": 2.5}
    items = [
        contrast(1, 0.2, 0.1),
        contrast(2, 1.5, None, metric="HR", **numbers),
        contrast(3, 0.3, 0.1, metric=None),
    ]
    (found,) = work_off([task(*items, measure="GEN")])
    assert isinstance(found, Unfit)
    assert "SMD (Made up 1); log HR (Made up 2); no metric (Made up 3)" in found.reason
    (same,) = work_off([task(contrast(1, 0.2, 0.1, metric="log HR"), items[1], measure="GEN")])
    assert isinstance(same, Made)
