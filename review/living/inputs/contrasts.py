"""Which results of which studies a plan selects. Pure: evidence in, inputs out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from review.errors import InvalidDataError
from review.extraction.conversion import (
    Design,
    EstimateAndVariance,
    MeanAndSD,
    arm_lacks,
    arm_mean_sd,
    contrast_effect,
    contrast_lacks,
    has_precision,
    is_eta_squared,
    lopsided,
    printed_ratio,
)
from review.extraction.designs import arms_of, arms_sd, design_of, is_adjusted
from review.extraction.evidence import ArmSide, Evidence, towards
from review.extraction.vocabulary import Level, Randomised
from review.living.inputs.characteristics import characteristics_of, chosen_by, one_value
from review.living.inputs.reasons import (
    Reason,
    excluded,
    kept_out,
    missed,
    no_arm,
    not_planned,
    nothing_in_common,
)
from review.living.runs.contents import ArmInput, Characteristic, LeftOut, RunInputs, TrialInput
from review.measures import Measure
from review.protocol.characteristics import Condition
from review.protocol.rules import CONTINUOUS, DICHOTOMOUS, ArmRule, Plan
from review.protocol.vocabulary import AnalysisSet, Rater

_Key: TypeAlias = tuple[str, Rater, str, AnalysisSet]
"""Instrument, rater, timepoint, analysis set."""

Joined: TypeAlias = Literal["aggregate", "split", "covariance"]


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
    conditions = plan.conditions
    for items in by_study.values():
        chosen = _trial_where(plan, conditions, items)
        if isinstance(chosen, Reason):
            left_out.append(left_out_because(items[0].study, chosen))
        else:
            trials.append(chosen)
    return RunInputs(
        plan=plan,
        trials=tuple(sorted(trials, key=_by_name)),
        left_out=tuple(sorted(left_out, key=_by_name)),
    )


def left_out_because(study: str, why: Reason) -> LeftOut:
    """Return a study that is left out, as a run keeps it."""
    return LeftOut(
        study=study,
        reason=why.what,
        remedy=why.remedy,
        detail=why.detail,
        another_question=why.another_question,
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
    conditions = plan.conditions
    for of_study in by_study.values():
        items, _ = chosen_by(plan, conditions, of_study)
        try:
            _, candidates, _ = _candidates(plan, items)
            trials += [_input(plan, candidates[key]) for key in sorted(candidates)]
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
    found: EstimateAndVariance | None = None
    """The contrast's effect."""
    spread: tuple[Evidence, ...] = ()
    """The arms whose SD standardizes the contrast."""
    reversed: bool = False
    contrasts: tuple[_Candidate, ...] = ()
    """Contrasts that share their comparator, whose covariance the plan takes into account."""


def _trial_where(
    plan: Plan, conditions: Sequence[Condition], items: Sequence[Evidence]
) -> TrialInput | Reason:
    """Return what a study gives by the plan's conditions; what they keep out is named."""
    if not conditions or items[0].excluded_because is not None:
        return _trial(plan, items)
    kept, gone = chosen_by(plan, conditions, items)
    outside = kept_out("; ".join(dict.fromkeys(gone.values())))
    chosen = _trial(plan, kept) if kept else outside
    if not gone:
        return chosen
    if isinstance(chosen, Reason):
        return _without_conditions(plan, items) or outside
    told = (f"{place}: {reason}" for place, reason in gone.items())
    return chosen.model_copy(update={"not_used": tuple(sorted((*chosen.not_used, *told)))})


def _without_conditions(plan: Plan, items: Sequence[Evidence]) -> Reason | None:
    """Return why a study could not enter were there no conditions; None where it could."""
    try:
        whole = _trial(plan, items)
    except SelectionError:
        return None
    return whole if isinstance(whole, Reason) else None


