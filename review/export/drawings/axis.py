"""What every figure of an analysis shares: the name of its axis and what its two sides mean."""

from __future__ import annotations

from typing import Final

from review.export.contents.absolute import sign_of
from review.figures.scale import Notation
from review.living.scales import scale_of_run
from review.living.snapshot import Effect, RunInputs, RunResults, TrialInput
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind
from review.wording import capitalised, lowered

NAMES: Final = {
    "SMD": "Hedges g",
    "MD": "Mean difference",
    "GEN": "Effect",
    "RD": "Risk difference",
}

RATIOS: Final = {
    "ROM": "Ratio of means",
    "RR": "Risk ratio",
    "OR": "Odds ratio",
    "PETO": "Odds ratio (Peto)",
    "OR, Peto": "Odds ratio (Peto)",
    "IRR": "Rate ratio",
    "HR": "Hazard ratio",
}
"""Measures that are pooled as logarithms and read as ratios, by the names of both."""


def notation(inputs: RunInputs) -> Notation:
    """Return how the effects of an analysis are written: logarithms of ratios as the ratios.

    A plan that calls its effect a logarithm has it written as one.
    """
    effect = inputs.plan.effect or ""
    if scale_of_run(inputs).ratio is None or effect.casefold().startswith("log"):
        return Notation.PLAIN
    return Notation.RATIO


def axis_label(inputs: RunInputs) -> str:
    """Return what the axis of a figure is called whose numbers are written by `notation`.

    Effects are positive where the intervention does better: where lower is better, a ratio is that
    of the comparator to the intervention, the inverse of the one that arms give.
    """
    if inputs.plan.effect is not None:
        return inputs.plan.effect
    scale = scale_of_run(inputs)
    name = scale.ratio or scale.name
    label = RATIOS.get(name) or NAMES.get(name) or capitalised(name)
    return f"Inverse {lowered(label)}" if inverted(inputs) else label


def inverted(inputs: RunInputs) -> bool:
    """Return whether the ratios of a run are those of the comparator to the intervention."""
    return scale_of_run(inputs).ratio is not None and sign_of(inputs) == -1


def unwritten_label(inputs: RunInputs) -> str:
    """Return what an axis is called whose numbers stand on the scale of the analysis itself."""
    label = axis_label(inputs)
    return f"{label}, logarithm" if notation(inputs) is Notation.RATIO else label


def margin_words(inputs: RunInputs, margin: float | None) -> str:
    """Return ``, margin 0.50``, of ratios the ratio; nothing without a margin."""
    if margin is None:
        return ""
    said = notation(inputs)
    return f", margin {said.written(-margin if said is Notation.RATIO else margin, 2)}"


def favours(plan: Plan) -> tuple[str, str]:
    """Return what effects below and above no effect mean; nothing where no two arms meet."""
    if plan.kind is not AnalysisKind.CONTRAST:
        return "", ""
    return f"favours {plan.comparator.label}", f"favours {plan.intervention.label}"


def has_null(plan: Plan) -> bool:
    """Return whether an effect of 0 means none; a mean or proportion of single arms has no such."""
    return plan.kind is not AnalysisKind.SINGLE_ARM


def by_year(inputs: RunInputs, results: RunResults) -> list[tuple[Effect, TrialInput]]:
    """Return the effects of a run with their trials in order of year and name."""
    pairs = zip(results.effects, inputs.trials, strict=True)
    return sorted(pairs, key=lambda p: (p[0].year is None, p[0].year or 0, p[0].study))
