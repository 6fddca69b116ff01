"""What sensitivity variants select instead of the primary trials. Pure: evidence in, inputs out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from review.extraction.appraisal.form import Target
from review.extraction.appraisal.rules import Settled, judgement_of
from review.extraction.evidence import Evidence
from review.living.inputs.columns import leaves_of
from review.living.inputs.reasons import SelectionError
from review.living.inputs.select import select, select_every
from review.living.runs.contents import Alternative, RunInputs, TrialInput
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisSet, Rater, Variant

RISK_TOOL = "rob2"
"""The family of tools whose lowest step is "low risk of bias" in a randomised trial."""


def with_alternatives(
    inputs: RunInputs, evidence: Iterable[Evidence], settled: Mapping[Target, Settled]
) -> RunInputs:
    """Add to a selection what its planned variants need beyond the primary trials.

    `settled` holds the risk of bias that counts; a trial that nobody judged is not at low risk.
    """
    planned = set(inputs.plan.variants)
    if not planned & {*_SELECTING, Variant.LOW_RISK_ONLY, Variant.WITHOUT_LINKED}:
        return inputs
    items = list(evidence)
    found = [
        Alternative(variant=variant, label=label, trials=trials)
        for variant in inputs.plan.variants
        if variant in _SELECTING
        for label, trials in _SELECTING[variant](inputs.plan, items)
    ]
    if Variant.LOW_RISK_ONLY in planned:
        low = tuple(t for t in inputs.trials if _at_low_risk(inputs.plan, t, settled))
        label = "low risk of bias only"
        found.append(Alternative(variant=Variant.LOW_RISK_ONLY, label=label, trials=low))
    if Variant.WITHOUT_LINKED in planned:
        own = tuple(t for t in inputs.trials if not is_linked(inputs.plan, t))
        label = f"measured by {inputs.plan.target_instrument} only"
        found.append(Alternative(variant=Variant.WITHOUT_LINKED, label=label, trials=own))
    return inputs.model_copy(update={"alternatives": tuple(found)})


def is_linked(plan: Plan, trial: TrialInput) -> bool:
    """Whether any result of a trial was put on the scale of another instrument."""
    return any(leaf.instrument != plan.target_instrument for leaf in leaves_of(trial))


def _at_low_risk(plan: Plan, trial: TrialInput, settled: Mapping[Target, Settled]) -> bool:
    found = judgement_of(
        settled,
        study=trial.study,
        outcome=plan.outcome_of(trial.measured),
        instrument=trial.instrument,
        timepoint=trial.timepoint,
    )
    return found is not None and found.judgement == "low"


_Labelled = tuple[str, tuple[TrialInput, ...]]


def _selected(plan: Plan, items: Sequence[Evidence]) -> tuple[TrialInput, ...]:
    """Select by a changed plan; what is ambiguous then is left out of the variant."""
    by_study: dict[int, list[Evidence]] = {}
    for item in items:
        by_study.setdefault(item.study_id, []).append(item)
    trials: list[TrialInput] = []
    for of_study in by_study.values():
        try:
            trials += select(plan, of_study).trials
        except SelectionError:
            continue
    return tuple(sorted(trials, key=lambda trial: (trial.study.casefold(), trial.study)))


def _by_rater(plan: Plan, items: Sequence[Evidence]) -> Iterator[_Labelled]:
    present = {item.rater for item in items if item.outcome in plan.measured}
    for rater in Rater:
        if rater in present:
            changed = plan.model_copy(update={"raters": (rater,)})
            yield f"rated by {rater.value.replace('_', ' ')}", _selected(changed, items)


def _itt_only(plan: Plan, items: Sequence[Evidence]) -> Iterator[_Labelled]:
    changed = plan.model_copy(update={"analysis_sets": (AnalysisSet.ITT,)})
    yield "intention to treat only", _selected(changed, items)


def _every(plan: Plan, items: Sequence[Evidence]) -> Iterator[_Labelled]:
    yield "all planned results of each trial", select_every(plan, items)


_SELECTING = {
    Variant.BY_RATER: _by_rater,
    Variant.ITT_ONLY: _itt_only,
    Variant.AGGREGATED: _every,
    Variant.THREE_LEVEL: _every,
}
"""Variants that need another selection than the primary one."""
