"""What an analysis would say with trials that somebody makes up; computed, and stored nowhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.export.views.analysis import load
from review.export.views.run import EffectRow, effect_rows
from review.extraction.numbers import ReportedNumbers
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.reports.changes import compare
from review.living.reports.differences import ValueChange
from review.living.reports.sentence import conclusion_word
from review.living.runs.contents import ArmInput, LeftOut, RunInputs, Source, TrialInput
from review.living.runs.results import PooledLine
from review.measures import AnalysisKind
from review.protocol.models import Review
from review.protocol.queries import instruments

HYPOTHETICAL = "hypothetical"
"""What stands as the entry of a made-up trial, and as whatever it does not say."""


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A trial that somebody makes up: the numbers of both sides, or of a contrast of them."""

    study: str
    instrument: str
    year: int | None = None
    intervention: ReportedNumbers | None = None
    comparator: ReportedNumbers | None = None
    contrast: ReportedNumbers | None = None


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What would be, beside the run that it is compared with."""

    run: int
    key: str
    effects: tuple[EffectRow, ...]
    """Made-up trials have negative numbers."""
    before: PooledLine
    pooled: PooledLine
    sentence: str
    conclusion: str
    flipped: bool
    added: tuple[str, ...]
    removed: tuple[LeftOut, ...]
    corrected: tuple[ValueChange, ...]


def preview_of(
    session: Session,
    review: Review,
    analysis: str,
    made_up: Sequence[MadeUp],
    without: Collection[int] = (),
) -> PreviewView:
    """Return what the newest run would be with made-up trials, and without some studies.

    Only the plan's main model is computed, and made-up trials are of independent persons in two
    groups. Raises NotFoundError where there is no run, InvalidDataError for a trial without an
    effect, for a plan that compares no two sides, and where no trial is left.
    """
    loaded = load(session, review, analysis)
    inputs, _ = loaded.now
    plan = inputs.plan.bare
    better = {one.slug: one.higher_is_better for one in instruments(session, review)}
    if made_up and plan.kind is not AnalysisKind.CONTRAST:
        raise InvalidDataError(
            "trials can be made up for analyses that compare two sides; of others, only leave out"
        )
    added = [_trial(one, -i, better) for i, one in enumerate(made_up, start=1)]
    kept = [trial for trial in inputs.trials if trial.study_id not in frozenset(without)]
    trials = (*kept, *added)
    if not trials:
        raise InvalidDataError("no trial would be left to pool")
    after = RunInputs(plan=plan, trials=trials, left_out=())
    try:
        (found,) = pool_inputs([(after, trial_effects(after))])
    except ArithmeticError as error:  # scores of 1e200 and the like, whose squares no double holds
        raise InvalidDataError("numbers so large or small cannot be computed with") from error
    main = (inputs.model_copy(update={"plan": plan, "alternatives": ()}), loaded.now[1])
    report = compare(main, (after, found))
    withheld = loaded.notices.withheld
    word = conclusion_word(plan.kind, found.headline.conclusion, withheld=withheld)
    return PreviewView(
        run=loaded.run.number,
        key=loaded.run.key,
        effects=effect_rows(after, found),
        before=loaded.now[1].pooled,
        pooled=found.pooled,
        sentence=report.unconcluded if withheld else report.sentence,
        conclusion=word or "",
        flipped=report.flipped and not withheld,
        added=report.added,
        removed=tuple(
            LeftOut(study=one.study, reason="switched off here") for one in report.removed
        ),
        corrected=report.corrected,
    )


def _trial(made: MadeUp, number: int, better: dict[str, bool | None]) -> TrialInput:
    if made.instrument not in better:
        known = ", ".join(better) or "none"
        raise InvalidDataError(f"no instrument {made.instrument!r} in this review (it has {known})")
    higher = better[made.instrument]
    if higher is None:
        raise InvalidDataError(
            f"instrument {made.instrument} does not say whether higher is better; without that "
            "its results cannot be pooled"
        )
    both = made.intervention is not None and made.comparator is not None
    neither = made.intervention is None and made.comparator is None
    if not (both if made.contrast is None else neither):
        raise InvalidDataError(f"{made.study}: give both sides, or the contrast of them alone")

    def arms(numbers: ReportedNumbers | None, side: str) -> tuple[ArmInput, ...]:
        if numbers is None:
            return ()
        source = Source(result_id=number, entry_kind=HYPOTHETICAL, report=None, page=None)
        return (ArmInput(arm=f"{made.study}, {side}", numbers=numbers, source=source),)

    contrast = arms(made.contrast, "contrast")
    return TrialInput(
        study_id=number,
        study=made.study,
        year=made.year,
        instrument=made.instrument,
        higher_is_better=higher,
        rater=HYPOTHETICAL,
        timepoint=HYPOTHETICAL,
        analysis_set=HYPOTHETICAL,
        intervention=arms(made.intervention, "intervention"),
        comparator=arms(made.comparator, "comparator"),
        contrast=contrast[0] if contrast else None,
    )
