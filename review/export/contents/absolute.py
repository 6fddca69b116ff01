"""What a relative or standardized effect amounts to: risks, scores, words. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from review.effects.risks import (
    PER,
    risk_by_difference,
    risk_by_odds_ratio,
    risk_by_risk_ratio,
)
from review.extraction.conversion.arms import arm_mean_sd
from review.extraction.conversion.reported import Design
from review.extraction.numbers import ReportedNumbers
from review.living.inputs.columns import leaves_of
from review.living.reports.absolute import BY_SCORES, NEEDED, NEEDED_TIME, at_risks
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import Interval, RunResults
from review.living.runs.scales import scale_of_run, sign_of
from review.measures import PER_TIME, PERSON_YEARS, Measure
from review.protocol.linking import links, references
from review.protocol.rules import Plan
from review.wording import counted

ODDS: Final = frozenset({Measure.OR, Measure.PETO})

TRIVIAL: Final = 0.20
SMALL: Final = 0.40
LARGE: Final = 0.70
WORDS_SOURCE: Final = (
    f"Words for standardized mean differences: below {TRIVIAL:.2f} trivial (less than Cohen 1988 "
    f"calls small; the word is GRADE's), below {SMALL:.2f} small, {SMALL:.2f} to {LARGE:.2f} "
    f"moderate, above {LARGE:.2f} large, whatever matters to patients (Cochrane Handbook 5.1, "
    "section 12.6.2)."
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
    needed: str | None = None
    """Numbers needed to treat, where the plan states a risk: ``NNTB 17 (10 to 51)``."""


def turned(value: float, ci: Interval, sign: int) -> tuple[float, Interval]:
    """Return an effect and its limits times 1 or -1, the lower limit first."""
    low, high = sorted(sign * limit for limit in ci)
    return sign * value, (low, high)


def magnitude(smd: float) -> str:
    """Return the word of the rule of thumb for a standardized mean difference of either sign.

    The word is that of the number as printed, with two decimals. Below 0.2, where Cohen (1988,
    Statistical Power Analysis, section 2.2.3) lets small effects begin, it is trivial, as in
    ratings of certainty by ranges of effects (Hultcrantz et al. 2017, J Clin Epidemiol 87:4).
    """
    size = round(abs(smd), 2)
    if size < TRIVIAL:
        return "trivial"
    return "small" if size < SMALL else "moderate" if size <= LARGE else "large"


def comparator_arms(trial: TrialInput, instrument: str | None = None) -> list[ReportedNumbers]:
    """Return the comparator's numbers of a trial (by an instrument), each result once."""
    found = {
        arm.source.result_id: arm.numbers
        for leaf in leaves_of(trial)
        if instrument in (None, leaf.instrument)
        for arm in leaf.comparator
    }
    return list(found.values())


def comparator_events(trials: Sequence[TrialInput]) -> list[tuple[int, int]]:
    """Return events and participants in the comparator of each trial that gives both."""
    found = []
    for trial in trials:
        arms = [(x.events, x.n) for x in comparator_arms(trial)]
        known = [(events, n) for events, n in arms if events is not None and n is not None]
        if known and len(known) == len(arms):
            found.append((sum(events for events, _ in known), sum(n for _, n in known)))
    return found


