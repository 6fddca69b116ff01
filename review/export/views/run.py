"""A run as programs read it: what entered, what was computed; nothing that changes later.

No conclusion is among it: contradictions that are found later withhold one, so that conclusions
are read where they stand as of now (`review.export.views.analysis.Headline`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.export.views.current import contents_of
from review.living.reports.once import past_runs
from review.living.runs.contents import LeftOut, RunInputs, TrialInput
from review.living.runs.heterogeneity import HeterogeneityLine
from review.living.runs.models import Run
from review.living.runs.posterior import PosteriorLine
from review.living.runs.results import ModeratorLine, PooledLine, RunResults, VariantLine
from review.protocol.models import Review
from review.protocol.rules import Plan


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list."""

    number: int
    created: datetime
    plan_version: int
    changed: str | None
    """In a few words, why it was made."""
    measure: str
    k: int
    estimate: float
    """On the scale that is pooled: of ratios the logarithm."""
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class MarginP:
    """The one-sided p against a margin; None is no effect."""

    margin: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class RunView:
    """All that a run keeps."""

    analysis: str
    number: int
    created: datetime
    key: str
    fingerprint: str
    """SHA-256 of the plan and the numbers that entered."""
    plan_version: int
    software: Mapping[str, str]
    history_seq: int
    history_hash: str
    plan: Plan
    pooled: PooledLine
    margins: tuple[MarginP, ...]
    variants: tuple[VariantLine, ...]
    moderators: tuple[ModeratorLine, ...]
    heterogeneity: tuple[HeterogeneityLine, ...]
    posterior: PosteriorLine | None
    trials: tuple[TrialInput, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class EffectRow:
    """A trial of a run, positive favouring the intervention, on the scale that is pooled."""

    study_id: int
    study: str
    year: int | None
    instrument: str
    rater: str
    timepoint: str
    analysis_set: str
    n_intervention: int | None
    n_comparator: int | None
    yi: float
    vi: float
    ci_low: float
    ci_high: float
    weight: float
    """Percent."""
    recipe: str


def runs_of(session: Session, review: Review, analysis: str) -> tuple[RunLine, ...]:
    """Return the runs of an analysis in order; raise NotFoundError where there is no such one."""
    return tuple(
        RunLine(
            run.number, run.created, run.plan_version, run.digest.changed, run.digest.measure,
            run.digest.k, run.digest.estimate, *run.digest.ci,
        )
        for run in past_runs(session, review, analysis)
    )  # fmt: skip


def run_of(run: Run) -> RunView:
    """Return all that a run keeps but its conclusions."""
    inputs, results = contents_of(run)
    return RunView(
        analysis=run.version.analysis.slug,
        number=run.number,
        created=run.created,
        key=run.key,
        fingerprint=run.fingerprint,
        plan_version=run.version.number,
        software=run.software,
        history_seq=run.history_seq,
        history_hash=run.history_hash,
        plan=inputs.plan,
        pooled=results.pooled,
        margins=tuple(MarginP(one.margin, one.noninferiority_p) for one in results.readings),
        variants=_unconcluded(results.variants),
        moderators=tuple(
            line.model_copy(update={"lines": _unconcluded(line.lines)})
            for line in results.moderators
        ),
        heterogeneity=results.heterogeneity,
        posterior=results.posterior,
        trials=inputs.trials,
        left_out=inputs.left_out,
    )


def _unconcluded(lines: tuple[VariantLine, ...]) -> tuple[VariantLine, ...]:
    return tuple(line.model_copy(update={"conclusion": None}) for line in lines)


def effects_of(run: Run) -> tuple[EffectRow, ...]:
    """Return the effect of each trial of a run."""
    return effect_rows(*contents_of(run))


def effect_rows(inputs: RunInputs, results: RunResults) -> tuple[EffectRow, ...]:
    """Return the effect of each trial, in the order of the trials."""
    return tuple(
        EffectRow(
            effect.study_id, effect.study, effect.year, trial.instrument, trial.rater,
            trial.timepoint, trial.analysis_set, effect.n_intervention, effect.n_comparator,
            effect.yi, effect.vi, *effect.ci, effect.weight, effect.recipe,
        )
        for trial, effect in zip(inputs.trials, results.effects, strict=True)
    )  # fmt: skip
