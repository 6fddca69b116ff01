"""Three-parameter selection model: studies without a significant result may go unpublished."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, log_ndtr, ndtr, ndtri

from review.arrays import Bools, Floats
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.methods import Method, Test
from review.synthesis.pooling import pool

DELTA_MAX = 100.0
"""Bound of the relative publication probability, metafor's: beyond it the likelihood is flat."""

MOST_STEPS = 200

GRADIENT_STOP = 1e-9
"""Of the log-likelihood's slope in standardised parameters."""


class Alternative(StrEnum):
    """Direction in which a significant result is published for certain."""

    GREATER = "greater"
    LESS = "less"


@dataclass(frozen=True, slots=True)
class SelectionModel:
    """The three-parameter selection model, by maximum likelihood.

    Attributes
    ----------
    estimate, se, ci, p : mean effect corrected for selection; Wald.
    tau2, se_tau2 : between-study variance under the model; ``se_tau2`` None on the boundary.
    delta, se_delta : publication probability of a study that is not significant relative to one
        that is; ``se_delta`` None at the bound of 100.
    loglik, LRT, LRTp : log-likelihood, and the likelihood ratio test of delta = 1.
    significant : studies with one-sided p up to the step.
    boundary : tau² is 0; ``delta_bound``: delta is at its bound.
    """

    k: int
    step: float
    alternative: Alternative
    level: float
    estimate: float
    se: float | None
    ci: tuple[float, float] | None
    p: float | None
    tau2: float
    se_tau2: float | None
    delta: float
    se_delta: float | None
    loglik: float
    LRT: float
    LRTp: float
    significant: int
    boundary: bool
    delta_bound: bool


class _Data(NamedTuple):
    """Effects turned so that significance is positive, their limits of significance, which pass."""

    y: Floats
    v: Floats
    limit: Floats
    passed: Bools


def selection_3psm(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    step: float = 0.025,
    alternative: Alternative | str | None = None,
    level: float = 0.95,
) -> SelectionModel:
    """Fit the selection model with one step at a one-sided p of ``step``.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances.
    step : one-sided p up to which a study counts as significant, above 0 and below 1.
    alternative : direction of the significance; by default that of the pooled effect (REML).
    level : of the interval.

    Returns
    -------
    SelectionModel

    Raises
    ------
    InvalidDataError
        Fewer than three studies, or all of them significant.

    Notes
    -----
    Vevea & Hedges 1995, Psychometrika 60:419-435, with one step; Hedges & Vevea 2005. With
    w = 1 or delta, s² = v + tau² and c the effect at which p equals the step, a study contributes
    log w + log N(y; mu, s²) - log(1 + (delta - 1) Phi((c - mu) / s)). The likelihood may have
    several maxima: a grid over mu and tau² with the best delta at each point starts Newton's
    method. Without any significant study delta goes to its bound and says nothing.

    Examples
    --------
    >>> y, v = [0.1, 0.2, 0.6, 0.7, 0.5], [0.04, 0.05, 0.04, 0.03, 0.02]
    >>> fit = selection_3psm(y, v)
    >>> round(fit.estimate, 3), round(fit.delta, 1)
    (0.499, 2.1)
    """
    y, v = checked_studies(yi, vi)
    if y.size < 3:
        raise InvalidDataError("A selection model of three parameters needs three studies.")
    if not 0 < step < 1 or not 0 < level < 1:
        raise InvalidDataError("The step and the level lie between 0 and 1.")
    if alternative is None:
        mean = pool(y, v, test=Test.Z, tau2_ci=False).estimate
        alternative = Alternative.GREATER if mean > 0 else Alternative.LESS
    alternative = Alternative(alternative)
    sign = 1.0 if alternative is Alternative.GREATER else -1.0
    unit = math.sqrt(float(np.median(v)))
    z = -float(ndtri(step))
    passed = ndtr(-sign * y / np.sqrt(v)) <= step
    scaled = _Data(sign * y / unit, v / unit**2, z * np.sqrt(v) / unit, passed)
    significant = int(passed.sum())
    if significant == y.size:
        raise InvalidDataError(
            f"All studies have a one-sided p of at most {step:g}: nothing can be learned of those "
            "that have not."
        )
    null = pool(y, v, method=Method.ML, test=Test.Z, tau2_ci=False)
    at, value = _maximise(scaled, sign * null.estimate / unit, null.tau2 / unit**2)
    loglik = value - y.size * math.log(unit)
    se = _errors(scaled, at)
    lrt = max(0.0, 2 * (loglik - null.loglik))
    estimate = sign * at[0] * unit
    half = None if se[0] is None else -float(ndtri((1 - level) / 2)) * se[0] * unit
    return SelectionModel(
        k=y.size,
        step=step,
        alternative=alternative,
        level=level,
        estimate=estimate,
        se=None if se[0] is None else se[0] * unit,
        ci=None if half is None else (estimate - half, estimate + half),
        p=None if se[0] is None else float(2 * ndtr(-abs(at[0] / se[0]))),
        tau2=at[1] * unit**2,
        se_tau2=None if se[1] is None else se[1] * unit**2,
        delta=at[2],
        se_delta=se[2],
        loglik=loglik,
        LRT=lrt,
        LRTp=float(chdtrc(1.0, lrt)),
        significant=significant,
        boundary=at[1] == 0,
        delta_bound=at[2] == DELTA_MAX,
    )


