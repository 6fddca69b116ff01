"""What the trials of a run reported, one row an arm, and which effects follow from it at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from review.export.tables.model import Cell, Column, Kind, Table
from review.extraction.conversion import DEFAULT_LEVEL, arm_mean_sd
from review.extraction.numbers import ReportedNumbers
from review.living.inputs.columns import contrast_of, is_as_reported, leaves_of
from review.living.runs.contents import ArmInput, RunInputs, TrialInput
from review.measures import Family
from review.protocol.rules import Plan

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
    """Whether a trial's effect follows from its reported numbers without a conversion.

    Conversions (an SD from an interval, g from t, medians), crossover trials, and parts of parts
    are left to this program, which names each of them beside the effect.
    """
    parts = parts_of(trial)
    if trial.joined == "covariance" and not all(part.comparator for part in parts):
        return False
    return all(not part.parts and _plain(plan, part) for part in parts)


def _plain(plan: Plan, trial: TrialInput) -> bool:
    if trial.crossover or trial.adjusted or trial.clusters_analysed:
        return False
    if trial.side is not None:
        return True
    if trial.contrast is not None:
        return is_as_reported(trial, contrast_of(trial, plan))
    if plan.measure.facts.family is not Family.MEANS:
        return True
    found = [_mean_sd(plan, arm.numbers) for arm in (*trial.intervention, *trial.comparator)]
    return all(mean is not None for mean, _ in found)


def _mean_sd(plan: Plan, numbers: ReportedNumbers) -> tuple[float | None, float | None]:
    """The arm's mean and SD of what the plan pools, where both were reported as such."""
    found = arm_mean_sd(numbers, change=plan.scores == "change", medians=plan.medians)
    if found is None or found.steps:
        return None, None
    return found.mean, found.sd


COLUMNS = (
    Column("analysis", "Analysis"),
    Column("selection", "Selection"),
    Column("trial", "Trial", Kind.INTEGER),
    Column("part", "Part", Kind.INTEGER),
    Column("study", "Study"),
    Column("side", "Side"),
    Column("arm", "Arm"),
    Column("n", "n", Kind.INTEGER),
    Column("mean", "Mean", Kind.NUMBER),
    Column("sd", "SD", Kind.NUMBER),
    Column("events", "Events", Kind.INTEGER),
    Column("estimate", "Estimate", Kind.NUMBER),
    Column("variance", "Variance", Kind.NUMBER),
    Column("se", "SE", Kind.NUMBER),
    Column("ci_low", "CI low", Kind.NUMBER),
    Column("ci_high", "CI high", Kind.NUMBER),
    Column("ci_level", "CI level", Kind.NUMBER),
    Column("share", "Share of the comparator", Kind.NUMBER),
    Column("sign", "Sign", Kind.INTEGER),
    Column("cluster_size", "Cluster size", Kind.NUMBER),
    Column("icc", "ICC", Kind.NUMBER),
    Column("entry", "Entry"),
    Column("report", "Report"),
    Column("page", "Page"),
)


def reported_table(runs: Sequence[tuple[str, RunInputs]]) -> Table:
    """Return one row an arm or contrast of every trial that any line of the analyses pools.

    `trial` and `part` count from 1 within the selection. `share` is the part of a comparator's
    participants that a comparison has; `sign` is -1 where a positive number, as reported,
    favours the comparator.
    """
    rows = tuple(
        row
        for analysis, inputs in runs
        for selection in selections(inputs)
        for number, trial in enumerate(selection.trials, 1)
        for row in _rows(analysis, inputs.plan, selection.name, number, trial)
    )
    return Table(title="Reported numbers", columns=COLUMNS, rows=rows)


def _rows(
    analysis: str, plan: Plan, selection: str, number: int, trial: TrialInput
) -> Iterator[tuple[Cell, ...]]:
    for index, part in enumerate(leaves_of(trial), 1):
        for side, arm in _sides(part):
            x = arm.numbers
            means = plan.measure.facts.family is Family.MEANS
            mean, sd = _mean_sd(plan, x) if means else (x.mean, x.sd)
            yield (
                analysis, selection, number, index, trial.study, side, arm.arm,
                x.n, mean, sd, x.events, x.estimate, x.variance, x.se, x.ci_low, x.ci_high,
                x.ci_level if x.ci_level is not None else DEFAULT_LEVEL,
                part.comparator_share, part.sign,
                part.cluster_size if part.icc is not None else None,
                part.icc if part.cluster_size is not None else None,
                arm.source.entry_kind, arm.source.report, arm.source.page,
            )  # fmt: skip


def _sides(trial: TrialInput) -> Iterator[tuple[str, ArmInput]]:
    if trial.contrast is not None:
        yield "contrast", trial.contrast
        return
    for side, arms in (("intervention", trial.intervention), ("comparator", trial.comparator)):
        for arm in arms:
            yield side, arm
