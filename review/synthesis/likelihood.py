"""REML and ML estimates of tau² that are certainly the global maximum, zero included.

The score is (y'PPy - tr P) / 2 for REML and (y'PPy - sum w) / 2 for ML (Viechtbauer 2005, eq. 11, 13).
Write a, b, t, c for y'PPy, y'PPPy, tr P (sum w), tr PP (sum w²). All four fall in tau², and so do the
ratios b/a and c/t (Cauchy-Schwarz). Hence on an interval [l, u]

- a(u) > t(l): the likelihood rises throughout; a(l) < t(u): it falls throughout;
- 2 b/a(u) > c/t(l): log(a/t) falls, there is at most one stationary point; 2 b/a(l) < c/t(u): it rises.

Intervals on which none of these holds are halved, so that every maximum is found and none is guessed.
Above max v - 2 min v log(a/t) always falls, and no stationary point lies where
(min v + tau²)² > S² (max v + tau²), S² the variance of the effects: the search is finite and scale-free.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from review.synthesis.blocks import Block, Floats, Ints
from review.synthesis.moments import Fit, Slopes, slopes_at

NEWTON_STOP = 1e-13
"""A Newton step with step² below this share of tau² (tau² + scale) leaves an error below it (the
convergence is quadratic)."""

MOST_STEPS = 60
"""Halving alone would reach the last digit in so many steps."""

GRID = 8
"""Most grid points laid at first; intervals that need more are halved."""


class Maximum(NamedTuple):
    """Global maximum of each analysis ``(n,)``: tau² in the block's unit, steps, number of modes."""

    tau2: Floats
    iterations: Ints
    modes: Ints


class _Intervals(NamedTuple):
    """Intervals of tau² with the slopes at both ends; ``column`` is the analysis."""

    column: Ints
    low: Floats
    high: Floats
    at_low: Slopes
    at_high: Slopes

    def pick(self, which: Ints) -> _Intervals:
        return _Intervals(
            self.column[which],
            self.low[which],
            self.high[which],
            Slopes(*(x[which] for x in self.at_low)),
            Slopes(*(x[which] for x in self.at_high)),
        )


def maximum_likelihood(block: Block, at_zero: Fit, *, restricted: bool) -> Maximum:
    """The tau² of highest (restricted) likelihood for every analysis of a block.

    Parameters
    ----------
    block : analyses, each of at least two studies.
    at_zero : the fit at tau² = 0.
    restricted : REML rather than ML.

    Returns
    -------
    Maximum
        ``modes`` counts the local maxima, a falling start at tau² = 0 included.
    """
    n = block.k.size
    trace, trace_pp = (
        (at_zero.trace, at_zero.trace_pp) if restricted else (at_zero.total, at_zero.total2)
    )
    scale = trace / trace_pp
    last = _last_stationary_point(block, restricted=restricted)
    tau2 = np.zeros(n)
    iterations = np.zeros(n, dtype=np.int64)
    modes = np.ones(n, dtype=np.int64)
    searched = np.flatnonzero(last > 0)
    if searched.size == 0:
        return Maximum(tau2, iterations, modes)
    part = block if searched.size == n else block.take(searched)
    scale, last = scale[searched], last[searched]
    rising, peaks = _peaks(part, scale, last, restricted=restricted)
    counts = np.bincount(peaks.column, minlength=searched.size)
    top, steps = _refine(part, peaks, scale, restricted=restricted)
    modes[searched] = counts + ~rising
    single = modes[searched][peaks.column] == 1
    tau2[searched[peaks.column[single]]] = top[single]
    np.maximum.at(iterations, searched[peaks.column], steps)
    if not single.all():
        _choose(part, searched, peaks.column, top, ~single, rising, tau2, restricted=restricted)
    return Maximum(tau2, iterations, modes)