def selection_loglik(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    estimate: float,
    tau2: float,
    delta: float,
    step: float = 0.025,
    alternative: Alternative | str = Alternative.GREATER,
) -> float:
    """The model's log-likelihood at given parameters, to compare two fits.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances.
    estimate, tau2, delta : mean, between-study variance, relative publication probability above 0.
    step, alternative : as in :func:`selection_3psm`.

    Returns
    -------
    float

    Raises
    ------
    InvalidDataError
        A tau² below zero or a delta not above zero.

    Examples
    --------
    >>> round(selection_loglik([0.0], [1.0], estimate=0.0, tau2=0.0, delta=1.0), 4)
    -0.9189
    """
    y, v = checked_studies(yi, vi)
    if tau2 < 0 or delta <= 0:
        raise InvalidDataError("tau² cannot be below zero and delta must be above it.")
    sign = 1.0 if Alternative(alternative) is Alternative.GREATER else -1.0
    limit = -float(ndtri(step)) * np.sqrt(v)
    data = _Data(sign * y, v, limit, ndtr(-sign * y / np.sqrt(v)) <= step)
    return _value(data, np.array([sign * estimate, tau2, delta]))


def _value(data: _Data, at: Floats) -> float:
    mu, tau2, delta = at
    s2 = data.v + tau2
    s = np.sqrt(s2)
    u = (data.limit - mu) / s
    normal = -0.5 * (np.log(2 * np.pi * s2) + (data.y - mu) ** 2 / s2)
    # 1 + (delta - 1) Phi(u) as a sum of positive parts
    seen = np.logaddexp(log_ndtr(-u), math.log(delta) + log_ndtr(u))
    unseen = (~data.passed).sum() * math.log(delta)
    return float(normal.sum() - seen.sum() + unseen)


def _derivatives(data: _Data, at: Floats) -> tuple[Floats, Floats]:
    """Gradient (3,) and Hessian (3, 3) in (mu, tau², log delta)."""
    mu, tau2, delta = at
    s2 = data.v + tau2
    s = np.sqrt(s2)
    r = data.y - mu
    u = (data.limit - mu) / s
    density = np.exp(-0.5 * u * u) / math.sqrt(2 * math.pi)
    cdf = ndtr(u)
    seen = ndtr(-u) + delta * cdf
    du = (delta - 1) * density / seen  # d log seen / du
    du2 = -u * du - du * du
    dl = delta * cdf / seen  # d log seen / d log delta
    dl2 = dl * (1 - dl)
    dul = delta * density / (seen * seen)  # d² log seen / du d log delta
    u_m, u_t, u_mt, u_tt = -1 / s, -u / (2 * s2), 1 / (2 * s2 * s), 3 * u / (4 * s2 * s2)
    gradient = np.array(
        [
            (r / s2 - du * u_m).sum(),
            (-0.5 / s2 + 0.5 * r * r / s2**2 - du * u_t).sum(),
            (~data.passed).sum() - dl.sum(),
        ]
    )
    mm = (-1 / s2 - du2 * u_m * u_m).sum()
    mt = (-r / s2**2 - du2 * u_m * u_t - du * u_mt).sum()
    tt = (0.5 / s2**2 - r * r / s2**3 - du2 * u_t * u_t - du * u_tt).sum()
    ml, tl, ll = -(dul * u_m).sum(), -(dul * u_t).sum(), -dl2.sum()
    return gradient, np.array([[mm, mt, ml], [mt, tt, tl], [ml, tl, ll]])


