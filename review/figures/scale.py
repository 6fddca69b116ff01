"""The horizontal axis: how far it reaches, and where its ticks stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np

from review.canonical import LARGEST_PLAIN, RAISED, decimals_for, own_decimals, power_of_ten
from review.figures.numbers import INFINITY, bracketed, fixed
from review.natural import ARCSINE, PROPORTION, RATE, SQUARED_RATE, Natural, R

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

# The ticks of ratios, from the closest to the widest apart; each set is its own mirror at 1.
MANTISSAS = ((1.0, 2.0, 5.0), (1.0,))
# e to this power is the last that a double holds.
LARGEST_LOGARITHM = 709.0


class Written:
    """How numbers of an analysis are written, and the ticks of their axis."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """In what programs are answered it is a word: how numbers are written."""
        if issubclass(cls, StrEnum):
            return handler(source)
        from pydantic_core import core_schema  # pages alone need it

        return core_schema.is_instance_schema(cls, serialization=core_schema.to_string_ser_schema())

    @property
    def natural(self) -> Natural | None:
        """The scale that numbers are transformed back to; None as they are, and of ratios."""
        return None

    @property
    def is_ratio(self) -> bool:
        """Whether ratios are written."""
        return False

    @property
    def turned(self) -> bool:
        """Whether the axis runs from large numbers to small ones."""
        return False

    def _told(self, value: float) -> float:
        return value if self.natural is None else self.natural.back(value)

    def _logarithm(self, value: float) -> float:
        return -value if self.turned else value

    def written(self, value: float, decimals: int) -> str:
        """Return a number for print; a ratio that would round to zero as ``<0.01``."""
        if not self.is_ratio:
            return fixed(self._told(value), decimals)
        logarithm = self._logarithm(value)
        if logarithm > LARGEST_LOGARITHM:
            return INFINITY
        ratio = math.exp(logarithm)
        if ratio >= LARGEST_PLAIN:
            return power_of_ten(logarithm)
        least = 10.0**-decimals
        return f"<{fixed(least, decimals)}" if ratio < least / 2 else fixed(ratio, decimals)

    def decimals(self, low: float, high: float, margin: float | None = None, least: int = 2) -> int:
        """Return the decimals of two limits and their estimate, as `decimals_for` has them."""
        marks = (0.0,) if margin is None else (0.0, -margin)
        if not self.is_ratio:
            marks = marks if self.natural is None else (0.0,)
            return max(least, decimals_for((self._told(low), self._told(high)), marks))
        ratios = [math.exp(min(self._logarithm(x), LARGEST_LOGARITHM)) for x in (low, high, *marks)]
        return max(least, decimals_for((min(ratios[:2]), max(ratios[:2])), ratios[2:]))

    def interval(self, low: float, high: float, margin: float | None = None, least: int = 2) -> str:
        """Return two limits for print: ``[−0.67, 0.07]``, with the decimals that they need."""
        decimals = self.decimals(low, high, margin, least)
        if not self.is_ratio:
            return bracketed(self._told(low), self._told(high), decimals)
        if self.turned:
            low, high = high, low
        return f"[{self.written(low, decimals)}, {self.written(high, decimals)}]"

    def text(
        self,
        estimate: float | None,
        low: float | None,
        high: float | None,
        margin: float | None = None,
        least: int = 2,
    ) -> str:
        """Return an estimate with its interval, as figures write them; both as one."""
        if estimate is None or low is None or high is None:
            return "not estimable"
        decimals = self.decimals(low, high, margin, least)
        return f"{self.written(estimate, decimals)} {self.interval(low, high, margin, least)}"

    def limit(self, margin: float) -> str:
        """Return where the axis has a margin, with all digits chosen: ``−0.50``, a ratio."""
        at = -margin
        if self.is_ratio:
            at = math.exp(min(self._logarithm(at), LARGEST_LOGARITHM))
        return self.written(-margin, own_decimals(at))

    def margin(self, margin: float) -> str:
        """Return a margin as people say it: ``0.50``, of ratios the ratio."""
        return self.limit(margin if self.is_ratio else -margin)

    def ticks(
        self, low: float, high: float, at_most: int = 8, *, whole: bool = False
    ) -> list[tuple[float, str]]:
        """Return round values between limits of the analysis scale, with their labels."""
        if self.turned:
            found = ratio_ticks(-high, -low, at_most)
            return [(-value, label) for value, label in reversed(found)]
        if self in (Notation.RATIO, Notation.RATE):
            return ratio_ticks(low, high, at_most)
        if self.natural is not None:
            return natural_ticks(self.natural, low, high, at_most)
        return ticks(low, high, at_most, whole=whole)


class Notation(Written, StrEnum):
    """How numbers of the analysis scale are written."""

    PLAIN = "plain"
    """As they are."""
    RATIO = "ratio"
    """They are natural logarithms, written as the ratios they stand for."""
    INVERSE = "inverse"
    """The same with the sign turned, as where lower is better: written as the ratios measured, on
    an axis that runs the other way, so that ratios rise to the right."""
    CORRELATION = "correlation"
    """They are Fisher's z, written as correlations; the axis stays that of z, as its intervals."""
    PROPORTION = "proportion"
    """They are logits, written as the proportions they stand for."""
    RATE = "rate"
    """They are logarithms of rates, written as the rates."""
    ARCSINE = "arcsine"
    """They are arcsines of the roots of proportions, written as the proportions."""
    SQUARED_RATE = "squared_rate"
    """They are square roots of rates, written as the rates."""

    @property
    def natural(self) -> Natural | None:
        """The scale that numbers are transformed back to; None as they are, and of ratios."""
        return _NATURAL.get(self)

    @property
    def is_ratio(self) -> bool:
        """Whether ratios are written."""
        return self in (Notation.RATIO, Notation.INVERSE)

    @property
    def turned(self) -> bool:
        """Whether the axis runs from large numbers to small ones."""
        return self is Notation.INVERSE


