"""The sensitivity set of an analysis. Pure: the inputs of a run in, lines out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from review.arrays import Floats
from review.errors import InvalidDataError, ReviewError
from review.living.estimates.effects import TrialEffects, trial_effects
from review.living.runs.contents import Alternative, RunInputs, TrialInput
from review.living.runs.results import AgainstLine, VariantLine
from review.protocol.rules import Plan
from review.protocol.vocabulary import Variant
from review.synthesis import (
    Method,
    Pooled,
    Test,
    aggregate,
    classify,
    influence,
    leave_one_out,
    multilevel,
    pet_peese,
    pool,
    trim_and_fill,
)

LABELS = {
    Variant.FIXED: "common effect",
    Variant.Z_TEST: "normal interval",
    Variant.DERSIMONIAN_LAIRD: "DerSimonian-Laird, normal interval",
    Variant.TRIM_AND_FILL: "trim and fill",
    Variant.PET_PEESE: "PET-PEESE",
    Variant.WITHOUT_INFLUENTIAL: "without influential trials",
    Variant.LOW_RISK_ONLY: "low risk of bias only",
}

_OTHER_TRIALS = frozenset(
    {Variant.BY_RATER, Variant.ITT_ONLY, Variant.LOW_RISK_ONLY, Variant.WITHOUT_LINKED}
)
"""Variants that pool other trials, or other results of them, by the same model."""


class Found(NamedTuple):
    """What a variant found of what the plan decides on; `tau2` and `p` None where it has none."""

    k: int
    estimate: float
    ci: tuple[float, float]
    tau2: float | None
    p: float | None
    others: tuple[AgainstLine, ...] = ()
    """Of a network: what it found of the other treatments against the reference."""


def variant_lines(inputs: RunInputs, effects: TrialEffects) -> tuple[VariantLine, ...]:
    """Return the planned variants of a run in the order of the plan.

    A variant that cannot be computed (too few trials, a model that does not fit) is a line with
    its reason, so that nothing planned is missing without a word.
    """
    found: list[VariantLine] = []
    for variant in inputs.plan.variants:
        if variant is Variant.LEAVE_ONE_OUT:
            found += _leave_one_out(inputs, effects)
        elif variant in (Variant.AGGREGATED, Variant.THREE_LEVEL):
            found.append(_dependent(inputs, variant))
        elif variant is Variant.PET_PEESE:
            found.append(_without_error(inputs.plan, effects))
        elif variant in _OTHER_TRIALS:
            found += _reselected(inputs, variant)
        else:
            found.append(_refitted(inputs.plan, effects, variant))
    return tuple(found)


def tau2_of(method: Method, tau2: float) -> float | None:
    """Return the variance between trials; None for a model that has none."""
    return None if method is Method.EE else tau2


def line_of(
    plan: Plan, variant: Variant, label: str, k: int, compute: Callable[[], Found]
) -> VariantLine:
    """Return a line of a variant; where it cannot be computed, of `k` trials with its reason."""
    try:
        found = compute()
    except ReviewError as error:
        return VariantLine(variant=variant.value, label=label, k=k, note=str(error))
    return VariantLine(
        variant=variant.value,
        label=label,
        conclusion=classify(found.ci, plan.margin).value,
        **found._asdict(),
    )


def _line(
    plan: Plan, variant: Variant, label: str, k: int, compute: Callable[[], Pooled]
) -> VariantLine:
    def found() -> Found:
        pooled = compute()
        tau2 = tau2_of(pooled.method, pooled.tau2)
        p = pooled.p if pooled.tested else None
        return Found(pooled.k, pooled.estimate, pooled.ci, tau2, p)

    return line_of(plan, variant, label, k, found)


def _pool(
    plan: Plan, yi: Floats, vi: Floats, *, method: Method | None = None, test: Test | None = None
) -> Pooled:
    """Pool by the plan's model or another; a line has no interval of tau²."""
    return pool(
        yi,
        vi,
        method=method or Method(plan.method),
        test=test or Test(plan.test),
        level=plan.level,
        tau2_ci=False,
    )


def _refitted(plan: Plan, effects: TrialEffects, variant: Variant) -> VariantLine:
    """A variant of the same trials: another model, or some of them gone or imputed."""
    yi, vi, k = effects.yi, effects.vi, effects.yi.size

    def compute() -> Pooled:
        if variant is Variant.FIXED:
            return _pool(plan, yi, vi, method=Method.EE, test=Test.Z)
        if variant is Variant.Z_TEST:
            return _pool(plan, yi, vi, test=Test.Z)
        if variant is Variant.DERSIMONIAN_LAIRD:
            return _pool(plan, yi, vi, method=Method.DL, test=Test.Z)
        if variant is Variant.TRIM_AND_FILL:
            return trim_and_fill(
                yi, vi, method=Method(plan.method), test=Test(plan.test), level=plan.level
            ).fit
        kept = ~influence(yi, vi, method=Method(plan.method)).influential
        return _pool(plan, yi[kept], vi[kept])

    return _line(plan, variant, LABELS[variant], k, compute)


