"""Leave-one-out by the shared survey is the plain batch, also where the survey must stand back."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from review.synthesis import cumulative, influence, leave_one_out, pool, pool_many
from review.synthesis.deletion import deleted_blocks

RNG = np.random.default_rng(17)
V = 4 / RNG.integers(20, 1500, 150)
Y = RNG.normal(0.3, np.sqrt(V + 0.05))
OUTLIER = np.where(np.arange(150) == 70, 1e7, Y)
DOMINATED = np.where(np.arange(150) == 3, 1e-9, V)


@pytest.mark.parametrize("method", ["REML", "ML", "PM"])
@pytest.mark.parametrize(
    ("y", "v", "surveyed"),
    [(Y, V, True), (Y[:5], V[:5], True), (OUTLIER, V, False), (Y, DOMINATED, False)],
    ids=["usual", "few", "outlier", "dominated"],
)
def test_the_survey_changes_nothing(
    y: np.ndarray, v: np.ndarray, surveyed: bool, method: str
) -> None:
    k = y.size
    assert {block.survey is not None for block in deleted_blocks(y, v)} == {surveyed}
    fast = leave_one_out(y, v, method=method, test="knha", tau2_ci=True)
    keep = np.concatenate([np.delete(np.arange(k), i) for i in range(k)])
    offsets = np.arange(k + 1) * (k - 1)
    plain = pool_many(y[keep], v[keep], offsets, method=method, test="knha", tau2_ci=True)
    assert fast.modes.tolist() == plain.modes.tolist()
    for name in ("estimate", "se", "tau2", "se_tau2", "I2", "H2", "p", "loglik", "ci", "tau2_ci"):
        ours, theirs = getattr(fast, name), getattr(plain, name)
        assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-12 * v.min()), name
    assert np.allclose(fast.Q, plain.Q, rtol=1e-9)
    assert fast[4].weights == pytest.approx(plain[4].weights, rel=1e-9)


def test_leave_one_out_of_equal_effects_is_at_the_boundary() -> None:
    many = leave_one_out(np.full(40, 0.2), V[:40])
    assert (many.tau2 == 0).all()
    assert np.allclose(many.estimate, 0.2, rtol=1e-15)


def test_ten_thousand_studies_are_left_out_in_little_memory() -> None:
    k = 10_000
    v = np.tile(V[:100], 100)
    y = np.tile(Y[:100], 100) + 1e-3 * np.arange(k) / k
    tracemalloc.start()
    try:
        found = influence(y, v, method="DL")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 100e6  # all k x k weights would be 800 MB
    keep = np.arange(k) != 4321
    lacking = pool(y[keep], v[keep], method="DL", test="z", tau2_ci=False)
    assert found.tau2_del[4321] == pytest.approx(lacking.tau2, rel=1e-10)
    everything = 1 / (v + lacking.tau2)
    change = pool(y, v, method="DL", test="z", tau2_ci=False).estimate - lacking.estimate
    assert found.dfbs[4321] == pytest.approx(change * np.sqrt(everything.sum()), rel=1e-8)


def test_three_thousand_studies_are_added_in_little_memory() -> None:
    k = 3_000
    v = np.tile(V[:100], 30)
    y = np.tile(Y[:100], 30)
    tracemalloc.start()
    try:
        found = cumulative(y, v, method="DL")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 15e6  # the 4,501,500 studies of all analyses would be 36 MB an array
    for first in (1, 1234, k):
        alone = pool(y[:first], v[:first], method="DL", tau2_ci=False)
        assert found[first - 1].estimate == pytest.approx(alone.estimate, rel=1e-12)
        assert found[first - 1].tau2 == pytest.approx(alone.tau2, rel=1e-10)
        assert found[first - 1].weights == pytest.approx(alone.weights, rel=1e-10)