def comparator_rates(trials: Sequence[TrialInput]) -> list[tuple[int, float]]:
    """Return events and hundreds of person-years in the comparator of each trial that gives both.

    The person-years are those that rates are told for (`review.measures.PERSON_YEARS`).
    """
    found = []
    for trial in trials:
        arms = [(x.events, x.person_years) for x in comparator_arms(trial)]
        known = [(events, t) for events, t in arms if events is not None and t is not None]
        if known and len(known) == len(arms):
            time = sum(t for _, t in known) / PERSON_YEARS
            found.append((sum(events for events, _ in known), time))
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
        OR, RR, Peto's OR and RD: risks for 1,000 at the median risk of the trials' comparators, at
        their pooled risk where most had no event. IRR and IRD: rates in the same way, for 100
        person-years. Where the plan states risks of the comparator, the first of them counts
        instead, of standardized differences too, with numbers needed to treat.
        MD and SMD: points of the plan's target instrument, else of that which most trials used; an
        SMD is multiplied by the SD of the plan's reference scores, else by the comparator's SD on
        it, pooled over its trials (Cochrane Handbook 15.5.3.2: re-expressing SMDs using a familiar
        instrument). Everything else, and what lacks its numbers, is a sentence.
    """
    if inputs.plan.baseline_risks or inputs.plan.baseline_rates:
        return _planned(inputs, results)
    measure = scale_of_run(inputs).measure
    if measure in {Measure.OR, Measure.RR, Measure.PETO, Measure.RD}:
        return _risks(inputs, results, measure)
    if measure in {Measure.IRR, Measure.IRD}:
        return _rates(inputs, results, measure)
    if measure is Measure.MD or (measure is not None and measure.facts.standardized):
        return _scores(inputs, results, standardized=measure.facts.standardized)
    return "Not re-expressed: the measure has no absolute scale."


def _planned(inputs: RunInputs, results: RunResults) -> Absolute | str:
    """Return the effect at the first risk or rate that the plan states."""
    every = at_risks(inputs, results)
    if isinstance(every, str):
        return f"Not re-expressed. {every}"
    first = every[0]
    found, per, measure = first.found, first.per, scale_of_run(inputs).measure
    scores = measure is not None and measure.facts.standardized
    low, high = (per * limit for limit in found.difference_ci)
    what, note = ("Rate", NEEDED_TIME) if first.timed else ("Risk", NEEDED)
    return Absolute(
        unit=first.unit,
        comparator=per * found.baseline,
        comparator_range=(per * found.baseline, per * found.baseline),
        intervention=per * found.risk,
        intervention_ci=(per * found.risk_ci[0], per * found.risk_ci[1]),
        difference=per * found.difference,
        difference_ci=(low, high),
        basis=f"{what} as planned. {f'{BY_SCORES} ' if scores else ''}{note}",
        needed=first.needed,
    )


def _risks(inputs: RunInputs, results: RunResults, measure: Measure) -> Absolute | str:
    def risk(assumed: float, effect: float) -> float:
        if measure is Measure.RD:
            return risk_by_difference(assumed, effect)
        by = risk_by_odds_ratio if measure in ODDS else risk_by_risk_ratio
        return by(assumed, math.exp(effect))

    kind = _Kind("risk", f"per {PER:,}", PER, "events of all participants")
    return _of_events(inputs, results, comparator_events(inputs.trials), kind, risk)


def _rates(inputs: RunInputs, results: RunResults, measure: Measure) -> Absolute | str:
    def rate(assumed: float, effect: float) -> float:
        if measure is Measure.IRD:
            return max(0.0, assumed + effect)
        return assumed * math.exp(effect)

    kind = _Kind("rate", PER_TIME, 1, "events in all person-years")
    return _of_events(inputs, results, comparator_rates(inputs.trials), kind, rate)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is assumed of the comparator: a risk or a rate."""

    name: str
    unit: str
    per: int
    """By which it is multiplied to be of the unit."""
    of_all: str
    """What is taken where most comparators had no event."""


def _of_events(
    inputs: RunInputs,
    results: RunResults,
    counts: Sequence[tuple[int, float]],
    kind: _Kind,
    there_and_here: Callable[[float, float], float],
) -> Absolute | str:
    """Return the comparators' risk or rate, and the intervention's that follows from it."""
    sign = sign_of(inputs)
    if sign is None:
        return "Not re-expressed: the event is good in some trials and bad in others."
    if not counts:
        return "Not re-expressed: no trial gives the events of its comparator."
    each = [events / among for events, among in counts]
    assumed, how = median(each), "the median"
    if not assumed:
        assumed = sum(events for events, _ in counts) / sum(among for _, among in counts)
        how = kind.of_all
    what = "trial" if results.levels is None else "result"
    effect, ci = turned(results.pooled.estimate, results.pooled.ci, sign)
    low, high = (kind.per * there_and_here(assumed, limit) for limit in ci)
    there, here = kind.per * assumed, kind.per * there_and_here(assumed, effect)
    return Absolute(
        unit=kind.unit,
        comparator=there,
        comparator_range=(kind.per * min(each), kind.per * max(each)),
        intervention=here,
        intervention_ci=(low, high),
        difference=here - there,
        difference_ci=(low - there, high - there),
        basis=f"Assumed {kind.name}: {how} of the comparators of {counted(len(each), what)}.",
    )


