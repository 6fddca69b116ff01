"""Standard deviations from what papers report in their place.

A standard error is of a mean or of a difference; a standard deviation is of participants. A paper's
t, F or p of a difference between two groups gives the standard deviation *within* groups, pooled.
Cochrane Handbook 6.5.2.
"""

from __future__ import annotations

import math
from enum import StrEnum

from scipy.special import ndtri, stdtrit

from review.effects import checks
from review.effects.converted import Converted, Plain
from review.errors import InvalidDataError


class Distribution(StrEnum):
    """The distribution whose quantile made the limits of an interval."""

    T = "t"
    """Student's, as statistics programs do."""
    Z = "z"
    """Normal, as papers with large samples do (3.92 between the limits)."""


class Sides(StrEnum):
    """Whether a p value counts deviations in one direction or in both."""

    ONE = "one-sided"
    TWO = "two-sided"


def sd_from_se(se: float, n: float) -> Converted[float]:
    """Standard deviation of a group from the standard error of its mean.

    Parameters
    ----------
    se
        Standard error of the group's mean, on the scale of the outcome.
    n
        Participants in the group, at least 2.

    Returns
    -------
    Converted[float]
        se √n. Exact; some programs use √(n - 1), which is wrong.

    Raises
    ------
    InvalidDataError
        If se is negative or n below 2.

    Notes
    -----
    Cochrane Handbook 6.5.2.2.

    Examples
    --------
    >>> sd_from_se(0.5, 100).value
    5.0
    """
    checks.not_negative("se", se)
    checks.size("n", n)
    return Converted(
        se * math.sqrt(n), "SD = SE √n (Cochrane Handbook 6.5.2.2)", {"se": se, "n": n}
    )


def sd_from_interval(
    lower: float,
    upper: float,
    n: float,
    *,
    level: float = 0.95,
    distribution: Distribution = Distribution.T,
) -> Converted[float]:
    """Standard deviation of a group from the confidence interval of its mean.

    Parameters
    ----------
    lower, upper
        Limits, on the scale of the outcome.
    n
        Participants in the group, at least 2.
    level
        Two-sided confidence level of the limits.
    distribution
        What made the limits; recorded as an assumption, for papers seldom say.

    Returns
    -------
    Converted[float]
        √n (upper - lower) / (2 q), q the quantile of t with n - 1 degrees of freedom, or of z.

    Raises
    ------
    InvalidDataError
        If the limits do not rise, n is below 2 or the level not between 0 and 1.

    Notes
    -----
    Cochrane Handbook 6.5.2.2.

    Examples
    --------
    >>> round(sd_from_interval(30.0, 34.2, 25).value, 2)
    5.09
    """
    checks.ascending(lower=lower, upper=upper)
    checks.size("n", n)
    half = (upper - lower) / 2.0
    return Converted(
        math.sqrt(n) * half / _quantile(level, distribution, n - 1.0),
        "SD = √n × half the confidence interval / its quantile (Cochrane Handbook 6.5.2.2)",
        {"lower": lower, "upper": upper, "n": n, "level": level},
        {"distribution": distribution.value},
    )


def sd_from_difference_se(se: float, n1: float, n2: float) -> Converted[float]:
    """Standard deviation within groups from the standard error of a difference of two means.

    Parameters
    ----------
    se
        Standard error of the difference, on the scale of the outcome.
    n1, n2
        Group sizes.

    Returns
    -------
    Converted[float]
        se / √(1/n1 + 1/n2), the pooled standard deviation, to be used for both groups.

    Raises
    ------
    InvalidDataError
        If se is negative or a group is empty.

    Notes
    -----
    Cochrane Handbook 6.5.2.3.

    Examples
    --------
    >>> round(sd_from_difference_se(1.37, 25, 22).value, 2)
    4.69
    """
    checks.not_negative("se", se)
    return _pooled(se, n1, n2, "its standard error", {"se": se}, {})


