"""The panel for repeated looks: apart from the headline, and labelled so.

A look is a run: the trials that had entered the database by then. Trials are ordered by the run
that first held them, and the numbers are those of today, so that a correction re-bases the whole
panel instead of counting as new evidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from review.arrays import Floats
from review.canonical import number, p_value
from review.errors import ReviewError
from review.living.reports.pages import Section
from review.living.runs.digests import Unit
from review.living.runs.past import PastRun
from review.living.runs.results import Effect, Snapshot
from review.living.runs.scales import EffectScale
from review.protocol.parts import SequentialRules
from review.protocol.rules import Plan
from review.synthesis import (
    ConfidenceSequence,
    Method,
    SequentialAnalysis,
    Test,
    confidence_sequence,
    information_size,
    trial_sequential,
    tuned_rho,
)
from review.synthesis.evidence import LEAST_TRIALS
from review.synthesis.false_claims import applies, false_claims
from review.wording import counted


@dataclass(frozen=True, slots=True)
class LookTold:
    """One look at the accumulating trials."""

    k: int
    estimate: float
    sequence: tuple[float, float]
    """The confidence sequence: valid at all looks together."""
    sequence_class: str | None
    e_value: float
    """Against mu <= -margin, or against mu <= 0 without a margin."""
    anytime_p: float
    fraction: float | None
    z: float | None
    bound: float | None
    status: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Confidence sequence, e-values and trial sequential analysis over the runs of an analysis."""

    looks: tuple[LookTold, ...]
    updates: int
    """Runs of the analysis up to this one."""
    prospective: bool
    """Whether a plan with sequential rules was frozen before the first look."""
    rebased: bool
    """Whether a trial of an earlier look was corrected or removed since."""
    crossed_at: int | None
    alpha_spent: bool
    rho: float
    sentences: tuple[str, ...]

    @property
    def state(self) -> tuple[str | None, bool]:
        """What a signal watches: the newest class by the sequence, and whether TSA crossed."""
        newest = self.looks[-1].sequence_class if self.looks else None
        return newest, self.crossed_at is not None


def panel(history: Sequence[PastRun], newest: Snapshot) -> Panel | None:
    """Return the panel after the newest of some runs (oldest first), which is needed whole.

    None where there is nothing to design for: neither a margin nor an effect of interest, a network
    or a model without a weighted mean, several arms of one trial, or fewer than three trials.

    References
    ----------
    Living updating, sections 1.3, 1.6, 1.7 and 1.10.
    """
    inputs, results = newest
    plan = inputs.plan
    rules = plan.sequential or SequentialRules()
    delta = None if plan.margin is not None else rules.delta
    k = len({effect.study_id for effect in results.effects})
    if k < len(results.effects) or not results.of_one_mean:
        return None  # several arms of one trial: no order of entry of trials
    if (plan.margin is None and delta is None) or plan.method not in tuple(Method):
        return None
    if k < LEAST_TRIALS:
        return None
    ordered, updates = _entered(history, results.effects)
    yi = np.array([effect.yi for effect in ordered])
    vi = np.array([effect.vi for effect in ordered])
    distance = plan.margin + rules.hoped if plan.margin is not None else delta
    assert distance is not None
    size = information_size(distance, alpha=rules.alpha, beta=rules.beta)
    rho = tuned_rho(size.required, alpha=2 * rules.alpha)
    sequence = confidence_sequence(
        yi,
        vi,
        updates,
        rho=rho,
        margins=plan.margins,
        alpha=2 * rules.alpha,
        method=Method(plan.method),
        tau2_floor=rules.tau2_floor,
    )
    late = _why_retrospective(history, plan)
    prospective = late is None
    sequential = _sequential(plan, rules, delta, yi, vi, updates, prospective=prospective)
    rebased = _rebased(history, results.effects)
    return Panel(
        looks=tuple(_looks(sequence, sequential)),
        updates=len(history),
        prospective=prospective,
        rebased=rebased,
        crossed_at=sequential.crossed_at if sequential else None,
        alpha_spent=sequential.alpha_spent if sequential else False,
        rho=rho,
        sentences=(
            *_sentences(len(history), late, rebased, sequence, sequential, size.required),
            _falsely(plan, rules, distance, sequence, vi),
        ),
    )


