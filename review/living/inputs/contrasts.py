"""What a study gives to a contrast: the comparison that counts, or why there is none. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from review.extraction.evidence import Evidence
from review.extraction.vocabulary import Level
from review.living.inputs.candidates import (
    Candidate,
    candidate_of,
    cluster_problem,
    compares,
    lacks,
)
from review.living.inputs.reasons import (
    COMES_LATER,
    NOT_PLANNED,
    Key,
    Reason,
    SelectionError,
    key_of,
    missed,
    no_arm,
    not_planned,
    nothing_in_common,
    planned_rank,
    sides,
)
from review.living.inputs.trials import together, trial_from
from review.living.runs.contents import TrialInput
from review.protocol.characteristics import in_words
from review.protocol.levels import names_of_levels
from review.protocol.parts import ArmRule
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisSet

MOST_REASONS: Final = 3
"""As many reasons are told of one study; more would be read by nobody."""


class _Offer(NamedTuple):
    """What a study has for a plan."""

    groups: dict[Key, list[Evidence]]
    """All its results, by what they are about."""
    candidates: dict[Key, Candidate]
    """What could enter."""
    ranked: dict[tuple[int, ...], list[Key]]
    """What could enter, by the plan's preference."""


def trial_of(plan: Plan, items: Sequence[Evidence]) -> TrialInput | Reason:
    """Return a study's input, or why it has none.

    Raises SelectionError where it offers several results and the plan does not say which counts,
    or where a direction is missing.
    """
    offer = _usable(plan, items)
    if isinstance(offer, Reason):
        return offer
    best = offer.ranked[min(offer.ranked)]
    all_count = plan.several_results == "aggregate"
    counting = sorted(offer.candidates) if all_count else best[:1]
    for key in counting:
        unclear = cluster_problem(plan, offer.candidates[key])
        if unclear is not None:
            return Reason(unclear)
    if len(best) > 1 and not all_count:
        offered = "; ".join(" / ".join(map(str, key)) for key in sorted(best))
        raise SelectionError(
            f"{items[0].study} offers {len(best)} results ({offered}); let the plan say which "
            "instruments, raters, timepoints or analysis_sets count, in order of preference, or "
            "set several_results: aggregate"
        )
    parts = [trial_from(plan, offer.candidates[key]) for key in counting]
    trial = parts[0] if len(parts) == 1 else together(parts, "aggregate")
    passed_over = _passed_over(plan, offer, counting, trial.result_ids)
    return trial.model_copy(update={"not_used": passed_over})


def results_of(plan: Plan, items: Sequence[Evidence]) -> tuple[TrialInput, ...] | Reason:
    """Return an input for each result of a study that a plan with random effects accepts.

    Comparisons of several arms stay apart where the plan splits their comparator or knows its
    covariance. A result that lacks a name of the random effects stays out. Or why there is none;
    raises SelectionError where a direction is missing.
    """
    offer = _usable(plan, items)
    if isinstance(offer, Reason):
        return offer
    found: list[TrialInput] = []
    without: dict[str, str] = {}
    used: set[int] = set()
    for key in sorted(offer.candidates):
        unclear = cluster_problem(plan, offer.candidates[key])
        if unclear is not None:
            return Reason(unclear)
        trial = trial_from(plan, offer.candidates[key])
        used |= trial.result_ids
        lacking = _lacking(plan, trial)
        if lacking is not None:
            without |= {item.place: lacking for item in offer.candidates[key].items}
            continue
        apart = trial.parts if trial.joined in ("split", "covariance") else (trial,)
        for part in apart:
            own = [part.intervention[0].arm] if part.intervention and len(apart) > 1 else []
            told = ", ".join([*_about(key), *own])
            found.append(part.model_copy(update={"measured": told}))
    if not found:
        lacking = "; ".join(dict.fromkeys(without.values()))
        return Reason(lacking, "enter what is not reported here, if the report gives it")
    passed_over = _passed_over(plan, offer, list(offer.candidates), used)
    told_too = (f"{place}: {why}" for place, why in without.items())
    first = found[0].model_copy(update={"not_used": tuple(sorted((*passed_over, *told_too)))})
    return first, *found[1:]


def _about(key: Key) -> list[str]:
    return [str(value).replace("_", " ") for value in key if value != AnalysisSet.NOT_REPORTED]


def _lacking(plan: Plan, trial: TrialInput) -> str | None:
    """Return which names of the plan's random effects and errors a result has no value of."""
    because = [
        f"{in_words(name)} is {trial.because(name)}; the plan's random effects need it"
        for name in names_of_levels(plan.random, plan.phi)
        if trial.characteristic(name) is None
    ]
    return "; ".join(because) or None


