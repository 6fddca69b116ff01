"""What a study gives to a model of several outcomes: an effect of each that it has. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from review.extraction.evidence import Evidence
from review.living.inputs.contrasts import trial_of
from review.living.inputs.reasons import NOT_PLANNED, Reason, SelectionError
from review.living.runs.contents import TrialInput
from review.protocol.rules import Plan


def outcomes_of(plan: Plan, items: Sequence[Evidence]) -> tuple[TrialInput, ...] | Reason:
    """Return a study's effects, one of each of the plan's outcomes that it has, or why it has none.

    Each is what a contrast of that outcome alone would take.

    Raises
    ------
    SelectionError
        Where a contrast would, or where one result would count for two outcomes.
    """
    trials: list[TrialInput] = []
    reasons: dict[str, Reason] = {}
    for one in plan.outcomes:
        part = plan.of_outcome(one)
        own = [item for item in items if item.outcome == part.outcome]
        if not own:
            reasons[one.label] = Reason("no result is entered", "enter what the report gives")
            continue
        found = trial_of(part, own)
        if isinstance(found, Reason):
            reasons[one.label] = found
        else:
            trials.append(found.model_copy(update={"measured": one.label}))
    if not trials:
        return _why_none(reasons)
    _once(items[0].study, trials)
    told = _not_used(items, trials, reasons)
    first, *others = [trial.model_copy(update={"not_used": ()}) for trial in trials]
    return first.model_copy(update={"not_used": told}), *others


def _once(study: str, trials: Sequence[TrialInput]) -> None:
    counted: dict[int, str | None] = {}
    for trial in trials:
        for result in trial.result_ids:
            if result in counted:
                raise SelectionError(
                    f"one result of {study} would count as {counted[result]} and as "
                    f"{trial.measured}; let instruments, raters or timepoints of the plan's "
                    "outcomes tell them apart"
                )
            counted[result] = trial.measured


def _not_used(
    items: Sequence[Evidence], trials: Sequence[TrialInput], reasons: Mapping[str, Reason]
) -> tuple[str, ...]:
    """Return the results that count for no outcome and why, then the outcomes without an effect.

    A result that an outcome does not plan is told only if no outcome does.
    """
    taken = frozenset().union(*(trial.result_ids for trial in trials))
    places = {item.place for item in items if item.result_id not in taken}
    told: dict[str, dict[str, None]] = {place: {} for place in places}
    for trial in trials:
        for line in trial.not_used:
            place, _, why = line.partition(": ")
            if place in told:
                told[place][why] = None
    lines = []
    for place, found in told.items():
        planned = [why for why in found if why != NOT_PLANNED]
        lines.append(f"{place}: {'; '.join(planned) or NOT_PLANNED}")
    missing = [f"{label}: {why.what}" for label, why in reasons.items()]
    return tuple(sorted(lines) + missing)


def _why_none(reasons: Mapping[str, Reason]) -> Reason:
    """Return why a study has none of the outcomes: once where it is the same of all."""
    by_what: dict[str, list[str]] = {}
    for label, why in reasons.items():
        by_what.setdefault(why.what, []).append(label)
    first = next(iter(reasons.values()))
    if len(by_what) == 1:
        return first
    told = "; ".join(f"{', '.join(labels)}: {what}" for what, labels in by_what.items())
    others = all(why.another_question for why in reasons.values())
    return first._replace(what=told, another_question=others)
