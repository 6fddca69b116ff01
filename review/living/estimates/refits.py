"""Refits of models of whole trials, networks and several outcomes, with some of their trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from review.living.estimates import jointly, networks
from review.living.estimates.jointly import JointStudy
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.protocol.rules import WITHOUT_TAU2, Plan
from review.synthesis.network import NetworkStudy

KeptStudy = NetworkStudy | JointStudy
"""What a trial gave to such a model, as a run keeps it."""

NOT_CARRIED = {
    False: "its treatments are not joined without it",
    True: "the model asks more than the other trials give",
}
"""Why there is no estimate without a trial, by whether several outcomes are taken together."""


@dataclass(frozen=True, slots=True)
class Refit:
    """The comparison or outcome that a plan decides on."""

    estimate: float
    ci: tuple[float, float]
    tau2: float | None
    i2: float


def kept_studies(inputs: RunInputs, results: RunResults) -> Mapping[int, KeptStudy]:
    """Return the trials of a stored run by study, in their order, as they were fitted."""
    if results.joint is not None:
        return jointly.kept_studies(inputs, results)
    return networks.kept_studies(inputs, results)


def refit(plan: Plan, studies: Sequence[KeptStudy]) -> Refit | None:
    """Fit some trials; None where they do not carry what the plan decides on."""
    if plan.is_joint:
        several = jointly.fit_of_some(plan, [s for s in studies if isinstance(s, JointStudy)])
        if several is None:
            return None
        line = jointly.deciding_line(plan, several)
        return Refit(line.estimate, line.ci, line.tau2, line.I2)
    fitted = networks.fit_of_some(plan, [s for s in studies if isinstance(s, NetworkStudy)])
    if fitted is None:
        return None
    found = networks.decided(plan, fitted)
    tau2 = None if plan.method in WITHOUT_TAU2 else fitted.tau2
    return Refit(found.estimate, found.ci, tau2, fitted.i2 or 0.0)
