"""A run as a forest plot."""

from __future__ import annotations

from review.export.drawings.axis import by_year, effect_label, favours
from review.export.run_tables import model_words
from review.figures import Diamond, Forest, ForestRow
from review.living.snapshot import PooledLine, RunInputs, RunResults


def _size(n: int | None) -> str:
    return "" if n is None else str(n)


def forest_of(inputs: RunInputs, results: RunResults) -> Forest:
    """Return the forest plot of a run, trials in order of year and name."""
    plan, line = inputs.plan, results.pooled
    left, right = favours(plan)
    rows = tuple(
        ForestRow(
            label=effect.study,
            estimate=effect.yi,
            ci_low=effect.ci[0],
            ci_high=effect.ci[1],
            weight=effect.weight,
            columns=(_size(effect.n_intervention), _size(effect.n_comparator)),
        )
        for effect in by_year(results)
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
        favours_left=left,
        favours_right=right,
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
