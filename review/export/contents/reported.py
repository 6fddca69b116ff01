"""The reported numbers that entered the runs, with their sources, for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from review.export.runs import (
    LatestRun,
)
from review.export.tables.model import Cell, Column, Kind, Table
from review.export.tracing.origins import origin
from review.extraction.numbers import ABOUT, COUNTS, NUMBER_FIELDS, called
from review.living.runs.contents import ArmInput, TrialInput

REPORTED_COLUMNS = (
    Column("analysis", "Analysis"),
    Column("study", "Study"),
    Column("year", "Year", Kind.INTEGER),
    Column("side", "Side"),
    Column("arm", "Arm"),
    Column("instrument", "Instrument"),
    Column("rater", "Rater"),
    Column("timepoint", "Timepoint"),
    Column("analysis_set", "Analysis set"),
    *(
        Column(
            name,
            ABOUT[name].heading or called(name),
            Kind.INTEGER if name in COUNTS else Kind.NUMBER,
            decimals=ABOUT[name].decimals,
        )
        for name in NUMBER_FIELDS
    ),
    Column("metric", "Estimate of"),
    Column("entry", "Entry"),
    Column("report", "Report"),
    Column("page", "Page"),
)


def reported_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row a reported result that entered an analysis, with its source."""
    rows: list[tuple[Cell, ...]] = []
    origins: list[str] = []
    for run in runs:
        for number, trial in enumerate(run.inputs.trials):
            for side, path, arm in _arms(trial):
                rows.append((run.analysis, *_reported(trial, side, arm)))
                origins.append(origin(run.key, "trials", number, *path, "numbers"))
    return Table(
        title=f"{title}: reported numbers",
        columns=REPORTED_COLUMNS,
        rows=tuple(rows),
        origins=tuple(origins),
    )


def _arms(trial: TrialInput) -> Iterator[tuple[str, tuple[str | int, ...], ArmInput]]:
    for side, arms in (("intervention", trial.intervention), ("comparator", trial.comparator)):
        for index, arm in enumerate(arms):
            yield side, (side, index), arm
    if trial.contrast is not None:
        yield "contrast", ("contrast",), trial.contrast


def _reported(trial: TrialInput, side: str, arm: ArmInput) -> tuple[Cell, ...]:
    return (
        trial.study,
        trial.year,
        side,
        arm.arm,
        trial.instrument,
        trial.rater,
        trial.timepoint,
        trial.analysis_set,
        *(getattr(arm.numbers, name) for name in NUMBER_FIELDS),
        arm.numbers.metric,
        arm.source.entry_kind,
        arm.source.report,
        arm.source.page,
    )