def _best_delta(data: _Data, mu: Floats, tau2: Floats) -> Floats:
    """The likeliest delta at each (mu, tau²): delta sum(Phi / seen) = number not significant."""
    s = np.sqrt(data.v + tau2[:, None])
    u = (data.limit - mu[:, None]) / s
    cdf, tail = ndtr(u), ndtr(-u)
    low, high = np.full(mu.size, -30.0), np.full(mu.size, math.log(DELTA_MAX))
    missing = float((~data.passed).sum())
    for _ in range(40):
        middle = 0.5 * (low + high)
        d = np.exp(middle)[:, None]
        more = (d * cdf / (tail + d * cdf)).sum(axis=1) < missing
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    best: Floats = np.exp(0.5 * (low + high))
    return best


def _maximise(data: _Data, mu: float, tau2: float) -> tuple[tuple[float, float, float], float]:
    spread = math.sqrt(float(np.var(data.y)) + tau2 + 1.0)
    mus = np.concatenate([[mu], mu + spread * np.linspace(-4, 2, 25)])
    taus = np.concatenate([[0.0, tau2], spread**2 * 4.0 ** np.arange(-6, 2)])
    grid_mu, grid_tau = (g.ravel() for g in np.meshgrid(mus, taus))
    delta = _best_delta(data, grid_mu, grid_tau)
    points = np.stack([grid_mu, grid_tau, delta], axis=1)
    values = np.array([_value(data, p) for p in points])
    best: tuple[Floats, float] | None = None
    for start in points[np.argsort(-values)[:4]]:
        at = _climb(data, start)
        height = _value(data, at)
        if best is None or height > best[1]:
            best = at, height
    assert best is not None
    return (float(best[0][0]), float(best[0][1]), float(best[0][2])), best[1]


def _climb(data: _Data, start: Floats) -> Floats:
    """Newton's method with a growing ridge, within tau² >= 0 and delta <= its bound."""
    at, height, ridge = start.copy(), _value(data, start), 0.0
    for _ in range(MOST_STEPS):
        gradient, hessian = _derivatives(data, at)
        free = np.array(
            [
                True,
                at[1] > 0 or gradient[1] > 0,
                at[2] < DELTA_MAX or gradient[2] < 0,
            ]
        )
        scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-300))
        if (np.abs(gradient * scale)[free] < GRADIENT_STOP).all() or ridge > 1e12:
            break
        h = -(hessian * scale[:, None] * scale)[np.ix_(free, free)]
        lowest = float(np.linalg.eigvalsh(h)[0])
        lift = max(ridge, 1e-6 - lowest, 0.0)
        move = np.zeros(3)
        move[free] = scale[free] * np.linalg.solve(
            h + lift * np.eye(h.shape[0]), (gradient * scale)[free]
        )
        new = at.copy()
        new[0] += move[0]
        new[1] = max(0.0, at[1] + move[1])
        new[2] = min(DELTA_MAX, at[2] * math.exp(min(max(move[2], -5.0), 5.0)))
        higher = _value(data, new)
        if higher >= height:
            gained, at, height, ridge = higher - height, new, higher, ridge / 4
            if gained == 0 and ridge < 1e-12:
                break
        else:
            ridge = max(4 * ridge, 1e-3)
    return at


def _errors(data: _Data, at: tuple[float, float, float]) -> tuple[float | None, ...]:
    """Standard errors from the observed information of the parameters that are not on a bound."""
    _, hessian = _derivatives(data, np.array(at))
    free = np.array([True, at[1] > 0, at[2] < DELTA_MAX])
    information = -hessian[np.ix_(free, free)]
    try:
        covariance = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return None, None, None
    variance = np.full(3, np.nan)
    variance[free] = np.diag(covariance)
    roots = [math.sqrt(x) if x > 0 else None for x in np.where(np.isnan(variance), -1.0, variance)]
    return roots[0], roots[1], None if roots[2] is None else roots[2] * at[2]
