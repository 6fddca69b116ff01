"""What the trials of a run reported, one row an arm, with role, direction and design."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from review.conventions import Medians
from review.export.tables.model import Cell, Column, Kind, Table
from review.extraction.conversion.metrics import (
    CHANGE_DIFFERENCE,
    COHEN,
    CORRELATIONS,
    ETA_SQUARED,
    MEAN_DIFFERENCE,
    PARTIAL_ETA_SQUARED,
    STANDARDIZED,
    logged_ratio,
    metric_name,
    printed_ratio,
)
from review.extraction.numbers import COUNTS, NUMBER_FIELDS, ReportedNumbers, called
from review.living.estimates.attenuation import product_of, reliabilities_of
from review.living.inputs.columns import leaves_of
from review.living.runs.contents import ArmInput, RunInputs, TrialInput
from review.measures import Family
from review.protocol.linking import factor_to_target, links
from review.protocol.rules import Plan

_Row = tuple[Cell, ...]

PLANNED = "planned"
"""The selection that the analysis itself pools; variants that select otherwise have their own."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The trials that one line of an analysis pools."""

    name: str
    trials: tuple[TrialInput, ...]


def selections(inputs: RunInputs) -> list[Selection]:
    """Return the planned trials, then those of each variant that selects: ``by_rater 2``."""
    found = [Selection(PLANNED, inputs.trials)]
    count: dict[str, int] = {}
    for other in inputs.alternatives:
        number = count[other.variant] = count.get(other.variant, 0) + 1
        found.append(Selection(f"{other.variant.value} {number}", other.trials))
    return found


def parts_of(trial: TrialInput) -> tuple[TrialInput, ...]:
    """Return the comparisons that make a trial's effect: itself, or its parts."""
    return trial.parts or (trial,)


def recomputable(plan: Plan, trial: TrialInput) -> bool:
    """Whether the scripts compute a trial's effect again from what was reported.

    All of them, but for medians that the plan takes as of a skewed sample: their formulas are long,
    and no package of R computes them without random numbers.
    """
    of_scores = plan.measure.facts.family in (Family.MEANS, Family.CHANGES)
    if not of_scores or plan.medians is Medians.NORMAL:
        return True
    arms = (a for leaf in leaves_of(trial) for a in (*leaf.intervention, *leaf.comparator))
    return all(a.numbers.median is None or a.numbers.mean is not None for a in arms)


COLUMNS = (
    Column("analysis", "Analysis"),
    Column("selection", "Selection"),
    Column("trial", "Trial", Kind.INTEGER),
    Column("part", "Part", Kind.INTEGER),
    Column("comparison", "Comparison", Kind.INTEGER),
    Column("joined", "Joined"),
    Column("joined_within", "Joined within the part"),
    Column("study", "Study"),
    Column("side", "Side"),
    Column("arm", "Arm"),
    Column("instrument", "Instrument"),
    Column("higher_is_better", "Higher is better"),
    Column("reversed", "Of the comparator against the intervention"),
    *(
        Column(name, called(name), Kind.INTEGER if name in COUNTS else Kind.NUMBER)
        for name in NUMBER_FIELDS
    ),
    Column("metric", "Metric"),
    Column("of", "Metric, in one way"),
    Column("positive", "A positive number says"),
    Column("towards", "Direction by the report's words", Kind.INTEGER),
    Column("share", "Share of the comparator", Kind.NUMBER),
    Column("model_adjusted", "Adjusted for covariates"),
    Column("cluster_size", "Cluster size", Kind.NUMBER),
    Column("icc", "ICC", Kind.NUMBER),
    Column("reliability", "Reliability, or product of both", Kind.NUMBER),
    Column("to_target", "Times, to the target instrument's scale", Kind.NUMBER),
    Column("clusters_analysed", "Clusters in the analysis"),
    Column("crossover", "Crossover"),
    Column("entry", "Entry"),
    Column("report", "Report"),
    Column("page", "Page"),
)


def reported_table(runs: Sequence[tuple[str, RunInputs]]) -> Table:
    """Return one row an arm or contrast of every trial that any line of the analyses pools.

    `trial` counts from 1 within the selection, `part` within the trial and `comparison` within the
    part; `joined` and `joined_within` say how the ones make the others. `side` is the role: an arm
    of the intervention or the comparator, a ``contrast``, or an arm whose SD standardizes one
    (``spread``). Whether a number favours the intervention follows from `higher_is_better`,
    `positive` and `reversed`.
    """
    rows = tuple(
        row
        for analysis, inputs in runs
        for selection in selections(inputs)
        for number, trial in enumerate(selection.trials, 1)
        for row in _rows(inputs.plan, analysis, selection.name, number, trial)
    )
    return Table(title="Reported numbers", columns=COLUMNS, rows=rows)


def _rows(
    plan: Plan, analysis: str, selection: str, number: int, trial: TrialInput
) -> Iterator[_Row]:
    for index, part in enumerate(parts_of(trial), 1):
        for inner, leaf in enumerate(leaves_of(part), 1):
            reliability = product_of(reliabilities_of(plan, leaf))
            for side, arm in _sides(leaf):
                x = arm.numbers
                yield (
                    analysis, selection, number, index, inner, trial.joined, part.joined,
                    leaf.study, side, arm.arm, leaf.instrument, _yes(leaf.higher_is_better),
                    _yes(leaf.contrast_reversed), *(getattr(x, name) for name in NUMBER_FIELDS),
                    x.metric, metric_in_one_way(x), x.positive and x.positive.value, x.towards,
                    leaf.comparator_share, _yes(leaf.adjusted), leaf.cluster_size, leaf.icc,
                    reliability, factor_to_target(plan, leaf.instrument) if links(plan) else None,
                    _yes(leaf.clusters_analysed), _yes(leaf.crossover),
                    arm.source.entry_kind, arm.source.report, arm.source.page,
                )  # fmt: skip


def _yes(there: bool) -> str:
    return "yes" if there else "no"


def _sides(trial: TrialInput) -> Iterator[tuple[str, ArmInput]]:
    if trial.contrast is not None:
        yield "contrast", trial.contrast
        for arm in trial.spread:
            yield "spread", arm
        return
    for side, arms in (("intervention", trial.intervention), ("comparator", trial.comparator)):
        for arm in arms:
            yield side, arm


def metric_in_one_way(x: ReportedNumbers) -> str | None:
    """Return what an estimate is of in one spelling, ``MD of change``; None where it is not said.

    Examples
    --------
    >>> metric_in_one_way(ReportedNumbers(metric="Hedges g")), ReportedNumbers().metric
    ('SMD', None)
    """
    ratio, logged, name = printed_ratio(x), logged_ratio(x), metric_name(x)
    if ratio is not None:
        return ratio.value
    if logged is not None:
        return f"log {logged.value}"
    return next((word for word, names in _METRICS.items() if name in names), x.metric)


_METRICS: Final = {
    "SMD": STANDARDIZED,
    "d": COHEN,
    "MD": MEAN_DIFFERENCE,
    "MD of change": CHANGE_DIFFERENCE,
    "eta squared": ETA_SQUARED,
    "partial eta squared": PARTIAL_ETA_SQUARED,
    "r": CORRELATIONS,
}
