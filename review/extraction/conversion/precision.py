"""The precision of an estimate, and the spread of two arms together."""

from __future__ import annotations

from review.effects import estimate_from_interval
from review.effects.converted import Plain
from review.extraction.conversion.reported import Step, level_of, step_of
from review.extraction.numbers import ReportedNumbers


def has_precision(x: ReportedNumbers) -> bool:
    """Whether an estimate comes with a variance, a standard error or an interval."""
    return (
        x.variance is not None
        or x.se is not None
        or (x.ci_low is not None and x.ci_high is not None)
    )


def variance_of(x: ReportedNumbers) -> tuple[float, Step | None] | None:
    """Return the sampling variance of a reported estimate, and the step that gave it."""
    if x.variance is not None:
        return x.variance, None
    if x.se is not None:
        square = x.se * x.se  # infinite where ** would raise
        return square, Step({"variance": square}, "the square of its SE", {"se": x.se}, {}, False)
    if x.ci_low is None or x.ci_high is None:
        return None
    middle = (x.ci_low + x.ci_high) / 2
    estimate = x.estimate if x.estimate is not None else middle
    if not x.ci_low <= estimate <= x.ci_high:
        estimate = middle
    converted = estimate_from_interval(estimate, x.ci_low, x.ci_high, level=level_of(x))
    variance = converted.value.variance
    return variance, step_of(converted, variance=variance)


def pooled_sd(
    one: tuple[int | None, float | None], other: tuple[int | None, float | None]
) -> Step | None:
    """Return the pooled SD of two arms, each given as size and SD; None where one is missing."""
    (n1, sd1), (n2, sd2) = one, other
    if n1 is None or n2 is None or sd1 is None or sd2 is None or n1 + n2 < 3:
        return None
    sd = (((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2)) ** 0.5
    told: dict[str, Plain] = {"n": float(n1), "sd": sd1, "versus_n": float(n2), "versus_sd": sd2}
    return Step({"sd": sd}, "pooled SD of the two arms", told, {}, False) if sd > 0 else None
