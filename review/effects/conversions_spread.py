"""Standard deviations of one group from what papers report in their place.

A standard error is of a mean, a standard deviation of participants: to take one for the other is
the commonest error of extraction. Cochrane Handbook 6.5.2.
"""

from __future__ import annotations

import math

from review.effects import checks
from review.effects.converted import Converted
from review.effects.quantiles import Distribution, quantile
from review.errors import InvalidDataError


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
        math.sqrt(n) * half / quantile(level, distribution, n - 1.0),
        "SD = √n × half the confidence interval / its quantile (Cochrane Handbook 6.5.2.2)",
        {"lower": lower, "upper": upper, "n": n, "level": level},
        {"distribution": distribution.value},
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
