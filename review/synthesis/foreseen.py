"""What one more trial would do to a conclusion, of any analysis that can be made anew with it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from review.arrays import Floats, Indices
from review.errors import InvalidDataError
from review.synthesis.methods import Method, Model, Test
from review.synthesis.noninferiority import SHOWN, Conclusion, classify
from review.synthesis.prediction import Predictive

__all__ = [
    "Ahead",
    "Forecast",
    "Region",
    "Standing",
    "TrialForecast",
    "checked_variances",
    "foresee",
    "meeting",
    "smallest_size",
]

GRID, REACH = 8001, 500.0
"""Points on the next effect, closest in the middle, and how many predictive standard deviations
they span each side: few trials make long tails."""


@dataclass(frozen=True, slots=True)
class Region:
    """An interval of the next trial's effect with one conclusion (the outer ends are infinite)."""

    low: float
    high: float
    conclusion: Conclusion


@dataclass(frozen=True, slots=True)
class TrialForecast:
    """What one more trial of variance `v_new` would do.

    Attributes
    ----------
    v_new, mean, sd : float
        Sampling variance of the trial; mean and sd of its predicted effect, tau² as estimated.
    band : (float, float)
        Where its effect is to be expected, at the level of the analysis, tau² uncertain.
    probabilities : tuple of (Conclusion, float)
        Of every class, tau² uncertain before the trial and re-estimated after it; they sum to one.
    regions : tuple of Region
        The classes along the next effect. Noninferiority is an interval there, not a half line: a
        trial that is too good raises tau² and undoes it.
    change : float
        Probability that the conclusion changes at all.
    threshold : float
        Effect above which noninferiority (without a margin: superiority) holds if tau² stays as it
        is (normal interval).
    predictive, conditional, conditional_null : float
        Probability of passing the threshold: predictive, given that the mean is the estimate, given
        that it is zero; tau² fixed.
    """

    v_new: float
    mean: float
    sd: float
    band: tuple[float, float]
    probabilities: tuple[tuple[Conclusion, float], ...]
    regions: tuple[Region, ...]
    change: float
    threshold: float
    predictive: float
    conditional: float
    conditional_null: float

    def probability(self, conclusion: Conclusion) -> float:
        """Probability of one class after the trial.

        Examples
        --------
        >>> from review.synthesis import forecast
        >>> f = forecast([0.1, 0.2, 0.0], [0.01] * 3, [0.02], margin=0.5).trials[0]
        >>> f.probability(Conclusion.INFERIOR)
        0.0
        """
        return dict(self.probabilities)[conclusion]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecasts for several sizes of the next trial, and the conclusion now."""

    now: Conclusion
    margin: float | None
    method: Method
    test: Test
    level: float
    trials: tuple[TrialForecast, ...]


class Standing(NamedTuple):
    """Where an analysis stands: its estimate, the model's variance of it, tau² and interval."""

    estimate: float
    variance: float
    tau2: float
    ci: tuple[float, float]


Classes = Callable[[Floats, Floats], Indices]
"""The classes (places in `Conclusion`) after trials of some effects (n,) and variances (n,)."""


def checked_variances(v_new: Sequence[float]) -> Floats:
    """Return variances of next trials (s,); raise InvalidDataError where one cannot be.

    Examples
    --------
    >>> checked_variances([0.04]).tolist()
    [0.04]
    """
    new = np.asarray(v_new, dtype=np.float64)
    if new.ndim != 1 or new.size == 0 or not (np.isfinite(new).all() and (new > 0).all()):
        raise InvalidDataError("The next trial needs a sampling variance above zero.")
    return new


def foresee(
    now: Standing,
    ahead: Predictive,
    new: Floats,
    classes_at: Classes,
    *,
    margin: float | None,
    model: Model,
    grid: int = GRID,
) -> Forecast:
    """Predict the class after one more trial by making the analysis anew with what it may find.

    Parameters
    ----------
    now : Standing
    ahead : Predictive
        Of the trial's true effect, tau² uncertain.
    new : (s,)
        Sampling variances of the trial, one forecast each.
    classes_at : callable
    margin : float or None
    model : Model
    grid : int
        Points on the next effect, closest in the middle; where the class changes between two of
        them the place is bisected.

    Examples
    --------
    >>> from review.synthesis.prediction import Predictive
    >>> one = np.ones(1)
    >>> found = foresee(
    ...     Standing(0.0, 1.0, 0.0, (-2.0, 2.0)), Predictive(one, 0 * one, one, 0 * one), one,
    ...     lambda y, v: np.where(y > 0, 0, 3), margin=None, model=Model.of("EE", "z", 0.95),
    ... )
    >>> round(found.trials[0].probabilities[0][1], 9)
    0.5
    """
    sd = np.sqrt(now.variance + now.tau2 + new)
    step = np.sinh(np.linspace(-math.asinh(REACH), math.asinh(REACH), grid))
    effects = now.estimate + sd[:, None] * step  # (sizes, grid)
    classes = classes_at(effects.ravel(), np.repeat(new, grid)).reshape(effects.shape)
    size, at = np.nonzero(np.diff(classes))
    ends = _changes(classes_at, effects, classes, new, size, at)
    order, current = tuple(Conclusion), classify(now.ci, margin)
    trials = []
    for i, variance in enumerate(new.tolist()):
        regions = _regions(ends[size == i], classes[i], at[size == i])
        each = _probabilities(regions, ahead, variance)
        line = meeting(
            now.estimate, 1 / now.variance, variance, -(margin or 0.0), now.tau2, model.level
        )
        scatter = math.sqrt(now.tau2 + variance)
        trials.append(
            TrialForecast(
                v_new=variance,
                mean=now.estimate,
                sd=float(sd[i]),
                band=ahead.interval(variance, model.level),
                probabilities=tuple((c, each[c]) for c in order),
                regions=regions,
                change=sum(p for c, p in each.items() if c is not current),
                threshold=line,
                predictive=float(ndtr((now.estimate - line) / float(sd[i]))),
                conditional=float(ndtr((now.estimate - line) / scatter)),
                conditional_null=float(ndtr(-line / scatter)),
            )
        )
    return Forecast(current, margin, *model, tuple(trials))


