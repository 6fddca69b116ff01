"""Sensitivity lines beside the sequential panel.

None of them is a default: sequential meta-analysis (a restricted O'Brien-Fleming procedure) stops
at its maximum information and leans on z, the law of the iterated logarithm depends on the unit of
measurement, the self-normalised e-value needs many trials.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtr, ndtri

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.roots import bracketed_root

__all__ = [
    "RestrictedDesign",
    "iterated_logarithm_z",
    "restricted_design",
    "restricted_limits",
    "self_normalised_log_e",
    "semi_bayes_tau2",
]


CHRISTMAS_TREE = 0.583
"""Whitehead's correction for looks at intervals, in steps of sqrt(information)."""


@dataclass(frozen=True, slots=True)
class RestrictedDesign:
    """Reject where the score reaches `height`; stop without where information reaches `most`."""

    height: float
    most: float


def restricted_design(delta: float, *, alpha: float = 0.05, beta: float = 0.10) -> RestrictedDesign:
    """Design a sequential meta-analysis under continuous monitoring.

    Parameters
    ----------
    delta : float
        Distance from the null value to detect.
    alpha : float
        Two-sided (one-sided noninferiority: twice its error).
    beta : float

    Returns
    -------
    RestrictedDesign
        Height on the scale of the score S = sum w (y - null), information sum w.

    Raises
    ------
    InvalidDataError
        If a setting cannot be right.

    Notes
    -----
    H = z_{alpha/4} sqrt(V), and the power at d = delta is
    Phi((-H + d V)/sqrt V) + exp(2 d H) Phi((-H - d V)/sqrt V).

    References
    ----------
    Whitehead 1997, ch. 4; Higgins, Whitehead & Simmonds 2011, Stat Med 30:903.

    Examples
    --------
    >>> d = restricted_design(0.5)
    >>> round(d.height, 6), round(d.most, 6)
    (14.921022, 44.315672)
    """
    if not (delta > 0 and 0 < alpha < 1 and 0 < beta < 1 - alpha / 2):
        raise InvalidDataError("The distance is above zero, the errors between 0 and 1.")
    c = -float(ndtri(alpha / 4))

    def power(root: float) -> float:
        # at delta = 1, V = root²: H = c root, and the second term in logs against overflow
        second = 2 * c * root + float(log_ndtr(-c - root))
        return float(ndtr(root - c)) + math.exp(second) - (1 - beta)

    root = bracketed_root(power, 1e-6, 20.0)
    return RestrictedDesign(c * root / delta, (root / delta) ** 2)


def restricted_limits(
    design: RestrictedDesign, score: ArrayLike, information: ArrayLike
) -> tuple[Floats, Floats]:
    """Height at each look, lowered for the step since the last, and the score's excess over it.

    Parameters
    ----------
    design : RestrictedDesign
    score, information : array_like (looks,)
        Cumulative S and V; the one-sided claim holds where the excess is not negative.

    Returns
    -------
    tuple of ndarray (looks,)

    References
    ----------
    Whitehead 1997, section 4.5 (Christmas tree correction).

    Examples
    --------
    >>> h, excess = restricted_limits(RestrictedDesign(10.0, 50.0), [12.0], [25.0])
    >>> round(float(h[0]), 3), bool(excess[0] >= 0)
    (7.085, True)
    """
    s, v = np.asarray(score, dtype=float), np.asarray(information, dtype=float)
    if s.shape != v.shape or s.ndim != 1 or (v <= 0).any():
        raise InvalidDataError(
            "Score and information are lists of one length, information above 0."
        )
    step = np.maximum(np.diff(v, prepend=0.0), 0.0)
    height = design.height - CHRISTMAS_TREE * np.sqrt(step)
    return height, s - height


def semi_bayes_tau2(tau2: float, k: int, *, expected_tau: float = 0.2, trials: float = 4) -> float:
    """tau² drawn towards an expected value, as if `trials` further trials had shown it.

    Parameters
    ----------
    tau2 : float
        Estimate from `k` trials.
    k : int
    expected_tau, trials : float
        Prior standard deviation of effects and its weight.

    Returns
    -------
    float
        (n0 tau0² + k tau²) / (n0 + k), the inverse-gamma form with eta = n0/2 + 1.

    References
    ----------
    Higgins, Whitehead & Simmonds 2011, section 4.

    Examples
    --------
    >>> round(semi_bayes_tau2(0.0617026966, 4), 7)
    0.0508513
    """
    if not (tau2 >= 0 and k >= 1 and trials >= 0 and expected_tau >= 0):
        raise InvalidDataError(
            "Heterogeneity, its prior and the number of trials are not negative."
        )
    return (trials * expected_tau**2 + k * tau2) / (trials + k)


def iterated_logarithm_z(z: ArrayLike, information: ArrayLike, *, penalty: float = 2.0) -> Floats:
    """Z divided by sqrt(penalty ln ln I), to be compared with the ordinary quantile.

    Parameters
    ----------
    z, information : array_like, same shape
        NaN is returned where information does not exceed e.
    penalty : float
        2 for ratios of odds and risks, 1.5 for differences of risks (from simulation).

    Returns
    -------
    ndarray

    References
    ----------
    Lan, Hu & Cappelleri 2003, Stat Sin 13:1135; Hu, Cappelleri & Lan 2007.

    Examples
    --------
    >>> round(float(iterated_logarithm_z(1.0571283791, 28.0761897705)), 6)
    0.681112
    """
    i = np.asarray(information, dtype=float)
    if not penalty > 0:
        raise InvalidDataError(f"A penalty of {penalty} is not above zero.")
    enough = i > math.e
    inner = np.log(np.log(np.where(enough, i, math.e**2)))
    return np.where(enough, np.asarray(z, dtype=float) / np.sqrt(penalty * inner), np.nan)


def self_normalised_log_e(
    yi: ArrayLike, vi: ArrayLike, *, margin: float, bet: Sequence[float] = (0.5, 1.0)
) -> float:
    """Log e-value for noninferiority that holds for any symmetric scatter, tau unknown.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects and variances; a_i = 1/sqrt(v_i) is fixed before each trial.
    margin : float
        At least zero.
    bet : sequence of float
        Bets lambda, averaged.

    Returns
    -------
    float
        At most k/2: six trials at least are needed to reach 20.

    Notes
    -----
    E = mean over lambda of prod exp(lambda a x - lambda² a² x²/2), x = y + margin: each factor has
    mean at most one where x is symmetric about a centre at or below zero.

    References
    ----------
    de la Pena 1999, Ann Probab 27:537, lemma 6.1.

    Examples
    --------
    >>> round(self_normalised_log_e([0.1], [0.01], margin=0.0, bet=[1.0]), 9)
    0.5
    """
    y, v = checked_studies(yi, vi)
    bets = np.asarray(bet, dtype=float)
    if not margin >= 0 or bets.size == 0 or not (bets > 0).all():
        raise InvalidDataError("The margin is not negative and bets are above zero.")
    x = (y + margin) / np.sqrt(v)
    log_e = bets * x.sum() - 0.5 * bets**2 * (x * x).sum()
    return float(np.logaddexp.reduce(log_e) - math.log(bets.size))
