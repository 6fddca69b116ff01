"""Mean and standard deviation from a median with quartiles or range: always approximate.

The rules hold for samples from a normal distribution. A paper that reports medians often does so
because its outcome is skewed; each result therefore carries how skewed the numbers look.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from scipy.special import ndtri

from review.arrays import Floats
from review.effects import checks
from review.effects.arms import Group
from review.effects.converted import Converted, Plain

# The methods were derived, and are offered by metafor, for five participants and more.
FEWEST = 5.0


def group_from_quartiles(n: float, q1: float, median: float, q3: float) -> Converted[Group]:
    """Mean and standard deviation from the median and both quartiles.

    Parameters
    ----------
    n
        Participants, at least 5.
    q1, median, q3
        Quartiles and median, rising.

    Returns
    -------
    Converted[Group]
        Marked approximate; mean w (q1 + q3)/2 + (1 - w) median with w = 0.7 + 0.39/n, standard
        deviation (q3 - q1) / (2 Φ⁻¹((0.75 n - 0.125)/(n + 0.25))).

    Raises
    ------
    InvalidDataError
        If the three do not rise or n is below 5.

    Notes
    -----
    Luo et al. (2018), equation 11; Wan et al. (2014), equation 16.

    Examples
    --------
    >>> group = group_from_quartiles(60, 10.0, 14.0, 19.0).value
    >>> round(group.mean, 4), round(group.sd, 4)
    (14.3533, 6.8362)
    """
    checks.size("n", n, FEWEST)
    checks.ascending(q1=q1, median=median, q3=q3)
    weight = 0.7 + 0.39 / n
    return Converted(
        Group(
            n,
            weight * (q1 + q3) / 2.0 + (1.0 - weight) * median,
            (q3 - q1) / _width_of_quartiles(n),
        ),
        "mean by Luo et al. (2018), equation 11; SD by Wan et al. (2014), equation 16",
        {"n": n, "q1": q1, "median": median, "q3": q3},
        _normal(n, q1=q1, median=median, q3=q3),
        approximate=True,
    )


def group_from_range(n: float, minimum: float, median: float, maximum: float) -> Converted[Group]:
    """Mean and standard deviation from the median and the range; the least certain of the three.

    Parameters
    ----------
    n
        Participants, at least 5.
    minimum, median, maximum
        Extremes and median, rising.

    Returns
    -------
    Converted[Group]
        Marked approximate; mean w (min + max)/2 + (1 - w) median with w = 4/(4 + n^0.75),
        standard deviation (max - min) / (2 Φ⁻¹((n - 0.375)/(n + 0.25))).

    Raises
    ------
    InvalidDataError
        If the three do not rise or n is below 5.

    Notes
    -----
    Luo et al. (2018), equation 7; Wan et al. (2014), equation 9.

    Examples
    --------
    >>> group = group_from_range(60, 2.0, 14.0, 31.0).value
    >>> round(group.mean, 4), round(group.sd, 4)
    (14.3913, 6.2701)
    """
    checks.size("n", n, FEWEST)
    checks.ascending(minimum=minimum, median=median, maximum=maximum)
    weight = 4.0 / (4.0 + n**0.75)
    return Converted(
        Group(
            n,
            weight * (minimum + maximum) / 2.0 + (1.0 - weight) * median,
            (maximum - minimum) / _width_of_range(n),
        ),
        "mean by Luo et al. (2018), equation 7; SD by Wan et al. (2014), equation 9",
        {"n": n, "minimum": minimum, "median": median, "maximum": maximum},
        _normal(n, minimum=minimum, median=median, maximum=maximum),
        approximate=True,
    )


def group_from_five_numbers(
    n: float, minimum: float, q1: float, median: float, q3: float, maximum: float
) -> Converted[Group]:
    """Mean and standard deviation from median, quartiles and range together.

    Parameters
    ----------
    n
        Participants, at least 5.
    minimum, q1, median, q3, maximum
        The five numbers, rising.

    Returns
    -------
    Converted[Group]
        Marked approximate. The standard deviation weighs those from the range and from the
        quartiles by 1 and 0.07 n^0.6 (Wan's plain average of the two is worse for large n).

    Raises
    ------
    InvalidDataError
        If the five do not rise or n is below 5.

    Notes
    -----
    Luo et al. (2018), equation 15; Shi et al. (2020), equation 10, as metafor's ``conv.fivenum``.

    Examples
    --------
    >>> group = group_from_five_numbers(60, 2.0, 10.0, 14.0, 19.0, 31.0).value
    >>> round(group.mean, 4), round(group.sd, 4)
    (14.5436, 6.5246)
    """
    checks.size("n", n, FEWEST)
    checks.ascending(minimum=minimum, q1=q1, median=median, q3=q3, maximum=maximum)
    of_range = 2.2 / (2.2 + n**0.75)
    of_quartiles = 0.7 - 0.72 / n**0.55
    mean = (
        of_range * (minimum + maximum) / 2.0
        + of_quartiles * (q1 + q3) / 2.0
        + (1.0 - of_range - of_quartiles) * median
    )
    weight = 1.0 / (1.0 + 0.07 * n**0.6)
    sd = weight * (maximum - minimum) / _width_of_range(n) + (1.0 - weight) * (
        q3 - q1
    ) / _width_of_quartiles(n)
    return Converted(
        Group(n, mean, sd),
        "mean by Luo et al. (2018), equation 15; SD by Shi et al. (2020), equation 10",
        {"n": n, "minimum": minimum, "q1": q1, "median": median, "q3": q3, "maximum": maximum},
        _normal(n, minimum=minimum, q1=q1, median=median, q3=q3, maximum=maximum),
        approximate=True,
    )


def five_number_weights(n: float, *, range_: bool, quartiles: bool) -> Floats:
    """Weights of the rising numbers in the mean of a normal sample (Luo et al. 2018)."""
    if range_ and quartiles:
        ends, inner = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
        return np.array([ends / 2, inner / 2, 1 - ends - inner, inner / 2, ends / 2])
    outer = 4.0 / (4.0 + n**0.75) if range_ else 0.7 + 0.39 / n
    return np.array([outer / 2, 1 - outer, outer / 2])


def widths(n: float) -> tuple[float, float]:
    """Expected range and interquartile range of n standard normal values (Wan et al. 2014)."""
    return _width_of_range(n), _width_of_quartiles(n)


def _width_of_range(n: float) -> float:
    """Expected range of n standard normal values, approximately (Wan et al. 2014, equation 8)."""
    return 2.0 * float(ndtri((n - 0.375) / (n + 0.25)))


def _width_of_quartiles(n: float) -> float:
    """Expected interquartile range of n standard normal values, approximately."""
    return 2.0 * float(ndtri((0.75 * n - 0.125) / (n + 0.25)))


@dataclass(frozen=True, slots=True)
class Skewness:
    """How skewed some quantiles are, and from where on a normal sample hardly ever is so (5 %)."""

    statistic: float
    critical: float

    @property
    def skewed(self) -> bool:
        """Whether normality is rejected."""
        return self.statistic >= self.critical


def skewness_test(n: float, **numbers: float) -> Skewness:
    """Test whether a median with quartiles, range or both can be of a normal sample.

    Parameters
    ----------
    n
        Participants.
    numbers
        ``median`` with ``q1`` and ``q3``, ``minimum`` and ``maximum``, or all five.

    Notes
    -----
    Shi et al. (2023), Stat Med 42:1338, the rounded critical values, as metafor's ``conv.fivenum``.

    Examples
    --------
    >>> skewness_test(60, q1=10.0, median=14.0, q3=19.0).skewed
    False
    """

    def seen(low: str, high: str) -> float:
        return abs(_skew(numbers[low], numbers["median"], numbers[high]))

    if len(numbers) == 5:
        of_range = 2.65 * log(0.6 * n) / sqrt(n) * seen("minimum", "maximum")
        return Skewness(max(of_range, seen("q1", "q3")), 3 / sqrt(n) - 40 / n**3)
    if "q1" in numbers:
        return Skewness(seen("q1", "q3"), 2.65 / sqrt(n) - 6 / n**2)
    return Skewness(seen("minimum", "maximum"), 1 / log(n + 9) + 2.5 / (n + 1))


def _skew(low: float, median: float, high: float) -> float:
    """Where the median lies between the two: 0 in the middle, ±1 at an end (Bowley's skewness)."""
    return (low + high - 2.0 * median) / (high - low) if high > low else 0.0


def _normal(n: float, **numbers: float) -> dict[str, Plain]:
    ends = ("q1", "q3") if "q1" in numbers else ("minimum", "maximum")
    found = skewness_test(n, **numbers)
    told = f"{found.statistic:.2f}, of a normal sample below {found.critical:.2f}"
    return {
        "distribution": "normal",
        "skewness seen": _skew(numbers[ends[0]], numbers["median"], numbers[ends[1]]),
        "test of skewness": f"{'skewed' if found.skewed else 'not rejected'}: {told}",
    }
