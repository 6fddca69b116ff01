"""How much each study moves the pooled result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtr, ndtri, stdtrit

from review.arrays import Bools, Floats
from review.synthesis.blocks import checked_studies
from review.synthesis.deletion import total_weights
from review.synthesis.methods import Method, Test
from review.synthesis.pooled import Pooled
from review.synthesis.pooling import pool
from review.synthesis.subsets import leave_one_out


@dataclass(frozen=True, slots=True)
class Influence:
    """Case deletion diagnostics, one value a study; every array ``(k,)``.

    Attributes
    ----------
    rstudent : externally standardised residual, the study against the pool of the others.
    dffits : change of the pooled effect in standard errors of the deleted fit.
    cook_d : squared change of the pooled effect over its variance.
    cov_r : variance of the pooled effect without the study over that with it.
    tau2_del, Q_del : heterogeneity without the study.
    hat, weight : share of the study in the pooled effect, as a fraction and in percent.
    dfbs : change of the pooled effect in standard errors, tau² without the study.
    influential : any of ``|dffits|`` > 3 sqrt(1/(k-1)), cook_d beyond the median of chi² with one
        degree of freedom, hat > 3/k, ``|dfbs|`` > 1.
    """

    rstudent: Floats
    dffits: Floats
    cook_d: Floats
    cov_r: Floats
    tau2_del: Floats
    Q_del: Floats
    hat: Floats
    weight: Floats
    dfbs: Floats
    influential: Bools


@dataclass(frozen=True, slots=True)
class Baujat:
    """Coordinates of Baujat's plot: share in Q (x) and influence on the pooled effect (y), (k,)."""

    x: Floats
    y: Floats


@dataclass(frozen=True, slots=True)
class Blup:
    """Best linear unbiased predictions of the studies' true effects, (k,), and their intervals."""

    estimate: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats


def influence(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method | str = Method.REML,
    test: Test | str = Test.Z,
) -> Influence:
    """Influence of each study by refitting without it.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances, k at least 2.
    method, test : as in :func:`review.synthesis.pool`; standard errors follow the test.

    Returns
    -------
    Influence

    Raises
    ------
    InvalidDataError
        Fewer than two studies, or data that cannot be pooled.

    Notes
    -----
    Viechtbauer & Cheung 2010, Research Synthesis Methods 1:112-125, section 3; cut-offs as metafor.
    Where a standard error is zero (identical effects under ``knha``) a change of zero counts as 0.

    Examples
    --------
    >>> influence([0.0, 0.0, 3.0], [0.1, 0.1, 0.1]).rstudent.round(2).tolist()
    [-0.58, -0.58, 7.75]
    """
    y, v = checked_studies(yi, vi)
    fit = pool(y, v, method=method, test=test, tau2_ci=False)
    without = leave_one_out(y, v, method=method, test=test)
    k = y.size
    hat = fit.weights / 100
    change = fit.estimate - without.estimate
    moved = np.abs(change) > 1e-14 * np.abs(y).max()  # less is rounding, not influence
    change = np.where(moved, change, 0.0)
    total = total_weights(y, v, without.tau2)
    all_others = total - 1 / (v + without.tau2)
    factor = without.se**2 * all_others  # Hartung-Knapp's, 1 under z and t
    marginal = factor * (v + without.tau2)
    dffits = _over(change, np.sqrt(hat * marginal))
    cook_d = _over(change, np.full(k, fit.se)) ** 2
    dfbs = _over(change, np.sqrt(factor / total))
    flags = (np.abs(dffits) > 3 * np.sqrt(1 / (k - 1))) | (chdtr(1.0, cook_d) > 0.5)
    flags |= (hat > 3 / k) | (np.abs(dfbs) > 1)
    return Influence(
        rstudent=_over(y - without.estimate, np.sqrt(marginal + without.se**2)),
        dffits=dffits,
        cook_d=cook_d,
        cov_r=_over(without.se**2, np.full(k, fit.se**2)),
        tau2_del=without.tau2,
        Q_del=without.Q,
        hat=hat,
        weight=fit.weights,
        dfbs=dfbs,
        influential=flags,
    )


def baujat(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method | str = Method.REML,
    test: Test | str = Test.Z,
) -> Baujat:
    """Coordinates of the plot of Baujat, Mahe, Pignon & Hill 2002 (Stat Med 21:2641-2652).

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances, k at least 2.
    method, test : as in :func:`review.synthesis.pool`.

    Returns
    -------
    Baujat
        ``x`` squared Pearson residual, the study's part of Q (for EE exactly so); ``y`` squared
        change of the pooled effect without the study over its variance without the study.

    Raises
    ------
    InvalidDataError
        Fewer than two studies, or data that cannot be pooled.

    Examples
    --------
    >>> baujat([0.0, 1.0], [0.5, 0.5], method="EE").x.tolist()
    [0.5, 0.5]
    """
    y, v = checked_studies(yi, vi)
    fit = pool(y, v, method=method, test=test, tau2_ci=False)
    without = leave_one_out(y, v, method=method, test=test)
    x = (y - fit.estimate) ** 2 / (v + fit.tau2)
    return Baujat(x, _over(without.estimate - fit.estimate, without.se) ** 2)


def blup(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method | str = Method.REML,
    test: Test | str = Test.Z,
    level: float = 0.95,
) -> Blup:
    """Each study's effect drawn towards the pooled effect by its imprecision.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances.
    method, test, level : as in :func:`review.synthesis.pool`.

    Returns
    -------
    Blup
        With b = tau² / (tau² + vi): estimate b yi + (1-b) mu, variance b vi + (1-b)² se².

    Raises
    ------
    InvalidDataError
        Data that cannot be pooled.

    Notes
    -----
    Robinson 1991, Statistical Science 6:15-32; Raudenbush & Bryk 1985, eq. 13. tau² = 0 puts every
    study at the pooled effect.

    Examples
    --------
    >>> blup([0.3, 0.3], [0.1, 0.2]).estimate.tolist()
    [0.3, 0.3]
    """
    y, v = checked_studies(yi, vi)
    fit = pool(y, v, method=method, test=test, level=level, tau2_ci=False)
    own = fit.tau2 / (fit.tau2 + v)
    estimate = fit.estimate + own * (y - fit.estimate)
    se = np.sqrt(own * v + (1 - own) ** 2 * fit.se**2)
    half = _quantile(fit) * se
    return Blup(estimate, se, estimate - half, estimate + half)


def _quantile(fit: Pooled) -> float:
    tail = 0.5 + fit.level / 2
    return float(ndtri(tail) if fit.ddf is None else stdtrit(fit.ddf, tail))


def _over(change: Floats, by: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = change / by
    return np.where(np.isnan(ratio), 0.0, ratio)
