"""REML and ML estimates of tau² that are certainly the global maximum, zero included.

The score is (y'PPy - tr P) / 2 for REML and (y'PPy - sum w) / 2 for ML (Viechtbauer 2005, eq. 11,
13). Write a, b, t, c for y'PPy, y'PPPy, tr P (sum w), tr PP (sum w²). All four fall in tau², and so
do the ratios b/a and c/t (Cauchy-Schwarz). Hence on an interval [l, u]

- a(u) > t(l): the likelihood rises throughout; a(l) < t(u): it falls throughout;
- 2 b/a(u) > c/t(l): log(a/t) falls, there is at most one stationary point;
  2 b/a(l) < c/t(u): it rises, and there is at most one.

Intervals on which none of these holds are halved, so that every maximum is found and none guessed.
Above max v - 2 min v log(a/t) always falls, and no stationary point lies where
(min v + tau²)² > S² (max v + tau²), S² the variance of the effects: the search is finite and has
no unit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from review.synthesis.blocks import Block, Floats, Ints
from review.synthesis.moments import Fit, slopes_at

NEWTON_STOP = 1e-13
"""Newton converges quadratically: a step whose square is below this share of tau² (tau² + scale)
leaves an error below it."""

MOST_STEPS = 60
"""Halving alone would reach the last digit in so many steps."""

_BOTH_ENDS = np.array([[0], [1]])

GRID = 8
"""Most points laid at first, one a doubling of tau² + scale; where more are needed, halving."""

FINE = 4
"""So many times finer for blocks of few cells, where a good start that saves a Newton step is
cheaper than the step."""

FEW_CELLS = 2048
"""Cells of a block (studies x analyses) up to which numpy's calls cost more than its arithmetic."""


class Maximum(NamedTuple):
    """Global maximum of each analysis ``(n,)``: tau² in block units, steps, number of modes."""

    tau2: Floats
    iterations: Ints
    modes: Ints


class _Intervals(NamedTuple):
    """Intervals of tau²: the analysis ``column`` (p,), ``ends`` (2, p), slopes ``at`` (4, 2, p)."""

    column: Ints
    ends: Floats
    at: Floats

    def pick(self, which: Ints | NDArray[np.bool_]) -> _Intervals:
        return _Intervals(self.column[which], self.ends[:, which], self.at[:, :, which])


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
    tau2, iterations = np.zeros(n), np.zeros(n, dtype=np.int64)
    modes = np.ones(n, dtype=np.int64)
    if block.survey is None:
        last = _last_stationary_point(block, restricted=restricted)
        searched = (last > 0).nonzero()[0]
        if searched.size == 0:
            return Maximum(tau2, iterations, modes)
    else:
        searched = np.arange(n)
        last = block.survey.grid[-1]
    scale = (at_zero.trace / at_zero.trace_pp) if restricted else (at_zero.total / at_zero.total2)
    part = block
    if searched.size < n:
        part, scale, last = block.take(searched), scale[searched], last[searched]
    rising, peaks = _peaks(part, scale, last, restricted=restricted)
    if peaks.column.size == 0:
        return Maximum(tau2, iterations, modes)
    top, steps = _refine(part, peaks, scale[peaks.column], restricted=restricted)
    count = np.bincount(peaks.column, minlength=searched.size) + ~rising
    modes[searched] = count
    iterations[searched[peaks.column]] = steps
    several = count[peaks.column] > 1
    tau2[searched[peaks.column]] = top
    if several.any():
        column, top = _highest(
            part, peaks.column[several], top[several], rising, restricted=restricted
        )
        tau2[searched[column]] = top
    return Maximum(tau2, iterations, modes)


def log_likelihood(block: Block, tau2: Floats, *, restricted: bool) -> Floats:
    """The log-likelihood at ``tau2`` (n,) in block units, without constants that k alone fixes."""
    vt = block.v + tau2
    w = 1.0 / vt
    total = w.sum(axis=0)
    residual = block.d - np.einsum("ij,ij->j", w, block.d) / total
    q = (w * residual * residual).sum(axis=0)
    value: Floats = -0.5 * (sum_of_logs(block, tau2) + q + (np.log(total) if restricted else 0.0))
    return value


