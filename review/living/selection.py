"""Which results of which studies a plan selects. Pure: evidence in, inputs out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from review.effects import Measure
from review.errors import InvalidDataError
from review.extraction.evidence import ArmSide, Evidence
from review.living.snapshot import ArmInput, LeftOut, Numbers, RunInputs, Source, TrialInput
from review.protocol.rules import CONTINUOUS, DICHOTOMOUS, ArmRule, Plan
from review.protocol.vocabulary import AnalysisSet, Rater

_Key: TypeAlias = tuple[str, Rater, str, AnalysisSet]
"""Instrument, rater, timepoint, analysis set."""


class SelectionError(InvalidDataError):
    """The plan does not say which of several results counts, or a direction is missing."""


def select_inputs(plan: Plan, evidence: Iterable[Evidence]) -> RunInputs:
    """Return what a plan takes from the evidence of a review, in order of study.

    Raises
    ------
    SelectionError
        If an instrument has no direction, or a study offers several results and the plan does not
        say which counts.
    """
    by_study: dict[int, list[Evidence]] = defaultdict(list)
    for item in evidence:
        if item.outcome == plan.outcome:
            by_study[item.study_id].append(item)
    trials, left_out = [], []
    for items in by_study.values():
        chosen = _trial(plan, items)
        if isinstance(chosen, TrialInput):
            trials.append(chosen)
        else:
            left_out.append(LeftOut(study=items[0].study, reason=chosen))
    return RunInputs(
        plan=plan,
        trials=tuple(sorted(trials, key=_by_name)),
        left_out=tuple(sorted(left_out, key=_by_name)),
    )


def select_every(plan: Plan, evidence: Iterable[Evidence]) -> tuple[TrialInput, ...]:
    """Return all results of each study that a plan accepts, not only the preferred one.

    For models of dependent results: a study then stands there once for each instrument, rater,
    timepoint and set. Studies that are excluded, or whose contrasts count persons twice, stay out.
    """
    by_study: dict[int, list[Evidence]] = defaultdict(list)
    for item in evidence:
        if item.outcome == plan.outcome and item.excluded_because is None:
            by_study[item.study_id].append(item)
    trials = []
    for items in by_study.values():
        try:
            _, candidates, _ = _candidates(plan, items)
            trials += [_input(candidates[key]) for key in sorted(candidates)]
        except SelectionError:
            continue
    return tuple(sorted(trials, key=_by_name))


def _by_name(item: TrialInput | LeftOut) -> tuple[str, str]:
    return item.study.casefold(), item.study


@dataclass(frozen=True, slots=True)
class _Candidate:
    intervention: tuple[Evidence, ...] = ()
    comparator: tuple[Evidence, ...] = ()
    contrast: Evidence | None = None
    reversed: bool = False


def _trial(plan: Plan, items: Sequence[Evidence]) -> TrialInput | str:
    """Return a study's input, or why it has none."""
    if items[0].excluded_because is not None:
        return f"excluded: {items[0].excluded_because}"
    for rule in (plan.intervention, plan.comparator):
        if not any(_on_side(rule, item) for item in items):
            return f"no arm is {rule.label}"
    ranked, candidates, groups = _candidates(plan, items)
    if not ranked:
        return _why_none(plan, groups)
    best = ranked[min(ranked)]
    if len(best) > 1:
        offered = "; ".join(" / ".join(map(str, key)) for key in sorted(best))
        raise SelectionError(
            f"{items[0].study} offers {len(best)} results ({offered}); let the plan say which "
            "instruments, raters, timepoints or analysis_sets count, in order of preference"
        )
    return _input(candidates[best[0]])


def _candidates(
    plan: Plan, items: Sequence[Evidence]
) -> tuple[dict[tuple[int, ...], list[_Key]], dict[_Key, _Candidate], dict[_Key, list[Evidence]]]:
    """Return what a study offers: keys by rank, candidates by key, and all results by key."""
    ranked: dict[tuple[int, ...], list[_Key]] = defaultdict(list)
    groups: dict[_Key, list[Evidence]] = defaultdict(list)
    for item in items:
        groups[item.instrument, item.rater, item.timepoint, item.analysis_set].append(item)
    candidates: dict[_Key, _Candidate] = {}
    for key, group in groups.items():
        rank = _rank(plan, key)
        candidate = _candidate(plan, group)
        if rank is not None and candidate is not None:
            ranked[rank].append(key)
            candidates[key] = candidate
    return ranked, candidates, groups


