"""Two groups, a quantitative outcome: differences and ratios of means and of spreads.

Throughout, group 1 minus (or over) group 2; means ``m`` and standard deviations ``sd`` are on the
scale of the outcome, ``n`` are group sizes, all of shape (k,).
"""

from __future__ import annotations

import numpy as np

from review.effects.columns import Column, Domain
from review.effects.correction import hedges_correction
from review.effects.effects import FloatArray
from review.effects.measure import Measure, Variance
from review.effects.specification import Computed, Form, Options, Specification, as_given

Pair = tuple[FloatArray, FloatArray]


def mean_difference(
    m1: FloatArray,
    sd1: FloatArray,
    n1: FloatArray,
    m2: FloatArray,
    sd2: FloatArray,
    n2: FloatArray,
    *,
    vtype: Variance = Variance.LS,
) -> Pair:
    """Difference of two independent means, m1 - m2.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : (k,)
        Mean, standard deviation and size of the two groups.
    vtype
        ``LS``: each group has its own variance; ``HO``: one variance, pooled.

    Returns
    -------
    yi, vi : (k,)
        On the scale of the outcome (vi: squared).

    Notes
    -----
    Cochrane Handbook 10.5.1 (inverse-variance mean difference).
    """
    if vtype is Variance.HO:
        pooled = _pooled_variance(sd1, n1, sd2, n2)
        return m1 - m2, pooled * (1.0 / n1 + 1.0 / n2)
    return m1 - m2, sd1**2 / n1 + sd2**2 / n2


def cohen_d(
    m1: FloatArray,
    sd1: FloatArray,
    n1: FloatArray,
    m2: FloatArray,
    sd2: FloatArray,
    n2: FloatArray,
) -> FloatArray:
    """Difference of means in units of the pooled standard deviation, not corrected for bias."""
    d: FloatArray = (m1 - m2) / np.sqrt(_pooled_variance(sd1, n1, sd2, n2))
    return d


def standardized_mean_difference(
    d: FloatArray,
    n1: FloatArray,
    n2: FloatArray,
    *,
    vtype: Variance = Variance.LS,
    correct: bool = True,
) -> Pair:
    """Hedges' g: the bias-corrected standardized mean difference.

    Parameters
    ----------
    d : (k,)
        Cohen's d with the pooled standard deviation (`cohen_d`).
    n1, n2 : (k,)
        Group sizes.
    vtype
        ``LS``: 1/n1 + 1/n2 + g²/(2N) (Hedges 1982, equation 8). ``LS2``:
        J² (1/n1 + 1/n2 + d²/(2N)) (Borenstein 2009, equations 12.15 to 12.18 with N for N - 2's
        d² term). ``UB``: unbiased, 1/n1 + 1/n2 + (1 - (m-2)/(m J²)) g², m = N - 2 (Hedges 1983,
        equation 9). ``AV``: ``LS`` at the average g, weighted by N. ``H0``: 1/n1 + 1/n2.
    correct
        Whether to correct d for bias; without, the effect is Cohen's d.

    Returns
    -------
    yi, vi : (k,)
        In standard deviations. NaN where N - 2 <= 1 and a correction is wanted.

    Notes
    -----
    Exact correction J through gamma functions (`hedges_correction`), as metafor.
    """
    total = n1 + n2
    m = total - 2.0
    j = hedges_correction(m)
    g = j * d if correct else d
    sizes = 1.0 / n1 + 1.0 / n2
    if vtype is Variance.LS2:
        factor = j if correct else np.ones_like(j)
        return g, factor**2 * (sizes + d**2 / (2.0 * total))
    if vtype is Variance.UB:
        return g, sizes + (1.0 - (m - 2.0) / (m * j**2)) * g**2
    if vtype is Variance.AV:
        return g, sizes + _average(g, total) ** 2 / (2.0 * total)
    if vtype is Variance.H0:
        return g, sizes + 0.0 * g
    return g, sizes + g**2 / (2.0 * total)


def _pooled_variance(
    sd1: FloatArray, n1: FloatArray, sd2: FloatArray, n2: FloatArray
) -> FloatArray:
    pooled: FloatArray = ((n1 - 1.0) * sd1**2 + (n2 - 1.0) * sd2**2) / (n1 + n2 - 2.0)
    return pooled


def _average(values: FloatArray, weights: FloatArray) -> float:
    """Weighted mean over the rows that have both."""
    known = np.isfinite(values) & np.isfinite(weights)
    if not known.any():
        return float("nan")
    return float(np.average(values[known], weights=weights[known]))


GROUPS = tuple(
    Column(f"{name}{group}i", domain)
    for group in (1, 2)
    for name, domain in (("m", Domain.REAL), ("sd", Domain.NOT_NEGATIVE), ("n", Domain.SIZE))
)
_SIZES = (Column("n1i", Domain.SIZE), Column("n2i", Domain.SIZE))


def _summary(values: tuple[FloatArray, ...], _: Options) -> tuple[FloatArray, ...]:
    m1, sd1, n1, m2, sd2, n2 = values
    return cohen_d(m1, sd1, n1, m2, sd2, n2), n1, n2


def _md(values: tuple[FloatArray, ...], options: Options) -> Computed:
    return Computed(*mean_difference(*values, vtype=options.vtype))


def _smd(values: tuple[FloatArray, ...], options: Options) -> Computed:
    return Computed(
        *standardized_mean_difference(*values, vtype=options.vtype, correct=options.correct)
    )


MEASURES: dict[Measure, Specification] = {
    Measure.MD: Specification((Form(GROUPS, as_given),), _md, (Variance.LS, Variance.HO)),
    Measure.SMD: Specification(
        (Form(GROUPS, _summary), Form((Column("di", Domain.REAL), *_SIZES), as_given)),
        _smd,
        (Variance.LS, Variance.LS2, Variance.UB, Variance.AV, Variance.H0),
    ),
}
