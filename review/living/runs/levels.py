"""What a run keeps of random effects of its results, as frozen values."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from review.living.runs.contents import RunPart
from review.living.runs.joint import CorrelationLine, Interval, RobustLine


class VarianceLine(RunPart):
    """The variance of one random effect: how far the true effects of its groups differ.

    `sigma2` is None where the data have nothing to tell it from, for the reason in `note`.
    """

    term: str
    """``study / result``: results within studies."""
    groups: int
    sigma2: float | None
    i2: float | None
    """Percent of all variance, sampling errors included."""
    stat: float | None
    """Twice what the log-likelihood loses without the term; by chi² on one degree of freedom."""
    p: float | None
    note: str | None = None


class AssumedMean(RunPart):
    """The mean, had another correlation of sampling errors been assumed."""

    rho: float
    estimate: float
    ci: Interval
    sigma2: tuple[float, ...]
    """Of the terms that have a variance, in their order."""
    loglik: float


class LevelsLine(RunPart):
    """Results with random effects of their groups."""

    trials: int
    effects: int
    terms: tuple[VarianceLine, ...]
    rho: float
    phi: float | None
    stated: Annotated[tuple[CorrelationLine, ...], Field(exclude_if=lambda pairs: not pairs)] = ()
    """Correlations of sampling errors that the plan states of two instruments."""
    shared: int
    """Comparisons that share their comparator with another."""
    robust: RobustLine | None
    """Of the mean, a cluster all results that the random effects join."""
    clusters: int
    loglik: float
    aic: float
    assumed: tuple[AssumedMean, ...] = ()

    @property
    def told(self) -> tuple[VarianceLine, ...]:
        """The terms that have a variance."""
        return tuple(term for term in self.terms if term.sigma2 is not None)