def _rank(plan: Plan, key: _Key) -> tuple[int, ...] | None:
    rank = []
    orders: tuple[Sequence[str], ...] = (
        plan.instruments, plan.raters, plan.timepoints, plan.analysis_sets,
    )  # fmt: skip
    for order, value in zip(orders, key, strict=True):
        if order and value not in order:
            return None
        rank.append(order.index(value) if order else 0)
    return tuple(rank)


def _matches(rule: ArmRule, arm: ArmSide) -> bool:
    return rule.matches(delivery_mode=arm.delivery_mode, treatment=arm.treatment)


def _on_side(rule: ArmRule, item: Evidence) -> bool:
    return _matches(rule, item.arm) or (item.versus is not None and _matches(rule, item.versus))


def _candidate(plan: Plan, group: Sequence[Evidence]) -> _Candidate | None:
    arms = [item for item in group if item.versus is None and _arm_suffices(plan.measure, item)]
    intervention = tuple(item for item in arms if _matches(plan.intervention, item.arm))
    comparator = tuple(
        item for item in arms if _matches(plan.comparator, item.arm) and item not in intervention
    )
    if intervention and comparator:
        return _Candidate(intervention, comparator)
    contrasts = [
        _Candidate(contrast=item, reversed=turned)
        for item in group
        if item.versus is not None and _contrast_suffices(plan.measure, item)
        for turned in (False, True)
        if _compares(plan, item, turned)
    ]
    if len(contrasts) > 1:
        raise SelectionError(
            f"{group[0].study} reports {len(contrasts)} contrasts of {plan.intervention.label} "
            f"with {plan.comparator.label}; enter its arms' own numbers, so that each person "
            "counts once"
        )
    return contrasts[0] if contrasts else None


def _compares(plan: Plan, item: Evidence, turned: bool) -> bool:
    assert item.versus is not None
    one, other = (item.versus, item.arm) if turned else (item.arm, item.versus)
    return _matches(plan.intervention, one) and _matches(plan.comparator, other)


def _has_precision(item: Evidence) -> bool:
    return (
        item.variance is not None
        or item.se is not None
        or (item.ci_low is not None and item.ci_high is not None)
    )


def _arm_suffices(measure: Measure, item: Evidence) -> bool:
    if item.n is None:
        return False
    if measure in CONTINUOUS:
        return item.mean is not None and (item.sd is not None or item.se is not None)
    if measure in DICHOTOMOUS:
        return item.events is not None
    return item.estimate is not None and _has_precision(item)


def _contrast_suffices(measure: Measure, item: Evidence) -> bool:
    right = measure is Measure.GEN or (item.metric or "").upper() == measure.value
    return right and item.estimate is not None and _has_precision(item)


def _why_none(plan: Plan, groups: dict[_Key, list[Evidence]]) -> str:
    if all(_rank(plan, key) is None for key in groups):
        offered = "; ".join(" / ".join(map(str, key)) for key in sorted(groups))
        return f"nothing at the planned instruments, raters, timepoints and sets (it has {offered})"
    return f"the numbers do not give {plan.measure.value}"


def _arm_input(item: Evidence) -> ArmInput:
    return ArmInput(
        arm=item.arm.label,
        numbers=Numbers(**{name: getattr(item, name) for name in Numbers.model_fields}),
        source=Source(
            result_id=item.result_id,
            entry_kind=item.entry_kind,
            report=item.report,
            page=item.page,
        ),
    )


def _input(candidate: _Candidate) -> TrialInput:
    first = candidate.contrast or candidate.intervention[0]
    if first.higher_is_better is None:
        raise SelectionError(
            f"instrument {first.instrument_name} does not say whether higher is better; "
            "without that its results cannot be pooled"
        )
    return TrialInput(
        study_id=first.study_id,
        study=first.study,
        year=first.year,
        instrument=first.instrument,
        higher_is_better=first.higher_is_better,
        rater=first.rater.value,
        timepoint=first.timepoint,
        analysis_set=first.analysis_set.value,
        intervention=tuple(_arm_input(item) for item in candidate.intervention),
        comparator=tuple(_arm_input(item) for item in candidate.comparator),
        contrast=_arm_input(candidate.contrast) if candidate.contrast else None,
        contrast_reversed=candidate.reversed,
    )
