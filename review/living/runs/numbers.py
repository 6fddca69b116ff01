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

    @property
    def model(self) -> tuple[Method, Test]:
        """The model that the plan asks for."""
        return Method(self.plan.method), Test(self.plan.test)

    def pooled(self) -> Pooled:
        """Pool them."""
        method, test = self.model
        return pool(self.yi, self.vi, method=method, test=test, level=self.plan.level)


def numbers_of(inputs: RunInputs, results: RunResults, notes: list[str]) -> RunNumbers | None:
    """Return the numbers of a run; None, and a note, where they are no k independent trials."""
    if inputs.plan.method not in tuple(Method):
        notes.append(
            f"Counts pooled by {inputs.plan.method} are no mean of trials' effects, and no next "
            "trial is forecast."
        )
        return None
    if results.network is not None:
        notes.append("A network is no mean of independent trials, and no next trial is forecast.")
        return None
    if results.joint is not None:
        notes.append(
            "A model of several outcomes is no mean of independent trials, and no next trial is "
            "forecast."
        )
        return None
    if len({effect.study_id for effect in results.effects}) < len(results.effects):
        notes.append("Several arms of one trial enter; the change is not divided among trials.")
        return None
    return RunNumbers(
        plan=inputs.plan,
        names=tuple(effect.study for effect in results.effects),
        ids=tuple(effect.study_id for effect in results.effects),
        per_arm=tuple(
            (e.n_intervention + e.n_comparator) / 2 if e.n_intervention and e.n_comparator else None
            for e in results.effects
        ),
        yi=np.array([effect.yi for effect in results.effects]),
        vi=np.array([effect.vi for effect in results.effects]),
    )
