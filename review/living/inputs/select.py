"""The door to selection: what a plan of any kind takes of the evidence. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from review.extraction.evidence import Evidence
from review.living.inputs.arms import arms_of
from review.living.inputs.characteristics import let_in
from review.living.inputs.columns import why_no_effect
from review.living.inputs.contrasts import every_comparison_of, results_of, trial_of
from review.living.inputs.jointly import outcomes_of
from review.living.inputs.networks import comparisons_of
from review.living.inputs.reasons import Reason, SelectionError, excluded, kept_out
from review.living.runs.contents import LeftOut, RunInputs, TrialInput
from review.protocol.characteristics import Condition
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind


def select(plan: Plan, evidence: Iterable[Evidence]) -> RunInputs:
    """Return what a plan of any kind takes from the evidence, in order of study.

    Of a study that enters, each result of the outcome is one that a trial holds, or is named with
    its reason: in the trial's `not_used`, or among what is left out.

    Raises
    ------
    SelectionError
        If an instrument has no direction where one is needed, or a study offers several results
        and the plan does not say which counts.
    """
    conditions = plan.conditions
    trials: list[TrialInput] = []
    left_out: list[LeftOut] = []
    for items in _by_study(plan, evidence):
        taken, reasons = _of_study(plan, conditions, items)
        if plan.zero_cells is not None:
            taken, without = _with_effects(plan, taken)
            reasons = (*reasons, *without)
        trials += taken
        left_out += [_left_out(items[0].study, reason) for reason in reasons]
    return RunInputs(plan=plan, trials=tuple(trials), left_out=tuple(left_out))


def select_every(plan: Plan, evidence: Iterable[Evidence]) -> tuple[TrialInput, ...]:
    """Return all comparisons of each study that a plan accepts, not only the preferred one.

    For models of dependent results: a study then stands there once for each instrument, rater,
    timepoint and set. Studies that are excluded, or whose contrasts count persons twice, stay out.
    """
    conditions = plan.conditions
    trials: list[TrialInput] = []
    for items in _by_study(plan, evidence):
        if items[0].excluded_because is None:
            try:
                trials += every_comparison_of(plan, let_in(plan, conditions, items)[0])
            except SelectionError:
                continue
    return tuple(trial for trial in trials if why_no_effect(plan, trial) is None)


def _by_study(plan: Plan, evidence: Iterable[Evidence]) -> list[list[Evidence]]:
    """Return the results of the plan's outcome, a list for each study, by its name."""
    found: dict[int, list[Evidence]] = defaultdict(list)
    for item in evidence:
        if item.outcome in plan.measured:
            found[item.study_id].append(item)
    return sorted(found.values(), key=lambda of: (of[0].study.casefold(), of[0].study))


def _taken(plan: Plan, items: Sequence[Evidence]) -> tuple[TrialInput, ...] | Reason:
    """Return what a study gives where no condition is asked."""
    if plan.kind is AnalysisKind.NETWORK:
        return comparisons_of(plan, items)
    if plan.is_joint:
        return outcomes_of(plan, items)
    if plan.kind is not AnalysisKind.CONTRAST:
        return arms_of(plan, items)
    if plan.random:
        return results_of(plan, items)
    found = trial_of(plan, items)
    return found if isinstance(found, Reason) else (found,)


def _of_study(
    plan: Plan, conditions: Sequence[Condition], items: Sequence[Evidence]
) -> tuple[tuple[TrialInput, ...], tuple[Reason, ...]]:
    """Return the trials of a study, and why the study, or a part of it, is left out."""
    if items[0].excluded_because is not None:
        return (), (excluded(items[0]),)
    kept, gone = let_in(plan, conditions, items)
    taken = _taken(plan, kept) if kept else ()
    if not gone:
        return ((), (taken,)) if isinstance(taken, Reason) else (taken, ())
    contrast = plan.compares
    places = [f"{place}: {reason}" for place, reason in gone.items()]
    outside = kept_out("; ".join(dict.fromkeys(gone.values()) if contrast else places))
    if isinstance(taken, Reason) or not taken:
        return (), (_without_conditions(plan, items) or outside,)
    if not contrast:
        return taken, (outside,)
    trial, *others = taken
    not_used = tuple(sorted((*trial.not_used, *places)))
    return (trial.model_copy(update={"not_used": not_used}), *others), ()


def _without_conditions(plan: Plan, items: Sequence[Evidence]) -> Reason | None:
    """Return why a study could not enter were there no conditions; None where it could."""
    try:
        taken = _taken(plan, items)
    except SelectionError:
        return None
    return taken if isinstance(taken, Reason) else None


def _with_effects(
    plan: Plan, trials: Sequence[TrialInput]
) -> tuple[tuple[TrialInput, ...], tuple[Reason, ...]]:
    """Leave out what the plan's rule for zero cells gives no effect."""
    kept: list[TrialInput] = []
    without: list[Reason] = []
    not_used: list[str] = []
    for trial in trials:
        why = why_no_effect(plan, trial)
        if why is None:
            kept.append(trial)
        else:
            not_used += trial.not_used
            named = f"{trial.intervention[0].arm}: " if len(trials) > 1 else ""
            without.append(Reason(f"{named}{why}"))
    if kept and not_used:
        told = tuple(sorted((*kept[0].not_used, *not_used)))
        kept[0] = kept[0].model_copy(update={"not_used": told})
    return tuple(kept), tuple(without)


def _left_out(study: str, why: Reason) -> LeftOut:
    return LeftOut(
        study=study,
        reason=why.what,
        remedy=why.remedy,
        detail=why.detail,
        another_question=why.another_question,
    )
