"""The numbers of each arm beside its study, as they were reported."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from review.extraction.numbers import ReportedNumbers
from review.figures.numbers import bracketed, fixed
from review.living.runs.contents import ArmInput, RunInputs, TrialInput
from review.living.runs.results import Effect


@dataclass(frozen=True, slots=True)
class ArmColumns:
    """Columns of a forest plot: headers, headings over them, and what a trial has in each."""

    headers: tuple[str, ...]
    groups: tuple[tuple[str, int], ...]
    cells: Callable[[Effect, TrialInput], tuple[str, ...]]
    untotalled: int = 0
    """Columns at the beginning that are no counts of participants."""


def _mean(numbers: ReportedNumbers) -> str | None:
    return _with(numbers.mean, numbers.sd)


def _change(numbers: ReportedNumbers) -> str | None:
    return _with(numbers.mean_change, numbers.sd_change)


def _events(numbers: ReportedNumbers) -> str | None:
    if numbers.events is None:
        return None
    return f"{numbers.events}/{'?' if numbers.n is None else numbers.n}"


def _median(numbers: ReportedNumbers) -> str | None:
    if numbers.median is None:
        return None
    if numbers.q1 is None or numbers.q3 is None:
        return fixed(numbers.median, 2)
    return f"{fixed(numbers.median, 2)} {bracketed(numbers.q1, numbers.q3, 2)}"


def _estimate(numbers: ReportedNumbers) -> str | None:
    variance = numbers.variance
    return _with(
        numbers.estimate,
        numbers.se if numbers.se is not None or variance is None else math.sqrt(variance),
    )


def _with(value: float | None, spread: float | None) -> str | None:
    if value is None:
        return None
    return fixed(value, 2) if spread is None else f"{fixed(value, 2)} ({fixed(spread, 2)})"


KINDS: Final[tuple[tuple[str, Callable[[ReportedNumbers], str | None]], ...]] = (
    ("Events/total", _events),
    ("Mean (SD)", _mean),
    ("Change (SD)", _change),
    ("Median [quartiles]", _median),
    ("Estimate (SE)", _estimate),
)
"""What an arm may have been reported with, and how it is written."""


def arm_columns(inputs: RunInputs) -> ArmColumns:
    """Return the columns that the trials of a run fill: size and numbers of either side.

    A side of several arms has the numbers of each, parted by a stroke; a trial that reported a
    contrast only has none.
    """
    plan = inputs.plan
    sides = [(plan.intervention.label, _intervention), (plan.comparator.label, _comparator)]
    kept = [(label, arms, _kinds(inputs, arms)) for label, arms in sides]
    filled = [entry for entry in kept if entry[2]]

    def cells(effect: Effect, trial: TrialInput) -> tuple[str, ...]:
        found: list[str] = []
        for _, arms, kinds in filled:
            size = effect.n_intervention if arms is _intervention else effect.n_comparator
            if _sized(kinds):
                found.append("" if size is None or not arms(trial) else str(size))
            found += [_written(arms(trial), write) for _, write in kinds]
        return tuple(found)

    headers: list[str] = []
    groups: list[tuple[str, int]] = []
    for label, _, kinds in filled:
        own = (["n"] if _sized(kinds) else []) + [header for header, _ in kinds]
        headers += own
        groups.append((label, len(own)))
    return ArmColumns(tuple(headers), tuple(groups), cells)


def _intervention(trial: TrialInput) -> Sequence[ArmInput]:
    return trial.intervention


def _comparator(trial: TrialInput) -> Sequence[ArmInput]:
    return trial.comparator


def _kinds(
    inputs: RunInputs, arms: Callable[[TrialInput], Sequence[ArmInput]]
) -> list[tuple[str, Callable[[ReportedNumbers], str | None]]]:
    numbers = [arm.numbers for trial in inputs.trials for arm in arms(trial)]
    return [(header, write) for header, write in KINDS if any(map(write, numbers))]


def _sized(kinds: Sequence[tuple[str, object]]) -> bool:
    """Whether sizes need a column of their own: events carry theirs."""
    return [header for header, _ in kinds] != ["Events/total"]


def _written(arms: Sequence[ArmInput], write: Callable[[ReportedNumbers], str | None]) -> str:
    told: Iterator[str | None] = (write(arm.numbers) for arm in arms)
    return " / ".join(text for text in told if text)
