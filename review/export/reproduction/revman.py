"""Runs and studies as CSV of RevMan: the analysis data of Cochrane's data package, and studies.

Columns of the analysis data after Cochrane's "Data package specification", version 1 (RevMan
Knowledge Base); of study information its ``Study`` and ``Char:`` columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from review.effects import combine_arms
from review.export.reproduction.reported import recomputable
from review.export.runs import LatestRun
from review.export.tables.model import Cell, Column, Kind, Table
from review.extraction import queries
from review.extraction.conversion import arm_mean_sd
from review.extraction.evidence_queries import evidence
from review.extraction.models import Arm, Study
from review.living.runs.contents import ArmInput, TrialInput
from review.living.runs.results import Effect
from review.measures import Family, Measure
from review.protocol.models import Review
from review.protocol.rules import Plan
from review.protocol.sampling import sampling_words
from review.protocol.vocabulary import AnalysisKind


def _columns(
    *names: str, numbers: Sequence[str] = (), counts: Sequence[str] = ()
) -> tuple[Column, ...]:
    kinds = {**dict.fromkeys(numbers, Kind.NUMBER), **dict.fromkeys(counts, Kind.INTEGER)}
    return tuple(Column(name, name, kinds.get(name, Kind.TEXT)) for name in names)


ROWS: Final = _columns(
    "Analysis group", "Analysis number", "Analysis name", "Analysis group name", "Subgroup",
    "Study", "Study year", "GIV Mean", "GIV SE", "Experimental mean", "Experimental SD",
    "Experimental cases", "Experimental N", "Control mean", "Control SD", "Control cases",
    "Control N", "O-E", "Variance", "Weight", "Mean", "CI start", "CI end", "Footnotes",
    "Experimental group", "Control group", "Effect measure", "Statistical method",
    numbers=(
        "GIV Mean", "GIV SE", "Experimental mean", "Experimental SD", "Control mean", "Control SD",
        "O-E", "Variance", "Weight", "Mean", "CI start", "CI end",
    ),
    counts=(
        "Analysis group", "Analysis number", "Study year", "Experimental cases", "Experimental N",
        "Control cases", "Control N",
    ),
)  # fmt: skip
"""The last four stand in the settings of a data package; here they make each row complete."""

SETTINGS: Final = _columns(
    "Analysis group", "Analysis number", "Analysis name", "Analysis group name", "Data type",
    "Log-scale data", "Experimental group label", "Control group label", "Statistical method",
    "Effect measure", "Analysis model", "Study CI", "Estimate CI", "Mean", "CI start", "CI end",
    "Heterogeneity Tau²", "Heterogeneity Chi²", "Heterogeneity df", "Heterogeneity P",
    "Heterogeneity I²", "Effect P", "Graph label (left)", "Graph label (right)",
    numbers=(
        "Mean", "CI start", "CI end", "Heterogeneity Tau²", "Heterogeneity Chi²",
        "Heterogeneity P", "Heterogeneity I²", "Effect P",
    ),
    counts=("Analysis group", "Analysis number", "Heterogeneity df"),
)  # fmt: skip

INFORMATION: Final = _columns(
    "Study", "Year", "Char: Methods", "Char: Participants", "Char: Interventions",
    "Char: Outcomes", "Char: Notes", counts=("Year",),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bundle:
    """Tables by file name, and what the format has no place for, in words."""

    tables: dict[str, Table]
    left_out: tuple[str, ...]


def revman_bundle(session: Session, review: Review, runs: Sequence[LatestRun]) -> Bundle:
    """Return a review's newest runs and included studies as tables that RevMan knows.

    Each analysis is a comparison with one outcome. Its rows are means or events of both arms where
    every trial reports these for instruments of one direction; else effects with standard errors
    (generic inverse variance), positive favouring the intervention, ratios as logarithms.
    """
    contrasts = [run for run in runs if run.inputs.plan.kind is AnalysisKind.CONTRAST]
    left_out = [
        f"{run.analysis}: RevMan compares two groups, and this is an analysis of another kind"
        for run in runs
        if run not in contrasts
    ]
    tables = {
        "data-rows": data_rows(contrasts),
        "overall-estimates-and-settings": settings(contrasts),
        "study-information": study_information(session, review),
    }
    return Bundle(tables, tuple(left_out))


def data_rows(runs: Sequence[LatestRun]) -> Table:
    """Return what the trials of contrasts gave, a row each, analyses numbered in their order."""
    rows = tuple(row for number, run in enumerate(runs, 1) for row in _rows(number, run))
    return Table("Data rows", ROWS, rows)


def settings(runs: Sequence[LatestRun]) -> Table:
    """Return how contrasts were pooled, and what came of it, as RevMan prints it."""
    rows = tuple(_settings(number, run) for number, run in enumerate(runs, 1))
    return Table("Overall estimates and settings", SETTINGS, rows)


def study_information(session: Session, review: Review) -> Table:
    """Return the characteristics of included studies in RevMan's five sections."""
    rows = tuple(_information(session, review))
    return Table("Study information", INFORMATION, rows)