def sum_of_logs(block: Block, tau2: Floats) -> Floats:
    """The sum over studies of log(v + tau²), fillers left out."""
    vt = block.v + tau2
    if block.padded:
        vt[np.isinf(vt)] = 1.0
    np.log(vt, out=vt)
    total: Floats = np.add.reduce(vt, axis=0)
    return total


def _last_stationary_point(block: Block, *, restricted: bool) -> Floats:
    """An upper bound of all stationary points, at or below 0 where the likelihood only falls."""
    k, first = block.k, block.v[0]
    sum_d = np.add.reduce(block.d, axis=0)
    sum_d2 = np.einsum("ij,ij->j", block.d, block.d)
    # a bound: the sum of squares about the anchor cancels by 1e-15 of itself, so that is added
    spread = (sum_d2 * (1 + 1e-14) - sum_d * sum_d / k) / (k - 1 if restricted else k)
    bound: Floats = 0.5 * (spread + np.sqrt(spread * (spread + 4 * (block.vmax - first)))) - first
    return bound


def _peaks(
    block: Block, scale: Floats, last: Floats, *, restricted: bool
) -> tuple[NDArray[np.bool_], _Intervals]:
    """Whether each likelihood rises at 0, and one interval around each interior maximum."""
    grid, at = _survey(block, scale, last, restricted=restricted)
    rising = at[0, 0] > at[2, 0]
    bend = block.vmax - 2 * block.v[0]
    settled, peak = _judge(at[:, :-1], at[:, 1:])
    settled |= grid[:-1] >= bend
    peaks = _gather(grid, at, peak & settled)
    if settled.all():
        return rising, peaks
    found, todo = [peaks], _gather(grid, at, ~settled)
    for _ in range(MOST_STEPS):
        todo = _halve(block, todo, scale[todo.column], restricted=restricted)
        low, high = todo.ends
        settled, peak = _judge(todo.at[:, 0], todo.at[:, 1])
        settled |= (low >= bend[todo.column]) | (high - low <= 1e-13 * (low + scale[todo.column]))
        found.append(todo.pick(peak & settled))
        if settled.all():
            break
        todo = todo.pick(~settled)
    return rising, _joined(found)


def _survey(
    block: Block, scale: Floats, last: Floats, *, restricted: bool
) -> tuple[Floats, Floats]:
    """A grid from 0 to the last stationary point, even in log(tau² + scale), and its slopes."""
    if block.survey is not None:
        return block.survey.grid, block.survey.restricted if restricted else block.survey.full
    fine = FINE if block.v.size <= FEW_CELLS else 1
    doublings = np.log2(1 + last / scale)
    points = min(GRID * fine, 2 + int(fine * doublings.sum() / doublings.size))
    grid = scale * (np.exp2(doublings * (np.arange(points)[:, None] / (points - 1))) - 1)
    grid[-1] = last
    return grid, slopes_at(block, grid, restricted=restricted)


