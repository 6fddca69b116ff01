"""What an effect amounts to at the comparator's risks or rates that the plan states. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from review.canonical import decimals_for, fixed, own_decimals
from review.effects.risks import PER, Interval, Risks, rates, risks
from review.living.reports.pages import Section
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.living.runs.scales import scale_of_run, sign_of
from review.measures import OF_RATES, PER_TIME, PERSON_YEARS, Measure, has_risks

NEEDED: Final = (
    "NNTB: persons treated for one more to benefit; NNTH: for one more to be harmed (Altman 1998), "
    "rounded up; the comparator's risk counts as known."
)
NEEDED_TIME: Final = (
    "NNTB: person-years of treatment for one event less, or one more where it is wanted; NNTH: for "
    "one of harm (Altman 1998), rounded up; the comparator's rate counts as known, and rates as "
    "constant: ten person-years are ten persons in a year."
)
CUT: Final = "What lies below 0, or above 1, is cut there: the effect does not fit that baseline."
BY_SCORES: Final = (
    "Risks are of response, scores above a threshold, which count as normal with one SD (Furukawa "
    "& Leucht 2011)."
)


@dataclass(frozen=True, slots=True)
class Needed:
    """A number needed to treat, or a limit of one."""

    name: str
    """``NNTB``, for one more to benefit, or ``NNTH``, to be harmed."""
    persons: int | None
    """Rounded up; None for infinitely many, where there is no difference."""

    @property
    def shown(self) -> str:
        """The persons: ``1,234``, or ``∞``."""
        return "∞" if self.persons is None else f"{self.persons:,}"

    def __str__(self) -> str:
        """Return ``NNTB 17``."""
        return f"{self.name} {self.shown}"


@dataclass(frozen=True, slots=True)
class AtRisk:
    """An effect at one risk of the comparator."""

    found: Risks
    good: bool
    """Whether the event is wanted: a response, or an instrument of which more is better."""
    timed: bool = False
    """Whether it is of events in person-time: of a rate, in events per person-year."""

    @property
    def per(self) -> int:
        """The persons, or person-years, that it is told for."""
        return PERSON_YEARS if self.timed else PER

    @property
    def unit(self) -> str:
        """Return ``per 1,000``, of rates ``per 100 person-years``."""
        return PER_TIME if self.timed else f"per {PER:,}"

    @property
    def of(self) -> str:
        """What numbers needed are of, beside persons: `` person-years``."""
        return " person-years" if self.timed else ""

    @property
    def cut(self) -> bool:
        """Whether the effect, or a limit, leads below 0 or above 1 (a rate: below 0)."""
        ends = {0.0} if self.timed else {0.0, 1.0}
        return bool(ends & {self.found.risk, *self.found.risk_ci})

    @property
    def number(self) -> Needed | None:
        """The number needed to treat; None where there is no difference."""
        return self._one(self.found.difference) if self.found.difference else None

    @property
    def limits(self) -> tuple[Needed, Needed]:
        """Its limits, the nearer to the number of the two last where they pass infinity.

        Otherwise the smaller number first (Altman 1998).
        """
        low, high = self.found.difference_ci
        if self.found.through_infinity:
            other, same = (low, high) if self.found.difference > 0 else (high, low)
            return self._one(other), self._one(same)
        most, least = sorted((low, high), key=abs, reverse=True)
        return self._one(most), self._one(least)

    @property
    def needed(self) -> str:
        """Return ``NNTB 17 (10 to 51)``, ``NNTB 10 (NNTH 20 to ∞ to NNTB 4)`` (Altman 1998)."""
        if self.number is None:
            return "no difference"
        first, last = self.limits
        if self.found.through_infinity:
            return f"{self.number} ({first} to ∞ to {last}){self.of}"
        return f"{self.number} ({first.shown} to {last.shown}){self.of}"

    @property
    def decimals(self) -> int:
        """As many as the interval needs: of risks per 1,000 none, if that serves."""
        low, high = (self.per * limit for limit in self.found.risk_ci)
        least = 1 if self.timed else 0
        return decimals_for((low, high), (self.per * self.found.baseline,), least=least)

    def _one(self, difference: float) -> Needed:
        name = "NNTB" if (difference > 0) is self.good else "NNTH"
        return Needed(name, math.ceil(round(1 / abs(difference), 9)) if difference else None)


def at_risks(inputs: RunInputs, results: RunResults) -> tuple[AtRisk, ...] | str:
    """Return the effect of a run at each risk that its plan states, or why it has none there."""
    measure = scale_of_run(inputs).measure
    if inputs.plan.baseline_rates:
        return _at_rates(inputs, results, measure)
    if measure is None or not has_risks(measure):
        return "No risks follow from ready estimates of this metric."
    line, standardized = results.pooled, measure.facts.standardized
    if inputs.plan.reliability:
        return "No risks: corrected effects are in SDs of true scores, not of scores."
    sign = 1 if standardized else sign_of(inputs)
    if sign is None:
        return "No risks: the event is good in some trials and bad in others."
    low, high = sorted(sign * limit for limit in line.ci)
    found = (
        risks(measure, sign * line.estimate, (low, high), baseline)
        for baseline in inputs.plan.baseline_risks
    )
    return tuple(AtRisk(one, good=sign > 0) for one in found)


def _at_rates(
    inputs: RunInputs, results: RunResults, measure: Measure | None
) -> tuple[AtRisk, ...] | str:
    if measure not in OF_RATES:
        return "No rates follow from ready estimates of this metric."
    sign = sign_of(inputs)
    if sign is None:
        return "No rates: the event is good in some trials and bad in others."
    unit = PERSON_YEARS if measure is Measure.IRD else 1  # differences are per 100 person-years
    low, high = sorted(sign * limit / unit for limit in results.pooled.ci)
    return tuple(
        AtRisk(
            rates(measure, sign * results.pooled.estimate / unit, (low, high), baseline),
            good=sign > 0,
            timed=True,
        )
        for baseline in inputs.plan.baseline_rates
    )


def absolute_sections(inputs: RunInputs, results: RunResults) -> Iterator[Section]:
    """Yield the table of absolute effects; nothing where the plan states no risk."""
    plan = inputs.plan
    if not (plan.baseline_risks or plan.baseline_rates):
        return
    timed = bool(plan.baseline_rates)
    heading = f"Absolute effects {PER_TIME if timed else f'per {PER:,}'}"
    found = at_risks(inputs, results)
    if isinstance(found, str):
        yield Section(heading, (found,))
        return
    measure = scale_of_run(inputs).measure
    scores = (BY_SCORES,) if measure is not None and measure.facts.standardized else ()
    rows = tuple(
        (
            _per(one, one.found.baseline, own_decimals(one.per * one.found.baseline, 0)),
            f"{_per(one, one.found.risk)} {_interval(one, one.found.risk_ci)}",
            f"{_signed(one)} {_interval(one, one.found.difference_ci)}",
            one.needed,
        )
        for one in found
    )
    sides = (plan.comparator.label, plan.intervention.label)
    cut = (CUT,) if any(one.cut for one in found) else ()
    note, needed = (NEEDED_TIME, "time needed") if timed else (NEEDED, "number needed")
    headers = (*sides, "difference", needed)
    yield Section(heading, (*scores, note, *cut), headers, rows)


def _per(one: AtRisk, value: float, decimals: int | None = None) -> str:
    return fixed(one.per * value, one.decimals if decimals is None else decimals)


def _signed(one: AtRisk) -> str:
    text = _per(one, one.found.difference)
    return f"+{text}" if float(text) > 0 else text


def _interval(one: AtRisk, limits: Interval) -> str:
    return f"[{_per(one, limits[0])}, {_per(one, limits[1])}]"
