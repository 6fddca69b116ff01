"""Every defensible combination of choices, pooled: the specification curve. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import product
from statistics import median
from typing import Final

from review.errors import ReviewError
from review.extraction.evidence import Evidence
from review.living.estimates import jointly, levels
from review.living.estimates.counts import pool_tables
from review.living.estimates.effects import trial_effects
from review.living.estimates.networks import decided, fit
from review.living.inputs.reasons import SelectionError
from review.living.inputs.select import select
from review.living.runs.concluded import conclusion_word
from review.living.runs.contents import RunInputs
from review.living.runs.scales import EffectScale, scale_of_run
from review.measures import OF_COUNTS, AnalysisKind
from review.protocol.beside import TESTS_OF_MANY
from review.protocol.joint import JOINT_METHODS
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisSet
from review.synthesis import classify, influence, pool
from review.synthesis.multivariate import Combination as Combined
from review.synthesis.network import Difference
from review.synthesis.pooled import Pooled
from review.wording import counted

MODELS: Final = (
    ("REML", "adhoc"),
    ("REML", "knha"),
    ("REML", "z"),
    ("PM", "adhoc"),
    ("DL", "z"),
    ("EE", "z"),
)
"""Models that are used in the field: the default, its variants, and what older reviews took."""

CHUNK: Final = 64
"""Specifications that one worker pools at a time."""


@dataclass(frozen=True, slots=True)
class Specification:
    """One combination of choices: a plan that selects, a model, and trials kept or not."""

    plan: Plan
    trials: str
    model: tuple[str, str]
    """Method and test; a plan's own Mantel-Haenszel or Peto too."""
    influential: bool
    """Whether influential trials stay in."""


@dataclass(frozen=True, slots=True)
class SpecifiedLine:
    """What one combination gives."""

    trials: str
    model: str
    planned: bool
    k: int
    estimate: float | None
    ci: tuple[float, float] | None
    conclusion: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Multiverse:
    """All combinations in order of their estimates."""

    lines: tuple[SpecifiedLine, ...]
    sentences: tuple[str, ...]
    scale: EffectScale


def multiverse(
    plan: Plan, evidence: Iterable[Evidence], executor: Executor | None = None
) -> Multiverse:
    """Pool an analysis under every defensible combination of selection and model.

    Raters, timepoints and analysis sets are taken as planned and one by one; the models are those
    of `MODELS` and the planned one; influential trials stay in and, but for networks, are left out.
    Combinations that come to the same numbers under the same model are one combination, and one
    trial is no pool.

    References
    ----------
    Simonsohn, Simmons & Nelson 2020, Nat Hum Behav 4:1208 (specification curve).
    """
    items = [item for item in evidence if item.outcome in plan.measured]
    work = list(_specifications(plan, items))
    chunks = [work[i : i + CHUNK] for i in range(0, len(work), CHUNK)]
    done = executor.map(pool_specified, chunks) if executor else map(pool_specified, chunks)
    once: dict[Combination, SpecifiedLine] = {}
    for combination, line in (found for chunk in done for found in chunk):
        once.setdefault(combination, line)
    lines = [line for line in once.values() if line.k > 1]
    ordered = sorted(lines, key=lambda line: (line.estimate is None, line.estimate or 0.0))
    alone = [line for line in once.values() if line.k <= 1]
    inputs = work[0][1] if work else RunInputs(plan=plan, trials=(), left_out=())
    scale = scale_of_run(inputs)
    return Multiverse(tuple(ordered), tuple(_sentences(plan, scale, ordered, alone)), scale)


def _specifications(
    plan: Plan, items: Sequence[Evidence]
) -> Iterator[tuple[Specification, RunInputs]]:
    planned: tuple[str, str] = (plan.method, plan.test)
    others = product(JOINT_METHODS, TESTS_OF_MANY) if plan.of_several else MODELS
    models = dict.fromkeys([planned, *others])
    seen: set[str] = set()
    for label, chosen in _selections(plan, items):
        try:
            inputs = select(chosen, items)
        except SelectionError:
            continue  # several results remain, and choosing among them is what the plan must do
        key = RunInputs(plan=plan, trials=inputs.trials, left_out=()).fingerprint
        if not inputs.trials or key in seen:
            continue
        seen.add(key)
        for model, influential in product(models, (True, False)):
            several = plan.kind is AnalysisKind.NETWORK or plan.of_several
            single = not several and model[0] not in OF_COUNTS
            if influential or (single and len(inputs.trials) >= 3):
                yield Specification(plan, label, model, influential), inputs