def _trial(plan: Plan, items: Sequence[Evidence]) -> TrialInput | Reason:
    """Return a study's input, or why it has none."""
    if items[0].excluded_because is not None:
        return excluded(items[0])
    for rule in (plan.intervention, plan.comparator):
        if not any(_on_side(rule, item) for item in items):
            return no_arm(rule, items)
    ranked, candidates, groups = _candidates(plan, items)
    if not ranked:
        return _why_none(plan, groups)
    best = ranked[min(ranked)]
    counting = candidates.values() if plan.several_results == "aggregate" else [candidates[best[0]]]
    for candidate in counting:
        unclear = _cluster_problem(plan, candidate)
        if unclear is not None:
            return Reason(unclear)
    if plan.several_results == "aggregate" and len(candidates) > 1:
        parts = [_input(plan, candidates[key]) for key in sorted(candidates)]
        return _together(parts, "aggregate", _passed_over(plan, items, set(candidates)))
    if len(best) > 1:
        offered = "; ".join(" / ".join(map(str, key)) for key in sorted(best))
        raise SelectionError(
            f"{items[0].study} offers {len(best)} results ({offered}); let the plan say which "
            "instruments, raters, timepoints or analysis_sets count, in order of preference, or "
            "set several_results: aggregate"
        )
    return _input(plan, candidates[best[0]]).model_copy(
        update={"not_used": _passed_over(plan, items, {best[0]})}
    )


def _cluster_problem(plan: Plan, candidate: _Candidate) -> str | None:
    """Return why a cluster trial's variance cannot be known, if that is so."""
    items = _items(candidate)
    design = items[0].design
    if design.randomised is not Randomised.CLUSTER:
        return None
    heedless = {_ignores_clusters(plan, item) for item in items}
    if heedless == {False}:
        return None
    if len(heedless) > 1:
        return (
            "randomised by clusters: of some arms the SE is of an analysis by clusters, of others "
            "the numbers are not; enter them alike (clusters_analysed)"
        )
    if design.cluster_size is None:
        return "randomised by clusters, of which the mean size is not entered (cluster_size)"
    if design.icc is None and plan.icc is None:
        return "randomised by clusters: enter the study's icc, or let the plan assume one (icc)"
    return None


def _items(candidate: _Candidate) -> tuple[Evidence, ...]:
    if candidate.contrasts:
        return tuple(item for part in candidate.contrasts for item in _items(part))
    if candidate.contrast is not None:
        return (candidate.contrast,)
    return (*candidate.intervention, *candidate.comparator)


def _ignores_clusters(plan: Plan, item: Evidence) -> bool:
    """Whether the variance that a result gives is as of independent persons.

    Means with their SDs, medians and events are, whatever the report's analysis did; a standard
    error or an interval is not where the analysis took account of clusters.
    """
    if not item.clusters_analysed:
        return True
    if item.level is Level.CONTRAST or plan.measure is Measure.GEN:
        return False
    if plan.measure in DICHOTOMOUS:
        return True
    sd = item.sd_change if plan.scores == "change" else item.sd
    return sd is not None or (item.mean is None and item.mean_change is None)


def _passed_over(plan: Plan, items: Sequence[Evidence], chosen: set[_Key]) -> tuple[str, ...]:
    """Return the results of a study that do not count, and why."""
    told = []
    for item in items:
        key = (item.instrument, item.rater, item.timepoint, item.analysis_set)
        if item.level is Level.ASSOCIATION:
            reason = "an association, no comparison of arms"
        elif not _on_side(plan.intervention, item) and not _on_side(plan.comparator, item):
            reason = "its arm is on neither side"
        elif planned_rank(plan, key) is None:
            reason = "not among the planned instruments, raters, timepoints and sets"
        elif key not in chosen:
            reason = "another result comes first in the plan's order, or its numbers do not suffice"
        elif item.versus is not None and _arms_suffice(plan, items, key):
            reason = "the arms' own numbers count"
        else:
            continue
        told.append(f"{item.place}: {reason}")
    return tuple(sorted(told))


