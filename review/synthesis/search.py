"""Searches over tau² for many models at once: the highest maximum of a likelihood, a root of Q.

The score is (y'PPy - tr P) / 2 for REML and (y'PPy - sum w) / 2 for ML (Viechtbauer 2005, eq. 11,
13). Write a, b, t, c for y'PPy, y'PPPy, tr P (sum w), tr PP (sum w²); a' is -2 b and t' is -c.
P has the eigenvalues 1/(lambda + tau²) with fixed lambda between min v and max v (W those of v), so
that m = a/b - tau² and n = t/c - tau² are means of lambda, which rise with tau² (Cauchy-Schwarz).
Hence on an interval [l, u]

- 2 n(l) + l > m(u), or max v: log(a/t) falls, there is at most one stationary point;
- 2 n(u) + u < m(l): it rises, and there is at most one;
- a(x) is at least a(u) ((m(u) + u) / (m(u) + x))², t(x) at most t(u) (n(l) + u) / (n(l) + x). Where
  a(u) > t(u), and at l these have the same order, the likelihood rises throughout;
- a(x) is at most a(l) ((m(u) + l) / (m(u) + x))², t(x) at least t(l) (n(l) + l) / (n(l) + x), and
  (n + x) / (m + x)² at most 1 / (4 (m - n)). Where these have a below t, it falls throughout.

Intervals on which none of these holds are divided, so that every maximum is found and none guessed.
No stationary point lies where (min v + tau²)² > S² (max v + tau²), S² the residual variance of the
effects: the search is finite and has no unit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, Self, TypeAlias, TypeVar, cast

import numpy as np

from review.arrays import Bools, Floats, Ints
from review.synthesis.elementary import clip, exp, larger, log, sqrt, where

NEWTON_STOP = 1e-13
"""Newton converges quadratically: a step whose square is below this share of tau² (tau² + scale)
leaves an error below it."""

SHORT = 1 - 1e-12
"""tau² is subtracted from a/b so much shortened: rounding then settles no interval."""

LEAST = 1e-300
"""Stands for zero where it divides: the b of effects that are all equal, a flat log(a/t)."""

FARTHEST = 100.0
"""Of a step in log(tau² + s), 43 orders of magnitude: what goes beyond its bracket is not used."""

MOST_STEPS = 60
"""Halving alone would reach the last digit in so many steps."""

Q_STOP = 1e-13
"""Relative distance from the target at which a solution of Q(tau²) = target is complete."""

MOST_Q_STEPS = 200
"""Newton takes five to ten; a set of variances over eight orders of magnitude some twenty."""

MANY = 2_000
"""Models from which arithmetic costs more than numpy's calls: their middle is looked at where it is
needed, that of fewer at once."""

MOST_PARTS = 16
"""Into which an interval is divided at once: few intervals cost numpy's calls, not arithmetic."""


class Models(Protocol):
    """Any number of models that can be picked by position."""

    def take(self, columns: Ints, /) -> Self:
        """The named models only, each as often as it is named."""
        ...


M = TypeVar("M", bound=Models)

Slopes: TypeAlias = "Floats | tuple[Floats, Floats, Floats, Floats]"
"""The terms a, b, t and c."""


class Likelihood(NamedTuple, Generic[M]):
    """The likelihood of n models as the search for its maxima sees it.

    Attributes
    ----------
    slopes : the terms (4, ...) of some models at tau² (n,) or (g, n).
    height : the log-likelihood of some models at tau² (n,), up to a constant of the model.
    scale : (n,) a tau² at which weights have changed much; steps are even in log(tau² + scale).
    vmax : (n,) the largest variance.
    at_zero : (4, n) the slopes at tau² = 0.
    last : (n,) beyond it is no stationary point.
    """

    slopes: Callable[[M, Floats], Floats]
    height: Callable[[M, Floats], Floats]
    scale: Floats
    vmax: Floats
    at_zero: Floats
    last: Floats


class Maximum(NamedTuple):
    """Global maximum of each analysis ``(n,)``: tau² in block units, steps, number of modes."""

    tau2: Floats
    iterations: Ints
    modes: Ints


