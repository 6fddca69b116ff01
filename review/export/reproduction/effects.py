"""The effects that a run pooled, a row a trial, with the trials of its variants."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from review.errors import ReviewError
from review.export.reproduction.reported import PLANNED, Selection, recomputable, selections
from review.export.runs import LatestRun
from review.export.tables.model import Cell, Column, Kind, Table
from review.living.estimates import levels
from review.living.estimates.asymmetry import size_of
from review.living.estimates.effects import TrialEffects, trial_effects
from review.living.estimates.jointly import Joint, correlations
from review.living.estimates.networks import covariances_within
from review.living.estimates.whole_variants import Whole, whole_variants
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.joint import CorrelationLine
from review.living.runs.results import Effect
from review.measures import Measure
from review.protocol.asymmetry import OF_SIZES
from review.protocol.characteristics import OWN, in_words
from review.protocol.rules import Plan

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
"""Which of several outcomes, or of the results of its study, a row is of."""
SHARED = (
    Column("arm", "Arm"),
    Column("against", "Comparator"),
    Column("w1", "Size of the arm", Kind.NUMBER),
    Column("w2", "Size of the comparator", Kind.NUMBER),
)
"""With random effects: whom comparisons of a study share, 1 where sizes are not known."""

SIZED = (Column("ni", "Participants", Kind.INTEGER),)
"""What a row is of, where the test of asymmetry needs it."""

_Sizes = tuple[int | None, int | None]
_Computed = Sequence[tuple[float, float, str, _Sizes]]


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
    rows = []
    for name, trials, computed in _computed(run):
        shared = _shared(plan, trials, computed)
        told_apart += SHARED if shared and SHARED[0] not in told_apart else ()
        for number, found in enumerate(computed, 1):
            arms = shared[number - 1] if shared else ()
            rows.append(_row(run.inputs, name, number, trials, found, arms))
    return Table(
        title=f"{plan.title}: effects",
        columns=COLUMNS + told_apart + asked + (SIZED if plan.asymmetry in OF_SIZES else ()),
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
    for selection, found in _of_variants(run):
        numbers = (found.yi.tolist(), found.vi.tolist(), found.recipes, found.sizes)
        rows = zip(*numbers, strict=True)
        yield selection.name, selection.trials, list(rows)


def _of_variants(run: LatestRun) -> Iterator[tuple[Selection, TrialEffects]]:
    """Yield the trials of each variant that selects its own, and their effects."""
    for selection in selections(run.inputs)[1:]:
        inputs = RunInputs(plan=run.inputs.plan, trials=selection.trials, left_out=())
        try:
            yield selection, trial_effects(inputs)
        except ReviewError:
            continue


def _stored(effect: Effect) -> tuple[float, float, str, _Sizes]:
    return effect.yi, effect.vi, effect.recipe, (effect.n_intervention, effect.n_comparator)


def _shared(
    plan: Plan, trials: Sequence[TrialInput], computed: _Computed
) -> list[tuple[Cell, ...]]:
    """Return whom each row compares, where random effects keep comparisons of arms apart."""
    if not plan.random or plan.several_arms == "combine":
        return []
    yi, vi, recipes, sizes = zip(*computed, strict=True)
    effects = TrialEffects(np.array(yi), np.array(vi), sizes, recipes)
    inputs = RunInputs(plan=plan, trials=tuple(trials), left_out=())
    return [tuple(one) for one in levels.shared_arms(plan, levels.studies_of(inputs, effects))]


def _row(
    inputs: RunInputs,
    selection: str,
    number: int,
    trials: Sequence[TrialInput],
    computed: tuple[float, float, str, _Sizes],
    arms: tuple[Cell, ...],
) -> tuple[Cell, ...]:
    trial = trials[number - 1]
    yi, vi, recipe, sizes = computed
    row: tuple[Cell, ...] = (
        selection, number, trial.study_id, trial.study, trial.year, trial.instrument, trial.rater,
        trial.timepoint, trial.analysis_set, trial.side, yi, vi,
        "yes" if _follows(inputs.plan, trial, trials) else "no", recipe,
    )  # fmt: skip
    asked = (trial.characteristic(name) for name in asked_for(inputs))
    measured = () if trial.measured is None else (trial.measured,)
    sized = (size_of(inputs.plan, *sizes),) if inputs.plan.asymmetry in OF_SIZES else ()
    return (*row, *trial.treatments, *measured, *arms, *asked, *sized)


def _follows(plan: Plan, trial: TrialInput, trials: Sequence[TrialInput]) -> bool:
    """Whether an effect follows from its two arms alone: of three with one SD it does not."""
    if not recomputable(plan, trial):
        return False
    same = sum(other.study_id == trial.study_id for other in trials)
    by_itself = plan.measure in (Measure.MD, Measure.GEN)
    return not trial.treatments or same == 1 or by_itself


def structure_table(run: LatestRun) -> Table:
    """Return variances and covariances of true effects of several outcomes, as they were found.

    Of the planned model, of those by other correlations of sampling errors (``assumed 1``), and of
    each line of a variant that has an estimate (``leave_one_out 3``).
    """
    line = run.results.joint
    assert line is not None
    labels = tuple(one.label for one in line.outcomes)
    tau2 = tuple(one.tau2 or 0.0 for one in line.outcomes)
    found = [_Structure(PLANNED, line.rho, labels, tau2, line.correlations)]
    found += [
        _Structure(f"assumed {number}", one.rho, labels, one.tau2, line.as_assumed(one))
        for number, one in enumerate(line.assumed, 1)
    ]
    found += _varied_structures(run)
    return Table(
        title="Variances and covariances of true effects",
        columns=(
            Column("selection", "Selection"),
            Column("rho", "Correlation of errors", Kind.NUMBER),
            Column("one", "Outcome"),
            Column("other", "Other outcome"),
            Column("covariance", "Covariance", Kind.NUMBER),
        ),
        rows=tuple(row for one in found for row in one.rows()),
    )


class _Structure(NamedTuple):
    """Variances of outcomes, and correlations of each two; none of a common effect."""

    selection: str
    rho: float
    labels: tuple[str, ...]
    tau2: tuple[float, ...]
    correlations: tuple[CorrelationLine, ...]

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        of = dict(zip(self.labels, self.tau2, strict=True))
        for label, variance in of.items():
            yield (self.selection, self.rho, label, label, variance)
        for pair in self.correlations:
            shared = (pair.value or 0.0) * math.sqrt(of[pair.first] * of[pair.second])
            yield (self.selection, self.rho, pair.first, pair.second, shared)


def _varied_structures(run: LatestRun) -> Iterator[_Structure]:
    """Yield the structure of each line of a variant; one without an estimate has none."""
    for name, fitted in _varied(run):
        if isinstance(fitted, Joint):
            labels = fitted.model.terms
            tau2 = tuple(fitted.tau2(label) or 0.0 for label in labels)
            rho = run.inputs.plan.rho
            yield _Structure(name, rho, labels, tau2, tuple(correlations(fitted)))


def _varied(run: LatestRun) -> Iterator[tuple[str, Whole]]:
    """Yield the model of each line of a variant that has an estimate, by its selection."""
    count: Counter[str] = Counter()
    for one in whole_variants(run.inputs, trial_effects(run.inputs)):
        count[one.variant] += 1
        try:
            fitted = one.fit() if one.fit is not None else None
        except ReviewError:
            continue
        if fitted is not None:
            yield f"{one.variant.value} {count[one.variant]}", fitted


def variances_table(run: LatestRun) -> Table:
    """Return the variances of random effects as they were found, and the correlation assumed.

    Of the planned model, without each term (``without 1``), by other correlations (``assumed 1``),
    and of each line of a variant that has an estimate (``leave_one_out 3``).
    """
    line, plan = run.results.levels, run.inputs.plan
    assert line is not None
    effects = trial_effects(run.inputs)
    fitted = levels.fit(run.inputs, effects)
    found = [(PLANNED, plan.rho, fitted.terms, fitted.sigma2)]
    if plan.method != "EE":
        for number, smaller in enumerate(levels.without_each(plan, fitted), 1):
            others = tuple(c.name for c in smaller.components)
            sigma2 = tuple(c.tau2[0] for c in smaller.components)
            found.append((f"without {number}", plan.rho, others, sigma2))
    found += [
        (f"assumed {number}", one.rho, fitted.terms, one.sigma2)
        for number, one in enumerate(line.assumed, 1)
    ]
    for name, one in _varied(run):
        if isinstance(one, levels.Levels):
            found.append((name, plan.rho, one.terms, one.sigma2))
    return Table(
        title="Variances of random effects",
        columns=(
            Column("selection", "Selection"),
            Column("rho", "Correlation of errors", Kind.NUMBER),
            Column("term", "Random effect"),
            Column("sigma2", "Variance", Kind.NUMBER),
        ),
        rows=tuple(
            (selection, rho, term, value)
            for selection, rho, terms, sigma2 in found
            for term, value in zip(terms, sigma2, strict=True)
        ),
    )


def covariances_table(run: LatestRun) -> Table:
    """Return the sampling covariances of a network's rows, which are counted from 1.

    Of the planned trials, and of those of each variant that selects others.
    """
    line = run.results.network
    assert line is not None
    found: list[tuple[Cell, ...]] = [
        (PLANNED, c.first + 1, c.second + 1, c.value) for c in line.covariances
    ]
    for selection, effects in _of_variants(run):
        within = covariances_within(effects.within)
        found += [(selection.name, c.first + 1, c.second + 1, c.value) for c in within]
    return Table(
        title="Covariances of rows of one trial",
        columns=(
            Column("selection", "Selection"),
            Column("first", "Row", Kind.INTEGER),
            Column("second", "Other row", Kind.INTEGER),
            Column("covariance", "Covariance", Kind.NUMBER),
        ),
        rows=tuple(found),
    )
