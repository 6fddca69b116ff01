"""Equal- and random-effects meta-analysis of one analysis or of very many at once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.blocks import Block, blocks, checked_offsets, checked_studies, lone_block
from review.synthesis.heterogeneity import (
    Heterogeneity,
    estimate_tau2,
    q_profile,
    standard_error,
)
from review.synthesis.likelihood import sum_of_logs
from review.synthesis.methods import Method, PredictionKind, Test
from review.synthesis.moments import ROUNDING, Fit, fit_at
from review.synthesis.pooled import Pooled, PooledMany, Ragged, Variances

LOG_2PI = math.log(2 * math.pi)


def pool(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
    tau2_ci: bool = True,
    prediction: PredictionKind | str = PredictionKind.TEST,
) -> Pooled:
    """Pool effects of independent studies under the equal- or random-effects model.

    Parameters
    ----------
    yi, vi : (k,) effects on their analysis scale (log for ratios) and sampling variances above
        zero.
    method : estimator of tau²; REML and ML are global maxima.
    test : reference distribution and standard error.
    level : coverage of all intervals, above 0 and below 1.
    tau2_ci : compute the Q-profile interval of tau² and with it those of I² and H².
    prediction : how the prediction interval is made: as the test (metafor), by t with k-1 or k-2
        degrees of freedom and the model's standard error, or by Hartung-Knapp's.

    Returns
    -------
    Pooled

    Raises
    ------
    InvalidDataError
        No studies, a value that is not finite, a variance not above zero, an unknown choice.

    Notes
    -----
    Edge cases: k = 1 gives the study's own effect, test z, no prediction interval. Identical
    effects (equal up to rounding) give tau² = 0; Hartung-Knapp then has standard error 0 (``knha``)
    or the Wald one (``adhoc``).

    Sources: model and estimators Viechtbauer 2005, 2007; Hartung & Knapp 2001, eq. 3; its floor
    Rover, Knapp & Friede 2015, section 2.5; prediction interval Higgins et al. 2009, eq. 12, its
    kinds Veroniki et al. 2019, Res Synth Meth 10:23 and Partlett & Riley 2017, Stat Med 36:301.

    Examples
    --------
    >>> fit = pool([0.1, 0.5], [0.04, 0.09], method="DL", test="z")
    >>> round(fit.estimate, 4), round(fit.tau2, 4)
    (0.2375, 0.015)
    """
    y, v = checked_studies(yi, vi)
    if y.size == 0:
        raise InvalidDataError("There are no studies to pool.")
    options = Options(Method(method), Test(test), level, tau2_ci, PredictionKind(prediction))
    variances = Ragged(v, np.array([0, v.size]))
    parts = [lone_block(y, v)] if v.size > 1 else blocks(y, v, variances.offsets)
    return pool_blocks(parts, variances, options)[0]


def pool_many(
    yi: ArrayLike,
    vi: ArrayLike,
    offsets: ArrayLike,
    *,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
    tau2_ci: bool = False,
    prediction: PredictionKind | str = PredictionKind.TEST,
) -> PooledMany:
    """Pool many analyses of different size at once, each as :func:`pool` would.

    Parameters
    ----------
    yi, vi : (N,) effects and sampling variances of all analyses, one after the other.
    offsets : (m+1,) whole numbers; analysis i has the studies ``offsets[i]:offsets[i+1]``.
    method, test, level, tau2_ci, prediction : as in :func:`pool`.

    Returns
    -------
    PooledMany
        An analysis without studies has NaN throughout and a note.

    Raises
    ------
    InvalidDataError
        As :func:`pool`, and offsets that do not fit the data.

    Examples
    --------
    >>> many = pool_many([0.1, 0.5, 0.2], [0.04, 0.09, 0.01], [0, 2, 3], method="EE", test="z")
    >>> many.estimate.round(4).tolist()
    [0.2231, 0.2]
    """
    y, v = checked_studies(yi, vi)
    off = checked_offsets(offsets, y.size)
    options = Options(Method(method), Test(test), level, tau2_ci, PredictionKind(prediction))
    return pool_blocks(blocks(y, v, off), Ragged(v, off), options)


class Options(NamedTuple):
    """The choices of :func:`pool`, read."""

    method: Method
    test: Test
    level: float
    tau2_ci: bool
    prediction: PredictionKind = PredictionKind.TEST


def pool_blocks(parts: Iterable[Block], variances: Variances, options: Options) -> PooledMany:
    """Pool the analyses of any blocks; every public function ends here.

    Parameters
    ----------
    parts : blocks whose ``rows`` are positions among the m analyses.
    variances : the sampling variances of the m analyses, for their weights.
    options : the choices.

    Returns
    -------
    PooledMany

    Raises
    ------
    InvalidDataError
        A level that does not exist.
    """
    method, test, level, tau2_ci, prediction = options
    if not 0 < level < 1:
        raise InvalidDataError(f"The level of an interval lies between 0 and 1, not at {level}.")
    limits = tau2_ci and method is not Method.EE
    out = _empty(method, test, level, limits, variances)
    for block in parts:
        if not block.lone and block.k[-1] == 1:
            _single(out, block)
        else:
            _fill(out, block, prediction)
    return out


def _empty(
    method: Method, test: Test, level: float, limits: bool, variances: Variances
) -> PooledMany:
    k = variances.k
    m = k.size
    numbers = np.full((23, m), np.nan)
    estimate, se, stat, ddf, p, tau2, se_tau2, i2, h2, q, q_p, loglik, i2_q = numbers[:13]
    pairs = numbers[13:].reshape(5, m, 2)
    flags = np.zeros((2, m), dtype=np.bool_)
    counts = np.zeros((2, m), dtype=np.int64)
    return PooledMany(
        method=method,
        test=test,
        level=level,
        k=k,
        estimate=estimate,
        se=se,
        stat=stat,
        ddf=ddf,
        p=p,
        ci=pairs[0],
        pi=pairs[1],
        tau2=tau2,
        se_tau2=se_tau2,
        tau2_ci=pairs[2] if limits else None,
        I2=i2,
        I2_ci=pairs[3] if limits else None,
        H2=h2,
        H2_ci=pairs[4] if limits else None,
        Q=q,
        Q_p=q_p,
        loglik=loglik,
        iterations=counts[0],
        modes=counts[1],
        I2_q=i2_q,
        hk_narrower=flags[0],
        tau2_ci_empty=flags[1],
        variances=variances,
    )


def _single(out: PooledMany, block: Block) -> None:
    """One study an analysis: its own effect, as metafor has it, without a prediction interval."""
    rows = block.rows
    se = np.sqrt(block.v[0]) * block.unit
    half = ndtri(0.5 + out.level / 2) * se
    out.estimate[rows], out.se[rows] = block.anchor, se
    out.stat[rows] = block.anchor / se
    out.p[rows] = 2 * ndtr(-np.abs(out.stat[rows]))
    out.ci[rows, 0], out.ci[rows, 1] = block.anchor - half, block.anchor + half
    out.tau2[rows], out.I2[rows], out.H2[rows] = 0.0, 0.0, 1.0
    out.Q[rows], out.Q_p[rows], out.I2_q[rows], out.modes[rows] = 0.0, 1.0, 0.0, 1
    restricted = out.method is Method.REML  # no degree of freedom is left: the likelihood is 1
    out.loglik[rows] = 0.0 if restricted else -0.5 * LOG_2PI - np.log(se)


def _fill(out: PooledMany, block: Block, prediction: PredictionKind) -> None:
    """Pool a block of analyses of two studies or more into their rows of ``out``."""
    at_zero = fit_at(block, 0.0)
    found = estimate_tau2(block, out.method, at_zero)
    fit = fit_at(block, found.tau2) if found.tau2.any() else at_zero
    _mean(out, block, fit, found.tau2, prediction)
    _heterogeneity(out, block, at_zero, fit, found)
    rows, restricted = block.rows, out.method is Method.REML
    out.loglik[rows] = _log_likelihood(block, found.tau2, fit, restricted=restricted)
    out.iterations[rows], out.modes[rows] = found.iterations, found.modes


def _mean(
    out: PooledMany, block: Block, fit: Fit, tau2: Floats, prediction: PredictionKind
) -> None:
    """The pooled effect, its test and its intervals."""
    rows, unit, alpha = block.rows, block.unit, 1 - out.level
    df = np.asarray(block.k - 1.0, dtype=np.float64)
    normal = np.asarray(-ndtri(alpha / 2))
    estimate = block.anchor + fit.mean * unit
    wald = np.sqrt(1.0 / fit.total)
    se, crit = wald, normal
    if out.test in (Test.KNHA, Test.ADHOC):
        factor = fit.q / df
        if out.test is Test.KNHA:
            least = ROUNDING * estimate / unit
            factor = np.where(fit.q <= least * least * fit.total, 0.0, factor)
        else:
            factor = np.maximum(factor, 1.0)
        se = wald * np.sqrt(factor)
    if out.test is Test.Z:
        stat = estimate / (se * unit)
        p = 2 * ndtr(-np.abs(stat))
    else:
        out.ddf[rows] = df
        crit = _t_quantile(df, alpha)
        stat, p = _t_test(estimate, se * unit, df)
    if out.test is Test.KNHA:
        out.hk_narrower[rows] = crit * se < normal * wald
    half = crit * se * unit
    out.estimate[rows], out.se[rows], out.stat[rows], out.p[rows] = estimate, se * unit, stat, p
    out.ci[rows, 0], out.ci[rows, 1] = estimate - half, estimate + half
    if out.method is Method.EE:
        return
    if prediction is not PredictionKind.TEST:
        hartung_knapp = prediction is PredictionKind.HK
        se = wald * np.sqrt(fit.q / df) if hartung_knapp else wald
        crit = _t_quantile(df - (prediction is PredictionKind.K_2), alpha)
    half = crit * np.sqrt(se * se + tau2) * unit
    out.pi[rows, 0], out.pi[rows, 1] = estimate - half, estimate + half


def _heterogeneity(
    out: PooledMany, block: Block, at_zero: Fit, fit: Fit, found: Heterogeneity
) -> None:
    rows, df, area = block.rows, block.k - 1.0, block.unit * block.unit
    q = at_zero.q
    i2_q = 100 * np.divide(q - df, q, out=np.zeros_like(q), where=q > df)
    out.Q[rows], out.Q_p[rows], out.I2_q[rows] = q, chdtrc(df, q), i2_q
    out.tau2[rows] = found.tau2 * area
    if out.method is Method.EE:
        out.I2[rows], out.H2[rows] = i2_q, q / df
        return
    out.se_tau2[rows] = standard_error(block, out.method, found, at_zero, fit) * area
    typical = df / at_zero.trace
    out.I2[rows] = 100 * found.tau2 / (found.tau2 + typical)
    out.H2[rows] = found.tau2 / typical + 1
    if out.tau2_ci is None or out.I2_ci is None or out.H2_ci is None:
        return
    low, high, out.tau2_ci_empty[rows] = q_profile(block, q, out.level)
    for side, limit in enumerate((low, high)):
        out.tau2_ci[rows, side] = limit * area
        out.I2_ci[rows, side] = 100 * limit / (limit + typical)
        out.H2_ci[rows, side] = limit / typical + 1


def _log_likelihood(block: Block, tau2: Floats, fit: Fit, *, restricted: bool) -> Floats:
    k, log_unit = block.k, np.log(block.unit)
    value = -0.5 * (k * LOG_2PI + sum_of_logs(block, tau2) + fit.q) - k * log_unit
    if restricted:
        value += 0.5 * (LOG_2PI + np.log(k / fit.total)) + log_unit
    return value


def _t_test(estimate: Floats, se: Floats, df: Floats) -> tuple[Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        stat = estimate / se  # se is 0 where identical effects meet the Hartung-Knapp variance
    stat = np.where(np.isnan(stat), 0.0, stat)
    return stat, 2 * stdtr(df, -np.abs(stat))


def _t_quantile(df: Floats, alpha: float) -> Floats:
    """Upper alpha/2 quantile of t; NaN without degrees of freedom."""
    if df.ndim == 0 or df[0] == df[-1]:  # a block is sorted by size
        return np.asarray(-stdtrit(float(df.flat[0]), alpha / 2) if df.flat[0] > 0 else np.nan)
    sizes, where = np.unique(df, return_inverse=True)
    quantiles = -stdtrit(np.maximum(sizes, 1.0), alpha / 2)
    return np.where(sizes > 0, quantiles, np.nan)[where]
