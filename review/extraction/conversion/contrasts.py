"""Effect and sampling variance of a contrast from what a report gives."""

from __future__ import annotations

from review.effects import estimate_from_interval, estimate_from_p
from review.effects.converted import Plain
from review.errors import InvalidDataError
from review.extraction.conversion.hedges_g import from_g
from review.extraction.conversion.metrics import (
    CHANGE_DIFFERENCE,
    MEAN_DIFFERENCE,
    STANDARDIZED,
    logged_ratio,
    metric_name,
    printed_ratio,
)
from review.extraction.conversion.precision import variance_of
from review.extraction.conversion.reported import (
    PLAIN,
    TOO_LARGE,
    Design,
    EstimateAndVariance,
    Lacking,
    Step,
    level_of,
    step_of,
    two_sided,
)
from review.extraction.conversion.standardized import standardized
from review.extraction.numbers import ReportedNumbers
from review.measures import Measure


def contrast_effect(
    x: ReportedNumbers,
    measure: Measure,
    *,
    towards: int | None = None,
    design: Design = PLAIN,
    arms_sd: Step | None = None,
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
    design
        What the analysis did beyond comparing two groups of independent persons.
    arms_sd
        The arms' own SD, pooled (`pooled_sd`), for a statistic that holds another one.
    """
    try:
        return _effect(x, measure, towards, design, arms_sd)
    except (InvalidDataError, ArithmeticError):
        return None


def contrast_lacks(
    x: ReportedNumbers,
    measure: Measure,
    *,
    towards: int | None = None,
    design: Design = PLAIN,
    arms_sd: Step | None = None,
) -> str | None:
    """Return what a contrast lacks to give its effect, in words; None where it gives it."""
    try:
        _effect(x, measure, towards, design, arms_sd)
    except InvalidDataError as error:
        return str(error)
    except ArithmeticError:
        return TOO_LARGE
    return None


def _effect(
    x: ReportedNumbers, measure: Measure, towards: int | None, design: Design, arms_sd: Step | None
) -> EstimateAndVariance:
    found = _as_reported(x, measure, design)
    if found is not None:
        return found
    if measure is Measure.SMD:
        return standardized(x, towards=towards, design=design, arms_sd=arms_sd)
    raise Lacking(_not_of(x, measure))


def _not_of(x: ReportedNumbers, measure: Measure) -> str:
    """Say why an estimate, or none, is not of a measure that takes no conversion."""
    if x.estimate is None:
        return f"it has no {measure.value}, nor the arms' own numbers that give it"
    if printed_ratio(x) is measure:
        return f"an {x.metric} needs its interval or p"
    if _own(x, measure):
        return f"an estimate ({x.metric or 'no metric'}) needs its SE, variance, interval or p"
    return f"an estimate of {x.metric or 'no metric'} gives no {measure.value}"


def _own(x: ReportedNumbers, measure: Measure) -> bool:
    """Whether an estimate is of a measure itself."""
    name = metric_name(x)
    return (
        measure is Measure.GEN
        or name == measure.value
        or logged_ratio(x) is measure
        or (measure is Measure.SMD and name in STANDARDIZED)
        or (measure is Measure.MD and name in MEAN_DIFFERENCE | CHANGE_DIFFERENCE)
    )


def _as_reported(
    x: ReportedNumbers, measure: Measure, design: Design
) -> EstimateAndVariance | None:
    if x.estimate is None:
        return None
    ratio = printed_ratio(x)
    if ratio is not None:
        return _ratio(x) if measure in (ratio, Measure.GEN) else None
    if not _own(x, measure):
        return None
    found = variance_of(x)
    if found is not None:
        variance, step = found
        return EstimateAndVariance(x.estimate, variance, (step,) if step else ())
    if x.p is not None and x.estimate != 0:
        wald = estimate_from_p(x.estimate, two_sided(x, x.p))
        return EstimateAndVariance(
            x.estimate, wald.value.variance, (step_of(wald, variance=wald.value.variance),)
        )
    if measure is Measure.SMD:
        return from_g(x, x.estimate, design)
    return _by_statistic(x, x.estimate) if measure is Measure.MD else None


def _by_statistic(x: ReportedNumbers, difference: float) -> EstimateAndVariance | None:
    """A mean difference with its t or F: the variance is the square of difference over t."""
    f = x.f if x.df1 is None or x.df1 == 1 else None
    squared = x.t**2 if x.t is not None else f
    if not squared or difference == 0:
        return None
    variance = difference**2 / squared
    name = "t" if x.t is not None else "F"
    told: dict[str, Plain] = {"estimate": difference, name: x.t if x.t is not None else squared}
    step = Step({"variance": variance}, f"the square of difference over {name}", told, {}, False)
    return EstimateAndVariance(difference, variance, (step,))


def _ratio(x: ReportedNumbers) -> EstimateAndVariance | None:
    assert x.estimate is not None
    if x.ci_low is not None and x.ci_high is not None:
        wald = estimate_from_interval(
            x.estimate, x.ci_low, x.ci_high, level=level_of(x), ratio=True
        )
    elif x.p is not None:
        wald = estimate_from_p(x.estimate, two_sided(x, x.p), ratio=True)
    else:
        return None
    effect = wald.value
    step = step_of(wald, estimate=effect.value, variance=effect.variance)
    return EstimateAndVariance(effect.value, effect.variance, (step,))
