"""Pooled estimates: rounded for print, and for machines complete in each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from review.canonical import own_decimals
from review.export.runs import (
    BACK,
    LatestRun,
    back_cells,
    directions,
    interval_cell,
    level_words,
    model_words,
    noticed,
    without_back,
)
from review.export.tables.model import Cell, Column, Footnote, Kind, Table
from review.export.tracing.origins import origin
from review.living.runs.results import MarginReading

COLUMNS: Final = (
    Column("analysis", "Analysis"),
    Column("title", "Title"),
    Column("run", "Run", Kind.INTEGER),
    Column("k", "k", Kind.INTEGER),
    Column("measure", "Measure"),
    Column("method", "Method"),
    Column("test", "Test"),
    Column("level", "Level", Kind.NUMBER),
    Column("estimate", "Estimate", Kind.NUMBER, beside="ci"),
    Column("se", "SE", Kind.NUMBER, decimals=4),
    Column("p", "p", Kind.P_VALUE),
    Column("ci", "CI", Kind.INTERVAL),
    *BACK,
    Column("z_ci", "CI (z)", Kind.INTERVAL),
    Column("pi", "Prediction interval", Kind.INTERVAL),
    Column("tau2", "tau2", Kind.NUMBER, decimals=3),
    Column("tau2_ci", "tau2 CI", Kind.INTERVAL, decimals=3),
    Column("I2", "I2", Kind.PERCENT, decimals=1),
    Column("I2_q", "I2 from Q", Kind.PERCENT, decimals=1),
    Column("H2", "H2", Kind.NUMBER),
    Column("Q", "Q", Kind.NUMBER),
    Column("Q_df", "Q df", Kind.INTEGER),
    Column("Q_p", "Q p", Kind.P_VALUE),
    Column("margin", "Margin", Kind.NUMBER),
    Column("p_noninferiority", "p (one-sided)", Kind.P_VALUE),
    Column("conclusion", "Conclusion"),
)
"""What is known of an analysis against a margin, in the order of the files for machines."""

AGAINST: Final = ("margin", "p_noninferiority")

PRINTED: Final = (
    "analysis", "k", "measure", "estimate", "ci", *(column.key for column in BACK), "z_ci", "pi",
    "p", "tau2", "I2", *AGAINST, "conclusion",
)  # fmt: skip
"""Of these what is printed, in its order."""

ONCE: Final = PRINTED[1 : PRINTED.index("margin")]
"""What stands in the first row of an analysis alone."""


def pooled_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row an analysis and margin; the estimate stands in the first row of each."""
    margins = any(run.inputs.plan.margins for run in runs)
    rows = tuple(
        _printed_row(run, reading, first=index == 0, margins=margins)
        for run in runs
        for index, reading in enumerate(run.results.readings)
    )
    shown = [
        own_decimals(margin)
        for run in runs
        for reading in run.results.readings
        if (margin := run.margin(reading)) is not None
    ]
    models = dict.fromkeys(model_words(run.results.pooled) for run in runs)
    words = [f"Model: {'; '.join(models) or 'none'}. CI (z) is the normal interval of that model."]
    if margins:
        words.append("p (one-sided) is that of noninferiority at the margin.")
    columns, rows = without_back(
        _printed_columns(level_words(runs), margins=margins, margin_decimals=max(shown, default=2)),
        rows,
    )
    return Table(
        title=f"{title}: pooled estimates",
        columns=columns,
        rows=rows,
        footnotes=(Footnote(" ".join(words)), *directions(runs), *noticed(runs)),
        origins=readings_origins(runs),
    )


def readings_origins(runs: Sequence[LatestRun]) -> tuple[str, ...]:
    """Return the origins of rows that are one a reading: analysis and margin."""
    return tuple(
        origin(run.key, "readings", index)
        for run in runs
        for index in range(len(run.results.readings))
    )


def _printed_columns(level: str, *, margins: bool, margin_decimals: int) -> tuple[Column, ...]:
    named = {"ci": f"{level}CI", "z_ci": f"{level}CI (z)", "tau2": "τ²", "I2": "I²"}
    known = {column.key: column for column in COLUMNS}
    known["margin"] = replace(known["margin"], decimals=margin_decimals)
    return tuple(
        replace(known[key], header=named.get(key, known[key].header))
        for key in PRINTED
        if margins or key not in AGAINST
    )


def _printed_row(
    run: LatestRun, reading: MarginReading, *, first: bool, margins: bool
) -> tuple[Cell, ...]:
    cells = {
        **_cells(run, reading),
        "analysis": run.inputs.plan.title,
        "measure": run.scale.shown,
        "conclusion": run.conclusion(reading.conclusion),
    }
    return tuple(
        cells[key] if first or key not in ONCE else None
        for key in PRINTED
        if margins or key not in AGAINST
    )


def pooled_data(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row an analysis and margin, complete in itself."""
    rows = tuple(
        tuple(_cells(run, reading).values()) for run in runs for reading in run.results.readings
    )
    columns, rows = without_back(COLUMNS, rows)
    return Table(
        title=f"{title}: pooled estimates",
        columns=columns,
        rows=rows,
        origins=readings_origins(runs),
    )


def _cells(run: LatestRun, reading: MarginReading) -> dict[str, Cell]:
    """Return what is known, by its column."""
    line = run.results.pooled
    return {
        "analysis": run.analysis,
        "title": run.inputs.plan.title,
        "run": run.number,
        "k": line.k,
        "measure": run.scale.shown if run.scale.as_ratio else line.measure,
        "method": line.method,
        "test": line.test,
        "level": line.level,
        "estimate": run.value(line.estimate),
        "se": line.se,
        "p": line.p,
        "ci": run.shown(line.ci),
        **dict(
            zip((c.key for c in BACK), back_cells(run.scale, line.estimate, line.ci), strict=True)
        ),
        "z_ci": run.shown(line.z_ci),
        "pi": run.shown(line.pi),
        "tau2": line.tau2,
        "tau2_ci": interval_cell(line.tau2_ci),
        "I2": line.I2,
        "I2_q": line.I2_q,
        "H2": line.H2,
        "Q": line.Q,
        "Q_df": line.Q_df,
        "Q_p": line.Q_p,
        "margin": run.margin(reading),
        "p_noninferiority": reading.noninferiority_p,
        "conclusion": run.conclusion(reading.conclusion) or reading.conclusion.value,
    }