def data_type(run: LatestRun) -> str:
    """Return ``Continuous``, ``Dichotomous``, or ``Contrast level`` for ready effects."""
    plan, trials = run.inputs.plan, run.inputs.trials
    arms = all(
        trial.contrast is None
        and not trial.parts
        and trial.cluster_size is None
        and recomputable(plan, trial)
        for trial in trials
    )
    one_way = len({trial.higher_is_better for trial in trials}) == 1
    facts = plan.measure.facts
    usual = sampling_words(plan) is None  # RevMan knows one formula, and corrects
    # else effects are no longer those of the arms' numbers
    as_measured = usual and not plan.by_instrument
    if not (arms and one_way and as_measured and facts.of_arms_in_revman):
        return "Contrast level"
    return "Continuous" if facts.family is Family.MEANS else "Dichotomous"


def _rows(number: int, run: LatestRun) -> Iterator[tuple[Cell, ...]]:
    plan, kind = run.inputs.plan, data_type(run)
    printed = math.exp if plan.measure.facts.ratio else float
    for trial, effect in zip(run.inputs.trials, run.results.effects, strict=True):
        sign = _turn(run, kind)
        low, high = sorted(sign * limit for limit in effect.ci)
        yield (
            number, 1, plan.title, plan.title, None, trial.study, trial.year,
            *_numbers(plan, kind, trial, effect, sign),
            None, None, effect.weight, printed(sign * effect.yi), printed(low), printed(high),
            effect.recipe, plan.intervention.label, plan.comparator.label, _measure(plan),
            _method(plan),
        )  # fmt: skip


def _turn(run: LatestRun, kind: str) -> int:
    """Return the sign that makes effects those of the intervention to the comparator, as measured.

    Ready differences keep the sign that favours the intervention, as RevMan's labels say.
    """
    if kind == "Contrast level":
        return run.scale.sign
    return 1 if run.inputs.trials[0].higher_is_better else -1


def _numbers(
    plan: Plan, kind: str, trial: TrialInput, effect: Effect, sign: int
) -> tuple[Cell, ...]:
    """Return what stands from ``GIV Mean`` to ``Control N``."""
    if kind == "Contrast level":
        sizes = (effect.n_intervention, effect.n_comparator)
        return (
            sign * effect.yi, math.sqrt(effect.vi), None, None, None, sizes[0], None, None, None,
            sizes[1],
        )  # fmt: skip
    return (
        None, None, *_side(plan, kind, trial.intervention), *_side(plan, kind, trial.comparator),
    )  # fmt: skip


def _side(plan: Plan, kind: str, arms: Sequence[ArmInput]) -> tuple[Cell, ...]:
    """Return mean, SD, events and persons of one side, its arms together."""
    if kind == "Dichotomous":
        return (None, None, sum(arm.numbers.events or 0 for arm in arms), _total(arms))
    return (*_mean_sd(plan, arms), None, _total(arms))


