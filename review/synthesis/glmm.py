"""Generalised linear mixed models of counts: the exact likelihood, no continuity correction."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, gammaln, logsumexp, ndtr, ndtri

from review.arrays import Floats
from review.errors import InvalidDataError

__all__ = ["CountModel", "Glmm", "glmm"]

NODES = 25
"""Points of the adaptive quadrature of each study; lme4's own limit."""

AT_ZERO = 1e-4
"""A tau below this is given as zero: the likelihood no longer tells it from none."""


class CountModel(StrEnum):
    """What a study's counts are, given its own effect.

    OR_EXACT, OR_APPROXIMATE : log odds ratio given the margins, by the non-central hypergeometric
    (metafor CM.EL) or its binomial approximation (CM.AL); IRR : log rate ratio given the total;
    PLO : logit of a proportion; IRLN : log of a rate.
    """

    OR_EXACT = "CM.EL"
    OR_APPROXIMATE = "CM.AL"
    IRR = "IRR"
    PLO = "PLO"
    IRLN = "IRLN"


@dataclass(frozen=True, slots=True)
class Glmm:
    """A pooled effect by maximum likelihood, on its log or logit scale, with a normal test.

    `k` counts the studies that say anything: conditional models learn nothing from a study
    without events.
    """

    model: CountModel
    k: int
    estimate: float
    se: float
    stat: float
    p: float
    ci: tuple[float, float]
    level: float
    tau2: float


class _At(NamedTuple):
    """Log-likelihood of each study and its two derivatives, at an effect."""

    height: Floats
    slope: Floats
    bend: Floats


_Likelihood = Callable[[Floats], _At]


def glmm(model: CountModel | str, *counts: ArrayLike, level: float = 0.95) -> Glmm:
    """Pool counts by a mixed model with one normal random effect a study.

    Parameters
    ----------
    model : CountModel
    counts : arrays (k,)
        OR: ai, bi, ci, di. IRR: x1i, t1i, x2i, t2i. PLO: xi, mi (events and non-events).
        IRLN: xi, ti.
    level : float
        Of the interval.

    Returns
    -------
    Glmm

    Raises
    ------
    InvalidDataError
        Counts that are none, other columns than the model has, no study that says anything, or
        events in one arm alone (all or none): the likelihood then has no maximum.

    Notes
    -----
    One study has its own estimate and tau² = 0.

    References
    ----------
    Stijnen, Hamza & Ozdemir 2010, Stat Med 29:3046; Pinheiro & Bates 1995, J Comput Graph Stat
    4:12 (adaptive quadrature).

    Examples
    --------
    >>> fit = glmm("PLO", [10, 10], [10, 10])
    >>> abs(round(fit.estimate, 6)), fit.tau2
    (0.0, 0.0)
    """
    from scipy.optimize import minimize  # a third of the start of every command that pools

    model = CountModel(model)
    if not 0 < level < 1:
        raise InvalidDataError(f"A confidence level of {level} is not between 0 and 1.")
    likelihood, start, k = _likelihood(model, _checked(model, counts))
    node, weight = np.polynomial.hermite.hermgauss(NODES)
    log_weight = np.log(weight) + node**2

    def fall(at: Floats) -> float:
        mu, tau = float(at[0]), float(abs(at[1]))
        u = np.zeros(k)
        for _ in range(60):
            at_mode = likelihood((mu + tau * u)[:, None])
            step = (tau * at_mode.slope[:, 0] - u) / (1 - tau**2 * at_mode.bend[:, 0])
            u += np.clip(step, -1, 1)
            if np.abs(step).max() < 1e-9:
                break
        width = math.sqrt(2) / np.sqrt(1 - tau**2 * at_mode.bend[:, 0])
        points = u[:, None] + width[:, None] * node
        height = likelihood(mu + tau * points).height - points**2 / 2 + log_weight
        total = logsumexp(height, axis=1) + np.log(width)
        return -float(total.sum())

    free = k > 1

    def objective(at: Floats) -> float:
        return fall(at if free else np.array([at[0], 0.0]))

    starts = (0.1, 0.6) if free else (0.0,)
    fits = [
        minimize(
            objective,
            np.array([start, tau])[: 1 + free],
            method="Nelder-Mead",
            options={"xatol": 1e-7, "fatol": 1e-10, "maxiter": 2000},
        )
        for tau in starts
    ]
    best = min(fits, key=lambda fit: float(fit.fun))
    mu, tau = float(best.x[0]), float(abs(best.x[1])) if free else 0.0
    tau = tau if tau > AT_ZERO else 0.0
    se = _standard_error(fall, mu, tau)
    half = float(ndtri((1 + level) / 2)) * se
    return Glmm(
        model, k, mu, se, mu / se, float(2 * ndtr(-abs(mu / se))), (mu - half, mu + half), level,
        tau**2,
    )  # fmt: skip


