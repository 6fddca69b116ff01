"""The change of one arm since before treatment, as its report gives it, for escalc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from review.conventions import Medians
from review.effects import ImpossibleInputError, escalc
from review.errors import InvalidDataError
from review.extraction.conversion.arms import ASSUMED, arm_mean_sd, mean_sd
from review.extraction.conversion.reported import TOO_LARGE, Lacking
from review.extraction.numbers import ReportedNumbers
from review.measures import Measure

BY_CHANGE: Final = frozenset({Measure.MC, Measure.SMCC})
"""Measures that mean and SD of the change give."""
OF_RATIOS: Final = frozenset({Measure.ROMC, Measure.CVRC, Measure.VRC})
"""Ratios of both occasions, of which the change itself tells nothing."""
BY_BEFORE: Final = frozenset({Measure.SMCR})
"""Measures that need no SD after."""


@dataclass(frozen=True, slots=True)
class ChangeOfArm:
    """What an arm gives to escalc, by metafor's names, and in words how."""

    columns: dict[str, float]
    recipe: str
    assumed: bool
    """Whether the correlation of both occasions is assumed."""


def change_of_arm(
    x: ReportedNumbers,
    measure: Measure,
    *,
    correlation: float | None = None,
    medians: Medians = Medians.NORMAL,
    of_persons: bool = True,
) -> ChangeOfArm:
    """Return what an arm gives to a mean change, standardized or not.

    Parameters
    ----------
    x
        The numbers of one arm: means and SDs of both occasions, or of the change.
    measure
        MC, SMCC, SMCR, SMCRH, SMCRP, SMCRPH, ROMC, CVRC or VRC.
    correlation
        Of scores before and after, assumed where the arm neither reports it nor gives it by the
        SDs of scores and of change (Cochrane Handbook 6.5.2.8).
    medians
        How a median after treatment is converted.
    of_persons
        Whether SE and interval are as of independent persons, not adjusted.

    Returns
    -------
    ChangeOfArm
        Columns of metafor's `escalc`, after minus before; the SD that standardizes is ``sd1i``.

    Raises
    ------
    InvalidDataError
        Saying what is missing.

    Examples
    --------
    >>> x = ReportedNumbers(n=30, mean=14.0, sd=6.0, baseline_mean=20.0, baseline_sd=5.0)
    >>> found = change_of_arm(x, Measure.SMCR, correlation=0.5)
    >>> found.columns
    {'m1i': -6.0, 'm2i': 0.0, 'sd1i': 5.0, 'ni': 30.0, 'ri': 0.5}
    >>> found.recipe
    'SMCR from change, SD before and n; correlation of both occasions 0.5, which the plan assumes'
    """
    if x.n is None:
        raise Lacking("it needs n")
    if not of_persons and _from_errors(x):
        raise Lacking(
            "its SE or interval is adjusted or of an analysis by clusters, and gives no SD of "
            "persons: enter the SDs"
        )
    if measure in BY_CHANGE:
        return _by_change(x, measure, correlation, medians)
    if measure in OF_RATIOS:
        return _by_ratio(x, measure, correlation, medians)
    mean = _mean_change(x, medians)
    if x.baseline_sd is None:
        raise Lacking("it needs baseline_sd, the SD before treatment")
    after = _after(x, medians)
    if after is None and measure not in BY_BEFORE:
        raise Lacking("it needs the SD after treatment (sd)")
    r = _correlation(x, after, correlation)
    columns = {"m1i": mean, "m2i": 0.0, "sd1i": x.baseline_sd}
    if after is not None and measure not in BY_BEFORE:
        columns["sd2i"] = after
    which = "SD before" if measure in BY_BEFORE else "SDs before and after"
    return ChangeOfArm(
        {**columns, "ni": float(x.n), "ri": r.value},
        f"{measure.value} from change, {which} and n; {r.origin}",
        r.assumed,
    )


