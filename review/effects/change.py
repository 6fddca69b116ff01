"""Two arms, each measured before and after: the difference of their standardized mean changes.

Columns carry the arm as a suffix: T for the intervention, C for its comparator (``m1Ti`` is the
post-test mean of the intervention arm, ``m2Ci`` the pre-test mean of the comparator). Within an arm
the names are those of the paired measures.
"""

from __future__ import annotations

from review.arrays import Floats
from review.conventions import Variance
from review.effects.columns import Column, Domain
from review.effects.effects import Pair
from review.effects.paired import (
    change_score_standardized,
    change_variance,
    raw_score_standardized,
)
from review.effects.specification import Computed, Form, Options, Specification, as_given
from review.measures import Measure


def difference_of_changes(intervention: Pair, comparator: Pair) -> Pair:
    """Standardized mean change of the intervention arm minus that of its comparator.

    Parameters
    ----------
    intervention, comparator
        yi and vi, (k,) each, of the same standardized mean change in the two arms.

    Returns
    -------
    yi, vi : (k,)
        yi subtracted, vi added: the arms are independent.

    Notes
    -----
    Becker (1988); Morris & DeShon (2002).
    """
    return intervention[0] - comparator[0], intervention[1] + comparator[1]


def _arm(arm: str, *names: str) -> tuple[Column, ...]:
    domains = {
        "m1": Domain.REAL,
        "m2": Domain.REAL,
        "sd1": Domain.NOT_NEGATIVE,
        "sd2": Domain.NOT_NEGATIVE,
        "n": Domain.SIZE,
        "r": Domain.CORRELATION,
    }
    return tuple(Column(f"{name}{arm}i", domains[name]) for name in names)


_RAW = tuple(column for arm in "TC" for column in _arm(arm, "m1", "m2", "sd1", "n", "r"))
_CHANGE = tuple(column for arm in "TC" for column in _arm(arm, "m1", "m2", "sd1", "sd2", "n", "r"))


def _smcrd(values: tuple[Floats, ...], options: Options) -> Computed:
    arms = (
        raw_score_standardized(*arm, vtype=options.vtype, correct=options.correct)
        for arm in (values[:5], values[5:])
    )
    return Computed(*difference_of_changes(*arms))


def _smccd(values: tuple[Floats, ...], options: Options) -> Computed:
    arms = []
    for m1, m2, sd1, sd2, n, r in (values[:6], values[6:]):
        d = (m1 - m2) / change_variance(sd1, sd2, r) ** 0.5
        arms.append(change_score_standardized(d, n, vtype=options.vtype, correct=options.correct))
    return Computed(*difference_of_changes(*arms))


MEASURES: dict[Measure, Specification] = {
    Measure.SMCRD: Specification(
        (Form(_RAW, as_given),), _smcrd, (Variance.LS, Variance.LS2), corrects=True
    ),
    Measure.SMCCD: Specification(
        (Form(_CHANGE, as_given),), _smccd, (Variance.LS, Variance.LS2), corrects=True
    ),
}
