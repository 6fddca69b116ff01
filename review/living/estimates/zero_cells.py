"""Cells without events: what was done about them, whom it touched, and what else could be done.

All of it follows from the inputs of a run, so that it is said of runs that are stored already too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import exp
from typing import Final

import numpy as np

from review.arrays import Floats
from review.conventions import AddTo
from review.effects import ZeroCells, default_zero_cells
from review.effects.zero_cells import EACH_ARM, EACH_CELL
from review.errors import ReviewError
from review.living.estimates.counts import cells_of, of_time
from review.living.estimates.effects import trial_effects
from review.living.inputs.columns import counts_of, leaves_of, planned_zero_cells, without_events
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.results import VariantLine
from review.measures import OF_COUNTS, OF_TABLES, AnalysisKind, Family, Measure
from review.protocol.rules import Plan
from review.synthesis import (
    Method,
    Test,
    classify,
    mantel_haenszel,
    mantel_haenszel_rates,
    peto,
    pool,
)
from review.synthesis.exact import exact_odds_ratio
from review.synthesis.tables import LARGE, UNEQUAL, peto_caution
from review.wording import with_article

BY_ARM: Final = "on average of both arms: to each by its share of the participants"
"""Treatment-arm continuity correction (Sweeting, Sutton & Lambert 2004, Stat Med 23:1351)."""

BY_COUNTS: Final = "nothing is added to any {cell} of the pooled estimate"
BY_TABLES: Final = f"{BY_COUNTS}, to which trials without events in either arm add nothing"


@dataclass(frozen=True, slots=True)
class ZeroCellTrial:
    """A trial with a cell without events, or one whose cells the rule adds to."""

    study: str
    added: float
    """To each of its cells; 0 where nothing is."""
    without: str | None
    """``no events in either arm``, or that there are only events; None for other trials."""
    zero: bool


def rule_of(plan: Plan) -> ZeroCells | None:
    """Return what a plan does about zero cells; None where its measure has none."""
    if not plan.measure.facts.zero_cells:
        return None
    if plan.method in OF_COUNTS:
        return ZeroCells(0.0, AddTo.NONE)
    return planned_zero_cells(plan) or default_zero_cells(plan.measure)


def rule_words(plan: Plan) -> str | None:
    """Return a plan's rule in words, without a full stop; None where its measure has no cells."""
    rule = rule_of(plan)
    if rule is None:
        return None
    if plan.method in OF_COUNTS:
        words = BY_TABLES if _of_two_arms(plan) else BY_COUNTS
        return words.format(cell=cell_of(plan.measure))
    kept = "left out" if rule.drop00 else "kept"
    only = "" if of_time(plan.measure) else " (or with events only)"
    both = f"trials without events{only} in both arms are {kept}"
    added = _added_words(rule, plan.measure)
    return f"{added}; {both}" if _of_two_arms(plan) else added


def _of_two_arms(plan: Plan) -> bool:
    return plan.measure.facts.family in (Family.EVENTS, Family.RATES)


def cell_of(measure: Measure) -> str:
    """Return what may be without events: a cell of a table of persons; of rates an arm."""
    return "arm" if of_time(measure) else "cell"


def places_added(measure: Measure) -> str:
    """Return what a rule adds to: each cell of a table of persons; of rates the events alone."""
    return EACH_ARM if of_time(measure) else EACH_CELL


def _added_words(rule: ZeroCells, measure: Measure) -> str:
    cell = cell_of(measure)
    if rule.add == 0 or rule.to is AddTo.NONE:
        return f"nothing is added to {cell}s without events"
    empty = f"{with_article(cell)} without events"
    whom = {
        AddTo.ONLY0: f"the trials that have {empty}",
        AddTo.ALL: "all trials",
        AddTo.IF0ALL: f"all trials as soon as one has {empty}",
    }
    added = f"to {places_added(measure)} of {whom[rule.to]} {rule.add:g} is added"
    return f"{added}, {BY_ARM}" if rule.by_arm else added


def origin_words(plan: Plan) -> str:
    """Return whose rule it is: the method's, the default or the plan's."""
    if plan.method in OF_COUNTS:
        return f"method {plan.method}"
    if plan.zero_cells is None:
        return "metafor's default; the plan names no rule"
    return "as planned"


