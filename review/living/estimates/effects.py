"""From selected inputs to oriented effects: one recipe a trial, said in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from review.arrays import Floats
from review.effects import escalc
from review.effects.correction import hedges_correction
from review.errors import InvalidDataError
from review.extraction.conversion import (
    scale_of,
)
from review.extraction.numbers import ReportedNumbers
from review.living.estimates.attenuation import disattenuated
from review.living.estimates.dependence import Joined, designed_variance, join
from review.living.estimates.several import arms_together
from review.living.inputs.columns import (
    Cells,
    cells_of_trial,
    joined_estimates,
    leaves_of,
    planned_how,
)
from review.living.runs.contents import RunInputs, TrialInput
from review.measures import AnalysisKind, Measure
from review.protocol.rules import Plan
from review.protocol.sampling import sampling_words

FoundT = TypeVar("FoundT")


@dataclass(frozen=True, slots=True)
class Within:
    """Comparisons of one trial with its first treatment: their rows, and their covariance."""

    rows: tuple[int, ...]
    covariance: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class TrialEffects:
    """Effects of an analysis' trials in their order, positive favouring the intervention."""

    yi: Floats
    vi: Floats
    sizes: tuple[tuple[int | None, int | None], ...]
    """Participants of intervention and comparator."""
    recipes: tuple[str, ...]
    within: tuple[Within, ...] = ()
    """Of a network: the comparisons of each trial."""


def trial_effects(inputs: RunInputs) -> TrialEffects:
    """Return the oriented effects of the trials of a run.

    Several arms of one side are combined: n, mean and SD as if they were one arm, events and
    participants added, estimates weighted by n. A trial of several parts gets one effect of all
    (`review.living.estimates.dependence`). Variances of cluster trials are multiplied by the
    design effect; crossover trials use the correlation of their periods. Raises
    InvalidDataError, naming the trial, for numbers that give no effect.
    """
    leaves = [part for trial in inputs.trials for part in leaves_of(trial)]
    if inputs.plan.measure is Measure.GEN:
        _one_metric(leaves)
    single = _leaf_effects(inputs.plan, leaves)
    if inputs.plan.kind is AnalysisKind.NETWORK:
        return _of_network(inputs, single)
    if len(leaves) == len(inputs.trials):
        return single
    found: list[Joined] = []
    start = 0
    for trial in inputs.trials:
        rows = slice(start, start + len(leaves_of(trial)))
        start = rows.stop
        found.append(
            join(
                trial,
                inputs.plan,
                single.yi[rows],
                single.vi[rows],
                single.sizes[rows],
                single.recipes[rows],
            )
        )
    return TrialEffects(
        yi=np.array([one.yi for one in found]),
        vi=np.array([one.vi for one in found]),
        sizes=tuple(one.sizes for one in found),
        recipes=tuple(one.recipe for one in found),
    )


def _of_network(inputs: RunInputs, each: TrialEffects) -> TrialEffects:
    """Return the comparisons of a network, those of trials of several treatments made additive.

    Arms that share an SD (SMD), or the half event added to all of them where one cell is empty,
    give other numbers than each pair by itself.
    """
    plan, trials = inputs.plan, inputs.trials
    rows_of: dict[int, list[int]] = {}
    for row, trial in enumerate(trials):
        rows_of.setdefault(trial.study_id, []).append(row)
    yi, vi, recipes = each.yi.copy(), each.vi.copy(), list(each.recipes)
    within = []
    for rows in rows_of.values():
        if len(rows) == 1:
            within.append(Within((rows[0],), ((float(vi[rows[0]]),),)))
            continue
        first = trials[rows[0]]
        cells = [cells_of_trial(plan, trials[row]).columns for row in rows]
        ready = "yi" in cells[0] and first.contrast is None
        shared = joined_estimates(first.study, first.comparator)[1] if ready else None
        together = partial(arms_together, plan.measure, first.study, cells, shared)
        arms = _computable(first, plan, together)
        widened = designed_variance(first, plan, float(yi[rows[0]]), 1.0, cells[0])
        yi[rows] = first.sign * np.asarray(arms.estimates)
        matrix = np.asarray(arms.covariance) * widened.variance
        vi[rows] = np.diag(matrix)
        within.append(Within(tuple(rows), tuple(tuple(line) for line in matrix.tolist())))
        turned = "" if first.higher_is_better else "; sign turned: lower is better"
        for row in rows:
            recipes[row] = f"{plan.measure.value} of {len(rows) + 1} arms together{arms.said}"
            recipes[row] += widened.said + turned
    return TrialEffects(yi, vi, each.sizes, tuple(recipes), tuple(within))


def _reported(trial: TrialInput) -> tuple[ReportedNumbers, ...]:
    both = (*trial.intervention, *trial.comparator)
    return tuple(a.numbers for a in ((trial.contrast,) if trial.contrast is not None else both))


