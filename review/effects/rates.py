"""Events in person-time, of two groups or one: measures of incidence rates.

``x`` events in ``t`` units of person-time, (k,) each. The functions take the counts as they are;
`review.effects.escalc` adds what its zero-cell rule says (to the events, not to the time).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from review.arrays import Floats
from review.effects.columns import Column, Domain
from review.effects.effects import Pair
from review.effects.specification import Computed, Form, Options, Specification, as_given
from review.effects.zero_cells import EACH_ARM, NOTHING_ADDED, treat_zero_cells
from review.measures import Measure


def log_rate_ratio(x1: Floats, t1: Floats, x2: Floats, t2: Floats) -> Pair:
    """Log of the ratio of the two rates; vi = 1/x1 + 1/x2 (Rothman et al. 2008)."""
    return np.log(x1 / t1) - np.log(x2 / t2), 1.0 / x1 + 1.0 / x2


def rate_difference(x1: Floats, t1: Floats, x2: Floats, t2: Floats) -> Pair:
    """Difference of the two rates, per unit of time; vi = x1/t1² + x2/t2² (Rothman et al. 2008)."""
    return x1 / t1 - x2 / t2, x1 / t1**2 + x2 / t2**2


def root_rate_difference(x1: Floats, t1: Floats, x2: Floats, t2: Floats) -> Pair:
    """Difference of the square roots of the rates; vi = 1/(4 t1) + 1/(4 t2).

    Its variance does not depend on the rates (Bagos & Nikolopoulos 2009), zero included.
    """
    return np.sqrt(x1 / t1) - np.sqrt(x2 / t2), 0.25 / t1 + 0.25 / t2


def rate(x: Floats, t: Floats) -> Pair:
    """Rate of one group, per unit of time; vi = x/t²."""
    return x / t, x / t**2


def log_rate(x: Floats, t: Floats) -> Pair:
    """Log of the rate; vi = 1/x."""
    return np.log(x / t), 1.0 / x


def root_rate(x: Floats, t: Floats) -> Pair:
    """Square root of the rate; vi = 1/(4t), whatever the rate."""
    return np.sqrt(x / t), 0.25 / t


def double_root_rate(x: Floats, t: Floats) -> Pair:
    """Freeman-Tukey: half the sum of the roots of x/t and (x + 1)/t; vi = 1/(4t)."""
    return (np.sqrt(x / t) + np.sqrt((x + 1.0) / t)) / 2.0, 0.25 / t


Contrast = Callable[[Floats, Floats, Floats, Floats], Pair]


def _of_counts(contrast: Contrast) -> Callable[[tuple[Floats, ...], Options], Computed]:
    """The measure after the zero-cell rule."""

    def compute(values: tuple[Floats, ...], options: Options) -> Computed:
        x1, t1, x2, t2 = values
        (x1, x2), notes = treat_zero_cells(
            (x1, x2),
            options.zero_cells,
            uninformative=(x1 == 0.0) & (x2 == 0.0),
            where=EACH_ARM,
        )
        return Computed(*contrast(x1, t1, x2, t2), notes)

    return compute


_FORMS = (
    Form(
        tuple(
            Column(f"{name}{group}i", domain)
            for group in (1, 2)
            for name, domain in (("x", Domain.NOT_NEGATIVE), ("t", Domain.POSITIVE))
        ),
        as_given,
    ),
)


def _of_one(effect: Callable[[Floats, Floats], Pair]) -> Callable[..., Computed]:
    """The measure of one group after the zero-cell rule."""

    def compute(values: tuple[Floats, ...], options: Options) -> Computed:
        x, t = values
        (x,), notes = treat_zero_cells((x,), options.zero_cells, where=EACH_ARM)
        return Computed(*effect(x, t), notes)

    return compute


_OF_ONE = (Form((Column("xi", Domain.NOT_NEGATIVE), Column("ti", Domain.POSITIVE)), as_given),)

MEASURES: dict[Measure, Specification] = {
    Measure.IRR: Specification(_FORMS, _of_counts(log_rate_ratio)),
    Measure.IRD: Specification(_FORMS, _of_counts(rate_difference)),
    Measure.IRSD: Specification(_FORMS, _of_counts(root_rate_difference), zero_cells=NOTHING_ADDED),
    Measure.IR: Specification(_OF_ONE, _of_one(rate)),
    Measure.IRLN: Specification(_OF_ONE, _of_one(log_rate)),
    Measure.IRS: Specification(_OF_ONE, _of_one(root_rate), zero_cells=NOTHING_ADDED),
    Measure.IRFT: Specification(_OF_ONE, _of_one(double_root_rate), zero_cells=NOTHING_ADDED),
}