def added_to(inputs: RunInputs) -> ZeroCells | None:
    """Return the rule by which each trial's own effect was computed, for one trial at a time.

    "All, as soon as one has a zero cell" is all or none of a run's trials.
    """
    plan = inputs.plan
    if not plan.measure.facts.zero_cells:
        return None
    rule = planned_zero_cells(plan) or default_zero_cells(plan.measure)
    if rule.to is not AddTo.IF0ALL:
        return rule
    some = any(map(_has_zero, _counts(inputs)))
    return replace(rule, to=AddTo.ALL if some else AddTo.NONE)


def _counts(inputs: RunInputs) -> Iterator[dict[str, float]]:
    for trial in inputs.trials:
        for leaf in leaves_of(trial):
            counts = counts_of(inputs.plan, leaf)
            if counts is not None:
                yield counts


def zero_cell_trials(inputs: RunInputs) -> tuple[ZeroCellTrial, ...]:
    """Return the trials of a run that have a cell without events or that the rule touched."""
    rule = rule_of(inputs.plan)
    if rule is None:
        return ()
    found = []
    for trial in inputs.trials:
        tables = [
            counts
            for leaf in leaves_of(trial)
            if (counts := counts_of(inputs.plan, leaf)) is not None
        ]
        zero = any(map(_has_zero, tables))
        without = next((words for table in tables if (words := without_events(table))), None)
        found.append((trial.study, zero, without, bool(tables)))
    some = any(zero for _, zero, _, _ in found)
    to_all = rule.to is AddTo.ALL or (rule.to is AddTo.IF0ALL and some)
    adds = rule.add if rule.to is not AddTo.NONE else 0.0
    return tuple(
        ZeroCellTrial(study, adds if zero or to_all else 0.0, without, zero)
        for study, zero, without, has_counts in found
        if has_counts and (zero or (to_all and adds))
    )


def _has_zero(table: dict[str, float]) -> bool:
    pairs = (("ai", "n1i"), ("ci", "n2i"), ("xi", "ni"))
    of_persons = any(n in table and table[x] in (0, table[n]) for x, n in pairs)
    return of_persons or any(table.get(x) == 0 for x in ("xi", "x1i", "x2i"))


def peto_words(trials: Sequence[TrialInput], tables: tuple[Floats, ...]) -> str | None:
    """Return what speaks against Peto's method for these tables; None where nothing does."""
    a, b, c, d = tables
    by_peto, by_mh = peto(a, b, c, d), mantel_haenszel(a, b, c, d)
    caution = peto_caution(a + b, c + d, by_peto.estimate)
    reasons = []
    if caution.unequal:
        names = "; ".join(trials[i].study for i in caution.unequal)
        reasons.append(f"arms of {UNEQUAL:g} to 1 or more ({names})")
    if caution.large and by_peto.estimate is not None:
        reasons.append(
            f"a large effect (OR {exp(by_peto.estimate):.2f}, beyond {LARGE:g} or 1/{LARGE:g})"
        )
    if not reasons:
        return None
    beside = f"; Mantel-Haenszel gives OR {exp(by_mh.estimate):.2f}" if by_mh.estimate else ""
    return f"Peto's odds ratio is biased with {' and '.join(reasons)}{beside}"


def zero_cell_lines(inputs: RunInputs) -> tuple[VariantLine, ...]:
    """Return the same trials' counts pooled without adding to cells, where there are zero cells.

    Mantel-Haenszel for OR, RR, RD, IRR and IRD; of odds ratios also Peto's and the exact
    conditional one; and the plan's own model without the trials that have no events in either arm.
    Estimates are oriented as the run's; ratios are logarithms. Nothing where no cell is zero.
    """
    plan = inputs.plan
    if plan.kind is AnalysisKind.NETWORK:  # its trials are no tables of one comparison
        return ()
    trials = zero_cell_trials(inputs)
    tables = tables_of(inputs)
    if tables is None or not any(trial.zero for trial in trials):
        return ()
    found = []
    if plan.measure in OF_TABLES["MH"] and plan.method != "MH":
        found.append(_by_mantel_haenszel(inputs, tables))
    if plan.measure in (Measure.OR, Measure.PETO):
        if plan.method != "PETO":
            found.append(_by_peto(inputs, tables))
        if plan.measure is Measure.PETO:
            found.append(_by_mantel_haenszel(inputs, tables))
        found.append(_exact(inputs, tables))
    gone = {trial.study for trial in trials if trial.without is not None}
    if gone and plan.method not in OF_COUNTS:
        found.append(_without(inputs, gone))
    return tuple(found)