def sd_from_difference_interval(
    lower: float,
    upper: float,
    n1: float,
    n2: float,
    *,
    level: float = 0.95,
    distribution: Distribution = Distribution.T,
) -> Converted[float]:
    """Standard deviation within groups from the confidence interval of a difference of two means.

    Parameters
    ----------
    lower, upper
        Limits of the difference, on the scale of the outcome.
    n1, n2
        Group sizes.
    level
        Two-sided confidence level of the limits.
    distribution
        What made the limits: t with n1 + n2 - 2 degrees of freedom, or z.

    Returns
    -------
    Converted[float]
        The pooled standard deviation.

    Raises
    ------
    InvalidDataError
        If the limits do not rise, a group is empty or the level not between 0 and 1.

    Notes
    -----
    Cochrane Handbook 6.5.2.3.

    Examples
    --------
    >>> round(sd_from_difference_interval(-1.0, 3.0, 30, 30).value, 3)
    3.87
    """
    checks.ascending(lower=lower, upper=upper)
    se = (upper - lower) / 2.0 / _quantile(level, distribution, n1 + n2 - 2.0)
    return _pooled(
        se,
        n1,
        n2,
        "its confidence interval",
        {"lower": lower, "upper": upper, "level": level},
        {"distribution": distribution.value},
    )


def sd_from_t(difference: float, t: float, n1: float, n2: float) -> Converted[float]:
    """Standard deviation within groups from a difference of two means and its t statistic.

    Parameters
    ----------
    difference
        Difference of the two means, on the scale of the outcome.
    t
        Student's t of the difference; its sign is not used.
    n1, n2
        Group sizes.

    Returns
    -------
    Converted[float]
        The pooled standard deviation; the standard error of the difference is difference / t.

    Raises
    ------
    InvalidDataError
        If t or the difference is zero (the two then tell nothing of the spread).

    Notes
    -----
    Cochrane Handbook 6.5.2.3. Exact for Student's t, not for Welch's.

    Examples
    --------
    >>> round(sd_from_t(3.8, 2.78, 25, 22).value, 2)
    4.68
    """
    return _from_statistic(difference, t, n1, n2, "its t", {"t": t}, {})


def sd_from_f(difference: float, f: float, n1: float, n2: float) -> Converted[float]:
    """Standard deviation within groups from a difference of two means and its F statistic.

    Parameters
    ----------
    difference
        Difference of the two means, on the scale of the outcome.
    f
        F with one numerator degree of freedom of a comparison of just these two groups, without
        covariates.
    n1, n2
        Group sizes.

    Returns
    -------
    Converted[float]
        The pooled standard deviation, by t = √F.

    Raises
    ------
    InvalidDataError
        If F is negative, or F or the difference zero.

    Examples
    --------
    >>> sd_from_f(3.8, 2.78**2, 25, 22).value == sd_from_t(3.8, 2.78, 25, 22).value
    True
    """
    checks.not_negative("f", f)
    return _from_statistic(
        difference,
        math.sqrt(f),
        n1,
        n2,
        "its F",
        {"f": f},
        {"F": "one numerator degree of freedom, no covariates"},
    )


def sd_from_p(
    difference: float,
    p: float,
    n1: float,
    n2: float,
    *,
    sides: Sides = Sides.TWO,
    exact: bool = True,
) -> Converted[float]:
    """Standard deviation within groups from a difference of two means and its p value.

    Parameters
    ----------
    difference
        Difference of the two means, on the scale of the outcome.
    p
        p value of Student's t test of the difference.
    n1, n2
        Group sizes.
    sides
        Whether p is one-sided or two-sided. A one-sided p is taken as counting the direction of
        the difference if below 1/2, and the other if above.
    exact
        False where the paper gives only a threshold (p < 0.05): p is then taken as equal to it,
        which makes the standard deviation too large, and the result is marked approximate.

    Returns
    -------
    Converted[float]
        The pooled standard deviation.

    Raises
    ------
    InvalidDataError
        If p is not between 0 and 1, or so large that t is zero.

    Notes
    -----
    Cochrane Handbook 6.5.2.3.

    Examples
    --------
    >>> round(sd_from_p(3.8, 0.008, 25, 22).value, 2)
    4.68
    """
    assumptions: dict[str, Plain] = {"p": f"{sides.value}, of Student's t test"}
    if not exact:
        assumptions["threshold"] = "p taken as equal to the threshold it was reported to be below"
    converted = _from_statistic(
        difference,
        t_from_p(p, n1 + n2 - 2.0, sides=sides),
        n1,
        n2,
        "its p value",
        {"p": p},
        assumptions,
    )
    return Converted(
        converted.value,
        converted.recipe,
        converted.reported,
        converted.assumptions,
        approximate=not exact,
    )


