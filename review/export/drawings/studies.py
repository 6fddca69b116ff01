"""What the diagnostic figures of a run share: its effects as arrays, its model in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from review.arrays import Floats
from review.errors import InvalidDataError
from review.export.runs import model_words
from review.figures.numbers import fixed
from review.living.reports.joint import NOT_OF_OUTCOMES
from review.living.reports.levels import NOT_OF_LEVELS
from review.living.reports.networks import NOT_OF_NETWORKS
from review.living.runs.contents import RunInputs
from review.living.runs.results import Effect, RunResults
from review.measures import OF_COUNTS, AnalysisKind
from review.synthesis import Method
from review.wording import capitalised, counted


def effects_of(studies: Sequence[Effect]) -> tuple[Floats, Floats]:
    """Return effects and sampling variances, (k,) each."""
    return np.array([s.yi for s in studies]), np.array([s.vi for s in studies])


def of_one_comparison(inputs: RunInputs, figure: str) -> None:
    """Refuse networks, several outcomes and results: their effects are no independent sample."""
    if inputs.plan.kind is AnalysisKind.NETWORK:
        raise InvalidDataError(f"{figure} of {inputs.plan.title} {NOT_OF_NETWORKS}")
    if inputs.plan.is_joint:
        raise InvalidDataError(f"{figure} of {inputs.plan.title} {NOT_OF_OUTCOMES}")
    if inputs.plan.random:
        raise InvalidDataError(f"{figure} of {inputs.plan.title} {NOT_OF_LEVELS}")


def method_of(inputs: RunInputs, figure: str) -> Method:
    """Return the plan's estimator of tau²; refuse plans that pool counts instead of effects.

    `figure` is its name with its article, for the refusal.
    """
    of_one_comparison(inputs, figure)
    plan = inputs.plan
    if plan.method in OF_COUNTS:
        raise InvalidDataError(
            f"{figure} needs an inverse-variance model, and {plan.title} pools the counts "
            f"themselves by {plan.method}; plan an analysis beside it"
        )
    return Method(plan.method)


def require(inputs: RunInputs, results: RunResults, at_least: int, figure: str) -> None:
    """Refuse an analysis of fewer trials than a figure needs."""
    of_one_comparison(inputs, figure)
    k = len(results.effects)
    if k < at_least:
        raise InvalidDataError(
            f"{figure} needs at least {at_least} trials; {inputs.plan.title} has "
            f"{counted(k, 'trial')}"
        )


def model_note(results: RunResults) -> str:
    """Return the model of a run with its heterogeneity, as the note of a figure says it."""
    line = results.pooled
    if line.k == 1:
        return f"{capitalised(model_words(line))}."
    tau2 = "" if line.tau2 is None else f"τ² = {fixed(line.tau2, 3)}, "
    return f"{capitalised(model_words(line))}; k = {line.k}, {tau2}I² = {fixed(line.I2, 1)}%."