@dataclass(frozen=True, slots=True)
class ReadAs(Written):
    """Numbers of a transformed scale that has no name of its own, as that of double arcsines is."""

    scale: Natural

    @property
    def natural(self) -> Natural:
        """The scale that numbers are transformed back to."""
        return self.scale

    def __str__(self) -> str:
        """Return what the natural numbers are called."""
        return self.scale.name


def notation_of(scale: Natural) -> Written:
    """Return how numbers of a transformed scale are written."""
    return next((one for one in Notation if one.natural is scale), ReadAs(scale))


_NATURAL: Final = {
    Notation.CORRELATION: R,
    Notation.PROPORTION: PROPORTION,
    Notation.RATE: RATE,
    Notation.ARCSINE: ARCSINE,
    Notation.SQUARED_RATE: SQUARED_RATE,
}


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
        Increasing; zero is exactly 0. One alone says nothing of the scale: two that are further
        apart take its place.

    Examples
    --------
    >>> [label for _, label in ticks(-0.9, 0.7, 2)]
    ['−0.5', '0.5']
    """
    magnitude = 10.0 ** np.floor(np.log10(high - low))
    finer: list[tuple[float, str]] = []
    for factor in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0):
        step = factor * magnitude
        if whole and step < 1:
            continue
        decimals = max(0, -int(np.floor(np.log10(step) + 1e-9)))
        first, last = int(np.ceil(low / step)), int(np.floor(high / step))
        found = [(i * step, fixed(i * step, decimals)) for i in range(first, last + 1)]
        if len(found) <= at_most:
            break
        finer = found
    return _two_at_least(found, finer, at_most)


def natural_ticks(
    scale: Natural, low: float, high: float, at_most: int = 8
) -> list[tuple[float, str]]:
    """Round values of a natural scale between two transformed ones, as (transformed, label).

    Of a transformed axis whose ends lie close together on the natural scale, as logits of
    proportions near 0 or 1, values are some that lie ever closer to the ends.

    Examples
    --------
    >>> [label for _, label in natural_ticks(PROPORTION, -2.3, 2.3)]
    ['0.2', '0.4', '0.6', '0.8']
    """
    first, last = scale.back(low), scale.back(high)
    if scale.name == "proportion" and (first < NEAR_AN_END or last > 1 - NEAR_AN_END):
        marks = [x for x in SHARES if first <= x <= last]
        if len(marks) > 1:
            return [(scale.forth(x), f"{x:g}") for x in marks[:: 1 + (len(marks) - 1) // at_most]]
    if not first < last:
        return []
    even = ticks(first, last, at_most)
    return [(at, label) for x, label in even if math.isfinite(at := scale.forth(x))]


NEAR_AN_END: Final = 0.05
"""A proportion below which (and above one less which) even steps crowd on an axis of logits."""

SHARES: Final = (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999)


def _two_at_least(
    found: list[tuple[float, str]], finer: list[tuple[float, str]], at_most: int
) -> list[tuple[float, str]]:
    """Return ticks or, where there is but one, those at finer steps: all that fit, or the ends."""
    if len(found) > 1 or len(finer) < 2:
        return found
    return finer if len(finer) <= at_most else [finer[0], finer[-1]]


def ratio_ticks(low: float, high: float, at_most: int = 8) -> list[tuple[float, str]]:
    """Round ratios between two logarithms, as (logarithm, label of the ratio).

    Parameters
    ----------
    low, high : float
        Limits of the axis, natural logarithms, ``low < high``.
    at_most : int
        Most ticks wanted, 2 or more.

    Returns
    -------
    list of (value, label)
        Increasing. Powers of ten and their doubles and halves where they fit, else powers of ten
        alone, every second, third...; an axis too short for two of them has evenly spaced ratios.

    Examples
    --------
    >>> [label for _, label in ratio_ticks(math.log(0.15), math.log(7))]
    ['0.2', '0.5', '1', '2', '5']
    """
    first, last = math.floor(low / math.log(10)), math.ceil(high / math.log(10))
    finer: list[tuple[float, str]] = []
    for stride in range(1, last - first + 2):
        for mantissas in MANTISSAS if stride == 1 else MANTISSAS[1:]:
            found = [
                (math.log(m) + power * math.log(10), power_words(m, power))
                for power in range(first, last + 1)
                for m in mantissas
                if power % stride == 0
            ]
            inside = [(value, label) for value, label in found if low <= value <= high]
            if len(inside) < 3 and high - low < math.log(10):
                even = ticks(math.exp(low), math.exp(high), at_most)
                return [(math.log(value), label) for value, label in even if value > 0]
            if len(inside) <= at_most:
                return _two_at_least(inside, _around_one(finer, at_most), at_most)
            finer = inside
    return []


def _around_one(found: list[tuple[float, str]], at_most: int) -> list[tuple[float, str]]:
    """Return no effect with its nearest neighbours of a scale of ratios, where three have room."""
    one = next((i for i, (_, label) in enumerate(found) if label == "1"), 0)
    near = found[max(0, one - 1) : one + 2]
    return [near[0], near[1], near[-1]] if one and 3 <= len(near) <= at_most else found


def power_words(mantissa: float, power: int) -> str:
    """Return ``0.01`` or ``200``, and ``10⁻⁶`` beyond a thousand or a thousandth."""
    if -3 <= power <= 3:
        return f"{mantissa * 10.0**power:g}"
    raised = f"10{str(power).translate(RAISED)}"
    return raised if mantissa == 1 else f"{mantissa:g}×{raised}"
