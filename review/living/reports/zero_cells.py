"""What a reader must know of cells without events: rule, trials touched, other ways to pool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from review.living.estimates.zero_cells import (
    BY_ARM,
    ZeroCellTrial,
    cell_of,
    origin_words,
    peto_words,
    places_added,
    rule_words,
    tables_of,
    zero_cell_lines,
    zero_cell_trials,
)
from review.living.reports.notices import Notice, NoticeKind
from review.living.runs.contents import RunInputs
from review.living.runs.scales import scale_of_run
from review.measures import OF_COUNTS, Measure
from review.protocol.rules import Plan
from review.wording import counted, with_article


def zero_cell_notices(inputs: RunInputs) -> Iterator[Notice]:
    """Yield what a reader must know of zero cells: rule, trials touched, other ways to pool."""
    plan = inputs.plan
    trials = zero_cell_trials(inputs)
    with_zero = [trial for trial in trials if trial.zero]
    if with_zero:
        yield Notice(NoticeKind.ZERO_CELLS, _summary(plan, trials))
        for trial in with_zero:
            yield Notice(NoticeKind.ZERO_CELLS, _of_trial(plan, trial), trial.study)
    elif trials:
        yield Notice(NoticeKind.ZERO_CELLS, _summary(plan, trials))
    yield from _cautions(inputs)
    if told := "; ".join(_as_shown(inputs)):
        yield Notice(NoticeKind.ZERO_CELLS, f"the same counts by other ways: {told}")


def _as_shown(inputs: RunInputs) -> Iterator[str]:
    scale = scale_of_run(inputs)
    for line in zero_cell_lines(inputs):
        if line.estimate is not None and line.ci is not None:
            caution = f" ({line.note})" if line.note else ""
            yield f"{line.label} {scale.alone(line.estimate, line.ci)}{caution}"


def _summary(plan: Plan, trials: Sequence[ZeroCellTrial]) -> str:
    touched = sum(trial.added > 0 for trial in trials)
    without = sum(trial.without is not None for trial in trials)
    zero = sum(trial.zero for trial in trials)
    told = (
        f"{rule_words(plan)} ({origin_words(plan)}); {counted(zero, 'trial')} with {_empty(plan)}"
    )
    if touched and touched != zero:
        told += f", {counted(touched, 'trial')} added to"
    return told + (f", {without} of them without events in either arm" if without else "")


def _empty(plan: Plan) -> str:
    return f"{with_article(cell_of(plan.measure))} without events"


def _of_trial(plan: Plan, trial: ZeroCellTrial) -> str:
    if plan.method in OF_COUNTS:
        if trial.without:
            return f"{trial.without}; counted among the trials, adds nothing to the estimate"
        return f"{_empty(plan)}; enters as it is"
    done = (
        f"{trial.added:g} added to {places_added(plan.measure)}"
        if trial.added
        else "enters as it is"
    )
    if trial.added and plan.zero_cells is not None and plan.zero_cells.by_arm:
        done += f", {BY_ARM}"
    if trial.without is None:
        return f"{_empty(plan)}; {done}"
    return f"{trial.without}; kept, {done} (zero_cells: drop00 in a plan leaves such trials out)"


def _cautions(inputs: RunInputs) -> Iterator[Notice]:
    """Yield what speaks against Peto's method in an analysis that is pooled by it."""
    if inputs.plan.measure is not Measure.PETO:
        return
    tables = tables_of(inputs)
    if tables is None:
        return
    words = peto_words(inputs.trials, tables)
    if words is not None:
        yield Notice(NoticeKind.ZERO_CELLS, words)
