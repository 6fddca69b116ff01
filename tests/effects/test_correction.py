"""The exact correction, small and very large."""

import math

import numpy as np
import pytest

from review.effects.correction import hedges_correction


@pytest.mark.parametrize(
    ("m", "expected"),
    [
        (2.0, 1 / math.sqrt(math.pi)),  # Gamma(1) / Gamma(1/2)
        (3.0, math.sqrt(math.pi) / 2 / math.sqrt(1.5)),  # Gamma(3/2) / (sqrt(3/2) Gamma(1))
        (10.0, 0.922745608053087),  # R 4.2.2: exp(lgamma(5) - lgamma(4.5)) / sqrt(5)
    ],
)
def test_correction_is_the_ratio_of_gamma_functions(m: float, expected: float) -> None:
    assert hedges_correction(m) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("start", [250.0, 298.0, 300.0, 302.0, 1e3, 1e6, 1e9])
def test_correction_keeps_its_digits_for_large_m(start: float) -> None:
    # the gamma functions of J(m) J(m + 1) cancel, for Gamma(x + 1) = x Gamma(x)
    m = np.array([start])
    product = hedges_correction(m) * hedges_correction(m + 1.0)

    expected = (m - 1.0) / 2.0 / np.sqrt(m / 2.0 * (m + 1.0) / 2.0)
    assert product == pytest.approx(expected, rel=1e-12)


def test_correction_for_a_million_is_its_first_terms() -> None:
    m = 1e6
    assert 1.0 - hedges_correction(m) == pytest.approx(0.75 / m + 7 / 32 / m**2, rel=1e-6)


def test_correction_does_not_exist_below_two_degrees_of_freedom() -> None:
    assert np.isnan(hedges_correction([np.nan, 0.0, 1.0])).all()
