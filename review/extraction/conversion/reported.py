"""The numbers of a result by name, and the values that conversions give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from review.effects import Converted
from review.effects.converted import Plain
from review.errors import InvalidDataError

T = TypeVar("T")

DEFAULT_LEVEL: Final = 0.95
"""Of a reported interval that does not say its level."""


class Reported(Protocol):
    """The numbers of one result by name, None where they are not reported."""

    @property
    def n(self) -> int | None: ...
    @property
    def versus_n(self) -> int | None: ...
    @property
    def mean(self) -> float | None: ...
    @property
    def sd(self) -> float | None: ...
    @property
    def events(self) -> int | None: ...
    @property
    def estimate(self) -> float | None: ...
    @property
    def se(self) -> float | None: ...
    @property
    def variance(self) -> float | None: ...
    @property
    def ci_low(self) -> float | None: ...
    @property
    def ci_high(self) -> float | None: ...
    @property
    def ci_level(self) -> float | None: ...
    @property
    def median(self) -> float | None: ...
    @property
    def q1(self) -> float | None: ...
    @property
    def q3(self) -> float | None: ...
    @property
    def minimum(self) -> float | None: ...
    @property
    def maximum(self) -> float | None: ...
    @property
    def baseline_mean(self) -> float | None: ...
    @property
    def baseline_sd(self) -> float | None: ...
    @property
    def mean_change(self) -> float | None: ...
    @property
    def sd_change(self) -> float | None: ...
    @property
    def correlation(self) -> float | None: ...
    @property
    def t(self) -> float | None: ...
    @property
    def f(self) -> float | None: ...
    @property
    def p(self) -> float | None: ...
    @property
    def p_below(self) -> float | None: ...
    @property
    def residual_sd(self) -> float | None: ...
    @property
    def r_squared(self) -> float | None: ...
    @property
    def df1(self) -> int | None: ...
    @property
    def p_sides(self) -> int | None: ...
    @property
    def metric(self) -> str | None: ...


TOO_LARGE: Final = "its numbers are too large or too small to compute with"


class Lacking(InvalidDataError):
    """What a result would need to give an effect: half a sentence, for people."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Mean size of a trial's clusters and their correlation, None where not known."""

    size: float | None = None
    icc: float | None = None


@dataclass(frozen=True, slots=True)
class Design:
    """What the analysis behind a result did beyond comparing two groups of independent persons."""

    adjusted: bool = False
    """For covariates: its SE, interval, t, F and p hold the SD that is left after adjustment."""
    clusters: Clusters | None = None
    """It took account of these clusters: its SE, t, F and p hold the design effect."""
    paired: bool = False
    """It compared the two periods of a crossover trial within persons."""
    correlation: float | None = None
    """Of the periods, where the result does not say it: the plan's assumption."""
    change: bool = False
    """Whether standard deviations of change are wanted instead of scores."""

    @property
    def plain(self) -> bool:
        """Whether it compared two groups of independent persons, and no more."""
        return not self.adjusted and self.clusters is None and not self.paired


PLAIN: Final = Design()
OF_CHANGE: Final = Design(change=True)


@dataclass(frozen=True, slots=True)
class Step:
    """One conversion: what it gave, by which recipe, from what."""

    gives: Mapping[str, float]
    recipe: str
    reported: Mapping[str, Plain]
    assumptions: Mapping[str, Plain]
    approximate: bool


@dataclass(frozen=True, slots=True)
class MeanAndSD:
    """Mean and SD of an arm, and how they came about; no steps when both were reported."""

    mean: float
    sd: float
    steps: tuple[Step, ...] = ()
    explained: float = 0.0
    """Share of the SD's variance that covariates of the mean explain; the mean is as much surer."""
    used: frozenset[str] = frozenset()
    """Parts of the design (``adjusted``, ``clusters``) that the SD depends on."""


@dataclass(frozen=True, slots=True)
class EstimateAndVariance:
    """An estimate and its sampling variance on the scale of a measure."""

    estimate: float
    variance: float
    steps: tuple[Step, ...] = ()
    used: frozenset[str] = frozenset()
    """Parts of the design (``adjusted``, ``clusters``, ``paired``) that it depends on."""


def step_of(converted: Converted[T], **gives: float) -> Step:
    """Return a conversion as the step it is, with what it gave by name."""
    return Step(
        gives=gives,
        recipe=converted.recipe,
        reported=dict(converted.reported),
        assumptions=dict(converted.assumptions),
        approximate=converted.approximate,
    )


def level_of(x: Reported) -> float:
    """Return the level of a reported interval."""
    return x.ci_level if x.ci_level is not None else DEFAULT_LEVEL


def two_sided(x: Reported, p: float) -> float:
    """Return a p value of a result as a two-sided one; a one-sided above a half is of the rest."""
    return 2.0 * min(p, 1.0 - p) if x.p_sides == 1 else p
