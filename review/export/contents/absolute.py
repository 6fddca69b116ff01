"""What a relative or standardized effect amounts to: risks, scores, words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from review.effects import Measure
from review.extraction.conversion.arms import arm_mean_sd
from review.living.snapshot import Interval, RunInputs, RunResults, TrialInput

PER: Final = 1000
"""Participants that risks are told for (GRADE's convention)."""

LOG_RATIOS: Final = frozenset({Measure.OR, Measure.RR, Measure.PETO, Measure.ROM})
STANDARDIZED: Final = frozenset({Measure.SMD, Measure.SMDH})
ODDS: Final = frozenset({Measure.OR, Measure.PETO})

SMALL: Final = 0.40
LARGE: Final = 0.70
WORDS_SOURCE: Final = (
    f"Words for standardized mean differences: below {SMALL:.2f} small, {SMALL:.2f} to "
    f"{LARGE:.2f} moderate, above {LARGE:.2f} large, whatever matters to patients (Cochrane "
    "Handbook, chapter 15: rules of thumb for effect sizes)."
)


@dataclass(frozen=True, slots=True)
class Absolute:
    """An effect in units that readers know; intervention minus comparator."""

    unit: str
    """``per 1,000``, or the instrument whose points are meant."""
    comparator: float
    """Assumed risk, or mean score weighted by participants, of the comparator."""
    comparator_range: Interval
    """Of the trials."""
    intervention: float
    intervention_ci: Interval
    difference: float
    difference_ci: Interval
    basis: str
    """How the comparator's value came about, and with which SD."""


def sign_of(inputs: RunInputs) -> int | None:
    """Return 1 where higher is better in all trials, -1 where lower is, None where they differ.

    Runs hold effects that are positive where the intervention does better; times this sign they
    are intervention minus comparator of what was measured.
    """
    ways = {trial.higher_is_better for trial in inputs.trials}
    if len(ways) > 1:
        return None
    return -1 if ways == {False} else 1


def turned(value: float, ci: Interval, sign: int) -> tuple[float, Interval]:
    """Return an effect and its limits times 1 or -1, the lower limit first."""
    low, high = sorted(sign * limit for limit in ci)
    return sign * value, (low, high)


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


def magnitude(smd: float) -> str:
    """Return the word of the rule of thumb for a standardized mean difference of either sign."""
    size = abs(smd)
    return "small" if size < SMALL else "moderate" if size <= LARGE else "large"


def comparator_risks(trials: Sequence[TrialInput]) -> list[float]:
    """Return the risk in the comparator of each trial that gives its events."""
    found = []
    for trial in trials:
        counted = [a.numbers for a in trial.comparator]
        n = sum(x.n or 0 for x in counted)
        if n and all(x.events is not None and x.n is not None for x in counted):
            found.append(sum(x.events or 0 for x in counted) / n)
    return found


def absolute_of(inputs: RunInputs, results: RunResults) -> Absolute | str:
    """Return the effect of a run in familiar units, or why there is none.

    Parameters
    ----------
    inputs, results
        Of a run of a contrast.

    Returns
    -------
    Absolute or str
        OR, RR, Peto's OR and RD: risks for 1,000 at the median risk of the trials' comparators.
        MD and SMD: points of the instrument that most trials used; an SMD is multiplied by the
        comparator's SD on it, pooled over its trials (Cochrane Handbook, chapter 15: re-expressing
        SMDs using a familiar instrument). Everything else, and what lacks its numbers, is a
        sentence.
    """
    measure = inputs.plan.measure
    if measure in {Measure.OR, Measure.RR, Measure.PETO, Measure.RD}:
        return _risks(inputs, results, measure)
    if measure in STANDARDIZED or measure is Measure.MD:
        return _scores(inputs, results, measure)
    return "Not re-expressed: the measure has no absolute scale."


def _risks(inputs: RunInputs, results: RunResults, measure: Measure) -> Absolute | str:
    sign = sign_of(inputs)
    if sign is None:
        return "Not re-expressed: the event is good in some trials and bad in others."
    risks = comparator_risks(inputs.trials)
    if not risks:
        return "Not re-expressed: no trial gives the events of its comparator."
    assumed = median(risks)
    effect, ci = turned(results.pooled.estimate, results.pooled.ci, sign)

    def risk(effect: float) -> float:
        if measure is Measure.RD:
            return risk_by_difference(assumed, effect)
        by = risk_by_odds_ratio if measure in ODDS else risk_by_risk_ratio
        return by(assumed, math.exp(effect))

    low, high = PER * risk(ci[0]), PER * risk(ci[1])
    there, here = PER * assumed, PER * risk(effect)
    return Absolute(
        unit=f"per {PER:,}",
        comparator=there,
        comparator_range=(PER * min(risks), PER * max(risks)),
        intervention=here,
        intervention_ci=(low, high),
        difference=here - there,
        difference_ci=(low - there, high - there),
        basis=f"Assumed risk: the median of the comparators of {_trials(len(risks))}.",
    )


@dataclass(frozen=True, slots=True)
class _Familiar:
    """The comparator's scores on the instrument that most trials used."""

    instrument: str
    sign: int
    mean: float
    means: Interval
    sd: float
    trials: int


def _scores(inputs: RunInputs, results: RunResults, measure: Measure) -> Absolute | str:
    found = _familiar(inputs)
    if found is None:
        return "Not re-expressed: no trial of the most used instrument gives mean and SD."
    change = "change " if inputs.plan.scores == "change" else ""
    where = f"{_trials(found.trials)} with this instrument"
    if measure is Measure.MD:
        if len({trial.instrument for trial in inputs.trials}) > 1:
            return "Not re-expressed: the trials used several instruments."
        unit, basis = 1.0, f"Comparator: mean {change}score of {where}."
    else:
        unit = found.sd
        basis = (
            f"Points: the SMD times the comparator's SD of {change}scores, {found.sd:.2f}, pooled "
            f"over {where}, which most trials used."
        )
    line = results.pooled
    difference, ci = turned(
        unit * line.estimate, (unit * line.ci[0], unit * line.ci[1]), found.sign
    )
    return Absolute(
        unit=found.instrument,
        comparator=found.mean,
        comparator_range=found.means,
        intervention=found.mean + difference,
        intervention_ci=(found.mean + ci[0], found.mean + ci[1]),
        difference=difference,
        difference_ci=ci,
        basis=basis,
    )


def _familiar(inputs: RunInputs) -> _Familiar | None:
    names = [trial.instrument for trial in inputs.trials]
    most = min(set(names), key=lambda name: (-names.count(name), name))
    change = inputs.plan.scores == "change"
    own = [trial for trial in inputs.trials if trial.instrument == most]
    known = [
        [(a.numbers.n, arm_mean_sd(a.numbers, change=change)) for a in trial.comparator]
        for trial in own
    ]
    whole = [
        [(n, x.mean, x.sd) for n, x in arms if n is not None and n > 1 and x is not None]
        for arms in known
    ]
    complete = [
        arms for arms, given in zip(whole, known, strict=True) if arms and len(arms) == len(given)
    ]
    if not complete:
        return None
    arms = [arm for of_trial in complete for arm in of_trial]
    total = sum(n for n, _, _ in arms)
    means = [sum(n * m for n, m, _ in a) / sum(n for n, _, _ in a) for a in complete]
    return _Familiar(
        instrument=most,
        sign=1 if own[0].higher_is_better else -1,
        mean=sum(n * m for n, m, _ in arms) / total,
        means=(min(means), max(means)),
        sd=math.sqrt(sum((n - 1) * sd**2 for n, _, sd in arms) / sum(n - 1 for n, _, _ in arms)),
        trials=len(complete),
    )


def _trials(k: int) -> str:
    return f"{k} trial" if k == 1 else f"{k} trials"