def every_comparison_of(plan: Plan, items: Sequence[Evidence]) -> list[TrialInput]:
    """Return all comparisons of a study that a plan accepts, not only the preferred one."""
    candidates = _offer(plan, items).candidates
    return [trial_from(plan, candidates[key]) for key in sorted(candidates)]


def _usable(plan: Plan, items: Sequence[Evidence]) -> _Offer | Reason:
    """Return what could enter, or why nothing does."""
    for rule in sides(plan):
        if not any(_on(rule, item) for item in items):
            return no_arm(rule, items)
    offer = _offer(plan, items)
    return offer if offer.ranked else _why_none(plan, offer.groups)


def _offer(plan: Plan, items: Sequence[Evidence]) -> _Offer:
    offer = _Offer(defaultdict(list), {}, defaultdict(list))
    for item in items:
        offer.groups[key_of(item)].append(item)
    for key, group in offer.groups.items():
        rank = planned_rank(plan, key)
        candidate = candidate_of(plan, group) if rank is not None else None
        if rank is not None and candidate is not None:
            offer.ranked[rank].append(key)
            offer.candidates[key] = candidate
    return offer


def _on(rule: ArmRule, item: Evidence) -> bool:
    return rule.matches(item.arm) or (item.versus is not None and rule.matches(item.versus))


def _on_a_side(plan: Plan, item: Evidence) -> bool:
    return any(_on(rule, item) for rule in sides(plan))


def _passed_over(
    plan: Plan, offer: _Offer, chosen: Collection[Key], used: Collection[int]
) -> tuple[str, ...]:
    """Return each result of a study that does not count, and why."""
    return tuple(
        sorted(
            f"{item.place}: {_why_not_used(plan, offer, chosen, item)}"
            for group in offer.groups.values()
            for item in group
            if item.result_id not in used
        )
    )


def _why_not_used(plan: Plan, offer: _Offer, chosen: Collection[Key], item: Evidence) -> str:
    key = key_of(item)
    if item.level is Level.ASSOCIATION:
        return "an association, no comparison of arms"
    if not _on_a_side(plan, item):
        return "its arm is on neither side"
    if planned_rank(plan, key) is None:
        return NOT_PLANNED
    candidate = offer.candidates.get(key)
    if candidate is not None and key not in chosen:
        return COMES_LATER
    if item.level is Level.CONTRAST:
        if not any(compares(plan, item, turned) for turned in (False, True)):
            return "it compares other arms"
        if candidate is not None and candidate.intervention:
            return "the arms' own numbers count"
    missing = lacks(plan, item, offer.groups[key])
    if missing is not None:
        return f"its numbers do not suffice: {missing}"
    if candidate is not None:
        return "the contrast counts: not both sides have numbers of arms there"
    return "the other side has no numbers there"


def _both_sides(plan: Plan, group: Sequence[Evidence]) -> bool:
    """Whether one instrument, rater, timepoint and set has results of both sides, as planned."""
    planned = [item for item in group if not missed(plan, item)]
    arms = [item for item in planned if item.level is Level.ARM]
    contrasts = [item for item in planned if item.level is Level.CONTRAST]
    return all(any(rule.matches(item.arm) for item in arms) for rule in sides(plan)) or any(
        compares(plan, item, turned) for item in contrasts for turned in (False, True)
    )


def _why_none(plan: Plan, groups: dict[Key, list[Evidence]]) -> Reason:
    on_sides = [item for group in groups.values() for item in group if _on_a_side(plan, item)]
    if all(missed(plan, item) for item in on_sides):
        return not_planned(plan, on_sides)
    if not any(_both_sides(plan, group) for group in groups.values()):
        return nothing_in_common([item for item in on_sides if not missed(plan, item)])
    arms: dict[str, dict[str, None]] = {}
    for key, group in groups.items():
        for item in group if planned_rank(plan, key) is not None else ():
            if _on_a_side(plan, item):
                reason = lacks(plan, item, group)
                if reason is not None:
                    named = item.arm.label if item.level is Level.ARM else ""
                    arms.setdefault(reason, {})[named] = None
    told = [": ".join(filter(None, (", ".join(names), why))) for why, names in arms.items()]
    said = f": {'; '.join(told[:MOST_REASONS])}" if told else ": one side has no numbers there"
    return Reason(
        f"the numbers do not give {plan.measure.value}{said}", "enter what the report gives"
    )
