"""Permutation tests against metafor's exact ones, hand results and the parametric test."""

from __future__ import annotations

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.design import design, intercept_only
from review.synthesis.methods import Method, Test
from review.synthesis.moderators import regress
from review.synthesis.permutation import permutation_test
from tests.synthesis.test_moderators import bcg

# R 4.2, metafor 3.8-1: permutest(rma(yi, vi, mods = ~ablat, data = dat[1:6,], method = m,
#   test = t), exact = TRUE) on the log risk ratios of dat.bcg
ABLAT = {
    ("DL", "z"): (0.772222222222, 0.0305555555556),
    ("DL", "knha"): (0.725, 0.0194444444444),
    ("HE", "z"): (0.691666666667, 0.0416666666667),
    ("HE", "knha"): (0.763888888889, 0.05),
    ("PM", "z"): (0.744444444444, 0.025),
    ("PM", "knha"): (0.744444444444, 0.025),
}
# the same with mods = ~alloc+ablat and rows 1:7: p of the three coefficients and of QM
ALLOC = {
    "DL": (0.89880952381, 0.0505952380952, 0.177380952381, 0.0474206349206),
    "HE": (0.921825396825, 0.0861111111111, 0.250396825397, 0.0474206349206),
    "PM": (0.906944444444, 0.0511904761905, 0.184722222222, 0.0474206349206),
}


@pytest.mark.parametrize(("method", "test"), ABLAT)
def test_exact_tests_follow_metafor(method: str, test: str) -> None:
    y, v, data = bcg(6)
    found = permutation_test(
        y, v, design("ablat", data), method=Method(method), test=Test(test), exact=True
    )
    assert found.p == pytest.approx(ABLAT[method, test], abs=1e-11)
    assert found.qm_p == pytest.approx(found.p[1], abs=1e-12)
    assert found.exact
    assert found.arrangements == 360  # 6! / 2!, two trials share a latitude


@pytest.mark.parametrize("method", ALLOC)
def test_exact_tests_with_a_factor_follow_metafor(method: str) -> None:
    y, v, data = bcg(7)
    found = permutation_test(y, v, design("alloc+ablat", data), method=Method(method), exact=True)
    assert (*found.p, found.qm_p) == pytest.approx(ALLOC[method], abs=1e-11)


def test_without_moderators_signs_are_flipped() -> None:
    # metafor: permutest(rma(yi, vi, data = dat[1:8,]), exact = TRUE)$pval = 0.015625
    y, v, _ = bcg(8)
    found = permutation_test(y, v, intercept_only(8), exact=True)
    assert (found.p, found.qm_p, found.arrangements) == ((0.015625,), None, 256)


def test_repeated_rows_are_counted_once() -> None:
    # two groups of two: six arrangements, of which the observed one and its mirror are extreme
    y, v = [0.0, 0.1, 1.0, 1.1], [0.01] * 4
    found = permutation_test(y, v, design("g", {"g": ["a", "a", "b", "b"]}))
    assert (found.arrangements, found.exact) == (6, True)
    assert found.p[1] == pytest.approx(2 / 6)


def test_random_arrangements_approach_the_exact_answer_and_repeat() -> None:
    y, v, data = bcg(7)
    coded = design("ablat", data)
    exact = permutation_test(y, v, coded, exact=True)
    drawn = permutation_test(y, v, coded, iterations=4000, exact=False, seed=7)
    again = permutation_test(y, v, coded, iterations=4000, exact=False, seed=7)
    assert drawn == again
    assert drawn.arrangements == 4001
    assert np.abs(np.subtract(drawn.p, exact.p)).max() < 4 * np.sqrt(0.25 / 4000)
    flipped = permutation_test(y, v, intercept_only(7), iterations=4000, exact=False)
    whole = permutation_test(y, v, intercept_only(7), exact=True)
    assert flipped.p[0] == pytest.approx(whole.p[0], abs=0.02)


def test_many_effects_agree_with_the_parametric_test() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=30)
    y, v = 0.1 * x + rng.normal(0, 0.4, 30), rng.uniform(0.02, 0.2, 30)
    coded = design("x", {"x": x})
    p = regress(y, v, coded, test=Test.KNHA).p[1]
    found = permutation_test(y, v, coded, iterations=1000, test=Test.KNHA).p[1]
    assert found == pytest.approx(p, abs=0.05)


def test_what_cannot_be_done_is_refused() -> None:
    y, v = np.linspace(0, 1, 13), np.full(13, 0.1)
    with pytest.raises(InvalidDataError, match="arrangements"):
        permutation_test(y, v, design("x", {"x": y}), exact=True)
    with pytest.raises(InvalidDataError):
        permutation_test(y, v, design("x", {"x": y}), iterations=0)
    with pytest.raises(InvalidDataError):
        permutation_test(y[:5], v[:5], design("x", {"x": y}))
    with pytest.raises(InvalidDataError, match="same"):
        permutation_test([0.3] * 4, [0.1] * 4, design("x", {"x": [1, 2, 3, 4]}))
