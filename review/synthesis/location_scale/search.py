"""Likelihood of a location-scale model, its gradient and its maximum."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from review.arrays import Floats

__all__ = ["At", "Data", "Link", "curvature", "evaluate", "highest", "linked"]


class Link(StrEnum):
    """How tau² depends on the scale's coefficients: its logarithm does, or tau² itself."""

    LOG = "log"
    IDENTITY = "identity"


class Data(NamedTuple):
    """A model in its unit."""

    y: Floats
    v: Floats
    X: Floats
    """Orthonormal columns."""
    Z: Floats
    link: Link
    restricted: bool


class At(NamedTuple):
    """The model at given coefficients of the scale."""

    height: float
    gradient: Floats
    gamma: Floats
    covariance: Floats
    rss: float


def linked(link: Link, eta: Floats) -> Floats:
    """Return tau² of each study.

    Examples
    --------
    >>> linked(Link.LOG, np.zeros(1)).tolist()
    [1.0]
    """
    found: Floats = np.exp(np.clip(eta, -700, 300)) if link is Link.LOG else np.maximum(eta, 0.0)
    return found


def evaluate(data: Data, alpha: Floats) -> At:
    """Return the log-likelihood (less 2 pi), its gradient and the fit at coefficients (q,).

    References
    ----------
    Viechtbauer & López-López 2022, Res Synth Methods 13:697, eq. 7 and 8.

    Examples
    --------
    >>> data = Data(np.array([0., 3.]), np.ones(2), np.ones((2, 1)) / 2**0.5, np.ones((2, 1)),
    ...             Link.LOG, True)
    >>> round(evaluate(data, np.array([-700.0])).rss, 9)
    4.5
    """
    eta = data.Z @ alpha
    tau2 = linked(data.link, eta)
    w = 1 / (data.v + tau2)
    wx = data.X * w[:, None]
    information = data.X.T @ wx
    covariance = np.linalg.inv(information).astype(np.float64)
    gamma = covariance @ (wx.T @ data.y)
    residual = data.y - data.X @ gamma
    rss = float(w @ residual**2)
    height = 0.5 * float(np.log(w).sum()) - 0.5 * rss
    slope = (w * residual) ** 2 - w
    if data.restricted:
        height -= 0.5 * float(np.linalg.slogdet(information)[1])
        slope = slope + np.einsum("ip,pq,iq->i", wx, covariance, wx)
    slope = 0.5 * slope * (tau2 if data.link is Link.LOG else 1.0)
    return At(height, data.Z.T @ slope, gamma, covariance, rss)


APART = 2.0
"""Standard deviation of further starts, in log tau² by a standard deviation of a characteristic."""

STARTS = 12
SEED = 7
"""How many these are, and from what they are drawn, so that the same data give the same numbers."""

ENDED = 1e-6
"""Of the smallest sampling variance: a tau² below it is zero."""


SHARES = tuple(0.5**n for n in range(27))
"""Of a step of Newton: the first by which the likelihood does not fall."""


def highest(data: Data) -> tuple[Floats, bool]:
    """Return the coefficients (q,), and whether a tau² lies at zero.

    Examples
    --------
    >>> data = Data(np.array([0., 3.]), np.ones(2), np.ones((2, 1)) / 2**0.5, np.ones((2, 1)),
    ...             Link.IDENTITY, True)
    >>> found, ended = highest(data)
    >>> round(found[0], 6), ended
    (np.float64(3.5), False)
    """
    spread = max(float(np.var(data.y - data.X @ (data.X.T @ data.y))), float(np.median(data.v)))
    first, *others = _starts(data, spread)
    tops = [_climbed(data, first)]
    for start in others:
        with suppress(np.linalg.LinAlgError):  # a step too far, where weights are lost to rounding
            tops.append(_climbed(data, start))
    best = max(tops, key=lambda alpha: evaluate(data, alpha).height)
    if data.link is Link.LOG or (data.Z @ best).min() >= ENDED * data.v.min():
        best = polished(data, best)
    tau2 = linked(data.link, data.Z @ best)
    return best, bool((tau2 < ENDED * data.v.min()).any())


def _starts(data: Data, spread: float) -> Iterator[Floats]:
    """Yield where to climb from: one tau², small to large; then one that differs.

    Of few studies the likelihood often has several tops, of which one start finds a lower one.
    """
    for share in (0.05, 0.5, 2.0):
        wanted = share * spread
        target = np.full(data.y.size, math.log(wanted) if data.link is Link.LOG else wanted)
        start: Floats = np.linalg.lstsq(data.Z, target, rcond=None)[0]
        yield start
    if data.link is Link.IDENTITY:
        return
    middle = np.linalg.lstsq(data.Z, np.full(data.y.size, math.log(0.5 * spread)), rcond=None)[0]
    scattered = np.random.default_rng(SEED)
    for _ in range(STARTS):
        yield middle + APART * scattered.standard_normal(middle.size)


def _climbed(data: Data, start: Floats) -> Floats:
    from scipy.optimize import LinearConstraint, minimize  # a third of the start of what pools

    def falling(alpha: Floats) -> tuple[float, Floats]:
        at = evaluate(data, alpha)
        return -at.height, -at.gradient

    if data.link is Link.LOG:
        rough = minimize(falling, start, jac=True, method="BFGS", options={"gtol": 1e-7})
        return np.asarray(rough.x)
    above = LinearConstraint(data.Z, 0.0, np.inf)
    rough = minimize(
        falling, start, jac=True, method="SLSQP", constraints=[above],
        options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    return np.asarray(rough.x)


def polished(data: Data, alpha: Floats) -> Floats:
    """Return where Newton's steps from coefficients (q,) end: nowhere lower.

    Examples
    --------
    >>> data = Data(np.array([0., 3.]), np.ones(2), np.ones((2, 1)) / 2**0.5, np.ones((2, 1)),
    ...             Link.IDENTITY, True)
    >>> round(polished(data, np.array([3.0]))[0], 6)
    np.float64(3.5)
    """
    at = evaluate(data, alpha)
    for _ in range(40):
        step = np.linalg.lstsq(-curvature(data, alpha), at.gradient, rcond=1e-10)[0]
        floor = at.height - 1e-13 * abs(at.height)
        ways = (alpha + size * step for size in SHARES)
        moved = next((way for way in ways if evaluate(data, way).height >= floor), alpha)
        trial = evaluate(data, moved)
        better = np.abs(trial.gradient).max() < np.abs(at.gradient).max()
        if not better and trial.height <= at.height:
            return alpha
        alpha, at = moved, trial
        if np.abs(step).max() < 1e-11 * (1 + np.abs(alpha).max()):
            break
    return alpha


def curvature(data: Data, alpha: Floats) -> Floats:
    """Return second derivatives (q, q), by differences of the gradient.

    Examples
    --------
    >>> data = Data(np.array([0., 3.]), np.ones(2), np.ones((2, 1)) / 2**0.5, np.ones((2, 1)),
    ...             Link.IDENTITY, True)
    >>> curvature(data, np.array([3.5]))[0, 0] < 0
    np.True_
    """
    n = alpha.size
    found = np.empty((n, n))
    reach = 1.0 if data.link is Link.LOG else float(np.abs(data.Z @ alpha).mean())
    for i in range(n):
        width = 1e-4 * max(reach, 1e-3)
        ahead = alpha.copy()
        behind = alpha.copy()
        ahead[i] += width
        behind[i] -= width
        slope = evaluate(data, ahead).gradient - evaluate(data, behind).gradient
        found[:, i] = slope / (2 * width)
    return 0.5 * (found + found.T)
