"""Cumulative analyses by running sums are the plain batch, also where no anchor holds for long."""

from __future__ import annotations

import numpy as np
import pytest

from review.synthesis import cumulative, pool, pool_many
from review.synthesis.growth import Growing, growing
from review.synthesis.methods import Method

RNG = np.random.default_rng(23)
K = 260
V = 4 / RNG.integers(20, 1500, K)
Y = RNG.normal(0.3, np.sqrt(V + 0.05))
TAILS = 10.0 ** RNG.uniform(-4, 4, K)
WIDE = np.sort(10.0 ** RNG.uniform(-8, 0, K))[::-1].copy()
LATE = np.where(np.arange(K) == 140, 1e-9, V)


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize(
    ("y", "v", "shared"),
    [
        (Y, V, range(120, 161)),
        (Y[:150], V[:150], range(1)),
        (np.where(np.arange(K) == 70, 1e6, Y), V, range(120, 161)),
        (Y, LATE, range(120, 121)),
        (Y * np.sqrt(TAILS), TAILS, range(100, 161)),
        (Y, WIDE, range(1)),
        (np.where(np.arange(K) == 9, 1.0, 0.2), V, range(120, 161)),
    ],
    ids=[
        "usual",
        "few",
        "outlier",
        "late and precise",
        "heavy tails",
        "ever more precise",
        "alike",
    ],
)
def test_running_sums_change_nothing(
    y: np.ndarray, v: np.ndarray, shared: range, method: Method
) -> None:
    k = y.size
    parts = list(growing(y, v))
    assert sum(part.k.size for part in parts if isinstance(part, Growing)) in shared
    assert sorted(np.concatenate([part.rows for part in parts])) == list(range(k))
    fast = cumulative(y, v, method=method, test="knha", tau2_ci=True)
    index = np.concatenate([np.arange(size) for size in range(1, k + 1)])
    offsets = np.append(0, np.arange(1, k + 1).cumsum())
    plain = pool_many(y[index], v[index], offsets, method=method, test="knha", tau2_ci=True)
    assert fast.modes.tolist() == plain.modes.tolist()
    for name in ("estimate", "se", "tau2", "se_tau2", "I2", "H2", "loglik", "ci", "pi", "tau2_ci"):
        ours, theirs = getattr(fast, name), getattr(plain, name)
        if theirs is not None:
            # logarithms are of any sign and sum to anything
            atol = 1e-10 if name == "loglik" else 1e-12 * v.min()
            assert np.allclose(ours, theirs, rtol=1e-10, atol=atol, equal_nan=True), name
    assert np.allclose(fast.Q, plain.Q, rtol=1e-10, atol=1e-12)


def test_ten_thousand_studies_share_nearly_all_of_their_sums() -> None:
    k = 10_000
    v = 4 / RNG.integers(20, 1500, k)
    y = RNG.normal(0.3, np.sqrt(v + 0.05))
    alone = [part for part in growing(y, v) if not isinstance(part, Growing)]
    assert sum(part.k.size for part in alone) < 300  # each of them is summed for itself
    found = cumulative(y, v)
    for first in (2, 99, 101, 4321, k):
        one = pool(y[:first], v[:first], tau2_ci=False)
        for name in ("estimate", "se", "tau2", "se_tau2", "I2", "Q", "pi", "loglik"):
            assert getattr(found[first - 1], name) == pytest.approx(getattr(one, name), rel=1e-9)
