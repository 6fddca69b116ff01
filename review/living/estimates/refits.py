"""Refits of models of whole trials with some of them: networks, several outcomes, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from review.canonical import sha256_of
from review.errors import InvalidDataError
from review.living.estimates import jointly, levels, networks
from review.living.estimates.counts import pool_tables
from review.living.estimates.effects import trial_effects
from review.living.estimates.jointly import JointStudy
from review.living.estimates.level_lines import levels_pooled
from review.living.estimates.levels import LevelStudy
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import RunResults
from review.measures import OF_COUNTS, AnalysisKind
from review.protocol.rules import WITHOUT_TAU2, Plan
from review.synthesis import pool
from review.synthesis.network import NetworkStudy


@dataclass(frozen=True, slots=True)
class CountedStudy:
    """What a trial gave to a model of counts: equal where its numbers are."""

    numbers: str
    """SHA-256 of all that they are computed from."""
    trials: tuple[TrialInput, ...] = field(compare=False)
    """One, but of single arms one an arm."""


KeptStudy = NetworkStudy | JointStudy | LevelStudy | CountedStudy
"""What a trial gave to such a model, as a run keeps it."""

NOT_CARRIED = {
    False: "its treatments are not joined without it",
    True: "the model asks more than the other trials give",
}
"""Why there is no estimate without a trial, by whether a study gives several effects."""


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
    if results.levels is not None:
        return levels.kept_studies(inputs, results)
    if results.network is None:
        return _counted(inputs.trials)
    return networks.kept_studies(inputs, results)


def _counted(trials: Sequence[TrialInput]) -> Mapping[int, KeptStudy]:
    of_study: dict[int, list[TrialInput]] = {}
    for trial in trials:
        of_study.setdefault(trial.study_id, []).append(trial)
    return {
        study: CountedStudy(sha256_of([one.computed_from for one in own]), tuple(own))
        for study, own in of_study.items()
    }


def _of_counts(plan: Plan, trials: Sequence[TrialInput]) -> Refit | None:
    """Pool the counts of some trials, or their effects where the plan of before did."""
    try:
        if plan.method in OF_COUNTS:
            found = pool_tables(plan, trials)
        else:
            effects = trial_effects(RunInputs(plan=plan, trials=tuple(trials), left_out=()))
            found = pool(
                effects.yi, effects.vi, method=plan.method, test=plan.test, level=plan.level
            )
    except InvalidDataError:
        return None
    tau2 = None if plan.method in WITHOUT_TAU2 else found.tau2
    return Refit(found.estimate, found.ci, tau2, found.I2)


def _taken_by(plan: Plan) -> type[KeptStudy]:
    if plan.is_joint:
        return JointStudy
    if plan.random:
        return LevelStudy
    return NetworkStudy if plan.kind is AnalysisKind.NETWORK else CountedStudy


def refit(plan: Plan, studies: Sequence[KeptStudy]) -> Refit | None:
    """Fit some trials; None where they do not carry what the plan decides on.

    Nor do trials that a plan of another kind took.
    """
    if not all(isinstance(study, _taken_by(plan)) for study in studies):
        return None
    if plan.is_joint:
        several = jointly.fit_of_some(plan, [s for s in studies if isinstance(s, JointStudy)])
        if several is None:
            return None
        line = jointly.deciding_line(plan, several)
        return Refit(line.estimate, line.ci, line.tau2, line.I2)
    if plan.random:
        found_of = levels.fit_of_some(plan, [s for s in studies if isinstance(s, LevelStudy)])
        if found_of is None:
            return None
        mean = levels_pooled(plan, found_of)
        return Refit(mean.estimate, mean.ci, mean.tau2, mean.I2)
    trials = [one for s in studies if isinstance(s, CountedStudy) for one in s.trials]
    if trials:
        return _of_counts(plan, trials)
    fitted = networks.fit_of_some(plan, [s for s in studies if isinstance(s, NetworkStudy)])
    if fitted is None:
        return None
    found = networks.decided(plan, fitted)
    tau2 = None if plan.method in WITHOUT_TAU2 else fitted.tau2
    return Refit(found.estimate, found.ci, tau2, fitted.i2 or 0.0)