def _judge(low: Floats, high: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether an interval is understood, and whether it then holds a maximum."""
    a0, b0, t0, c0 = low
    a1, b1, t1, c1 = high
    one_way = (a1 > t0) | (a0 < t1)
    monotone = (2 * b1 * t0 > c0 * a1) | (2 * b0 * t1 < c1 * a0)
    return one_way | monotone, (a0 > t0) & (a1 <= t1)


def _gather(grid: Floats, at: Floats, which: NDArray[np.bool_]) -> _Intervals:
    row, column = which.nonzero()
    both = row + _BOTH_ENDS
    return _Intervals(column, grid[both, column], at[:, both, column])


def _halve(block: Block, wide: _Intervals, scale: Floats, *, restricted: bool) -> _Intervals:
    low, high = wide.ends
    middle = np.clip(np.sqrt((low + scale) * (high + scale)) - scale, low, high)
    at = slopes_at(block.take(wide.column), middle, restricted=restricted)
    left = _Intervals(wide.column, np.stack([low, middle]), np.stack([wide.at[:, 0], at], axis=1))
    right = _Intervals(wide.column, np.stack([middle, high]), np.stack([at, wide.at[:, 1]], axis=1))
    return _joined([left, right])


def _joined(parts: list[_Intervals]) -> _Intervals:
    return _Intervals(
        np.concatenate([p.column for p in parts]),
        np.concatenate([p.ends for p in parts], axis=1),
        np.concatenate([p.at for p in parts], axis=2),
    )


def _refine(block: Block, peaks: _Intervals, s: Floats, *, restricted: bool) -> tuple[Floats, Ints]:
    """Safeguarded Newton on g = log(a/t) against x = log(tau² + s), where g is nearly linear."""
    n = peaks.column.size
    tau2, steps = np.zeros(n), np.zeros(n, dtype=np.int64)
    low, high = peaks.ends
    at = _start(peaks, s)
    whole = n == block.k.size and bool((peaks.column == np.arange(n)).all())
    part, open_ = block if whole else block.take(peaks.column), np.arange(n)
    for step in range(1, MOST_STEPS + 1):
        a, b, t, c = slopes_at(part, at, restricted=restricted)
        here = at + s
        with np.errstate(all="ignore"):  # a step that is no number is replaced below
            new = here * np.exp(np.log(a / t) / (here * (2 * b / a - c / t))) - s
            move = new - at
            closed = (move * move <= NEWTON_STOP * new * (new + s)) & (new >= low) & (new <= high)
        if not closed.all():
            rising = a > t
            low, high = np.where(rising, at, low), np.where(rising, high, at)
            inside = (new >= low) & (new <= high)
            new = np.where(inside, new, np.sqrt((low + s) * (high + s)) - s)
            closed |= high - low <= 1e-15 * high
        if closed.any():
            tau2[open_[closed]], steps[open_[closed]] = new[closed], step
            going = (~closed).nonzero()[0]
            if going.size == 0:
                break
            part, open_ = part.take(going), open_[going]
            s, low, high, new = s[going], low[going], high[going], new[going]
        at = new
    return tau2, steps


def _start(peaks: _Intervals, s: Floats) -> Floats:
    """Inverse Hermite interpolation of the root from both ends of an interval."""
    ends = peaks.ends + s
    a, b, t, c = peaks.at
    x = np.log(ends)
    with np.errstate(all="ignore"):  # an interpolant that is no number is replaced below
        g = np.log(a / t)
        m = (g[1] - g[0]) / (ends * (c / t - 2 * b / a))  # dx/du, u the way from g0 to g1
        u = g[0] / (g[0] - g[1])
        h = x[1] - x[0]
        cubic = u * (m[0] + u * (3 * h - 2 * m[0] - m[1] + u * (m[0] + m[1] - 2 * h)))
    good = (cubic > 0) & (cubic < h)
    way = np.where(good, cubic, 0.5 * h)
    within: Floats = np.maximum(ends[0] * np.exp(way) - s, peaks.ends[0])
    np.minimum(within, peaks.ends[1], out=within)
    return within


def _highest(
    block: Block, column: Ints, top: Floats, rising: NDArray[np.bool_], *, restricted: bool
) -> tuple[Ints, Floats]:
    """The highest of several maxima an analysis; of equal ones the smaller tau²."""
    at_zero = np.unique(column[~rising[column]])
    column = np.concatenate([at_zero, column])
    top = np.concatenate([np.zeros(at_zero.size), top])
    height = log_likelihood(block.take(column), top, restricted=restricted)
    order = np.lexsort((-top, height, column))
    column, top = column[order], top[order]
    last = np.append(column[1:] != column[:-1], True)
    return column[last], top[last]
