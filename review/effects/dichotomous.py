"""Two groups, a dichotomous outcome: measures of the 2x2 table.

Cells, (k,) each: ``a`` events and ``b`` non-events in group 1, ``c`` and ``d`` in group 2. The
functions take the cells as they are; `review.effects.escalc` adds what its zero-cell rule says.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from review.arrays import Floats
from review.conventions import Variance
from review.effects.averages import size_weighted_mean
from review.effects.columns import Column, Domain
from review.effects.effects import Pair
from review.effects.specification import Computed, Form, Options, Specification, as_given
from review.effects.zero_cells import HALF_ADDED, NOTHING_ADDED, ZeroCells, treat_zero_cells
from review.measures import Measure

# A logistic distribution's standard deviation is pi/sqrt(3) (Hasselblad & Hedges 1995).
_LOGISTIC = math.sqrt(3.0) / math.pi
# Makes a log odds ratio agree with a probit difference (Cox & Snell 1989).
_NORMAL = 1.0 / 1.65


def log_risk_ratio(a: Floats, b: Floats, c: Floats, d: Floats) -> Pair:
    """Log of the ratio of the two risks; vi = 1/a - 1/n1 + 1/c - 1/n2 (delta method)."""
    n1, n2 = a + b, c + d
    return np.log(a / n1) - np.log(c / n2), 1.0 / a - 1.0 / n1 + 1.0 / c - 1.0 / n2


def log_odds_ratio(a: Floats, b: Floats, c: Floats, d: Floats) -> Pair:
    """Log odds ratio; vi = 1/a + 1/b + 1/c + 1/d (Woolf 1955)."""
    return np.log(a / b) - np.log(c / d), 1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d


def risk_difference(
    a: Floats,
    b: Floats,
    c: Floats,
    d: Floats,
    *,
    vtype: Variance = Variance.LS,
) -> Pair:
    """Difference of the two risks.

    Parameters
    ----------
    a, b, c, d : (k,)
        Cells.
    vtype
        ``LS``: p(1-p)/n in each group; ``UB``: p(1-p)/(n-1), unbiased; ``AV``: ``LS`` at each
        group's risk averaged over the studies, weighted by group size.

    Returns
    -------
    yi, vi : (k,)
        Between -1 and 1.
    """
    n1, n2 = a + b, c + d
    p1, p2 = a / n1, c / n2
    yi = p1 - p2
    if vtype is Variance.UB:
        return yi, p1 * (1.0 - p1) / (n1 - 1.0) + p2 * (1.0 - p2) / (n2 - 1.0)
    if vtype is Variance.AV:
        average1, average2 = size_weighted_mean(p1, n1), size_weighted_mean(p2, n2)
        return yi, average1 * (1.0 - average1) / n1 + average2 * (1.0 - average2) / n2
    return yi, p1 * (1.0 - p1) / n1 + p2 * (1.0 - p2) / n2


def arcsine_difference(a: Floats, b: Floats, c: Floats, d: Floats) -> Pair:
    """Difference of the arcsines of the roots of the risks; vi = 1/(4 n1) + 1/(4 n2).

    Exists, with its variance, for zero cells (Rücker et al. 2009).
    """
    n1, n2 = a + b, c + d
    yi = np.arcsin(np.sqrt(a / n1)) - np.arcsin(np.sqrt(c / n2))
    return yi, 0.25 / n1 + 0.25 / n2


def peto_log_odds_ratio(a: Floats, b: Floats, c: Floats, d: Floats) -> Pair:
    """One-step log odds ratio, (O - E)/V with vi = 1/V (Yusuf et al. 1985).

    E and V are the hypergeometric mean and variance of ``a`` given the margins; biased where the
    groups are unequal or the effect large, good for rare events.
    """
    n1, n2, events, others = a + b, c + d, a + c, b + d
    total = n1 + n2
    variance = events * others * n1 * n2 / (total**2 * (total - 1.0))
    return (a - events * n1 / total) / variance, 1.0 / variance


Cells = tuple[Floats, ...]


def _of_table(effect: Callable[[Cells, Options], Pair]) -> Callable[[Cells, Options], Computed]:
    """The measure after the zero-cell rule."""

    def compute(values: Cells, options: Options) -> Computed:
        a, b, c, d = values
        uninformative = ((a == 0.0) & (c == 0.0)) | ((b == 0.0) & (d == 0.0))
        one = (a + b) / (a + b + c + d)
        cells, notes = treat_zero_cells(
            values,
            options.zero_cells,
            uninformative=uninformative,
            shares=(one, one, 1 - one, 1 - one),
        )
        return Computed(*effect(cells, options), notes)

    return compute


def _scaled_log_odds_ratio(factor: float) -> Callable[[Cells, Options], Pair]:
    """A log odds ratio in standard deviations of an underlying scale."""

    def effect(cells: Cells, _: Options) -> Pair:
        yi, vi = log_odds_ratio(*cells)
        return yi * factor, vi * factor**2

    return effect


def _from_totals(values: Cells, _: Options) -> Cells:
    a, n1, c, n2 = values
    return a, n1 - a, c, n2 - c


_COUNT = Domain.NOT_NEGATIVE
_FORMS = (
    Form(tuple(Column(name, _COUNT) for name in ("ai", "bi", "ci", "di")), as_given),
    Form(
        (
            Column("ai", _COUNT),
            Column("n1i", Domain.SIZE),
            Column("ci", _COUNT),
            Column("n2i", Domain.SIZE),
        ),
        _from_totals,
        at_most=(("ai", "n1i"), ("ci", "n2i")),
    ),
)


def _table(
    effect: Callable[[Cells, Options], Pair],
    variances: tuple[Variance, ...] = (Variance.LS,),
    zero_cells: ZeroCells = HALF_ADDED,
) -> Specification:
    return Specification(_FORMS, _of_table(effect), variances, zero_cells, counts=True)


MEASURES: dict[Measure, Specification] = {
    Measure.RR: _table(lambda cells, _: log_risk_ratio(*cells)),
    Measure.OR: _table(lambda cells, _: log_odds_ratio(*cells)),
    Measure.RD: _table(
        lambda cells, options: risk_difference(*cells, vtype=options.vtype),
        (Variance.LS, Variance.UB, Variance.AV),
    ),
    Measure.AS: _table(lambda cells, _: arcsine_difference(*cells), zero_cells=NOTHING_ADDED),
    Measure.PETO: _table(lambda cells, _: peto_log_odds_ratio(*cells)),
    Measure.OR2D: _table(_scaled_log_odds_ratio(_LOGISTIC)),
    Measure.OR2DN: _table(_scaled_log_odds_ratio(_NORMAL)),
}
