"""One group measured twice, or matched pairs: change from occasion 2 (before) to 1 (after).

Of shape (k,) are the two means ``m1``, ``m2``, the standard deviations ``sd1``, ``sd2`` of the
scores, the correlation ``r`` between the occasions, the number ``n`` of pairs, and the effects
``yi`` with their sampling variances ``vi`` that are returned. ``correct`` says whether to correct
for bias, where nothing else is said by J(n - 1) (`review.effects.correction`).

The standardized measures differ in what a unit is: the standard deviation of the changes (SMCC) or
that of the scores ``sd1`` (SMCR, SMCRH; by metafor's naming ``sd1`` is the occasion that
standardizes, usually the pre-test), or of both occasions (SMCRP, SMCRPH). They must not be mixed in
one analysis.
"""

from __future__ import annotations

import numpy as np

from review.arrays import Floats
from review.conventions import Variance
from review.effects.columns import Column, Domain
from review.effects.continuous import doubted
from review.effects.correction import hedges_correction
from review.effects.effects import Pair
from review.effects.specification import (
    Form,
    Options,
    Specification,
    as_given,
    by,
    through_t,
)
from review.measures import Measure


def change_variance(sd1: Floats, sd2: Floats, r: Floats) -> Floats:
    """Variance of the change scores: sd1² + sd2² - 2 r sd1 sd2."""
    variance: Floats = sd1**2 + sd2**2 - 2.0 * r * sd1 * sd2
    return variance


def mean_change(
    m1: Floats,
    m2: Floats,
    sd1: Floats,
    sd2: Floats,
    n: Floats,
    r: Floats,
) -> Pair:
    """Raw mean change, m1 - m2, on the scale of the outcome; vi is the changes' variance over n."""
    return m1 - m2, change_variance(sd1, sd2, r) / n


def change_score_standardized(
    d: Floats, n: Floats, *, vtype: Variance = Variance.LS, correct: bool = True
) -> Pair:
    """Mean change in standard deviations of the change scores, bias-corrected.

    Parameters
    ----------
    d : (k,)
        Mean change over the standard deviation of the changes.
    vtype
        ``LS``: 1/n + g²/(2n); ``LS2``: J² (1/n + d²/(2n)).

    Notes
    -----
    Gibbons, Hedeker & Davis (1993).
    """
    j = hedges_correction(n - 1.0) if correct else np.ones_like(d)
    if vtype is Variance.LS2:
        return j * d, j**2 * (1.0 / n + d**2 / (2.0 * n))
    return j * d, 1.0 / n + (j * d) ** 2 / (2.0 * n)


def raw_score_standardized(
    m1: Floats,
    m2: Floats,
    sd1: Floats,
    n: Floats,
    r: Floats,
    *,
    vtype: Variance = Variance.LS,
    correct: bool = True,
) -> Pair:
    """Mean change in standard deviations ``sd1`` of one occasion, bias-corrected.

    It assumes equal variances at both occasions.

    Parameters
    ----------
    vtype
        ``LS``: 2(1-r)/n + g²/(2n); ``LS2``: J² (2(1-r)/n + d²/(2n)).

    Notes
    -----
    Becker (1988), the large-sample variance. Borenstein (2009), equation 4.28, is in error.
    """
    j = hedges_correction(n - 1.0) if correct else np.ones_like(m1)
    d = (m1 - m2) / sd1
    if vtype is Variance.LS2:
        return j * d, j**2 * (2.0 * (1.0 - r) / n + d**2 / (2.0 * n))
    return j * d, 2.0 * (1.0 - r) / n + (j * d) ** 2 / (2.0 * n)


def heteroscedastic_raw_score_standardized(
    m1: Floats,
    m2: Floats,
    sd1: Floats,
    sd2: Floats,
    n: Floats,
    r: Floats,
    *,
    correct: bool = True,
) -> Pair:
    """As `raw_score_standardized`, without assuming equal variances at both occasions.

    Bonett (2008), at the corrected estimate and not multiplied by J² again (metafor since 4.6).
    """
    d = (m1 - m2) / sd1
    g = hedges_correction(n - 1.0) * d if correct else d
    vi = change_variance(sd1, sd2, r) / (sd1**2 * (n - 1.0)) + g**2 / (2.0 * (n - 1.0))
    return g, vi


def pooled_raw_score_standardized(
    m1: Floats,
    m2: Floats,
    sd1: Floats,
    sd2: Floats,
    n: Floats,
    r: Floats,
    *,
    correct: bool = True,
) -> Pair:
    """Mean change in standard deviations of the scores of both occasions, bias-corrected.

    Corrected by J of the 2(n - 1)/(1 + r²) degrees of freedom of the pooled variance;
    vi = 2(1 - r)/n + g² (1 + r²)/(4n) assumes equal variances at both occasions. Cousineau (2020),
    equation 2; metafor's SMCRP.
    """
    g = _by_both(m1, m2, sd1, sd2, n, r, correct=correct)
    return g, 2.0 * (1.0 - r) / n + g**2 * (1.0 + r**2) / (4.0 * n)


def heteroscedastic_pooled_standardized(
    m1: Floats,
    m2: Floats,
    sd1: Floats,
    sd2: Floats,
    n: Floats,
    r: Floats,
    *,
    vtype: Variance = Variance.LS,
    correct: bool = True,
) -> Pair:
    """As `pooled_raw_score_standardized`, without assuming equal variances at both occasions.

    `vtype` ``LS`` divides by n - 1, ``LS2`` by n. Bonett (2008), equation 10, at the corrected
    estimate; metafor's SMCRPH.
    """
    g = _by_both(m1, m2, sd1, sd2, n, r, correct=correct)
    size = n if vtype is Variance.LS2 else n - 1.0
    pooled = 0.5 * (sd1**2 + sd2**2)
    fourth = sd1**4 + sd2**4 + 2.0 * (r * sd1 * sd2) ** 2
    vi = change_variance(sd1, sd2, r) / (pooled * size) + g**2 * fourth / (8.0 * pooled**2 * size)
    return g, vi


