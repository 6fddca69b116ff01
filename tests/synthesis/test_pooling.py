"""Every pooled number of tests/reference, all methods by all tests."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.special import chdtri

from review.synthesis import Method, PredictionKind, Test, pool, pool_many
from review.synthesis.blocks import spans
from review.synthesis.pooled import PooledMany, Prefixes, few_for_normal
from review.synthesis.pooling import Options, pool_blocks
from review.synthesis.search import MANY
from tests.reference import Analysis, analyses, floats

CASES: list[Any] = [
    pytest.param(a, c, id=f"{a.name}-{c['method']}-{c['test']}") for a in analyses() for c in a.pool
]

CLOSED_FORM = 1e-9
ITERATIVE = 1e-6
PROFILE = 1e-5
ITERATED = {"ML", "REML", "EB", "PM", "PMM"}
PROFILES = {"tau2_ci", "I2_ci", "H2_ci"}
PLAIN = {"k", "method", "test"}

# metafor looks for the upper Q-profile limit no further than ten times tau², which here lies below
# it; ours is the point where Q(tau²) meets the quantile, which a test below computes for itself.
STOPPED_SHORT = {("normand1999-MD", method) for method in ("DL", "HS", "HSk")}


def close(ours: Any, expected: Any, tolerance: float, scale: float = 1.0) -> bool:
    o, e = np.atleast_1d(np.array(ours, dtype=float)), floats(expected)
    return bool(np.allclose(o, e, rtol=tolerance, atol=tolerance * 1e-3 * scale))


@pytest.mark.parametrize(("analysis", "case"), CASES)
def test_every_number_of_the_reference_is_reproduced(
    analysis: Analysis, case: dict[str, Any]
) -> None:
    fit = pool(analysis.yi, analysis.vi, method=case["method"], test=case["test"])
    assert fit.k == case["k"]
    tolerance = ITERATIVE if case["method"] in ITERATED else CLOSED_FORM
    for key, expected in case.items():
        if key in PLAIN:
            continue
        ours: Any = getattr(fit, key)
        if expected is None:
            identical = key == "stat" and fit.se == 0
            assert ours is None or (identical and np.isinf(ours)), key
        elif key in PROFILES:
            if (analysis.name, case["method"]) in STOPPED_SHORT:
                assert ours[1] > expected[1], key
                assert close(ours[0], expected[0], PROFILE), key
                continue
            assert close(ours, expected, PROFILE), key
        else:
            # tau² at the boundary: metafor's iterations end at 1e-11 where ours give 0
            scale = float(analysis.vi.min()) if key == "tau2" else 1.0
            assert close(ours, expected, tolerance, scale), (key, ours, expected)


def test_the_grid_of_reference_cases_has_not_shrunk() -> None:
    counted = Counter((c.values[1]["method"], c.values[1]["test"]) for c in CASES)
    assert len(CASES) >= 2152
    assert len({a.name for a in analyses()}) >= 49
    for method in Method:
        for test in Test:
            assert counted[method.value, test.value] >= (48 if method is Method.REML else 49)


def test_where_metafor_stops_short_our_limits_meet_the_quantiles() -> None:
    checked = 0
    for a in analyses():
        for method in sorted(m for name, m in STOPPED_SHORT if name == a.name):
            fit = pool(a.yi, a.vi, method=method)
            assert fit.tau2_ci is not None
            for limit, tail in zip(fit.tau2_ci, (0.025, 0.975), strict=True):
                w = 1 / (a.vi + limit)
                q = np.sum(w * (a.yi - np.sum(w * a.yi) / w.sum()) ** 2)
                assert q == pytest.approx(chdtri(a.yi.size - 1, tail), rel=1e-9)
                checked += 1
    assert checked == 2 * len(STOPPED_SHORT)


Y = [0.1, 0.5, 0.9, -0.2, 0.30, 0.31, 0.4, 0.8, 0.2, 0.2, 1.9]
V = [0.04, 0.09, 0.02, 0.05, 0.10, 0.20, 0.1, 0.3, 0.1, 0.1, 0.2]
ENDS = [0, 4, 4, 6, 8, 9, 11]
"""Analyses of four, no, two (alike), two, one and two studies: with tau² of zero and above."""


@pytest.mark.parametrize("kind", list(PredictionKind))
@pytest.mark.parametrize("test", list(Test))
@pytest.mark.parametrize("method", [Method.REML, Method.DL, Method.EE])
def test_a_batch_has_each_analysis_as_it_is_alone(
    method: Method, test: Test, kind: PredictionKind
) -> None:
    many = pool_many(Y, V, ENDS, method=method, test=test, tau2_ci=True, prediction=kind)
    for i, (start, end) in enumerate(pairwise(ENDS)):
        if start == end:
            continue
        one = pool(Y[start:end], V[start:end], method=method, test=test, prediction=kind)
        for field in fields(one):
            ours, alone = getattr(many[i], field.name), getattr(one, field.name)
            if isinstance(alone, float | tuple | np.ndarray) and field.name != "notes":
                assert close(ours, np.atleast_1d(alone).tolist(), 1e-9, 1.0), (i, field.name)
            else:
                assert ours == alone, (i, field.name)
    nothing = many[1]
    assert (nothing.iterations, nothing.modes) == (0, 0)
    assert not many.hk_narrower[1]
    assert not many.tau2_ci_empty[1]


@pytest.mark.parametrize("method", [Method.REML, Method.ML])
@pytest.mark.parametrize("orders", [1, 4])
def test_thousands_at_once_are_what_each_is_alone(method: Method, orders: int) -> None:
    """Of alike variances both ends settle most intervals, of unlike ones few."""
    rng = np.random.default_rng(orders)
    v = 10.0 ** rng.uniform(0, orders, 4 * 2 * MANY)
    y = rng.normal(0, np.sqrt(v) * rng.choice([0.5, 2, 4], v.size))
    ends = np.arange(0, v.size + 1, 4)
    many = pool_many(y, v, ends, method=method)
    for i in range(0, len(many), 40):
        one = pool(y[ends[i] : ends[i + 1]], v[ends[i] : ends[i + 1]], method=method)
        assert (many[i].modes, many[i].boundary) == (one.modes, one.boundary)
        assert many[i].tau2 == pytest.approx(one.tau2, rel=1e-11, abs=1e-12)
        assert many[i].ci == pytest.approx(one.ci, rel=1e-11, abs=1e-12)
    assert many.modes.max() > 1


@pytest.mark.parametrize("kind", list(PredictionKind))
@pytest.mark.parametrize("test", list(Test))
def test_analyses_of_different_size_in_one_batch_have_their_own_quantiles(
    test: Test, kind: PredictionKind
) -> None:
    for part in pool_prefixes(test, kind):
        alone = pool(Y[: part.k], V[: part.k], test=test, prediction=kind)
        assert part.ci == pytest.approx(alone.ci, rel=1e-9)
        assert (part.pi is None) == (alone.pi is None)
        assert part.pi is None or part.pi == pytest.approx(alone.pi, rel=1e-9)


def pool_prefixes(test: Test, kind: PredictionKind) -> PooledMany:
    """One study, two, three and so on: blocks whose analyses differ in size."""
    y, v = np.array(Y), np.array(V)
    prefixes = Prefixes(v)
    parts = spans(y, v, np.zeros(v.size, dtype=np.int64), prefixes.k)
    return pool_blocks(parts, prefixes, Options.of(Method.REML, test, 0.95, False, kind))


@pytest.mark.parametrize("test", list(Test))
def test_what_follows_from_other_columns_is_that_of_each_analysis(test: Test) -> None:
    ends, y, v = [0, 4, 4, 6, 8, 9, 11, 13], [*Y, 0.0, 0.0], [*V, 0.1, 0.2]
    many = pool_many(y, v, ends, test=test)
    for name in ("stat", "p", "Q_p", "I2_q"):
        column = getattr(many, name)
        for i, one in enumerate(many):
            assert column[i] == pytest.approx(getattr(one, name), rel=1e-13, nan_ok=True), name
    assert many[6].stat == 0  # no effect, and with knha no standard error either


T2 = 0.95 / math.sqrt(2 * 0.975 * 0.025)
"""The 97.5 % point of t on two degrees of freedom, in closed form."""


@pytest.mark.parametrize("test", list(Test))
def test_the_prediction_interval_has_its_quantile_and_error(test: Test) -> None:
    """Of the normal, or of t on three or two degrees of freedom (tables; Higgins et al. 2009)."""
    made = {
        kind: pool(Y[:4], V[:4], method="DL", test=test, prediction=kind) for kind in PredictionKind
    }
    wald, knha = (pool(Y[:4], V[:4], method="DL", test=name).se for name in ("z", "knha"))
    plain = made[PredictionKind.TEST]
    wanted = {
        PredictionKind.TEST: (1.959963984540054 if test is Test.Z else 3.182446305284263, plain.se),
        PredictionKind.K_1: (3.182446305284263, wald),
        PredictionKind.K_2: (T2, wald),
        PredictionKind.HK: (3.182446305284263, knha),
    }
    for kind, (quantile, se) in wanted.items():
        half = quantile * math.sqrt(se**2 + plain.tau2)
        ends = (plain.estimate - half, plain.estimate + half)
        assert made[kind].pi == pytest.approx(ends, rel=1e-12), kind
        two = pool(Y[6:8], V[6:8], test=test, prediction=kind)
        assert (two.pi is None) == (kind is PredictionKind.K_2)


def test_what_is_asked_for_is_there_and_no_more() -> None:
    without = pool(Y[:4], V[:4], tau2_ci=False)
    assert (without.tau2_ci, without.I2_ci, without.H2_ci) == (None, None, None)
    assert pool(Y[:4], V[:4], method="EE").tau2_ci is None
    fit = pool(Y[:4], V[:4], method="PM")
    assert (fit.modes, fit.iterations > 1) == (1, True)
    narrow = pool([0.30, 0.35, 0.34], [0.1, 0.2, 0.1], test="knha")
    assert any("narrower than the Wald" in note for note in narrow.notes)
    for wide in (pool(Y[:4], V[:4], test="knha"), pool([0.35, -0.35] * 5, [0.1] * 10, test="knha")):
        assert not any("narrower" in note for note in wide.notes)
    assert pool_many(Y, V, ENDS).tau2_ci is None
    empty = pool([0.30, 0.3001, 0.3], [0.1, 0.2, 0.1])
    assert any("empty" in note for note in empty.notes)
    assert not any("narrower" in note for note in empty.notes)


def test_a_normal_interval_is_too_narrow_for_few_studies_that_differ() -> None:
    assert few_for_normal(2, 0.1)
    assert few_for_normal(9, 0.1)
    assert not few_for_normal(1, 0.1)
    assert not few_for_normal(10, 0.1)
    assert not few_for_normal(9, 0.0)
    assert not few_for_normal(9, None)
