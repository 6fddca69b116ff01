"""Searches over tau² for many models at once: the highest maximum of a likelihood, a root of Q.

The score is (y'PPy - tr P) / 2 for REML and (y'PPy - sum w) / 2 for ML (Viechtbauer 2005, eq. 11,
13). Write a, b, t, c for y'PPy, y'PPPy, tr P (sum w), tr PP (sum w²). All four fall in tau², and so
do the ratios b/a and c/t (Cauchy-Schwarz). Hence on an interval [l, u]

- a(u) > t(l): the likelihood rises throughout; a(l) < t(u): it falls throughout;
- 2 b/a(u) > c/t(l): log(a/t) falls, there is at most one stationary point;
  2 b/a(l) < c/t(u): it rises, and there is at most one.

Intervals on which none of these holds are halved, so that every maximum is found and none guessed.
Above max v - 2 min v log(a/t) always falls, and no stationary point lies where
(min v + tau²)² > S² (max v + tau²), S² the residual variance of the effects: the search is finite
and has no unit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, Self, TypeVar

import numpy as np

from review.arrays import Bools, Floats, Ints

NEWTON_STOP = 1e-13
"""Newton converges quadratically: a step whose square is below this share of tau² (tau² + scale)
leaves an error below it."""

MOST_STEPS = 60
"""Halving alone would reach the last digit in so many steps."""

Q_STOP = 1e-13
"""Relative distance from the target at which a solution of Q(tau²) = target is complete."""

MOST_Q_STEPS = 200
"""Newton takes five to ten; a set of variances over eight orders of magnitude some twenty."""

_BOTH_ENDS = np.array([[0], [1]])


class Models(Protocol):
    """Any number of models that can be picked by position."""

    def take(self, columns: Ints, /) -> Self:
        """The named models only, each as often as it is named."""
        ...


M = TypeVar("M", bound=Models)


class Likelihood(NamedTuple, Generic[M]):
    """The likelihood of n models as the search for its maxima sees it.

    Attributes
    ----------
    slopes : the terms (4, ...) of some models at tau² (n,) or (g, n).
    height : the log-likelihood of some models at tau² (n,), up to a constant of the model.
    scale : (n,) a tau² at which weights have changed much; steps are even in log(tau² + scale).
    bend : (n,) max v - 2 min v, above which log(a/t) falls.
    grid, at : (g, n) tau² from 0 to the last stationary point, and the slopes (4, g, n) there.
    """

    slopes: Callable[[M, Floats], Floats]
    height: Callable[[M, Floats], Floats]
    scale: Floats
    bend: Floats
    grid: Floats
    at: Floats


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

    def pick(self, which: Ints | Bools) -> _Intervals:
        return _Intervals(self.column[which], self.ends[:, which], self.at[:, :, which])


def no_maximum(shape: tuple[int, ...]) -> Maximum:
    """What a likelihood that only falls has: zero, found without a step."""
    return Maximum(np.zeros(shape), np.zeros(shape, np.int64), np.ones(shape, np.int64))


def last_stationary_point(spread: Floats, vmin: Floats, vmax: Floats) -> Floats:
    """An upper bound of all stationary points, at or below 0 where the likelihood only falls.

    Parameters
    ----------
    spread : (n,) S² or more: the residual sum of squares over k - p for REML, over k for ML.
    vmin, vmax : (n,) smallest and largest sampling variance.
    """
    bound: Floats = 0.5 * (spread + np.sqrt(spread * (spread + 4 * (vmax - vmin)))) - vmin
    return bound


def even_grid(scale: Floats, last: Floats, *, most: int, fine: int) -> Floats:
    """Points (g, n) from 0 to ``last``, even in log(tau² + scale), ``fine`` for a doubling of that.

    A lone model, with a single ``scale`` and ``last``, gets (g,).
    """
    doublings = np.log2(1 + last / scale)
    points = min(most, 2 + int(fine * doublings.sum() / doublings.size))
    share = np.arange(points) / (points - 1)
    way = np.multiply.outer(share, doublings)
    grid: Floats = scale * (np.exp2(way) - 1)
    grid[-1] = last
    return grid


def highest_maximum(models: M, likelihood: Likelihood[M]) -> Maximum:
    """The tau² of highest likelihood of n models.

    Returns
    -------
    Maximum
        ``modes`` counts the local maxima, a falling start at tau² = 0 included.
    """
    n = likelihood.scale.size
    tau2, iterations = np.zeros(n), np.zeros(n, dtype=np.int64)
    rising, peaks = _peaks(models, likelihood)
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


def lone_maximum(model: M, likelihood: Likelihood[M]) -> Maximum | None:
    """The maximum of a lone model's likelihood where the grid shows that it has only one.

    The same steps as :func:`highest_maximum`'s on numbers: ``scale`` and ``bend`` are single,
    ``grid`` is (g,) and ``at`` (4, g).

    Returns
    -------
    Maximum or None
        None where intervals must be halved or maxima compared.
    """
    slopes, _, s, bend, grid, at = likelihood
    settled, peak = _judge(at[:, :-1], at[:, 1:])
    if not (settled | (grid[:-1] >= bend)).all():
        return None
    where = peak.nonzero()[0]
    if where.size + (at[0, 0] <= at[2, 0]) > 1:
        return None
    if where.size == 0:
        return no_maximum(())
    ends = slice(where[0], where[0] + 2)
    low, high = grid[ends]
    new = _start(grid[ends], at[:, ends], s)
    step, closed = 0, np.asarray(False)
    while not closed:
        step += 1
        now = new
        new, closed, rising = _newton(slopes(model, now), now, s, low, high)
        if not closed:
            low, high = (now, high) if rising else (low, now)
            inside = (new >= low) & (new <= high)
            new = np.where(inside, new, np.sqrt((low + s) * (high + s)) - s)
            closed = (high - low <= 1e-15 * high) | (step == MOST_STEPS)
    return Maximum(new, np.asarray(step), np.asarray(1))


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


def _peaks(models: M, likelihood: Likelihood[M]) -> tuple[Bools, _Intervals]:
    """Whether each likelihood rises at 0, and one interval around each interior maximum."""
    _, _, scale, bend, grid, at = likelihood
    rising = at[0, 0] > at[2, 0]
    settled, peak = _judge(at[:, :-1], at[:, 1:])
    settled |= grid[:-1] >= bend
    peaks = _gather(grid, at, peak & settled)
    if settled.all():
        return rising, peaks
    found, todo = [peaks], _gather(grid, at, ~settled)
    while todo.column.size:
        todo = _halve(models, todo, likelihood)
        low, high = todo.ends
        settled, peak = _judge(todo.at[:, 0], todo.at[:, 1])
        settled |= (low >= bend[todo.column]) | (high - low <= 1e-13 * (low + scale[todo.column]))
        found.append(todo.pick(peak & settled))
        todo = todo.pick(~settled)
    return rising, _joined(found)


def _judge(low: Floats, high: Floats) -> tuple[Bools, Bools]:
    """Whether an interval is understood, and whether it then holds a maximum."""
    a0, b0, t0, c0 = low
    a1, b1, t1, c1 = high
    one_way = (a1 > t0) | (a0 < t1)
    monotone = (2 * b1 * t0 > c0 * a1) | (2 * b0 * t1 < c1 * a0)
    return one_way | monotone, (a0 > t0) & (a1 <= t1)


def _gather(grid: Floats, at: Floats, which: Bools) -> _Intervals:
    row, column = which.nonzero()
    both = row + _BOTH_ENDS
    return _Intervals(column, grid[both, column], at[:, both, column])


def _halve(models: M, wide: _Intervals, likelihood: Likelihood[M]) -> _Intervals:
    low, high = wide.ends
    scale = likelihood.scale[wide.column]
    middle = np.clip(np.sqrt((low + scale) * (high + scale)) - scale, low, high)
    at = likelihood.slopes(models.take(wide.column), middle)
    left = _Intervals(wide.column, np.stack([low, middle]), np.stack([wide.at[:, 0], at], axis=1))
    right = _Intervals(wide.column, np.stack([middle, high]), np.stack([at, wide.at[:, 1]], axis=1))
    return _joined([left, right])


def _joined(parts: list[_Intervals]) -> _Intervals:
    return _Intervals(
        np.concatenate([p.column for p in parts]),
        np.concatenate([p.ends for p in parts], axis=1),
        np.concatenate([p.at for p in parts], axis=2),
    )


def _refine(models: M, peaks: _Intervals, likelihood: Likelihood[M]) -> tuple[Floats, Ints]:
    """Safeguarded Newton on g = log(a/t) against x = log(tau² + s), where g is nearly linear."""
    n, s = peaks.column.size, likelihood.scale[peaks.column]
    tau2, steps = np.zeros(n), np.zeros(n, dtype=np.int64)
    low, high = peaks.ends
    at = _start(peaks.ends, peaks.at, s)
    whole = n == likelihood.scale.size and bool((peaks.column == np.arange(n)).all())
    part, open_, step = models if whole else models.take(peaks.column), np.arange(n), 0
    while open_.size:
        step += 1
        new, closed, rising = _newton(likelihood.slopes(part, at), at, s, low, high)
        if not closed.all():
            low, high = np.where(rising, at, low), np.where(rising, high, at)
            inside = (new >= low) & (new <= high)
            new = np.where(inside, new, np.sqrt((low + s) * (high + s)) - s)
            closed |= (high - low <= 1e-15 * high) | (step == MOST_STEPS)
        if closed.any():
            tau2[open_[closed]], steps[open_[closed]] = new[closed], step
            going = (~closed).nonzero()[0]
            part, open_ = part.take(going), open_[going]
            s, low, high, new = s[going], low[going], high[going], new[going]
        at = new
    return tau2, steps


def _newton(
    slopes: Floats, at: Floats, s: Floats, low: Floats, high: Floats
) -> tuple[Floats, Bools, Bools]:
    """A step from ``at``, whether it was the last one needed, and whether the likelihood rises."""
    a, b, t, c = slopes
    here = at + s
    with np.errstate(all="ignore"):  # a step that is no number is replaced by the caller
        new = here * np.exp(np.log(a / t) / (here * (2 * b / a - c / t))) - s
        move = new - at
        closed = (move * move <= NEWTON_STOP * new * (new + s)) & (new >= low) & (new <= high)
    return new, closed, a > t


def _start(interval: Floats, at: Floats, s: Floats) -> Floats:
    """Inverse Hermite interpolation of the root from both ends (2, ...) of an interval."""
    ends = interval + s
    a, b, t, c = at
    x = np.log(ends)
    with np.errstate(all="ignore"):  # an interpolant that is no number is replaced below
        g = np.log(a / t)
        m = (g[1] - g[0]) / (ends * (c / t - 2 * b / a))  # dx/du, u the way from g0 to g1
        u = g[0] / (g[0] - g[1])
        h = x[1] - x[0]
        cubic = u * (m[0] + u * (3 * h - 2 * m[0] - m[1] + u * (m[0] + m[1] - 2 * h)))
    good = (cubic > 0) & (cubic < h)
    way = np.where(good, cubic, 0.5 * h)
    within: Floats = np.minimum(np.maximum(ends[0] * np.exp(way) - s, interval[0]), interval[1])
    return within


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