def sd_of_change(sd_before: float, sd_after: float, r: float) -> Converted[float]:
    """Standard deviation of change scores from both occasions' and an assumed correlation.

    Parameters
    ----------
    sd_before, sd_after
        Standard deviations at the two occasions.
    r
        Correlation between the occasions. Papers seldom report it: it is recorded as assumed, and
        an analysis should vary it.

    Returns
    -------
    Converted[float]
        √(sd_before² + sd_after² - 2 r sd_before sd_after).

    Raises
    ------
    InvalidDataError
        If a standard deviation is negative or r not between -1 and 1.

    Notes
    -----
    Cochrane Handbook 6.5.2.8.

    Examples
    --------
    >>> round(sd_of_change(2.38, 2.21, 0.68).value, 4)
    1.8426
    """
    checks.not_negative("sd_before", sd_before)
    checks.not_negative("sd_after", sd_after)
    checks.correlation("r", r)
    return Converted(
        math.sqrt(sd_before**2 + sd_after**2 - 2.0 * r * sd_before * sd_after),
        "SD of change from both SDs and their correlation (Cochrane Handbook 6.5.2.8)",
        {"sd_before": sd_before, "sd_after": sd_after},
        {"r": r},
    )


def correlation_from_change(
    sd_before: float, sd_after: float, sd_change: float
) -> Converted[float]:
    """Correlation between two occasions from the standard deviations of scores and of change.

    Parameters
    ----------
    sd_before, sd_after, sd_change
        Standard deviations, of one study that reports all three.

    Returns
    -------
    Converted[float]
        The correlation, to be assumed for studies that do not tell it.

    Raises
    ------
    InvalidDataError
        If no correlation gives these three (one of them is then no such standard deviation).

    Notes
    -----
    Cochrane Handbook 6.5.2.8.

    Examples
    --------
    >>> round(correlation_from_change(4.0, 4.4, 3.8).value, 3)
    0.594
    """
    checks.positive("sd_before", sd_before)
    checks.positive("sd_after", sd_after)
    checks.not_negative("sd_change", sd_change)
    r = (sd_before**2 + sd_after**2 - sd_change**2) / (2.0 * sd_before * sd_after)
    if abs(r) > 1.0:
        raise InvalidDataError(
            f"Standard deviations {sd_before:g} and {sd_after:g} of scores and {sd_change:g} of "
            f"change would need a correlation of {r:.3g}."
        )
    return Converted(
        r,
        "correlation from the SDs of scores and of change (Cochrane Handbook 6.5.2.8)",
        {"sd_before": sd_before, "sd_after": sd_after, "sd_change": sd_change},
    )


def t_from_p(p: float, df: float, *, sides: Sides = Sides.TWO) -> float:
    """The t statistic of a p value; positive for a two-sided one and for one-sided below 1/2.

    Examples
    --------
    >>> round(t_from_p(0.008, 45), 2), round(t_from_p(0.004, 45, sides=Sides.ONE), 2)
    (2.78, 2.78)
    """
    if not 0.0 < p <= 1.0:
        raise InvalidDataError(f"p is {p:g}, which does not lie between 0 and 1.")
    checks.positive("degrees of freedom", df)
    tail = p / 2.0 if sides is Sides.TWO else p
    # the lower tail, for 1 - p has lost its digits where p is small
    return -float(stdtrit(df, tail))


def _quantile(level: float, distribution: Distribution, df: float) -> float:
    checks.share("level", level)
    if distribution is Distribution.Z:
        return -float(ndtri((1.0 - level) / 2.0))
    checks.positive("degrees of freedom", df)
    return -float(stdtrit(df, (1.0 - level) / 2.0))


def _from_statistic(
    difference: float,
    t: float,
    n1: float,
    n2: float,
    source: str,
    reported: dict[str, Plain],
    assumptions: dict[str, Plain],
) -> Converted[float]:
    checks.finite("difference", difference)
    checks.finite("t", t)
    if difference == 0.0 or t == 0.0:
        raise InvalidDataError(
            "A difference or a test statistic of zero does not tell the standard deviation."
        )
    return _pooled(
        abs(difference / t), n1, n2, source, {"difference": difference, **reported}, assumptions
    )


def _pooled(
    se: float,
    n1: float,
    n2: float,
    source: str,
    reported: dict[str, Plain],
    assumptions: dict[str, Plain],
) -> Converted[float]:
    checks.size("n1", n1, 1.0)
    checks.size("n2", n2, 1.0)
    return Converted(
        se / math.sqrt(1.0 / n1 + 1.0 / n2),
        f"pooled SD from the difference of two means and {source} (Cochrane Handbook 6.5.2.3)",
        {**reported, "n1": n1, "n2": n2},
        {"variances": "equal in both groups", **assumptions},
    )
