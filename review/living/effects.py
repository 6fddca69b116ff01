"""From selected inputs to oriented effects: one recipe a trial, said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from review.effects import Measure, combine_arms, combine_estimates, escalc
from review.errors import InvalidDataError
from review.living.snapshot import ArmInput, Numbers, RunInputs, TrialInput


@dataclass(frozen=True, slots=True)
class TrialEffects:
    """Effects of an analysis' trials in their order, positive favouring the intervention."""

    yi: NDArray[np.float64]
    vi: NDArray[np.float64]
    sizes: tuple[tuple[int | None, int | None], ...]
    """Participants of intervention and comparator."""
    recipes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cells:
    """What one trial gives to escalc, by metafor's names, and how it came about."""

    columns: dict[str, float]
    sizes: tuple[int | None, int | None]
    recipe: str


def trial_effects(inputs: RunInputs) -> TrialEffects:
    """Return the oriented effects of the trials of a run.

    Several arms of one side are combined: n, mean and SD as if they were one arm, events and
    participants added, estimates weighted by n. Raises InvalidDataError, naming the trial, for
    numbers that give no effect.
    """
    measure = inputs.plan.measure
    cells = [_cells(measure, trial, inputs.plan.level) for trial in inputs.trials]
    yi = np.full(len(cells), np.nan)
    vi = np.full(len(cells), np.nan)
    for estimator, rows in _by_estimator(measure, cells):
        names = cells[rows[0]].columns
        effects = escalc(estimator, {n: [cells[i].columns[n] for i in rows] for n in names})
        yi[rows], vi[rows] = effects.yi, effects.vi
    for trial, y, v in zip(inputs.trials, yi, vi, strict=True):
        if not (np.isfinite(y) and np.isfinite(v)):
            raise InvalidDataError(f"the numbers of {trial.study} give no {measure.value}")
    sign = np.array([1.0 if trial.higher_is_better else -1.0 for trial in inputs.trials])
    turned = np.array([-1.0 if trial.contrast_reversed else 1.0 for trial in inputs.trials])
    return TrialEffects(
        yi=yi * sign * turned,
        vi=vi,
        sizes=tuple(cell.sizes for cell in cells),
        recipes=tuple(
            cell.recipe + ("" if trial.higher_is_better else "; sign turned: lower is better")
            for cell, trial in zip(cells, inputs.trials, strict=True)
        ),
    )


def _by_estimator(measure: Measure, cells: Sequence[_Cells]) -> list[tuple[Measure, list[int]]]:
    """Group the trials by what estimates them: ready contrasts are taken as they are."""
    ready = [i for i, cell in enumerate(cells) if "yi" in cell.columns]
    computed = [i for i, cell in enumerate(cells) if "yi" not in cell.columns]
    pairs = [(Measure.GEN, ready), (measure, computed)]
    return [(estimator, rows) for estimator, rows in pairs if rows]


def _cells(measure: Measure, trial: TrialInput, level: float) -> _Cells:
    if trial.contrast is not None:
        return _contrast(trial.contrast.numbers, level)
    a, b = trial.intervention, trial.comparator
    n1, n2 = _total(a), _total(b)
    joined = "; arms of one side combined by n" if len(a) > 1 or len(b) > 1 else ""
    if all(arm.numbers.estimate is not None for arm in (*a, *b)) and measure is Measure.GEN:
        one, two = _joined_estimates(a, level), _joined_estimates(b, level)
        return _Cells(
            {"yi": one[0] - two[0], "vi": one[1] + two[1]},
            (n1, n2),
            f"difference of the arms' estimates{joined}",
        )
    if all(arm.numbers.events is not None for arm in (*a, *b)):
        return _Cells(
            {"ai": _events(a), "n1i": n1, "ci": _events(b), "n2i": n2},
            (n1, n2),
            f"{measure.value} from events and n{joined}",
        )
    converted = any(arm.numbers.sd is None for arm in (*a, *b))
    (m1, sd1), (m2, sd2) = _joined_means(a), _joined_means(b)
    return _Cells(
        {"m1i": m1, "sd1i": sd1, "n1i": n1, "m2i": m2, "sd2i": sd2, "n2i": n2},
        (n1, n2),
        f"{measure.value} from mean, SD and n{joined}" + ("; SD = SE √n" if converted else ""),
    )


def _contrast(numbers: Numbers, level: float) -> _Cells:
    assert numbers.estimate is not None
    variance, how = _variance(numbers, level)
    return _Cells(
        {"yi": numbers.estimate, "vi": variance},
        (numbers.n, numbers.versus_n),
        f"contrast as reported, variance from {how}",
    )


def _variance(numbers: Numbers, level: float) -> tuple[float, str]:
    """Return the sampling variance of an estimate and where it is from."""
    if numbers.variance is not None:
        return numbers.variance, "its variance"
    if numbers.se is not None:
        return numbers.se**2, "its SE"
    assert numbers.ci_low is not None
    assert numbers.ci_high is not None
    z = float(ndtri((1 + level) / 2))
    return ((numbers.ci_high - numbers.ci_low) / (2 * z)) ** 2, f"its {level:.0%} interval (normal)"


def _total(arms: Sequence[ArmInput]) -> int:
    return sum(arm.numbers.n or 0 for arm in arms)


def _events(arms: Sequence[ArmInput]) -> int:
    return sum(arm.numbers.events or 0 for arm in arms)


def _column(arms: Sequence[ArmInput], name: str) -> NDArray[np.float64]:
    return np.array([getattr(arm.numbers, name) for arm in arms], dtype=float)


def _joined_estimates(arms: Sequence[ArmInput], level: float) -> tuple[float, float]:
    together = combine_estimates(
        _column(arms, "n"),
        _column(arms, "estimate"),
        [_variance(arm.numbers, level)[0] for arm in arms],
    ).value
    return together.estimate, together.variance


def _joined_means(arms: Sequence[ArmInput]) -> tuple[float, float]:
    sds = [_sd(arm.numbers) for arm in arms]
    mean = arms[0].numbers.mean
    if len(arms) == 1 and mean is not None:
        return mean, sds[0]  # nothing to combine; a third of the time of a full re-pool
    together = combine_arms(_column(arms, "n"), _column(arms, "mean"), sds).value
    return together.mean, together.sd


def _sd(numbers: Numbers) -> float:
    if numbers.sd is not None:
        return numbers.sd
    assert numbers.se is not None
    assert numbers.n is not None
    return float(numbers.se * np.sqrt(numbers.n))
