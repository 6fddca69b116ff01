"""The pooled estimate as trials were added."""

from __future__ import annotations

from review.export.drawings.axis import WITHHELD_NOTE, axis_label, by_year, favours, notation
from review.export.drawings.studies import effects_of
from review.export.runs import model_words
from review.figures import Cumulative, CumulativeStep
from review.living.estimates.pooling import pool_prefixes
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.synthesis.noninferiority import classify


def cumulative_of(inputs: RunInputs, results: RunResults, *, withheld: bool = False) -> Cumulative:
    """Return the pooled estimate after each trial in order of year, with its conclusion class."""
    plan = inputs.plan
    left, right = favours(plan)
    ordered = by_year(inputs, results)
    yi, vi = effects_of([effect for effect, _ in ordered])
    pooled_so_far = pool_prefixes(plan, yi, vi, [trial for _, trial in ordered])
    steps = tuple(
        CumulativeStep(
            label=effect.study,
            k=pooled.k,
            estimate=pooled.estimate,
            ci_low=pooled.ci[0],
            ci_high=pooled.ci[1],
            conclusion="" if withheld else classify(pooled.ci, plan.margin).value,
        )
        for (effect, _), pooled in zip(ordered, pooled_so_far, strict=True)
    )
    several = results.pooled.k > 1 and results.pooled.test != "z"
    first = "; the first trial has its own normal interval" if several else ""
    return Cumulative(
        title=f"{plan.title}: as trials were published",
        steps=steps,
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        margin=plan.margin,
        note=f"{model_words(results.pooled)}{first}. Repeated looks are not adjusted for."
        f"{f' {WITHHELD_NOTE}' if withheld else ''}",
        level=plan.level,
        notation=notation(inputs),
    )
