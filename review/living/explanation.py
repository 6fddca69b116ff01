"""Why a pooled result moved, how firm it is, and whether the next trial could turn it.

Pure: two snapshots in, one explanation out. What cannot be said is said so in a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from review.effects import Measure
from review.errors import InvalidDataError, ReviewError
from review.living.changes import Snapshot
from review.living.snapshot import RunInputs, RunResults
from review.protocol.rules import Plan
from review.synthesis import (
    Conclusion,
    Forecast,
    Method,
    Pooled,
    SignalThresholds,
    Test,
    attribute,
    evpi,
    fewest_trials,
    forecast,
    information_size,
    pool,
    removal_fragility,
    shift_fragility,
    signals,
    smd_variance,
    trial_size,
)
from review.synthesis.attribution import Added, Edited, Event, Quantities, Removed, Settings

MOST_EVENTS: Final = 40
"""Above so many changed trials the orders drawn for Shapley values would take minutes."""

MOST_REMOVALS: Final = 15
"""All sets of trials are tried up to so many (review.synthesis.fragility)."""

SIZES: Final = (50, 100, 200)
"""Participants an arm of the trials that a forecast asks about."""

WANTED: Final = 0.8
"""Probability of a conclusion that the size of a sufficient next trial is sought for."""

READY: Final = 0.05
"""Below this probability of any change by the next trial a review may be ready to retire."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one event did to the result: averaged over all orders, and in the order given."""

    what: str
    estimate: float
    lower: float
    upper: float
    tau2: float
    in_order: float
    """Change of the estimate when the events are taken one after another as listed."""


@dataclass(frozen=True, slots=True)
class Shares:
    """A change divided among its events; shares and split both sum to the total."""

    shares: tuple[Share, ...]
    total: Share
    data_at_old_tau2: float
    tau2_reestimated: float
    exact: bool


@dataclass(frozen=True, slots=True)
class SignalTold:
    """A signal that fired."""

    kind: str
    value: float | None
    threshold: float | None
    margin: float | None
    trials: tuple[str, ...]
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Fragility:
    """The fewest trials whose removal turns the claim, and the smallest shift of one estimate."""

    conclusion: str
    removals: int | None
    """None where no removal turns it, or where there are too many trials to try all."""
    sets: tuple[tuple[str, ...], ...]
    shift_study: str | None
    shift: float | None


@dataclass(frozen=True, slots=True)
class NextTrial:
    """What one more trial of a size would do, tau² estimated anew."""

    per_arm: int | None
    variance: float
    change: float
    probabilities: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast: next trials by size, the size that would probably settle it, the value."""

    trials: tuple[NextTrial, ...]
    needed_per_arm: int | None
    """Participants an arm with which noninferiority is shown with probability 0.8."""
    fewest_trials: int | None
    """Trials of any size that noninferiority needs at this tau²."""
    evpi: float
    """Expected value of perfect information; the unit is the measure's, a patient."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a change report says beyond the two results."""

    shares: Shares | None
    signals: tuple[SignalTold, ...]
    fragility_before: Fragility | None
    fragility_after: Fragility | None
    outlook: Outlook | None
    settled: bool | None
    """Whether no single next trial is likely to turn the conclusion (one of three conditions of
    retirement; the others are a conclusive confidence sequence and GRADE). None: not forecast."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Data:
    """The numbers of one run in the engine's form."""

    plan: Plan
    names: tuple[str, ...]
    ids: tuple[int, ...]
    yi: NDArray[np.float64]
    vi: NDArray[np.float64]

    @property
    def model(self) -> tuple[Method, Test]:
        return Method(self.plan.method), Test(self.plan.test)

    def pooled(self) -> Pooled:
        method, test = self.model
        return pool(self.yi, self.vi, method=method, test=test, level=self.plan.level)


def explain(before: Snapshot | None, after: Snapshot, *, outlook: bool = True) -> Explanation:
    """Explain how a run came from the one before.

    Parameters
    ----------
    before : snapshot or None
        None for a first run: there is no change to divide, and no signal.
    outlook : bool
        Also forecast the next trial and measure fragility (a second for some 20 trials).

    Returns
    -------
    Explanation

    References
    ----------
    Living updating, sections 3.1 to 3.6.
    """
    notes: list[str] = []
    new = _data(*after, notes)
    old = _data(*before, notes) if before is not None else None
    shares = _shares(old, new, notes) if old is not None and new is not None else None
    fired = _signals(old, new, notes) if old is not None and new is not None else ()
    ahead = None
    fragile: list[Fragility | None] = [None, None]
    if outlook and new is not None and new.plan.margin is not None:
        ahead = _outlook(new, notes)
        fragile = [_fragility(data) if data is not None else None for data in (old, new)]
    return Explanation(
        shares=shares,
        signals=fired,
        fragility_before=fragile[0],
        fragility_after=fragile[1],
        outlook=ahead,
        settled=all(t.change < READY for t in ahead.trials) if ahead is not None else None,
        notes=tuple(dict.fromkeys(notes)),
    )


def _data(inputs: RunInputs, results: RunResults, notes: list[str]) -> _Data | None:
    if inputs.plan.method not in tuple(Method):
        notes.append(f"A result by {inputs.plan.method} is not divided among trials.")
        return None
    if len({effect.study_id for effect in results.effects}) < len(results.effects):
        notes.append("Several arms of one trial enter; the change is not divided among trials.")
        return None
    return _Data(
        plan=inputs.plan,
        names=tuple(effect.study for effect in results.effects),
        ids=tuple(effect.study_id for effect in results.effects),
        yi=np.array([effect.yi for effect in results.effects]),
        vi=np.array([effect.vi for effect in results.effects]),
    )


