"""Two groups, time to an event: the log hazard ratio from what papers report of it."""

from __future__ import annotations

import numpy as np

from review.arrays import Floats
from review.effects.columns import Column, Domain
from review.effects.effects import Pair, RowNote
from review.effects.quantiles import Distribution, quantile
from review.effects.specification import Computed, Form, Options, Specification
from review.measures import Measure

# Share of the interval's half-width by which the ratio may lie off the middle of its limits on the
# log scale before the row is noted; rounding of two-digit limits stays below it.
_OFF_CENTRE = 0.1


def log_hazard_ratio_from_interval(
    hr: Floats, lower: Floats, upper: Floats, *, level: float = 0.95
) -> Pair:
    """Log hazard ratio and its variance from the ratio and its confidence limits.

    Parameters
    ----------
    hr, lower, upper : (k,)
        Hazard ratio and limits, as ratios (not logged), above zero.
    level
        Two-sided confidence level of the limits.

    Returns
    -------
    yi, vi : (k,)
        On the log scale; vi = (log(upper/lower) / (2 z))².

    Raises
    ------
    InvalidDataError
        If ``level`` is not between 0 and 1.

    Notes
    -----
    Parmar, Torri & Stewart (1998), indirect estimation from the interval; Tierney et al. (2007).
    """
    z = quantile(level, Distribution.Z)
    return np.log(hr), (np.log(upper / lower) / (2.0 * z)) ** 2


def log_hazard_ratio_from_logrank(difference: Floats, variance: Floats) -> Pair:
    """Log hazard ratio from observed minus expected events and the logrank variance.

    Parameters
    ----------
    difference, variance : (k,)
        O - E in group 1 and its hypergeometric variance V, above zero.

    Returns
    -------
    yi, vi : (k,)
        (O - E)/V and 1/V, on the log scale.

    Notes
    -----
    Yusuf et al. (1985); Parmar, Torri & Stewart (1998), direct estimation.
    """
    return difference / variance, 1.0 / variance


def _from_interval(values: tuple[Floats, ...], options: Options) -> tuple[Floats, ...]:
    hr, lower, upper = values
    yi, vi = log_hazard_ratio_from_interval(hr, lower, upper, level=options.level)
    off = (np.log(lower) + np.log(upper)) / 2.0 - yi
    return yi, vi, np.abs(off) / (np.log(upper / lower) / 2.0)


def _from_logrank(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    yi, vi = log_hazard_ratio_from_logrank(*values)
    return yi, vi, yi * 0.0


def _hr(values: tuple[Floats, ...], _: Options) -> Computed:
    yi, vi, off_centre = values
    notes = tuple(
        RowNote(int(row), "the hazard ratio is not in the middle of its limits on the log scale")
        for row in np.flatnonzero(off_centre > _OFF_CENTRE)
    )
    return Computed(yi, vi, notes)


MEASURES: dict[Measure, Specification] = {
    Measure.HR: Specification(
        (
            Form(
                tuple(Column(name, Domain.POSITIVE) for name in ("hri", "lbi", "ubi")),
                _from_interval,
                at_most=(("lbi", "hri"), ("hri", "ubi")),
            ),
            Form(
                (Column("oei", Domain.REAL), Column("voei", Domain.POSITIVE)),
                _from_logrank,
            ),
        ),
        _hr,
    ),
}