def smallest_size(
    forecast_at: Callable[[Sequence[float]], Forecast],
    variance: Callable[[float], float],
    *,
    probability: float,
    most: int,
) -> int | None:
    """Participants an arm with which the next trial shows the claim with a probability, or None.

    Sixteen sizes between 5 and `most` are forecast in one batch; the first that suffices is refined
    by bisection.

    Raises
    ------
    InvalidDataError
        If the probability or the largest trial cannot be.
    """
    if not 0 < probability < 1 or most < 5:
        raise InvalidDataError("The probability is between 0 and 1, the largest trial at least 5.")

    def enough(sizes: Sequence[int]) -> list[bool]:
        found = forecast_at([variance(n) for n in sizes])
        return [sum(t.probability(c) for c in SHOWN) >= probability for t in found.trials]

    sizes = sorted({round(float(n)) for n in np.geomspace(5, most, 16)})
    reached = enough(sizes)
    if True not in reached:
        return None
    first = reached.index(True)
    low, high = (sizes[first - 1] if first else 4), sizes[first]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough([middle])[0] else (middle, high)
    return high


class Ahead(ABC):
    """What trials to come would do to one conclusion of a model of more than one comparison."""

    @abstractmethod
    def forecast(self, v_new: Sequence[float], *, margin: float | None) -> Forecast:
        """Predict the conclusion after one more trial, for each of its sampling variances."""

    def size(
        self,
        variance: Callable[[float], float],
        *,
        margin: float | None,
        probability: float = 0.8,
        most: int = 5000,
    ) -> int | None:
        """Participants an arm with which such a trial probably shows the claim; None if none does.

        As `review.synthesis.trial_size`; `variance` is of a trial by its participants an arm.
        """
        return smallest_size(
            lambda variances: self.forecast(variances, margin=margin),
            variance,
            probability=probability,
            most=most,
        )


def meeting(
    estimate: float,
    information: float,
    v_new: float,
    line: float,
    tau2: float,
    level: float,
    side: int = 1,
) -> float:
    """The next effect at which the lower (side 1) or upper (-1) normal limit lies on a line.

    Examples
    --------
    >>> round(meeting(0.0, 1.0, 1.0, 0.0, 0.0, 0.95), 4)
    2.7718
    """
    w = 1 / (v_new + tau2)
    half = float(ndtri((1 + level) / 2)) / math.sqrt(information + w)
    return ((information + w) * (line + side * half) - information * estimate) / w


def _changes(
    classes_at: Callable[[Floats, Floats], Indices],
    effects: Floats,
    classes: Indices,
    new: Floats,
    size: Indices,
    at: Indices,
) -> Floats:
    """Bisect every place where the class changes between neighbours of the grid."""
    low, high = effects[size, at], effects[size, at + 1]
    left = classes[size, at]
    while ((high - low) > 1e-12 * np.maximum(1.0, np.abs(low))).any():
        middle = 0.5 * (low + high)
        same = classes_at(middle, new[size]) == left
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return 0.5 * (low + high)


def _regions(ends: Floats, classes: Indices, at: Indices) -> tuple[Region, ...]:
    """Runs of one class between the places where it changes."""
    order = tuple(Conclusion)
    inner = [float(x) for x in ends]
    kinds = [order[int(c)] for c in classes[np.concatenate([[0], at + 1])]]
    return tuple(
        Region(a, b, c)
        for a, b, c in zip([-math.inf, *inner], [*inner, math.inf], kinds, strict=True)
    )


def _probabilities(
    regions: Sequence[Region], ahead: Predictive, v_new: float
) -> dict[Conclusion, float]:
    found = dict.fromkeys(Conclusion, 0.0)
    for region in regions:
        ends = (region.low, region.high)
        below, above = (p(ends, v_new) for p in (ahead.probability_below, ahead.probability_above))
        # the difference in the smaller tail keeps its digits
        part = below[1] - below[0] if below[0] < above[1] else above[0] - above[1]
        found[region.conclusion] += float(part)
    return found
