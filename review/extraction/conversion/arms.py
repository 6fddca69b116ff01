"""Mean and SD of an arm from what a report gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from review.conventions import Medians
from review.effects import (
    Converted,
    Distribution,
    Group,
    Quantiles,
    group_from_five_numbers,
    group_from_quartiles,
    group_from_range,
    group_from_skewed,
    naive_se,
    sd_from_interval,
    sd_from_se,
    sd_of_change,
    total_sd,
)
from review.errors import InvalidDataError
from review.extraction.conversion.analysis_model import r_squared_of
from review.extraction.conversion.reported import (
    PLAIN,
    TOO_LARGE,
    Design,
    Lacking,
    MeanAndSD,
    Step,
    level_of,
    step_of,
)
from review.extraction.numbers import ReportedNumbers

ASSUMED: Final = "correlation of both occasions {r:g}, which the plan assumes"
"""In a recipe, where the report does not give it."""


def arm_mean_sd(
    x: ReportedNumbers,
    *,
    change: bool = False,
    standardizes: bool = False,
    design: Design = PLAIN,
    medians: Medians = Medians.NORMAL,
    correlation: float | None = None,
) -> MeanAndSD | None:
    """Return mean and SD of an arm, of scores or of change; None where the numbers do not give it.

    Parameters
    ----------
    x
        The numbers of one arm.
    change
        Whether change from baseline is wanted instead of scores.
    standardizes
        Whether the SD is wanted for a standardized difference: then what a model's SE holds
        beside the spread of persons (covariates, clusters) is taken out of it.
    design
        What the analysis behind the arm's SE or interval did.
    medians
        How medians with quartiles or range are converted.
    correlation
        Of scores before and after, assumed where the arm does not report it.

    Returns
    -------
    MeanAndSD or None
        In order of certainty: as reported; SD from SE; SD from the mean's interval; from median,
        quartiles and range; from median and quartiles; from median and range. Change: as reported;
        else from both occasions and their correlation.
    """
    try:
        return mean_sd(x, change, design if standardizes else PLAIN, medians, correlation)
    except (InvalidDataError, ArithmeticError):
        return None


def arm_lacks(
    x: ReportedNumbers,
    *,
    change: bool = False,
    standardizes: bool = False,
    design: Design = PLAIN,
    medians: Medians = Medians.NORMAL,
    correlation: float | None = None,
) -> str | None:
    """Return what an arm lacks to give mean and SD, in words; None where it gives them."""
    try:
        mean_sd(x, change, design if standardizes else PLAIN, medians, correlation)
    except InvalidDataError as error:
        return str(error)
    except ArithmeticError:
        return TOO_LARGE
    return None


def mean_sd(
    x: ReportedNumbers,
    change: bool,
    design: Design = PLAIN,
    medians: Medians = Medians.NORMAL,
    correlation: float | None = None,
) -> MeanAndSD:
    """Return what `arm_mean_sd` does; raise InvalidDataError where the numbers do not give it."""
    found = _change(x, design, medians, correlation) if change else _score(x, design, medians)
    if found is None:
        raise Lacking(_missing(x, change))
    return found


def _missing(x: ReportedNumbers, change: bool) -> str:
    """Say which of mean and SD an arm's numbers do not give."""
    if x.n is None:
        return "it needs n"
    if change:
        if x.mean_change is None and x.baseline_mean is None:
            return "the plan pools change: it needs mean_change, or baseline_mean beside the mean"
        return (
            "the plan pools change: it needs sd_change, or baseline_sd and the correlation of "
            "both occasions, which the plan may assume (change_correlation)"
        )
    if x.mean is not None:
        return "its mean needs an SD, SE or interval"
    if x.mean_change is not None:
        return "it has change from baseline only, and the plan pools scores (scores: change)"
    if x.median is not None:
        return "its median needs quartiles (q1, q3) or the range (minimum, maximum)"
    if x.events is not None:
        plan = "OR, RR or RD" if x.person_years is None else "a rate (IRR)"
        return f"events are no scores: enter mean and SD, or plan {plan}"
    return "it has no mean and SD, nor what gives them"


def _score(x: ReportedNumbers, design: Design, medians: Medians) -> MeanAndSD | None:
    if x.mean is not None:
        return _with_spread(x, x.mean, x.sd, design)
    found = _of_median(x, medians)
    if found is None:
        return None
    group = found.value
    return MeanAndSD(group.mean, group.sd, (step_of(found, mean=group.mean, sd=group.sd),))


