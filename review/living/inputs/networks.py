"""What a study gives to a network: each of its treatments against its first. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from review.extraction.evidence import Evidence
from review.extraction.vocabulary import Level, Randomised
from review.living.inputs.candidates import (
    Candidate,
    cluster_problem,
    lacks,
    reported_contrast,
    used,
)
from review.living.inputs.reasons import (
    COMES_LATER,
    NOT_PLANNED,
    Key,
    Reason,
    SelectionError,
    arm_words,
    key_of,
    missed,
    not_planned,
    nothing_in_common,
    planned_rank,
    side_of,
)
from review.living.inputs.trials import trial_from
from review.living.runs.contents import TrialInput
from review.protocol.rules import Plan


class _Pair(NamedTuple):
    """A treatment against the first of its trial, and the results that compare them."""

    treatment: str
    versus: str
    candidate: Candidate


def comparisons_of(plan: Plan, items: Sequence[Evidence]) -> tuple[TrialInput, ...] | Reason:
    """Return a study's comparisons for a network, or why it has none.

    Of one instrument, rater, timepoint and set, the first by the plan's lists that has two of the
    treatments: a comparison of each with the one that the plan names first (the comparator before
    all), so that m treatments give m - 1. Several arms of a treatment count as one.

    Raises SelectionError where several results come first, or where a direction is missing.
    """
    groups: dict[Key, list[Evidence]] = defaultdict(list)
    for item in items:
        groups[key_of(item)].append(item)
    offers = {key: pairs for key, group in groups.items() if (pairs := _pairs(plan, key, group))}
    if not offers:
        return _why_none(plan, items, groups)
    ranks = {key: planned_rank(plan, key) or () for key in offers}
    best = [key for key in offers if ranks[key] == min(ranks.values())]
    if len(best) > 1:
        offered = "; ".join(" / ".join(map(str, key)) for key in sorted(best))
        raise SelectionError(
            f"{items[0].study} offers {len(best)} results ({offered}); let the plan say which "
            "instruments, raters, timepoints or analysis_sets count, in order of preference"
        )
    (chosen,) = best
    unclear = _problem(plan, offers[chosen])
    if unclear is not None:
        return unclear
    trials = [
        trial_from(plan, pair.candidate).model_copy(
            update={"treatments": (pair.treatment, pair.versus)}
        )
        for pair in offers[chosen]
    ]
    taken = frozenset().union(*(trial.result_ids for trial in trials))
    passed_over = tuple(
        sorted(
            f"{item.place}: {_why_not_used(plan, offers, chosen, groups, item)}"
            for item in items
            if item.result_id not in taken
        )
    )
    return trials[0].model_copy(update={"not_used": passed_over}), *trials[1:]


def _treated(plan: Plan, group: Sequence[Evidence]) -> dict[str, list[Evidence]]:
    """Return the arms that give numbers, by treatment, in the plan's order."""
    found: dict[str, list[Evidence]] = {}
    for rule in plan.treatments:
        arms = [
            item
            for item in group
            if item.level is Level.ARM
            and side_of(plan, item.arm) is rule
            and lacks(plan, item, group) is None
        ]
        if arms:
            found[rule.label] = arms
    return found


def _pairs(plan: Plan, key: Key, group: Sequence[Evidence]) -> list[_Pair]:
    """Return the comparisons of one instrument, rater, timepoint and set, if it is planned."""
    if planned_rank(plan, key) is None:
        return []
    treated = _treated(plan, group)
    if len(treated) > 1:
        first, *others = treated
        control = tuple(treated[first])
        return [_Pair(name, first, Candidate(tuple(treated[name]), control)) for name in others]
    return _reported(plan, group)


