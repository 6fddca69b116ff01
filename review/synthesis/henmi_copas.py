"""Henmi and Copas' interval: equal-effects weights, random-effects uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainc, roots_legendre

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.blocks import blocks, checked_studies
from review.synthesis.moments import NO_TAU2, fit_at
from review.synthesis.roots import bracketed_root

NODES = 400
"""Gauss-Legendre points on each stretch of the integral; 200 already give twelve digits."""

FURTHEST = 12.0
"""The normal density is 1e-32 there: the integral's infinity."""

LEAST_VARIANCE = 1e-10
"""Of Q relative to its squared mean: below it rounding, and the gamma distribution is a point."""


@dataclass(frozen=True, slots=True)
class HenmiCopas:
    """Estimate, standard error, interval and DerSimonian-Laird tau² of Henmi & Copas' method."""

    k: int
    level: float
    estimate: float
    se: float
    ci: tuple[float, float]
    tau2: float


def henmi_copas(yi: ArrayLike, vi: ArrayLike, *, level: float = 0.95) -> HenmiCopas:
    """Pool with equal-effects weights, which publication bias moves less, and an honest interval.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances, k at least 2.
    level : of the interval.

    Returns
    -------
    HenmiCopas

    Raises
    ------
    InvalidDataError
        Fewer than two studies, or a level outside 0 to 1.

    Notes
    -----
    Henmi & Copas 2010, Statistics in Medicine 29:2969-2983, section 3 and appendix: the pivot is
    the mean over its standard error, with tau² by DerSimonian & Laird in both; given the mean, Q is
    taken as gamma with its exact conditional mean and variance, and the critical value x solves

        integral from x to infinity of P(Q <= f(r / x) | r) phi(r) dr = (1 - level) / 2,

    where f turns "the pivot exceeds the critical value" into a bound on Q.

    Examples
    --------
    >>> henmi_copas([0.3, 0.3, 0.3], [0.04, 0.09, 0.02]).estimate
    0.3
    """
    y, v = checked_studies(yi, vi)
    k = y.size
    if k < 2:
        raise InvalidDataError("Henmi and Copas' interval needs at least two studies.")
    if not 0 < level < 1:
        raise InvalidDataError(f"The level of an interval lies between 0 and 1, not at {level}.")
    block = next(blocks(y, v, np.array([0, k])))
    fit = fit_at(block, NO_TAU2)
    total, q, trace, trace_pp = (float(x[0]) for x in (fit.total, fit.q, fit.trace, fit.trace_pp))
    w = 1 / np.append(block.vmin, block.v[:, 0])
    share = w / total
    w2 = float((share * w).sum())
    off = w - w2
    off[0] = (share[1:] * (w[0] - w[1:])).sum()  # exact where the first study has all the weight
    spread = float((share * off**2).sum())  # W3 - W2² of the paper
    skew = float((share * w * off**2).sum())  # W4 - 2 W2 W3 + W2³
    tau2 = max(0.0, (q - (k - 1)) / trace)
    inflation = 1 + tau2 * w2  # variance of sqrt(total) times the mean

    def mean_q(r2: Floats) -> Floats:
        return k - 1 + tau2 * trace + tau2**2 * (r2 / inflation**2 - 1 / inflation) * spread

    def variance_q(r2: Floats) -> Floats:
        given = r2 / inflation**2 - 1 / inflation
        plain = 2 * (k - 1) + 4 * tau2 * trace + 2 * tau2**2 * trace_pp
        bent = 4 * tau2**2 * spread + 4 * tau2**3 * skew
        return (
            plain
            + bent * given
            + 2 * tau2**4 * (1 - 2 * r2 / inflation) * (spread / inflation) ** 2
        )

    nodes, weights = roots_legendre(NODES)

    def excess(x: float) -> float:
        """P(pivot > x) minus the tail asked for."""
        r = x + (FURTHEST - x) * (nodes + 1) / 2
        r2 = inflation * r**2
        centre, variance = mean_q(r2), variance_q(r2)
        variance = np.maximum(variance, LEAST_VARIANCE * centre**2)
        reach = trace / w2 * ((r / x) ** 2 - 1) + (k - 1)
        below = gammainc(centre**2 / variance, np.maximum(reach, 0.0) * centre / variance)
        density = np.exp(-0.5 * r**2) / math.sqrt(2 * math.pi)
        return float((FURTHEST - x) / 2 * (weights * below * density).sum()) - (1 - level) / 2

    high = 2.0
    while excess(high) > 0:
        high *= 2
    low = high
    while excess(low) < 0:
        low /= 2
    t0 = math.exp(bracketed_root(lambda x: excess(math.exp(x)), math.log(low), math.log(high)))
    unit = float(block.unit[0])
    se = math.sqrt(inflation / total) * unit
    estimate = float(block.anchor[0]) + float(fit.mean[0]) * unit
    half = math.sqrt(inflation) * t0 * se
    return HenmiCopas(k, level, estimate, se, (estimate - half, estimate + half), tau2 * unit**2)