def _arms_suffice(plan: Plan, items: Sequence[Evidence], key: _Key) -> bool:
    group = [i for i in items if (i.instrument, i.rater, i.timepoint, i.analysis_set) == key]
    candidate = _candidate(plan, group)
    return candidate is not None and bool(candidate.intervention)


def _together(
    parts: Sequence[TrialInput], how: Joined, not_used: tuple[str, ...] = ()
) -> TrialInput:
    """Return one input of several comparisons; its arms are named by what they are about."""
    first = parts[0]

    def named(part: TrialInput, item: ArmInput) -> ArmInput:
        about = f"{part.instrument}, {part.rater}, {part.timepoint}, {part.analysis_set}"
        return item.model_copy(update={"arm": f"{item.arm} ({about})"})

    if how == "aggregate":
        intervention = [named(part, item) for part in parts for item in part.intervention]
        comparator = [named(part, item) for part in parts for item in part.comparator]
    else:
        intervention = [item for part in parts for item in part.intervention]
        comparator = list(first.comparator)
    return first.model_copy(
        update={
            "intervention": tuple(intervention),
            "comparator": tuple(comparator),
            "contrast": next((part.contrast for part in parts if part.contrast), None),
            "parts": tuple(part.model_copy(update={"not_used": ()}) for part in parts),
            "joined": how,
            "not_used": not_used,
            "characteristics": tuple(_of_parts(parts, c) for c in first.characteristics),
        }
    )


def _of_parts(parts: Sequence[TrialInput], one: Characteristic) -> Characteristic:
    """Return the value that all parts of a trial have; else why there is none."""
    values = [part.characteristic(one.name) for part in parts]
    told = next((p.because(one.name) for p in parts if p.characteristic(one.name) is None), None)
    found = one_value(one.name, values, "comparisons or results")
    return found if told is None or any(values) else found.model_copy(update={"because": told})


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
        rank = planned_rank(plan, key)
        candidate = _candidate(plan, group) if rank is not None else None
        if rank is not None and candidate is not None:
            ranked[rank].append(key)
            candidates[key] = candidate
    return ranked, candidates, groups


def planned_rank(plan: Plan, key: tuple[str, str, str, str]) -> tuple[int, ...] | None:
    """Return where a plan's lists of preference put a result; None for one they do not name."""
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
    arms = [item for item in group if item.level is Level.ARM and _arm_suffices(plan, item)]
    intervention = tuple(item for item in arms if _matches(plan.intervention, item.arm))
    comparator = tuple(
        item for item in arms if _matches(plan.comparator, item.arm) and item not in intervention
    )
    if intervention and comparator:
        return _Candidate(intervention, comparator)
    contrasts = [
        _Candidate(contrast=item, reversed=turned, found=found, spread=_spread(item, found, group))
        for item in group
        if item.level is Level.CONTRAST
        for turned in (False, True)
        if _compares(plan, item, turned) and (found := _contrast_found(plan, item, group))
    ]
    if len(contrasts) > 1 and plan.several_arms == "covariance" and _one_control(contrasts):
        return _Candidate(contrasts=tuple(contrasts))
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


def _one_control(candidates: Sequence[_Candidate]) -> bool:
    """Whether contrasts share their comparator arm, and no intervention arm is in two."""
    controls, treated = set(), []
    for candidate in candidates:
        item = candidate.contrast
        assert item is not None
        assert item.versus is not None
        arm, other = (item.versus, item.arm) if candidate.reversed else (item.arm, item.versus)
        controls.add(other.arm_id)
        treated.append(arm.arm_id)
    return len(controls) == 1 and len(set(treated)) == len(treated)


