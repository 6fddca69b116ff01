"""Analyses that are no contrast: associations, and single arms. Pure: evidence in, inputs out.

Each arm is a unit of its own, since its people are in no other arm; `side` says of which of the
plan's two sides it is, so that delivery mode can be a moderator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from review.extraction.conversion import has_precision
from review.extraction.evidence import Evidence
from review.extraction.vocabulary import Level
from review.living.inputs.characteristics import characteristics_of, chosen_by
from review.living.inputs.columns import why_no_effect
from review.living.inputs.contrasts import (
    SelectionError,
    arm_input,
    left_out_because,
    planned_rank,
    select_inputs,
)
from review.living.inputs.reasons import (
    Reason,
    either,
    excluded,
    kept_out,
    missed,
    no_arm,
    not_planned,
    sides,
)
from review.living.runs.contents import LeftOut, RunInputs, TrialInput
from review.measures import Measure
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind


def select(plan: Plan, evidence: Iterable[Evidence]) -> RunInputs:
    """Return what a plan of any kind takes from the evidence, in order of study.

    Raises
    ------
    SelectionError
        If an instrument has no direction where one is needed, or an arm offers several results and
        the plan does not say which counts.
    """
    if plan.kind is AnalysisKind.CONTRAST:
        return _with_effects(select_inputs(plan, evidence))
    by_study: dict[tuple[str, int], list[Evidence]] = defaultdict(list)
    for item in evidence:
        if item.outcome == plan.outcome:
            by_study[item.study, item.study_id].append(item)
    trials: list[TrialInput] = []
    left_out: list[LeftOut] = []
    conditions = plan.conditions
    for (study, _), of_study in sorted(by_study.items(), key=lambda pair: pair[0][0].casefold()):
        items, gone = chosen_by(plan, conditions, of_study)
        found = _arms(plan, items) if items else []
        trials += found
        if not found and not (gone and _could_enter(plan, of_study)):
            left_out.append(left_out_because(study, _why_none(plan, of_study)))
        elif gone:
            told = "; ".join(f"{place}: {reason}" for place, reason in gone.items())
            left_out.append(left_out_because(study, kept_out(told)))
    return _with_effects(RunInputs(plan=plan, trials=tuple(trials), left_out=tuple(left_out)))


def _with_effects(inputs: RunInputs) -> RunInputs:
    """Leave out the trials that the plan's rule for zero cells gives no effect."""
    if inputs.plan.zero_cells is None:
        return inputs
    reasons = [why_no_effect(inputs.plan, trial) for trial in inputs.trials]
    pairs = list(zip(inputs.trials, reasons, strict=True))
    gone = [LeftOut(study=trial.study, reason=why) for trial, why in pairs if why is not None]
    left_out = sorted(
        (*inputs.left_out, *gone), key=lambda item: (item.study.casefold(), item.study)
    )
    return inputs.model_copy(
        update={
            "trials": tuple(trial for trial, why in pairs if why is None),
            "left_out": tuple(left_out),
        }
    )


def _could_enter(plan: Plan, items: Sequence[Evidence]) -> bool:
    """Whether a study would give something were there no conditions."""
    try:
        return bool(_arms(plan, items))
    except SelectionError:
        return True


def _arms(plan: Plan, items: Sequence[Evidence]) -> list[TrialInput]:
    if items[0].excluded_because is not None:
        return []
    found = []
    for rule in sides(plan):
        by_arm: dict[int, list[Evidence]] = defaultdict(list)
        for item in items:
            arm = item.arm
            if rule.matches(delivery_mode=arm.delivery_mode, treatment=arm.treatment):
                by_arm[arm.arm_id].append(item)
        for of_arm in by_arm.values():
            chosen = _chosen(plan, [item for item in of_arm if _suffices(plan, item)])
            if chosen is not None:
                found.append((rule.label, chosen))
    several = len(found) > 1
    return [_unit(plan, side, item, named=several) for side, item in found]


def _chosen(plan: Plan, items: Sequence[Evidence]) -> Evidence | None:
    """Return the preferred result of one arm."""
    ranked: dict[tuple[int, ...], list[Evidence]] = defaultdict(list)
    for item in items:
        rank = planned_rank(plan, (item.instrument, item.rater, item.timepoint, item.analysis_set))
        if rank is not None:
            ranked[rank].append(item)
    if not ranked:
        return None
    best = ranked[min(ranked)]
    if len(best) > 1:
        offered = "; ".join(item.place for item in best)
        raise SelectionError(
            f"{best[0].study} offers {len(best)} results of one arm ({offered}); let the plan say "
            "which instruments, raters, timepoints or analysis_sets count, in order of preference"
        )
    return best[0]


def _suffices(plan: Plan, item: Evidence) -> bool:
    if plan.kind is AnalysisKind.ASSOCIATION:
        return (
            item.level is Level.ASSOCIATION
            and item.with_outcome == plan.predicts
            and item.estimate is not None
            and (item.metric or "r").casefold() == "r"
            and item.n is not None
            and item.n > 3  # the variance of Fisher's z is 1 / (n - 3)
        )
    if item.level is not Level.ARM or item.n is None:
        return False
    if plan.measure is Measure.MN:
        return item.mean is not None and item.sd is not None
    if plan.measure is Measure.GEN:
        return item.estimate is not None and has_precision(item)
    return item.events is not None


def _unit(plan: Plan, side: str, item: Evidence, *, named: bool) -> TrialInput:
    return TrialInput(
        study_id=item.study_id,
        study=f"{item.study}, {item.arm.label}" if named else item.study,
        year=item.year,
        instrument=item.instrument,
        higher_is_better=_same_way(item) if plan.kind is AnalysisKind.ASSOCIATION else True,
        rater=item.rater.value,
        timepoint=item.timepoint,
        analysis_set=item.analysis_set.value,
        intervention=(arm_input(item),),
        side=side,
        characteristics=characteristics_of(plan, (item,)),
    )


def _same_way(item: Evidence) -> bool:
    """Whether both instruments of an association are better the same way; else r turns its sign."""
    if item.higher_is_better is None or item.with_higher_is_better is None:
        silent = item.instrument if item.higher_is_better is None else item.with_instrument
        raise SelectionError(
            f"instrument {silent} does not say whether higher is better; without that the sign of "
            "an association means nothing"
        )
    return item.higher_is_better == item.with_higher_is_better


def _why_none(plan: Plan, items: Sequence[Evidence]) -> Reason:
    if items[0].excluded_because is not None:
        return excluded(items[0])
    rules = sides(plan)
    on_side = [
        item
        for item in items
        if any(
            rule.matches(delivery_mode=item.arm.delivery_mode, treatment=item.arm.treatment)
            for rule in rules
        )
    ]
    if not on_side:
        return no_arm(rules[0], items)
    labels = either([rule.label for rule in rules])
    if all(missed(plan, item) for item in on_side):
        return not_planned(plan, on_side)
    if plan.kind is AnalysisKind.ASSOCIATION:
        return Reason(
            f"no correlation with {plan.predicts} and its n in an arm of {labels}",
            "enter the correlation (metric r) of both instruments with its n",
        )
    return Reason(
        f"no numbers that give {plan.measure.value} in an arm of {labels}",
        "enter what the report gives of the arm",
    )
