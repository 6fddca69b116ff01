"""Roots and quadrature against known values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import InvalidDataError
from review.synthesis.quadrature import gauss_legendre
from review.synthesis.roots import bracketed_root


@pytest.mark.parametrize(
    ("f", "low", "high", "root"),
    [
        (math.cos, 1.0, 2.0, math.pi / 2),
        (lambda x: math.exp(x) - 10, -5.0, 50.0, math.log(10)),
        (lambda x: (x - 0.3) ** 3, -1.0, 1.0, 0.3),
        (lambda x: -1.0 if x < 0.25 else 1.0, 0.0, 1.0, 0.25),
        (lambda x: x, 0.0, 1.0, 0.0),
        (lambda x: x - 1, 0.0, 1.0, 1.0),
        (lambda x: math.atan(x - 1e6), -1e9, 1e9, 1e6),
    ],
)
def test_roots_are_found(f, low: float, high: float, root: float) -> None:  # type: ignore[no-untyped-def]
    found = bracketed_root(f, low, high)
    flat = 1e-4 if f(root + 1e-5) < 1e-12 and f(root + 1e-5) > 0 else 1e-11
    assert found == pytest.approx(root, rel=1e-12, abs=flat)


@given(st.floats(-50, 50), st.floats(0.01, 20))
def test_any_monotone_function_is_inverted(target: float, scale: float) -> None:
    found = bracketed_root(lambda x: scale * (x**3 + x) - target, -100, 100)
    assert scale * (found**3 + found) == pytest.approx(target, abs=1e-7)


def test_no_change_of_sign_is_refused() -> None:
    with pytest.raises(InvalidDataError):
        bracketed_root(lambda x: x * x + 1, -1, 1)
    with pytest.raises(InvalidDataError):
        bracketed_root(lambda _: math.nan, -1, 1)


def test_gauss_legendre_is_exact_for_polynomials_of_its_degree() -> None:
    node, weight = gauss_legendre(20)
    for power in range(40):
        exact = 0.0 if power % 2 else 2 / (power + 1)
        assert float(weight @ node**power) == pytest.approx(exact, abs=1e-14)
    with pytest.raises(ValueError, match="read-only"):
        node[0] = 0.0


def test_a_root_that_no_number_of_halvings_reaches_is_bracketed_as_near() -> None:
    """A jump at zero: each half of what is left has numbers of its own, down to 1e-308."""
    assert abs(bracketed_root(lambda x: -1.0 if x <= 0 else 1.0, -1, 1, tolerance=0.0)) < 1e-50
