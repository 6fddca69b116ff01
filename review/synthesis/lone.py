"""One analysis in plain numbers: what a batch does in columns, without numpy's cost of a call."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, cast

import numpy as np

from review.arrays import Floats, Ints
from review.synthesis.elementary import larger, log
from review.synthesis.moments import NO_TAU2, Sums
from review.synthesis.search import (
    MOST_Q_STEPS,
    MOST_STEPS,
    Q_STOP,
    Maximum,
    Slopes,
    arrived,
    interpolated,
    judge,
    middle,
    newton,
    nothing_between,
)

_Point = tuple[Floats, Slopes]


class Lone(NamedTuple):
    """One analysis of two studies or more; see :class:`review.synthesis.blocks.Block`.

    Attributes
    ----------
    k, vmin, vmax, anchor, unit : as a block's, but plain numbers, as all that is drawn from them.
    v : (k-1,) variances of all but the most precise study, in the unit.
    powers : (k-1, 3) one, their effects minus the anchor, and the squares.
    weights : room for weights, their squares and cubes, (3, k-1) and each of its rows.
    """

    k: Ints
    vmin: Floats
    vmax: Floats
    anchor: Floats
    unit: Floats
    v: Floats
    powers: Floats
    weights: tuple[Floats, Floats, Floats, Floats]

    @classmethod
    def of(cls, yi: Floats, vi: Floats) -> Lone:
        """Lay out effects and sampling variances, (k,) each."""
        best = int(vi.argmin())
        anchor, least = yi.item(best), vi.item(best)
        unit = math.ldexp(1.0, math.frexp(least)[1] // 2)
        per_unit = 1.0 / unit
        d = yi - anchor
        d *= per_unit
        v = vi * per_unit  # the square of a unit may be beyond a float
        v *= per_unit
        d[best], v[best] = d[0], v[0]
        d, v = d[1:], v[1:]
        powers, weights = np.empty((2, 3, v.size))
        powers[0], powers[1] = 1.0, d
        np.multiply(d, d, powers[2])
        vmin = least * per_unit * per_unit
        vmax = max(vmin, v.item(v.argmax()))
        numbers = cast(tuple[Floats, Floats, Floats, Floats], (vmin, vmax, anchor, unit))
        k = cast(Ints, yi.size)
        return cls(k, *numbers, v, powers.T, (weights, weights[0], weights[1], weights[2]))

    def sums(self, tau2: Floats, /) -> Sums:
        """Sums over studies at ``tau2``."""
        weights, w, square, cube = self.weights
        np.add(self.v, tau2, w)
        np.reciprocal(w, w)
        np.multiply(w, w, square)
        np.multiply(square, w, cube)
        (s1, s1d, s1dd), (s2, s2d, s2dd), (s3, s3d, s3dd) = weights.dot(self.powers).tolist()
        return Sums(1.0 / (self.vmin + tau2), s1, s2, s3, s1d, s2d, s3d, s1dd, s2dd, s3dd)

    def logs(self, tau2: Floats) -> Floats:
        """The sum over studies of log(v + tau²)."""
        others = float(np.log(self.v + tau2).dot(self.powers[:, 0]))
        return others + log(self.vmin + tau2)

    def effects(self) -> tuple[Floats, Floats]:
        """Sums of the effects minus the anchor and of their squares."""
        _, d, dd = self.powers[:, 0].dot(self.powers).tolist()
        return d, dd

    def variances(self) -> tuple[Floats, Floats]:
        """Sums of the variances and of their squares."""
        squares = float(self.v @ self.v) + self.vmin * self.vmin
        return float(self.v.sum()) + self.vmin, squares


def lone_maximum(
    slopes: Callable[[Floats], Slopes],
    height: Callable[[Floats], Floats],
    at_zero: Slopes,
    *,
    scale: Floats,
    vmax: Floats,
    last: Floats,
) -> Maximum:
    """The tau² of highest likelihood of one model, by the steps of ``highest_maximum``.

    Parameters
    ----------
    slopes, height : terms of the likelihood equation, and the log-likelihood, at a tau².
    at_zero : the terms at tau² = 0.
    scale, vmax : as in :class:`review.synthesis.search.Likelihood`.
    last : above zero; beyond it is no stationary point.
    """
    rising = at_zero[0] > at_zero[2]
    todo: list[tuple[_Point, _Point]] = [((NO_TAU2, at_zero), (last, slopes(last)))]
    peaks: list[tuple[_Point, _Point]] = []
    while todo:
        low, high = todo.pop()
        settled, peak = judge(*low, *high, vmax)
        if settled or nothing_between(low[0], high[0], scale):
            if peak:
                peaks.append((low, high))
            continue
        between = middle(low[0], high[0], scale)
        here = between, slopes(between)
        todo += [(low, here), (here, high)]
    found = [_refined(slopes, low, high, scale) for low, high in peaks]
    modes = len(found) + (not rising)
    tops = found if rising else [(NO_TAU2, cast(Ints, 0)), *found]
    if len(tops) > 1:  # the highest; of equal ones the smaller tau²
        tops = [max(tops, key=lambda top: (height(top[0]), -top[0]))]
    return Maximum(*tops[0], cast(Ints, modes))


def lone_root_of_q(
    q_and_slope: Callable[[Floats], tuple[Floats, Floats]], q_at_zero: Floats, target: Floats
) -> tuple[Floats, Ints]:
    """The tau² of one model where Q equals ``target``, and the steps; see ``solve_q``."""
    at, step = NO_TAU2, 0
    while q_at_zero > target:
        step += 1
        q, slope = q_and_slope(at)
        move = q * (q / target - 1) / slope
        at = at + larger(move, 0.0)
        if abs(q - target) <= Q_STOP * target or move <= Q_STOP * at or step == MOST_Q_STEPS:
            break
    return at, cast(Ints, step)


def _refined(
    slopes: Callable[[Floats], Slopes], from_: _Point, to: _Point, scale: Floats
) -> tuple[Floats, Ints]:
    """Safeguarded Newton between two points around a maximum."""
    low, high, step = from_[0], to[0], 0
    at = interpolated(*from_, *to, scale)
    while True:
        step += 1
        a, b, t, c = slopes(at)
        new = newton(a, b, t, c, at, scale)
        closed = low <= new <= high and arrived(new, at, scale)
        low, high = (at, high) if a > t else (low, at)
        at = new if closed or low <= new <= high else middle(low, high, scale)
        if closed or high - low <= 1e-15 * high or step == MOST_STEPS:
            return at, cast(Ints, step)
