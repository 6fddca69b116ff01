"""The common odds ratio of rare events without a normal approximation: exact and conditional."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, logsumexp

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.roots import bracketed_root
from review.synthesis.tables import checked_tables

MOST_EVENTS: Final = 5_000
"""Values that the number of events may take, over all trials: beyond, nothing is rare."""

FURTHEST: Final = 700.0
"""Of a log odds ratio: its exponential is the largest that a float holds."""

_TIE: Final = 1 + 1e-7
"""Probabilities that differ by rounding are equal (R's ``mantelhaen.test``)."""


@dataclass(frozen=True, slots=True)
class ExactOddsRatio:
    """A common odds ratio given the margins of every table, as a logarithm.

    Attributes
    ----------
    k : trials that add to it; those without events, or with events only, add nothing.
    estimate : None where all events (or none) are on one side: it is infinite.
    ci : each limit is None where it is infinite.
    p : two-sided, of an odds ratio of one: the probability of all that is no likelier.
    """

    k: int
    level: float
    estimate: float | None
    ci: tuple[float | None, float | None]
    p: float


def exact_odds_ratio(
    ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike, *, level: float = 0.95
) -> ExactOddsRatio:
    """Conditional maximum likelihood estimate of a common odds ratio with its exact interval.

    Parameters
    ----------
    ai, bi : (k,) events and non-events with the intervention, whole numbers.
    ci, di : (k,) events and non-events in the control arm.
    level : of the interval.

    Returns
    -------
    ExactOddsRatio

    Raises
    ------
    InvalidDataError
        Counts that are negative or not whole, no trial with events on some side only, or events so
        many that nothing is rare.

    Notes
    -----
    Given its margins the events of one arm of a table are noncentral hypergeometric; the sum over
    the tables is sufficient for a common odds ratio. R's ``mantelhaen.test(exact = TRUE)``.

    References
    ----------
    Gart 1970, Biometrika 57:471; Mehta, Patel & Gray 1985, JASA 80:969 (interval).

    Examples
    --------
    >>> found = exact_odds_ratio([0, 1], [20, 19], [2, 4], [18, 16])
    >>> round(found.estimate, 4), round(found.p, 4)
    (-1.9177, 0.1074)
    """
    a, b, c, d = checked_tables(ai, bi, ci, di)
    if any((x != np.round(x)).any() for x in (a, b, c, d)):
        raise InvalidDataError("An exact odds ratio takes whole numbers of persons.")
    if not 0 < level < 1:
        raise InvalidDataError(f"The level of an interval lies between 0 and 1, not at {level}.")
    some = (a + c > 0) & (b + d > 0)
    if not some.any():
        raise InvalidDataError("No trial has persons with and without an event.")
    a, b, c, d = a[some], b[some], c[some], d[some]
    n1, n2, events = a + b, c + d, a + c
    low, high = np.maximum(0, events - n2), np.minimum(n1, events)
    if (high - low).sum() > MOST_EVENTS:
        raise InvalidDataError("Events are too many for an exact odds ratio, and none is rare.")
    mass = _Sum(n1, n2, events, low, high)
    observed = int((a - low).sum())
    last = mass.log.size - 1
    half = (1 - level) / 2
    return ExactOddsRatio(
        k=int(some.sum()),
        level=level,
        estimate=(_where(lambda x: mass.mean(x) - observed) if 0 < observed < last else None),
        ci=(
            _where(lambda x: mass.tail(x, observed, last) - half) if observed > 0 else None,
            _where(lambda x: mass.tail(x, 0, observed) - half) if observed < last else None,
        ),
        p=mass.two_sided(observed),
    )


class _Sum:
    """The distribution of the events of the first arms, summed over tables, by odds ratio."""

    def __init__(self, n1: Floats, n2: Floats, events: Floats, low: Floats, high: Floats):
        total = np.zeros(1)
        for n, other, m, first, last in zip(n1, n2, events, low, high, strict=True):
            x = np.arange(first, last + 1)
            log = -gammaln(x + 1) - gammaln(n - x + 1)
            log -= gammaln(m - x + 1) + gammaln(other - m + x + 1)
            total = _convolved(total, log - logsumexp(log))
        self.log = total
        self.at = np.arange(total.size, dtype=np.float64)

    def probabilities(self, log_ratio: float) -> Floats:
        """Return the probability of each sum at a log odds ratio."""
        tilted = self.log + self.at * log_ratio
        chances: Floats = np.exp(tilted - logsumexp(tilted))
        return chances

    def mean(self, log_ratio: float) -> float:
        """Return the expected sum."""
        return float(self.at @ self.probabilities(log_ratio))

    def tail(self, log_ratio: float, first: int, last: int) -> float:
        """Return the probability of a sum from `first` to `last`."""
        return float(self.probabilities(log_ratio)[first : last + 1].sum())

    def two_sided(self, observed: int) -> float:
        """Return the probability, at an odds ratio of one, of what is no likelier than this."""
        chances = self.probabilities(0.0)
        return min(1.0, float(chances[chances <= chances[observed] * _TIE].sum()))


def _convolved(one: Floats, other: Floats) -> Floats:
    """Logarithms of the convolution of two distributions given by theirs: no tail gets lost."""
    found = np.full(one.size + other.size - 1, -np.inf)
    short, long = (one, other) if one.size <= other.size else (other, one)
    for shift, log in enumerate(short):
        part = found[shift : shift + long.size]
        np.logaddexp(part, long + log, out=part)
    return found


def _where(f: Callable[[float], float]) -> float:
    return bracketed_root(f, -FURTHEST, FURTHEST)
