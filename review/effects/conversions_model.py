"""The spread of scores from the statistics of a model that is no plain comparison of two groups.

A covariate, a cluster and a second period each change the standard error of a difference of means,
and with it t, F, p and the interval. Taken for those of Student's test they give another standard
deviation than that of the scores, and so another standardized difference.
"""

from __future__ import annotations

import math

from review.effects import checks
from review.effects.conversions_design import design_effect
from review.effects.converted import Converted
from review.errors import InvalidDataError


def total_sd(residual_sd: float, r_squared: float) -> Converted[float]:
    """Standard deviation of scores within groups from the one that is left after adjustment.

    Parameters
    ----------
    residual_sd
        Residual standard deviation of the adjusted model, on the scale of the outcome.
    r_squared
        Share of the variance within groups that the covariates explain, below 1; of one covariate
        its squared correlation with the outcome.

    Returns
    -------
    Converted[float]
        residual_sd / √(1 - r_squared).

    Raises
    ------
    InvalidDataError
        If the standard deviation is negative, or the share below 0 or not below 1.

    Notes
    -----
    Borenstein (2009), in Cooper, Hedges & Valentine, chapter 12, table 12.3.

    Examples
    --------
    >>> round(total_sd(6.087, 0.49).value, 3)
    8.524
    """
    checks.not_negative("residual_sd", residual_sd)
    return Converted(
        residual_sd / math.sqrt(_unexplained(r_squared)),
        "SD of scores = SD after adjustment / √(1 - R²) (Borenstein 2009, table 12.3)",
        {"residual_sd": residual_sd, "r_squared": r_squared},
    )


def naive_se(se: float, mean_cluster_size: float, icc: float) -> Converted[float]:
    """Standard error that an analysis would have had which took no account of clusters.

    Parameters
    ----------
    se
        Standard error of an analysis that took account of them.
    mean_cluster_size, icc
        As for `design_effect`.

    Returns
    -------
    Converted[float]
        se / √(1 + (mean_cluster_size - 1) icc).

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    White & Thomas (2005), who standardize by the total standard deviation.

    Examples
    --------
    >>> round(naive_se(2.0679337513566534, 11, 0.05).value, 6)
    1.688461
    """
    checks.not_negative("se", se)
    effect = design_effect(mean_cluster_size, icc)
    return Converted(
        se / math.sqrt(effect.value),
        "SE without the design effect 1 + (M - 1) ICC (White & Thomas 2005)",
        {"se": se, **effect.reported},
        effect.assumptions,
    )


def sd_from_paired_se(se: float, n: float, r: float) -> Converted[float]:
    """Standard deviation of scores from the standard error of a difference within persons.

    Parameters
    ----------
    se
        Standard error of the mean difference of two periods or occasions.
    n
        Persons, at least 2.
    r
        Correlation of the two, below 1.

    Returns
    -------
    Converted[float]
        se √n / √(2 (1 - r)); both are taken to have one standard deviation.

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    Elbourne et al. (2002); Cochrane Handbook 23.2.7.

    Examples
    --------
    >>> sd_from_paired_se(1.0, 25, 0.5).value
    5.0
    """
    checks.not_negative("se", se)
    checks.size("n", n)
    return Converted(
        se * math.sqrt(n) / math.sqrt(_apart(r)),
        "SD of scores = SE √n / √(2(1 - r)) (Elbourne et al. 2002)",
        {"se": se, "n": n},
        {"correlation": r},
    )


def sd_from_sd_of_change(sd_change: float, r: float) -> Converted[float]:
    """Standard deviation of scores from that of their change.

    Parameters
    ----------
    sd_change
        Standard deviation of change.
    r
        Correlation of the two occasions, below 1.

    Returns
    -------
    Converted[float]
        sd_change / √(2 (1 - r)); both occasions are taken to have one standard deviation.

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    Cochrane Handbook 6.5.2.8, solved for the standard deviation.

    Examples
    --------
    >>> sd_from_sd_of_change(5.0, 0.5).value
    5.0
    """
    checks.not_negative("sd_change", sd_change)
    return Converted(
        sd_change / math.sqrt(_apart(r)),
        "SD of scores = SD of change / √(2(1 - r)) (Cochrane Handbook 6.5.2.8)",
        {"sd_change": sd_change},
        {"correlation": r},
    )


def f_from_eta_squared(eta_squared: float, df: float) -> Converted[float]:
    """F with one numerator degree of freedom from (partial) eta squared.

    Parameters
    ----------
    eta_squared
        From 0 to below 1.
    df
        Degrees of freedom of the error: n1 + n2 - 2 without covariates.

    Returns
    -------
    Converted[float]
        df eta² / (1 - eta²).

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    Cohen (1988), chapter 8; partial and plain eta squared are one where the comparison of the two
    groups is all that the model holds.

    Examples
    --------
    >>> f_from_eta_squared(0.1, 90).value
    10.0
    """
    checks.size("df", df, 1.0)
    if not 0.0 <= eta_squared < 1.0:
        raise InvalidDataError(f"eta squared lies between 0 and 1; {eta_squared:g} does not.")
    return Converted(
        df * eta_squared / (1.0 - eta_squared),
        "F = df η² / (1 - η²) (Cohen 1988)",
        {"eta_squared": eta_squared, "df": df},
    )


def _unexplained(r_squared: float) -> float:
    if not 0.0 <= r_squared < 1.0:
        raise InvalidDataError(f"R² lies between 0 and 1; {r_squared:g} does not.")
    return 1.0 - r_squared


def _apart(r: float) -> float:
    if not -1.0 <= r < 1.0:
        raise InvalidDataError(f"r is {r:g}, which does not lie between -1 and below 1.")
    return 2.0 * (1.0 - r)
