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
from review.synthesis.moderators import regress
from review.synthesis.network import Contrast, from_contrasts, from_means, network
from review.synthesis.projection import estimate_tau2, project
from review.synthesis.robust import WorkingModel, cluster_robust, cluster_rows

Y, V, STUDIES = [0.1, 0.2, 0.3, 0.5], [0.1] * 4, list("aabc")
TWICE = {"x": [1.0, 2.0, 3.0, 5.0], "z": [2.0, 4.0, 6.0, 10.0]}
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