def _of_median(x: ReportedNumbers, medians: Medians) -> Converted[Group] | None:
    if x.n is None or x.median is None:
        return None
    quartiles = (x.q1, x.q3) if x.q1 is not None and x.q3 is not None else None
    extremes = (x.minimum, x.maximum) if x.minimum is not None and x.maximum is not None else None
    if quartiles is None and extremes is None:
        return None
    if medians is not Medians.NORMAL:
        (q1, q3), (low, high) = quartiles or (None, None), extremes or (None, None)
        return group_from_skewed(Quantiles(x.n, x.median, q1, q3, low, high), medians)
    if quartiles is None:
        assert extremes is not None
        return group_from_range(x.n, extremes[0], x.median, extremes[1])
    if extremes is None:
        return group_from_quartiles(x.n, quartiles[0], x.median, quartiles[1])
    return group_from_five_numbers(
        x.n, extremes[0], quartiles[0], x.median, quartiles[1], extremes[1]
    )


def _with_spread(
    x: ReportedNumbers, mean: float, sd: float | None, design: Design
) -> MeanAndSD | None:
    """Return a mean with its SD: as reported, else from its SE, its interval or its model's SD."""
    if sd is not None:
        return MeanAndSD(mean, sd)
    if x.n is not None and x.se is not None:
        converted = sd_from_se(x.se, x.n)
    elif x.n is not None and x.ci_low is not None and x.ci_high is not None:
        converted = sd_from_interval(
            x.ci_low, x.ci_high, x.n, level=level_of(x), distribution=Distribution.T
        )
    elif x.residual_sd is not None:
        return _of_scores(MeanAndSD(mean, x.residual_sd), x, replace(design, clusters=None))
    else:
        return None
    return _of_scores(
        MeanAndSD(mean, converted.value, (step_of(converted, sd=converted.value),)), x, design
    )


def _of_scores(found: MeanAndSD, x: ReportedNumbers, design: Design) -> MeanAndSD:
    """Take out of an SD what the model's SE held beside the spread of persons."""
    clusters, sd, steps = design.clusters, found.sd, list(found.steps)
    used, explained = set(), 0.0
    if clusters is not None:
        if clusters.size is None or clusters.icc is None:
            raise Lacking(
                "its SE or interval is of an analysis by clusters and holds the design effect: "
                "enter the SD of scores (sd), or cluster_size and icc"
            )
        naive = naive_se(sd, clusters.size, clusters.icc)
        steps.append(step_of(naive, sd=naive.value))
        sd = naive.value
        used.add("clusters")
    if design.adjusted:
        r_squared = r_squared_of(x)
        if r_squared is None:
            raise Lacking(
                "its mean is adjusted for covariates, so that its SE or interval holds the SD left "
                "after adjustment: enter the SD of scores (sd), or the correlation of outcome and "
                "covariate (correlation, or r_squared of all covariates)"
            )
        total = total_sd(sd, r_squared)
        steps.append(step_of(total, sd=total.value))
        sd, explained = total.value, r_squared
        used.add("adjusted")
    return MeanAndSD(found.mean, sd, tuple(steps), explained, frozenset(used))


def _change(
    x: ReportedNumbers, design: Design, medians: Medians, correlation: float | None
) -> MeanAndSD | None:
    if x.mean_change is not None and (x.sd_change is not None or x.mean is None):
        if x.sd_change is None and design.adjusted and x.r_squared is None:
            raise Lacking(
                "its mean change is adjusted for covariates: enter the SD of change (sd_change), "
                "or r_squared"
            )
        return _with_spread(x, x.mean_change, x.sd_change, design)
    after = _score(x, design, medians)
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
    r = correlation if x.correlation is None else x.correlation
    if x.baseline_sd is None or r is None:
        return None
    converted = sd_of_change(x.baseline_sd, after.sd, r)
    step = step_of(converted, sd_change=converted.value)
    if x.correlation is None:
        step = replace(step, recipe=f"{step.recipe}, {ASSUMED.format(r=r)}")
    steps.append(step)
    return MeanAndSD(mean, converted.value, tuple(steps), after.explained, after.used)
