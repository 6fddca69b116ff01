"""Degenerate data get a stated answer; impossible data a sentence."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from review.errors import InvalidDataError
from review.synthesis import (
    Method,
    Test,
    baujat,
    begg,
    blup,
    bootstrap,
    cumulative,
    egger,
    fail_safe_n,
    gosh,
    henmi_copas,
    influence,
    leave_one_out,
    mantel_haenszel,
    mantel_haenszel_rates,
    pet_peese,
    peto,
    pool,
    pool_many,
    profile_likelihood,
    selection_3psm,
    subsets,
    trim_and_fill,
)
from review.synthesis.asymmetry import _concordance
from review.synthesis.selection import _Data, _errors, selection_loglik


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("test", list(Test))
def test_one_study_is_itself(method: Method, test: Test) -> None:
    fit = pool([0.3], [0.04], method=method, test=test)
    assert (fit.k, fit.test, fit.ddf) == (1, Test.Z, None)
    assert (fit.estimate, fit.se, fit.tau2) == (0.3, 0.2, 0.0)
    assert fit.p == pytest.approx(0.1336144, abs=1e-7)  # metafor 3.8-1
    assert fit.ci == pytest.approx((0.3 - 0.391992797, 0.3 + 0.391992797), abs=1e-9)  # 1.959964 se
    assert (fit.I2, fit.H2, fit.Q, fit.Q_p) == (0.0, 1.0, 0.0, 1.0)
    assert (fit.I2_q, fit.boundary, fit.modes, fit.iterations) == (0.0, True, 1, 0)
    assert (fit.pi, fit.tau2_ci, fit.se_tau2) == (None, None, None)
    assert fit.weights.tolist() == [100.0]
    expected = 0.0 if method is Method.REML else 0.6904994  # metafor 3.8-1
    assert fit.loglik == pytest.approx(expected, abs=1e-7)
    assert any("no pooling" in note for note in fit.notes)


def test_the_interval_of_one_study_is_no_narrower_than_its_own() -> None:
    many = pool_many([0.3, 0.1], [0.04, 0.2], [0, 1, 2], test="knha")
    assert many.hk_narrower.tolist() == [False, False]


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("value", [0.3, 0.0, -7.1])
def test_identical_effects(method: Method, value: float) -> None:
    v = [0.04, 0.09, 0.02, 5.0]
    knha = pool([value] * 4, v, method=method, test="knha")
    assert (knha.tau2, knha.Q, knha.se) == (0.0, 0.0, 0.0)
    assert knha.ci == (value, value)
    assert not math.isnan(knha.stat)
    assert knha.p == (1.0 if value == 0 else 0.0)
    assert any("identical" in note for note in knha.notes)
    adhoc = pool([value] * 4, v, method=method)
    assert adhoc.se == pytest.approx(1 / math.sqrt(sum(1 / x for x in v)), rel=1e-12)
    assert (knha.tested, adhoc.tested) == (False, True)
    assert adhoc.tau2_ci_empty == (method is not Method.EE)
    if method is not Method.EE:
        assert adhoc.tau2_ci == (0.0, 0.0)
        assert any("empty" in note for note in adhoc.notes)


def test_effects_that_differ_by_rounding_are_identical() -> None:
    """As in a meta-regression: 0.1 + 0.2 against 0.3 is no evidence, let alone p = 6e-17."""
    for effects in ([0.1 + 0.2, 0.3], [0.7, 0.1 * 7, 0.7], [-1e9, -1e9 * (1 + 2e-16)]):
        fit = pool(effects, [0.17, 0.11, 0.2][: len(effects)], test="knha")
        assert fit.se == 0
        assert any("identical" in note for note in fit.notes)
    near = pool([0.3, 0.3 + 1e-9], [0.1, 0.1], test="knha")
    assert near.se == pytest.approx(0.5e-9, rel=1e-6)  # half their difference
    assert pool([3000, 3000.01], [1e8, 1e8], test="knha").se == pytest.approx(0.005, rel=1e-6)


@pytest.mark.parametrize("v", [0.25, 1.0, 3.0, 4000.0])
@pytest.mark.parametrize("size", [2, 40])
def test_rounding_is_a_share_of_the_effect_whatever_the_studies_weigh(size: int, v: float) -> None:
    """Half of 1e-12 is rounding, twice as much is not: by the effects' spread alone."""
    for share, identical in ((0.5e-12, True), (2e-12, False)):
        fit = pool([1 + share, 1 - share] * (size // 2), [v] * size, test="knha")
        wanted = 0 if identical else share / math.sqrt(size - 1)
        assert fit.se == pytest.approx(wanted, rel=1e-2, abs=0)


def test_henmi_and_copas_beyond_two_errors_solve_their_equation() -> None:
    """Where tau² is zero Q is chi²; metafor 3.8-1 looks for the root below 2 only, and stops."""
    v, level = np.array([0.04, 0.09, 0.02]), 0.99
    fit = henmi_copas([0.3, 0.31, 0.29], v, level=level)
    assert fit.tau2 == 0
    w = 1 / v
    w2 = (w**2).sum() / w.sum()
    x = (fit.ci[1] - fit.estimate) / fit.se

    def density(r: float) -> float:
        bound = 2 + (w.sum() - w2) / w2 * ((r / x) ** 2 - 1)  # Q is chi² on two degrees of freedom
        return -math.expm1(-bound / 2) * math.exp(-(r**2) / 2) / math.sqrt(2 * math.pi)

    tail = quad(density, x, 40)[0]
    assert x > 2
    assert tail == pytest.approx((1 - level) / 2, rel=1e-6)


@pytest.mark.parametrize("method", list(Method))
def test_two_studies(method: Method) -> None:
    fit = pool([0.1, 0.5], [0.04, 0.09], method=method)
    moments = {Method.DL, Method.HE, Method.REML, Method.PM, Method.EB}
    if method in moments:  # (y1-y2)²/2 - mean(v)
        assert fit.tau2 == pytest.approx(0.015, rel=1e-9)
    assert math.isfinite(fit.ci[0])


def test_effects_that_differ_by_next_to_nothing_are_homogeneous() -> None:
    found = pool([0.0, 2.6e-162], [1.0, 0.5])  # Q is the least number above zero
    assert 0 < found.Q < 1e-300
    assert (found.I2, found.tau2) == (0.0, 0.0)


@pytest.mark.parametrize("method", list(Method))
def test_precision_over_eight_orders_of_magnitude(method: Method) -> None:
    v = np.geomspace(1e-8, 1.0, 9)
    y = np.array([0.1, 0.1001, 0.4, -0.3, 0.2, 0.9, -0.8, 1.5, -2.0])
    fit = pool(y, v, method=method)
    values = [fit.estimate, fit.se, fit.stat, fit.p, *fit.ci, fit.tau2, fit.I2, fit.H2, fit.Q]
    assert np.isfinite(values).all()
    assert 0 <= fit.I2 <= 100


@pytest.mark.parametrize("method", list(Method))
def test_enormous_heterogeneity(method: Method) -> None:
    rng = np.random.default_rng(4)
    y, v = rng.normal(0, 1e6, 12), rng.uniform(0.001, 0.1, 12)
    fit = pool(y, v, method=method, test="z")
    if method in (Method.REML, Method.HE, Method.PM, Method.EB):  # variances no longer matter
        assert fit.tau2 == pytest.approx(y.var(ddof=1), rel=1e-9)
    assert fit.Q_p == 0.0
    assert fit.I2 > 99.999


def test_a_dominating_study_costs_no_digits() -> None:
    # tr P = 2 w1 w2 / (w1 + w2) for k = 2: 1e12 against 1 leaves nothing of sum w - sum w²/sum w
    fit = pool([0.0, 3.0], [1e-12, 1.0], method="DL", test="z")
    assert fit.tau2 == pytest.approx(9 / 2 - 0.5 * (1 + 1e-12), rel=1e-12)


def test_many_studies() -> None:
    rng = np.random.default_rng(11)
    v = rng.uniform(0.01, 0.2, 10_000)
    y = rng.normal(0.25, np.sqrt(v + 0.09))
    fit = pool(y, v)
    assert fit.estimate == pytest.approx(0.25, abs=0.02)
    assert fit.tau2 == pytest.approx(0.09, abs=0.01)
    assert fit.weights.sum() == pytest.approx(100, rel=1e-9)


def test_empty_batches_and_analyses() -> None:
    assert len(pool_many([], [], [0])) == 0
    many = pool_many([0.2], [0.1], [0, 0, 1, 1])
    assert many.k.tolist() == [0, 1, 0]
    assert np.isnan(many.estimate[[0, 2]]).all()
    assert many[0].notes == ("k = 0: nothing to pool",)
    assert many.Q_df.tolist() == [0, 0, 0]
    assert many.boundary.tolist() == [False, True, False]  # nothing is estimated where none is
    assert many[-1].k == 0
    assert [fit.k for fit in many] == [0, 1, 0]
    with pytest.raises(IndexError):
        many[3]


def test_the_names_of_choices_are_read_loosely_but_not_guessed() -> None:
    assert Method("fe") is Method.EE
    assert Method("hsk") is Method.HSK
    with pytest.raises(InvalidDataError, match="choose one of"):
        Method("GENQ")
    with pytest.raises(InvalidDataError, match="choose one of"):
        pool([1, 2], [1, 1], test="hksj")


BAD: list[tuple[list[Any], list[Any], str]] = [
    ([], [], "no studies"),
    ([1.0, math.nan], [1.0, 1.0], "finite"),
    ([1.0, 2.0], [1.0, math.inf], "finite"),
    ([1.0, None], [1.0, 1.0], "finite"),
    ([1.0, "x"], [1.0, 1.0], "numbers"),
    ([1.0, 2.0], [1.0, 0.0], "above zero; study 2"),
    ([1.0, 2.0], [-1.0, 1.0], "above zero; study 1"),
    ([1.0, 2.0], [1.0], "one length"),
    ([[1.0, 2.0]], [[1.0, 1.0]], "one length"),
    ([1e70, 2.0], [1.0, 1.0], "not data"),
    ([1.0, 2.0], [1e-300, 1.0], "not data"),
]


@pytest.mark.parametrize(("y", "v", "said"), BAD)
def test_data_that_cannot_be_right_are_refused(y: list[Any], v: list[Any], said: str) -> None:
    with pytest.raises(InvalidDataError, match=said):
        pool(y, v)


def test_settings_that_cannot_be_right_are_refused() -> None:
    y, v = [0.1, 0.2, 0.4], [0.1, 0.1, 0.2]
    for level in (0.0, 1.0, 95.0, math.nan):
        for function in (pool, henmi_copas, profile_likelihood, selection_3psm):
            with pytest.raises(InvalidDataError):
                function(y, v, level=level)
    with pytest.raises(InvalidDataError, match="test, k-1, k-2, HK"):
        pool(y, v, prediction="k-3")
    for offsets in ([0, 2], [1, 3], [0, 2, 1, 3], [[0, 3]], [0.0, 3.0], []):
        with pytest.raises(InvalidDataError, match=r"[Oo]ffsets"):
            pool_many(y, v, offsets)
    with pytest.raises(InvalidDataError, match="names each"):
        cumulative(y, v, order=[0, 0, 1])
    with pytest.raises(InvalidDataError, match="truth values"):
        subsets(y, v, [[1, 0, 1]])
    with pytest.raises(InvalidDataError, match="ML or REML"):
        profile_likelihood(y, v, method="DL")
    with pytest.raises(InvalidDataError, match="number of subsets"):
        gosh(y, v, count=0)
    with pytest.raises(InvalidDataError, match="sample sizes"):
        egger(y, v, predictor="ni")
    with pytest.raises(InvalidDataError, match="one number above zero"):
        egger(y, v, predictor="ni", ni=[1, 2, 0])
    with pytest.raises(InvalidDataError, match="alpha"):
        fail_safe_n(y, v, alpha=1.0)
    with pytest.raises(InvalidDataError, match="other than zero"):
        fail_safe_n(y, v, kind="Orwin", target=0.0)
    with pytest.raises(InvalidDataError, match="below zero"):
        selection_loglik(y, v, estimate=0.0, tau2=-1.0, delta=1.0)


def test_too_few_studies_are_said_so() -> None:
    of_two: tuple[Callable[..., object], ...] = (
        leave_one_out, influence, baujat, begg, henmi_copas, gosh, profile_likelihood
    )  # fmt: skip
    for function in of_two:
        with pytest.raises(InvalidDataError, match="at least two"):
            function([0.1], [0.1])
    with pytest.raises(InvalidDataError, match="at least three"):
        pet_peese([0.1, 0.2], [0.1, 0.2])
    with pytest.raises(InvalidDataError, match="Name the side"):
        trim_and_fill([0.1, 0.2], [0.1, 0.2])
    with pytest.raises(InvalidDataError, match="one size"):
        egger([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])
    of_one: tuple[Callable[..., object], ...] = (cumulative, trim_and_fill, fail_safe_n)
    for function in of_one:
        with pytest.raises(InvalidDataError, match="no studies"):
            function([], [])


def test_diagnostics_of_two_studies() -> None:
    y, v = [0.1, 0.5], [0.04, 0.09]
    assert leave_one_out(y, v).estimate.tolist() == [0.5, 0.1]
    assert np.isfinite(influence(y, v).rstudent).all()
    assert np.isfinite(baujat(y, v).y).all()
    assert begg(y, v).tau == 1.0
    line = egger(y, v, model="lm")
    assert (line.stat, line.p, line.limit_ci, line.ddf) == (None, None, None, 0.0)


def test_diagnostics_of_identical_effects_are_numbers() -> None:
    y, v = [0.3] * 4, [0.04, 0.09, 0.02, 0.1]
    for test in Test:
        found = influence(y, v, test=test)
        for key in ("rstudent", "dffits", "cook_d", "cov_r", "dfbs"):
            assert np.isfinite(getattr(found, key)).all(), (test, key)
        assert found.rstudent.tolist() == [0.0] * 4
    assert begg(y, v).tau is None
    assert trim_and_fill(y, v, side="left", estimator="R0").k0 == 0
    assert blup(y, v).estimate.tolist() == [0.3] * 4
    assert henmi_copas(y, v).estimate == 0.3


def test_data_of_any_scale_give_numbers_without_a_warning() -> None:
    rng = np.random.default_rng(31)
    refit: tuple[Callable[..., object], ...] = (
        influence,
        leave_one_out,
        cumulative,
        begg,
        henmi_copas,
        baujat,
        profile_likelihood,
    )
    shaped: tuple[Callable[..., object], ...] = (egger, pet_peese, trim_and_fill, selection_3psm)
    for width in (0, 2, 8, 20):
        for k in (2, 3, 5, 8):
            v = 10 ** rng.uniform(-width, width, k)
            y = rng.normal(0, 1, k) * 10 ** rng.uniform(-width, width)
            for method in Method:
                for test in (Test.Z, Test.KNHA):
                    fit = pool(y, v, method=method, test=test)
                    values = [fit.estimate, fit.se, fit.p, *fit.ci, fit.tau2, fit.I2, fit.loglik]
                    assert np.isfinite(values).all(), (width, k, method)
            for function in refit:
                function(y, v)
            for function in shaped if k > 2 else ():
                with contextlib.suppress(InvalidDataError):  # all significant, all of one size
                    function(y, v)


def test_the_bootstrap_can_be_drawn_again_and_spreads_like_the_mean() -> None:
    rng = np.random.default_rng(8)
    v = rng.uniform(0.02, 0.05, 60)
    y = rng.normal(0.3, np.sqrt(v + 0.1))
    a, b = bootstrap(y, v, count=400, seed=5), bootstrap(y, v, count=400, seed=5)
    assert (a.estimate == b.estimate).all()
    assert a.estimate.std() == pytest.approx(pool(y, v, test="knha").se, rel=0.15)
    with pytest.raises(InvalidDataError, match="at least 1"):
        bootstrap(y, v, count=0)


def test_trim_and_fill_of_a_funnel_below_zero() -> None:
    y = -np.array([0.05, 0.1, 0.1, 0.2, 0.25, 0.7, 0.9, 1.1])
    v = np.array([0.01, 0.01, 0.02, 0.02, 0.03, 0.1, 0.12, 0.2])
    found = trim_and_fill(y, v)
    mirrored = trim_and_fill(-y, v)
    assert (found.side, mirrored.side) == ("right", "left")
    assert found.k0 == mirrored.k0 > 0
    assert found.fit.estimate == pytest.approx(-mirrored.fit.estimate, rel=1e-9)
    assert found.fit.estimate > pool(y, v).estimate


def test_exact_rank_test_by_enumeration() -> None:
    # of the 24 orders of four the most concordant is one: p = 2/24
    assert begg([0.1, 0.5, 0.9, 1.9], [0.1, 0.2, 0.3, 0.4]).p == pytest.approx(2 / 24, rel=1e-12)


def test_selection_all_or_none_significant() -> None:
    v = [0.01, 0.01, 0.02, 0.02]
    with pytest.raises(InvalidDataError, match="All studies"):
        selection_3psm([0.9, 0.8, 1.1, 1.0], v)
    none = selection_3psm([0.05, 0.08, 0.1, 0.02], v)
    assert none.delta_bound
    assert (none.significant, none.delta, none.se_delta) == (0, 100.0, None)


def test_a_selection_that_the_effects_say_nothing_of_has_no_errors() -> None:
    """All of them are thousands of errors beyond the limit, so that none could be missing."""
    y, v = np.array([0.5, 0.5001]), np.full(2, 1e-8)
    data = _Data(y, v, 1.96 * np.sqrt(v), np.array([True, True]))
    assert _errors(data, (0.5, 0.0, 0.5)) == (None, None, None)


def test_selection_scales_and_flips() -> None:
    y = np.array([0.1, 0.2, 0.6, 0.7, 0.5, 0.05, 0.9, 0.3])
    v = np.array([0.04, 0.05, 0.04, 0.03, 0.02, 0.1, 0.15, 0.06])
    a, b = selection_3psm(y, v), selection_3psm(-1e-3 * y, 1e-6 * v)
    assert b.alternative == "less"
    assert b.estimate == pytest.approx(-1e-3 * a.estimate, rel=1e-6)
    assert b.delta == pytest.approx(a.delta, rel=1e-6)
    assert pytest.approx(0, abs=1e-8) == b.LRT - a.LRT


def test_tables_without_information() -> None:
    nothing = mantel_haenszel([0, 0], [10, 12], [0, 0], [11, 9])
    assert (nothing.k, nothing.estimate, nothing.p, nothing.ci) == (0, None, None, None)
    assert peto([0, 0], [10, 12], [0, 0], [11, 9]).estimate is None
    # (|4 - 6.5| - 1/2)² over 20² · 13 · 27 / (40² · 39): one trial has nothing to be unlike
    one = mantel_haenszel([4], [16], [9], [11])
    assert (one.mh, one.ta, one.ta_df) == (pytest.approx(4 / 2.25), None, None)
    infinite = mantel_haenszel([2, 3], [10, 12], [0, 0], [11, 9], measure="RR")
    assert infinite.estimate is None
    difference = mantel_haenszel([0, 3], [10, 12], [0, 0], [11, 9], measure="RD")
    assert difference.k == 2
    assert mantel_haenszel_rates([0], [10], [0], [11]).estimate is None
    with pytest.raises(InvalidDataError, match="at least one person"):
        mantel_haenszel([0], [0], [1], [1])
    with pytest.raises(InvalidDataError, match="not negative"):
        peto([-1], [2], [1], [1])
    with pytest.raises(InvalidDataError, match="one length"):
        mantel_haenszel([1, 2], [2], [1], [1])
    with pytest.raises(InvalidDataError, match="above zero"):
        mantel_haenszel_rates([1], [0], [1], [1])
    with pytest.raises(InvalidDataError, match="no trials"):
        peto([], [], [], [])


def test_profile_interval_holds_the_estimate_and_scales() -> None:
    y, v = np.array([0.1, 0.9, -0.4, 0.6]), np.array([0.02, 0.03, 0.04, 0.01])
    a = profile_likelihood(y, v)
    b = profile_likelihood(1e-3 * y, 1e-6 * v)
    assert a.ci[0] < a.tau2 < a.ci[1]
    assert b.ci == pytest.approx([1e-6 * x for x in a.ci], rel=1e-9)
    wide, narrow = profile_likelihood(y, v, level=0.99), profile_likelihood(y, v, level=0.5)
    assert wide.ci[0] <= a.ci[0] < narrow.ci[0] < narrow.ci[1] < a.ci[1] < wide.ci[1]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5)), min_size=1, max_size=40))
def test_pairs_are_counted_as_one_by_one(pairs: list[tuple[int, int]]) -> None:
    both = list(itertools.combinations(pairs, 2))
    score = sum(int(np.sign((a - c) * (b - d))) for (a, b), (c, d) in both)
    untied = sum(a != c for (a, _), (c, _) in both), sum(b != d for (_, b), (_, d) in both)
    x, y = np.array(pairs, dtype=float).T
    assert _concordance(x, y) == (score, untied)


def test_one_trial_of_counts_is_compared_with_none() -> None:
    """Half a count that only its own effect gets is no difference between trials."""
    for found in (
        mantel_haenszel([0], [25], [3], [25], measure="RD"),
        mantel_haenszel([0], [25], [3], [25], measure="RR"),
        mantel_haenszel_rates([0], [5.8], [1], [53.3], measure="IRD"),
    ):
        assert (found.Q, found.Q_df, found.Q_p) == (0.0, 0, 1.0)
