"""Every defensible combination of choices, pooled: the specification curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import product
from typing import Final

from sqlalchemy.orm import Session

from review.errors import ReviewError
from review.extraction.evidence import Evidence
from review.extraction.evidence_queries import evidence
from review.living.effects import trial_effects
from review.living.kinds import select
from review.living.selection import SelectionError
from review.living.snapshot import RunInputs
from review.protocol.models import Review
from review.protocol.queries import plan_of, versions
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisSet
from review.synthesis import Method, Test, classify, influence, pool

MODELS: Final = (
    (Method.REML, Test.ADHOC),
    (Method.REML, Test.KNHA),
    (Method.REML, Test.Z),
    (Method.PM, Test.ADHOC),
    (Method.DL, Test.Z),
    (Method.EE, Test.Z),
)
"""Models that are used in the field: the default, its variants, and what older reviews took."""

CHUNK: Final = 64
"""Specifications that one worker pools at a time."""


@dataclass(frozen=True, slots=True)
class Specification:
    """One combination of choices: a plan that selects, a model, and trials kept or not."""

    plan: Plan
    trials: str
    model: tuple[Method, Test]
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


def multiverse(
    session: Session, review: Review, analysis: str, executor: Executor | None = None
) -> Multiverse:
    """Pool an analysis under every defensible combination of selection and model.

    Raters, timepoints and analysis sets are taken as planned and one by one; the models are those
    of `MODELS` and the planned one; influential trials stay in and are left out. Combinations that
    select the same trials are pooled once.

    References
    ----------
    Simonsohn, Simmons & Nelson 2020, Nat Hum Behav 4:1208 (specification curve).
    """
    plan = plan_of(versions(session, review, analysis)[0])
    items = [item for _, item in evidence(session, [review.id]) if item.outcome == plan.outcome]
    work = list(_specifications(plan, items))
    chunks = [work[i : i + CHUNK] for i in range(0, len(work), CHUNK)]
    done = executor.map(pool_specified, chunks) if executor else map(pool_specified, chunks)
    lines = [line for chunk in done for line in chunk]
    ordered = sorted(lines, key=lambda line: (line.estimate is None, line.estimate or 0.0))
    return Multiverse(tuple(ordered), tuple(_sentences(plan, ordered)))


def _specifications(
    plan: Plan, items: Sequence[Evidence]
) -> Iterator[tuple[Specification, RunInputs]]:
    models = dict.fromkeys([(Method(plan.method), Test(plan.test)), *MODELS])
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
            if influential or len(inputs.trials) >= 3:
                yield Specification(plan, label, model, influential), inputs


def _selections(plan: Plan, items: Sequence[Evidence]) -> Iterator[tuple[str, Plan]]:
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


def pool_specified(chunk: Sequence[tuple[Specification, RunInputs]]) -> list[SpecifiedLine]:
    """Pool some specifications; pure, so that any process can do it."""
    return [_pooled(specification, inputs) for specification, inputs in chunk]


def _pooled(specification: Specification, inputs: RunInputs) -> SpecifiedLine:
    plan, (method, test) = specification.plan, specification.model
    model = f"{method.value}, {test.value}"
    planned = (
        specification.trials == "as planned"
        and specification.influential
        and (method.value, test.value) == (plan.method, plan.test)
    )
    trials = specification.trials + (
        "" if specification.influential else ", without influential trials"
    )
    try:
        effects = trial_effects(inputs)
        yi, vi = effects.yi, effects.vi
        if not specification.influential:
            kept = ~influence(yi, vi, method=method).influential
            yi, vi = yi[kept], vi[kept]
        pooled = pool(yi, vi, method=method, test=test, level=plan.level)
    except ReviewError as error:
        k = len(inputs.trials)
        return SpecifiedLine(trials, model, planned, k, None, None, None, str(error))
    conclusion = classify(pooled.ci, plan.margin).value
    return SpecifiedLine(
        trials, model, planned, pooled.k, pooled.estimate, pooled.ci, conclusion, None
    )


def _sentences(plan: Plan, lines: Sequence[SpecifiedLine]) -> Iterator[str]:
    estimates = sorted(line.estimate for line in lines if line.estimate is not None)
    if not estimates:
        yield "No combination can be pooled."
        return
    middle = estimates[len(estimates) // 2]
    yield (
        f"{len(lines)} combinations; estimates from {estimates[0]:.2f} to {estimates[-1]:.2f}, "
        f"the middle one {middle:.2f}. {plan.direction}"
    )
    classes: dict[str, int] = {}
    for line in lines:
        if line.conclusion is not None:
            classes[line.conclusion] = classes.get(line.conclusion, 0) + 1
    told = ", ".join(f"{name} in {count}" for name, count in sorted(classes.items()))
    yield f"Conclusions: {told}."
