"""Means and standard deviations of skewed samples: published examples, closed forms, any unit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from review.conventions import Medians
from review.effects import Quantiles, group_from_skewed, skewness_test
from review.errors import InvalidDataError

EXAMPLE = Quantiles(100, 4.0, minimum=2.0, maximum=9.0)
SKEWED = (Medians.QE, Medians.BC, Medians.MLN)


@pytest.mark.parametrize(
    ("medians", "mean", "sd", "mean_within", "sd_within"),
    [
        # estmeansd's published example; its qe stops at an optimizer's 1e-5, its bc draws 1,100
        # and its mln 10,000 random numbers: three of their standard errors
        (Medians.QE, 4.347284, 1.502171, 3e-5, 3e-5),
        (Medians.BC, 4.210971, 1.337348, 0.12, 0.12),
        (Medians.MLN, 4.195238, 1.294908, 0.04, 0.04),
    ],
)
def test_the_published_example(
    medians: Medians, mean: float, sd: float, mean_within: float, sd_within: float
) -> None:
    found = group_from_skewed(EXAMPLE, medians).value
    assert found.mean == pytest.approx(mean, abs=mean_within)
    assert found.sd == pytest.approx(sd, abs=sd_within)


@pytest.mark.parametrize(
    ("law", "ways", "alone"),
    [
        (stats.norm(50, 8), SKEWED, True),
        (stats.lognorm(0.6, scale=20), SKEWED, True),
        (stats.gamma(3, scale=4), SKEWED, False),
        (stats.weibull_min(1.6, scale=10), (Medians.QE,), False),
        (stats.beta(2, 5), (Medians.QE,), False),
    ],
)
@pytest.mark.parametrize("have", ["quartiles", "range", "both"])
def test_exact_quantiles_give_back_their_distribution(
    law: Any, ways: tuple[Medians, ...], alone: bool, have: str
) -> None:
    n = 400
    shares = (1 / n, 0.25, 0.5, 0.75, 1 - 1 / n)
    low, q1, median, q3, high = (float(law.ppf(share)) for share in shares)
    x = Quantiles(n, median, q1, q3, low, high)
    if have == "quartiles":
        x = replace(x, minimum=None, maximum=None)
    elif have == "range":
        x = replace(x, q1=None, q3=None)
    for medians in ways:
        found = group_from_skewed(x, medians).value
        exact = medians is Medians.QE
        if exact and have == "quartiles" and not alone:
            continue  # three numbers: several families fit them as well
        assert found.mean == pytest.approx(law.mean(), rel=1e-5 if exact else 0.04)
        assert found.sd == pytest.approx(law.std(), rel=1e-4 if exact else 0.12)


@pytest.mark.parametrize("medians", SKEWED)
def test_the_unit_does_not_matter(medians: Medians) -> None:
    x = Quantiles(60, 14.0, 10.0, 21.0, 2.0, 48.0)
    unit = 1000.0
    other = Quantiles(60, *(unit * v for v in (14.0, 10.0, 21.0, 2.0, 48.0)))
    one, two = (group_from_skewed(q, medians).value for q in (x, other))
    assert two.mean == pytest.approx(unit * one.mean, rel=1e-7)
    assert two.sd == pytest.approx(unit * one.sd, rel=1e-7)


def test_numbers_that_cannot_be_transformed_are_refused_or_normal() -> None:
    x = Quantiles(60, 1.0, -1.0, 4.0)
    for medians in (Medians.BC, Medians.MLN):
        with pytest.raises(InvalidDataError, match="above zero"):
            group_from_skewed(x, medians)
    assert group_from_skewed(x, Medians.QE).assumptions["distribution"] == "normal"
    for bad in ({"n": 4.0}, {"q1": 9.0}, {"q1": None}):
        with pytest.raises(InvalidDataError):
            replace(x, **bad)


def test_a_long_upper_tail_is_called_skewed() -> None:
    found = skewness_test(60, minimum=2.0, median=14.0, maximum=48.0)
    assert (found.statistic, found.critical) == pytest.approx((22 / 46, 0.27716), abs=1e-5)
    assert found.skewed
    assert not skewness_test(60, q1=10.0, median=14.0, q3=21.0).skewed


def test_normal_samples_are_called_skewed_one_time_in_twenty() -> None:
    samples = np.random.default_rng(8).normal(10, 2, (2000, 61))
    five = np.quantile(samples, [0, 0.25, 0.5, 0.75, 1], axis=1).T
    for keep in (slice(0, 5, 2), slice(1, 4), slice(0, 5)):
        names = np.array(["minimum", "q1", "median", "q3", "maximum"])[keep]
        share = np.mean(
            [skewness_test(61, **dict(zip(names, row[keep], strict=True))).skewed for row in five]
        )
        assert share == pytest.approx(0.05, abs=0.025)
