"""One analysis on its own, without an axis of analyses, is the batch of one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.synthesis import pool, pool_many
from review.synthesis.methods import Method, Test
from review.synthesis.pooled import Pooled

VALUES = (
    "estimate", "se", "stat", "p", "ci", "pi", "se_tau2", "I2", "H2", "Q", "Q_p",
    "loglik", "weights", "I2_q", "I2_ci", "H2_ci",
)  # fmt: skip


def _same(y: list[float], v: list[float], method: Method, test: Test) -> Pooled:
    alone = pool(y, v, method=method, test=test)
    batch = pool_many(y, v, [0, len(y)], method=method, test=test, tau2_ci=True)[0]
    assert (alone.modes, alone.boundary, alone.notes) == (batch.modes, batch.boundary, batch.notes)
    assert (alone.k, alone.ddf, alone.Q_df) == (batch.k, batch.ddf, batch.Q_df)
    assert alone.tau2 == pytest.approx(batch.tau2, rel=1e-12, abs=1e-12 * min(v))
    if alone.tau2_ci is None or batch.tau2_ci is None:
        assert alone.tau2_ci is batch.tau2_ci
    else:
        assert alone.tau2_ci == pytest.approx(batch.tau2_ci, rel=1e-11, abs=1e-12 * min(v))
    for name in VALUES:
        one, other = getattr(alone, name), getattr(batch, name)
        if one is None or other is None:
            assert one is other, name
        else:
            assert one == pytest.approx(other, rel=1e-11, abs=1e-12), name
    return alone


studies = st.lists(
    st.tuples(st.integers(-64, 64), st.integers(-12, 4)), min_size=1, max_size=14
)  # in 1/16 and as a power of two


@given(studies, st.sampled_from(Method), st.sampled_from(Test))
def test_a_lone_analysis_is_the_batch_of_one(
    data: list[tuple[int, int]], method: Method, test: Test
) -> None:
    _same([y / 16 for y, _ in data], [2.0**v for _, v in data], method, test)


@pytest.mark.parametrize("method", [Method.REML, Method.ML])
def test_several_maxima_are_compared_as_in_the_batch(method: Method) -> None:
    rng = np.random.default_rng(8)
    most = 0
    for _ in range(300):
        v = 10.0 ** rng.uniform(-3, 1, 4)
        y = rng.normal(0, 1, 4) * 3 * np.sqrt(v)
        most = max(most, _same(y.tolist(), v.tolist(), method, Test.Z).modes)
    assert most > 1