def tables_of(inputs: RunInputs) -> tuple[Floats, ...] | None:
    """Return the counts of all trials; None where some have none, or a design that needs more."""
    plan = inputs.plan
    plain = all(
        trial.contrast is None
        and not trial.parts
        and trial.cluster_size is None
        and not trial.crossover
        and trial.side is None
        for trial in inputs.trials
    )
    one_way = len({trial.higher_is_better for trial in inputs.trials}) == 1
    if not _of_two_arms(plan) or not plain or not one_way:
        return None
    columns = zip(*(cells_of(plan, trial) for trial in inputs.trials), strict=True)
    return tuple(np.array(column, dtype=float) for column in columns)


def _sign(inputs: RunInputs) -> float:
    return 1.0 if inputs.trials[0].higher_is_better else -1.0


def _line(inputs: RunInputs, name: str, label: str, compute: Callable[[], _Found]) -> VariantLine:
    k = len(inputs.trials)
    try:
        found = compute()
    except ReviewError as error:
        return VariantLine(variant=name, label=label, k=k, note=str(error))
    low, high = found.ci
    if found.estimate is None or low is None or high is None:
        return VariantLine(
            variant=name, label=label, k=found.k, p=found.p, note="no finite estimate and interval"
        )
    sign = _sign(inputs)
    ci = (low, high) if sign > 0 else (-high, -low)
    return VariantLine(
        variant=name,
        label=label,
        k=found.k,
        estimate=sign * found.estimate,
        ci=ci,
        p=found.p,
        conclusion=classify(ci, inputs.plan.margin).value,
        note=found.note,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    k: int
    estimate: float | None
    ci: tuple[float | None, float | None]
    p: float | None
    note: str | None = None


def _by_mantel_haenszel(inputs: RunInputs, tables: tuple[Floats, ...]) -> VariantLine:
    measure = Measure.OR if inputs.plan.measure is Measure.PETO else inputs.plan.measure

    def compute() -> _Found:
        by = mantel_haenszel_rates if of_time(measure) else mantel_haenszel
        found = by(*tables, measure=measure.value, level=inputs.plan.level)
        return _Found(found.k, found.estimate, found.ci or (None, None), found.p)

    return _line(inputs, "mantel_haenszel", f"Mantel-Haenszel {measure.value}", compute)


def _by_peto(inputs: RunInputs, tables: tuple[Floats, ...]) -> VariantLine:
    def compute() -> _Found:
        found = peto(*tables, level=inputs.plan.level)
        words = peto_words(inputs.trials, tables)
        return _Found(found.k, found.estimate, found.ci or (None, None), found.p, words)

    return _line(inputs, "peto", "Peto OR", compute)


def _exact(inputs: RunInputs, tables: tuple[Floats, ...]) -> VariantLine:
    def compute() -> _Found:
        found = exact_odds_ratio(*tables, level=inputs.plan.level)
        return _Found(found.k, found.estimate, found.ci, found.p)

    return _line(inputs, "exact", "exact conditional OR", compute)


def _without(inputs: RunInputs, gone: set[str]) -> VariantLine:
    """The plan's own model without trials that have no events in either arm (drop00)."""
    plan = inputs.plan
    kept = tuple(trial for trial in inputs.trials if trial.study not in gone)
    label = "without trials that have no events in either arm (drop00)"
    if not kept:
        return VariantLine(variant="drop00", label=label, k=0, note="no trial")
    effects = trial_effects(RunInputs(plan=plan, trials=kept, left_out=()))
    pooled = pool(
        effects.yi,
        effects.vi,
        method=Method(plan.method),
        test=Test(plan.test),
        level=plan.level,
        tau2_ci=False,
    )
    return VariantLine(
        variant="drop00",
        label=label,
        k=pooled.k,
        estimate=pooled.estimate,
        ci=pooled.ci,
        p=pooled.p if pooled.tested else None,
        conclusion=classify(pooled.ci, plan.margin).value,
    )
