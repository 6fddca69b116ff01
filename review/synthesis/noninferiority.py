"""Reading an interval against a noninferiority margin: classes, p, the margin curve.

Effects are oriented so that a positive value favours the intervention; a margin ``m > 0`` says that
an effect above ``-m`` is not relevantly worse. Section numbers are those of the project's note on
living updating; the asymmetry of the classes follows Piaggio et al. 2012, JAMA 308:2594.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from review.arrays import Indices
from review.errors import InvalidDataError

__all__ = [
    "SHOWN",
    "Conclusion",
    "MarginCurve",
    "PublishedReading",
    "classify",
    "classify_many",
    "margin_curve",
    "noninferiority_p",
    "reading_of_published",
]


class Conclusion(StrEnum):
    """What an interval says about the intervention, printed in full wherever it appears."""

    SUPERIOR = "superior"
    NONINFERIOR = "noninferior"
    NONINFERIOR_WORSE = "noninferior but statistically worse"
    INCONCLUSIVE = "inconclusive"
    INCONCLUSIVE_WORSE = "inconclusive, statistically worse"
    INFERIOR = "inferior"


_ORDER = tuple(Conclusion)

SHOWN = (Conclusion.SUPERIOR, Conclusion.NONINFERIOR, Conclusion.NONINFERIOR_WORSE)
"""Classes in which noninferiority is shown."""


@dataclass(frozen=True, slots=True)
class MarginCurve:
    """One estimate read against every margin of a grid.

    Attributes
    ----------
    margins, p : tuple of float
        The margins as given and the one-sided p of ``mu <= -m`` at each.
    conclusions : tuple of Conclusion
        The class at each margin, from the two-sided interval `ci`.
    equivalent : tuple of bool
        Whether `ci` lies strictly inside ``(-m, m)``.
    ci : tuple of float
        The two-sided interval at `level`.
    smallest : float
        The infimum of the margins for which noninferiority holds; noninferiority is shown for
        every margin strictly above it. Zero when the lower limit is above zero.
    """

    margins: tuple[float, ...]
    p: tuple[float, ...]
    conclusions: tuple[Conclusion, ...]
    equivalent: tuple[bool, ...]
    ci: tuple[float, float]
    level: float
    smallest: float


@dataclass(frozen=True, slots=True)
class PublishedReading:
    """What a published estimate with its interval says, by the normal distribution.

    `p` is two-sided against no difference; `p_noninferior`, `conclusions` and `equivalent` run
    along `margins`; `ci90` is the 90 % interval that goes with one-sided tests at 0.05.
    """

    estimate: float
    ci: tuple[float, float]
    level: float
    se: float
    z: float
    p: float
    ci90: tuple[float, float]
    margins: tuple[float, ...]
    p_noninferior: tuple[float, ...]
    conclusions: tuple[Conclusion, ...]
    equivalent: tuple[bool, ...]
    smallest: float


def classify(ci: tuple[float, float], margin: float | None) -> Conclusion:
    """Name the conclusion that an interval supports.

    Parameters
    ----------
    ci : tuple of float
        Lower and upper limit; positive favours the intervention. Infinite limits are allowed.
    margin : float or None
        The noninferiority margin, a positive distance on the scale of the effect. ``None`` where
        no margin was planned: the answer is then superior, inferior (below zero) or inconclusive.

    Returns
    -------
    Conclusion
        Inequalities are strict; a limit exactly on a line goes to the weaker class.

    Raises
    ------
    InvalidDataError
        If a limit is missing, the limits are reversed, or the margin is not positive.

    References
    ----------
    Living updating, section 2.2; Piaggio et al. 2012, JAMA 308:2594, figure 1.

    Examples
    --------
    >>> str(classify((-0.67, 0.07), 0.5))
    'inconclusive'
    >>> str(classify((-0.241, -0.065), 0.25))
    'noninferior but statistically worse'
    """
    if not ci[0] <= ci[1]:
        raise InvalidDataError(f"An interval from {ci[0]} to {ci[1]} cannot be read.")
    return _ORDER[int(classify_many(np.array([ci[0]]), np.array([ci[1]]), margin)[0])]


def classify_many(lower: ArrayLike, upper: ArrayLike, margin: float | None) -> Indices:
    """Classify many intervals at once.

    Parameters
    ----------
    lower, upper : array_like, any common shape
        Limits; positive favours the intervention.
    margin : float or None
        As in `classify`.

    Returns
    -------
    ndarray of int, same shape
        Positions in ``tuple(Conclusion)``.

    Raises
    ------
    InvalidDataError
        If the margin is not positive.

    Examples
    --------
    >>> [str(tuple(Conclusion)[i]) for i in classify_many([0.1, -0.6], [0.2, -0.55], 0.5)]
    ['superior', 'inferior']
    """
    low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    if margin is None:
        return np.where(low > 0, 0, np.where(high < 0, 5, 3))
    _check_margins((margin,))
    shown = np.where(high < 0, 2, 1)
    not_shown = np.where(high < -margin, 5, np.where(high < 0, 4, 3))
    return np.where(low > 0, 0, np.where(low > -margin, shown, not_shown))


def noninferiority_p(estimate: float, se: float, margin: float, ddf: float | None) -> float:
    """One-sided p of the null hypothesis that the effect is ``-margin`` or worse.

    Parameters
    ----------
    estimate, se : float
        Pooled effect, positive favouring the intervention, and its standard error (> 0).
    margin : float
        Positive; zero gives the one-sided test of superiority.
    ddf : float or None
        Degrees of freedom of the t distribution; ``None`` for the normal.

    Returns
    -------
    float
        ``P(T > (estimate + margin) / se)``.

    Raises
    ------
    InvalidDataError
        If `se` or `ddf` is not positive, or a number is missing.

    References
    ----------
    Living updating, section 2.1.

    Examples
    --------
    >>> round(noninferiority_p(-0.3, 0.18877898, 0.5, None), 7)
    0.1446997
    """
    _check_estimate(estimate, se, ddf)
    if not (np.isfinite(margin) and margin >= 0):
        raise InvalidDataError(f"A margin of {margin} is not a distance.")
    stat = (estimate + margin) / se
    return float(ndtr(-stat) if ddf is None else stdtr(ddf, -stat))


def margin_curve(
    estimate: float,
    se: float,
    ddf: float | None,
    margins: Sequence[float],
    *,
    level: float = 0.95,
) -> MarginCurve:
    """Read one estimate against every margin of a grid.

    Parameters
    ----------
    estimate, se : float
        Pooled effect, positive favouring the intervention, and its standard error.
    ddf : float or None
        Degrees of freedom of t; ``None`` for the normal distribution.
    margins : sequence of float, all positive
        Kept in the order given.
    level : float
        Of the two-sided interval; 0.95 goes with a one-sided 0.025.

    Returns
    -------
    MarginCurve

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    References
    ----------
    Living updating, sections 2.1 and 2.2.

    Examples
    --------
    >>> curve = margin_curve(-0.1145352389, 0.0753608928, None, [0.25, 0.5])
    >>> [str(c) for c in curve.conclusions], round(curve.smallest, 5)
    (['inconclusive', 'noninferior'], 0.26224)
    """
    _check_estimate(estimate, se, ddf)
    _check_margins(margins)
    ci = _limits(estimate, se, ddf, level)
    return MarginCurve(
        margins=tuple(float(m) for m in margins),
        p=tuple(noninferiority_p(estimate, se, m, ddf) for m in margins),
        conclusions=tuple(classify(ci, m) for m in margins),
        equivalent=tuple(bool(-m < ci[0] and ci[1] < m) for m in margins),
        ci=ci,
        level=level,
        smallest=max(0.0, -ci[0]),
    )


def reading_of_published(
    estimate: float,
    ci_low: float,
    ci_high: float,
    level: float,
    margins: Sequence[float],
) -> PublishedReading:
    """Read a published estimate and its interval against margins, nothing else being known.

    The standard error is the width of the interval over twice the normal quantile, so that a
    z interval is assumed; the limits themselves, as printed, decide the class.

    Parameters
    ----------
    estimate, ci_low, ci_high : float
        As printed, oriented so that positive favours the intervention.
    level : float
        Of the printed interval, in (0, 1).
    margins : sequence of float, all positive

    Returns
    -------
    PublishedReading

    Raises
    ------
    InvalidDataError
        If the estimate lies outside its interval, or the interval has no width.

    References
    ----------
    Living updating, section 2.3; Cochrane Handbook 6.3.1 (standard error from an interval).

    Examples
    --------
    >>> reading = reading_of_published(-0.30, -0.67, 0.07, 0.95, [0.5])
    >>> round(reading.p_noninferior[0], 7), str(reading.conclusions[0]), reading.smallest
    (0.1446997, 'inconclusive', 0.67)
    """
    if not (ci_low <= estimate <= ci_high and ci_low < ci_high):
        raise InvalidDataError(
            f"The estimate {estimate} does not lie in its interval {ci_low} to {ci_high}."
        )
    _check_level(level)
    _check_margins(margins)
    se = float((ci_high - ci_low) / (2 * ndtri((1 + level) / 2)))
    _check_estimate(estimate, se, None)
    z = estimate / se
    ci = (float(ci_low), float(ci_high))
    return PublishedReading(
        estimate=float(estimate),
        ci=ci,
        level=level,
        se=se,
        z=z,
        p=float(2 * ndtr(-abs(z))),
        ci90=_limits(estimate, se, None, 0.90),
        margins=tuple(float(m) for m in margins),
        p_noninferior=tuple(noninferiority_p(estimate, se, m, None) for m in margins),
        conclusions=tuple(classify(ci, m) for m in margins),
        equivalent=tuple(bool(-m < ci[0] and ci[1] < m) for m in margins),
        smallest=max(0.0, -ci[0]),
    )


def _limits(estimate: float, se: float, ddf: float | None, level: float) -> tuple[float, float]:
    _check_level(level)
    upper = (1 + level) / 2
    half = se * float(ndtri(upper) if ddf is None else stdtrit(ddf, upper))
    return (float(estimate - half), float(estimate + half))


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise InvalidDataError(f"A confidence level of {level} is not between 0 and 1.")


def _check_margins(margins: Sequence[float]) -> None:
    for margin in margins:
        if not (np.isfinite(margin) and margin > 0):
            raise InvalidDataError(
                f"A margin of {margin} is not a positive distance; give it without its sign."
            )


def _check_estimate(estimate: float, se: float, ddf: float | None) -> None:
    if not (np.isfinite(estimate) and np.isfinite(se) and se > 0):
        raise InvalidDataError(f"An estimate {estimate} with standard error {se} cannot be read.")
    if ddf is not None and not ddf > 0:
        raise InvalidDataError(f"{ddf} degrees of freedom cannot be read.")