def _total(arms: Sequence[ArmInput]) -> int:
    return sum(arm.numbers.n or 0 for arm in arms)


def _mean_sd(plan: Plan, arms: Sequence[ArmInput]) -> tuple[float, float]:
    found = [
        arm_mean_sd(
            arm.numbers,
            change=plan.scores == "change",
            medians=plan.medians,
            correlation=plan.change_correlation,
        )
        for arm in arms
    ]
    known = [one for one in found if one is not None]
    if len(known) == 1:
        return known[0].mean, known[0].sd
    sizes = [arm.numbers.n or 0 for arm in arms]
    together = combine_arms(sizes, [one.mean for one in known], [one.sd for one in known]).value
    return together.mean, together.sd


def _measure(plan: Plan) -> str | None:
    """Return RevMan's name of the measure, else our own; none for estimates of no measure."""
    if plan.measure is Measure.GEN:
        return None
    return plan.measure.facts.revman or plan.measure.value


def _method(plan: Plan) -> str:
    return {"MH": "Mantel-Haenszel", "PETO": "Peto"}.get(plan.method, "Inverse Variance")


def _settings(number: int, run: LatestRun) -> tuple[Cell, ...]:
    plan, line, kind = run.inputs.plan, run.results.pooled, data_type(run)
    sign = _turn(run, kind)
    turned = sign < 0
    printed = math.exp if plan.measure.facts.ratio else float
    low, high = sorted(sign * limit for limit in line.ci)
    favours = (f"Favours {plan.comparator.label}", f"Favours {plan.intervention.label}")
    left, right = reversed(favours) if turned else favours
    level = f"{100 * plan.level:g}%"
    fixed = plan.method in ("EE", "MH", "PETO")
    return (
        number, 1, plan.title, plan.title, kind, str(plan.measure.facts.ratio is not None).upper(),
        plan.intervention.label, plan.comparator.label, _method(plan), _measure(plan),
        "Fixed effect" if fixed else "Random effect", level, level,
        printed(sign * line.estimate), printed(low), printed(high),
        line.tau2, line.Q, line.Q_df, line.Q_p, line.I2, line.p, left, right,
    )  # fmt: skip


def _information(session: Session, review: Review) -> Iterator[tuple[Cell, ...]]:
    included = [s for s in queries.studies(session, review) if s.excluded_because is None]
    ids = [study.id for study in included]
    arms: dict[int, list[Arm]] = {study: [] for study in ids}
    for arm in queries.arms(session, ids):
        arms[arm.study_id].append(arm)
    measured: dict[str, dict[str, None]] = {}
    for _, item in evidence(session, [review.id]):
        told = f"{item.instrument_name}, {item.timepoint}"
        measured.setdefault(item.study, {})[told] = None
    for study in included:
        yield (
            study.label,
            study.year,
            _said(study.design, _words(study.randomised), study.country, study.setting),
            _said(study.population, study.diagnosis),
            _said(*(_arm(arm) for arm in arms[study.id])),
            _said(*measured.get(study.label, {})),
            _notes(study),
        )


def _arm(arm: Arm) -> str:
    size = f"n randomised {arm.n_randomised}" if arm.n_randomised is not None else None
    named = arm.treatment if arm.treatment != arm.label else None
    return ", ".join(part for part in (arm.label, named, _words(arm.delivery_mode), size) if part)


def _notes(study: Study) -> str | None:
    registered = f"Registration: {study.registration}" if study.registration else None
    return _said(registered, f"Funding: {study.funding}" if study.funding else None)


def _words(choice: str | None) -> str | None:
    return choice.replace("_", " ") if choice is not None else None


def _said(*parts: str | None) -> str | None:
    return "; ".join(part for part in parts if part) or None