def _scores(inputs: RunInputs, results: RunResults, *, standardized: bool) -> Absolute | str:
    plan = inputs.plan
    if plan.reliability:
        return "Not re-expressed: corrected effects are in SDs of true scores, not of scores."
    found = _familiar(inputs)
    if isinstance(found, str):
        return found
    change = "change " if plan.scores == "change" else ""
    where = f"{counted(found.trials, 'trial')} with this instrument"
    if standardized and plan.target_instrument is not None:
        stated = references(plan)[plan.target_instrument]
        unit = stated.sd
        basis = (
            f"Points: the SMD times the SD {unit:g} of {stated.source}. Comparator: mean "
            f"{change}score of {where}."
        )
    elif standardized:
        unit = found.sd
        basis = (
            f"Points: the SMD times the comparator's SD of {change}scores, {found.sd:.2f}, pooled "
            f"over {where}, which most trials used."
        )
    elif found.several and not links(plan):
        return "Not re-expressed: the trials used several instruments."
    else:
        unit, basis = 1.0, f"Comparator: mean {change}score of {where}."
        if found.several:
            basis += " Differences of the other trials were put on its scale."
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


@dataclass(frozen=True, slots=True)
class _Familiar:
    """The comparator's scores on the instrument that most trials used."""

    instrument: str
    several: bool
    sign: int
    mean: float
    means: Interval
    sd: float
    trials: int


def _familiar(inputs: RunInputs) -> _Familiar | str:
    used = [{leaf.instrument for leaf in leaves_of(trial)} for trial in inputs.trials]
    names = [name for of_trial in used for name in of_trial]
    most = inputs.plan.target_instrument or min(
        set(names), key=lambda name: (-names.count(name), name)
    )
    if most not in names:
        return f"Not re-expressed: no trial was measured by {most} itself."
    of_trials = [
        (trial.study_id, group)
        for trial in inputs.trials
        if (group := _groups(comparator_arms(trial, most), inputs.plan))
    ]
    groups = [group for _, group in of_trials]
    if not groups:
        which = "the target" if inputs.plan.target_instrument else "the most used"
        return f"Not re-expressed: no trial of {which} instrument gives mean and SD."
    every = [one for group in groups for one in group]
    means = [_mean(group) for group in groups]
    squares = sum((n - 1) * sd**2 for n, _, sd in every)
    return _Familiar(
        instrument=most,
        several=len(set(names)) > 1,
        sign=next(
            1 if leaf.higher_is_better else -1
            for trial in inputs.trials
            for leaf in leaves_of(trial)
            if leaf.instrument == most
        ),
        mean=_mean(every),
        means=(min(means), max(means)),
        sd=math.sqrt(squares / sum(n - 1 for n, _, _ in every)),
        trials=len({study for study, _ in of_trials}),
    )


def _groups(arms: Sequence[ReportedNumbers], plan: Plan) -> list[tuple[int, float, float]]:
    """Return n, mean and SD of each arm; none where one of them does not give all three."""
    found = [
        # an SE of an adjusted mean holds another SD than that of scores
        (
            x.n,
            arm_mean_sd(
                x,
                change=plan.scores == "change",
                standardizes=True,
                design=_design(x),
                medians=plan.medians,
                correlation=plan.change_correlation,
            ),
        )
        for x in arms
    ]
    known = [(n, x.mean, x.sd) for n, x in found if n is not None and n > 1 and x is not None]
    return known if len(known) == len(found) else []


def _design(x: ReportedNumbers) -> Design:
    return Design(adjusted=bool(x.adjusted))


def _mean(groups: Sequence[tuple[int, float, float]]) -> float:
    return sum(n * mean for n, mean, _ in groups) / sum(n for n, _, _ in groups)
