"""Leave-one-out by shared sums is the plain batch, also where sharing must stand back."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from review.synthesis import cumulative, influence, leave_one_out, pool, pool_many
from review.synthesis.deletion import TERMS, Lacking, deleted, total_weights
from review.synthesis.methods import Method, Test
from review.synthesis.pooled import Deleted
from review.synthesis.pooling import Options, pool_blocks

RNG = np.random.default_rng(17)
V = 4 / RNG.integers(20, 1500, 150)
Y = RNG.normal(0.3, np.sqrt(V + 0.05))
OUTLIER = np.where(np.arange(150) == 70, 1e7, Y)
DOMINATED = np.where(np.arange(150) == 3, 1e-9, V)


HEAVY_TAILS = 10.0 ** RNG.uniform(-8, 8, 150)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize(
    ("y", "v", "refitted"),
    [
        (Y, V, range(1, 20)),
        (Y[:5], V[:5], range(5, 6)),
        (OUTLIER, V, range(2, 25)),
        (Y, DOMINATED, range(2, 25)),
        (Y * np.sqrt(HEAVY_TAILS), HEAVY_TAILS, range(40, 80)),
        (np.where(np.arange(150) == 9, 1.0, 0.2), V, range(2, 25)),
    ],
    ids=["usual", "few", "outlier", "dominated", "heavy tails", "all but one alike"],
)
def test_sharing_changes_nothing(
    y: np.ndarray, v: np.ndarray, refitted: range, method: Method
) -> None:
    k = y.size
    parts = list(deleted(y, v))
    assert sum(part.k.size for part in parts if not isinstance(part, Lacking)) in refitted
    assert sorted(np.concatenate([part.rows for part in parts])) == list(range(k))
    fast = leave_one_out(y, v, method=method, test="knha", tau2_ci=True)
    keep = np.concatenate([np.delete(np.arange(k), i) for i in range(k)])
    offsets = np.arange(k + 1) * (k - 1)
    plain = pool_many(y[keep], v[keep], offsets, method=method, test="knha", tau2_ci=True)
    assert fast.modes.tolist() == plain.modes.tolist()
    for name in ("estimate", "se", "tau2", "se_tau2", "I2", "H2", "loglik", "ci", "tau2_ci"):
        ours, theirs = getattr(fast, name), getattr(plain, name)
        if theirs is not None:
            # logarithms are of any sign and sum to anything
            atol = 1e-10 if name == "loglik" else 1e-12 * v.min()
            assert np.allclose(ours, theirs, rtol=1e-10, atol=atol, equal_nan=True), name
    assert np.allclose(fast.Q, plain.Q, rtol=1e-10)
    assert fast[4].weights == pytest.approx(plain[4].weights, rel=1e-9)


def test_twenty_thousand_studies_are_summed_a_few_hundred_times() -> None:
    k = 20_000
    v = 4 / RNG.integers(20, 1500, k)
    y = RNG.normal(0.3, np.sqrt(v + 0.05))
    shared, *others = parts = list(deleted(y, v))
    assert isinstance(shared, Lacking)
    many = pool_blocks(parts, Deleted(v), Options.of(Method.REML, Test.ADHOC, 0.95, True))
    summed = TERMS * len(shared.whole.pieces) + sum(part.k.size for part in others)
    assert summed < 300  # where each analysis is fitted for itself: some 120,000
    for i in (0, 4321, int(v.argmin()), int(v.argmax()), int(y.argmax())):
        alone = pool(np.delete(y, i), np.delete(v, i))
        for name in ("estimate", "se", "tau2", "se_tau2", "I2", "Q", "tau2_ci", "pi", "loglik"):
            assert getattr(many[i], name) == pytest.approx(getattr(alone, name), rel=1e-10), name


def test_total_weights_are_those_of_each_study() -> None:
    for k in (20, 150):
        tau2 = np.linspace(0, 3, k)
        plain = [(1 / (V[:k] + t)).sum() for t in tau2]
        assert total_weights(Y[:k], V[:k], tau2) == pytest.approx(plain, rel=1e-13)


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
