"""At which risks or rates of the comparator a plan wants absolute effects: when that can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from review.measures import OF_RATES, AnalysisKind, Measure, has_risks


class _Told(Protocol):
    """What of a plan says whether it has absolute effects."""

    @property
    def kind(self) -> AnalysisKind: ...

    @property
    def model(self) -> str: ...

    @property
    def measure(self) -> Measure: ...

    @property
    def baseline_risks(self) -> Sequence[float]: ...

    @property
    def baseline_rates(self) -> Sequence[float]: ...


def baseline_problem(plan: _Told) -> str | None:
    """Return why absolute effects cannot be told; None where nothing is wrong."""
    if plan.baseline_rates:
        return _rate_problem(plan)
    if not plan.baseline_risks:
        return None
    if plan.kind is not AnalysisKind.CONTRAST or plan.model != "univariate":
        return "baseline_risks are of a contrast of one outcome"
    if plan.measure is Measure.GEN or has_risks(plan.measure):
        return None
    named = ", ".join(measure.value for measure in Measure if has_risks(measure))
    if plan.measure in OF_RATES:
        named += "; state baseline_rates, events per person-year"
    return f"a baseline risk makes no risk of {plan.measure.value}; it does of {named}"


def _rate_problem(plan: _Told) -> str | None:
    if plan.baseline_risks:
        return "baseline_risks are of persons, baseline_rates of person-time; an analysis has one"
    if plan.kind is not AnalysisKind.CONTRAST or plan.model != "univariate":
        return "baseline_rates are of a contrast of one outcome"
    if plan.measure is Measure.GEN or plan.measure in OF_RATES:
        return None
    named = ", ".join(sorted(measure.value for measure in OF_RATES))
    return f"a baseline rate makes no rate of {plan.measure.value}; it does of {named}"