def log_likelihood(block: Block, tau2: Floats, *, restricted: bool) -> Floats:
    """The log-likelihood at ``tau2`` (n,) in the block's unit, without constants that k alone fixes."""
    vt = block.v + tau2
    logs = np.log(np.where(np.isinf(vt), 1.0, vt) if block.padded else vt).sum(axis=0)
    w = 1.0 / vt
    total = w.sum(axis=0)
    mean = np.einsum("i...,i...->...", w[1:], block.d[1:]) / total
    residual = block.d - mean
    q = (w * residual * residual).sum(axis=0)
    return -0.5 * (logs + q + (np.log(total) if restricted else 0.0))


def _last_stationary_point(block: Block, *, restricted: bool) -> Floats:
    """An upper bound of all stationary points, at or below 0 where the likelihood only falls."""
    k = block.k
    mean = block.d.sum(axis=0) / k
    centred = block.d - mean
    if block.padded:
        centred[np.isinf(block.v)] = 0.0
    spread = np.einsum("ij,ij->j", centred, centred) / (k - 1 if restricted else k)
    width = block.vmax - block.v[0]
    bound = 0.5 * (spread + np.sqrt(spread * (spread + 4 * width))) - block.v[0]
    return np.where(spread > 0, bound * (1 + 1e-12), 0.0)


def _peaks(
    block: Block, scale: Floats, last: Floats, *, restricted: bool
) -> tuple[np.ndarray, _Intervals]:
    """Whether each likelihood rises at 0, and one interval around each interior maximum."""
    bend = np.minimum(np.maximum(block.vmax - 2 * block.v[0], 0.0), last)
    doublings = np.log2(1 + bend / scale)
    points = min(GRID, 2 + int(np.ceil(doublings.sum() / doublings.size)))
    share = np.arange(points)[:, None] / (points - 1) if points > 1 else np.zeros((1, 1))
    grid = scale * (np.exp2(doublings * share) - 1)
    grid = np.concatenate([grid, last[None, :]])
    grid[0], grid[-2] = 0.0, bend
    here = slopes_at(block, grid, restricted=restricted)
    n = block.k.size
    todo = _Intervals(
        np.tile(np.arange(n), points),
        grid[:-1].ravel(),
        grid[1:].ravel(),
        Slopes(*(x[:-1].ravel() for x in here)),
        Slopes(*(x[1:].ravel() for x in here)),
    )
    found = []
    for _ in range(MOST_STEPS):
        low, high = todo.at_low, todo.at_high
        up, down = low.a > low.t, high.a <= high.t
        one_way = (high.a > low.t) | (low.a < high.t)
        monotone = (2 * high.b * low.t > low.c * high.a) | (2 * low.b * high.t < high.c * low.a)
        narrow = todo.high - todo.low <= 1e-13 * (todo.low + scale[todo.column])
        settled = one_way | monotone | narrow
        peak = settled & up & down & ~one_way
        found.append(todo.pick(np.flatnonzero(peak)))
        if settled.all():
            break
        todo = _halve(block, todo.pick(np.flatnonzero(~settled)), scale, restricted=restricted)
    peaks = found[0] if len(found) == 1 else _joined(found)
    return here.a[0] > here.t[0], peaks


def _halve(block: Block, wide: _Intervals, scale: Floats, *, restricted: bool) -> _Intervals:
    s = scale[wide.column]
    middle = np.sqrt((wide.low + s) * (wide.high + s)) - s
    middle = np.clip(middle, wide.low, wide.high)
    at_middle = slopes_at(block.take(wide.column), middle, restricted=restricted)
    left = wide._replace(high=middle, at_high=at_middle)
    right = wide._replace(low=middle, at_low=at_middle)
    return _joined([left, right])


def _joined(parts: list[_Intervals]) -> _Intervals:
    return _Intervals(
        np.concatenate([p.column for p in parts]),
        np.concatenate([p.low for p in parts]),
        np.concatenate([p.high for p in parts]),
        Slopes(*(np.concatenate(x) for x in zip(*(p.at_low for p in parts), strict=True))),
        Slopes(*(np.concatenate(x) for x in zip(*(p.at_high for p in parts), strict=True))),
    )


