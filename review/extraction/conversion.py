"""From what a report gives to what an analysis takes: each step with its recipe. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol, TypeVar

from review.effects import (
    Converted,
    Distribution,
    Measure,
    d_from_f,
    d_from_p,
    d_from_t,
    escalc,
    estimate_from_interval,
    estimate_from_p,
    group_from_five_numbers,
    group_from_quartiles,
    group_from_range,
    sd_from_difference_interval,
    sd_from_difference_se,
    sd_from_interval,
    sd_from_p,
    sd_from_se,
    sd_from_t,
    sd_of_change,
)
from review.effects.converted import Plain
from review.errors import InvalidDataError

T = TypeVar("T")

DEFAULT_LEVEL: Final = 0.95
"""Of a reported interval that does not say its level."""

STANDARDIZED: Final = frozenset({"SMD", "G", "HEDGES G", "HEDGES' G"})
COHEN: Final = frozenset({"D", "COHEN D", "COHEN'S D", "COHENS D"})
MEAN_DIFFERENCE: Final = frozenset({"MD", "MEAN DIFFERENCE"})
RATIOS: Final[Mapping[str, Measure]] = {
    "OR": Measure.OR,
    "ODDS RATIO": Measure.OR,
    "RR": Measure.RR,
    "RISK RATIO": Measure.RR,
    "RELATIVE RISK": Measure.RR,
    "HR": Measure.HR,
    "HAZARD RATIO": Measure.HR,
    "ROM": Measure.ROM,
    "RATIO OF MEANS": Measure.ROM,
}
"""Metrics of ratios as they are printed; with ``log`` or ``ln`` before, of their logarithms."""

LOPSIDED: Final = 0.10
"""The part of an interval's width by which its middle may miss the estimate: t intervals and Wald
intervals of logarithms are symmetric, so more is another scale or a slip of the pen."""


class Reported(Protocol):
    """The numbers of one result by name, None where they are not reported."""

    @property
    def n(self) -> int | None: ...  # noqa: D102
    @property
    def versus_n(self) -> int | None: ...  # noqa: D102
    @property
    def mean(self) -> float | None: ...  # noqa: D102
    @property
    def sd(self) -> float | None: ...  # noqa: D102
    @property
    def estimate(self) -> float | None: ...  # noqa: D102
    @property
    def se(self) -> float | None: ...  # noqa: D102
    @property
    def variance(self) -> float | None: ...  # noqa: D102
    @property
    def ci_low(self) -> float | None: ...  # noqa: D102
    @property
    def ci_high(self) -> float | None: ...  # noqa: D102
    @property
    def ci_level(self) -> float | None: ...  # noqa: D102
    @property
    def median(self) -> float | None: ...  # noqa: D102
    @property
    def q1(self) -> float | None: ...  # noqa: D102
    @property
    def q3(self) -> float | None: ...  # noqa: D102
    @property
    def minimum(self) -> float | None: ...  # noqa: D102
    @property
    def maximum(self) -> float | None: ...  # noqa: D102
    @property
    def baseline_mean(self) -> float | None: ...  # noqa: D102
    @property
    def baseline_sd(self) -> float | None: ...  # noqa: D102
    @property
    def mean_change(self) -> float | None: ...  # noqa: D102
    @property
    def sd_change(self) -> float | None: ...  # noqa: D102
    @property
    def correlation(self) -> float | None: ...  # noqa: D102
    @property
    def t(self) -> float | None: ...  # noqa: D102
    @property
    def f(self) -> float | None: ...  # noqa: D102
    @property
    def p(self) -> float | None: ...  # noqa: D102
    @property
    def p_below(self) -> float | None: ...  # noqa: D102
    @property
    def metric(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Step:
    """One conversion: what it gave, by which recipe, from what."""

    gives: Mapping[str, float]
    recipe: str
    reported: Mapping[str, Plain]
    assumptions: Mapping[str, Plain]
    approximate: bool


@dataclass(frozen=True, slots=True)
class MeanAndSD:
    """Mean and SD of an arm, and how they came about; no steps when both were reported."""

    mean: float
    sd: float
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class EstimateAndVariance:
    """An estimate and its sampling variance on the scale of a measure."""

    estimate: float
    variance: float
    steps: tuple[Step, ...] = ()


def _step(converted: Converted[T], **gives: float) -> Step:
    return Step(
        gives=gives,
        recipe=converted.recipe,
        reported=dict(converted.reported),
        assumptions=dict(converted.assumptions),
        approximate=converted.approximate,
    )


def arm_mean_sd(x: Reported, *, change: bool = False) -> MeanAndSD | None:
    """Return mean and SD of an arm, of scores or of change; None where the numbers do not give it.

    Parameters
    ----------
    x
        The numbers of one arm.
    change
        Whether change from baseline is wanted instead of scores.

    Returns
    -------
    MeanAndSD or None
        In order of certainty: as reported; SD from SE; SD from the mean's interval; from median,
        quartiles and range; from median and quartiles; from median and range. Change: as reported;
        else from both occasions and their correlation.
    """
    try:
        return _change(x) if change else _score(x)
    except InvalidDataError:
        return None


def _score(x: Reported) -> MeanAndSD | None:
    if x.mean is not None:
        spread = _spread(x, x.sd)
        return None if spread is None else MeanAndSD(x.mean, spread[0], spread[1])
    if x.n is None or x.median is None:
        return None
    quartiles = x.q1 is not None and x.q3 is not None
    extremes = x.minimum is not None and x.maximum is not None
    if x.q1 is not None and x.q3 is not None and x.minimum is not None and x.maximum is not None:
        found = group_from_five_numbers(x.n, x.minimum, x.q1, x.median, x.q3, x.maximum)
    elif quartiles:
        assert x.q1 is not None
        assert x.q3 is not None
        found = group_from_quartiles(x.n, x.q1, x.median, x.q3)
    elif extremes:
        assert x.minimum is not None
        assert x.maximum is not None
        found = group_from_range(x.n, x.minimum, x.median, x.maximum)
    else:
        return None
    group = found.value
    return MeanAndSD(group.mean, group.sd, (_step(found, mean=group.mean, sd=group.sd),))


def _spread(x: Reported, sd: float | None) -> tuple[float, tuple[Step, ...]] | None:
    """Return the SD beside a mean, and the step that gave it."""
    if sd is not None:
        return sd, ()
    if x.n is None:
        return None
    if x.se is not None:
        converted = sd_from_se(x.se, x.n)
    elif x.ci_low is not None and x.ci_high is not None:
        converted = sd_from_interval(
            x.ci_low, x.ci_high, x.n, level=_level(x), distribution=Distribution.T
        )
    else:
        return None
    return converted.value, (_step(converted, sd=converted.value),)


def _change(x: Reported) -> MeanAndSD | None:
    if x.mean_change is not None and x.sd_change is not None:
        return MeanAndSD(x.mean_change, x.sd_change)
    if x.mean_change is not None and x.mean is None:
        spread = _spread(x, None)
        return None if spread is None else MeanAndSD(x.mean_change, spread[0], spread[1])
    after = _score(x)
    if after is None or x.baseline_mean is None:
        return None
    steps = list(after.steps)
    mean = x.mean_change
    if mean is None:
        mean = after.mean - x.baseline_mean
        occasions = {"mean": after.mean, "baseline_mean": x.baseline_mean}
        steps.append(
            Step({"mean_change": mean}, "difference of both occasions' means", occasions, {}, False)
        )
    if x.sd_change is not None:
        return MeanAndSD(mean, x.sd_change, tuple(steps))
    if x.baseline_sd is None or x.correlation is None:
        return None
    converted = sd_of_change(x.baseline_sd, after.sd, x.correlation)
    steps.append(_step(converted, sd_change=converted.value))
    return MeanAndSD(mean, converted.value, tuple(steps))


def _level(x: Reported) -> float:
    return x.ci_level if x.ci_level is not None else DEFAULT_LEVEL


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
    converted = estimate_from_interval(estimate, x.ci_low, x.ci_high, level=_level(x))
    variance = converted.value.variance
    return variance, _step(converted, variance=variance)


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


def _name(x: Reported) -> str:
    return " ".join((x.metric or "").upper().replace("’", "'").split())


def printed_ratio(x: Reported) -> Measure | None:
    """Return the measure of which an estimate is a ratio as printed, if it is one."""
    return RATIOS.get(_name(x))


def _logged_ratio(x: Reported) -> Measure | None:
    name = _name(x)
    start = next((s for s in ("LOG ", "LOG-", "LN ") if name.startswith(s)), None)
    return RATIOS.get(name.removeprefix(start)) if start else None


def scale_of(x: Reported) -> str | None:
    """Return the scale that an estimate is pooled on: ``log OR``, else its metric as written."""
    ratio = printed_ratio(x) or _logged_ratio(x)
    if ratio is not None:
        return f"log {ratio.value}"
    name = _name(x)
    return "SMD" if name in STANDARDIZED else "MD" if name in MEAN_DIFFERENCE else name or None


def lopsided(x: Reported) -> str | None:
    """Return why an interval cannot be of its estimate: it is not symmetric on the scale it has.

    Limits count as rounded by half of their last digit; an interval beside an SE or a variance is
    not looked at, because it is not used.
    """
    ratio = printed_ratio(x) is not None
    if x.estimate is None or x.ci_low is None or x.ci_high is None:
        return None
    if not ratio and (x.variance is not None or x.se is not None):
        return None
    numbers = (x.estimate, x.ci_low, x.ci_high)
    told = f"the estimate {x.estimate:g} with its interval {x.ci_low:g} to {x.ci_high:g}"
    if ratio and min(numbers) <= 0:
        return f"{told} is no {x.metric}: a ratio is above zero (its logarithm is 'log {x.metric}')"
    y, low, high = (math.log(value) for value in numbers) if ratio else numbers
    slack = [_half_digit(value) / (value if ratio else 1.0) for value in numbers]
    rounding = slack[0] + (slack[1] + slack[2]) / 2
    if abs((low + high) / 2 - y) <= max(LOPSIDED * (high - low), rounding):
        return None
    scale = "on the log scale" if ratio else "around it; is it a ratio, or of another scale?"
    return f"{told} is not symmetric {scale}"


def _as_reported(x: Reported, measure: Measure) -> EstimateAndVariance | None:
    name = _name(x)
    if x.estimate is None:
        return None
    ratio = printed_ratio(x)
    if ratio is not None:
        return _ratio(x) if measure in (ratio, Measure.GEN) else None
    own = (
        measure is Measure.GEN
        or name == measure.value
        or _logged_ratio(x) is measure
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
            x.estimate, wald.value.variance, (_step(wald, variance=wald.value.variance),)
        )
    if measure is Measure.SMD:
        return _from_g(x, x.estimate)
    return None


def _ratio(x: Reported) -> EstimateAndVariance | None:
    assert x.estimate is not None
    if x.ci_low is not None and x.ci_high is not None:
        wald = estimate_from_interval(x.estimate, x.ci_low, x.ci_high, level=_level(x), ratio=True)
    elif x.p is not None:
        wald = estimate_from_p(x.estimate, x.p, ratio=True)
    else:
        return None
    effect = wald.value
    step = _step(wald, estimate=effect.value, variance=effect.variance)
    return EstimateAndVariance(effect.value, effect.variance, (step,))


def _half_digit(value: float) -> float:
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return 0.5 * 10.0 ** min(0, int(exponent))


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
    if x.estimate is not None and _name(x) in COHEN:
        return x.estimate, ()
    if x.estimate is not None and _name(x) in MEAN_DIFFERENCE:
        return _d_of_difference(x, x.estimate, n1, n2)
    if x.t is not None:
        # a t printed without its sign gets it from the words
        t = math.copysign(x.t, towards) if towards is not None and x.t > 0 else x.t
        converted = d_from_t(t, n1, n2)
    elif x.f is not None and towards is not None:
        converted = d_from_f(x.f, n1, n2, direction=towards)
    elif x.p is not None and towards is not None:
        converted = d_from_p(x.p, n1, n2, direction=towards)
    elif x.p_below is not None and towards is not None:
        converted = d_from_p(x.p_below, n1, n2, direction=towards, exact=False)
    else:
        return None
    return converted.value, (_step(converted, d=converted.value),)


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
        converted = sd_from_difference_interval(x.ci_low, x.ci_high, n1, n2, level=_level(x))
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
    return d, (_step(converted, sd=converted.value), standardized)
