"""Runs as tables for machines: every row stands alone, and nothing is rounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from review.export.origins import origin
from review.export.run_tables import LatestRun, interval_cell, reading_path, readings_origins
from review.export.tables import Cell, Column, Kind, Table
from review.living.snapshot import ArmInput, Numbers, PooledLine, Reading, TrialInput

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
        line.measure,
        line.method,
        line.test,
        line.level,
        line.estimate,
        line.se,
        line.p,
        interval_cell(line.ci),
        interval_cell(line.z_ci),
        interval_cell(line.pi),
        line.tau2,
        interval_cell(line.tau2_ci),
        line.I2,
        line.H2,
        line.Q,
        line.Q_df,
        line.Q_p,
        reading.margin,
        reading.noninferiority_p,
        reading.conclusion.value,
    )


CHANGE_DATA_COLUMNS = (
    Column("analysis", "Analysis"),
    Column("run_before", "Run before", Kind.INTEGER),
    Column("run_after", "Run after", Kind.INTEGER),
    Column("what", "What"),
    Column("study", "Study"),
    Column("before", "Before"),
    Column("after", "After"),
    Column("before_number", "Before (number)", Kind.NUMBER),
    Column("after_number", "After (number)", Kind.NUMBER),
)


def changes_data(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row a thing that changed: numbers as numbers, the rest as text."""
    rows: list[tuple[Cell, ...]] = []
    origins: list[str] = []
    for run in runs:
        for path, *cells in _changes(run):
            rows.append(
                (run.analysis, run.number - 1 if run.number > 1 else None, run.number, *cells)
            )
            origins.append(origin(run.key, *path))
    return Table(
        title=f"{title}: changes",
        columns=CHANGE_DATA_COLUMNS,
        rows=tuple(rows),
        origins=tuple(origins),
    )


_Change = tuple[
    tuple[str | int, ...], str, str | None, str | None, str | None, float | None, float | None
]
"""Path in the run, and the cells from `what` on."""


def _changes(run: LatestRun) -> Iterator[_Change]:
    change = run.change
    was = _numbers(change.before) if change.before is not None else {}
    for what, now in _numbers(change.after).items():
        yield ("pooled", what), what, None, None, None, was.get(what), now
    for index, reading in enumerate(change.readings):
        what = "conclusion" if reading.margin is None else f"conclusion, margin {reading.margin:g}"
        before, after = reading.before, reading.after
        yield (
            reading_path(reading, index),
            what,
            None,
            before.conclusion.value if before else None,
            after.conclusion.value if after else None,
            None,
            None,
        )
    for study in change.added:
        yield ("trials",), "trial added", study, None, None, None, None
    for removed in change.removed:
        yield ("left_out",), "trial removed", removed.study, removed.reason, None, None, None
    for value in change.corrected:
        yield ("trials",), value.what, value.where, value.old, value.new, None, None
    for value in change.plan_changes:
        yield ("plan",), f"plan: {value.what}", None, value.old, value.new, None, None


def _numbers(line: PooledLine) -> dict[str, float | None]:
    low, high = line.pi if line.pi is not None else (None, None)
    return {
        "k": float(line.k),
        "estimate": line.estimate,
        "se": line.se,
        "ci_low": line.ci[0],
        "ci_high": line.ci[1],
        "z_ci_low": line.z_ci[0],
        "z_ci_high": line.z_ci[1],
        "pi_low": low,
        "pi_high": high,
        "tau2": line.tau2,
        "I2": line.I2,
    }


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
