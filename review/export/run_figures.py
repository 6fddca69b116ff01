"""A run as figures: forest plot, and the estimate as trials were added."""

from __future__ import annotations

import numpy as np

from review.export.run_tables import model_words
from review.figures import Cumulative, CumulativeStep, Diamond, Forest, ForestRow
from review.living.pooling import pool_prefixes
from review.living.snapshot import Effect, PooledLine, RunInputs, RunResults
from review.protocol.rules import Plan
from review.synthesis.noninferiority import classify


def effect_label(plan: Plan) -> str:
    """Return what the axis of a figure is called."""
    if plan.effect is not None:
        return plan.effect
    return {
        "SMD": "Hedges g",
        "MD": "Mean difference",
        "GEN": "Effect",
        "ROM": "Log ratio of means",
        "RR": "Log risk ratio",
        "OR": "Log odds ratio",
        "PETO": "Log odds ratio (Peto)",
        "RD": "Risk difference",
    }.get(plan.measure.value, plan.measure.value)


def _size(n: int | None) -> str:
    return "" if n is None else str(n)


def forest_of(inputs: RunInputs, results: RunResults) -> Forest:
    """Return the forest plot of a run, trials in order of year and name."""
    plan, line = inputs.plan, results.pooled
    rows = tuple(
        ForestRow(
            label=effect.study,
            estimate=effect.yi,
            ci_low=effect.ci[0],
            ci_high=effect.ci[1],
            weight=effect.weight,
            columns=(_size(effect.n_intervention), _size(effect.n_comparator)),
        )
        for effect in _by_year(results)
    )
    summary = Diamond(
        label=f"Pooled (k = {line.k})",
        estimate=line.estimate,
        ci_low=line.ci[0],
        ci_high=line.ci[1],
        pi_low=line.pi[0] if line.pi else None,
        pi_high=line.pi[1] if line.pi else None,
    )
    conclusion = results.headline
    margin = "" if conclusion.margin is None else f", margin {conclusion.margin:.2f}"
    return Forest(
        title=plan.title,
        rows=rows,
        summaries=(summary,),
        effect_label=effect_label(plan),
        favours_left=f"favours {plan.comparator.label}",
        favours_right=f"favours {plan.intervention.label}",
        margin=plan.margin,
        column_headers=(f"n {plan.intervention.label}", f"n {plan.comparator.label}"),
        note=(
            f"{model_words(results.pooled)}{_heterogeneity(line)}. "
            f"Conclusion: {conclusion.conclusion.value}{margin}."
        ),
        level=line.level,
    )


def _heterogeneity(line: PooledLine) -> str:
    if line.k == 1:
        return ""
    return f"; τ² = {line.tau2:.3f}, I² = {line.I2:.1f}%, Q = {line.Q:.2f} (df {line.Q_df})"


def _by_year(results: RunResults) -> list[Effect]:
    return sorted(results.effects, key=lambda e: (e.year is None, e.year or 0, e.study))


def cumulative_of(inputs: RunInputs, results: RunResults) -> Cumulative:
    """Return the pooled estimate after each trial in order of year, with its conclusion class."""
    plan = inputs.plan
    ordered = _by_year(results)
    yi = np.array([effect.yi for effect in ordered])
    vi = np.array([effect.vi for effect in ordered])
    by_study = {trial.study_id: trial for trial in inputs.trials}
    trials = [by_study[effect.study_id] for effect in ordered]
    steps = tuple(
        CumulativeStep(
            label=effect.study,
            k=pooled.k,
            estimate=pooled.estimate,
            ci_low=pooled.ci[0],
            ci_high=pooled.ci[1],
            conclusion=classify(pooled.ci, plan.margin).value,
        )
        for effect, pooled in zip(ordered, pool_prefixes(plan, yi, vi, trials), strict=True)
    )
    several = results.pooled.k > 1 and results.pooled.test != "z"
    first = "; the first trial has its own normal interval" if several else ""
    return Cumulative(
        title=f"{plan.title}: as trials were published",
        steps=steps,
        effect_label=effect_label(plan),
        favours_left=f"favours {plan.comparator.label}",
        favours_right=f"favours {plan.intervention.label}",
        margin=plan.margin,
        note=f"{model_words(results.pooled)}{first}. Repeated looks are not adjusted for.",
        level=plan.level,
    )
