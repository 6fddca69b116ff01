"""What an effect amounts to at the comparator's risks that the plan states. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from review.canonical import decimals_for, fixed, own_decimals
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
            return f"{self.number} ({first} to ∞ to {last})"
        return f"{self.number} ({first.shown} to {last.shown})"

    @property
    def decimals(self) -> int:
        """Of risks and differences per 1,000: none, or as many as their interval needs."""
        low, high = (PER * limit for limit in self.found.risk_ci)
        return decimals_for((low, high), (PER * self.found.baseline,), least=0)

    def _one(self, difference: float) -> Needed:
        name = "NNTB" if (difference > 0) is self.good else "NNTH"
        return Needed(name, math.ceil(round(1 / abs(difference), 9)) if difference else None)


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
            _per(one.found.baseline, own_decimals(PER * one.found.baseline, 0)),
            f"{_per(one.found.risk, one.decimals)} {_interval(one.found.risk_ci, one.decimals)}",
            _signed(one.found.difference, one.decimals)
            + f" {_interval(one.found.difference_ci, one.decimals)}",
            one.needed,
        )
        for one in found
    )
    sides = (plan.comparator.label, plan.intervention.label)
    yield Section(heading, (*scores, NEEDED), (*sides, "difference", "number needed"), rows)


def _per(risk: float, decimals: int) -> str:
    return fixed(PER * risk, decimals)


def _signed(difference: float, decimals: int) -> str:
    text = _per(difference, decimals)
    return f"+{text}" if float(text) > 0 else text


def _interval(limits: Interval, decimals: int) -> str:
    return f"[{_per(limits[0], decimals)}, {_per(limits[1], decimals)}]"