def _selections(plan: Plan, items: Sequence[Evidence]) -> Iterator[tuple[str, Plan]]:
    if plan.is_joint:  # each outcome has raters and timepoints of its own
        yield "as planned", plan
        return
    raters = [None, *sorted({item.rater for item in items})]
    timepoints = [None, *sorted({item.timepoint for item in items})]
    sets: list[AnalysisSet | None] = [None, *sorted({item.analysis_set for item in items})]
    for rater, timepoint, analysis_set in product(raters, timepoints, sets):
        changes: dict[str, object] = {}
        if rater is not None:
            changes["raters"] = (rater,)
        if timepoint is not None:
            changes["timepoints"] = (timepoint,)
        if analysis_set is not None:
            changes["analysis_sets"] = (analysis_set,)
        told = [str(value) for value in (rater, timepoint, analysis_set) if value is not None]
        yield ", ".join(told) or "as planned", plan.model_copy(update=changes)


Combination = tuple[str, tuple[tuple[float, float], ...]]
"""What is pooled and how: a model, and the effects with their variances in order."""


def pool_specified(
    chunk: Sequence[tuple[Specification, RunInputs]],
) -> list[tuple[Combination, SpecifiedLine]]:
    """Pool some specifications; pure, so that any process can do it."""
    return [_pooled(specification, inputs) for specification, inputs in chunk]


def _pooled(specification: Specification, inputs: RunInputs) -> tuple[Combination, SpecifiedLine]:
    plan, (method, test) = specification.plan, specification.model
    model = f"{method}, {test}"
    planned = (
        specification.trials == "as planned"
        and specification.influential
        and (method, test) == (plan.method, plan.test)
    )
    trials = specification.trials + (
        "" if specification.influential else ", without influential trials"
    )
    combination: Combination = (f"{model}, {trials}", ())
    try:
        effects = trial_effects(inputs)
        yi, vi = effects.yi, effects.vi
        if not specification.influential:
            kept = ~influence(yi, vi, method=method).influential
            yi, vi = yi[kept], vi[kept]
        combination = (model, tuple(sorted(zip(yi.tolist(), vi.tolist(), strict=True))))
        chosen = plan.model_copy(update={"method": method, "test": test})
        if plan.is_joint:
            several = jointly.fit(inputs, effects, chosen)
            line = jointly.decided(chosen, several)
            k = len(several.studies)
            return combination, _specified(trials, model, plan, k, line, planned=planned)
        if plan.random:
            of_groups = levels.fit(inputs, effects, chosen)
            k = len(of_groups.studies)
            return combination, _specified(trials, model, plan, k, of_groups, planned=planned)
        if plan.kind is AnalysisKind.NETWORK:
            fitted = fit(inputs.model_copy(update={"plan": chosen}), effects)
            found = decided(chosen, fitted)
            return combination, _specified(trials, model, plan, fitted.k, found, planned=planned)
        pooled = (
            pool_tables(plan, inputs.trials)
            if method in OF_COUNTS
            else pool(yi, vi, method=method, test=test, level=plan.level)
        )
    except ReviewError as error:
        k = len(inputs.trials)
        return combination, SpecifiedLine(trials, model, planned, k, None, None, None, str(error))
    return combination, _specified(trials, model, plan, pooled.k, pooled, planned=planned)


def _specified(
    trials: str,
    model: str,
    plan: Plan,
    k: int,
    found: Pooled | Difference | Combined | levels.Levels,
    *,
    planned: bool,
) -> SpecifiedLine:
    conclusion = conclusion_word(plan.kind, classify(found.ci, plan.margin))
    return SpecifiedLine(trials, model, planned, k, found.estimate, found.ci, conclusion, None)


def _sentences(
    plan: Plan, scale: EffectScale, lines: Sequence[SpecifiedLine], alone: Sequence[SpecifiedLine]
) -> Iterator[str]:
    estimates = sorted(
        (line.estimate for line in lines if line.estimate is not None),
        key=lambda estimate: scale.sign * estimate,
    )
    if estimates:
        yield (
            f"{counted(len(estimates), 'combination')}; estimates from "
            f"{scale.number(estimates[0])} to {scale.number(estimates[-1])}, median "
            f"{scale.number(median(estimates))}. {scale.direction(plan)}"
        )
    else:
        yield "No combination can be pooled."
    failed = len(lines) - len(estimates)
    if failed:
        yield f"{counted(failed, 'more combination')} could not be pooled."
    if alone:
        named = "; ".join(dict.fromkeys(line.trials for line in alone))
        yield f"Left out, since one trial is no pool: {named}."
    if not estimates:
        return
    classes: dict[str, int] = {}
    for line in lines:
        if line.conclusion is not None:
            classes[line.conclusion] = classes.get(line.conclusion, 0) + 1
    told = ", ".join(f"{name} in {count}" for name, count in sorted(classes.items()))
    if told:
        yield f"Conclusions: {told}."