def change_lacks(
    x: ReportedNumbers,
    measure: Measure,
    *,
    correlation: float | None = None,
    medians: Medians = Medians.NORMAL,
    of_persons: bool = True,
) -> str | None:
    """Return what an arm lacks to give a mean change, in words; None where it gives one.

    Examples
    --------
    >>> change_lacks(ReportedNumbers(n=30, mean=14.0, sd=6.0), Measure.SMCC)
    'it needs mean_change, or baseline_mean beside the mean'
    """
    try:
        found = change_of_arm(
            x, measure, correlation=correlation, medians=medians, of_persons=of_persons
        )
        effect = escalc(measure, {name: [value] for name, value in found.columns.items()})
    except (ArithmeticError, ImpossibleInputError):
        return TOO_LARGE
    except InvalidDataError as error:
        return str(error).removeprefix("the plan pools change: ")
    if not effect.known[0] or effect.vi[0] <= 0:
        return f"{measure.value} or its variance does not exist for its numbers"
    return None


class _Correlation(NamedTuple):
    """The correlation of both occasions, and where it is from."""

    value: float
    origin: str
    assumed: bool = False


def _by_change(
    x: ReportedNumbers, measure: Measure, correlation: float | None, medians: Medians
) -> ChangeOfArm:
    found = mean_sd(x, change=True, medians=medians, correlation=correlation)
    if found.sd == 0:
        raise Lacking("its SD of change is 0, and nothing is that certain")
    n = float(x.n or 0)
    if measure is Measure.SMCC:
        columns = {"di": found.mean / found.sd, "ni": n}
    else:
        columns = {"m1i": found.mean, "m2i": 0.0, "sd1i": found.sd, "sd2i": 0.0, "ni": n, "ri": 0.0}
    how = "".join(f"; {step.recipe}" for step in found.steps)
    assumed = correlation is not None and how.endswith(ASSUMED.format(r=correlation))
    return ChangeOfArm(columns, f"{measure.value} from change, its SD and n{how}", assumed)


def _by_ratio(
    x: ReportedNumbers, measure: Measure, correlation: float | None, medians: Medians
) -> ChangeOfArm:
    after = _after(x, medians)
    if x.baseline_sd is None or after is None:
        raise Lacking("it needs the SDs before and after treatment (baseline_sd and sd)")
    columns = {"sd1i": after, "sd2i": x.baseline_sd}
    if measure is not Measure.VRC:
        if x.baseline_mean is None:
            raise Lacking("it needs baseline_mean, the mean before treatment")
        change = _mean_change(x, medians)
        columns |= {"m1i": x.baseline_mean + change, "m2i": x.baseline_mean}
    r = _correlation(x, after, correlation)
    which = "SDs" if measure is Measure.VRC else "means and SDs"
    return ChangeOfArm(
        {**columns, "ni": float(x.n or 0), "ri": r.value},
        f"{measure.value} from {which} after and before and n; {r.origin}",
        r.assumed,
    )


def _from_errors(x: ReportedNumbers) -> bool:
    """Whether an SD of the arm would be taken from a standard error or an interval."""
    has_errors = x.se is not None or (x.ci_low is not None and x.ci_high is not None)
    return has_errors and x.sd is None and x.sd_change is None


def _mean_change(x: ReportedNumbers, medians: Medians) -> float:
    if x.mean_change is not None:
        return x.mean_change
    after = x.mean
    if after is None:
        found = arm_mean_sd(x, medians=medians)
        after = None if found is None else found.mean
    if after is None or x.baseline_mean is None:
        raise Lacking("it needs mean_change, or baseline_mean beside the mean")
    return after - x.baseline_mean


def _after(x: ReportedNumbers, medians: Medians) -> float | None:
    if x.sd is not None:
        return x.sd
    found = arm_mean_sd(x, medians=medians)
    return None if found is None else found.sd


def _correlation(x: ReportedNumbers, after: float | None, assumed: float | None) -> _Correlation:
    if x.correlation is not None:
        return _Correlation(
            x.correlation, f"correlation of both occasions {x.correlation:g}, as reported"
        )
    before = x.baseline_sd
    if x.sd_change is not None and before and after:
        r = (before**2 + after**2 - x.sd_change**2) / (2 * before * after)
        if not -1 < r < 1:
            raise Lacking(
                "its SD of change is none that SDs before and after of these sizes can have; look "
                "at the three again"
            )
        return _Correlation(
            r,
            f"correlation of both occasions {r:.4g} from the SDs of scores and of change "
            "(Cochrane Handbook 6.5.2.8)",
        )
    if assumed is None:
        raise Lacking(
            "it needs the correlation of both occasions (correlation, or sd_change beside both "
            "SDs), or a plan that assumes one (change_correlation)"
        )
    return _Correlation(assumed, ASSUMED.format(r=assumed), assumed=True)