class _Intervals(NamedTuple):
    """Intervals of tau²: the analysis and both ends (p,), the slopes at these (4, p)."""

    column: Ints
    low: Floats
    at_low: Floats
    high: Floats
    at_high: Floats


ONE_ZERO = Maximum(*cast(tuple[Floats, Ints, Ints], (0.0, 0, 1)))
"""What one model has whose likelihood only falls: zero, found without a step."""


def no_maximum(shape: tuple[int, ...]) -> Maximum:
    """The same of several."""
    return Maximum(np.zeros(shape), np.zeros(shape, np.int64), np.ones(shape, np.int64))


def last_stationary_point(spread: Floats, vmin: Floats, vmax: Floats) -> Floats:
    """An upper bound of all stationary points, at or below 0 where the likelihood only falls.

    Parameters
    ----------
    spread : (n,) S² or more: the residual sum of squares over k - p for REML, over k for ML.
    vmin, vmax : (n,) smallest and largest sampling variance.
    """
    return 0.5 * (spread + sqrt(spread * (spread + 4 * (vmax - vmin)))) - vmin


def highest_maximum(models: M, likelihood: Likelihood[M]) -> Maximum:
    """The tau² of highest likelihood of n models.

    Returns
    -------
    Maximum
        ``modes`` counts the local maxima, a falling start at tau² = 0 included.
    """
    n = likelihood.scale.size
    tau2, iterations = np.zeros(n), np.zeros(n, dtype=np.int64)
    rising, peaks = likelihood.at_zero[0] > likelihood.at_zero[2], _peaks(models, likelihood)
    if peaks.column.size == 0:
        return no_maximum((n,))
    top, steps = _refine(models, peaks, likelihood)
    modes = np.bincount(peaks.column, minlength=n) + ~rising
    iterations[peaks.column] = steps
    tau2[peaks.column] = top
    several = modes[peaks.column] > 1
    if several.any():
        column, top = _highest(models, peaks.column[several], top[several], rising, likelihood)
        tau2[column] = top
    return Maximum(tau2, iterations, modes)


def solve_q(
    models: M,
    q_and_slope: Callable[[M, Floats], tuple[Floats, Floats]],
    q_at_zero: Floats,
    target: Floats,
) -> tuple[Floats, Ints]:
    """The tau² where the generalised Q equals ``target`` (n,), zero where Q(0) is already below it.

    1/Q is a concave, rising function of tau², so Newton's method on it comes to the root from below
    whatever the start, with no bracket to choose and no unit in its stopping rule.

    Parameters
    ----------
    models : n of them.
    q_and_slope : Q = y'Py and -dQ/dtau² = y'PPy of some models at tau² (n,).
    q_at_zero, target : (n,) Q at tau² = 0 and the value sought.

    Returns
    -------
    tau2, steps : (n,) in the models' unit.
    """
    tau2 = np.zeros(q_at_zero.size)
    steps = np.zeros(q_at_zero.size, dtype=np.int64)
    open_ = np.flatnonzero(q_at_zero > target)
    if open_.size == 0:
        return tau2, steps
    part = models if open_.size == tau2.size else models.take(open_)
    target = np.broadcast_to(target, tau2.shape)[open_]
    at, step = np.zeros(open_.size), 0
    while open_.size:
        step += 1
        q, slope = q_and_slope(part, at)
        move = q * (q / target - 1) / slope
        at = at + np.maximum(move, 0.0)
        closed = np.abs(q - target) <= Q_STOP * target
        closed |= (move <= Q_STOP * at) | (step == MOST_Q_STEPS)
        if closed.any():
            tau2[open_[closed]], steps[open_[closed]] = at[closed], step
            going = np.flatnonzero(~closed)
            part, open_, target, at = part.take(going), open_[going], target[going], at[going]
    return tau2, steps


