"""Relative and standardized effects as risks or rates: what they amount to at a stated baseline."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scipy.special import ndtr, ndtri

from review.errors import InvalidDataError
from review.measures import OF_RATES, Measure, has_risks

Interval = tuple[float, float]

PER: Final = 1000
"""Persons that risks are told for (GRADE's convention)."""


@dataclass(frozen=True, slots=True)
class Risks:
    """What a pooled effect amounts to at a baseline risk, or at a rate of events in person-time.

    Attributes
    ----------
    baseline : risk (or rate) of the second arm, as stated.
    risk, risk_ci : of the first arm.
    difference, difference_ci : first minus second arm.
    nnt : persons (or person-time) treated for one event more (positive) or less (negative); None
        where there is no difference.
    nnt_ci : its limits, the more events the later; where `through_infinity`, the interval of the
        difference holds 0 and that of the number needed runs from the first limit over infinity to
        the second (Altman 1998). A limit at no difference is None.
    """

    baseline: float
    risk: float
    risk_ci: Interval
    difference: float
    difference_ci: Interval
    nnt: float | None
    nnt_ci: tuple[float | None, float | None]
    through_infinity: bool


def risk_by_odds_ratio(risk: float, ratio: float) -> float:
    """Return the intervention's risk from the comparator's and an odds ratio.

    Cochrane Handbook 15.4.4 (12.5.4.3 in version 5.1): OR p / (1 - p + OR p).

    Examples
    --------
    >>> round(1000 * (0.3 - risk_by_odds_ratio(0.3, 0.73)))
    62
    """
    return ratio * risk / (1 - risk + ratio * risk)


def risk_by_risk_ratio(risk: float, ratio: float) -> float:
    """Return the intervention's risk from the comparator's and a risk ratio, 1 at the most."""
    return min(1.0, ratio * risk)


def risk_by_difference(risk: float, difference: float) -> float:
    """Return the intervention's risk from the comparator's and a difference, within 0 to 1."""
    return min(1.0, max(0.0, risk + difference))


def risk_by_hazard_ratio(risk: float, ratio: float) -> float:
    """Return the intervention's risk by a time from the comparator's and a hazard ratio.

    Proportional hazards: 1 - (1 - p)^HR (Cochrane Handbook 15.4.4.4).
    """
    return 1 - math.pow(1 - risk, ratio)


def risk_by_smd(risk: float, smd: float) -> float:
    """Return the share above a threshold from the comparator's and a standardized difference.

    Normal scores of equal SD (Furukawa & Leucht 2011, PLoS ONE 6:e19070).

    Examples
    --------
    >>> round(1 / (risk_by_smd(0.2, 0.5) - 0.2), 1)
    6.0
    """
    return float(ndtr(ndtri(risk) + smd))


def response_share(mean: float, sd: float, cutoff: float) -> float:
    """Return the share of normal scores above a cutoff (Furukawa et al. 2005).

    Source: Int Clin Psychopharmacol 20:49.

    Examples
    --------
    >>> round(response_share(12.0, 5.0, 12.0), 3)
    0.5
    """
    if not sd > 0:
        raise InvalidDataError(f"A share above a cutoff needs an SD above 0, not {sd:g}.")
    return float(ndtr((mean - cutoff) / sd))


def _of_ratio(by: Callable[[float, float], float]) -> Callable[[float, float], float]:
    return lambda risk, log_ratio: by(risk, math.exp(log_ratio))


_WAYS: Final = {
    Measure.OR: _of_ratio(risk_by_odds_ratio),
    Measure.PETO: _of_ratio(risk_by_odds_ratio),
    Measure.RR: _of_ratio(risk_by_risk_ratio),
    Measure.HR: _of_ratio(risk_by_hazard_ratio),
    Measure.RD: risk_by_difference,
}


def risks(measure: Measure | str, estimate: float, ci: Interval, baseline: float) -> Risks:
    """Return what an effect amounts to at a baseline risk.

    Parameters
    ----------
    measure : OR, PETO, RR, HR or RD, or a standardized difference of two arms.
    estimate, ci : the effect of the first arm against the second as pooled, ratios as logarithms.
    baseline : risk of the second arm, above 0 and below 1; of a standardized difference the share
        of its scores above some threshold.

    Returns
    -------
    Risks
        The baseline risk counts as known.

    Raises
    ------
    InvalidDataError
        Another measure, or a risk outside 0 to 1.

    References
    ----------
    Altman 1998, BMJ 317:1309 (intervals of numbers needed to treat); Furukawa & Leucht 2011.

    Examples
    --------
    >>> found = risks("OR", math.log(0.73), (math.log(0.5), math.log(1.1)), 0.3)
    >>> round(found.nnt, 1), found.through_infinity
    (-16.2, True)
    """
    measure = Measure(measure)
    if not has_risks(measure):
        raise InvalidDataError(f"A baseline risk makes no risk of {measure.value}.")
    if not 0 < baseline < 1:
        raise InvalidDataError(f"A baseline risk lies between 0 and 1, not at {baseline:g}.")
    return _at(_WAYS.get(measure, risk_by_smd), estimate, ci, baseline)


def rate_by_rate_ratio(rate: float, ratio: float) -> float:
    """Return the intervention's rate from the comparator's and a rate ratio."""
    return rate * ratio


def rate_by_difference(rate: float, difference: float) -> float:
    """Return the intervention's rate from the comparator's and a difference, 0 at the least."""
    return max(0.0, rate + difference)


def rates(measure: Measure | str, estimate: float, ci: Interval, baseline: float) -> Risks:
    """Return what an effect amounts to at a baseline rate of events in person-time.

    Parameters
    ----------
    measure : IRR or IRD.
    estimate, ci : the effect of the first arm against the second as pooled, IRR as a logarithm,
        IRD in the unit of time of `baseline`.
    baseline : events in a unit of time of the second arm, above 0.

    Returns
    -------
    Risks
        `risk` is the first arm's rate, `nnt` the person-time treated for one event more or less:
        1 / (difference of rates). The baseline rate counts as known.

    Raises
    ------
    InvalidDataError
        Another measure, or a rate that is not above 0.

    References
    ----------
    Altman 1998, BMJ 317:1309 (intervals of numbers needed to treat).

    Examples
    --------
    >>> found = rates("IRR", math.log(0.5), (math.log(0.25), math.log(1.0)), 0.2)
    >>> round(found.risk, 3), round(found.nnt, 6), found.nnt_ci[1]
    (0.1, -10.0, None)
    """
    measure = Measure(measure)
    if measure not in OF_RATES:
        raise InvalidDataError(f"A baseline rate makes no rate of {measure.value}.")
    if not 0 < baseline < math.inf:
        raise InvalidDataError(f"A baseline rate lies above 0, not at {baseline:g}.")
    by = _of_ratio(rate_by_rate_ratio) if measure is Measure.IRR else rate_by_difference
    return _at(by, estimate, ci, baseline)


def _at(
    by: Callable[[float, float], float], estimate: float, ci: Interval, baseline: float
) -> Risks:
    low, high = sorted(by(baseline, limit) for limit in ci)
    risk = by(baseline, estimate)
    difference, limits = risk - baseline, (low - baseline, high - baseline)
    return Risks(
        baseline=baseline,
        risk=risk,
        risk_ci=(low, high),
        difference=difference,
        difference_ci=limits,
        nnt=_needed(difference),
        nnt_ci=(_needed(limits[0]), _needed(limits[1])),
        through_infinity=limits[0] < 0 < limits[1],
    )


def _needed(difference: float) -> float | None:
    return 1 / difference if difference else None
