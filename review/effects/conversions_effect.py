"""Standardized differences (Cohen's d) from test statistics, correlations and odds ratios.

The values go into `review.effects.escalc` as ``di``, where they are corrected for bias and get
their sampling variance. A direction is 1 where the result favours group 1's higher mean and -1
where it does not: papers print F and p without it, and it must be read from their text.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from review.effects import checks
from review.effects.converted import Converted, Plain
from review.effects.quantiles import Sides, t_from_p
from review.errors import InvalidDataError


class EffectSize(NamedTuple):
    """An effect and its sampling variance."""

    value: float
    variance: float


def d_from_t(t: float, n1: float, n2: float) -> Converted[float]:
    """Cohen's d from Student's t of two independent groups.

    Parameters
    ----------
    t
        The statistic, with the sign of group 1 minus group 2.
    n1, n2
        Group sizes.

    Returns
    -------
    Converted[float]
        t √(1/n1 + 1/n2). Exact.

    Raises
    ------
    InvalidDataError
        If t is not finite or a group is empty.

    Notes
    -----
    Borenstein et al. (2009), chapter 4; metafor's ``ti``.

    Examples
    --------
    >>> round(d_from_t(2.5, 20, 20).value, 4)
    0.7906
    """
    checks.finite("t", t)
    return Converted(
        t * _root(n1, n2), "d = t √(1/n1 + 1/n2) (Student's t)", {"t": t, "n1": n1, "n2": n2}
    )


def d_from_f(f: float, n1: float, n2: float, *, direction: int) -> Converted[float]:
    """Cohen's d from an F statistic with one numerator degree of freedom.

    Parameters
    ----------
    f
        F of a comparison of just these two groups, without covariates.
    n1, n2
        Group sizes.
    direction
        1 if group 1 has the higher mean, -1 if group 2.

    Returns
    -------
    Converted[float]
        ±√(F (1/n1 + 1/n2)).

    Raises
    ------
    InvalidDataError
        If F is negative, a group empty or the direction neither 1 nor -1.

    Examples
    --------
    >>> round(d_from_f(6.25, 20, 20, direction=-1).value, 4)
    -0.7906
    """
    checks.not_negative("f", f)
    return Converted(
        _signed(direction) * math.sqrt(f) * _root(n1, n2),
        "d = ±√F √(1/n1 + 1/n2)",
        {"f": f, "n1": n1, "n2": n2, "direction": float(direction)},
        {"F": "one numerator degree of freedom, no covariates"},
    )


def d_from_p(
    p: float,
    n1: float,
    n2: float,
    *,
    direction: int,
    sides: Sides = Sides.TWO,
    exact: bool = True,
) -> Converted[float]:
    """Cohen's d from the p value of Student's t test.

    Parameters
    ----------
    p
        p value.
    n1, n2
        Group sizes.
    direction
        1 if group 1 has the higher mean, -1 if group 2; for a one-sided p the direction that was
        tested.
    sides
        Whether p is one-sided or two-sided.
    exact
        False where only a threshold is reported (p < 0.05): p is taken as equal to it, which
        makes d too small, and the result is marked approximate.

    Returns
    -------
    Converted[float]
        t of that p value with n1 + n2 - 2 degrees of freedom, times √(1/n1 + 1/n2).

    Raises
    ------
    InvalidDataError
        If p is not above 0 and at most 1, or the groups have fewer than three participants.

    Examples
    --------
    >>> round(d_from_p(0.018, 20, 20, direction=-1).value, 4)
    -0.7819
    """
    assumptions: dict[str, Plain] = {"p": f"{sides.value}, of Student's t test"}
    if not exact:
        assumptions["threshold"] = "p taken as equal to the threshold it was reported to be below"
    t = t_from_p(p, n1 + n2 - 2.0, sides=sides)
    return Converted(
        _signed(direction) * t * _root(n1, n2),
        "d = ±t √(1/n1 + 1/n2) with t from the p value",
        {"p": p, "n1": n1, "n2": n2, "direction": float(direction)},
        assumptions,
        approximate=not exact,
    )


def d_from_r(r: float, n1: float | None = None, n2: float | None = None) -> Converted[float]:
    """Cohen's d from a correlation with group membership.

    Parameters
    ----------
    r
        Point-biserial correlation of the outcome with membership in group 1.
    n1, n2
        Group sizes. With them the conversion is exact; without, equal and large groups are
        assumed and the result is marked approximate.

    Returns
    -------
    Converted[float]
        With sizes r √(m (1/n1 + 1/n2) / (1 - r²)), m = n1 + n2 - 2; without 2 r / √(1 - r²).

    Raises
    ------
    InvalidDataError
        If r does not lie between -1 and 1 (both excluded), or only one size is given.

    Notes
    -----
    Borenstein et al. (2009), chapter 7, for the approximation; the exact form by way of the t
    statistic of r.

    Examples
    --------
    >>> round(d_from_r(0.5).value, 4), round(d_from_r(0.5, 20, 20).value, 4)
    (1.1547, 1.1255)
    """
    if not -1.0 < r < 1.0:
        raise InvalidDataError(f"r is {r:g}, which does not lie between -1 and 1.")
    if (n1 is None) != (n2 is None):
        raise InvalidDataError("The size of one group is of no use without the other's.")
    rest = math.sqrt(1.0 - r**2)
    if n1 is None or n2 is None:
        return Converted(
            2.0 * r / rest,
            "d = 2r/√(1 - r²) (Borenstein et al. 2009, chapter 7)",
            {"r": r},
            {"groups": "equal and large"},
            approximate=True,
        )
    return Converted(
        r * math.sqrt(n1 + n2 - 2.0) / rest * _root(n1, n2),
        "d by way of the t statistic of r",
        {"r": r, "n1": n1, "n2": n2},
    )


def d_from_odds_ratio(
    odds_ratio: float, variance_of_log: float | None = None
) -> Converted[EffectSize]:
    """Standardized difference from an odds ratio of a dichotomized outcome.

    Parameters
    ----------
    odds_ratio
        The ratio itself, above zero (not its log).
    variance_of_log
        Sampling variance of the log odds ratio, if known; otherwise the result's is NaN.

    Returns
    -------
    Converted[EffectSize]
        log(OR) √3/π, and the variance times 3/π². Approximate: assumes that the outcome is a cut
        through a logistic distribution of equal spread in both groups.

    Raises
    ------
    InvalidDataError
        If the ratio is not above zero or the variance negative.

    Notes
    -----
    Hasselblad & Hedges (1995); Chinn (2000).

    Examples
    --------
    >>> d = d_from_odds_ratio(2.0, 0.09).value
    >>> round(d.value, 4), round(d.variance, 5)
    (0.3822, 0.02736)
    """
    checks.positive("odds_ratio", odds_ratio)
    factor = math.sqrt(3.0) / math.pi
    reported: dict[str, Plain] = {"odds_ratio": odds_ratio}
    variance = math.nan
    if variance_of_log is not None:
        reported["variance_of_log"] = checks.not_negative("variance_of_log", variance_of_log)
        variance = variance_of_log * factor**2
    return Converted(
        EffectSize(math.log(odds_ratio) * factor, variance),
        "d = log(OR) √3/π (Hasselblad & Hedges 1995)",
        reported,
        {"outcome": "dichotomized from a logistic distribution of equal spread in both groups"},
        approximate=True,
    )


def _root(n1: float, n2: float) -> float:
    checks.size("n1", n1, 1.0)
    checks.size("n2", n2, 1.0)
    return math.sqrt(1.0 / n1 + 1.0 / n2)


def _signed(direction: int) -> int:
    if direction not in (-1, 1):
        raise InvalidDataError(f"A direction is 1 or -1, not {direction}.")
    return direction