def _entered(
    history: Sequence[PastRun], effects: Sequence[Effect]
) -> tuple[list[Effect], list[int]]:
    """Return today's effects in order of entry, and how many had entered at each look."""
    today = {effect.study_id: effect for effect in effects}
    ordered: list[int] = []
    updates: list[int] = []
    for past in history:
        for unit in sorted(past.digest.units, key=_by_entry):
            if unit.study_id in today and unit.study_id not in ordered:
                ordered.append(unit.study_id)
        count = len(ordered)
        if count >= LEAST_TRIALS and (not updates or count > updates[-1]):
            updates.append(count)
    return [today[study] for study in ordered], updates


def _by_entry(unit: Unit) -> tuple[int, int]:
    return unit.first_result, unit.study_id


def _why_retrospective(history: Sequence[PastRun], newest: Plan) -> str | None:
    """Return why the panel is retrospective; None where the design came before the first look."""
    first = history[0]
    planned = first.digest
    entered = len(planned.units)
    if planned.sequential is None or first.plan_frozen > first.created:
        return "the design was not frozen before the first look"
    if (planned.sequential, planned.margin) != (newest.sequential, newest.margin):
        return "the design was changed after the first look"
    if entered > LEAST_TRIALS:
        return f"the first run had {entered} trials already, and a first look has {LEAST_TRIALS}"
    return None


def _rebased(history: Sequence[PastRun], effects: Sequence[Effect]) -> bool:
    today = {effect.study_id: (effect.yi, effect.vi) for effect in effects}
    return any(
        today.get(unit.study_id) != (unit.yi, unit.vi)
        for past in history[:-1]
        for unit in past.digest.units
    )


def _sequential(
    plan: Plan,
    rules: SequentialRules,
    delta: float | None,
    yi: np.ndarray,
    vi: np.ndarray,
    updates: Sequence[int],
    *,
    prospective: bool,
) -> SequentialAnalysis | None:
    try:
        return trial_sequential(
            yi,
            vi,
            updates,
            margin=plan.margin,
            delta=delta,
            hoped=rules.hoped if plan.margin is not None else 0.0,
            alpha=rules.alpha,
            beta=rules.beta,
            method=Method(plan.method),
            test=Test(plan.test),
            planned=prospective,
        )
    except ReviewError:
        return None  # a test whose pooled error is zero has no z; the sequence stands alone


def _looks(sequence: ConfidenceSequence, sequential: SequentialAnalysis | None) -> list[LookTold]:
    found = []
    best = -math.inf
    for i, update in enumerate(sequence.updates):
        look = sequential.looks[i] if sequential else None
        log_e = update.margins[0].log_e if update.margins else update.log_e_superior
        best = max(best, log_e)
        found.append(
            LookTold(
                k=update.k,
                estimate=update.estimate,
                sequence=update.ci,
                sequence_class=update.margins[0].conclusion.value if update.margins else None,
                e_value=math.exp(min(log_e, 700.0)),
                anytime_p=min(1.0, math.exp(-max(best, -700.0))),
                fraction=look.fraction if look else None,
                z=look.z if look else None,
                bound=look.bound if look else None,
                status=_status(look.crossed, look.status.value) if look else "not available",
            )
        )
    return found


def _status(crossed: bool, status: str) -> str:
    return "boundary crossed" if crossed else status


