"""The effects that a run pooled, a row a trial, with the trials of its variants."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from review.errors import ReviewError
from review.export.reproduction.reported import PLANNED, recomputable, selections
from review.export.runs import LatestRun
from review.export.tables.model import Cell, Column, Kind, Table
from review.living.estimates.effects import trial_effects
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.joint import JointLine
from review.living.runs.networks import NetworkLine
from review.living.runs.results import Effect
from review.measures import Measure
from review.protocol.characteristics import OWN, in_words

COLUMNS = (
    Column("selection", "Selection"),
    Column("trial", "Trial", Kind.INTEGER),
    Column("study_id", "Study (number)", Kind.INTEGER),
    Column("study", "Study"),
    Column("year", "Year", Kind.INTEGER),
    Column("instrument", "Instrument"),
    Column("rater", "Rater"),
    Column("timepoint", "Timepoint"),
    Column("analysis_set", "Analysis set"),
    Column("side", "Side"),
    Column("yi", "Effect", Kind.NUMBER),
    Column("vi", "Variance", Kind.NUMBER),
    Column("from_reported", "Computed again from what was reported"),
    Column("recipe", "Recipe"),
)
COMPARED = (Column("treatment", "Treatment"), Column("versus", "Against"))
"""What a row of a network compares."""
MEASURED = (Column("measured", "Outcome"),)
"""Which of several outcomes a row is of."""

_Computed = Sequence[tuple[float, float, str]]


def effects_table(run: LatestRun) -> Table:
    """Return the effects of an analysis' planned trials, then of the trials of its variants.

    A selection whose effects cannot be computed is left out, as its variant has no estimate.
    """
    plan = run.inputs.plan
    asked = tuple(
        Column(name, in_words(name), Kind.TEXT if is_text(run.inputs, name) else Kind.NUMBER)
        for name in asked_for(run.inputs)
    )
    told_apart: tuple[Column, ...] = ()
    if not run.results.of_one_mean:
        told_apart = COMPARED if run.results.network is not None else MEASURED
    rows = [
        _row(run.inputs, name, number, trial, found)
        for name, trials, computed in _computed(run)
        for number, (trial, found) in enumerate(zip(trials, computed, strict=True), 1)
    ]
    return Table(
        title=f"{plan.title}: effects",
        columns=COLUMNS + told_apart + asked,
        rows=tuple(rows),
    )


def asked_for(inputs: RunInputs) -> tuple[str, ...]:
    """Return the characteristics that have a column of their own here."""
    return tuple(name for name in inputs.plan.characteristics if name not in OWN)


def is_text(inputs: RunInputs, name: str) -> bool:
    """Whether a characteristic is a category, not a number."""
    return any(isinstance(trial.characteristic(name), str) for trial in inputs.trials)


def _computed(run: LatestRun) -> Iterator[tuple[str, tuple[TrialInput, ...], _Computed]]:
    yield PLANNED, run.inputs.trials, [_stored(effect) for effect in run.results.effects]
    for selection in selections(run.inputs)[1:]:
        inputs = RunInputs(plan=run.inputs.plan, trials=selection.trials, left_out=())
        try:
            found = trial_effects(inputs)
        except ReviewError:
            continue
        rows = zip(found.yi.tolist(), found.vi.tolist(), found.recipes, strict=True)
        yield selection.name, selection.trials, list(rows)


def _stored(effect: Effect) -> tuple[float, float, str]:
    return effect.yi, effect.vi, effect.recipe


def _row(
    inputs: RunInputs,
    selection: str,
    number: int,
    trial: TrialInput,
    computed: tuple[float, float, str],
) -> tuple[Cell, ...]:
    yi, vi, recipe = computed
    row: tuple[Cell, ...] = (
        selection, number, trial.study_id, trial.study, trial.year, trial.instrument, trial.rater,
        trial.timepoint, trial.analysis_set, trial.side, yi, vi,
        "yes" if _follows(inputs, trial) else "no", recipe,
    )  # fmt: skip
    asked = (trial.characteristic(name) for name in asked_for(inputs))
    measured = () if trial.measured is None else (trial.measured,)
    return (*row, *trial.treatments, *measured, *asked)


def _follows(inputs: RunInputs, trial: TrialInput) -> bool:
    """Whether an effect follows from its two arms alone: of three with one SD it does not."""
    if not recomputable(inputs.plan, trial):
        return False
    same = sum(other.study_id == trial.study_id for other in inputs.trials)
    by_itself = inputs.plan.measure in (Measure.MD, Measure.GEN)
    return not trial.treatments or same == 1 or by_itself


def structure_table(line: JointLine) -> Table:
    """Return variances and covariances of true effects of several outcomes, as they were found.

    Line 0 is by the planned correlation of sampling errors, the others by those that were tried.
    """
    found: list[tuple[Cell, ...]] = []
    tau2 = tuple(one.tau2 or 0.0 for one in line.outcomes)
    values = tuple(one.value for one in line.correlations)
    lines = [(line.rho, tau2, values)]
    lines += [(one.rho, one.tau2, one.correlations) for one in line.assumed]
    labels = [one.label for one in line.outcomes]
    pairs = [(i, j) for j in range(len(labels)) for i in range(j)]
    for number, (rho, variances, correlations) in enumerate(lines):
        for label, variance in zip(labels, variances, strict=True):
            found.append((number, rho, label, label, variance))
        for (i, j), value in zip(pairs, correlations, strict=False):  # none of a common effect
            shared = (value or 0.0) * math.sqrt(variances[i] * variances[j])
            found.append((number, rho, labels[i], labels[j], shared))
    return Table(
        title="Variances and covariances of true effects",
        columns=(
            Column("line", "Line", Kind.INTEGER),
            Column("rho", "Correlation of errors", Kind.NUMBER),
            Column("one", "Outcome"),
            Column("other", "Other outcome"),
            Column("covariance", "Covariance", Kind.NUMBER),
        ),
        rows=tuple(found),
    )


def covariances_table(line: NetworkLine) -> Table:
    """Return the sampling covariances of a network's rows, which are counted from 1."""
    return Table(
        title="Covariances of rows of one trial",
        columns=(
            Column("first", "Row", Kind.INTEGER),
            Column("second", "Other row", Kind.INTEGER),
            Column("covariance", "Covariance", Kind.NUMBER),
        ),
        rows=tuple((c.first + 1, c.second + 1, c.value) for c in line.covariances),
    )
