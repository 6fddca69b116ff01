"""Runs as tables for machines: every row stands alone, and nothing is rounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from review.export.contents.results import CALLED, COUNTS
from review.export.run_tables import LatestRun, interval_cell, readings_origins
from review.export.table.model import Cell, Column, Kind, Table
from review.export.tracing.origins import origin
from review.extraction.rules import NUMBER_COLUMNS
from review.living.runs.contents import ArmInput, Numbers, Reading, TrialInput

POOLED_DATA_COLUMNS = (
    Column("analysis", "Analysis"),
    Column("title", "Title"),
    Column("run", "Run", Kind.INTEGER),
    Column("k", "k", Kind.INTEGER),
    Column("measure", "Measure"),
    Column("method", "Method"),
    Column("test", "Test"),
    Column("level", "Level", Kind.NUMBER),
    Column("estimate", "Estimate", Kind.NUMBER),
    Column("se", "SE", Kind.NUMBER, decimals=4),
    Column("p", "p", Kind.P_VALUE),
    Column("ci", "CI", Kind.INTERVAL),
    Column("z_ci", "CI (z)", Kind.INTERVAL),
    Column("pi", "Prediction interval", Kind.INTERVAL),
    Column("tau2", "tau2", Kind.NUMBER, decimals=3),
    Column("tau2_ci", "tau2 CI", Kind.INTERVAL, decimals=3),
    Column("I2", "I2", Kind.PERCENT, decimals=1),
    Column("H2", "H2", Kind.NUMBER),
    Column("Q", "Q", Kind.NUMBER),
    Column("Q_df", "Q df", Kind.INTEGER),
    Column("Q_p", "Q p", Kind.P_VALUE),
    Column("margin", "Margin", Kind.NUMBER),
    Column("p_noninferiority", "p (noninferiority)", Kind.P_VALUE),
    Column("conclusion", "Conclusion"),
)


def pooled_data(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row an analysis and margin, complete in itself."""
    rows = tuple(_pooled_row(run, reading) for run in runs for reading in run.results.readings)
    return Table(
        title=f"{title}: pooled estimates",
        columns=POOLED_DATA_COLUMNS,
        rows=rows,
        origins=readings_origins(runs),
    )


def _pooled_row(run: LatestRun, reading: Reading) -> tuple[Cell, ...]:
    line = run.results.pooled
    return (
        run.analysis,
        run.inputs.plan.title,
        run.number,
        line.k,
        run.scale.shown if run.scale.as_ratio else line.measure,
        line.method,
        line.test,
        line.level,
        run.value(line.estimate),
        line.se,
        line.p,
        run.shown(line.ci),
        run.shown(line.z_ci),
        run.shown(line.pi),
        line.tau2,
        interval_cell(line.tau2_ci),
        line.I2,
        line.H2,
        line.Q,
        line.Q_df,
        line.Q_p,
        run.margin(reading),
        reading.noninferiority_p,
        run.conclusion(reading.conclusion) or reading.conclusion.value,
    )


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
    Column("n", "n", Kind.INTEGER),
    Column("versus_n", "n of the other arm", Kind.INTEGER),
    Column("mean", "Mean", Kind.NUMBER),
    Column("sd", "SD", Kind.NUMBER),
    Column("events", "Events", Kind.INTEGER),
    Column("estimate", "Estimate", Kind.NUMBER, decimals=4),
    Column("se", "SE", Kind.NUMBER, decimals=4),
    Column("variance", "Variance", Kind.NUMBER, decimals=4),
    Column("ci_low", "CI low", Kind.NUMBER),
    Column("ci_high", "CI high", Kind.NUMBER),
    *(
        Column(name, CALLED.get(name, name), Kind.INTEGER if name in COUNTS else Kind.NUMBER)
        for name in NUMBER_COLUMNS[NUMBER_COLUMNS.index("ci_level") :]
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
        *(
            getattr(arm.numbers, column.key)
            for column in REPORTED_COLUMNS
            if column.key in Numbers.model_fields
        ),
        arm.source.entry_kind,
        arm.source.report,
        arm.source.page,
    )
