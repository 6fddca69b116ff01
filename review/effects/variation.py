"""Two groups, a ratio-scale outcome: log ratios of means, of spreads, of relative spreads."""

from __future__ import annotations

from typing import Final

import numpy as np

from review.arrays import Floats
from review.conventions import Variance
from review.effects.averages import size_weighted_mean
from review.effects.columns import Column, Domain
from review.effects.continuous import GROUPS
from review.effects.effects import Pair
from review.effects.specification import Form, Specification, as_given, by
from review.measures import Measure

BIASED: Final = (Measure.ROM, Measure.CVR, Measure.ROMC, Measure.CVRC)
"""Logarithms of ratios whose small-sample bias is corrected."""

CORRECTED: Final = (
    "corrected for small samples, as metafor does from version 5 on (Lajeunesse 2015; Senior et "
    "al. 2020); results of earlier versions differ where samples are small"
)
"""What results by `BIASED` measures are that were computed otherwise not long ago."""


def log_ratio_of_means(
    m1: Floats,
    sd1: Floats,
    n1: Floats,
    m2: Floats,
    sd2: Floats,
    n2: Floats,
    *,
    vtype: Variance = Variance.LS,
    correct: bool = True,
) -> Pair:
    """Log response ratio, log(m1/m2).

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : (k,)
        Mean, standard deviation and size of the two groups; means of one sign.
    vtype
        ``LS``: sd1²/(n1 m1²) + sd2²/(n2 m2²) (Hedges et al. 1999, equation 1). ``HO``: the same
        with the pooled variance. ``AV``: with each group's coefficient of variation averaged over
        the studies, weighted by group size. ``AVHO``: with one such average for both groups
        (Nakagawa et al. 2023).
    correct
        Whether to add half the difference of the two terms of the variance, which removes the
        small-sample bias (Lajeunesse 2015; metafor 5 by default).

    Returns
    -------
    yi, vi : (k,)
        On the log scale. Neither exists where the means have opposite signs or one is zero.
    """
    relative1, relative2 = sd1 / m1, sd2 / m2
    first, second = relative1**2 / n1, relative2**2 / n2
    yi = np.log(m1 / m2)
    if correct:
        yi = yi + (first - second) / 2.0
    if vtype is Variance.HO:
        pooled = ((n1 - 1.0) * sd1**2 + (n2 - 1.0) * sd2**2) / (n1 + n2 - 2.0)
        return yi, pooled / (n1 * m1**2) + pooled / (n2 * m2**2)
    if vtype is Variance.AV:
        average1 = size_weighted_mean(relative1, n1)
        average2 = size_weighted_mean(relative2, n2)
        return yi, average1**2 / n1 + average2**2 / n2
    if vtype is Variance.AVHO:
        average = size_weighted_mean(
            np.concatenate((relative1, relative2)), np.concatenate((n1, n2))
        )
        return yi, average**2 * (1.0 / n1 + 1.0 / n2)
    return yi, first + second


def log_variability_ratio(
    sd1: Floats, n1: Floats, sd2: Floats, n2: Floats, *, correct: bool = True
) -> Pair:
    """Log ratio of standard deviations, log(sd1/sd2).

    Parameters
    ----------
    sd1, n1, sd2, n2 : (k,)
        Standard deviation and size of the two groups.
    correct
        Whether to correct for bias, by 1/(2(n1-1)) - 1/(2(n2-1)).

    Returns
    -------
    yi, vi : (k,)
        On the log scale; vi = 1/(2(n1-1)) + 1/(2(n2-1)).

    Notes
    -----
    Nakagawa et al. (2015).
    """
    first, second = 0.5 / (n1 - 1.0), 0.5 / (n2 - 1.0)
    yi = np.log(sd1 / sd2)
    return (yi + first - second if correct else yi), first + second


def log_coefficient_of_variation_ratio(
    m1: Floats,
    sd1: Floats,
    n1: Floats,
    m2: Floats,
    sd2: Floats,
    n2: Floats,
    *,
    correct: bool = True,
) -> Pair:
    """Log ratio of coefficients of variation: the variability ratio over the ratio of means.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : (k,)
        Mean, standard deviation and size of the two groups; means above zero.
    correct
        Whether to correct both parts for bias (Senior, Viechtbauer & Nakagawa 2020; metafor 5
        by default).

    Returns
    -------
    yi, vi : (k,)
        On the log scale. The variance takes means and spreads as independent, as they are under
        normality (Nakagawa et al. 2015, equation 12 without its covariance terms).
    """
    spread, spread_variance = log_variability_ratio(sd1, n1, sd2, n2, correct=correct)
    means, means_variance = log_ratio_of_means(m1, sd1, n1, m2, sd2, n2, correct=correct)
    return spread - means, spread_variance + means_variance


_SPREADS = tuple(
    Column(f"{name}{group}i", domain)
    for group in (1, 2)
    for name, domain in (("sd", Domain.NOT_NEGATIVE), ("n", Domain.SIZE))
)

MEASURES: dict[Measure, Specification] = {
    Measure.ROM: Specification(
        (Form(GROUPS, as_given),),
        by(log_ratio_of_means, "vtype", "correct"),
        (Variance.LS, Variance.HO, Variance.AV, Variance.AVHO),
        corrects=True,
    ),
    Measure.CVR: Specification(
        (Form(GROUPS, as_given),), by(log_coefficient_of_variation_ratio, "correct"), corrects=True
    ),
    Measure.VR: Specification(
        (Form(_SPREADS, as_given),), by(log_variability_ratio, "correct"), corrects=True
    ),
}