def _arm_suffices(plan: Plan, item: Evidence) -> bool:
    if item.n is None:
        return False
    if plan.measure in CONTINUOUS:
        return _arm(plan, item) is not None
    if plan.measure in DICHOTOMOUS:
        return item.events is not None
    return item.estimate is not None and has_precision(item)


STANDARDIZING: Final = frozenset({Measure.SMD, Measure.SMDH})
"""Measures in SDs of scores, which a model's SE does not hold as it is."""


def _design(plan: Plan, item: Evidence) -> Design:
    return design_of(
        item,
        icc=plan.icc,
        crossover_correlation=plan.crossover_correlation,
        change=plan.scores == "change",
    )


def _arm(plan: Plan, item: Evidence) -> MeanAndSD | None:
    return arm_mean_sd(
        item,
        change=plan.scores == "change",
        standardizes=plan.measure in STANDARDIZING,
        design=_design(plan, item),
    )


def _contrast_found(
    plan: Plan, item: Evidence, group: Sequence[Evidence]
) -> EstimateAndVariance | None:
    ratio = printed_ratio(item)
    if ratio is not None and plan.measure in (ratio, Measure.GEN):
        reason = lopsided(item)
        if reason is not None:
            raise SelectionError(f"{item.study}: {reason}")
    design = _design(plan, item)
    return contrast_effect(
        item,
        plan.measure,
        towards=towards(item),
        design=design,
        arms_sd=None if design.plain else arms_sd(item, group),
    )


def _spread(
    item: Evidence, found: EstimateAndVariance, group: Sequence[Evidence]
) -> tuple[Evidence, ...]:
    if not found.used:
        return ()
    step = arms_sd(item, group)
    return (arms_of(item, group) or ()) if step is not None and step in found.steps else ()


MOST_REASONS: Final = 3
"""As many reasons are told of one study; more would be read by nobody."""


def _both_sides(plan: Plan, group: Sequence[Evidence]) -> bool:
    """Whether one instrument, rater, timepoint and set has results of both sides, as planned."""
    planned = [item for item in group if not missed(plan, item)]
    arms = [item for item in planned if item.level is Level.ARM]
    contrasts = [item for item in planned if item.level is Level.CONTRAST]
    return all(
        any(_matches(rule, item.arm) for item in arms)
        for rule in (plan.intervention, plan.comparator)
    ) or any(_compares(plan, item, turned) for item in contrasts for turned in (False, True))


def _why_none(plan: Plan, groups: dict[_Key, list[Evidence]]) -> Reason:
    on_sides = [
        item
        for group in groups.values()
        for item in group
        if _on_side(plan.intervention, item) or _on_side(plan.comparator, item)
    ]
    if all(missed(plan, item) for item in on_sides):
        return not_planned(plan, on_sides)
    if not any(_both_sides(plan, group) for group in groups.values()):
        return nothing_in_common([item for item in on_sides if not missed(plan, item)])
    arms: dict[str, dict[str, None]] = {}
    for key, group in groups.items():
        for item in group if planned_rank(plan, key) is not None else ():
            if _on_side(plan.intervention, item) or _on_side(plan.comparator, item):
                reason = _lacks(plan, item, group)
                if reason is not None:
                    named = item.arm.label if item.level is Level.ARM else ""
                    arms.setdefault(reason, {})[named] = None
    told = [": ".join(filter(None, (", ".join(names), why))) for why, names in arms.items()]
    said = f": {'; '.join(told[:MOST_REASONS])}" if told else ": one side has no numbers there"
    return Reason(
        f"the numbers do not give {plan.measure.value}{said}", "enter what the report gives"
    )