def _reported(plan: Plan, group: Sequence[Evidence]) -> list[_Pair]:
    """Return the contrasts of two treatments that a report gives, as it gives them."""
    order = {rule.label: place for place, rule in enumerate(plan.treatments)}
    found = []
    for item in group:
        if item.level is not Level.CONTRAST or item.versus is None:
            continue
        one, other = side_of(plan, item.arm), side_of(plan, item.versus)
        if one is None or other is None or one is other:
            continue
        turned = order[one.label] < order[other.label]
        candidate = reported_contrast(plan, item, group, turned=turned)
        if candidate is not None:
            names = (other.label, one.label) if turned else (one.label, other.label)
            found.append(_Pair(*names, candidate))
    return found


def _problem(plan: Plan, pairs: Sequence[_Pair]) -> Reason | None:
    """Return why the variances and covariances of a trial cannot be known, if that is so."""
    for pair in pairs:
        unclear = cluster_problem(plan, pair.candidate)
        if unclear is not None:
            return Reason(unclear)
    if len(pairs) == 1:
        return None
    if any(pair.candidate.contrast is not None for pair in pairs):
        return Reason(
            f"it reports {len(pairs)} contrasts of the treatments, whose covariance is not known",
            "enter its arms' own numbers",
        )
    items = [item for pair in pairs for item in pair.candidate.items]
    if items[0].design.randomised is Randomised.CROSSOVER:
        return Reason(
            "a crossover trial of more than two treatments, whose periods' covariances are not "
            "known",
            "plan its comparisons as contrasts beside the network",
        )
    if any(used(plan, pair.candidate) for pair in pairs):
        return Reason(
            "more than two treatments, of which an SD is taken out of an adjusted or clustered "
            "analysis: their common SD is not known",
            "enter the SD of scores of each arm",
        )
    return None


def _why_not_used(
    plan: Plan,
    offers: Collection[Key],
    chosen: Key,
    groups: Mapping[Key, Sequence[Evidence]],
    item: Evidence,
) -> str:
    key = key_of(item)
    if item.level is Level.ASSOCIATION:
        return "an association, no comparison of arms"
    if not _is_of_treatments(plan, item):
        return "its arm is none of the treatments"
    if planned_rank(plan, key) is None:
        return NOT_PLANNED
    if key in offers and key != chosen:
        return COMES_LATER
    if item.level is Level.CONTRAST and key == chosen:
        return "the arms' own numbers count, or it compares arms of one treatment"
    missing = lacks(plan, item, groups[key])
    if missing is not None:
        return f"its numbers do not suffice: {missing}"
    return "no other treatment has numbers there"


def _is_of_treatments(plan: Plan, item: Evidence) -> bool:
    sides = (item.arm, item.versus)
    return any(side is not None and side_of(plan, side) is not None for side in sides)


def _why_none(
    plan: Plan, items: Sequence[Evidence], groups: Mapping[Key, Sequence[Evidence]]
) -> Reason:
    arms = list(dict.fromkeys(arm for item in items for arm in (item.arm, item.versus) if arm))
    there = {rule.label for arm in arms if (rule := side_of(plan, arm)) is not None}
    if len(there) < 2:
        told = (
            f"of the treatments it has {next(iter(there))} alone"
            if there
            else "no arm is of a treatment"
        )
        detail = f"its arms: {'; '.join(map(arm_words, arms))}"
        by_mode = any(rule.delivery_mode for rule in plan.treatments)
        silent = [arm.label for arm in arms if by_mode and arm.delivery_mode is None]
        if silent:
            return Reason(told, f"enter the delivery mode of {', '.join(silent)}", detail)
        remedy = "correct the arm, if it is entered wrongly, or add its treatment to the plan"
        return Reason(told, remedy, detail, another_question=True)
    of_treatments = [item for item in items if _is_of_treatments(plan, item)]
    if all(missed(plan, item) for item in of_treatments):
        return not_planned(plan, of_treatments)
    planned = [item for item in of_treatments if not missed(plan, item)]
    told = "; ".join(
        dict.fromkeys(
            f"{item.arm.label}: {why}"
            for item in planned
            if (why := lacks(plan, item, groups[key_of(item)])) is not None
        )
    )
    if not told:
        return nothing_in_common(planned)
    return Reason(
        f"the numbers do not give {plan.measure.value} of two treatments: {told}",
        "enter what the report gives",
    )
