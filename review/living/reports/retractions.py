"""Trials whose report was retracted or is doubted by its journal: said, with the line without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from review.citations.vocabulary import NoticeKind as Kind
from review.errors import ReviewError
from review.extraction.linking.warnings import Warned
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.reports.notices import Notice, NoticeKind
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.scales import scale_of_run
from review.protocol.rules import Plan
from review.wording import counted

_SERIOUS = (Kind.RETRACTED, Kind.PARTLY_RETRACTED, Kind.CONCERN)


def retraction_notices(
    plan: Plan, trials: Sequence[TrialInput], warned: Mapping[int, Sequence[Warned]]
) -> Iterator[Notice]:
    """Yield a notice for each trial with a warning, and one of the estimate without them."""
    found = {
        trial.study_id: kinds
        for trial in trials
        if (kinds := _kinds(warned.get(trial.study_id, ())))
    }
    if not found:
        return
    n = len({trial.study_id for trial in trials})
    for kind in _SERIOUS:
        studies = {
            trial.study_id: trial.study for trial in trials if kind in found.get(trial.study_id, ())
        }
        if studies:
            verb = "is" if len(studies) == 1 else "are"
            yield Notice(
                NoticeKind.RETRACTED,
                f"{len(studies)} of {counted(n, 'trial')} {verb} {kind.value}: "
                f"{'; '.join(studies.values())}",
            )
    for study_id in found:
        trial = next(trial for trial in trials if trial.study_id == study_id)
        first = next(item for item in warned[study_id] if item.kind in _SERIOUS)
        yield Notice(
            NoticeKind.RETRACTED,
            f"record {first.record} says: {first.said}",
            trial.study,
            remedy=f'to take the trial out: review study exclude "{trial.study}" --reason TEXT',
        )
    yield Notice(NoticeKind.RETRACTED, _without(plan, trials, found))


def _kinds(warned: Sequence[Warned]) -> tuple[Kind, ...]:
    return tuple(dict.fromkeys(item.kind for item in warned if item.kind in _SERIOUS))


def _without(
    plan: Plan, trials: Sequence[TrialInput], found: Mapping[int, tuple[Kind, ...]]
) -> str:
    """Return the estimate without the trials in a sentence."""
    rest = tuple(trial for trial in trials if trial.study_id not in found)
    them = "it" if len(found) == 1 else "them"
    if not rest:
        return f"without {them} no trial is left"
    simple = plan.bare
    inputs = RunInputs(plan=simple, trials=rest, left_out=())
    try:
        (results,) = pool_inputs([(inputs, trial_effects(inputs))])
    except ReviewError as error:
        return f"without {them} the other trials cannot be pooled: {error}"
    shown = scale_of_run(inputs).text(results.pooled.estimate, results.pooled.ci)
    studies = len({trial.study_id for trial in rest})
    return f"without {them} the estimate is {shown} from {counted(studies, 'trial')}"
