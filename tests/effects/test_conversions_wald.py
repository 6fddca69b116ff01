"""Variances from intervals and p values, as the help page of metafor's conv.wald works them."""

import math

import pytest

from review.effects import Sides, escalc, estimate_from_interval, estimate_from_p
from review.errors import InvalidDataError


def test_an_odds_ratio_with_its_interval() -> None:
    converted = estimate_from_interval(0.64, 0.33, 1.22, ratio=True)

    assert converted.value == pytest.approx((-0.4463, 0.1113), abs=5e-5)
    assert converted.reported == {"estimate": 0.64, "lower": 0.33, "upper": 1.22, "level": 0.95}
    assert abs(float(str(converted.assumptions["off centre"]))) < 0.02


def test_an_odds_ratio_with_its_p_value() -> None:
    assert estimate_from_p(0.64, 0.17, ratio=True).value == pytest.approx(
        (-0.4463, 0.1058), abs=5e-5
    )


def test_interval_and_p_value_give_back_the_variance() -> None:
    effects = escalc("OR", {"ai": [12], "bi": [50], "ci": [15], "di": [47]})
    yi, vi = float(effects.yi[0]), float(effects.vi[0])
    low, high = (math.exp(limit) for limit in effects.interval(0.9)[0])
    p = math.erfc(abs(yi) / math.sqrt(2 * vi))

    interval = estimate_from_interval(math.exp(yi), low, high, level=0.9, ratio=True)

    assert interval.value == pytest.approx((yi, vi), rel=1e-12)
    assert interval.assumptions["off centre"] == pytest.approx(0.0, abs=1e-12)
    for converted in (
        estimate_from_p(math.exp(yi), p, ratio=True),
        estimate_from_p(yi, p),
        estimate_from_p(yi, p / 2, sides=Sides.ONE),
    ):
        assert converted.value == pytest.approx((yi, vi), rel=1e-10)


def test_a_threshold_gives_a_larger_variance_and_says_so() -> None:
    threshold = estimate_from_p(0.64, 0.05, exact=False)

    assert threshold.approximate
    assert threshold.value.variance > estimate_from_p(0.64, 0.01).value.variance


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: estimate_from_interval(1.0, 2.0, 3.0),
        lambda: estimate_from_interval(1.0, -1.0, 3.0, ratio=True),
        lambda: estimate_from_interval(1.0, 1.0, 1.0),
        lambda: estimate_from_interval(1.0, 0.5, 2.0, level=95),
        lambda: estimate_from_p(0.0, 0.5),
        lambda: estimate_from_p(0.3, 1.0),
        lambda: estimate_from_p(1.0, 0.5, ratio=True),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(attempt) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidDataError):
        attempt()
