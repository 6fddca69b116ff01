"""The horizontal axis: how far it reaches, and where its ticks stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from review.figures.numbers import fixed

# An interval reaching further than this many interquartile ranges beyond the quartiles of all
# limits is cut with an arrow; Tukey's "far out" fence is 3 (Exploratory Data Analysis, 1977, 2D),
# with 1.5 the middle of the plot stays readable when one small trial is very wide.
FENCE = 1.5
# How much further the pooled lines may stretch the axis before they too are cut.
POOLED_FENCE = 3.0
# Plots of points, whose outlying ones are what the reader looks for, leave out only what would
# press all others together.
POINTS_FENCE = 10.0
PADDING = 0.04


def limits(
    intervals: Sequence[tuple[float, float]],
    pooled: Sequence[tuple[float, float]] = (),
    landmarks: Iterable[float] = (0.0,),
) -> tuple[float, float]:
    """How far the axis reaches.

    Parameters
    ----------
    intervals : sequence of (low, high)
        Intervals of the studies; infinite limits are left out of the reckoning.
    pooled : sequence of (low, high)
        Intervals of the pooled estimates, which are shown in full unless they dwarf the studies.
    landmarks : iterable of float
        Values that are always inside: no effect, margins.

    Returns
    -------
    (float, float)
        Strictly increasing. Without any interval, -1 and 1, or as far as the landmarks.

    Examples
    --------
    >>> low, high = limits([(-0.5, 0.5)] * 9 + [(-40.0, 60.0)])
    >>> -2.5 < low and high < 2.5
    True
    """
    drawn = np.array([x for pair in intervals for x in pair if np.isfinite(x)], dtype=float)
    summed = np.array([x for pair in pooled for x in pair if np.isfinite(x)], dtype=float)
    inner = [float(x) for x in landmarks]
    if drawn.size:
        lower, upper = np.quantile(drawn, [0.25, 0.75])
        spread = max(float(upper - lower), 1e-12)
        inside = np.clip(drawn, lower - FENCE * spread, upper + FENCE * spread)
        summed = np.clip(summed, lower - POOLED_FENCE * spread, upper + POOLED_FENCE * spread)
        inner += [float(inside.min()), float(inside.max())]
    inner += summed.tolist()
    if not drawn.size and not summed.size:
        half = max([1.0, *map(abs, inner)])
        inner = [-half, half]
    return widened(inner)


def reach(values: Iterable[float], landmarks: Iterable[float] = (0.0,)) -> tuple[float, float]:
    """How far an axis of points reaches: to all of them but those that dwarf the others.

    Parameters
    ----------
    values : iterable of float
        Where the points stand; infinite ones are left out, and those further than ten
        interquartile ranges beyond the quartiles.
    landmarks : iterable of float
        Values that are always inside.

    Returns
    -------
    (float, float)
        Strictly increasing.

    Examples
    --------
    >>> low, high = reach([0.1, 0.2, 0.3, 0.4, 80.0])
    >>> low < 0.0 and 0.4 < high < 0.5
    True
    """
    points = np.array([x for x in values if np.isfinite(x)], dtype=float)
    if points.size:
        lower, upper = np.quantile(points, [0.25, 0.75])
        spread = float(upper - lower) or float(np.ptp(points))
        near = (points >= lower - POINTS_FENCE * spread) & (points <= upper + POINTS_FENCE * spread)
        points = points[near]
    return widened([*points.tolist(), *landmarks])


def widened(values: Iterable[float], by: float = PADDING) -> tuple[float, float]:
    """Limits with air around all finite values; around a single value, 1 on each side."""
    inside = [x for x in values if np.isfinite(x)] or [0.0]
    low, high = min(inside), max(inside)
    if not high - low > 1e-9 * max(1.0, abs(low), abs(high)):
        return low - 1.0, high + 1.0
    air = by * (high - low)
    return low - air, high + air


def ticks(
    low: float, high: float, at_most: int = 8, *, whole: bool = False
) -> list[tuple[float, str]]:
    """Round values between the limits with their labels, at steps of 1, 2 or 5 times a power of 10.

    Parameters
    ----------
    low, high : float
        Limits of the axis, ``low < high``.
    at_most : int
        Most ticks wanted, 2 or more.
    whole : bool
        Whether only whole numbers mean something: years.

    Returns
    -------
    list of (value, label)
        Increasing; zero is exactly 0.
    """
    magnitude = 10.0 ** np.floor(np.log10(high - low))
    for factor in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0):
        step = factor * magnitude
        first, last = int(np.ceil(low / step)), int(np.floor(high / step))
        if last - first + 1 <= at_most and (step >= 1 or not whole):
            break
    decimals = max(0, -int(np.floor(np.log10(step) + 1e-9)))
    return [(i * step, fixed(i * step, decimals)) for i in range(first, last + 1)]