def _one_metric(trials: Sequence[TrialInput]) -> None:
    """Refuse to pool estimates of several metrics as if they were one; none is a metric too."""
    studies: dict[str, dict[str, None]] = {}
    for trial in trials:
        for numbers in _reported(trial):
            studies.setdefault(scale_of(numbers) or "no metric", {})[trial.study] = None
    if len(studies) > 1:
        told = "; ".join(
            f"{metric} ({', '.join(list(names)[:3])})" for metric, names in studies.items()
        )
        raise InvalidDataError(
            f"estimates of {len(studies)} metrics cannot be pooled together: {told}; enter one "
            "metric, or plan the measure itself instead of GEN"
        )


def _computable(trial: TrialInput, plan: Plan, of: Callable[[], FoundT]) -> FoundT:
    """Return what is computed of a trial; what no double holds is said as the trial's."""
    try:
        return of()
    except ArithmeticError:
        raise InvalidDataError(
            f"the numbers of {trial.study} give no {plan.measure.value}: they are too large, or "
            "too small, to be computed with"
        ) from None


def _leaf_effects(plan: Plan, trials: Sequence[TrialInput]) -> TrialEffects:
    """Return the effects of comparisons of two sides each."""
    measure = plan.measure
    cells = [_computable(trial, plan, partial(cells_of_trial, plan, trial)) for trial in trials]
    yi = np.full(len(cells), np.nan)
    vi = np.full(len(cells), np.nan)
    noted = [""] * len(cells)
    for estimator, rows in _by_estimator(measure, cells):
        names = cells[rows[0]].columns
        columns = {n: [cells[i].columns[n] for i in rows] for n in names}
        own = estimator is measure
        effects = (
            escalc(estimator, columns, **planned_how(plan)) if own else escalc(estimator, columns)
        )
        yi[rows], vi[rows] = effects.yi, effects.vi
        for row in rows:
            noted[row] += _how_said(plan, as_reported=not own)
        for note in effects.notes:
            if not note.excludes:
                noted[rows[note.row]] += f"; {note.text}"
    recipes = []
    for i, (trial, cell) in enumerate(zip(trials, cells, strict=True)):
        if not (np.isfinite(yi[i]) and np.isfinite(vi[i])):
            raise InvalidDataError(f"the numbers of {trial.study} give no {measure.value}")
        if cell.explained:
            # (1 - R²)(1/n1 + 1/n2) + g²/(2N), Borenstein 2009
            vi[i] -= cell.explained * _of_means(plan, cell.columns)
        widened = partial(designed_variance, trial, plan, float(yi[i]), float(vi[i]), cell.columns)
        designed = _computable(trial, plan, widened)
        vi[i] = designed.variance
        if not np.isfinite(vi[i]):
            raise InvalidDataError(f"the numbers of {trial.study} give no {measure.value}")
        turned = "" if trial.higher_is_better else "; sign turned: lower is better"
        if trial.contrast is not None and trial.contrast.numbers.positive == "better":
            turned = "; positive is better, as reported"
        yi[i], vi[i], corrected = disattenuated(plan, trial, float(yi[i]), float(vi[i]))
        recipes.append(cell.recipe + noted[i] + designed.said + corrected + turned)
    return TrialEffects(
        yi=yi * np.array([float(trial.sign) for trial in trials]),
        vi=vi,
        sizes=tuple(cell.sizes for cell in cells),
        recipes=tuple(recipes),
    )


def _of_means(plan: Plan, columns: Mapping[str, float]) -> float:
    """Return the part of an SMD's variance that is of the means: 1/n1 + 1/n2, of LS2 times J²."""
    n1, n2 = columns["n1i"], columns["n2i"]
    j = float(hedges_correction(n1 + n2 - 2.0)) if plan.vtype == "LS2" and plan.correct else 1.0
    return j**2 * (1.0 / n1 + 1.0 / n2)


def _how_said(plan: Plan, *, as_reported: bool) -> str:
    """Return what a recipe says of a plan's formula and correction; nothing of the defaults."""
    words = sampling_words(plan)
    if words is None:
        return ""
    if as_reported:
        return "; its variance and small-sample correction are not the plan's choice"
    return f"; {words}"


def _by_estimator(measure: Measure, cells: Sequence[Cells]) -> list[tuple[Measure, list[int]]]:
    """Group the trials by what estimates them: ready contrasts are taken as they are."""
    ready = [i for i, cell in enumerate(cells) if "yi" in cell.columns]
    computed = [i for i, cell in enumerate(cells) if "yi" not in cell.columns]
    pairs = [(Measure.GEN, ready), (measure, computed)]
    return [(estimator, rows) for estimator, rows in pairs if rows]
