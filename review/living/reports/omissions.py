"""Who could enter an analysis and does not: trials, arms, results. Pure: evidence in, notices out.

Selection says why a study of the outcome is left out (``reasons``); here stands what selection
cannot see: studies without a result, arms that an entered trial leaves behind, results passed over
for their name, and values of the plan that no study has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from review.errors import InvalidDataError
from review.extraction.evidence import ArmSide, Evidence
from review.extraction.vocabulary import EXTRACTED, Level
from review.living.estimates.effects import trial_effects
from review.living.inputs.characteristics import values_nobody_has
from review.living.inputs.reasons import (
    FIELDS,
    Missed,
    arm_words,
    either,
    missed,
    mode_words,
    planned_rank,
    sides,
)
from review.living.inputs.select import select
from review.living.reports.notices import Notice, NoticeKind
from review.living.runs.contents import LeftOut, RunInputs, TrialInput
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisKind
from review.wording import by_name, counted, did_you_mean, looks_like


class KnownStudy(NamedTuple):
    """A study of the review, whether results are entered of it or not."""

    study_id: int
    label: str
    excluded_because: str | None
    state: str
    """How far its extraction is, in words."""
    arms: tuple[ArmSide, ...] = ()


ONLY_FACTS: Final = "only its characteristics are"
"""How far a study is whose extraction is over, and which has no result all the same."""


def taken(plan: Plan, items: Iterable[Evidence]) -> tuple[list[TrialInput], list[Notice]]:
    """Return the trials that a plan takes, and a notice for each study it cannot or does not take.

    What makes selection refuse (a direction that is missing, results of which the plan does not
    say which counts) concerns the study it is found in; the others are told all the same. So is
    what a trial's numbers lack to give an effect, which stops the whole analysis.
    """
    items = list(items)
    try:
        trials, notices = _taken(select(plan, items), items)
    except InvalidDataError:
        trials, notices = _one_by_one(plan, items)
    return trials, [*notices, *_without_effect(plan, trials)]


def _one_by_one(plan: Plan, items: Iterable[Evidence]) -> tuple[list[TrialInput], list[Notice]]:
    by_study: dict[int, list[Evidence]] = defaultdict(list)
    for item in items:
        by_study[item.study_id].append(item)
    trials: list[TrialInput] = []
    notices: list[Notice] = []
    for of_study in sorted(by_study.values(), key=lambda found: by_name(found[0].study)):
        study = of_study[0].study
        try:
            entered, told = _taken(select(plan, of_study), of_study)
        except InvalidDataError as error:
            notices.append(_stopped(study, error))
            continue
        trials += entered
        notices += told
    return trials, list(dict.fromkeys(notices))


def _without_effect(plan: Plan, trials: Sequence[TrialInput]) -> list[Notice]:
    """Return what keeps the trials from being pooled: of each, or of all together."""
    together = _refusal(plan, trials)
    if together is None:
        return []
    alone = [(trial.study, _refusal(plan, [trial])) for trial in trials]
    of_trials = [_stopped(study, error) for study, error in alone if error is not None]
    return of_trials or [_stopped(None, together)]


def _refusal(plan: Plan, trials: Sequence[TrialInput]) -> InvalidDataError | None:
    try:
        trial_effects(RunInputs(plan=plan, trials=tuple(trials), left_out=()))
    except InvalidDataError as error:
        return error
    return None


def _stopped(study: str | None, error: InvalidDataError) -> Notice:
    because = str(error)
    for start in (f"{study}: ", f"{study} "):
        because = because.removeprefix(start)
    return Notice(NoticeKind.STOPPED, because, study)


def _taken(inputs: RunInputs, items: Sequence[Evidence]) -> tuple[list[TrialInput], list[Notice]]:
    ids = {item.study: item.study_id for item in items}
    entered = {trial.study_id for trial in inputs.trials}
    notices = [_left_out(item, entered=ids[item.study] in entered) for item in inputs.left_out]
    return list(inputs.trials), notices


def _left_out(item: LeftOut, *, entered: bool) -> Notice:
    """Return a study that is left out, or of which something is (an arm, by a condition)."""
    kind = NoticeKind.ANOTHER_QUESTION if item.another_question else NoticeKind.LEFT_OUT
    kind = NoticeKind.IN_PART if entered else kind
    return Notice(kind, item.reason, item.study, item.remedy, detail=item.detail)


def without_results(
    plan: Plan, items: Sequence[Evidence], studies: Sequence[KnownStudy]
) -> Iterator[Notice]:
    """Yield the studies of the review that have no result of the outcome."""
    outcomes: dict[int, list[str]] = defaultdict(list)
    for item in items:
        outcomes[item.study_id].append(item.outcome)
    for study in studies:
        has = list(dict.fromkeys(outcomes.get(study.study_id, ())))
        if study.excluded_because is not None or set(plan.measured) & set(has):
            continue
        able = not study.arms or all(
            any(rule.matches(arm) for arm in study.arms) for rule in sides(plan)
        )
        alike = [name for name in has if looks_like(name, plan.outcome) and name != plan.predicts]
        if alike:
            yield Notice(
                NoticeKind.LEFT_OUT,
                f"its results are of outcome {either(alike)}, the plan wants {plan.outcome}",
                study.label,
                "if it is the same, let its instruments measure the outcome of the plan",
            )
        elif not has and able:
            yield Notice(
                NoticeKind.LEFT_OUT,
                f"no results entered ({ONLY_FACTS if study.state in EXTRACTED else study.state})",
                study.label,
                _next_step(study),
            )
        elif able:
            yield Notice(
                NoticeKind.NO_RESULT,
                f"no result of {plan.outcome} is entered",
                study.label,
                "enter it, if the reports give it",
            )


def _next_step(study: KnownStudy) -> str:
    if "twice" in study.state or "consensus" in study.state:
        return f'finish both entries and settle them: review extract compare "{study.label}"'
    return "enter them: review extract import FILE"


def in_part(
    plan: Plan,
    trials: Sequence[TrialInput],
    items: Sequence[Evidence],
    studies: Sequence[KnownStudy],
) -> Iterator[Notice]:
    """Yield arms that an entered trial leaves behind, and results passed over for their name.

    Of several outcomes taken together, of each.
    """
    if plan.is_joint:
        for one in plan.outcomes:
            own = [trial for trial in trials if trial.measured == one.label]
            yield from in_part(plan.of_outcome(one), own, items, studies)
        return
    entered = frozenset[int]().union(*(trial.result_ids for trial in trials))
    ranks: dict[int, tuple[int, ...]] = {}
    for trial in trials:
        about = (trial.instrument, trial.rater, trial.timepoint, trial.analysis_set)
        rank = planned_rank(plan, about)
        if rank is not None:
            ranks[trial.study_id] = min(rank, ranks.get(trial.study_id, rank))
    by_study: dict[int, list[Evidence]] = defaultdict(list)
    for item in items:
        if item.outcome == plan.outcome and item.study_id in ranks:
            by_study[item.study_id].append(item)
    for study in studies:
        if study.study_id in ranks:
            of_study = by_study[study.study_id]
            if plan.kind is not AnalysisKind.ASSOCIATION:
                yield from _arms_behind(plan, study, of_study, entered)
            yield from _passed_over(plan, study, of_study, ranks[study.study_id])


def _arms_behind(
    plan: Plan, study: KnownStudy, items: Sequence[Evidence], entered: frozenset[int]
) -> Iterator[Notice]:
    counted_in = {
        arm.arm_id
        for item in items
        if item.result_id in entered
        for arm in (item.arm, item.versus)
        if arm is not None
    }
    for arm in study.arms:
        if arm.arm_id in counted_in or not any(rule.matches(arm) for rule in sides(plan)):
            continue
        own = [item for item in items if item.arm.arm_id == arm.arm_id]
        planned = [item for item in own if not missed(plan, item)]
        if not own:
            why = f"no result of {plan.outcome} is entered of it"
        elif not planned:
            why = f"its results are not at what the plan wants ({'; '.join(i.place for i in own)})"
        else:
            why = "its numbers do not suffice, or not where the other arms have theirs"
        yield Notice(
            NoticeKind.IN_PART,
            f"without {arm_words(arm)}: {why}",
            study.label,
            "enter what the report gives of this arm",
        )


def _passed_over(
    plan: Plan, study: KnownStudy, items: Sequence[Evidence], chosen: tuple[int, ...]
) -> Iterator[Notice]:
    """Yield names that look like what the plan would rather have than what counts."""
    told: dict[tuple[Missed, ...], None] = {}
    for item in items:
        outside = missed(plan, item)
        level = Level.ASSOCIATION if plan.kind is AnalysisKind.ASSOCIATION else None
        if not outside or not all(one.looks_like for one in outside):
            continue
        if (item.level is Level.ASSOCIATION) != (level is Level.ASSOCIATION):
            continue
        meant = {one.field: one.looks_like for one in outside}
        instrument, rater, timepoint, analysis_set = (
            meant.get(field) or str(getattr(item, field)) for field, _ in FIELDS
        )
        rank = planned_rank(plan, (instrument, rater, timepoint, analysis_set))
        every = plan.several_results == "aggregate" or plan.random
        if rank is not None and (rank < chosen or every):
            told[outside] = None
    for outside in told:
        names = "; ".join(f"{o.field.replace('_', ' ')} {o.value}" for o in outside)
        wanted = ", ".join(str(o.looks_like) for o in outside)
        yield Notice(
            NoticeKind.IN_PART,
            f"another result counts than the one of {names}, which looks like {wanted}",
            study.label,
            f"is it {wanted}? then rename it; or add it to the plan",
        )


def unmatched(
    plan: Plan, items: Sequence[Evidence], studies: Sequence[KnownStudy]
) -> Iterator[Notice]:
    """Yield what the plan asks for and no study of the review has, with what there is.

    Nothing where the review has no study yet: a plan comes before its trials.
    """
    if plan.is_joint:
        found = [
            n for one in plan.outcomes for n in unmatched(plan.of_outcome(one), items, studies)
        ]
        yield from dict.fromkeys(found)
        return
    kept = [study for study in studies if study.excluded_because is None]
    arms = [arm for study in kept for arm in study.arms]
    for rule in sides(plan) if arms else ():
        treatments = list(dict.fromkeys(arm.treatment for arm in arms))
        for name in rule.treatment:
            if name not in treatments:
                yield _nobody("treatment", name, treatments)
        modes = list(dict.fromkeys(mode_words(a.delivery_mode) for a in arms if a.delivery_mode))
        for mode in rule.delivery_mode:
            if mode_words(mode) not in modes:
                yield _nobody("delivery mode", mode_words(mode), modes)
    of_outcome = [
        item for item in items if item.outcome == plan.outcome and item.excluded_because is None
    ]
    if items and not of_outcome:
        outcomes = list(dict.fromkeys(item.outcome for item in items))
        yield _nobody("result of outcome", plan.outcome, outcomes)
        return
    for field, planned in FIELDS if of_outcome else ():
        there = sorted({str(getattr(item, field)) for item in of_outcome})
        for value in getattr(plan, planned):
            if str(value) not in there:
                yield _nobody(field.replace("_", " "), str(value), there)
    for what, value, there in values_nobody_has(plan, of_outcome):
        yield _nobody(what, value, there)


MOST_SHOWN = 8
"""Names of what there is that a sentence lists."""


def _nobody(what: str, name: str, there: Sequence[str]) -> Notice:
    shown = ", ".join(there[:MOST_SHOWN]) or "none"
    more = f" and {counted(len(there) - MOST_SHOWN, 'other')}" if len(there) > MOST_SHOWN else ""
    hint = did_you_mean(name, there)
    return Notice(
        NoticeKind.UNMATCHED, f"no study has {what} “{name}”; there are: {shown}{more}{hint}"
    )
