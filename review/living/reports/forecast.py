"""How firm a conclusion is, and whether the next trial could turn it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from review.errors import ReviewError
from review.living.runs.numbers import RunNumbers
from review.measures import Measure
from review.protocol.parts import SequentialRules
from review.synthesis import (
    Conclusion,
    Forecast,
    Test,
    evpi,
    fewest_trials,
    forecast,
    information_size,
    removal_fragility,
    shift_fragility,
    smd_variance,
    trial_size,
)
from review.synthesis.noninferiority import SHOWN

MOST_REMOVALS: Final = 15
"""All sets of trials are tried up to so many (review.synthesis.fragility)."""

SIZES: Final = (50, 100, 200)
"""Participants an arm of the trials that a forecast asks about."""

TIMES: Final = (
    (0.5, "half the median trial"),
    (1.0, "the median trial"),
    (2.0, "twice the median trial"),
)
"""The trials it asks about where nobody knows how many took part."""

READY: Final = 0.05
"""Below this probability of any change by the next trial a review may be ready to retire."""

WANTED: Final = 0.8
"""Probability of a conclusion that the size of a sufficient next trial is sought for."""


@dataclass(frozen=True, slots=True)
class Fragility:
    """The fewest trials whose removal turns the claim, and the smallest shift of one estimate."""

    conclusion: str
    enumerated: bool
    """Whether all removals were tried, which many trials do not allow."""
    removals: int | None
    """None where no removal turns it, or none was tried."""
    sets: tuple[tuple[str, ...], ...]
    shift_study: str | None
    shift: float | None


@dataclass(frozen=True, slots=True)
class NextTrial:
    """What one more trial of a size would do, tau² estimated anew."""

    size: str
    per_arm: int | None
    variance: float
    band: tuple[float, float]
    """Where its effect is to be expected, at the plan's level, tau² uncertain."""
    change: float
    probabilities: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A next trial of any pair of a network, or of any of several outcomes."""

    called: str
    size: str
    band: tuple[float, float]
    """Where its effect is to be expected, at the plan's level, tau² uncertain."""
    left: float
    """Share of the width of the deciding interval that it leaves, tau² as estimated now."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast: next trials by size, the size that would probably settle it, the value."""

    trials: tuple[NextTrial, ...]
    claim: str
    """What a trial could show: noninferiority, or without a margin superiority."""
    shown: bool
    """Whether the claim is shown already."""
    needed_per_arm: int | None
    """Participants an arm with which a trial shows the claim with probability 0.8; None where it is
    shown, no trial suffices, or nobody knows how many took part so far."""
    fewest_trials: int | None
    """Trials of any size that the claim needs at this tau² by the planned test, power 0.9 (or as
    the panel for repeated looks has it); None without a distance to detect."""
    evpi: float
    """Expected value of perfect information; the unit is the measure's, a patient."""
    power: float
    """Of `fewest_trials`."""
    test: Test
    """The planned test, which `fewest_trials` is of."""
    level: float
    """Of the bands of the next trials' effects."""
    called: str = ""
    """What the trials are of, where the analysis takes more: a pair of treatments, an outcome."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """Trials of the middle size, of each pair or outcome: what narrows the interval most first."""


@dataclass(frozen=True, slots=True)
class Firmness:
    """How firm a run's conclusion is, worked out once (a second for some 20 trials)."""

    fragility: Fragility | None
    outlook: Outlook | None
    notes: tuple[str, ...]
    """Why something could not be said."""

    @property
    def settled(self) -> bool | None:
        """Whether no single next trial is likely to turn the conclusion; None: not forecast."""
        if self.outlook is None:
            return None
        return all(trial.change < READY for trial in self.outlook.trials)


def firmness_of(data: RunNumbers) -> Firmness:
    """Measure how firm a run's conclusion is, and forecast the next trial."""
    notes: list[str] = []
    ahead = outlook_of(data, notes)
    return Firmness(fragility_of(data, notes), ahead, tuple(notes))


def fragility_of(data: RunNumbers, notes: list[str]) -> Fragility | None:
    """Return how little would turn the claim; None, and a note, where that cannot be computed."""
    try:
        return _fragility(data)
    except ReviewError as error:
        notes.append(f"Fragility is not measured: {error}")
        return None


