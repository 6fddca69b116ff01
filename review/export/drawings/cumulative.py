"""The pooled estimate as trials were added."""

from __future__ import annotations

from review.export.drawings.axis import (
    WITHHELD_NOTE,
    axis_label,
    by_year,
    favours,
    notation,
)
from review.export.drawings.studies import effects_of
from review.export.runs import model_words
from review.figures import Cumulative, CumulativeStep
from review.living.estimates.pooling import pool_prefixes
from review.living.estimates.refits import kept_studies, refit
from review.living.reports.sentence import conclusion_word
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.synthesis.noninferiority import classify


def cumulative_of(inputs: RunInputs, results: RunResults, *, withheld: bool = False) -> Cumulative:
    """Return the pooled estimate after each trial in order of year, with its conclusion class."""
    plan = inputs.plan
    left, right = favours(plan)
    ordered = by_year(inputs, results)
    if not results.of_one_mean:
        so_far = _of_the_whole(inputs, results)
    else:
        yi, vi = effects_of([effect for effect, _ in ordered])
        pooled = pool_prefixes(plan, yi, vi, [trial for _, trial in ordered])
        names = [effect.study for effect, _ in ordered]
        so_far = [(n, p.k, p.estimate, p.ci) for n, p in zip(names, pooled, strict=True)]
    steps = tuple(
        CumulativeStep(
            label=name,
            k=k,
            estimate=estimate,
            ci_low=ci[0],
            ci_high=ci[1],
            conclusion=""
            if withheld
            else conclusion_word(plan.kind, classify(ci, plan.margin)) or "",
        )
        for name, k, estimate, ci in so_far
    )
    late = ""
    if not results.of_one_mean and len(steps) < results.pooled.k:
        sides = f"{plan.intervention.label} and {plan.comparator.label}"
        lacked = "carry the model" if plan.of_several else f"join {sides} in one network"
        late = f". Before {steps[0].label if steps else 'the last'} the trials did not {lacked}"
    alone = results.of_one_mean and results.pooled.k > 1
    several = alone and results.pooled.test != "z"
    first = "; the first trial has its own normal interval" if several else ""
    return Cumulative(
        title=f"{plan.title}: as trials were published",
        steps=steps,
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        margin=plan.margin,
        null_line=plan.has_null,
        note=f"{model_words(results.pooled)}{first}{late}. Repeated looks are not adjusted for."
        f"{f' {WITHHELD_NOTE}' if withheld else ''}",
        level=plan.level,
        notation=notation(inputs),
    )


def _of_the_whole(
    inputs: RunInputs, results: RunResults
) -> list[tuple[str, int, float, tuple[float, float]]]:
    """Return what is decided on after each trial, from where it has an estimate."""
    kept = kept_studies(inputs, results)
    names = {effect.study_id: effect.study for effect, _ in by_year(inputs, results)}
    found, order = [], list(names)
    for n in range(1, len(order) + 1):
        line = refit(inputs.plan, [kept[study] for study in order[:n]])
        if line is not None:
            found.append((names[order[n - 1]], n, line.estimate, line.ci))
    return found
