"""What results that nobody has stored would do to the planned analyses.

Values go in and come out; nothing is read or stored here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from review.errors import InvalidDataError
from review.export.drawings.forest import forest_of
from review.extraction.evidence import Evidence
from review.figures.forest_values import Forest
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.inputs.reasons import SelectionError
from review.living.inputs.select import select
from review.living.reports.changes import compare
from review.living.reports.sentence import conclusion_word
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import PooledLine, Snapshot
from review.living.runs.scales import EffectScale, scale_of_run
from review.protocol.rules import Plan


@dataclass(frozen=True, slots=True)
class TrialEffect:
    """What a trial gives to a planned analysis, or why it gives nothing."""

    analysis: str
    title: str
    state: str
    """``counts``, ``left_out``, or ``unfit`` where the numbers or the plan do not allow it."""
    text: str | None = None
    yi: float | None = None
    vi: float | None = None
    low: float | None = None
    high: float | None = None
    recipe: str | None = None
    rows: tuple[str, ...] = ()
    """The rows of the form that enter."""
    reason: str | None = None
    missing: str | None = None
    """What would let it enter."""
    not_used: tuple[str, ...] = ()
    """Results of the outcome that the plan passes over, each with why."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A pooled estimate as people see it."""

    k: int
    text: str
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MarginChange:
    """What the estimate says against one margin, before and after."""

    margin: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class TrialPreview:
    """An analysis without and with what was typed; nothing of it is stored."""

    analysis: str
    title: str
    before: Estimate | None
    after: Estimate
    margins: tuple[MarginChange, ...]
    sentence: str
    turned: bool
    """Whether the class of a margin changes."""
    withheld: bool
    """Whether no conclusion is drawn while a contradiction of signs is open."""
    left_out: tuple[str, ...]
    """Why the trial does not enter, if it does not."""
    forest: Forest
    studies: tuple[int, ...]
    """Of each row of a trial, in the order of `forest`'s trials as selected."""


