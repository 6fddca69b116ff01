"""What covariates, clusters and periods do to a standard error is undone: by the way back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.effects import (
    d_from_f,
    f_from_eta_squared,
    naive_se,
    sd_from_paired_se,
    sd_from_sd_of_change,
    sd_of_change,
    total_sd,
)
from review.errors import InvalidDataError

spreads = st.floats(0.01, 1e4)
shares = st.floats(0.0, 0.99)


@given(spreads, shares)
def test_the_total_sd_gives_the_residual_one_again(sd: float, r_squared: float) -> None:
    residual = sd * math.sqrt(1 - r_squared)
    assert total_sd(residual, r_squared).value == pytest.approx(sd, rel=1e-12)


@given(spreads, st.floats(1, 500), st.floats(0, 1))
def test_an_inflated_se_gives_the_naive_one_again(se: float, m: float, icc: float) -> None:
    inflated = se * math.sqrt(1 + (m - 1) * icc)
    assert naive_se(inflated, m, icc).value == pytest.approx(se, rel=1e-12)


@given(spreads, st.integers(2, 5000), st.floats(-0.99, 0.99))
def test_the_se_of_periods_gives_the_sd_of_scores_again(sd: float, n: int, r: float) -> None:
    change = sd_of_change(sd, sd, r).value
    assert sd_from_sd_of_change(change, r).value == pytest.approx(sd, rel=1e-9)
    assert sd_from_paired_se(change / math.sqrt(n), n, r).value == pytest.approx(sd, rel=1e-9)


@given(st.floats(0, 1e4), st.integers(2, 5000))
def test_eta_squared_gives_its_f_again(f: float, df: int) -> None:
    assert f_from_eta_squared(f / (f + df), df).value == pytest.approx(f, rel=1e-6, abs=1e-9)


def test_eta_squared_of_two_groups_is_the_square_of_their_point_biserial_r() -> None:
    # Cohen (1988): d 0.5 of two groups of 50 has r² = d² / (d² + 4 (N - 2)/N)
    n = 50
    r_squared = 0.25 / (0.25 + 4 * 98 / 100)
    f = f_from_eta_squared(r_squared, 98).value
    assert d_from_f(f, n, n, direction=1).value == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: total_sd(1.0, 1.0),
        lambda: total_sd(-1.0, 0.5),
        lambda: naive_se(1.0, 0.5, 0.1),
        lambda: naive_se(1.0, 10, 1.1),
        lambda: sd_from_paired_se(1.0, 10, 1.0),
        lambda: sd_from_sd_of_change(1.0, -1.1),
        lambda: f_from_eta_squared(1.0, 10),
    ],
)
def test_what_cannot_be_is_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(InvalidDataError):
        call()
