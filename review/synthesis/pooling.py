"""Equal- and random-effects meta-analysis of one analysis or of very many at once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.blocks import blocks, checked_offsets, checked_studies
from review.synthesis.elementary import larger, log, sqrt, where
from review.synthesis.heterogeneity import (
    Heterogeneity,
    estimate_tau2,
    q_profile,
    standard_error,
)
from review.synthesis.lone import Lone
from review.synthesis.methods import Method, PredictionKind, Test
from review.synthesis.moments import NO_TAU2, ROUNDING, Batch, Fit, degrees_of_freedom, fit_at
from review.synthesis.pooled import Pooled, PooledMany, Ragged, Variances, i2_from_q
from review.synthesis.quantiles import normal_quantile, t_quantile

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
    parts = [Lone.of(y, v)] if v.size > 1 else blocks(y, v, variances.offsets)
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


def pool_blocks(
    parts: Iterable[Lone | Batch], variances: Variances, options: Options
) -> PooledMany:
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
    if not 0.5 < 0.5 + level / 2 < 1:
        raise InvalidDataError(f"The level of an interval lies between 0 and 1, not at {level}.")
    limits = tau2_ci and method is not Method.EE
    out = _empty(method, test, level, limits, variances)
    for block in parts:
        if not isinstance(block, Lone) and block.k[-1] == 1:
            _single(out, block)
        else:
            _fill(out, block, prediction)
    return out


def _empty(
    method: Method, test: Test, level: float, limits: bool, variances: Variances
) -> PooledMany:
    k = variances.k
    m = k.size
    numbers = np.empty((19 if limits else 13, m))
    numbers.fill(np.nan)
    estimate, se, ddf, tau2, se_tau2, i2, h2, q, loglik = numbers[:9]
    pairs = numbers[9:].reshape(5 if limits else 2, m, 2)
    flags = np.zeros((2, m), dtype=np.bool_)
    counts = np.zeros((2, m), dtype=np.int64)
    return PooledMany(
        method=method,
        test=test,
        level=level,
        k=k,
        estimate=estimate,
        se=se,
        ddf=ddf,
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
        loglik=loglik,
        iterations=counts[0],
        modes=counts[1],
        hk_narrower=flags[0],
        tau2_ci_empty=flags[1],
        variances=variances,
    )


def _single(out: PooledMany, block: Batch) -> None:
    """One study an analysis: its own effect, as metafor has it, without a prediction interval."""
    rows = block.rows
    se = np.sqrt(block.vmin) * block.unit
    half = normal_quantile(0.5 - out.level / 2) * se
    out.estimate[rows], out.se[rows] = block.anchor, se
    out.ci[rows, 0], out.ci[rows, 1] = block.anchor - half, block.anchor + half
    out.tau2[rows], out.I2[rows], out.H2[rows] = 0.0, 0.0, 1.0
    out.Q[rows], out.modes[rows] = 0.0, 1
    restricted = out.method is Method.REML  # no degree of freedom is left: the likelihood is 1
    out.loglik[rows] = 0.0 if restricted else -0.5 * LOG_2PI - np.log(se)


def _fill(out: PooledMany, analyses: Lone | Batch, prediction: PredictionKind) -> None:
    """Pool analyses of two studies or more into their rows of ``out``."""
    at_zero = fit_at(analyses, NO_TAU2)
    found = estimate_tau2(analyses, out.method, at_zero)
    fit = fit_at(analyses, found.tau2) if np.count_nonzero(found.tau2) else at_zero
    _mean(out, analyses, fit, found.tau2, prediction)
    _heterogeneity(out, analyses, at_zero, fit, found)
    rows, restricted = analyses.rows, out.method is Method.REML
    out.loglik[rows] = _log_likelihood(analyses, found.tau2, fit, restricted=restricted)
    out.iterations[rows], out.modes[rows] = found.iterations, found.modes


def _mean(
    out: PooledMany, analyses: Lone | Batch, fit: Fit, tau2: Floats, prediction: PredictionKind
) -> None:
    """The pooled effect, its test and its intervals."""
    rows, unit, tail = analyses.rows, analyses.unit, 0.5 - out.level / 2
    df, q, normal = degrees_of_freedom(analyses), fit.q, normal_quantile(tail)
    estimate = analyses.anchor + fit.mean * unit
    wald = sqrt(1.0 / fit.total)
    se, crit = wald, cast(Floats, normal)
    if out.test in (Test.KNHA, Test.ADHOC):
        factor = q / df
        if out.test is Test.KNHA:
            least = ROUNDING * estimate / unit
            factor = where(q <= least * least * fit.total, 0.0, factor)
        else:
            factor = larger(factor, 1.0)
        se = wald * sqrt(factor)
    out.estimate[rows], out.se[rows] = estimate, se * unit
    if out.test is not Test.Z:
        out.ddf[rows] = df
        crit = t_quantile(df, tail)
    if out.test is Test.KNHA:
        out.hk_narrower[rows] = crit * se < normal * wald
    half = crit * se * unit
    out.ci[rows, 0], out.ci[rows, 1] = estimate - half, estimate + half
    if out.method is Method.EE:
        return
    if prediction is not PredictionKind.TEST:
        hartung_knapp = prediction is PredictionKind.HK
        se = wald * sqrt(q / df) if hartung_knapp else wald
        crit = t_quantile(df - (prediction is PredictionKind.K_2), tail)
    half = crit * sqrt(se * se + tau2) * unit
    out.pi[rows, 0], out.pi[rows, 1] = estimate - half, estimate + half


def _heterogeneity(
    out: PooledMany, analyses: Lone | Batch, at_zero: Fit, fit: Fit, found: Heterogeneity
) -> None:
    rows, df = analyses.rows, degrees_of_freedom(analyses)
    area = analyses.unit * analyses.unit
    q = at_zero.q
    out.Q[rows], out.tau2[rows] = q, found.tau2 * area
    if out.method is Method.EE:
        out.I2[rows], out.H2[rows] = i2_from_q(q, df), q / df
        return
    out.se_tau2[rows] = standard_error(analyses, out.method, found, at_zero, fit) * area
    typical = df / at_zero.trace
    out.I2[rows] = 100 * found.tau2 / (found.tau2 + typical)
    out.H2[rows] = found.tau2 / typical + 1
    if out.tau2_ci is None or out.I2_ci is None or out.H2_ci is None:
        return
    low, high, out.tau2_ci_empty[rows] = q_profile(analyses, q, out.level)
    for side, limit in enumerate((low, high)):
        out.tau2_ci[rows, side] = limit * area
        out.I2_ci[rows, side] = 100 * limit / (limit + typical)
        out.H2_ci[rows, side] = limit / typical + 1


def _log_likelihood(analyses: Lone | Batch, tau2: Floats, fit: Fit, *, restricted: bool) -> Floats:
    k, log_unit = analyses.k, log(analyses.unit)
    value = -0.5 * (k * LOG_2PI + analyses.logs(tau2) + fit.q) - k * log_unit
    return value + (0.5 * (LOG_2PI + log(k / fit.total)) + log_unit if restricted else 0.0)
