"""Effect and sampling variance of a contrast from what a report gives."""

from __future__ import annotations

import math

from review.effects import (
    Measure,
    d_from_f,
    d_from_p,
    d_from_t,
    escalc,
    estimate_from_interval,
    estimate_from_p,
    sd_from_difference_interval,
    sd_from_difference_se,
    sd_from_p,
    sd_from_t,
)
from review.effects.converted import Plain
from review.errors import InvalidDataError
from review.extraction.conversion.metrics import (
    COHEN,
    MEAN_DIFFERENCE,
    STANDARDIZED,
    logged_ratio,
    metric_name,
    printed_ratio,
)
from review.extraction.conversion.reported import (
    EstimateAndVariance,
    Reported,
    Step,
    level_of,
    step_of,
)


def has_precision(x: Reported) -> bool:
    """Whether an estimate comes with a variance, a standard error or an interval."""
    return (
        x.variance is not None
        or x.se is not None
        or (x.ci_low is not None and x.ci_high is not None)
    )


def variance_of(x: Reported) -> tuple[float, Step | None] | None:
    """Return the sampling variance of a reported estimate, and the step that gave it."""
    if x.variance is not None:
        return x.variance, None
    if x.se is not None:
        return x.se**2, Step({"variance": x.se**2}, "the square of its SE", {"se": x.se}, {}, False)
    if x.ci_low is None or x.ci_high is None:
        return None
    middle = (x.ci_low + x.ci_high) / 2
    estimate = x.estimate if x.estimate is not None else middle
    if not x.ci_low <= estimate <= x.ci_high:
        estimate = middle
    converted = estimate_from_interval(estimate, x.ci_low, x.ci_high, level=level_of(x))
    variance = converted.value.variance
    return variance, step_of(converted, variance=variance)


def contrast_effect(
    x: Reported, measure: Measure, *, towards: int | None = None
) -> EstimateAndVariance | None:
    """Return the effect of a reported contrast of two arms; None where the numbers do not give it.

    Parameters
    ----------
    x
        The numbers of the contrast; `n` and `versus_n` are the arms' sizes.
    measure
        What is wanted. An estimate whose metric is the measure's own name is taken as it is. A
        ratio (``OR``, ``RR``, ``HR``, ``ROM`` or in words) is taken as printed: estimate and
        limits are logged, and its variance is from the limits or p, since an SE beside a ratio may
        be of either scale; ``log OR`` and the like are logarithms already. Cohen's d, t, F, p and
        mean differences give a standardized difference by way of the sizes.
    towards
        1 if the report says that `n`'s arm scored higher, -1 for the other, None where it does not
        say; for statistics without a sign.
    """
    try:
        return _as_reported(x, measure) or _converted_effect(x, measure, towards)
    except InvalidDataError:
        return None


def _as_reported(x: Reported, measure: Measure) -> EstimateAndVariance | None:
    name = metric_name(x)
    if x.estimate is None:
        return None
    ratio = printed_ratio(x)
    if ratio is not None:
        return _ratio(x) if measure in (ratio, Measure.GEN) else None
    own = (
        measure is Measure.GEN
        or name == measure.value
        or logged_ratio(x) is measure
        or (measure is Measure.SMD and name in STANDARDIZED)
        or (measure is Measure.MD and name in MEAN_DIFFERENCE)
    )
    if not own:
        return None
    found = variance_of(x)
    if found is not None:
        variance, step = found
        return EstimateAndVariance(x.estimate, variance, (step,) if step else ())
    if x.p is not None and x.estimate != 0:
        wald = estimate_from_p(x.estimate, x.p)
        return EstimateAndVariance(
            x.estimate, wald.value.variance, (step_of(wald, variance=wald.value.variance),)
        )
    if measure is Measure.SMD:
        return _from_g(x, x.estimate)
    return None


def _ratio(x: Reported) -> EstimateAndVariance | None:
    assert x.estimate is not None
    if x.ci_low is not None and x.ci_high is not None:
        wald = estimate_from_interval(
            x.estimate, x.ci_low, x.ci_high, level=level_of(x), ratio=True
        )
    elif x.p is not None:
        wald = estimate_from_p(x.estimate, x.p, ratio=True)
    else:
        return None
    effect = wald.value
    step = step_of(wald, estimate=effect.value, variance=effect.variance)
    return EstimateAndVariance(effect.value, effect.variance, (step,))