def _standard_error(fall: Callable[[Floats], float], mu: float, tau: float) -> float:
    at, h = np.array([mu, tau]), 1e-3
    if tau:
        h = min(h, tau / 4)
    e = np.eye(2) * h
    top = fall(at)
    a = (fall(at + e[0]) - 2 * top + fall(at - e[0])) / h**2
    if tau:
        d = (fall(at + e[1]) - 2 * top + fall(at - e[1])) / h**2
        b = (
            fall(at + e[0] + e[1]) - fall(at + e[0] - e[1])
            - fall(at - e[0] + e[1]) + fall(at - e[0] - e[1])
        ) / (4 * h**2)  # fmt: skip
        a -= b * b / d
    if not a > 0:
        raise InvalidDataError("The likelihood of the counts has no maximum that a test rests on.")
    return 1 / math.sqrt(a)


def _checked(model: CountModel, counts: tuple[ArrayLike, ...]) -> list[Floats]:
    wanted = 2 if model in (CountModel.PLO, CountModel.IRLN) else 4
    if len(counts) != wanted:
        raise InvalidDataError(f"{model} has {wanted} columns of counts, not {len(counts)}.")
    found = [np.asarray(c, dtype=np.float64) for c in counts]
    if any(c.ndim != 1 or c.size != found[0].size for c in found):
        raise InvalidDataError("The columns of counts differ in length.")
    timed = model in (CountModel.IRR, CountModel.IRLN)
    for place, c in enumerate(found):
        time = timed and place % 2 == 1
        if not np.isfinite(c).all() or (c < 0).any() or (time and (c == 0).any()):
            raise InvalidDataError("Counts are zero or more, and times above zero.")
        if not time and (c != np.round(c)).any():
            raise InvalidDataError("Counts are whole numbers.")
    return found


def _likelihood(model: CountModel, c: list[Floats]) -> tuple[_Likelihood, float, int]:
    """Likelihood of the studies that say anything, where to begin, and how many they are."""
    if model is CountModel.IRLN:
        x, t = c
        _bounded(x.sum() > 0)
        xs, ts = x[:, None], t[:, None]

        def poisson(eta: Floats) -> _At:
            mean = ts * np.exp(np.minimum(eta, 500))
            return _At(xs * eta - mean, xs - mean, -mean)

        return poisson, math.log(x.sum() / t.sum()), x.size
    offset = np.zeros(c[0].size)
    one, other = c[0], c[1]
    if model is not CountModel.PLO:
        a, b, z, d = c
        one, other = a, z
        sizes = (b, d) if model is CountModel.IRR else (a + b, z + d)
        told = a + z > 0
        if model is CountModel.OR_EXACT:
            told &= b + d > 0
        told &= (sizes[0] > 0) & (sizes[1] > 0)
        _bounded(bool(told.any()))
        one, other = one[told], other[told]
        first, second = sizes[0][told], sizes[1][told]
        offset = np.log(first / second)
        if model is CountModel.OR_EXACT:
            return _hypergeometric(one, first, second, one + other)
    else:
        told = one + other > 0
        one, other, offset = one[told], other[told], offset[told]
    _bounded(one.sum() > 0 and other.sum() > 0)
    x, n, o = one[:, None], (one + other)[:, None], offset[:, None]

    def binomial(eta: Floats) -> _At:
        p = expit(eta + o)
        height = x * (eta + o) - n * np.logaddexp(0, eta + o)
        return _At(height, x - n * p, -n * p * (1 - p))

    start = math.log(one.sum() / other.sum()) - float(np.average(offset, weights=one + other))
    return binomial, start, one.size


def _hypergeometric(a: Floats, n1: Floats, n2: Floats, s: Floats) -> tuple[_Likelihood, float, int]:
    low, high = np.maximum(0, s - n2), np.minimum(s, n1)
    _bounded(bool((a > low).any() and (a < high).any()))
    tables = []
    for i in range(a.size):
        j = np.arange(low[i], high[i] + 1)
        ways = -(gammaln(j + 1) + gammaln(n1[i] - j + 1))
        ways -= gammaln(s[i] - j + 1) + gammaln(n2[i] - s[i] + j + 1)
        tables.append((j - a[i], ways - ways.max()))

    def noncentral(eta: Floats) -> _At:
        eta = np.broadcast_to(eta, (a.size, eta.shape[1]))
        found = np.empty((3, *eta.shape))
        for i, (j, ways) in enumerate(tables):
            terms = ways + eta[i][:, None] * j
            total = logsumexp(terms, axis=1)
            share = np.exp(terms - total[:, None])
            mean = share @ j
            found[:, i] = -total, -mean, mean**2 - share @ j**2
        return _At(*found)

    half = 0.5
    odds = (a.sum() + half) * ((n2 - s + a).sum() + half)
    return noncentral, math.log(odds / (((n1 - a).sum() + half) * ((s - a).sum() + half))), a.size


def _bounded(holds: bool) -> None:
    if not holds:
        raise InvalidDataError(
            "All or none of the events are in one place: the likelihood has no maximum."
        )
