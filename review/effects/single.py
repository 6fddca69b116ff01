"""One group: proportions and means.

``x`` events and ``m`` non-events among ``n`` participants, (k,) each. The functions take the counts
as they are; `review.effects.escalc` adds what its zero-cell rule says.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from review.arrays import Floats
from review.conventions import Variance
from review.effects.columns import Column, Domain
from review.effects.effects import Pair
from review.effects.specification import Computed, Form, Options, Specification, as_given, by
from review.effects.zero_cells import HALF_ADDED, NOTHING_ADDED, ZeroCells, treat_zero_cells
from review.measures import Measure


def proportion(x: Floats, m: Floats) -> Pair:
    """Raw proportion p = x/n; vi = p(1 - p)/n."""
    n = x + m
    return x / n, x * m / n**3


def log_proportion(x: Floats, m: Floats) -> Pair:
    """Log proportion; vi = 1/x - 1/n."""
    n = x + m
    return np.log(x / n), 1.0 / x - 1.0 / n


def log_odds(x: Floats, m: Floats) -> Pair:
    """Logit of the proportion; vi = 1/x + 1/m."""
    return np.log(x / m), 1.0 / x + 1.0 / m


def arcsine_proportion(x: Floats, m: Floats) -> Pair:
    """Arcsine of the root of the proportion; vi = 1/(4n)."""
    n = x + m
    return np.arcsin(np.sqrt(x / n)), 0.25 / n


def double_arcsine_proportion(x: Floats, m: Floats) -> Pair:
    """Freeman-Tukey double arcsine; vi = 1/(4n + 2).

    Half the sum of arcsin(sqrt(x/(n+1))) and arcsin(sqrt((x+1)/(n+1))) (Freeman & Tukey 1950);
    half, so that it is on the scale of the plain arcsine.
    """
    n = x + m
    low, high = np.arcsin(np.sqrt(x / (n + 1.0))), np.arcsin(np.sqrt((x + 1.0) / (n + 1.0)))
    return (low + high) / 2.0, 1.0 / (4.0 * n + 2.0)


def mean(m: Floats, sd: Floats, n: Floats) -> Pair:
    """Raw mean, on the scale of the outcome; vi = sd²/n."""
    return m, sd**2 / n


def log_mean(m: Floats, sd: Floats, n: Floats) -> Pair:
    """Log mean; vi = sd²/(n m²). Exists for means above zero only."""
    return np.log(m), (sd / m) ** 2 / n


def _of_counts(
    effect: Callable[[Floats, Floats], Pair],
) -> Callable[[tuple[Floats, ...], Options], Computed]:
    """The measure after the zero-cell rule."""

    def compute(values: tuple[Floats, ...], options: Options) -> Computed:
        (x, m), notes = treat_zero_cells(values, options.zero_cells)
        return Computed(*effect(x, m), notes)

    return compute


def _from_total(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    x, n = values
    return x, n - x


_XI = Column("xi", Domain.NOT_NEGATIVE)
_COUNTS = (
    Form((_XI, Column("ni", Domain.SIZE)), _from_total, at_most=(("xi", "ni"),)),
    Form((_XI, Column("mi", Domain.NOT_NEGATIVE)), as_given, unless=("sdi", "r2i")),
)
_MEANS = (
    Form(
        (
            Column("mi", Domain.REAL),
            Column("sdi", Domain.NOT_NEGATIVE),
            Column("ni", Domain.SIZE),
        ),
        as_given,
    ),
)


def _counted(
    effect: Callable[[Floats, Floats], Pair], zero_cells: ZeroCells = HALF_ADDED
) -> Specification:
    return Specification(_COUNTS, _of_counts(effect), (Variance.LS,), zero_cells, counts=True)


MEASURES: dict[Measure, Specification] = {
    Measure.PR: _counted(proportion),
    Measure.PLN: _counted(log_proportion),
    Measure.PLO: _counted(log_odds),
    Measure.PAS: _counted(arcsine_proportion, NOTHING_ADDED),
    Measure.PFT: _counted(double_arcsine_proportion, NOTHING_ADDED),
    Measure.MN: Specification(_MEANS, by(mean)),
    Measure.MNLN: Specification(_MEANS, by(log_mean)),
}
