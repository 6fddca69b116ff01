"""Estimates with their sampling variance from an interval, a test statistic or a p value.

For effects that a paper reports ready made (a difference, an odds, risk or hazard ratio) and that
go into `review.effects.escalc` as ``GEN`` or beside effects computed from counts. The interval or
test must be Wald's, estimate ± z × standard error, on the log scale for ratios.
"""

from __future__ import annotations

import math

from scipy.special import ndtri

from review.effects import checks
from review.effects.conversions_effect import EffectSize
from review.effects.converted import Converted, Plain
from review.effects.quantiles import Distribution, Sides, quantile
from review.errors import InvalidDataError


def estimate_from_interval(
    estimate: float, lower: float, upper: float, *, level: float = 0.95, ratio: bool = False
) -> Converted[EffectSize]:
    """Estimate and sampling variance from an estimate and its confidence limits.

    Parameters
    ----------
    estimate, lower, upper
        As reported, rising from lower to upper; for ratios not logged.
    level
        Two-sided confidence level of the limits.
    ratio
        Whether they are ratios: the result is then on the log scale.

    Returns
    -------
    Converted[EffectSize]
        The (log) estimate and ((upper - lower) / (2 z))² on the same scale. The assumptions tell
        where the estimate lies between the limits: 0 in the middle, ±1 at one of them. Far from
        0, the interval was not made in this way.

    Raises
    ------
    InvalidDataError
        If the three do not rise, a ratio is not above zero or the level not between 0 and 1.

    Notes
    -----
    Cochrane Handbook 6.3.1 and 6.3.2; metafor's ``conv.wald``.

    Examples
    --------
    >>> effect = estimate_from_interval(0.64, 0.33, 1.22, ratio=True).value
    >>> round(effect.value, 4), round(effect.variance, 4)
    (-0.4463, 0.1113)
    """
    checks.ascending(lower=lower, estimate=estimate, upper=upper)
    value, low, high = (_scaled(x, ratio=ratio) for x in (estimate, lower, upper))
    if low == high:
        raise InvalidDataError("An interval without width does not tell the variance.")
    z = quantile(level, Distribution.Z)
    return Converted(
        EffectSize(value, ((high - low) / (2.0 * z)) ** 2),
        "variance from the confidence interval (Cochrane Handbook 6.3)",
        {"estimate": estimate, "lower": lower, "upper": upper, "level": level},
        {
            "interval": f"Wald, on the {'log' if ratio else 'reported'} scale",
            "off centre": (2.0 * value - low - high) / (high - low),
        },
    )


def estimate_from_p(
    estimate: float, p: float, *, sides: Sides = Sides.TWO, exact: bool = True, ratio: bool = False
) -> Converted[EffectSize]:
    """Estimate and sampling variance from an estimate and the p value of its Wald test.

    Parameters
    ----------
    estimate
        As reported; for a ratio not logged.
    p
        p value of the test against no effect (0, or a ratio of 1).
    sides
        Whether p is one-sided or two-sided.
    exact
        False where only a threshold is reported (p < 0.05): p is taken as equal to it, which
        makes the variance too large, and the result is marked approximate.
    ratio
        Whether the estimate is a ratio: the result is then on the log scale.

    Returns
    -------
    Converted[EffectSize]
        The (log) estimate and (estimate / z)².

    Raises
    ------
    InvalidDataError
        If p is not between 0 and 1, or p or the estimate tells of no effect at all, from which
        no variance follows.

    Notes
    -----
    Cochrane Handbook 6.3.2; metafor's ``conv.wald``.

    Examples
    --------
    >>> effect = estimate_from_p(0.64, 0.17, ratio=True).value
    >>> round(effect.value, 4), round(effect.variance, 4)
    (-0.4463, 0.1058)
    """
    checks.share("p", p)
    value = _scaled(checks.finite("estimate", estimate), ratio=ratio)
    z = -float(ndtri(p / 2.0 if sides is Sides.TWO else p))
    if value == 0.0 or z == 0.0:
        raise InvalidDataError("An estimate of no effect, or a p of 1/2, tells no variance.")
    assumptions: dict[str, Plain] = {"p": f"{sides.value}, of a Wald test"}
    if not exact:
        assumptions["threshold"] = "p taken as equal to the threshold it was reported to be below"
    return Converted(
        EffectSize(value, (value / z) ** 2),
        "variance from the p value (Cochrane Handbook 6.3.2)",
        {"estimate": estimate, "p": p},
        assumptions,
        approximate=not exact,
    )


def _scaled(value: float, *, ratio: bool) -> float:
    return math.log(checks.positive("a ratio", value)) if ratio else value
