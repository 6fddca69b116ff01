"""The quadratic forms and traces of a meta-regression against rational arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction
from operator import mul

import numpy as np
import pytest

from review.synthesis import pool
from review.synthesis.design import design, intercept_only
from review.synthesis.methods import Method, Test
from review.synthesis.moderators import regress
from review.synthesis.projection import project, terms_at

Matrix = list[list[Fraction]]

Y = [0.125, -0.5, 0.75, 0.25, 1.5, -0.25, 0.375]
YEAR = [2001.0, 2004.0, 1998.0, 2013.0, 2007.0, 2001.0, 2010.0]
CASES = {
    "alike": [0.5, 0.25, 0.125, 0.75, 1.0, 0.5, 0.375],
    "one study dominates": [0.5, 0.25, 2.0**-27, 0.75, 1.0, 0.5, 0.375],
    "as many dominate as there are coefficients": [2.0**-27, 0.25, 2.0**-20, 2.0**-30, 1, 0.5, 4],
    "eight orders of magnitude": [2.0**-27, 2.0**-20, 2.0**-14, 2.0**-7, 1.0, 2.0**-24, 2.0**-3],
}
DESIGNS = {
    "a year and a group": [[1.0, x, float(i % 2)] for i, x in enumerate(YEAR)],
    "a group of one": [[1.0, x, float(i == 2)] for i, x in enumerate(YEAR)],
    "no intercept": [[float(i == 0), x / 8, float(i > 4)] for i, x in enumerate(YEAR)],
}


def _times(a: Matrix, b: Matrix) -> Matrix:
    turned = list(zip(*b, strict=True))
    return [[sum(map(mul, row, column), Fraction()) for column in turned] for row in a]


def _solve(a: Matrix, b: Matrix) -> tuple[Matrix, Fraction]:
    """The solution of ax = b by elimination, and the determinant of a."""
    rows = [[*x, *z] for x, z in zip(a, b, strict=True)]
    n, determinant = len(a), Fraction(1)
    for i in range(n):
        best = next(j for j in range(i, n) if rows[j][i])
        if best != i:
            rows[i], rows[best], determinant = rows[best], rows[i], -determinant
        determinant *= rows[i][i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for j in range(n):
            if j != i and rows[j][i]:
                rows[j] = [x - rows[j][i] * z for x, z in zip(rows[j], rows[i], strict=True)]
    return [row[n:] for row in rows], determinant


def _exact(v: list[float], design: list[list[float]], t: float) -> list[float]:
    X = [[Fraction(x) for x in row] for row in design]
    w = [1 / (Fraction(x) + Fraction(t)) for x in v]
    WX = [[a * x for x in row] for a, row in zip(w, X, strict=True)]
    turned = [list(c) for c in zip(*X, strict=True)]
    inside, determinant = _solve(_times(turned, WX), [list(c) for c in zip(*WX, strict=True)])
    _, plain = _solve(_times(turned, X), [[Fraction()]] * len(turned))
    P = [[-x for x in row] for row in _times(WX, inside)]
    for i, a in enumerate(w):
        P[i][i] += a
    y = [[Fraction(x)] for x in Y]
    py = _times(P, y)
    ppy = _times(P, py)
    return [
        float(sum(a[0] * b[0] for a, b in zip(y, py, strict=True))),
        float(sum(a[0] ** 2 for a in py)),
        float(sum(a[0] * b[0] for a, b in zip(py, ppy, strict=True))),
        float(sum(P[i][i] for i in range(len(P)))),
        float(sum(x * x for row in P for x in row)),
        math.log(determinant / plain / math.prod(w)),
    ]


@pytest.mark.parametrize("t", [0.0, 2.0**-30, 2.0**-10, 0.25, 64.0])
@pytest.mark.parametrize("columns", DESIGNS)
@pytest.mark.parametrize("case", CASES)
def test_no_digits_are_lost_however_unequal_the_precision(
    case: str, columns: str, t: float
) -> None:
    v, X = CASES[case], DESIGNS[columns]
    s = project(np.array([Y]), np.array(v), np.array([X]))
    found = [float(x[0]) for x in terms_at(s, np.array([t]))]
    expected = _exact(v, X, t)
    assert found == pytest.approx(expected, rel=2e-11)


def test_a_batch_is_its_models_one_by_one() -> None:
    rng = np.random.default_rng(3)
    y, v, X = rng.normal(size=(4, 9)), rng.uniform(0.01, 1, 9), rng.normal(size=(4, 9, 2))
    t = rng.uniform(0, 1, (3, 4))
    many = terms_at(project(y, v, X), t)
    for i in range(4):
        one = terms_at(project(y[i : i + 1], v, X[i : i + 1]), t[:, i : i + 1])
        for a, b in zip(many, one, strict=True):
            assert a[:, i] == pytest.approx(b[:, 0], rel=1e-12)


@pytest.mark.parametrize("method", list(Method))
def test_thousands_of_studies_without_moderators_are_pooled(method: Method) -> None:
    rng = np.random.default_rng(11)
    v = rng.uniform(0.01, 0.2, 3000)
    y = rng.normal(0.2, np.sqrt(v + 0.05))
    fit, same = regress(y, v, intercept_only(3000), method=method), pool(y, v, method=method)
    assert fit.tau2 == pytest.approx(same.tau2, rel=1e-10)
    assert (fit.beta[0], fit.se[0]) == pytest.approx((same.estimate, same.se), rel=1e-10)
    assert (fit.loglik, fit.q) == pytest.approx((same.loglik, same.Q), rel=1e-10)
    if method is not Method.EE:
        assert fit.tau2_ci == pytest.approx(same.tau2_ci, rel=1e-9)


def test_thousands_of_studies_with_moderators_solve_their_score_equation() -> None:
    rng = np.random.default_rng(12)
    k = 2000
    v = rng.uniform(0.01, 0.2, k)
    columns = {name: rng.normal(size=k).tolist() for name in "abc"}
    d = design("a + b + c", columns)
    y = d.matrix @ [0.2, 0.1, 0.0, -0.1] + rng.normal(0, np.sqrt(v + 0.05))
    fit = regress(y, v, d, test=Test.Z)
    w = 1 / (v + fit.tau2)
    P = np.diag(w) - (d.matrix * w[:, None]) @ np.linalg.solve(
        (d.matrix.T * w) @ d.matrix, d.matrix.T * w
    )
    assert (P @ y) @ (P @ y) == pytest.approx(np.trace(P), rel=1e-10)
