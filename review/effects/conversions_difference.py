"""Standard deviations within groups from a reported difference of two means.

The difference's standard error, interval, t, F or p gives the standard deviation within groups,
pooled, to be used for both. Cochrane Handbook 6.5.2.3.
"""

from __future__ import annotations

import math

from review.effects import checks
from review.effects.converted import Converted, Plain
from review.effects.quantiles import Distribution, Sides, quantile, t_from_p
from review.errors import InvalidDataError


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
    se = (upper - lower) / 2.0 / quantile(level, distribution, n1 + n2 - 2.0)
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
