"""Sensitivity analyses of networks, several outcomes, random effects: the model fitted otherwise.

Pure: the inputs of a run in, lines out. Each line is of what the plan decides on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from review.living.estimates import jointly, levels, networks
from review.living.estimates.effects import TrialEffects, trial_effects
from review.living.estimates.sensitivity import LABELS, Found, line_of, tau2_of
from review.living.runs.contents import Alternative, RunInputs
from review.living.runs.results import VariantLine
from review.protocol.rules import Plan
from review.protocol.vocabulary import Variant
from review.synthesis import Method
from review.synthesis.network import Network

Whole = Network | jointly.Joint | levels.Levels
"""A fitted network, a fitted model of several outcomes, or of random effects."""

MODELS: Final[Mapping[Variant, Mapping[str, str]]] = {
    Variant.FIXED: {"method": "EE", "test": "z"},
    Variant.Z_TEST: {"test": "z"},
    Variant.DERSIMONIAN_LAIRD: {"method": "DL", "test": "z"},
}
"""Variants of the same trials by another model: what of the plan is other."""


@dataclass(frozen=True, slots=True)
class WholeVariant:
    """One line of a variant: its plan, of how many trials it is, and how to fit it."""

    variant: Variant
    label: str
    plan: Plan
    k: int
    fit: Callable[[], Whole] | None
    """Raises a `ReviewError` where it has no answer; None where there is nothing to fit."""
    note: str | None = None
    """Why there is nothing to fit."""


def whole_variant_lines(inputs: RunInputs, effects: TrialEffects) -> tuple[VariantLine, ...]:
    """Return the planned variants of a model of whole trials, in the order of the plan."""
    return tuple(_line(one) for one in whole_variants(inputs, effects))


def whole_variants(inputs: RunInputs, effects: TrialEffects) -> Iterator[WholeVariant]:
    """Yield every line of the planned variants, before it is fitted."""
    plan = inputs.plan
    for variant in plan.variants:
        if variant in MODELS:
            changed = plan.model_copy(update=MODELS[variant])
            k = len({trial.study_id for trial in inputs.trials})
            refit = partial(_fit, inputs, effects, changed)
            yield WholeVariant(variant, LABELS[variant], changed, k, refit)
        elif variant is Variant.LEAVE_ONE_OUT:
            yield from _without_each(inputs, effects)
        else:
            yield from _reselected(inputs, variant)


def _fit(inputs: RunInputs, effects: TrialEffects, plan: Plan) -> Whole:
    if plan.is_joint:
        return jointly.fit(inputs, effects, plan)
    if plan.random:
        return levels.fit(inputs, effects, plan)
    return networks.fit(inputs.model_copy(update={"plan": plan}), effects)


def _without_each(inputs: RunInputs, effects: TrialEffects) -> Iterator[WholeVariant]:
    plan, variant = inputs.plan, Variant.LEAVE_ONE_OUT
    names = dict.fromkeys((trial.study_id, trial.study) for trial in inputs.trials)
    k = len(names)
    if k < 2:
        yield WholeVariant(variant, "leave one out", plan, k, None, "one trial only")
        return
    refits_of = _joint_refits if plan.is_joint else _network_refits
    refits = (_levels_refits if plan.random else refits_of)(inputs, effects)
    for (_, name), refit in zip(names, refits, strict=True):
        yield WholeVariant(variant, f"without {name}", plan, k - 1, refit)


def _joint_refits(inputs: RunInputs, effects: TrialEffects) -> Iterator[Callable[[], Whole]]:
    several = jointly.studies_of(inputs, effects)
    for i in range(len(several)):
        yield partial(jointly.fit_studies, inputs.plan, (*several[:i], *several[i + 1 :]))


def _levels_refits(inputs: RunInputs, effects: TrialEffects) -> Iterator[Callable[[], Whole]]:
    several = levels.studies_of(inputs, effects)
    for i in range(len(several)):
        yield partial(levels.fit_studies, inputs.plan, (*several[:i], *several[i + 1 :]))


def _network_refits(inputs: RunInputs, effects: TrialEffects) -> Iterator[Callable[[], Whole]]:
    trials = networks.studies_of(inputs, effects)
    for i in range(len(trials)):
        yield partial(networks.fit_studies, inputs.plan, (*trials[:i], *trials[i + 1 :]))


def _reselected(inputs: RunInputs, variant: Variant) -> Iterator[WholeVariant]:
    chosen = [other for other in inputs.alternatives if other.variant is variant]
    if not chosen:
        label = LABELS.get(variant, variant.value)
        yield WholeVariant(variant, label, inputs.plan, 0, None, "no such results")
    for other in chosen:
        k = len({trial.study_id for trial in other.trials})
        refit = partial(_fit_other, inputs.plan, other) if k else None
        yield WholeVariant(variant, other.label, inputs.plan, k, refit, None if k else "no trial")


def _fit_other(plan: Plan, other: Alternative) -> Whole:
    inputs = RunInputs(plan=plan, trials=other.trials, left_out=())
    return _fit(inputs, trial_effects(inputs), plan)


def _line(one: WholeVariant) -> VariantLine:
    if one.fit is None:
        return VariantLine(variant=one.variant.value, label=one.label, k=one.k, note=one.note)
    fit = one.fit
    return line_of(one.plan, one.variant, one.label, one.k, lambda: _found(one.plan, fit()))


def _found(plan: Plan, fitted: Whole) -> Found:
    method = Method(plan.method)
    if isinstance(fitted, Network):
        found = networks.decided(plan, fitted)
        p = found.p if found.se > 0 else None
        tau2 = tau2_of(method, fitted.tau2)
        others = networks.against_reference(plan, fitted)
        return Found(fitted.k, found.estimate, found.ci, tau2, p, others)
    if isinstance(fitted, levels.Levels):
        total = tau2_of(method, float(sum(fitted.sigma2)))
        return Found(len(fitted.studies), fitted.estimate, fitted.ci, total, fitted.p)
    line = jointly.decided(plan, fitted)
    varies = fitted.tau2(plan.outcomes[0].label)
    return Found(len(fitted.studies), line.estimate, line.ci, varies, line.p)
