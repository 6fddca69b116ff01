"""What every figure of an analysis shares: the name of its axis and what its two sides mean."""

from __future__ import annotations

from typing import Final

from review.effects import Measure
from review.living.snapshot import Effect, RunResults
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind

NAMES: Final = {
    "SMD": "Hedges g",
    "MD": "Mean difference",
    "GEN": "Effect",
    "ROM": "Log ratio of means",
    "RR": "Log risk ratio",
    "OR": "Log odds ratio",
    "PETO": "Log odds ratio (Peto)",
    "IRR": "Log rate ratio",
    "HR": "Log hazard ratio",
    "RD": "Risk difference",
}

RATIOS: Final = {
    Measure.ROM: "Ratio of means",
    Measure.RR: "Risk ratio",
    Measure.OR: "Odds ratio",
    Measure.PETO: "Odds ratio (Peto)",
    Measure.IRR: "Rate ratio",
    Measure.HR: "Hazard ratio",
}
"""Measures that are pooled as logarithms and read as ratios."""


def effect_label(plan: Plan) -> str:
    """Return what the axis of a figure is called, on the scale of the analysis."""
    if plan.effect is not None:
        return plan.effect
    return NAMES.get(plan.measure.value, plan.measure.value)


def ratio_label(plan: Plan) -> str:
    """Return what the axis is called where its numbers are ratios."""
    return plan.effect or RATIOS[plan.measure]


def favours(plan: Plan) -> tuple[str, str]:
    """Return what effects below and above no effect mean; nothing where no two arms meet."""
    if plan.kind is not AnalysisKind.CONTRAST:
        return "", ""
    return f"favours {plan.comparator.label}", f"favours {plan.intervention.label}"


def by_year(results: RunResults) -> list[Effect]:
    """Return the effects of a run in order of year and name."""
    return sorted(results.effects, key=lambda e: (e.year is None, e.year or 0, e.study))
