"""What an effect amounts to at the comparator's risks that the plan states. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from review.canonical import fixed
from review.effects.risks import PER, Interval, Risks, risks
from review.living.reports.pages import Section
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.living.runs.scales import scale_of_run, sign_of
from review.measures import has_risks

NEEDED: Final = (
    "NNTB: persons treated for one more to benefit; NNTH: for one more to be harmed (Altman 1998), "
    "rounded up; the comparator's risk counts as known."
)
BY_SCORES: Final = (
    "Risks are of response, scores above a threshold, which count as normal with one SD (Furukawa "
    "& Leucht 2011)."
)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """An effect at one risk of the comparator."""

    found: Risks
    good: bool
    """Whether the event is wanted: a response, or an instrument of which more is better."""

    @property
    def needed(self) -> str:
        """Return ``NNTB 17 (10 to 51)``, ``NNTB 10 (NNTH 20 to ∞ to NNTB 4)`` (Altman 1998)."""
        difference, limits = self.found.difference, self.found.difference_ci
        if not difference:
            return "no difference"
        if self.found.through_infinity:
            other, same = limits if difference > 0 else limits[::-1]
            told = f"{self._one(other)} to ∞ to {self._one(same)}"
        else:
            told = " to ".join(_persons(x) for x in sorted(limits, key=abs, reverse=True))
        return f"{self._one(difference)} ({told})"

    def _one(self, difference: float) -> str:
        name = "NNTB" if (difference > 0) is self.good else "NNTH"
        return f"{name} {_persons(difference)}"


def _persons(difference: float) -> str:
    if not difference:
        return "∞"
    persons = 1 / abs(difference)
    return f"{math.ceil(round(persons, 9)):,}"


def at_risks(inputs: RunInputs, results: RunResults) -> tuple[AtRisk, ...] | str:
    """Return the effect of a run at each risk that its plan states, or why it has none there."""
    measure = scale_of_run(inputs).measure
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


def absolute_sections(inputs: RunInputs, results: RunResults) -> Iterator[Section]:
    """Yield the table of absolute effects; nothing where the plan states no risk."""
    plan = inputs.plan
    if not plan.baseline_risks:
        return
    heading, found = f"Absolute effects per {PER:,}", at_risks(inputs, results)
    if isinstance(found, str):
        yield Section(heading, (found,))
        return
    measure = scale_of_run(inputs).measure
    scores = (BY_SCORES,) if measure is not None and measure.facts.standardized else ()
    rows = tuple(
        (
            _per(one.found.baseline),
            f"{_per(one.found.risk)} {_interval(one.found.risk_ci)}",
            f"{PER * one.found.difference:+.0f} {_interval(one.found.difference_ci)}",
            one.needed,
        )
        for one in found
    )
    sides = (plan.comparator.label, plan.intervention.label)
    yield Section(heading, (*scores, NEEDED), (*sides, "difference", "number needed"), rows)


def _per(risk: float) -> str:
    return fixed(PER * risk, 0)


def _interval(limits: Interval) -> str:
    return f"[{_per(limits[0])}, {_per(limits[1])}]"
