"""Whether the next trial will change the conclusion: the pipeline rerun on what it may find."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from review.arrays import Floats, Indices
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.methods import Method, Model, Test
from review.synthesis.noninferiority import SHOWN, Conclusion, classify, classify_many
from review.synthesis.pooling import pool, pool_many
from review.synthesis.prediction import Predictive, predictive

__all__ = [
    "Forecast",
    "Region",
    "Thresholds",
    "TrialForecast",
    "forecast",
    "smd_variance",
    "thresholds",
    "trial_size",
]


GRID, REACH = 8001, 500.0
"""Points on the next effect, closest in the middle, and how many predictive standard deviations
they span each side: few trials make long tails."""

MOST_BISECTIONS = 52
"""Each halves the place where the class changes: a float's digits."""


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


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Effects of the next trial at which a limit meets a line, tau² held fixed.

    Above `noninferior` the lower limit exceeds -margin, above `superior` it exceeds zero; below
    `worse` the upper limit falls under zero.
    """

    v_new: float
    noninferior: float
    superior: float
    worse: float


def smd_variance(n_per_arm: float, effect: float = 0.0) -> float:
    """Sampling variance of a standardised mean difference with `n_per_arm` in each arm.

    References
    ----------
    Hedges & Olkin 1985, eq. 5.14 (large sample).

    Examples
    --------
    >>> smd_variance(50)
    0.04
    """
    if not n_per_arm > 0:
        raise InvalidDataError(f"A trial with {n_per_arm} participants an arm has no variance.")
    return 2 / n_per_arm + effect * effect / (4 * n_per_arm)


def thresholds(
    estimate: float,
    information: float,
    v_new: float,
    *,
    margin: float,
    tau2: float,
    level: float = 0.95,
) -> Thresholds:
    """Where the next effect would move a normal limit onto a line (extended funnel contours).

    Parameters
    ----------
    estimate, information : float
        The pooled effect now and sum 1/(v + tau²).
    v_new : float
        Variance of the next trial.
    margin : float
    tau2 : float
        Zero for the common-effect contour.
    level : float

    Returns
    -------
    Thresholds

    References
    ----------
    Langan et al. 2012, J Clin Epidemiol 65:511.

    Examples
    --------
    >>> t = thresholds(-0.3004927661, 28.0761897705, 0.04, margin=0.5, tau2=0.0617026966)
    >>> round(t.noninferior, 6)
    0.157621
    """
    if not (information > 0 and v_new > 0 and tau2 >= 0 and margin > 0 and 0 < level < 1):
        raise InvalidDataError("Information, variance, margin and level must be above zero.")
    places = [
        _meeting(estimate, information, v_new, line, tau2, level, side)
        for line, side in ((-margin, 1), (0.0, 1), (0.0, -1))
    ]
    return Thresholds(v_new, *places)


def _meeting(
    estimate: float,
    information: float,
    v_new: float,
    line: float,
    tau2: float,
    level: float,
    side: int = 1,
) -> float:
    """The next effect at which the lower (side 1) or upper (-1) normal limit lies on a line."""
    w = 1 / (v_new + tau2)
    half = float(ndtri((1 + level) / 2)) / math.sqrt(information + w)
    return ((information + w) * (line + side * half) - information * estimate) / w


def forecast(
    yi: ArrayLike,
    vi: ArrayLike,
    v_new: Sequence[float],
    *,
    margin: float | None,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    level: float = 0.95,
    fixed_tau2: bool = False,
) -> Forecast:
    """Predict the conclusion after one more trial by re-running the analysis on what it may find.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects (positive favours the intervention) and variances of the trials so far.
    v_new : sequence of float
        Variance of the next trial, one forecast each (see `smd_variance`).
    margin : float or None
        None reads the interval against zero alone.
    method, test, level : as for `pool`.
    fixed_tau2 : bool
        Predict as if tau² were its estimate: too sure with few trials that differ.

    Returns
    -------
    Forecast

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    The next effect is y_new ~ N(mu, 1/I + tau² + v_new), I = sum 1/(v + tau²), mixed over what tau²
    may be (`review.synthesis.prediction`). 8,001 values are pooled in one batch; where the class
    changes between two of them the place is bisected, all places at once.

    References
    ----------
    Living updating, section 3.3; Ferreira et al. 2012, BMJ 345:e5913 (simulated updates).

    Examples
    --------
    >>> y, v = [-0.45, -0.20, -0.85, 0.0], [0.1244, 0.0935, 0.1180, 0.0318]
    >>> f = forecast(y, v, [0.04], margin=0.5, method=Method.DL, test=Test.Z)
    >>> round(f.trials[0].probability(Conclusion.NONINFERIOR), 4)
    0.2507
    """
    y, v = checked_studies(yi, vi)
    new = np.asarray(v_new, dtype=np.float64)
    if new.ndim != 1 or new.size == 0 or not (np.isfinite(new).all() and (new > 0).all()):
        raise InvalidDataError("The next trial needs a sampling variance above zero.")
    model = Model.of(method, test, level)
    fit = pool(y, v, **model.settings)
    now = classify(fit.ci, margin)
    information = float((1 / (v + fit.tau2)).sum())
    sd = np.sqrt(1 / information + fit.tau2 + new)
    ahead = predictive(y, v, method=Method.EE if fixed_tau2 else model.method, tau2=fit.tau2)
    step = np.sinh(np.linspace(-math.asinh(REACH), math.asinh(REACH), GRID))
    effects = fit.estimate + sd[:, None] * step  # (sizes, GRID)

    def classes_at(values: Floats, variances: Floats) -> Indices:
        return _reclassified(y, v, values, variances, margin, model)

    classes = classes_at(effects.ravel(), np.repeat(new, GRID)).reshape(effects.shape)
    size, at = np.nonzero(np.diff(classes))
    ends = _changes(classes_at, effects, classes, new, size, at)
    order = tuple(Conclusion)
    trials = []
    for i, variance in enumerate(new):
        regions = _regions(ends[size == i], classes[i], at[size == i])
        each = _probabilities(regions, ahead, float(variance))
        line = _meeting(
            fit.estimate, information, float(variance), -(margin or 0.0), fit.tau2, level
        )
        scatter = math.sqrt(fit.tau2 + float(variance))
        trials.append(
            TrialForecast(
                v_new=float(variance),
                mean=fit.estimate,
                sd=float(sd[i]),
                band=ahead.interval(float(variance), level),
                probabilities=tuple((c, each[c]) for c in order),
                regions=regions,
                change=sum(p for c, p in each.items() if c is not now),
                threshold=line,
                predictive=float(ndtr((fit.estimate - line) / float(sd[i]))),
                conditional=float(ndtr((fit.estimate - line) / scatter)),
                conditional_null=float(ndtr(-line / scatter)),
            )
        )
    return Forecast(now, margin, *model, tuple(trials))


def trial_size(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    margin: float | None,
    probability: float = 0.8,
    most: int = 5000,
    variance: Callable[[float], float] = smd_variance,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    level: float = 0.95,
) -> int | None:
    """Participants an arm with which the next trial probably shows noninferiority.

    Without a margin: superiority.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects and variances of the trials so far.
    margin : float or None
    probability : float
        Wanted of a class in which noninferiority is shown, as `forecast` predicts it.
    most : int
        Largest trial considered.
    variance : callable
        Sampling variance of a trial by its participants an arm; by default of a standardised mean
        difference.
    method, test, level : as for `pool`.

    Returns
    -------
    int or None
        None if no trial up to `most` suffices: with heterogeneity a single trial often cannot.

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    Sixteen sizes between 5 and `most` are forecast in one batch; the first that suffices is refined
    by bisection. The probability need not rise throughout: a size in between may suffice as well.

    Examples
    --------
    >>> trial_size([0.0, 0.1, -0.1], [0.3] * 3, margin=0.5, test=Test.Z)
    103
    """
    if not 0 < probability < 1 or most < 5:
        raise InvalidDataError("The probability is between 0 and 1, the largest trial at least 5.")

    def enough(sizes: Sequence[int]) -> list[bool]:
        variances = [variance(n) for n in sizes]
        found = forecast(yi, vi, variances, margin=margin, method=method, test=test, level=level)
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


def _reclassified(
    y: Floats,
    v: Floats,
    effects: Floats,
    variances: Floats,
    margin: float | None,
    model: Model,
) -> Indices:
    """Class after each possible effect (n,) of a trial with its variance, refits in one batch."""
    count, k = effects.size, y.size + 1
    table = np.empty((2, count, k))
    table[0, :, :-1], table[1, :, :-1] = y, v
    table[0, :, -1], table[1, :, -1] = effects, variances
    offsets = np.arange(count + 1) * k
    many = pool_many(table[0].ravel(), table[1].ravel(), offsets, **model.settings)
    return classify_many(many.ci[:, 0], many.ci[:, 1], margin)


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