def _fragility(data: RunNumbers) -> Fragility:
    margin = data.plan.margin
    method, test = data.model
    level = data.plan.level
    size: int | None = None
    sets: tuple[tuple[int, ...], ...] = ()
    if data.yi.size <= MOST_REMOVALS:
        found = removal_fragility(
            data.yi, data.vi, margin=margin, method=method, test=test, level=level
        )
        size, sets = found.size, found.sets
    shifted = shift_fragility(
        data.yi, data.vi, margin=margin, method=method, test=test, level=level
    )
    told = [(amount, i) for i, amount in enumerate(shifted.shifts) if amount is not None]
    smallest = min(told) if told else None
    return Fragility(
        conclusion=shifted.now.value,
        enumerated=data.yi.size <= MOST_REMOVALS,
        removals=size,
        sets=tuple(tuple(data.names[i] for i in gone) for gone in sets),
        shift_study=data.names[smallest[1]] if smallest else None,
        shift=smallest[0] * shifted.direction if smallest else None,
    )


def outlook_of(data: RunNumbers, notes: list[str], *, sized: bool = True) -> Outlook | None:
    """Forecast the next trial; None, and a note, where that cannot be done.

    `sized` also seeks the size of a trial that would probably show the claim, which takes a while.
    """
    margin = data.plan.margin
    method, test = data.model
    precision = variance_by_size(data, notes)
    sizes = sizes_of(data, precision)
    try:
        found = forecast(
            data.yi, data.vi, [variance for _, _, variance in sizes], margin=margin, method=method,
            test=test, level=data.plan.level,
        )  # fmt: skip
        needed = (
            trial_size(
                data.yi, data.vi, margin=margin, probability=WANTED, variance=precision,
                method=method, test=test, level=data.plan.level,
            )
            if sized and precision is not None and found.now not in SHOWN
            else None
        )  # fmt: skip
    except ReviewError as error:
        notes.append(f"The next trial is not forecast: {error}")
        return None
    now = data.pooled()
    looks = data.plan.sequential or SequentialRules()
    distance = margin or looks.delta
    alpha = (1 - data.plan.level) / 2
    return Outlook(
        trials=next_trials(found, sizes),
        claim="superiority" if margin is None else "noninferiority",
        shown=found.now in SHOWN,
        needed_per_arm=needed,
        fewest_trials=(
            fewest_trials(
                information_size(distance, alpha=alpha, beta=looks.beta), now.tau2, test=test
            )
            if distance
            else None
        ),
        power=1 - looks.beta,
        test=test,
        level=found.level,
        evpi=evpi(now.estimate, now.se, margin or 0.0),
    )


def variance_by_size(data: RunNumbers, notes: list[str]) -> Callable[[float], float] | None:
    """Return the variance of a trial by its participants an arm; None where nobody knows."""
    if data.plan.measure is Measure.SMD:
        return smd_variance
    known = [v * n for v, n in zip(data.vi, data.per_arm, strict=True) if n is not None]
    if 2 * len(known) < data.vi.size:
        notes.append("Few trials say how many took part: next trials are sized by the median one.")
        return None
    each = float(np.median(known))
    notes.append("A participant of the next trial is taken to tell as much as the median one.")
    return lambda n: each / n


def sizes_of(
    data: RunNumbers, precision: Callable[[float], float] | None
) -> list[tuple[str, int | None, float]]:
    """Return the next trials asked about: what they are called, participants an arm, variance."""
    if precision is not None:
        return [(str(n), n, precision(n)) for n in SIZES]
    middle = float(np.median(data.vi))
    return [(name, None, middle / times) for times, name in TIMES]


def next_trials(
    found: Forecast, sizes: Sequence[tuple[str, int | None, float]]
) -> tuple[NextTrial, ...]:
    """Return forecasts as they are kept, each with what its trial is called."""
    order = tuple(Conclusion)
    return tuple(
        NextTrial(
            size=name,
            per_arm=per_arm,
            variance=trial.v_new,
            band=trial.band,
            change=trial.change,
            probabilities=tuple((c.value, trial.probability(c)) for c in order),
        )
        for (name, per_arm, _), trial in zip(sizes, found.trials, strict=True)
    )