def _by_both(
    m1: Floats, m2: Floats, sd1: Floats, sd2: Floats, n: Floats, r: Floats, *, correct: bool
) -> Floats:
    d: Floats = (m1 - m2) / np.sqrt(0.5 * (sd1**2 + sd2**2))
    return hedges_correction(2.0 * (n - 1.0) / (1.0 + r**2)) * d if correct else d


def log_variability_ratio_of_pairs(sd1: Floats, sd2: Floats, n: Floats, r: Floats) -> Pair:
    """Log ratio of two dependent standard deviations; vi = (1 - r²)/(n - 1).

    The bias correction of `review.effects.variation` is nothing here: both sizes are the same.
    Senior, Viechtbauer & Nakagawa (2020).
    """
    return np.log(sd1 / sd2), (1.0 - r**2) / (n - 1.0)


def log_coefficient_of_variation_ratio_of_pairs(
    m1: Floats,
    m2: Floats,
    sd1: Floats,
    sd2: Floats,
    n: Floats,
    r: Floats,
    *,
    correct: bool = True,
) -> Pair:
    """Log ratio of two dependent coefficients of variation: VRC over ROMC; means above zero.

    The variance takes means and spreads as independent, as they are under normality (Senior,
    Viechtbauer & Nakagawa 2020).
    """
    spread, spread_variance = log_variability_ratio_of_pairs(sd1, sd2, n, r)
    means, means_variance = log_ratio_of_paired_means(m1, m2, sd1, sd2, n, r, correct=correct)
    return spread - means, spread_variance + means_variance


def log_ratio_of_paired_means(
    m1: Floats,
    m2: Floats,
    sd1: Floats,
    sd2: Floats,
    n: Floats,
    r: Floats,
    *,
    correct: bool = True,
) -> Pair:
    """Log response ratio of two dependent means of one sign, log(m1/m2).

    Corrected for bias as for independent groups (metafor 5 by default). Neither ``yi`` nor ``vi``
    exists where the means have opposite signs or one is zero. Lajeunesse (2011).
    """
    relative1, relative2 = sd1 / m1, sd2 / m2
    yi = np.log(m1 / m2)
    if correct:
        yi = yi + (relative1**2 - relative2**2) / (2.0 * n)
    return yi, (relative1**2 + relative2**2 - 2.0 * r * relative1 * relative2) / n


_MEANS = (Column("m1i", Domain.REAL), Column("m2i", Domain.REAL))
_SD1 = Column("sd1i", Domain.NOT_NEGATIVE)
_SD2 = Column("sd2i", Domain.NOT_NEGATIVE)
_NI = Column("ni", Domain.SIZE)
_RI = Column("ri", Domain.CORRELATION)
_PAIRS = (*_MEANS, _SD1, _SD2, _NI, _RI)


def _d_from_scores(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    m1, m2, sd1, sd2, n, r = values
    return (m1 - m2) / np.sqrt(change_variance(sd1, sd2, r)), n


def _d_from_t(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    t, n = values
    return t / np.sqrt(n), n


MEASURES: dict[Measure, Specification] = {
    Measure.MC: Specification((Form(_PAIRS, as_given),), by(mean_change)),
    Measure.SMCC: Specification(
        (
            Form(_PAIRS, _d_from_scores),
            Form((Column("di", Domain.REAL), _NI), as_given, unless=("ai", "bi", "ci")),
            Form((Column("ti", Domain.REAL), _NI), _d_from_t),
            Form((Column("pi", Domain.SIGNED_P), _NI), through_t(_d_from_t, lambda n: n - 1.0)),
        ),
        doubted(by(change_score_standardized, "vtype", "correct")),
        (Variance.LS, Variance.LS2),
        corrects=True,
    ),
    Measure.SMCR: Specification(
        (Form((*_MEANS, _SD1, _NI, _RI), as_given),),
        doubted(by(raw_score_standardized, "vtype", "correct")),
        (Variance.LS, Variance.LS2),
        corrects=True,
    ),
    Measure.SMCRH: Specification(
        (Form(_PAIRS, as_given),),
        doubted(by(heteroscedastic_raw_score_standardized, "correct")),
        corrects=True,
    ),
    Measure.SMCRP: Specification(
        (Form(_PAIRS, as_given),),
        doubted(by(pooled_raw_score_standardized, "correct")),
        corrects=True,
    ),
    Measure.SMCRPH: Specification(
        (Form(_PAIRS, as_given),),
        doubted(by(heteroscedastic_pooled_standardized, "vtype", "correct")),
        (Variance.LS, Variance.LS2),
        corrects=True,
    ),
    Measure.VRC: Specification(
        (Form((_SD1, _SD2, _NI, _RI), as_given),), by(log_variability_ratio_of_pairs)
    ),
    Measure.CVRC: Specification(
        (Form(_PAIRS, as_given),),
        by(log_coefficient_of_variation_ratio_of_pairs, "correct"),
        corrects=True,
    ),
    Measure.ROMC: Specification(
        (Form(_PAIRS, as_given),), by(log_ratio_of_paired_means, "correct"), corrects=True
    ),
}