def _sizes(x: Reported) -> tuple[int, int] | None:
    return (x.n, x.versus_n) if x.n is not None and x.versus_n is not None else None


def _from_g(x: Reported, g: float) -> EstimateAndVariance | None:
    """A g without precision: its variance follows from the sizes, as escalc's does."""
    sizes = _sizes(x)
    if sizes is None:
        return None
    n1, n2 = sizes
    variance = 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))
    recipe = "variance of g from the sizes, 1/n1 + 1/n2 + g²/(2(n1 + n2)) (Hedges 1982, eq. 8)"
    told: dict[str, Plain] = {"estimate": g, "n": float(n1), "versus_n": float(n2)}
    return EstimateAndVariance(
        g, variance, (Step({"variance": variance}, recipe, told, {}, False),)
    )


def _converted_effect(
    x: Reported, measure: Measure, towards: int | None
) -> EstimateAndVariance | None:
    sizes = _sizes(x)
    if measure is not Measure.SMD or sizes is None:
        return None
    n1, n2 = sizes
    found = _cohen_d(x, n1, n2, towards)
    if found is None:
        return None
    d, steps = found
    effects = escalc(Measure.SMD, {"di": [d], "n1i": [n1], "n2i": [n2]})
    g, variance = float(effects.yi[0]), float(effects.vi[0])
    recipe = "Hedges g = J(n1 + n2 - 2) d, and its variance from the sizes (Hedges 1981)"
    told: dict[str, Plain] = {"d": d, "n": float(n1), "versus_n": float(n2)}
    corrected = Step({"estimate": g, "variance": variance}, recipe, told, {}, False)
    return EstimateAndVariance(g, variance, (*steps, corrected))


def _cohen_d(
    x: Reported, n1: int, n2: int, towards: int | None
) -> tuple[float, tuple[Step, ...]] | None:
    if x.estimate is not None and metric_name(x) in COHEN:
        return x.estimate, ()
    if x.estimate is not None and metric_name(x) in MEAN_DIFFERENCE:
        return _d_of_difference(x, x.estimate, n1, n2)
    if x.t is not None:
        # a t printed without its sign gets it from the words
        t = math.copysign(x.t, towards) if towards is not None and x.t > 0 else x.t
        converted = d_from_t(t, n1, n2)
    elif x.f is not None and towards is not None:
        converted = d_from_f(x.f, n1, n2, direction=towards)
    elif x.p is not None and (towards is not None or x.p == 1):
        # a p of 1 is no difference, whichever way
        converted = d_from_p(x.p, n1, n2, direction=towards or 1)
    elif x.p_below is not None and towards is not None:
        converted = d_from_p(x.p_below, n1, n2, direction=towards, exact=False)
    else:
        return None
    return converted.value, (step_of(converted, d=converted.value),)


def _d_of_difference(
    x: Reported, difference: float, n1: int, n2: int
) -> tuple[float, tuple[Step, ...]] | None:
    if x.sd is not None:
        sd, steps = x.sd, ()
        return difference / sd, steps
    if x.se is not None:
        converted = sd_from_difference_se(x.se, n1, n2)
    elif x.variance is not None:
        converted = sd_from_difference_se(math.sqrt(x.variance), n1, n2)
    elif x.ci_low is not None and x.ci_high is not None:
        converted = sd_from_difference_interval(x.ci_low, x.ci_high, n1, n2, level=level_of(x))
    elif x.t is not None:
        converted = sd_from_t(difference, x.t, n1, n2)
    elif x.p is not None:
        converted = sd_from_p(difference, x.p, n1, n2)
    else:
        return None
    d = difference / converted.value
    standardized = Step(
        {"d": d},
        "difference over the SD within groups",
        {"difference": difference, "sd": converted.value},
        {},
        False,
    )
    return d, (step_of(converted, sd=converted.value), standardized)
