"""Two groups, a quantitative outcome: differences of means, raw and standardized.

Throughout, group 1 minus (or over) group 2; means ``m`` and standard deviations ``sd`` are on the
scale of the outcome, ``n`` are group sizes, all of shape (k,).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from review.arrays import Floats
from review.conventions import Variance
from review.effects.averages import size_weighted_mean
from review.effects.columns import Column, Domain
from review.effects.correction import hedges_correction
from review.effects.effects import Pair, RowNote
from review.effects.specification import (
    Compute,
    Computed,
    Form,
    Options,
    Specification,
    as_given,
    by,
    through_t,
)
from review.measures import Measure


def mean_difference(
    m1: Floats,
    sd1: Floats,
    n1: Floats,
    m2: Floats,
    sd2: Floats,
    n2: Floats,
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
    m1: Floats,
    sd1: Floats,
    n1: Floats,
    m2: Floats,
    sd2: Floats,
    n2: Floats,
) -> Floats:
    """Difference of means in units of the pooled standard deviation, not corrected for bias."""
    d: Floats = (m1 - m2) / np.sqrt(_pooled_variance(sd1, n1, sd2, n2))
    return d


def standardized_mean_difference(
    d: Floats,
    n1: Floats,
    n2: Floats,
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
        J² (1/n1 + 1/n2 + d²/(2N)) (Borenstein 2009, equation 12.17). ``UB``: unbiased,
        1/n1 + 1/n2 + (1 - (m-2)/(m J²)) g² with m = N - 2 (Hedges 1983, equation 9). ``AV``:
        ``LS`` at the average g, weighted by N. ``H0``: 1/n1 + 1/n2.
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
        return g, sizes + size_weighted_mean(g, total) ** 2 / (2.0 * total)
    if vtype is Variance.H0:
        return g, sizes + 0.0 * g
    return g, sizes + g**2 / (2.0 * total)


def heteroscedastic_smd(
    m1: Floats,
    sd1: Floats,
    n1: Floats,
    m2: Floats,
    sd2: Floats,
    n2: Floats,
    *,
    correct: bool = True,
) -> Pair:
    """Standardized by the square root of the average variance; the groups' variances may differ.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : (k,)
        Mean, standard deviation and size of the two groups.
    correct
        Whether to correct for bias, by J(n1 + n2 - 2).

    Returns
    -------
    yi, vi : (k,)
        In standard deviations.

    Notes
    -----
    Bonett (2009), at the corrected estimate and not multiplied by J² again (metafor
    since 4.6; before, its variances were smaller by that factor).
    """
    average = (sd1**2 + sd2**2) / 2.0
    d = (m1 - m2) / np.sqrt(average)
    g = hedges_correction(n1 + n2 - 2.0) * d if correct else d
    spread = g**2 * (sd1**4 / (n1 - 1.0) + sd2**4 / (n2 - 1.0)) / (8.0 * average**2)
    return g, spread + (sd1**2 / (n1 - 1.0) + sd2**2 / (n2 - 1.0)) / average


def glass_delta(
    m1: Floats,
    m2: Floats,
    sd2: Floats,
    n1: Floats,
    n2: Floats,
    *,
    vtype: Variance = Variance.LS,
    correct: bool = True,
) -> Pair:
    """Standardized by the standard deviation of group 2 (Glass' delta, bias-corrected).

    Parameters
    ----------
    m1, m2, sd2, n1, n2 : (k,)
        Means, the standard deviation of group 2, sizes.
    vtype
        ``LS``: 1/n1 + 1/n2 + g²/(2 n2). ``LS2``: J² (1/n1 + 1/n2 + d²/(2 n2)). ``UB``: unbiased,
        as for the SMD with m = n2 - 1. ``AV``: ``LS`` at the average g, weighted by n1 + n2. All
        assume that the groups have one variance.
    correct
        Whether to correct for bias, by J(n2 - 1).

    Returns
    -------
    yi, vi : (k,)
        In standard deviations of group 2.

    Notes
    -----
    Hedges (1981), and the formulas of `standardized_mean_difference`.
    """
    m = n2 - 1.0
    j = hedges_correction(m)
    d = (m1 - m2) / sd2
    g = j * d if correct else d
    sizes = 1.0 / n1 + 1.0 / n2
    if vtype is Variance.LS2:
        factor = j if correct else np.ones_like(j)
        return g, factor**2 * (sizes + d**2 / (2.0 * n2))
    if vtype is Variance.UB:
        return g, sizes + (1.0 - (m - 2.0) / (m * j**2)) * g**2
    if vtype is Variance.AV:
        return g, sizes + size_weighted_mean(g, n1 + n2) ** 2 / (2.0 * n2)
    return g, sizes + g**2 / (2.0 * n2)


def _pooled_variance(sd1: Floats, n1: Floats, sd2: Floats, n2: Floats) -> Floats:
    pooled: Floats = ((n1 - 1.0) * sd1**2 + (n2 - 1.0) * sd2**2) / (n1 + n2 - 2.0)
    return pooled


GROUPS = tuple(
    Column(f"{name}{group}i", domain)
    for group in (1, 2)
    for name, domain in (("m", Domain.REAL), ("sd", Domain.NOT_NEGATIVE), ("n", Domain.SIZE))
)
_SIZES = (Column("n1i", Domain.SIZE), Column("n2i", Domain.SIZE))
_ONE_SD = tuple(column for column in GROUPS if column.name in ("m1i", "m2i", "sd2i"))

# Beyond this, metafor asks the same: trials rarely move a mean by two standard deviations.
_IMPLAUSIBLE = 2.0


def _d_from_groups(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    m1, sd1, n1, m2, sd2, n2 = values
    return cohen_d(m1, sd1, n1, m2, sd2, n2), n1, n2


def _d_from_t(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    t, n1, n2 = values
    return t * np.sqrt(1.0 / n1 + 1.0 / n2), n1, n2


def doubted(compute: Compute) -> Compute:
    """With a note on each effect beyond two standard deviations: was an SE taken for an SD."""

    def noted(values: tuple[Floats, ...], options: Options) -> Computed:
        found = compute(values, options)
        text = "beyond two standard deviations: was a standard error taken for an SD?"
        beyond = np.isfinite(found.yi) & (np.abs(found.yi) > _IMPLAUSIBLE)
        notes = tuple(RowNote(int(row), text) for row in np.flatnonzero(beyond))
        return replace(found, notes=notes)

    return noted


MEASURES: dict[Measure, Specification] = {
    Measure.MD: Specification(
        (Form(GROUPS, as_given),), by(mean_difference, "vtype"), (Variance.LS, Variance.HO)
    ),
    Measure.SMD: Specification(
        (
            Form(GROUPS, _d_from_groups),
            Form((Column("di", Domain.REAL), *_SIZES), as_given, unless=("ai", "bi", "ci")),
            Form((Column("ti", Domain.REAL), *_SIZES), _d_from_t),
            Form(
                (Column("pi", Domain.SIGNED_P), *_SIZES),
                through_t(_d_from_t, lambda n1, n2: n1 + n2 - 2.0),
            ),
        ),
        doubted(by(standardized_mean_difference, "vtype", "correct")),
        (Variance.LS, Variance.LS2, Variance.UB, Variance.AV, Variance.H0),
        corrects=True,
    ),
    Measure.SMDH: Specification(
        (Form(GROUPS, as_given),), doubted(by(heteroscedastic_smd, "correct")), corrects=True
    ),
    Measure.SMD1: Specification(
        (Form((*_ONE_SD, *_SIZES), as_given),),
        doubted(by(glass_delta, "vtype", "correct")),
        (Variance.LS, Variance.LS2, Variance.UB, Variance.AV),
        corrects=True,
    ),
}
