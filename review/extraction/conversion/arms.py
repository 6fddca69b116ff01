"""Mean and SD of an arm from what a report gives."""

from __future__ import annotations

from review.effects import (
    Distribution,
    group_from_five_numbers,
    group_from_quartiles,
    group_from_range,
    sd_from_interval,
    sd_from_se,
    sd_of_change,
)
from review.errors import InvalidDataError
from review.extraction.conversion.reported import MeanAndSD, Reported, Step, level_of, step_of


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
    return MeanAndSD(group.mean, group.sd, (step_of(found, mean=group.mean, sd=group.sd),))


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
            x.ci_low, x.ci_high, x.n, level=level_of(x), distribution=Distribution.T
        )
    else:
        return None
    return converted.value, (step_of(converted, sd=converted.value),)


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
    steps.append(step_of(converted, sd_change=converted.value))
    return MeanAndSD(mean, converted.value, tuple(steps))
