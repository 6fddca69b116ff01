"""The numbers of each arm beside its study, as they were reported."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review.extraction.numbers import ReportedNumbers
from review.figures.numbers import bracketed, fixed
from review.living.estimates.counts import of_time
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


def _before(numbers: ReportedNumbers) -> str | None:
    return _with(numbers.baseline_mean, numbers.baseline_sd)


def _change(numbers: ReportedNumbers) -> str | None:
    return _with(numbers.mean_change, numbers.sd_change)


def _events(numbers: ReportedNumbers) -> str | None:
    if numbers.events is None:
        return None
    return f"{numbers.events}/{'?' if numbers.n is None else numbers.n}"


def _rate(numbers: ReportedNumbers) -> str | None:
    if numbers.events is None or numbers.person_years is None:
        return None
    return f"{numbers.events}/{_years(numbers)}"


def _years(numbers: ReportedNumbers) -> str:
    return f"{numbers.person_years:.6g}"


def _median(numbers: ReportedNumbers) -> str | None:
    if numbers.median is None:
        return None
    if numbers.q1 is None or numbers.q3 is None:
        return fixed(numbers.median, 2)
    return f"{fixed(numbers.median, 2)} {bracketed(numbers.q1, numbers.q3, 2)}"


def _estimate(numbers: ReportedNumbers) -> str | None:
    return _with(numbers.estimate, _error(numbers))


def _error(numbers: ReportedNumbers) -> float | None:
    variance = numbers.variance
    return numbers.se if numbers.se is not None or variance is None else math.sqrt(variance)


def _two(value: float | None) -> str | None:
    return None if value is None else fixed(value, 2)


def _with(value: float | None, spread: float | None) -> str | None:
    if value is None:
        return None
    return fixed(value, 2) if spread is None else f"{fixed(value, 2)} ({fixed(spread, 2)})"


EVENTS: Final = "Events/total"
RATES: Final = "Events/person-years"
BEFORE: Final = "Before (SD)"

KINDS: Final[tuple[tuple[str, Callable[[ReportedNumbers], str | None]], ...]] = (
    (EVENTS, _events),
    (RATES, _rate),
    (BEFORE, _before),
    ("Mean (SD)", _mean),
    ("Change (SD)", _change),
    ("Median [quartiles]", _median),
    ("Estimate (SE)", _estimate),
)
"""What an arm may have been reported with, and how it is written."""

APART: Final[Mapping[str, tuple[tuple[str, Callable[[ReportedNumbers], str | None]], ...]]] = {
    EVENTS: (("Events", lambda n: None if n.events is None else str(n.events)),),
    RATES: (
        ("Events", lambda n: str(n.events)), ("Person-years", lambda n: _years(n)),
    ),
    BEFORE: (
        ("Mean before", lambda n: _two(n.baseline_mean)),
        ("SD before", lambda n: _two(n.baseline_sd)),
    ),
    "Mean (SD)": (("Mean", lambda n: _two(n.mean)), ("SD", lambda n: _two(n.sd))),
    "Change (SD)": (
        ("Mean change", lambda n: _two(n.mean_change)),
        ("SD of change", lambda n: _two(n.sd_change)),
    ),
    "Estimate (SE)": (
        ("Estimate", lambda n: _two(n.estimate)), ("SE", lambda n: _two(_error(n))),
    ),
}  # fmt: skip
"""The same in columns of its own, where a layout has them apart."""


def arm_columns(inputs: RunInputs, *, apart: bool = False, size: str = "n") -> ArmColumns:
    """Return the columns that the trials of a run fill: size and numbers of either side.

    `size` is the header of sizes. With `apart` each number has a column, sizes after them.
    A side of several arms has the numbers of each, parted by a stroke; a trial that reported a
    contrast only has none.
    """
    plan = inputs.plan
    sides = [(plan.intervention.label, _intervention), (plan.comparator.label, _comparator)]
    kept = [(label, arms, _kinds(inputs, arms, apart=apart)) for label, arms in sides]
    filled = [entry for entry in kept if entry[2]]

    def cells(effect: Effect, trial: TrialInput) -> tuple[str, ...]:
        found: list[str] = []
        for _, arms, kinds in filled:
            n = effect.n_intervention if arms is _intervention else effect.n_comparator
            sizes = ["" if n is None or not arms(trial) else str(n)] if _sized(kinds) else []
            numbers = [_written(arms(trial), write) for _, write in kinds]
            found += [*numbers, *sizes] if apart else [*sizes, *numbers]
        return tuple(found)

    headers: list[str] = []
    groups: list[tuple[str, int]] = []
    for label, _, kinds in filled:
        sizes, own = [size] if _sized(kinds) else [], [header for header, _ in kinds]
        own = [*own, *sizes] if apart else [*sizes, *own]
        headers += own
        groups.append((label, len(own)))
    return ArmColumns(tuple(headers), tuple(groups), cells)


def _intervention(trial: TrialInput) -> Sequence[ArmInput]:
    return trial.intervention


def _comparator(trial: TrialInput) -> Sequence[ArmInput]:
    return trial.comparator


def _kinds(
    inputs: RunInputs, arms: Callable[[TrialInput], Sequence[ArmInput]], *, apart: bool
) -> list[tuple[str, Callable[[ReportedNumbers], str | None]]]:
    numbers = [arm.numbers for trial in inputs.trials for arm in arms(trial)]
    plan = inputs.plan
    others = {EVENTS if of_time(plan.measure) else RATES, *(() if plan.within_arms else (BEFORE,))}
    whole = [
        (header, write)
        for header, write in KINDS
        if header not in others and any(map(write, numbers))
    ]
    if not apart:
        return whole
    return [part for kind in whole for part in APART.get(kind[0], (kind,))]


def _sized(kinds: Sequence[tuple[str, object]]) -> bool:
    """Whether sizes need a column of their own: events carry theirs."""
    return [header for header, _ in kinds] != [EVENTS]


def _written(arms: Sequence[ArmInput], write: Callable[[ReportedNumbers], str | None]) -> str:
    told: Iterator[str | None] = (write(arm.numbers) for arm in arms)
    return " / ".join(text for text in told if text)
