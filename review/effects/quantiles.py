"""Quantiles behind reported intervals and p values."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from scipy.special import ndtri, stdtrit

from review.arrays import Floats
from review.effects import checks
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


def quantile(level: float, distribution: Distribution, df: float = 0.0) -> float:
    """Half the width of an interval in standard errors: the upper quantile that made it.

    Parameters
    ----------
    level
        Two-sided confidence level.
    distribution
        Student's t or the normal.
    df
        Degrees of freedom of t; not used for the normal.

    Returns
    -------
    float
        Above zero.

    Raises
    ------
    InvalidDataError
        If the level is not between 0 and 1 or t has no degrees of freedom.

    Examples
    --------
    >>> round(quantile(0.95, Distribution.T, 24), 3), round(quantile(0.95, Distribution.Z, 24), 3)
    (2.064, 1.96)
    """
    checks.share("level", level)
    if distribution is Distribution.Z:
        return -float(ndtri((1.0 - level) / 2.0))
    checks.positive("degrees of freedom", df)
    return -float(stdtrit(df, (1.0 - level) / 2.0))


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


def t_from_signed_p(p: Floats, df: Floats) -> Floats:
    """The t statistic that a two-sided p value belongs to.

    Parameters
    ----------
    p : (k,)
        Two-sided p value with the sign of the effect (metafor's ``pi``): -0.03 for an effect below
        zero.
    df : (k,)
        Degrees of freedom of the test.

    Returns
    -------
    ndarray, (k,)
        t with the sign of ``p``.

    Examples
    --------
    >>> t_from_signed_p(np.array([-0.05]), np.array([10.0])).round(3).tolist()
    [-2.228]
    """
    # the lower tail, for 1 - p/2 has lost its digits where p is small
    t: Floats = np.sign(p) * -stdtrit(df, np.abs(p) / 2.0)
    return t
