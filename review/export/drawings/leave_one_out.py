"""The pooled estimate of a run without each of its trials."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Final

from review.arrays import Floats
from review.canonical import number
from review.export.drawings.axis import (
    WITHHELD_NOTE,
    axis_label,
    by_year,
    favours,
    notation,
)
from review.export.drawings.influence import MOST_SHOWN
from review.export.drawings.studies import effects_of
from review.export.runs import model_words
from review.figures.estimates import EstimateRow, Estimates
from review.figures.numbers import fixed
from review.figures.scale import Written
from review.living.estimates.counts import pool_tables
from review.living.estimates.refits import NOT_CARRIED, kept_studies, refit
from review.living.estimates.sensitivity import tau2_of
from review.living.reports.sentence import conclusion_word
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import RunResults
from review.measures import OF_COUNTS
from review.protocol.rules import Plan
from review.synthesis import Method, Test, leave_one_out
from review.synthesis.noninferiority import Conclusion, classify
from review.synthesis.pooled import Pooled
from review.wording import counted

DECIMALS: Final = 2, 3
"""Of estimates, and of those of many trials, which differ in the third."""


def leave_one_out_of(
    inputs: RunInputs, results: RunResults, *, withheld: bool = False, every: bool = False
) -> Estimates:
    """Return the estimate without each trial, in order of year, all trials first.

    A line is in bold where the class differs from that of all trials. With a single trial nothing
    is left without it, and there is no line but that of all. Of more than `MOST_SHOWN` trials those
    are shown that move the estimate most, and every one without which the class is another or
    nothing can be pooled; between what the estimate is without the others is said. With `every`,
    all are shown.
    """
    plan, line = inputs.plan, results.pooled
    left, right = favours(plan)
    ordered = by_year(inputs, results)
    whole = classify(line.ci, plan.margin)
    concludes = conclusion_word(plan.kind, whole) is not None
    told = " In bold: the conclusion is another one." if concludes else ""

    def word(conclusion: Conclusion) -> str:
        return conclusion_word(plan.kind, conclusion, withheld=withheld) or ""

    rows = [
        EstimateRow(
            "None: all trials", line.estimate, *line.ci,
            after=(number(line.tau2, 3), f"{fixed(line.I2, 1)}%", word(whole)),
        )
    ]  # fmt: skip
    if not results.of_one_mean:
        rows += _of_the_whole(inputs, results, whole, word)
    elif len(ordered) > 1:
        yi, vi = effects_of([effect for effect, _ in ordered])
        refits = _refits(plan, yi, vi, [trial for _, trial in ordered])
        for (effect, _), fit in zip(ordered, refits, strict=True):
            conclusion = classify(fit.ci, plan.margin)
            rows.append(
                EstimateRow(
                    effect.study, fit.estimate, *fit.ci,
                    strong=conclusion is not whole and bool(told) and not withheld,
                    after=(
                        number(tau2_of(fit.method, fit.tau2), 3), f"{fixed(fit.I2, 1)}%",
                        word(conclusion),
                    ),
                )
            )  # fmt: skip
    long = len(rows) - 1 > MOST_SHOWN and not every
    decimals, scale = DECIMALS[long], notation(inputs)
    rows, others = _foremost(rows, scale, decimals) if long else (rows, "")
    single = len({effect.study_id for effect, _ in ordered}) == 1
    alone = " One trial only: nothing is left without it." if single else ""
    return Estimates(
        title=f"{plan.title}: each trial left out",
        rows=tuple(rows),
        label_header="Left out",
        after_headers=("τ²", "I²", "Conclusion"),
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        margin=plan.margin,
        null_line=plan.has_null,
        reference=line.estimate,
        note=(
            f"{model_words(line)}. {WITHHELD_NOTE}{alone}{others}"
            if withheld
            else f"{model_words(line)}.{told}{alone}{others}"
        ),
        level=plan.level,
        decimals=decimals,
        notation=scale,
    )


def _foremost(
    rows: Sequence[EstimateRow], scale: Written, decimals: int
) -> tuple[list[EstimateRow], str]:
    """Return the line of all trials with those that say most, and a sentence of the others."""
    whole, *left_out = rows
    middle = whole.estimate or 0.0
    moves = [inf if r.estimate is None else abs(r.estimate - middle) for r in left_out]
    order = sorted(range(len(left_out)), key=lambda i: (not left_out[i].strong, -moves[i]))
    telling = sum(row.strong or row.estimate is None for row in left_out)
    shown = set(order[: max(MOST_SHOWN, telling)])
    others = [r.estimate for i, r in enumerate(left_out) if i not in shown]
    ends = sorted((x for x in others if x is not None), reverse=scale.turned)
    low, high = (scale.written(ends[at], decimals) for at in (0, -1))
    without = counted(len(others), "other", "others")
    said = (
        f" Shown are the {len(shown)} of {len(left_out)} trials whose absence moves the estimate "
        f"most or changes the conclusion; without any one of the {without} it is "
        f"{low if low == high else f'{low} to {high}'}."
    )
    return [whole, *(r for i, r in enumerate(left_out) if i in shown)], said


def _of_the_whole(
    inputs: RunInputs,
    results: RunResults,
    whole: Conclusion,
    word: Callable[[Conclusion], str],
) -> Iterator[EstimateRow]:
    """Yield what a network or several outcomes decide on without each trial, where it is there."""
    plan, kept = inputs.plan, kept_studies(inputs, results)
    names = {effect.study_id: effect.study for effect, _ in by_year(inputs, results)}
    for study, name in names.items():
        rest = [one for other, one in kept.items() if other != study]
        line = refit(plan, rest) if rest else None
        if line is None:
            yield EstimateRow(name, None, None, None, after=("", "", NOT_CARRIED[plan.of_several]))
            continue
        conclusion = classify(line.ci, plan.margin)
        yield EstimateRow(
            name, line.estimate, *line.ci,
            strong=conclusion is not whole and word(conclusion) == conclusion.value,
            after=(
                number(line.tau2, 3), f"{fixed(line.i2, 1)}%",
                word(conclusion),
            ),
        )  # fmt: skip


def _refits(plan: Plan, yi: Floats, vi: Floats, trials: Sequence[TrialInput]) -> Sequence[Pooled]:
    k = len(trials)
    if plan.method in OF_COUNTS:
        return [pool_tables(plan, [*trials[:i], *trials[i + 1 :]]) for i in range(k)]
    many = leave_one_out(yi, vi, method=Method(plan.method), test=Test(plan.test), level=plan.level)
    return [many[i] for i in range(k)]
