"""What every figure of an analysis shares: the name of its axis and what its two sides mean."""

from __future__ import annotations

from typing import Final

from review.effects import Measure
from review.figures.scale import Notation
from review.living.snapshot import Effect, RunInputs, RunResults, TrialInput
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind

NAMES: Final = {
    Measure.SMD: "Hedges g",
    Measure.MD: "Mean difference",
    Measure.GEN: "Effect",
    Measure.RD: "Risk difference",
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


def notation(plan: Plan) -> Notation:
    """Return how the effects of an analysis are written: ratios as ratios."""
    return Notation.RATIO if plan.measure in RATIOS else Notation.PLAIN


def axis_label(plan: Plan) -> str:
    """Return what the axis of a figure is called whose numbers are written by `notation`."""
    if plan.effect is not None:
        return plan.effect
    return RATIOS.get(plan.measure) or NAMES.get(plan.measure, plan.measure.value)


def margin_words(plan: Plan, margin: float | None) -> str:
    """Return ``, margin 0.50``, of ratios the ratio; nothing without a margin."""
    if margin is None:
        return ""
    ratio = plan.measure in RATIOS
    return f", margin {notation(plan).written(-margin if ratio else margin, 2)}"


def favours(plan: Plan) -> tuple[str, str]:
    """Return what effects below and above no effect mean; nothing where no two arms meet."""
    if plan.kind is not AnalysisKind.CONTRAST:
        return "", ""
    return f"favours {plan.comparator.label}", f"favours {plan.intervention.label}"


def by_year(inputs: RunInputs, results: RunResults) -> list[tuple[Effect, TrialInput]]:
    """Return the effects of a run with their trials in order of year and name."""
    pairs = zip(results.effects, inputs.trials, strict=True)
    return sorted(pairs, key=lambda p: (p[0].year is None, p[0].year or 0, p[0].study))
