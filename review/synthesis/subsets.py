"""Refits of one analysis on parts of its studies: leave-one-out, cumulative, any subsets, GOSH."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review.arrays import Bools, Floats, Ints
from review.errors import InvalidDataError
from review.synthesis.blocks import Block, checked_studies, spans
from review.synthesis.deletion import deleted
from review.synthesis.growth import growing
from review.synthesis.methods import Method, Test
from review.synthesis.pooled import Chosen, Deleted, PooledMany, Prefixes
from review.synthesis.pooling import Options, found_in, pool_blocks, pool_many

MOST_SUBSETS = 1_000_000
"""Beyond 2^20 - 1 subsets GOSH samples, as Olkin, Dahabreh & Trikalinos 2012, section 2.2, do."""

CHUNK_CELLS = 500_000
"""Studies of the subsets refitted at a time: some 15 MB at work whatever their number, and parts
enough for several workers from twelve studies on."""


def leave_one_out(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
    tau2_ci: bool = False,
) -> PooledMany:
    """The analysis without each study in turn.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances, k at least 2.
    method, test, level, tau2_ci : as in :func:`review.synthesis.pool`.

    Returns
    -------
    PooledMany
        (k,) analyses; the i-th lacks study i.

    Raises
    ------
    InvalidDataError
        Fewer than two studies, or data that cannot be pooled.

    Examples
    --------
    >>> leave_one_out([0.0, 1.0, 2.0], [1.0, 1.0, 1.0], test="z").estimate.tolist()
    [1.5, 1.0, 0.5]
    """
    y, v = checked_studies(yi, vi)
    if y.size < 2:
        raise InvalidDataError("Leaving one study out needs at least two studies.")
    options = Options.of(method, test, level, tau2_ci)
    return pool_blocks(deleted(y, v), Deleted(v), options)


def cumulative(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    order: ArrayLike | None = None,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
    tau2_ci: bool = False,
) -> PooledMany:
    """The analysis as it stood after each study (Lau et al. 1992).

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances.
    order : (k,) positions of the studies in the order they enter, each once; by default as given.
        ``numpy.argsort(year, kind="stable")`` makes one from years.
    method, test, level, tau2_ci : as in :func:`review.synthesis.pool`.

    Returns
    -------
    PooledMany
        (k,) analyses of 1, 2, ..., k studies.

    Raises
    ------
    InvalidDataError
        No studies, an order that is not a permutation, or data that cannot be pooled.

    Examples
    --------
    >>> cumulative([0.0, 1.0, 2.0], [1.0, 1.0, 1.0], order=[2, 1, 0], test="z").estimate.tolist()
    [2.0, 1.5, 1.0]
    """
    y, v = checked_studies(yi, vi)
    k = y.size
    if k == 0:
        raise InvalidDataError("There are no studies to pool.")
    if order is not None:
        places = np.asarray(order)
        if places.shape != (k,) or not np.array_equal(np.sort(places), np.arange(k)):
            raise InvalidDataError(
                f"An order names each of the {k} studies once, from 0 to {k - 1}."
            )
        y, v = y[places], v[places]
    prefixes = Prefixes(v)
    options = Options.of(method, test, level, tau2_ci)
    return pool_blocks(growing(y, v), prefixes, options)


def subsets(
    yi: ArrayLike,
    vi: ArrayLike,
    members: ArrayLike,
    *,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
    tau2_ci: bool = False,
) -> PooledMany:
    """The analysis on each of the named subsets.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances.
    members : (m, k) true where a study belongs to the subset; an empty subset gives NaN.
    method, test, level, tau2_ci : as in :func:`review.synthesis.pool`.

    Returns
    -------
    PooledMany
        (m,) analyses.

    Raises
    ------
    InvalidDataError
        Members of the wrong shape, or data that cannot be pooled.

    Examples
    --------
    >>> subsets([0.0, 1.0], [1.0, 1.0], [[True, False], [True, True]], test="z").estimate.tolist()
    [0.0, 0.5]
    """
    y, v = checked_studies(yi, vi)
    chosen = np.array(members)  # a copy, as of the variances
    if chosen.ndim != 2 or chosen.shape[1] != y.size or chosen.dtype != np.bool_:
        raise InvalidDataError(f"Subsets are rows of {y.size} truth values, one a study.")
    parts, k = _laid_out(y, v, chosen)
    return pool_blocks(parts, Chosen(v, chosen, k), Options.of(method, test, level, tau2_ci))


def _laid_out(y: Floats, v: Floats, chosen: Bools) -> tuple[Iterator[Block], Ints]:
    """Return blocks of the subsets ``chosen`` (m, k), and their sizes (m,)."""
    places = np.flatnonzero(chosen)
    subset = places // max(y.size, 1)
    k = np.bincount(subset, minlength=len(chosen))
    return spans(y, v, np.cumsum(k) - k, k, places - subset * y.size), k


def bootstrap(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    count: int = 1000,
    seed: int = 0,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
) -> PooledMany:
    """The analysis on random samples of k studies, drawn with replacement.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances.
    count : number of samples, at least 1.
    seed : of the draw, so that it can be made again.
    method, test, level : as in :func:`review.synthesis.pool`.

    Returns
    -------
    PooledMany
        (count,) analyses; quantiles of their estimates are a percentile interval.

    Raises
    ------
    InvalidDataError
        No studies, a count below one, or data that cannot be pooled.

    Notes
    -----
    Van den Noortgate & Onghena 2005, Behavior Research Methods 37:11-22 (cases bootstrap).

    Examples
    --------
    >>> bootstrap([0.2, 0.2], [0.1, 0.1], count=3).estimate.tolist()
    [0.2, 0.2, 0.2]
    """
    y, v = checked_studies(yi, vi)
    if y.size == 0:
        raise InvalidDataError("There are no studies to pool.")
    if count < 1:
        raise InvalidDataError(f"The number of samples must be at least 1, not {count}.")
    index = np.random.default_rng(seed).integers(0, y.size, count * y.size)
    offsets = np.arange(count + 1) * y.size
    return pool_many(y[index], v[index], offsets, method=method, test=test, level=level)


@dataclass(frozen=True, slots=True)
class Gosh:
    """Graphical display of study heterogeneity: the pooled result of every (or many) subsets.

    Attributes
    ----------
    k : number of studies.
    complete : whether all 2^k - 1 subsets are there or a random sample of them.
    packed : (m, ceil(k/8)) bytes, the subsets' members eight to a byte, the first of them its
        lowest bit; see :meth:`members`.
    size : (m,) studies in the subset.
    estimate, se, tau2, I2, H2, Q : (m,) as in :class:`review.synthesis.PooledMany`.
    """

    k: int
    complete: bool
    packed: NDArray[np.uint8]
    size: Ints
    estimate: Floats
    se: Floats
    tau2: Floats
    I2: Floats
    H2: Floats
    Q: Floats

    def __len__(self) -> int:
        return self.size.size

    def members(self, study: int) -> Bools:
        """Which subsets have ``study``, (m,): the colours of the display."""
        column = self.packed[:, study // 8]
        chosen: Bools = (column >> (study % 8) & 1).astype(np.bool_)
        return chosen


def gosh(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    count: int | None = None,
    seed: int = 0,
    method: Method | str = Method.REML,
    test: Test | str = Test.Z,
    executor: Executor | None = None,
) -> Gosh:
    """Refit the model on all non-empty subsets of the studies, or on a random sample of them.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances, k at least 2.
    count : number of subsets to draw; by default all 2^k - 1 where that is at most a million, else
        a million. Each non-empty subset is equally likely; the same may be drawn twice.
    seed : of the draw, so that a display can be made again.
    method, test : as in :func:`review.synthesis.pool`.
    executor : what refits; None for this process. Subsets are drawn here and refitted in parts of
        a fixed size, so that the result is the same whoever refits them.

    Returns
    -------
    Gosh

    Raises
    ------
    InvalidDataError
        Fewer than two studies, a count below one, or data that cannot be pooled.

    Notes
    -----
    Olkin, Dahabreh & Trikalinos 2012, Research Synthesis Methods 3:214-223. A subset of one study
    has that study's effect and tau² = 0.

    Examples
    --------
    >>> len(gosh([0.1, 0.2, 0.4], [0.1, 0.1, 0.1]))
    7
    """
    y, v = checked_studies(yi, vi)
    k = y.size
    if k < 2:
        raise InvalidDataError("Subsets need at least two studies.")
    if count is not None and count < 1:
        raise InvalidDataError(f"The number of subsets must be at least 1, not {count}.")
    complete = count is None and 2**k - 1 <= MOST_SUBSETS
    total = 2**k - 1 if complete else (MOST_SUBSETS if count is None else count)
    packed = np.empty((total, -(-k // 8)), dtype=np.uint8)
    size = np.empty(total, dtype=np.int64)
    results = np.empty((6, total))
    start = 0
    drawn = _every(k) if complete else _sampled(k, total, np.random.default_rng(seed))
    chunks = list(drawn) if executor else drawn  # Dask maps over lists alone
    refit = partial(_refitted, y, v, Options.of(method, test, 0.95, False))
    for chosen, found in executor.map(refit, chunks) if executor else map(refit, chunks):
        part = slice(start, start + chosen.shape[0])
        packed[part], size[part], results[:, part] = chosen, found[0], found[1:]
        start += chosen.shape[0]
    return Gosh(k, complete, packed, size, *results)


def _refitted(
    y: Floats, v: Floats, options: Options, packed: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], Floats]:
    """Return some subsets and what they give: size, estimate, se, tau2, I2, H2, Q, (7, m)."""
    chosen = np.unpackbits(packed, axis=1, count=y.size, bitorder="little").view(np.bool_)
    parts, k = _laid_out(y, v, chosen)
    columns = np.empty((7, k.size))
    columns[0] = k
    for block in parts:
        found = found_in(block, options)
        values = found.estimate, found.se, found.tau2, found.I2, found.H2, found.Q
        for column, value in zip(columns[1:], values, strict=True):
            column[block.rows] = value
    return packed, columns


def _every(k: int) -> Iterator[NDArray[np.uint8]]:
    step = max(1, CHUNK_CELLS // k)
    for start in range(1, 2**k, step):
        number = np.arange(start, min(start + step, 2**k)).astype("<u4")
        yield number.view(np.uint8).reshape(-1, 4)[:, : -(-k // 8)]


def _sampled(k: int, total: int, rng: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    step = max(1, CHUNK_CELLS // k)
    while total:
        chosen = rng.random((min(step, total), k)) < 0.5
        empty = ~chosen.any(axis=1)
        while empty.any():
            chosen[empty] = rng.random((int(empty.sum()), k)) < 0.5
            empty = ~chosen.any(axis=1)
        yield np.packbits(chosen, axis=1, bitorder="little")
        total -= chosen.shape[0]
