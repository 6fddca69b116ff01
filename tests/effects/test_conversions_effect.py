"""Standardized differences from statistics of papers, against the trial behind them."""

import math

import numpy as np
import pytest

from review.effects import (
    Sides,
    d_from_f,
    d_from_odds_ratio,
    d_from_p,
    d_from_r,
    d_from_t,
    escalc,
)
from review.errors import InvalidDataError


@pytest.fixture
def trial() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    return rng.normal(1.0, 2.0, 23), rng.normal(0.2, 2.0, 31)


@pytest.fixture
def d(trial: tuple[np.ndarray, np.ndarray]) -> float:
    one, two = trial
    pooled = (one.var(ddof=1) * (one.size - 1) + two.var(ddof=1) * (two.size - 1)) / (
        one.size + two.size - 2
    )
    return float((one.mean() - two.mean()) / math.sqrt(pooled))


def test_d_from_the_t_of_a_trial_is_its_d(d: float) -> None:
    t = d / math.sqrt(1 / 23 + 1 / 31)

    assert d_from_t(t, 23, 31).value == pytest.approx(d, rel=1e-14)
    assert d_from_f(t**2, 23, 31, direction=1).value == pytest.approx(d, rel=1e-14)
    assert d_from_f(t**2, 23, 31, direction=-1).value == pytest.approx(-d, rel=1e-14)


def test_d_from_the_correlation_with_group_is_its_d(
    trial: tuple[np.ndarray, np.ndarray], d: float
) -> None:
    one, two = trial
    r = float(np.corrcoef(np.r_[one, two], np.r_[np.ones(one.size), np.zeros(two.size)])[0, 1])

    assert d_from_r(r, 23, 31).value == pytest.approx(d, rel=1e-12)
    assert not d_from_r(r, 23, 31).approximate


def test_d_from_r_alone_assumes_large_equal_groups() -> None:
    converted = d_from_r(0.5)

    assert converted.approximate
    assert converted.value == pytest.approx(1.1547, abs=5e-5)  # Borenstein et al. (2009), 7.1
    assert d_from_r(0.5, 1e6, 1e6).value == pytest.approx(converted.value, rel=1e-6)
    assert d_from_r(-0.5).value == -converted.value


def test_d_from_p_agrees_with_metafor() -> None:
    # help page of metafor's escalc: pi = -0.018 in groups of 20 gives g = -0.7664
    d = d_from_p(0.018, 20, 20, direction=-1).value

    g = escalc("SMD", {"di": [d], "n1i": [20], "n2i": [20]}).yi[0]
    assert g == pytest.approx(-0.7664, abs=5e-5)
    assert g == pytest.approx(escalc("SMD", {"pi": [-0.018], "n1i": [20], "n2i": [20]}).yi[0])


def test_a_one_sided_p_above_one_half_turns_the_sign() -> None:
    favoured = d_from_p(0.2, 20, 20, direction=1, sides=Sides.ONE).value
    against = d_from_p(0.8, 20, 20, direction=1, sides=Sides.ONE).value

    assert favoured > 0
    assert against == pytest.approx(-favoured, rel=1e-12)


def test_a_threshold_gives_a_smaller_d_and_says_so() -> None:
    threshold = d_from_p(0.05, 20, 20, direction=1, exact=False)

    assert threshold.approximate
    assert threshold.value < d_from_p(0.018, 20, 20, direction=1).value


def test_d_from_an_odds_ratio_is_metafors_or2d() -> None:
    effects = escalc("OR2D", {"ai": [12], "bi": [50], "ci": [15], "di": [47]})
    log_or = escalc("OR", {"ai": [12], "bi": [50], "ci": [15], "di": [47]})

    converted = d_from_odds_ratio(math.exp(log_or.yi[0]), float(log_or.vi[0]))

    assert converted.value.value == pytest.approx(effects.yi[0], rel=1e-13)
    assert converted.value.variance == pytest.approx(effects.vi[0], rel=1e-13)
    assert converted.approximate
    assert math.isnan(d_from_odds_ratio(2.0).value.variance)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: d_from_t(math.inf, 20, 20),
        lambda: d_from_t(2.0, 0, 20),
        lambda: d_from_f(-1.0, 20, 20, direction=1),
        lambda: d_from_f(1.0, 20, 20, direction=0),
        lambda: d_from_p(1.5, 20, 20, direction=1),
        lambda: d_from_p(0.05, 1, 1, direction=1),
        lambda: d_from_r(1.0),
        lambda: d_from_r(0.3, 20),
        lambda: d_from_odds_ratio(0.0),
        lambda: d_from_odds_ratio(2.0, -0.1),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(attempt) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidDataError):
        attempt()
