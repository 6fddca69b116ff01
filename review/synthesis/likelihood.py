"""REML and ML estimates of tau² of a block: certainly the global maximum, zero included."""

from __future__ import annotations

import numpy as np

from review.arrays import Floats
from review.synthesis.elementary import larger, log
from review.synthesis.lone import Lone, lone_maximum
from review.synthesis.moments import Batch, Fit, fit_at
from review.synthesis.search import (
    ONE_ZERO,
    Likelihood,
    Maximum,
    Slopes,
    highest_maximum,
    last_stationary_point,
    no_maximum,
)


def maximum_likelihood(analyses: Lone | Batch, at_zero: Fit, *, restricted: bool) -> Maximum:
    """The tau² of highest (restricted) likelihood for every analysis of a block.

    Parameters
    ----------
    analyses : each of at least two studies.
    at_zero : the fit at tau² = 0.
    restricted : REML rather than ML.

    Returns
    -------
    Maximum
        ``modes`` counts the local maxima, a falling start at tau² = 0 included.
    """
    zero = at_zero.slopes(restricted=restricted)
    scale = zero[2] / zero[3]
    last = _last_stationary_point(analyses, restricted=restricted)
    if isinstance(analyses, Lone):
        return _lone(analyses, zero, scale, last, restricted=restricted)
    searched = (last > 0).nonzero()[0]
    if 8 * searched.size >= 7 * last.size:  # a copy of these would cost more than it saves
        at, last = np.array(zero), larger(last, 0.0)
        return _searched(analyses, at, scale, last, restricted=restricted)
    whole = no_maximum(analyses.k.shape)
    if searched.size:
        at = np.array([values[searched] for values in zero])
        part = analyses.take(searched)
        found = _searched(part, at, scale[searched], last[searched], restricted=restricted)
        for values, some in zip(whole, found, strict=True):
            values[searched] = some
    return whole


def log_likelihood(analyses: Lone | Batch, tau2: Floats, *, restricted: bool) -> Floats:
    """The log-likelihood at ``tau2`` (n,) in block units, without constants that k alone fixes."""
    fit = fit_at(analyses, tau2)
    value = analyses.logs(tau2) + fit.q
    return -0.5 * (value + log(fit.total) if restricted else value)


def _last_stationary_point(analyses: Lone | Batch, *, restricted: bool) -> Floats:
    k = analyses.k
    d, dd = analyses.effects()
    # a bound: the sum of squares about the anchor cancels by 1e-15 of itself, so that is added
    spread = (dd * (1 + 1e-14) - d * d / k) / (k - 1 if restricted else k)
    return last_stationary_point(spread, analyses.vmin, analyses.vmax)


def _lone(
    analysis: Lone, zero: Slopes, scale: Floats, last: Floats, *, restricted: bool
) -> Maximum:
    if last <= 0:
        return ONE_ZERO
    return lone_maximum(
        lambda tau2: fit_at(analysis, tau2).slopes(restricted=restricted),
        lambda tau2: log_likelihood(analysis, tau2, restricted=restricted),
        zero,
        scale=scale,
        vmax=analysis.vmax,
        last=last,
    )


def _searched(
    block: Batch, zero: Floats, scale: Floats, last: Floats, *, restricted: bool
) -> Maximum:
    def slopes(models: Batch, tau2: Floats) -> Floats:
        return np.array(fit_at(models, tau2).slopes(restricted=restricted))

    def height(models: Batch, tau2: Floats) -> Floats:
        return log_likelihood(models, tau2, restricted=restricted)

    return highest_maximum(block, Likelihood(slopes, height, scale, block.vmax, zero, last))