def _lacks(plan: Plan, item: Evidence, group: Sequence[Evidence]) -> str | None:
    """Return what a result lacks to give its part of an effect; None where it lacks nothing."""
    if item.level is Level.CONTRAST:
        return contrast_lacks(
            item,
            plan.measure,
            towards=towards(item),
            design=_design(plan, item),
            arms_sd=arms_sd(item, group),
        )
    if item.level is not Level.ARM or _arm_suffices(plan, item):
        return None
    if item.n is None:
        return "it needs n"
    if plan.measure in CONTINUOUS:
        return arm_lacks(
            item,
            change=plan.scores == "change",
            standardizes=plan.measure in STANDARDIZING,
            design=_design(plan, item),
        )
    if plan.measure in DICHOTOMOUS:
        return "it needs events"
    return "it needs an estimate with its variance, SE or interval"


def arm_input(item: Evidence) -> ArmInput:
    """Return a result as a run keeps it: its numbers and its source."""
    return _arm_input(item if item.facts is None else item._replace(facts=None))


@lru_cache(maxsize=4096)  # the same results enter several analyses, and variants of each
def _arm_input(item: Evidence) -> ArmInput:
    kept = ArmInput.model_validate(
        {"arm": item.arm.label, "numbers": item, "source": item}, from_attributes=True
    )
    statistic = any(x is not None for x in (item.f, item.p, item.t)) or is_eta_squared(item)
    pointing = towards(item) if statistic or item.p_below is not None else None
    if pointing is None:
        return kept
    numbers = kept.numbers.model_copy(update={"towards": pointing})
    return kept.model_copy(update={"numbers": numbers})


def _input(plan: Plan, candidate: _Candidate) -> TrialInput:
    if candidate.contrasts:
        return _together([_input(plan, part) for part in candidate.contrasts], "covariance")
    several = len(candidate.intervention) > 1
    if several and plan.several_arms != "combine":
        share = 1 / len(candidate.intervention) if plan.several_arms == "split" else 1.0
        parts = [
            _input(plan, _Candidate((item,), candidate.comparator)).model_copy(
                update={"comparator_share": share}
            )
            for item in candidate.intervention
        ]
        return _together(parts, plan.several_arms)
    first = candidate.contrast or candidate.intervention[0]
    if first.higher_is_better is None:
        raise SelectionError(
            f"instrument {first.instrument_name} does not say whether higher is better; "
            "without that its results cannot be pooled"
        )
    design = first.design
    used = _used(plan, candidate)
    in_clusters = design.randomised is Randomised.CLUSTER
    clustered = in_clusters and ("clusters" in used or _ignores_clusters(plan, first))
    return TrialInput(
        study_id=first.study_id,
        study=first.study,
        year=first.year,
        instrument=first.instrument,
        higher_is_better=first.higher_is_better,
        rater=first.rater.value,
        timepoint=first.timepoint,
        analysis_set=first.analysis_set.value,
        intervention=tuple(arm_input(item) for item in candidate.intervention),
        comparator=tuple(arm_input(item) for item in candidate.comparator),
        contrast=arm_input(candidate.contrast) if candidate.contrast else None,
        contrast_reversed=candidate.reversed,
        cluster_size=design.cluster_size if clustered else None,
        icc=(design.icc if design.icc is not None else plan.icc) if clustered else None,
        crossover="paired" in used
        or (design.randomised is Randomised.CROSSOVER and candidate.contrast is None),
        adjusted="adjusted" in used,
        clusters_analysed="clusters" in used,
        spread=tuple(arm_input(item) for item in candidate.spread),
        characteristics=characteristics_of(
            plan,
            (*candidate.intervention, *((candidate.contrast,) if candidate.contrast else ())),
            candidate.comparator,
        ),
    )


def _used(plan: Plan, candidate: _Candidate) -> frozenset[str]:
    """Return the parts of the design that the candidate's SD or effect depends on."""
    if candidate.found is not None:
        return candidate.found.used
    if plan.measure not in STANDARDIZING:
        return frozenset()
    found = [
        _arm(plan, item)
        for item in (*candidate.intervention, *candidate.comparator)
        if item.clusters_analysed or is_adjusted(item)
    ]
    return frozenset().union(*(one.used for one in found if one is not None))
