"""What a study gives to an analysis that is no contrast: associations and single arms. Pure.

Each arm is a unit of its own, since its people are in no other arm; `side` says of which of the
plan's two sides it is, so that delivery mode can be a moderator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from review.extraction.conversion import change_lacks, events_lack, has_precision, rate_lacks
from review.extraction.designs import is_adjusted
from review.extraction.evidence import Evidence
from review.extraction.vocabulary import Level
from review.living.inputs.characteristics import characteristics_of
from review.living.inputs.reasons import (
    COMES_LATER,
    NOT_PLANNED,
    Reason,
    SelectionError,
    either,
    key_of,
    missed,
    no_arm,
    not_planned,
    planned_rank,
    side_of,
    sides,
)
from review.living.inputs.trials import arm_input
from review.living.runs.contents import TrialInput
from review.measures import Family
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind

_OTHERS = {Level.CONTRAST: "a contrast", Level.ASSOCIATION: "an association"}


def arms_of(plan: Plan, items: Sequence[Evidence]) -> tuple[TrialInput, ...] | Reason:
    """Return the arms of a study that enter, those of the plan's first side first.

    An arm that both sides describe is of the first. Raises SelectionError where an arm offers
    several results and the plan does not say which counts.
    """
    by_arm: dict[int, list[Evidence]] = defaultdict(list)
    for item in items:
        by_arm[item.arm.arm_id].append(item)
    units: list[TrialInput] = []
    for rule in sides(plan):
        for of_arm in by_arm.values():
            if side_of(plan, of_arm[0].arm) is rule:
                chosen = _chosen(plan, [item for item in of_arm if _lacks(plan, item) is None])
                if chosen is not None:
                    units.append(_unit(plan, rule.label, chosen))
    if not units:
        return _why_none(plan, items)
    return tuple(_told_apart(plan, units, items))


def _chosen(plan: Plan, items: Sequence[Evidence]) -> Evidence | None:
    """Return the preferred result of one arm."""
    ranked: dict[tuple[int, ...], list[Evidence]] = defaultdict(list)
    for item in items:
        rank = planned_rank(plan, key_of(item))
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


def _lacks(plan: Plan, item: Evidence) -> str | None:
    """Return why a result is none that the plan pools, or gives no number to pool."""
    x = item.numbers
    if plan.kind is AnalysisKind.ASSOCIATION:
        if item.level is not Level.ASSOCIATION:
            return "no association"
        if item.with_outcome != plan.predicts:
            return f"an association with {item.with_outcome}, the plan wants {plan.predicts}"
        if x.estimate is None or (x.metric or "r").casefold() != "r":
            return "it needs the correlation (metric r)"
        if x.n is None or x.n <= 3:  # the variance of Fisher's z is 1 / (n - 3)
            return "it needs n, more than 3"
        return None
    if item.level is not Level.ARM:
        return (
            f"{'a contrast' if item.level is Level.CONTRAST else 'an association'}, not of one arm"
        )
    family = plan.measure.facts.family
    if family is Family.RATE_OF_ONE:
        return rate_lacks(x)
    if family is Family.CHANGES:
        return change_lacks(
            x,
            plan.measure,
            correlation=plan.change_correlation,
            medians=plan.medians,
            of_persons=not (is_adjusted(item) or item.clusters_analysed),
        )
    if x.n is None:
        return "it needs n"
    if family is Family.MEAN_OF_ONE:
        return "it needs mean and SD" if x.mean is None or x.sd is None else None
    if family is Family.READY:
        given = x.estimate is not None and has_precision(x)
        return None if given else "it needs an estimate with its variance, SE or interval"
    return events_lack(x)


def _unit(plan: Plan, side: str, item: Evidence) -> TrialInput:
    return TrialInput(
        study_id=item.study_id,
        study=item.study,
        year=item.year,
        instrument=item.instrument,
        higher_is_better=_way(plan, item),
        rater=item.rater.value,
        timepoint=item.timepoint,
        analysis_set=item.analysis_set.value,
        intervention=(arm_input(item),),
        side=side,
        with_instrument=item.with_instrument if plan.reliability else None,
        characteristics=characteristics_of(plan, (item,)),
    )


def _told_apart(
    plan: Plan, units: Sequence[TrialInput], items: Sequence[Evidence]
) -> Iterator[TrialInput]:
    """Yield the units named, with the results that each passes over.

    Several of one study are called by their arms; what is of no arm that enters, the first tells.
    """
    chosen = {unit.first_result: index for index, unit in enumerate(units)}
    of_arm = {item.arm.arm_id: chosen[i] for item in items if (i := item.result_id) in chosen}
    not_used: dict[int, list[str]] = defaultdict(list)
    for item in items:
        if item.result_id not in chosen:
            told = f"{item.place}: {_why_not_used(plan, item)}"
            not_used[of_arm.get(item.arm.arm_id, 0)].append(told)
    for index, unit in enumerate(units):
        name = f"{unit.study}, {unit.intervention[0].arm}" if len(units) > 1 else unit.study
        yield unit.model_copy(update={"study": name, "not_used": tuple(sorted(not_used[index]))})


def _why_not_used(plan: Plan, item: Evidence) -> str:
    if side_of(plan, item.arm) is None:
        return f"its arm is not {either([rule.label for rule in sides(plan)])}"
    if planned_rank(plan, key_of(item)) is None:
        return NOT_PLANNED
    return _lacks(plan, item) or COMES_LATER


def _way(plan: Plan, item: Evidence) -> bool:
    """Whether a higher number is better; of a mean, share or spread of one arm nothing is said."""
    if plan.kind is AnalysisKind.ASSOCIATION:
        return _same_way(item)
    if not plan.within_arms or plan.measure.facts.of_spread:
        return True
    if item.higher_is_better is None:
        raise SelectionError(
            f"instrument {item.instrument_name} does not say whether higher is better; without "
            "that a change is neither for the better nor for the worse"
        )
    return item.higher_is_better


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
    rules = sides(plan)
    on_side = [item for item in items if side_of(plan, item.arm) is not None]
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
    lacking: dict[str, dict[str, None]] = defaultdict(dict)
    for item in on_side:
        why = _lacks(plan, item) if item.level is Level.ARM else None
        if why is not None:
            lacking[why][item.arm.label] = None
    remedy = "enter what the report gives of the arm"
    if not lacking:
        return Reason(f"no numbers that give {plan.measure.value} in an arm of {labels}", remedy)
    told = "; ".join(f"{', '.join(named)}: {why}" for why, named in lacking.items())
    return Reason(f"the numbers do not give {plan.measure.value}: {told}", remedy)
