"""Permutation tests of a meta-regression: p-values that lean on no distribution."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Floats, Indices, Ints
from review.errors import InvalidDataError
from review.synthesis import projection
from review.synthesis.blocks import checked_studies
from review.synthesis.design import Design
from review.synthesis.methods import Method, Test
from review.synthesis.moderators import heterogeneity, weighted_fit
from review.synthesis.moments import ROUNDING

__all__ = ["PermutationTest", "permutation_test"]


CELLS = 400_000
"""Refits times studies at once: a few megabytes an array."""

MOST_EXACT = 1_000_000
"""Arrangements beyond which an exact test is refused rather than started."""

TIE = 1e-9
"""Relative slack within which a permuted statistic counts as large as the observed one."""


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """Two-sided permutation p of each coefficient and of all moderators together.

    Attributes
    ----------
    terms, p : tuple
        Coefficients of the design and their p-values.
    qm_p : float or None
        Of the omnibus test; None without moderators.
    arrangements : int
        How many arrangements were used, the observed one included.
    exact : bool
        Whether those are all there are.
    """

    terms: tuple[str, ...]
    p: tuple[float, ...]
    qm_p: float | None
    arrangements: int
    exact: bool
    seed: int | None


def permutation_test(
    yi: ArrayLike,
    vi: ArrayLike,
    design: Design,
    *,
    method: Method = Method.REML,
    test: Test = Test.Z,
    iterations: int = 1000,
    exact: bool | None = None,
    seed: int = 1,
    executor: Executor | None = None,
) -> PermutationTest:
    """Refit a meta-regression with its rows of moderators rearranged.

    Without moderators the signs of the effects are flipped instead.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects and sampling variances.
    design : Design
        With k rows.
    method, test : Method, Test
        As in `regress`; each arrangement is fitted in full, tau² by its global maximum.
    iterations : int
        Random arrangements, to which the observed one is added.
    exact : bool, optional
        All distinct arrangements; by default if there are no more than `iterations`.
    seed : int
        Of the random arrangements, so that a run can be repeated.
    executor : Executor, optional
        What refits; None for this process. Arrangements are drawn here and refitted in parts of a
        fixed size, so that the result is the same whoever refits them.

    Returns
    -------
    PermutationTest

    Raises
    ------
    InvalidDataError
        If an exact test would need more than a million arrangements, all effects are the same, or
        the data cannot be fitted.

    References
    ----------
    Higgins & Thompson 2004, Stat Med 23:1663 (meta-regression); Follmann & Proschan 1999 (signs);
    Phipson & Smyth 2010 (the observed arrangement counts).

    Examples
    --------
    >>> from review.synthesis.design import intercept_only
    >>> permutation_test([1.0, 1.1, 0.9], [0.1] * 3, intercept_only(3)).p
    (0.25,)
    """
    method, test = Method(method), Test(test)
    y, v = checked_studies(yi, vi)
    if design.matrix.shape[0] != y.size:
        raise InvalidDataError(f"{y.size} effects do not go with {design.matrix.shape[0]} rows.")
    free = np.flatnonzero(np.asarray(design.assign) != -1)
    if np.ptp(y) <= ROUNDING * np.abs(y).max() and (free.size or not y.any()):
        raise InvalidDataError("All effects are the same: every arrangement gives the same result.")
    rows, group = np.unique(design.matrix, axis=0, return_inverse=True)
    group = group.reshape(-1)
    count = _distinct(group) if free.size else 2**y.size
    complete = count <= iterations if exact is None else exact
    if complete and count > MOST_EXACT:
        raise InvalidDataError(f"An exact test would need {count} arrangements; draw at random.")
    if iterations < 1:
        raise InvalidDataError("A permutation test needs at least one arrangement.")
    observed, total = _statistics(y[None], v, design.matrix[None], free, method, test)
    larger, larger_qm, used = np.zeros(len(design.columns)), 0, 0
    rng = np.random.default_rng(seed)
    if free.size:
        every = _arrangements(group) if complete else _shuffled(group, iterations, rng)
    else:
        every = _signs(y.size) if complete else rng.choice(np.array([-1, 1]), (iterations, y.size))
    refit = partial(
        _as_large, y, v, rows if free.size else design.matrix, free, method, test, observed, total
    )
    parts = list(_parts(every, y.size))  # Dask maps over lists alone
    for stats, qm, count in executor.map(refit, parts) if executor else map(refit, parts):
        larger += stats
        larger_qm += qm
        used += count
    added = 0 if complete else 1
    return PermutationTest(
        terms=design.columns,
        p=tuple(float(x) for x in (larger + added) / (used + added)),
        qm_p=(larger_qm + added) / (used + added) if free.size else None,
        arrangements=used + added,
        exact=complete,
        seed=None if complete else seed,
    )


def _as_large(
    y: Floats,
    v: Floats,
    rows: Floats,
    free: Indices,
    method: Method,
    test: Test,
    observed: Floats,
    total: Floats,
    part: Ints,
) -> tuple[Ints, int, int]:
    """Of some arrangements: how often each statistic is as large as observed, and their number."""
    effects, X = (y[None], rows[part]) if free.size else (part * y, rows[None])
    stat, qm = _statistics(effects, v, X, free, method, test)
    larger = (np.abs(stat) >= np.abs(observed) * (1 - TIE)).sum(axis=0)
    return larger, int((qm >= total * (1 - TIE)).sum()), part.shape[0]


def _statistics(
    y: Floats, v: Floats, X: Floats, free: Indices, method: Method, test: Test
) -> tuple[Floats, Floats]:
    """Coefficients over their errors (B, p) and the omnibus Wald statistic (B,)."""
    s = projection.project(y, v, X)
    tau2 = heterogeneity(s, method, y).tau2
    beta, cov = weighted_fit(y, v + tau2[:, None], X)
    factor = np.ones(tau2.shape)
    if test in (Test.KNHA, Test.ADHOC):
        floor = 1.0 if test is Test.ADHOC else 0.0
        factor = np.maximum(projection.terms_at(s, tau2).q / s.df, floor)
    se = np.sqrt(np.diagonal(cov, axis1=-2, axis2=-1) * factor[:, None])
    part = beta[:, free]
    inside = cov[:, free[:, None], free[None, :]]
    wald = np.einsum("bp,bp->b", part, np.linalg.solve(inside, part[..., None])[..., 0])
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit leaves no error
        return np.where(beta == 0, 0.0, beta / se), np.where(wald == 0, 0.0, wald / factor)


def _parts(every: Ints, k: int) -> Iterator[Ints]:
    size = max(1, CELLS // (k * k))
    for start in range(0, every.shape[0], size):
        yield every[start : start + size]


def _distinct(group: Ints) -> int:
    """The number of distinct orders of a list in which values repeat."""
    return math.factorial(group.size) // math.prod(
        math.factorial(int(n)) for n in np.bincount(group)
    )


def _arrangements(group: Ints) -> Ints:
    """Every distinct order, built position by position for all prefixes at once."""
    left = np.bincount(group)[None]
    prefix = np.zeros((1, 0), dtype=np.int64)
    for _ in range(group.size):
        row, value = np.nonzero(left)
        prefix = np.column_stack([prefix[row], value])
        left = left[row]
        left[np.arange(row.size), value] -= 1
    return prefix


def _shuffled(group: Ints, iterations: int, rng: np.random.Generator) -> Ints:
    return rng.permuted(np.tile(group, (iterations, 1)), axis=1)


def _signs(k: int) -> Ints:
    bits = np.arange(2**k)[:, None] >> np.arange(k) & 1
    return 1 - 2 * bits
