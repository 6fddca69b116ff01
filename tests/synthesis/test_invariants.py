"""What must hold of any data: order, sign, unit, duplication, limits, and the global maximum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2, ttest_1samp
from scipy.stats import t as student

from review.synthesis import Method, Pooled, Test, gosh, leave_one_out, pool, pool_many, subsets
from tests.tiers import WHOLE

Floats = NDArray[np.float64]
Data = tuple[Floats, Floats]

QUICK = settings(max_examples=60 if WHOLE else 25, deadline=None)
RANDOM = [m for m in Method if m is not Method.EE]


@st.composite
def studies(draw: st.DrawFn, least: int = 2, most: int = 12) -> Data:
    """Effects and variances over eight orders of magnitude, heterogeneous or not."""
    k = draw(st.integers(least, most))
    seed = draw(st.integers(0, 2**32 - 1))
    width = draw(st.sampled_from([0.0, 1.0, 4.0]))
    tau = draw(st.sampled_from([0.0, 0.3, 3.0, 300.0]))
    rng = np.random.default_rng(seed)
    v = 10.0 ** rng.uniform(-width, width, k)
    return rng.normal(0.2, np.sqrt(v + tau**2)), v


def same(a: Pooled, b: Pooled, *, sign: float = 1.0, unit: float = 1.0, tol: float = 1e-9) -> None:
    """``b`` is ``a`` with effects multiplied by ``sign * unit``."""
    c, area = sign * unit, unit * unit
    typical = a.tau2 + a.se**2
    assert b.estimate == pytest.approx(c * a.estimate, rel=tol, abs=tol * unit * a.se)
    assert b.se == pytest.approx(unit * a.se, rel=tol)
    assert b.p == pytest.approx(a.p, rel=1e-6, abs=1e-12)
    assert b.tau2 == pytest.approx(area * a.tau2, rel=tol, abs=tol * 1e-3 * area * typical)
    assert abs(b.Q - a.Q) <= tol * a.Q + 1e-12
    assert abs(b.I2 - a.I2) <= 1e-8 * a.I2 + 1e-8
    assert sorted(b.ci) == pytest.approx(sorted(c * x for x in a.ci), rel=tol, abs=tol * unit)
    if a.tau2_ci is not None:
        assert b.tau2_ci is not None
        floor = tol * area * typical
        assert b.tau2_ci == pytest.approx([area * x for x in a.tau2_ci], rel=tol, abs=floor)


@pytest.mark.parametrize("method", list(Method))
@QUICK
@given(data=studies())
def test_the_order_of_studies_does_not_matter(method: Method, data: Data) -> None:
    y, v = data
    a = pool(y, v, method=method)
    assume(a.modes == 1)
    order = np.random.default_rng(1).permutation(y.size)
    b = pool(y[order], v[order], method=method)
    same(a, b)
    assert b.weights == pytest.approx(a.weights[order], rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("method", list(Method))
@QUICK
@given(data=studies())
def test_a_sign_flip_flips_the_estimate(method: Method, data: Data) -> None:
    y, v = data
    same(pool(y, v, method=method), pool(-y, v, method=method), sign=-1.0)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("unit", [1e-4, 0.0254, 3.0, 1e4])
@QUICK
@given(data=studies())
def test_a_change_of_unit_scales_the_result(method: Method, unit: float, data: Data) -> None:
    y, v = data
    a = pool(y, v, method=method)
    assume(a.modes == 1)
    same(a, pool(unit * y, unit**2 * v, method=method), unit=unit)


@QUICK
@given(data=studies())
def test_a_power_of_two_scales_to_the_last_bit(data: Data) -> None:
    y, v = data
    a, b = pool(y, v), pool(1024 * y, 1024.0**2 * v)
    assert (b.estimate, b.se, b.tau2) == (1024 * a.estimate, 1024 * a.se, 1024**2 * a.tau2)


@pytest.mark.parametrize("method", RANDOM)
@QUICK
@given(data=studies(), shift=st.floats(-1e3, 1e3))
def test_a_shift_moves_the_mean_alone(method: Method, data: Data, shift: float) -> None:
    y, v = data
    a = pool(y, v, method=method)
    assume(a.modes == 1)
    b = pool(y + shift, v, method=method)
    lost = 1e-13 * max(1.0, abs(shift)) / np.sqrt(v.min())  # digits the shifted data have lost
    assume(lost < 1e-6)
    assert b.estimate - shift == pytest.approx(a.estimate, abs=1e-6 * a.se)
    assert b.tau2 == pytest.approx(a.tau2, rel=1e-5, abs=1e-5 * (a.tau2 + v.min()))


@QUICK
@given(data=studies())
def test_every_study_twice_is_twice_the_information(data: Data) -> None:
    y, v = data
    yy, vv = np.tile(y, 2), np.tile(v, 2)
    one, two = pool(y, v, method="EE", test="z"), pool(yy, vv, method="EE", test="z")
    assert two.estimate == pytest.approx(one.estimate, rel=1e-9, abs=1e-9 * one.se)
    assert two.se == pytest.approx(one.se / np.sqrt(2), rel=1e-12)
    assert abs(two.Q - 2 * one.Q) <= 1e-9 * two.Q + 1e-12
    one, two = pool(y, v, method="ML", test="z"), pool(yy, vv, method="ML", test="z")
    assume(one.modes == 1)
    assert two.tau2 == pytest.approx(one.tau2, rel=1e-9, abs=1e-12 * v.min())
    assert two.loglik == pytest.approx(2 * one.loglik, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("method", [Method.REML, Method.ML])
@QUICK
@given(data=studies())
def test_no_tau2_has_a_higher_likelihood(method: Method, data: Data) -> None:
    y, v = data
    fit = pool(y, v, method=method, tau2_ci=False)
    grid = np.append(np.geomspace(v.min() * 1e-4, v.max() * 1e4 + 1e7, 2000), 0.0)[:, None]
    w = 1 / (v + grid)
    mean = (w * y).sum(axis=1) / w.sum(axis=1)
    ll = np.log(w).sum(axis=1) - (w * (y - mean[:, None]) ** 2).sum(axis=1)
    ll = (ll - y.size * np.log(2 * np.pi)) / 2
    if method is Method.REML:
        ll += np.log(2 * np.pi * y.size / w.sum(axis=1)) / 2
    assert fit.loglik >= ll.max() - 1e-9 * max(1.0, abs(fit.loglik))
    rises = np.flatnonzero(np.diff(np.append(ll[-1], ll[:-1])) > 0)
    assert fit.boundary or rises.size > 0


@QUICK
@given(data=studies())
def test_q_profile_limits_meet_their_quantiles(data: Data) -> None:
    y, v = data
    fit = pool(y, v)
    assert fit.tau2_ci is not None
    for limit, tail in zip(fit.tau2_ci, (0.975, 0.025), strict=True):
        w = 1 / (v + limit)
        d = y - y[v.argmin()]
        q = (w * (d - (w * d).sum() / w.sum()) ** 2).sum()
        target = chi2.ppf(tail, y.size - 1)
        assert q == pytest.approx(target, rel=1e-8) if limit > 0 else q <= target * (1 + 1e-9)


@QUICK
@given(data=studies())
def test_adhoc_is_never_narrower_than_t_and_flags_are_true(data: Data) -> None:
    y, v = data
    z, t, hk, adhoc = (pool(y, v, test=test) for test in ("z", "t", "knha", "adhoc"))
    assert adhoc.se >= max(hk.se, t.se) * (1 - 1e-12)
    narrower = hk.ci[1] - hk.ci[0] < z.ci[1] - z.ci[0]
    said = any("narrower" in note for note in hk.notes)
    assert narrower == said or hk.ci[1] - hk.ci[0] == pytest.approx(z.ci[1] - z.ci[0], rel=1e-9)
    assert not any("narrower" in note for note in adhoc.notes)


@pytest.mark.parametrize("method", [Method.REML, Method.DL, Method.HE, Method.PM, Method.EB])
@QUICK
@given(data=studies(least=3), variance=st.floats(1e-4, 1e4))
def test_equal_variances_have_closed_forms(method: Method, data: Data, variance: float) -> None:
    y, k = data[0], data[0].size
    v = np.full(k, variance)
    fit = pool(y, v, method=method, test="knha")
    s2 = y.var(ddof=1)
    assert fit.tau2 == pytest.approx(max(0.0, s2 - variance), rel=1e-9, abs=1e-10 * (s2 + variance))
    classical = ttest_1samp(y, 0.0)
    assert fit.se == pytest.approx(np.sqrt(s2 / k), rel=1e-9)
    assert fit.p == pytest.approx(classical.pvalue, rel=1e-6)
    assert fit.tau2_ci is not None
    bounds = [max(0.0, s2 * (k - 1) / chi2.ppf(tail, k - 1) - variance) for tail in (0.975, 0.025)]
    assert fit.tau2_ci == pytest.approx(bounds, rel=1e-8, abs=1e-9 * (s2 + variance))


@QUICK
@given(data=studies(most=9), seed=st.integers(0, 1000))
def test_a_batch_is_its_analyses_one_by_one(data: Data, seed: int) -> None:
    y, v = data
    chosen = np.random.default_rng(seed).random((40, y.size)) < 0.5
    for method in Method:
        for test in (Test.Z, Test.KNHA):
            many = subsets(y, v, chosen, method=method, test=test, tau2_ci=True)
            for i in (0, 7, 21, 39):
                if not chosen[i].any():
                    assert np.isnan(many.estimate[i])
                    assert many[i].notes == ("k = 0: nothing to pool",)
                    continue
                one = pool(y[chosen[i]], v[chosen[i]], method=method, test=test)
                if one.modes == 1:
                    same(one, many[i])
                assert many[i].modes == one.modes
                assert len(many[i].weights) == one.k
                assert np.allclose(many.weights(i), many[i].weights, rtol=1e-12)


@QUICK
@given(data=studies(least=3))
def test_leaving_one_out_is_pooling_the_others(data: Data) -> None:
    y, v = data
    many = leave_one_out(y, v, test="knha", tau2_ci=True)
    for i in range(y.size):
        one = pool(np.delete(y, i), np.delete(v, i), test="knha")
        if one.modes == 1:
            same(one, many[i])


def test_gosh_has_every_subset_once_and_can_be_drawn_again() -> None:
    rng = np.random.default_rng(3)
    y, v = rng.normal(size=6), rng.uniform(0.1, 1, 6)
    every = gosh(y, v)
    members = np.stack([every.members(i) for i in range(6)], axis=1)
    assert every.complete
    assert len({tuple(row) for row in members}) == 63
    assert (members.sum(axis=1) == every.size).all()
    assert every.estimate[-1] == pytest.approx(pool(y, v, test="z").estimate, rel=1e-12)
    a, b, c = gosh(y, v, count=50, seed=1), gosh(y, v, count=50, seed=1), gosh(y, v, count=50)
    assert not a.complete
    assert (a.estimate == b.estimate).all()
    assert (a.estimate != c.estimate).any()


@pytest.mark.parametrize("test", ["z", "t", "knha", "adhoc"])
def test_prediction_intervals_of_each_kind_by_hand(test: str) -> None:
    y, v = np.array([0.1, 0.5, -0.2, 0.9]), np.array([0.02, 0.03, 0.02, 0.05])
    fit = pool(y, v, test=test)
    weight = 1 / (v + fit.tau2)
    wald = weight.sum() ** -0.5
    hk = wald * (((weight * (y - fit.estimate) ** 2).sum()) / 3) ** 0.5
    for kind, se, df in (("k-1", wald, 3), ("k-2", wald, 2), ("HK", hk, 3)):
        found = pool(y, v, test=test, prediction=kind)
        assert found.pi is not None
        half = student.ppf(0.975, df) * np.sqrt(se**2 + fit.tau2)
        assert found.pi == pytest.approx((fit.estimate - half, fit.estimate + half), rel=1e-9)
        assert (found.ci, found.se, found.p, found.ddf) == (fit.ci, fit.se, fit.p, fit.ddf)
    as_test = pool(y, v, test="t")
    assert pool(y, v, test=test, prediction="k-1").pi == pytest.approx(as_test.pi, rel=1e-12)
    assert pool(y[:2], v[:2], test=test, prediction="k-2").pi is None
    assert pool(y[:1], v[:1], test=test, prediction="HK").pi is None
    assert pool(y, v, test=test, method="EE", prediction="HK").pi is None


def test_ragged_batches_of_any_size_keep_their_rows() -> None:
    rng = np.random.default_rng(9)
    sizes = rng.permutation(np.concatenate([np.arange(0, 60), np.full(40, 3), [700, 1500]]))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    v = 10.0 ** rng.uniform(-2, 1, offsets[-1])
    y = rng.normal(0, np.sqrt(v + 0.2))
    many = pool_many(y, v, offsets)
    assert many.k.tolist() == sizes.tolist()
    for i in range(0, sizes.size, 7):
        if sizes[i]:
            part = slice(offsets[i], offsets[i + 1])
            same(pool(y[part], v[part], tau2_ci=False), many[i])
