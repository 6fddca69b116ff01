"""What the analysis behind reported numbers did, and the values that conversions give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from review.effects import Converted
from review.effects.converted import Plain
from review.errors import InvalidDataError
from review.extraction.numbers import ReportedNumbers

T = TypeVar("T")

DEFAULT_LEVEL: Final = 0.95
"""Of a reported interval that does not say its level."""


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


def level_of(x: ReportedNumbers) -> float:
    """Return the level of a reported interval."""
    return x.ci_level if x.ci_level is not None else DEFAULT_LEVEL


def two_sided(x: ReportedNumbers, p: float) -> float:
    """Return a p value of a result as a two-sided one; a one-sided above a half is of the rest."""
    return 2.0 * min(p, 1.0 - p) if x.p_sides == 1 else p
