"""The numbers of a run in the engine's form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from review.arrays import Floats
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.protocol.rules import Plan
from review.synthesis import Method, Pooled, Test, pool


@dataclass(frozen=True, slots=True)
class RunNumbers:
    """The numbers of one run in the engine's form."""

    plan: Plan
    names: tuple[str, ...]
    ids: tuple[int, ...]
    per_arm: tuple[float | None, ...]
    """Participants, divided by two."""
    yi: Floats
    vi: Floats
    reported: tuple[dict[str, object], ...]
    """What the trials reported, as far as effects depend on it."""

    @property
    def model(self) -> tuple[Method, Test]:
        """The model that the plan asks for."""
        return Method(self.plan.method), Test(self.plan.test)

    def pooled(self) -> Pooled:
        """Pool them."""
        method, test = self.model
        return pool(self.yi, self.vi, method=method, test=test, level=self.plan.level)


def numbers_of(inputs: RunInputs, results: RunResults, notes: list[str]) -> RunNumbers | None:
    """Return the numbers of a run; None where they are no k independent trials of one mean.

    A note says so, but of networks and of several outcomes or results of a trial, of which nobody
    expects it.
    """
    if inputs.plan.method not in tuple(Method):
        notes.append(
            f"Counts pooled by {inputs.plan.method} are no mean of trials' effects, and no next "
            "trial is forecast."
        )
        return None
    if not results.of_one_mean:
        return None  # a model of whole trials, which has a forecast of its own, or says why not
    if len({effect.study_id for effect in results.effects}) < len(results.effects):
        notes.append("Several arms of one trial enter; the change is not divided among trials.")
        return None
    return all_numbers(inputs, results)


def all_numbers(
    inputs: RunInputs, results: RunResults, *, measured: str | None = None
) -> RunNumbers:
    """Return the numbers of all effects of a run, or of those of one of several outcomes."""
    effects = [
        effect
        for effect, trial in zip(results.effects, inputs.trials, strict=True)
        if measured is None or trial.measured == measured
    ]
    return RunNumbers(
        plan=inputs.plan,
        names=tuple(effect.study for effect in effects),
        ids=tuple(effect.study_id for effect in effects),
        per_arm=tuple(
            (e.n_intervention + e.n_comparator) / 2 if e.n_intervention and e.n_comparator else None
            for e in effects
        ),
        yi=np.array([effect.yi for effect in effects]),
        vi=np.array([effect.vi for effect in effects]),
        reported=tuple(
            trial.computed_from
            for trial in inputs.trials
            if measured is None or trial.measured == measured
        ),
    )