def _refine(
    block: Block, peaks: _Intervals, scale: Floats, *, restricted: bool
) -> tuple[Floats, Ints]:
    """Safeguarded Newton on g = log(a/t) against x = log(tau² + scale), where g is nearly linear."""
    tau2 = np.zeros(peaks.column.size)
    steps = np.zeros(peaks.column.size, dtype=np.int64)
    if peaks.column.size == 0:
        return tau2, steps
    s = scale[peaks.column]
    low, high = peaks.low.copy(), peaks.high.copy()
    at = _start(peaks, s)
    open_ = np.arange(at.size)
    straight = peaks.column.size == block.k.size and bool(
        (peaks.column == np.arange(block.k.size)).all()
    )
    part = block if straight else block.take(peaks.column)
    for step in range(1, MOST_STEPS + 1):
        here = slopes_at(part, at, restricted=restricted)
        rising = here.a > here.t
        low = np.where(rising, at, low)
        high = np.where(rising, high, at)
        slope = (at + s) * (here.c / here.t - 2 * here.b / here.a)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            new = (at + s) * np.exp(-np.log(here.a / here.t) / slope) - s
        outside = ~((new >= low) & (new <= high))
        if outside.any():
            new = np.where(outside, np.sqrt((low + s) * (high + s)) - s, new)
        move = new - at
        closed = (move * move <= NEWTON_STOP * new * (new + s)) | (high - low <= 1e-15 * high)
        if closed.any():
            tau2[open_[closed]] = new[closed]
            steps[open_[closed]] = step
            going = np.flatnonzero(~closed)
            if going.size == 0:
                break
            if (
                going.size < 0.8 * at.size or part.k.size < 64
            ):  # copying pays only when many are done
                part = part.take(going)
                open_, s, low, high, new = (x[going] for x in (open_, s, low, high, new))
        at = new
    return tau2, steps


def _start(peaks: _Intervals, s: Floats) -> Floats:
    """Inverse Hermite interpolation of the root from both ends of an interval where g is monotone."""
    x0, x1 = np.log(peaks.low + s), np.log(peaks.high + s)
    low, high = peaks.at_low, peaks.at_high
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        g0, g1 = np.log(low.a / low.t), np.log(high.a / high.t)
        m0 = (g1 - g0) / ((peaks.low + s) * (low.c / low.t - 2 * low.b / low.a))
        m1 = (g1 - g0) / ((peaks.high + s) * (high.c / high.t - 2 * high.b / high.a))
        u = g0 / (g0 - g1)
        cubic = x0 + u * (m0 + u * (3 * (x1 - x0) - 2 * m0 - m1 + u * (m0 + m1 - 2 * (x1 - x0))))
    straight = x0 + np.where(np.isfinite(u), u, 0.5) * (x1 - x0)
    good = (cubic > x0) & (cubic < x1)
    return np.clip(np.exp(np.where(good, cubic, straight)) - s, peaks.low, peaks.high)


def _choose(
    part: Block,
    searched: Ints,
    column: Ints,
    top: Floats,
    several: np.ndarray,
    rising: np.ndarray,
    tau2: Floats,
    *,
    restricted: bool,
) -> None:
    """Write the highest of several maxima into ``tau2``; on equal heights the smaller tau² stays."""
    column, top = column[several], top[several]
    at_zero = np.unique(column[~rising[column]])
    column = np.concatenate([at_zero, column])
    top = np.concatenate([np.zeros(at_zero.size), top])
    height = log_likelihood(part.take(column), top, restricted=restricted)
    order = np.lexsort((-top, height, column))  # the last of each analysis wins
    tau2[searched[column[order]]] = top[order]