def _leave_one_out(inputs: RunInputs, effects: TrialEffects) -> list[VariantLine]:
    plan, variant = inputs.plan, Variant.LEAVE_ONE_OUT
    k = effects.yi.size
    if k < 2:
        note = "one trial only"
        return [VariantLine(variant=variant.value, label="leave one out", k=k, note=note)]
    many = leave_one_out(
        effects.yi,
        effects.vi,
        method=Method(plan.method),
        test=Test(plan.test),
        level=plan.level,
    )
    return [
        _line(plan, variant, f"without {trial.study}", k - 1, lambda i=i: many[i])  # type: ignore[misc]
        for i, trial in enumerate(inputs.trials)
    ]


def _without_error(plan: Plan, effects: TrialEffects) -> VariantLine:
    """The effect of a study without error, by the regression that PET-PEESE chooses."""
    variant, label = Variant.PET_PEESE, LABELS[Variant.PET_PEESE]
    k = effects.yi.size
    try:
        found = pet_peese(effects.yi, effects.vi, level=plan.level)
        if found.ci is None:
            raise InvalidDataError("no residual is left, so that it has no interval")
    except ReviewError as error:
        return VariantLine(variant=variant.value, label=label, k=k, note=str(error))
    note = f"estimate of {found.conditional}"
    if plan.measure.facts.standardized:
        note += (
            "; standard errors of standardized differences depend on the effect, which biases it"
        )
    return VariantLine(
        variant=variant.value,
        label=label,
        k=k,
        estimate=found.estimate,
        ci=found.ci,
        conclusion=classify(found.ci, plan.margin).value,
        note=note,
    )


def _effects_of(plan: Plan, trials: tuple[TrialInput, ...]) -> TrialEffects:
    return trial_effects(RunInputs(plan=plan, trials=trials, left_out=()))


def _reselected(inputs: RunInputs, variant: Variant) -> list[VariantLine]:
    chosen = [other for other in inputs.alternatives if other.variant is variant]
    if not chosen:
        label = LABELS.get(variant, variant.value)
        note = "no such results"
        return [VariantLine(variant=variant.value, label=label, k=0, note=note)]
    return [_of_alternative(inputs.plan, other) for other in chosen]


def _of_alternative(plan: Plan, other: Alternative) -> VariantLine:
    if not other.trials:
        return VariantLine(variant=other.variant.value, label=other.label, k=0, note="no trial")

    def compute() -> Pooled:
        effects = _effects_of(plan, other.trials)
        return _pool(plan, effects.yi, effects.vi)

    return _line(plan, other.variant, other.label, len(other.trials), compute)


def _dependent(inputs: RunInputs, variant: Variant) -> VariantLine:
    """Several results of one trial: averaged into one, or in a three-level model (CHE, CR2)."""
    plan = inputs.plan
    trials = next((o.trials for o in inputs.alternatives if o.variant is variant), ())
    label = (
        f"results averaged within trials, rho {plan.rho:g}"
        if variant is Variant.AGGREGATED
        else f"three-level model, rho {plan.rho:g}, robust (CR2)"
    )
    k = len({trial.study_id for trial in trials})
    if not trials:
        return VariantLine(variant=variant.value, label=label, k=0, note="no trial")
    studies = [trial.study_id for trial in trials]
    try:
        effects = _effects_of(plan, trials)
        if variant is Variant.AGGREGATED:
            one = aggregate(effects.yi, effects.vi, studies, rho=plan.rho)
            return _line(plan, variant, label, k, lambda: _pool(plan, one.yi, one.vi))
        fit = multilevel(effects.yi, effects.vi, studies, rho=plan.rho, level=plan.level)
        robust = fit.robust()
    except ReviewError as error:
        return VariantLine(variant=variant.value, label=label, k=k, note=str(error))
    if math.isnan(robust.se[0]):
        return VariantLine(variant=variant.value, label=label, k=k, note="; ".join(robust.notes))
    ci = (robust.ci_low[0], robust.ci_high[0])
    return VariantLine(
        variant=variant.value,
        label=label,
        k=k,
        estimate=robust.beta[0],
        ci=ci,
        tau2=float(sum(fit.sigma2)),
        p=robust.p[0],
        conclusion=classify(ci, plan.margin).value,
        note="; ".join([f"{len(trials)} results of {k} trials", *robust.notes]),
    )