def _sentences(
    updates: int,
    late: str | None,
    rebased: bool,
    sequence: ConfidenceSequence,
    sequential: SequentialAnalysis | None,
    required: float,
) -> list[str]:
    looked = (
        f"{counted(updates, 'run')} of this analysis so far. The headline is the "
        "conventional estimate; this panel allows for looking again at every update."
    )
    design = (
        f"Confidence sequence at {(1 - sequence.alpha):.0%}, tuned to the information required "
        f"({required:.4g}; rho {sequence.rho:.4g}); {'; '.join(sequence.notes)}."
    )
    found = [
        looked,
        "The design was frozen before the first look."
        if late is None
        else f"Retrospective: {late}.",
        design,
    ]
    if rebased:
        found.append(
            "Re-based: earlier numbers were corrected or removed, and all looks are computed anew."
        )
    if sequential is not None and sequential.alpha_spent:
        found.append(
            "The required information is reached and the error allowed is used up: the "
            "boundaries do not cover later updates; the confidence sequence does."
        )
    return found


def _falsely(
    plan: Plan, rules: SequentialRules, distance: float, sequence: ConfidenceSequence, vi: Floats
) -> str:
    """Say the simulated rate of false claims, for the promise is kept for many trials only."""
    last, looks = sequence.updates[-1], len(sequence.updates)
    told = f"τ {last.tau2**0.5:.2g}, {counted(last.k, 'trial')}, {counted(looks, 'look')}"
    found = None
    simulated = (plan.measure.facts.standardized, plan.method, plan.test) == (True, "REML", "adhoc")
    if simulated and applies(vi, rules.tau2_floor, rules.alpha):
        found = false_claims(distance=distance, tau=last.tau2**0.5, k=last.k, looks=looks)
    if found is None:
        return (
            "The confidence sequence is asymptotic; its rate of false claims was not simulated for "
            f"such a review ({told}, distance {distance:g}, {plan.method}, test {plan.test})."
        )
    return (
        "Asymptotic, nominally 2.5% on a side. Simulated rate of false claims of a review like "
        f"this ({told}): confidence sequence {found.sequence:.1%}, trial sequential analysis "
        f"{found.boundaries:.1%}."
    )


def panel_change_section(before: Panel | None, after: Panel, scale: EffectScale) -> Section:
    """Return the newest look before and after."""
    old, new = _look_lines(before, scale), _look_lines(after, scale)
    rows = tuple((name, old.get(name, ""), new[name]) for name in new)
    return Section(
        "Repeated looks, before and after (not the headline)", (), ("", "before", "after"), rows
    )


def _look_lines(panel: Panel | None, scale: EffectScale) -> dict[str, str]:
    if panel is None or not panel.looks:
        return {}
    look = panel.looks[-1]
    sequence, *others = _cells(look, scale)
    names = (
        "e-value", "anytime p", "information so far, of what is required", "z statistic",
        "boundary for z", "trial sequential analysis",
    )  # fmt: skip
    named = zip(names, others, strict=True)
    return {"confidence sequence": sequence, "its class": look.sequence_class or "", **dict(named)}


def _cells(look: LookTold, scale: EffectScale) -> tuple[str, ...]:
    """What is printed of a look after its estimate; a large e-value in powers of ten."""
    value = look.e_value
    return (
        scale.interval(look.sequence),
        number(value) if value < 1000 else f"{value:.1e}",  # where decimals say nothing
        p_value(look.anytime_p),
        number(look.fraction),
        number(look.z),
        number(look.bound),
        look.status,
    )


def panel_sections(panel: Panel, scale: EffectScale) -> list[Section]:
    """Return the panel for repeated looks, apart from the headline."""
    looks = tuple(
        (str(look.k), scale.number(look.estimate, look.sequence), *_cells(look, scale))
        for look in panel.looks
    )
    headers = (
        "trials", "estimate", "confidence sequence", "e-value", "anytime p", "information", "z",
        "boundary", "trial sequential analysis",
    )  # fmt: skip
    return [Section("Repeated looks (not the headline)", panel.sentences, headers, looks)]