def _peaks(models: M, likelihood: Likelihood[M]) -> _Intervals:
    """One interval around each interior maximum."""
    scale, vmax, at_zero, last = likelihood[2:]
    n, found = scale.size, []
    column, grid = np.arange(n), np.stack([np.zeros(n), last])
    at = np.stack([at_zero, likelihood.slopes(models, last)], axis=1)
    if n >= MANY:
        settled, peak = judge(grid[:-1], at[:, :-1], grid[1:], at[:, 1:], vmax)
    if n < MANY or 2 * np.count_nonzero(settled) < n:  # to look at some costs as much as at all
        between = middle(grid[0], last, scale)
        inner = likelihood.slopes(models, between)
        grid = np.stack([grid[0], between, last])
        at = np.stack([at_zero, inner, at[:, 1]], axis=1)
        settled, peak = judge(grid[:-1], at[:, :-1], grid[1:], at[:, 1:], vmax)
    while True:
        if not settled.all():
            settled |= nothing_between(grid[:-1], grid[1:], scale)
        peak &= settled
        found.append(_gather(column, grid, at, peak))
        wide = _gather(column, grid, at, ~settled)
        column = wide.column
        if column.size == 0:
            return _joined(found)
        scale, vmax = likelihood.scale.take(column), likelihood.vmax.take(column)
        parts = min(max(n // (4 * column.size), 2), MOST_PARTS)
        grid, at = _divided(models, wide, likelihood, parts)
        settled, peak = judge(grid[:-1], at[:, :-1], grid[1:], at[:, 1:], vmax)


def judge(
    low: Floats, at_low: Slopes, high: Floats, at_high: Slopes, vmax: Floats
) -> tuple[Bools, Bools]:
    """Whether intervals are understood, and whether they then hold a maximum."""
    a0, b0, t0, c0 = at_low
    a1, b1, t1, c1 = at_high
    width, n0, n1 = high - low, t0 / c0, t1 / c1  # n0 = n(l) + l, n1 = n(u) + u
    m0, m1 = a0 / larger(b0, LEAST), a1 / larger(b1, LEAST)  # likewise
    across = m1 - SHORT * width  # m(u) + l
    falls = (2 * n0 - low > m1 - SHORT * high) | (2 * n0 - low > vmax)
    rises = 2 * n1 - SHORT * high < m0 - low
    climbs = (a1 > t1) & (a1 * n0 * m1 * m1 > t1 * (n0 + width) * across * across)
    sinks = a0 * across * across < 4 * t0 * n0 * (across - n0)
    return falls | rises | climbs | sinks, (a0 > t0) & (a1 <= t1)


def nothing_between(low: Floats, high: Floats, s: Floats) -> Bools:
    """Whether an interval of tau² is as narrow as rounding."""
    narrow: Bools = high - low <= 1e-13 * (low + s)
    return narrow


def middle(low: Floats, high: Floats, s: Floats) -> Floats:
    """The middle of intervals in log(tau² + s)."""
    return clip(sqrt((low + s) * (high + s)) - s, low, high)


def newton(a: Floats, b: Floats, t: Floats, c: Floats, at: Floats, s: Floats) -> Floats:
    """A step from ``at`` by g = log(a/t) against x = log(tau² + s), where g is nearly linear."""
    here = at + s
    step = log(a / t) / larger(here * (2 * b / a - c / t), LEAST)
    return here * exp(clip(step, -FARTHEST, FARTHEST)) - s


def interpolated(low: Floats, at_low: Slopes, high: Floats, at_high: Slopes, s: Floats) -> Floats:
    """The root of g in intervals, by inverse Hermite interpolation from both ends."""
    (a0, b0, t0, c0), (a1, b1, t1, c1) = at_low, at_high
    start, end = low + s, high + s
    g0, g1, h = log(a0 / t0), log(a1 / t1), log(end / start)
    fall = larger(g0 - g1, LEAST)
    m0 = fall / larger(start * (2 * b0 / a0 - c0 / t0), LEAST)  # dx/du, u the way from g0 to g1
    m1 = fall / larger(end * (2 * b1 / a1 - c1 / t1), LEAST)
    u = g0 / fall
    way = u * (m0 + u * (3 * h - 2 * m0 - m1 + u * (m0 + m1 - 2 * h)))
    good = (way > 0) & (way < h)
    return clip(start * exp(where(good, way, 0.5 * h)) - s, low, high)


def arrived(new: Floats, at: Floats, s: Floats) -> Bools:
    """Whether a step was the last one needed."""
    move = new - at
    near: Bools = move * move <= NEWTON_STOP * new * (new + s)
    return near


def _gather(column: Ints, grid: Floats, at: Floats, which: Bools) -> _Intervals:
    """Those intervals ``which`` (g-1, p) between the points of ``grid`` (g, p)."""
    n = column.size
    low = np.flatnonzero(which)
    high = low + n
    points, slopes = grid.ravel(), at.reshape(4, -1)
    ends = points.take(low), slopes.take(low, axis=1), points.take(high), slopes.take(high, axis=1)
    return _Intervals(column.take(low % n), *ends)


def _divided(
    models: M, wide: _Intervals, likelihood: Likelihood[M], parts: int
) -> tuple[Floats, Floats]:
    """Points (parts + 1, p) that divide each interval evenly in log(tau² + s), and the slopes."""
    column, low, at_low, high, at_high = wide
    start = low + likelihood.scale.take(column)
    share = np.arange(1, parts)[:, None] / parts
    between = clip(start * (((high - low) / start + 1) ** share - 1) + low, low, high)
    many = models.take(np.tile(column, parts - 1))
    inner = likelihood.slopes(many, between.ravel()).reshape(4, parts - 1, -1)
    points = at_low[:, None], inner, at_high[:, None]
    return np.concatenate([low[None], between, high[None]]), np.concatenate(points, axis=1)


def _joined(parts: list[_Intervals]) -> _Intervals:
    if len(parts) == 1:
        return parts[0]
    return _Intervals(*(np.concatenate(values, axis=-1) for values in zip(*parts, strict=True)))


def _refine(models: M, peaks: _Intervals, likelihood: Likelihood[M]) -> tuple[Floats, Ints]:
    """Safeguarded Newton from an interpolated start."""
    column, low, _, high, _ = peaks
    n, s = column.size, likelihood.scale.take(column)
    tau2, steps = np.zeros(n), np.zeros(n, dtype=np.int64)
    at = interpolated(*peaks[1:], s)
    whole = n == likelihood.scale.size and bool((column[1:] > column[:-1]).all())
    part, open_, step = models if whole else models.take(column), np.arange(n), 0
    done = np.zeros(n, dtype=np.bool_)
    while True:
        step += 1
        a, b, t, c = likelihood.slopes(part, at)
        new = newton(a, b, t, c, at, s)
        closed = (new >= low) & (new <= high) & arrived(new, at, s)
        if not closed.all():
            rising = a > t
            low, high = np.where(rising, at, low), np.where(rising, high, at)
            inside = (new >= low) & (new <= high)
            if not inside.all():
                new = np.where(inside, new, middle(low, high, s))
            closed |= (high - low <= 1e-15 * high) | (step == MOST_STEPS)
        found = (closed & ~done).nonzero()[0]
        tau2[open_[found]], steps[open_[found]] = new[found], step
        done |= closed
        going = (~done).nonzero()[0]
        if going.size == 0:
            return tau2, steps
        if 2 * going.size <= done.size:  # until then a copy costs more than what it saves
            part, open_, done = part.take(going), open_[going], done[going]
            s, low, high, new = s[going], low[going], high[going], new[going]
        at = new


def _highest(
    models: M,
    column: Ints,
    top: Floats,
    rising: Bools,
    likelihood: Likelihood[M],
) -> tuple[Ints, Floats]:
    """The highest of several maxima an analysis; of equal ones the smaller tau²."""
    at_zero = np.unique(column[~rising[column]])
    column = np.concatenate([at_zero, column])
    top = np.concatenate([np.zeros(at_zero.size), top])
    height = likelihood.height(models.take(column), top)
    order = np.lexsort((-top, height, column))
    column, top = column[order], top[order]
    last = np.append(column[1:] != column[:-1], True)
    return column[last], top[last]
