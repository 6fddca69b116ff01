"""What the engine cannot answer is refused with its reason, by whichever door it comes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis import (
    Method,
    bootstrap,
    design,
    mantel_haenszel,
    multilevel,
    peto,
    pool,
    shift_fragility,
)
from review.synthesis.attribution import common_effect_attribution
from review.synthesis.clustered import robust_regression
from review.synthesis.design import intercept_only
from review.synthesis.exact import exact_odds_ratio
from review.synthesis.glmm import glmm
from review.synthesis.location_scale import location_scale
from review.synthesis.moderators import regress
from review.synthesis.multivariate import (
    RandomEffect,
    Structure,
    multivariate,
    ratio_test,
    sampling_covariance,
)
from review.synthesis.network import Contrast, from_contrasts, from_means, network
from review.synthesis.projection import estimate_tau2, project
from review.synthesis.robust import WorkingModel, cluster_robust, cluster_rows

Y, V, STUDIES = [0.1, 0.2, 0.3, 0.5], [0.1] * 4, list("aabc")
TWICE = {"x": [1.0, 2.0, 3.0, 5.0], "z": [2.0, 4.0, 6.0, 10.0]}
MEAN = intercept_only(4)
FIT = multivariate(Y, V, [RandomEffect("abcd")], design=design("x", {"x": [1, 2, 3, 5]}))
PAIR = from_contrasts([Contrast("1", "b", "a", 0.1, 0.1)])


def _model(y: list[float], v: list[float] | None = None, *columns: list[float]) -> WorkingModel:
    rows, size = cluster_rows("abcda"[: len(y)]), np.array(v or [1.0] * len(y))
    phi = tuple(size[r][:, :, None] * np.eye(r.shape[1]) for r in rows)
    X = np.column_stack([np.ones(len(y)), *columns])
    return WorkingModel(rows, phi, np.array(y), X, tuple("abc"[: X.shape[1]]))


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda: pool(Y, V, method=3), "3 is not a method of pooling; choose one of EE, DL"),  # type: ignore[arg-type] # as a file may have it
        (lambda: bootstrap([], []), "no studies to pool"),
        (lambda: shift_fragility([], [], margin=0.5), "no studies to pool"),
        (lambda: common_effect_attribution(0.1, 0.0, [0.2], [0.1]), "information of 0.0 is not"),
        (lambda: exact_odds_ratio([1], [9], [2], [8], level=95), "between 0 and 1, not at 95"),
        (lambda: peto([1], [9], [2], [8], level=95), "between 0 and 1, not at 95"),
        (lambda: mantel_haenszel(["few"], [9], [2], [8]), "must be numbers"),
        (lambda: mantel_haenszel([1], [9], [2], [math.nan]), "finite and not negative"),
        (lambda: regress(Y, V, intercept_only(4), level=1.0), "level of 1.0 is not between"),
        (lambda: robust_regression(Y, V, "ab", regress(Y, V, intercept_only(4))), "differ in"),
        (lambda: cluster_robust(_model(Y), level=0.0), "level of 0.0 is not between"),
        (lambda: design("g", {"g": ["a", "b"]}, reference={"g": "c"}), "'g' has no level 'c'"),
        (lambda: design("x + z", {"x": [1, 2], "z": [1, 2, 3]}), "differ in length"),
        (lambda: design("scale(x)", {"x": [2.0, 2.0, 2.0]}), "x does not vary"),
        (lambda: design("poly(x, 2)", {"x": [1.0, 2, 1, 2]}), "more than 2 different values"),
        (lambda: design("bs(x, df=2)", {"x": [1.0, 2, 3, 4, 5]}), "needs df of 3 or more"),
        (lambda: design("ns(x, df=3)", {"x": [1.0, 2, 3, 1]}), "more than 3 different values"),
        (lambda: project(np.zeros((1, 3)), np.ones(3), np.ones((1, 3, 2))), "are redundant"),
        (
            lambda: estimate_tau2(
                project(np.eye(3)[:1], np.ones(3), np.ones((1, 3, 1))), Method.SJ
            ),
            "SJ is not defined",
        ),
        (lambda: multilevel(Y, V, STUDIES, design=intercept_only(3)), "design of 3 rows"),
        (lambda: multilevel(Y[:2], V[:2], "ab", design=design("x", {"x": [1, 2]})), "cannot carry"),
        (lambda: multilevel(Y, V, STUDIES, level=95), "level of 95 is not between"),
        (lambda: multilevel(Y, V, STUDIES, design=design("x + z", TWICE)), "redundant"),
        (lambda: multilevel(["low"], [0.1], "a"), "must be numbers"),
        (lambda: multilevel([0.1, math.nan], [0.1, 0.1], "ab"), "must be finite"),
        (lambda: multilevel(Y, np.diag(V), STUDIES, rho=0.5), "comes without a rho"),
        (lambda: multivariate(["low"], [0.1], []), "must be numbers"),
        (lambda: multivariate(Y, V[:2], []), "do not go with"),
        (lambda: multivariate([0.1, math.inf], [0.1, 0.1], []), "must be finite"),
        (lambda: multivariate(Y, [0.1, 0.0, 0.1, 0.1], []), "above zero"),
        (lambda: multivariate(Y[:2], [[1, 0.5], [0.2, 1]], []), "must be symmetric"),
        (lambda: multivariate(Y, V, [], design=intercept_only(3)), "design of 3 rows"),
        (lambda: multivariate(Y, V, [], method="DL"), "by REML, ML or EE, not DL"),
        (lambda: multivariate(Y, V, [], test="knha"), "tested by z or t, not 'knha'"),
        (lambda: multivariate(Y, V, [], level=95), "level of 95 is not between"),
        (lambda: multivariate(Y[:1], V[:1], []), "1 effect.s. cannot carry 1 coefficient"),
        (lambda: multivariate(Y, V, [], design=design("x + z", TWICE)), "redundant"),
        (lambda: multivariate(Y, V, [RandomEffect("ab")]), "has 2 groups and 4 levels"),
        (
            lambda: multivariate(Y, V, [RandomEffect("aabb", "xyxy", Structure.CAR)]),
            "has structure CAR, whose levels are times",
        ),
        (lambda: FIT.combination({"z": 1}), "no coefficient 'z'"),
        (lambda: FIT.combination({"x": 0}), "a factor that is not zero"),
        (lambda: FIT.joint_test([{"x": 1}, {"x": 2}]), "follows from the others"),
        (lambda: ratio_test(FIT, FIT), "more parameters than the second"),
        (lambda: ratio_test(FIT, multivariate(Y, V, [])), "Only models of the same effects"),
        (lambda: FIT.robust("ab"), "2 clusters do not go with 4 effects"),
        (lambda: sampling_covariance([], []), "a list of numbers above zero"),
        (lambda: sampling_covariance([1, 1], "a"), "1 clusters do not go with 2 effects"),
        (
            lambda: sampling_covariance([1, 1], "aa", correlations=[[1, 0.5], [0.4, 1]]),
            "a symmetric 2 x 2 matrix",
        ),
        (lambda: sampling_covariance([1, 1], "aa"), "correlations assumed within a cannot be"),
        (lambda: sampling_covariance([1, 1], "aa", kind="xy"), "need an assumed correlation"),
        (
            lambda: sampling_covariance([1, 1], "aa", kind="xy", rho_kind={("x", "z"): 0.5}),
            "No correlation is given of x and y",
        ),
        (lambda: sampling_covariance([1, 1], "aa", kind="xy", rho_kind=1.5), "outside -1 to 1"),
        (lambda: sampling_covariance([1, 1], "aa", other="xy"), "name the first too"),
        (lambda: sampling_covariance([1, 1], "aa", time_other=[1, 2]), "give `time`"),
        (lambda: sampling_covariance([1, 1], "aa", time=[1, 2]), "an assumed autocorrelation"),
        (lambda: sampling_covariance([1, 1], "aa", time=[1, 2], phi=2), "between -1 and 1"),
        (lambda: sampling_covariance([1, 1], "aa", group="x"), "1 and 2 groups do not go"),
        (
            lambda: sampling_covariance([1, 1], "aa", group="xy", other="zz", n_group=[5, 0]),
            "sizes above zero",
        ),
        (
            lambda: sampling_covariance([1, 1], "aa", group="xy", other="xz"),
            "compares a group with itself",
        ),
        (
            lambda: location_scale(Y, V, scale=MEAN, method="DL"),
            "by REML or ML, not DL",
        ),
        (
            lambda: location_scale(Y, V, scale=MEAN, level=95),
            "level of 95 is not between",
        ),
        (lambda: location_scale(Y, V, scale=intercept_only(3)), "design of 3 rows"),
        (lambda: location_scale(Y, V, scale=design("x + z", TWICE)), "redundant"),
        (
            lambda: location_scale(Y, V, scale=design("0 + x", {"x": [1, 2, 3, 5]})),
            "leave out the `0 .`",
        ),
        (lambda: glmm("OR", [1], [9], [2], [8], model="UM"), "is no mixed model of counts"),
        (lambda: glmm("PLO", [1], [9], model="CM.EL"), "PLO has no model CM.EL, but"),
        (lambda: glmm("PLO", [1], [9], level=95), "level of 95 is not between"),
        (lambda: glmm("PLO", [1], [9], points=0), "quadrature has 1 to"),
        (lambda: glmm("PLO", [1], [9, 8]), "differ in length"),
        (lambda: glmm("PLO", [1], [-9]), "zero or more"),
        (lambda: glmm("PLO", [1.5], [9]), "whole numbers"),
        (lambda: network(PAIR, level=95), "level of 95 is not between"),
        (lambda: network(PAIR, reference="z"), "z is not in the network; it has a, b"),
        (lambda: network(PAIR).difference("b", "z"), "z is not in the network; it has a, b"),
        (lambda: network([*PAIR, *PAIR]), "1 is there twice"),
        (lambda: from_means("aa", "xy", [1, 1], [0, 1], [1, 1]), "too few participants"),
        (lambda: from_contrasts([Contrast("1", "a", "a", 0.1, 0.1)]), "a with itself"),
        (
            lambda: from_contrasts(
                [Contrast("1", one, other, 0.1, 0.1) for one, other in ("ab", "ba")]
            ),
            "compares b and a twice",
        ),
        (lambda: from_contrasts([Contrast("1", "a", "b", 0.1, 0.0)]), "must be above 0"),
    ],
)
def test_it_is_refused_with_its_reason(ask: Callable[[], object], reason: str) -> None:
    with pytest.raises(InvalidDataError, match=reason):
        ask()


X = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
SIGNS = [1, -1, 1, 1, -1, 1]
ALMOST_X = [x + 1e-8 * sign for x, sign in zip(X, SIGNS, strict=True)]
W, OFF = [0.07, 1.27, -1.92, 0.56], [-0.07, -0.52, 0.2, -0.89]
ALMOST_W = [w + 7e-9 * off for w, off in zip(W, OFF, strict=True)]


@pytest.mark.parametrize(
    "ask",
    [
        # squares of the residuals are more than a number holds
        lambda: cluster_robust(_model([1e300, -1e300, 1e300, 0.0])),
        # a column that is another but for a constant, which rounding hides
        lambda: cluster_robust(
            _model([1, 5, 2, 8, 1], [1e-9, 1e-6, 1e-9, 1, 1e-6], X[:5], [x - 1e-11 for x in X[:5]])
        ),
        # eight digits of a column and eleven of the variances are more than a number has
        lambda: multilevel(
            [1, 5, 2, 8, 1, 4],
            [1e-11, 1] * 3,
            "aabcde",
            design=design("x + z", {"x": X, "z": ALMOST_X}),
        ),
        lambda: multilevel(
            [-8768, 6641, 14941, -22215],
            [1e-9, 2e-5, 6e-9, 3e5],
            "abbc",
            design=design("x + z", {"x": W, "z": ALMOST_W}),
        ),
    ],
)
def test_what_is_lost_to_rounding_is_said_to_be(ask: Callable[[], object]) -> None:
    with pytest.raises(InvalidDataError, match="lost to rounding"):
        ask()