def effect_of(
    analysis: str, plan: Plan, items: Sequence[Evidence], rows: Mapping[int, str]
) -> TrialEffect:
    """Return what the results of one trial give to an analysis.

    Parameters
    ----------
    items
        All results of the trial.
    rows
        The row of the form by result.
    """
    plain = plan.bare
    try:
        inputs = select(plain, items)
        if not inputs.trials:
            why = inputs.left_out[0] if inputs.left_out else None
            return TrialEffect(
                analysis, plan.title, "left_out",
                reason=why.reason if why is not None else "no result of its outcome",
                missing=(why.remedy or why.detail) if why is not None else None,
            )  # fmt: skip
        effects = trial_effects(inputs)
    except (InvalidDataError, ArithmeticError) as error:
        told = str(error) if isinstance(error, InvalidDataError) else "numbers beyond computing"
        return TrialEffect(analysis, plan.title, "unfit", reason=told)
    yi, vi = float(effects.yi[0]), float(effects.vi[0])
    half = NormalDist().inv_cdf((1 + plan.level) / 2) * math.sqrt(vi)
    scale = scale_of_run(inputs).of_trial(inputs.trials[0])
    low, high = scale.pair((yi - half, yi + half))
    used = {number for trial in inputs.trials for number in trial.result_ids}
    named = "" if scale.as_ratio else f"{scale.shown} "
    return TrialEffect(
        analysis, plan.title, "counts",
        text=f"{named}{scale.text(yi, (yi - half, yi + half))}",
        yi=scale.value(yi), vi=vi, low=low, high=high, recipe=effects.recipes[0],
        rows=tuple(key for number, key in rows.items() if number in used),
        not_used=tuple(text for trial in inputs.trials for text in trial.not_used),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """An analysis by what counts now, and what other studies than one give to it."""

    plan: Plan
    now: Snapshot | None
    others: RunInputs


def ground_of(plan: Plan, counting: Sequence[Evidence], study_id: int) -> Ground:
    """Return what a preview of a study stands on: the same until something is stored.

    Raises InvalidDataError where what counts cannot be pooled.
    """
    plain = plan.bare
    inputs = _selected(plain, counting)
    there = any(item.study_id == study_id for item in counting)
    others = inputs
    if there:
        others = _selected(plain, [i for i in counting if i.study_id != study_id])
        same = {trial.unit: trial for trial in inputs.trials}  # so that they need no comparing
        trials = tuple(same.get(trial.unit, trial) for trial in others.trials)
        others = others.model_copy(update={"trials": trials})
    return Ground(plain, _pooled(inputs), others)


def preview_with(
    analysis: str,
    ground: Ground,
    items: Sequence[Evidence],
    study: str,
    *,
    conflicts: Collection[int],
    withheld: bool,
) -> TrialPreview:
    """Return an analysis by what counts now, and by that with what was typed of one study.

    Parameters
    ----------
    items
        What was typed.
    conflicts
        Results about which a contradiction of signs is open: no conclusion while one enters.
    withheld
        Whether what was typed contradicts itself so.

    Raises InvalidDataError where the evidence cannot be pooled.
    """
    plan, now = ground.plan, ground.now
    own = _selected(plan, items)
    inputs = RunInputs(
        plan=plan,
        trials=tuple(sorted((*ground.others.trials, *own.trials), key=_by_name)),
        left_out=(*ground.others.left_out, *own.left_out),
    )
    then = _pooled(inputs)
    if then is None:
        raise InvalidDataError("no trial can enter this analysis yet")
    withheld |= any(not trial.result_ids.isdisjoint(conflicts) for trial in inputs.trials)
    inputs, results = then
    report = compare(now, then)
    scale = scale_of_run(inputs)
    word = {
        reading.margin: conclusion_word(plan.kind, reading.conclusion, withheld=withheld)
        for reading in results.readings
    }
    old = {
        reading.margin: conclusion_word(plan.kind, reading.conclusion, withheld=withheld)
        for reading in (now[1].readings if now is not None else ())
    }
    forest = forest_of(inputs, results, withheld=withheld)
    return TrialPreview(
        analysis=analysis,
        title=plan.title,
        before=_estimate(now[1].pooled, scale_of_run(now[0])) if now is not None else None,
        after=_estimate(results.pooled, scale),
        margins=tuple(
            MarginChange(_margin(margin, scale), old.get(margin), said)
            for margin, said in word.items()
            if said is not None
        ),
        sentence=report.unconcluded if withheld else report.sentence,
        turned=report.flipped and not withheld,
        withheld=withheld,
        left_out=tuple(one.reason for one in inputs.left_out if one.study == study),
        forest=forest,
        studies=tuple(trial.study_id for trial in inputs.trials),
    )


def _by_name(trial: TrialInput) -> tuple[str, str]:
    """Trials stand in the order of their studies, as `select` has them."""
    return trial.study.casefold(), trial.study


def _selected(plan: Plan, items: Sequence[Evidence]) -> RunInputs:
    try:
        return select(plan, items)
    except SelectionError as error:
        raise InvalidDataError(str(error)) from error


def _pooled(inputs: RunInputs) -> Snapshot | None:
    if not inputs.trials:
        return None
    try:
        (found,) = pool_inputs([(inputs, trial_effects(inputs))])
    except ArithmeticError as error:  # scores of 1e200 and the like, whose squares no double holds
        raise InvalidDataError("numbers so large or small cannot be computed with") from error
    return inputs, found


def _estimate(line: PooledLine, scale: EffectScale) -> Estimate:
    low, high = scale.pair(line.ci)
    return Estimate(
        line.k, scale.text(line.estimate, line.ci), scale.value(line.estimate), low, high
    )


def _margin(margin: float | None, scale: EffectScale) -> str:
    return f"no effect ({scale.none:g})" if margin is None else scale.margin_text(margin)
