"""What every figure of an analysis shares: the name of its axis and what its two sides mean."""

from __future__ import annotations

from typing import Final

from review.figures.scale import Notation, Written, notation_of
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import Effect, RunResults
from review.living.runs.scales import scale_of_run
from review.measures import measure_named
from review.natural import R
from review.protocol.rules import Plan
from review.wording import capitalised


def notation(inputs: RunInputs) -> Written:
    """Return how the effects of an analysis are written: logarithms of ratios as the ratios.

    Ratios are written as they were measured: where lower is better the sign that favours the
    intervention is turned back. A plan that calls its effect a logarithm has it written as one.
    Fisher's z, logits and transformed rates are written as correlations, proportions and rates.
    """
    scale = scale_of_run(inputs)
    if scale.natural is not None:
        return notation_of(scale.natural)
    if not scale.as_ratio:
        return Notation.PLAIN
    return Notation.INVERSE if scale.sign < 0 else Notation.RATIO


def own_notation(inputs: RunInputs, trial: TrialInput) -> Written | None:
    """Return how the effect of one trial is written, where its own size leads back; else None."""
    scale = scale_of_run(inputs)
    own = scale.of_trial(trial)
    return None if own is scale or own.natural is None else notation_of(own.natural)


def measured(inputs: RunInputs) -> tuple[Written, float]:
    """Return how effects times a sign are written, for figures whose axis cannot be turned."""
    said = notation(inputs)
    return (Notation.RATIO, -1.0) if said.turned else (said, 1.0)


def axis_label(inputs: RunInputs) -> str:
    """Return what the axis of a figure is called whose numbers are written by `notation`."""
    if inputs.plan.effect is not None:
        return inputs.plan.effect
    if not inputs.plan.correct and inputs.plan.measure.facts.uncorrected:
        return inputs.plan.measure.facts.uncorrected
    scale = scale_of_run(inputs)
    if scale.natural is not None:
        return "Correlation r" if scale.natural is R else capitalised(scale.read_as)
    name = scale.ratio or scale.name
    measure = measure_named(name)
    return measure.axis if measure is not None else capitalised(name)


def margin_words(inputs: RunInputs, margin: float | None) -> str:
    """Return ``, margin 0.50``, of ratios the ratio; nothing without a margin."""
    if margin is None:
        return ""
    return f", margin {notation(inputs).margin(margin)}"


def favours(plan: Plan) -> tuple[str, str]:
    """Return what effects below and above no effect mean; nothing where nothing is compared."""
    if plan.measure.facts.of_spread:
        return "less spread than before", "more spread than before"
    if plan.within_arms:
        return "worse than before", "better than before"
    if not plan.compares:
        return "", ""
    return f"favours {plan.comparator.label}", f"favours {plan.intervention.label}"


def sides_of(inputs: RunInputs) -> tuple[str, str]:
    """Return what stands left and right of no effect where numbers are those of `measured`."""
    left, right = favours(inputs.plan)
    return (right, left) if notation(inputs).turned else (left, right)


def direction(inputs: RunInputs) -> str:
    """Return what the sides of no effect mean, as a sentence."""
    return scale_of_run(inputs).direction(inputs.plan)


WITHHELD_NOTE: Final = "No conclusion is drawn: a contradiction about its numbers is not settled."
"""What stands in a figure's note while the headline is withheld."""


def by_year(inputs: RunInputs, results: RunResults) -> list[tuple[Effect, TrialInput]]:
    """Return the effects of a run with their trials in order of year and name."""
    pairs = zip(results.effects, inputs.trials, strict=True)
    return sorted(pairs, key=lambda p: (p[0].year is None, p[0].year or 0, p[0].study))
