"""Equal- and random-effects meta-analysis of one analysis or of very many at once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Bools, Floats, Ints
from review.errors import InvalidDataError
from review.synthesis.blocks import blocks, checked_offsets, checked_studies
from review.synthesis.elementary import larger, log, some, sqrt, where
from review.synthesis.heterogeneity import estimate_tau2, q_profile, standard_error
from review.synthesis.lone import Lone
from review.synthesis.methods import Method, Model, PredictionKind, Test
from review.synthesis.moments import NO_TAU2, ROUNDING, Batch, Fit, degrees_of_freedom, fit_at
from review.synthesis.pooled import (
    Found,
    Limits,
    Pooled,
    PooledMany,
    Ragged,
    TauLimits,
    Variances,
    i2_from_q,
)
from review.synthesis.quantiles import normal_quantile, t_quantile
from review.synthesis.search import no_maximum

LOG_2PI = math.log(2 * math.pi)

MISSING, NOWHERE = cast(Floats, math.nan), cast(Bools, False)
"""Where the choices leave nothing to say, of one analysis or of all."""


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
    options = Options.of(method, test, level, tau2_ci, prediction)
    if v.size > 1:
        return found_in(Lone.of(y, v), options).pooled(options.model, v)
    if v.size == 0:
        raise InvalidDataError("There are no studies to pool.")
    variances = Ragged(v, np.array([0, 1]))
    return pool_blocks(blocks(y, v, variances.offsets), variances, options)[0]


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
    options = Options.of(method, test, level, tau2_ci, prediction)
    return pool_blocks(blocks(y, v, off), Ragged(v, off), options)


class Options(NamedTuple):
    """The choices of :func:`pool`, read."""

    model: Model
    tau2_ci: bool
    prediction: PredictionKind

    @classmethod
    def of(
        cls,
        method: Method | str,
        test: Test | str,
        level: float,
        tau2_ci: bool,
        prediction: PredictionKind | str = PredictionKind.TEST,
    ) -> Options:
        """Read them; raise InvalidDataError for a choice or a level that does not exist."""
        if not 0.5 < 0.5 + level / 2 < 1:
            raise InvalidDataError(
                f"The level of an interval lies between 0 and 1, not at {level}."
            )
        model = Model.of(method, test, level)
        limits = tau2_ci and model.method is not Method.EE
        return cls(model, limits, PredictionKind(prediction))


def pool_blocks(parts: Iterable[Batch], variances: Variances, options: Options) -> PooledMany:
    """Pool the analyses of any blocks; every public function of several analyses ends here.

    Parameters
    ----------
    parts : blocks whose ``rows`` are positions among the m analyses.
    variances : the sampling variances of the m analyses, for their weights.
    options : the choices.
    """
    out = _empty(variances, options)
    for block in parts:
        _put(out, block.rows, found_in(block, options))
    return out


def _empty(variances: Variances, options: Options) -> PooledMany:
    k, limits, (method, test, level) = variances.k, options.tau2_ci, options.model
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


def _put(out: PooledMany, rows: Ints, found: Found) -> None:
    """Write what was found of some analyses into their rows."""
    out.estimate[rows], out.se[rows], out.ddf[rows] = found.estimate, found.se, found.ddf
    out.tau2[rows], out.se_tau2[rows] = found.tau2, found.se_tau2
    out.I2[rows], out.H2[rows], out.Q[rows] = found.I2, found.H2, found.Q
    out.loglik[rows], out.hk_narrower[rows] = found.loglik, found.hk_narrower
    out.iterations[rows], out.modes[rows] = found.iterations, found.modes
    pairs = [(out.ci, found.ci), (out.pi, found.pi)]
    if found.profile is not None:
        tau2, i2, h2, out.tau2_ci_empty[rows] = found.profile
        pairs += [
            (of, limits)
            for of, limits in ((out.tau2_ci, tau2), (out.I2_ci, i2), (out.H2_ci, h2))
            if of is not None
        ]
    for pair, limits in pairs:
        pair[rows, 0], pair[rows, 1] = limits


def _single(block: Batch, options: Options) -> Found:
    """One study an analysis: its own effect, as metafor has it, without a prediction interval."""
    method, _, level = options.model
    estimate, se = block.anchor, np.sqrt(block.vmin) * block.unit
    half = normal_quantile(0.5 - level / 2) * se
    zero, none, one = no_maximum(se.shape)
    missing = np.full(se.shape, np.nan)
    restricted = method is Method.REML  # no degree of freedom is left: the likelihood is 1
    return Found(
        estimate=estimate,
        se=se,
        ddf=missing,
        ci=(estimate - half, estimate + half),
        pi=(missing, missing),
        tau2=zero,
        se_tau2=missing,
        I2=zero,
        H2=zero + 1.0,
        Q=zero,
        loglik=zero if restricted else -0.5 * LOG_2PI - np.log(se),
        iterations=none,
        modes=one,
        hk_narrower=zero > 0,
        profile=None,
    )


def found_in(analyses: Lone | Batch, options: Options) -> Found:
    """Pool analyses that have two studies or more, or all have one."""
    method = options.model.method
    if not isinstance(analyses, Lone) and analyses.k[-1] == 1:
        return _single(analyses, options)
    at_zero = fit_at(analyses, NO_TAU2)
    found = estimate_tau2(analyses, method, at_zero)
    fit = fit_at(analyses, found.tau2) if some(found.tau2) else at_zero
    estimate, se, ddf, ci, pi, hk_narrower = _mean(analyses, options, fit, found.tau2)
    q, df, area = at_zero.q, degrees_of_freedom(analyses), analyses.unit * analyses.unit
    if method is Method.EE:
        se_tau2, i2, h2, profile = MISSING, i2_from_q(q, df), q / df, None
    else:
        se_tau2 = standard_error(analyses, method, found, at_zero, fit) * area
        typical = df / at_zero.trace
        i2, h2 = _relative(found.tau2, typical)
        profile = _profile(analyses, options, q, typical) if options.tau2_ci else None
    return Found(
        estimate=estimate,
        se=se,
        ddf=ddf,
        ci=ci,
        pi=pi,
        tau2=found.tau2 * area,
        se_tau2=se_tau2,
        I2=i2,
        H2=h2,
        Q=q,
        loglik=_log_likelihood(analyses, found.tau2, fit, restricted=method is Method.REML),
        iterations=found.iterations,
        modes=found.modes,
        hk_narrower=hk_narrower,
        profile=profile,
    )


def _mean(
    analyses: Lone | Batch, options: Options, fit: Fit, tau2: Floats
) -> tuple[Floats, Floats, Floats, Limits, Limits, Bools]:
    """The pooled effect, its standard error and degrees of freedom, its intervals, a notice."""
    (method, test, level), _, prediction = options
    unit, tail = analyses.unit, 0.5 - level / 2
    df, q, normal = degrees_of_freedom(analyses), fit.q, normal_quantile(tail)
    estimate = analyses.anchor + fit.mean * unit
    wald = sqrt(1.0 / fit.total)
    se, crit, ddf, narrower = wald, cast(Floats, normal), MISSING, NOWHERE
    if test in (Test.KNHA, Test.ADHOC):
        factor = q / df
        if test is Test.KNHA:
            least = ROUNDING * estimate / unit
            factor = where(q <= least * least * fit.total, 0.0, factor)
        else:
            factor = larger(factor, 1.0)
        se = wald * sqrt(factor)
    if test is not Test.Z:
        ddf, crit = df, t_quantile(df, tail)
    if test is Test.KNHA:
        narrower = crit * se < normal * wald
    half = crit * se * unit
    ci = estimate - half, estimate + half
    if method is Method.EE:
        return estimate, se * unit, ddf, ci, (MISSING, MISSING), narrower
    spread = se
    if prediction is not PredictionKind.TEST:
        spread = wald * sqrt(q / df) if prediction is PredictionKind.HK else wald
        crit = t_quantile(df - (prediction is PredictionKind.K_2), tail)
    half = crit * sqrt(spread * spread + tau2) * unit
    return estimate, se * unit, ddf, ci, (estimate - half, estimate + half), narrower


def _relative(tau2: Floats, typical: Floats) -> tuple[Floats, Floats]:
    """I² and H² of a tau² beside the typical sampling variance."""
    return 100 * tau2 / (tau2 + typical), tau2 / typical + 1


def _profile(analyses: Lone | Batch, options: Options, q: Floats, typical: Floats) -> TauLimits:
    low, high, empty = q_profile(analyses, q, options.model.level)
    (low_i2, low_h2), (high_i2, high_h2) = _relative(low, typical), _relative(high, typical)
    area = analyses.unit * analyses.unit
    return TauLimits((low * area, high * area), (low_i2, high_i2), (low_h2, high_h2), empty)


def _log_likelihood(analyses: Lone | Batch, tau2: Floats, fit: Fit, *, restricted: bool) -> Floats:
    k, log_unit = analyses.k, log(analyses.unit)
    value = -0.5 * (k * LOG_2PI + analyses.logs(tau2) + fit.q) - k * log_unit
    return value + (0.5 * (LOG_2PI + log(k / fit.total)) + log_unit if restricted else 0.0)