def _events(old: _Data, new: _Data) -> list[tuple[str, Event]]:
    """Return what happened between two runs, in order of entry: corrections, removals, trials."""
    at = {study: i for i, study in enumerate(old.ids)}
    found: list[tuple[str, Event]] = []
    if old.model != new.model:
        found.append(("another model (plan)", Settings(*new.model)))
    for i, study in enumerate(new.ids):
        y, v = float(new.yi[i]), float(new.vi[i])
        if study in at and (y, v) != (old.yi[at[study]], old.vi[at[study]]):
            found.append((f"{new.names[i]} corrected", Edited(at[study], y, v)))
    found += [
        (f"{old.names[i]} removed", Removed(i)) for study, i in at.items() if study not in new.ids
    ]
    arrived = sorted(set(new.ids) - at.keys())
    index = {study: i for i, study in enumerate(new.ids)}
    found += [
        (
            f"{new.names[index[study]]} added",
            Added(float(new.yi[index[study]]), float(new.vi[index[study]])),
        )
        for study in arrived
    ]
    return found


def _shares(old: _Data, new: _Data, notes: list[str]) -> Shares | None:
    events = _events(old, new)
    if not events:
        return None
    if old.plan.level != new.plan.level:
        notes.append("The plan changed the level, so that the limits are not divided among trials.")
        return None
    if len(events) > MOST_EVENTS:
        notes.append(f"{len(events)} trials changed at once; their shares are not told apart.")
        return None
    method, test = old.model
    try:
        found = attribute(
            old.yi,
            old.vi,
            [event for _, event in events],
            margin=new.plan.margin,
            method=method,
            test=test,
            level=old.plan.level,
        )
    except InvalidDataError as error:
        notes.append(f"The change is not divided among trials: {error}")
        return None
    return Shares(
        shares=tuple(
            _share(what, c.shapley, c.sequential.estimate)
            for (what, _), c in zip(events, found.contributions, strict=True)
        ),
        total=_share("total", found.total, found.total.estimate),
        data_at_old_tau2=found.data_at_old_tau2,
        tau2_reestimated=found.tau2_reestimated,
        exact=found.exact,
    )


def _share(what: str, q: Quantities, in_order: float) -> Share:
    return Share(what, q.estimate, q.lower, q.upper, q.tau2, in_order)


def _signals(old: _Data, new: _Data, notes: list[str]) -> tuple[SignalTold, ...]:
    if (old.model, old.plan.level) != (new.model, new.plan.level):
        notes.append("The plan changed the model; signals compare results of one model.")
        return ()
    rules = new.plan.signals
    added = [i for i, study in enumerate(new.ids) if study not in old.ids]
    fired = signals(
        old.pooled(),
        new.pooled(),
        new.yi,
        new.vi,
        added=added,
        margins=new.plan.margins,
        thresholds=SignalThresholds(**rules.model_dump()),
    )
    return tuple(
        SignalTold(
            kind=signal.kind.value,
            value=signal.value,
            threshold=signal.threshold,
            margin=signal.margin,
            trials=tuple(new.names[i] for i in signal.trials),
            before=signal.before,
            after=signal.after,
        )
        for signal in fired
    )


def _fragility(data: _Data) -> Fragility | None:
    margin = data.plan.margin
    if margin is None:
        return None
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
        removals=size,
        sets=tuple(tuple(data.names[i] for i in gone) for gone in sets),
        shift_study=data.names[smallest[1]] if smallest else None,
        shift=smallest[0] * shifted.direction if smallest else None,
    )


def _outlook(data: _Data, notes: list[str]) -> Outlook | None:
    margin = data.plan.margin
    assert margin is not None
    method, test = data.model
    standardised = data.plan.measure is Measure.SMD
    variances: Sequence[float] = (
        [smd_variance(n) for n in SIZES] if standardised else [float(np.median(data.vi))]
    )
    if not standardised:
        notes.append("The next trial is taken to be as precise as the median trial so far.")
    try:
        found = forecast(
            data.yi, data.vi, variances, margin=margin, method=method, test=test,
            level=data.plan.level,
        )  # fmt: skip
        needed = (
            trial_size(
                data.yi, data.vi, margin=margin, probability=WANTED, method=method, test=test,
                level=data.plan.level,
            )
            if standardised
            else None
        )  # fmt: skip
    except ReviewError as error:
        notes.append(f"The next trial is not forecast: {error}")
        return None
    now = data.pooled()
    return Outlook(
        trials=_next_trials(found, SIZES if standardised else (None,)),
        needed_per_arm=needed,
        fewest_trials=fewest_trials(information_size(margin).required, now.tau2),
        evpi=evpi(now.estimate, now.se, margin),
    )


def _next_trials(found: Forecast, sizes: Sequence[int | None]) -> tuple[NextTrial, ...]:
    order = tuple(Conclusion)
    return tuple(
        NextTrial(
            per_arm=size,
            variance=trial.v_new,
            change=trial.change,
            probabilities=tuple((c.value, trial.probability(c)) for c in order),
        )
        for size, trial in zip(sizes, found.trials, strict=True)
    )
