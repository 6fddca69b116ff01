"""Pooled estimates of all planned analyses, each with its sensitivity variants below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import Row, in_use, said_once
from review.export.runs import (
    BACK,
    LatestRun,
    back_cells,
    directions,
    model_words,
    without_back,
)
from review.export.tables.model import Column, Footnote, Kind, Table
from review.export.tracing.origins import origin
from review.living.runs.results import RunResults
from review.protocol.models import Review
from review.protocol.queries import current_versions, plan_of
from review.protocol.vocabulary import Variant

PRIMARY: Final = "primary"

MOST_SINGLE: Final = 30
"""Lines without one trial that print has room for; of more it shows those that tell something."""

Line = tuple[Row, str]
"""A line's cells, its kind before them, and its origin."""

COLUMNS: Final = (
    Column("analysis", "Analysis"),
    Column("measure", "Measure"),
    Column("label", "Variant"),
    Column("k", "k", Kind.INTEGER),
    Column("estimate", "Estimate", Kind.NUMBER, beside="ci"),
    Column("ci", "CI", Kind.INTERVAL),
    *BACK,
    Column("pi", "Prediction interval", Kind.INTERVAL),
    Column("p", "p", Kind.P_VALUE),
    Column("tau2", "τ²", Kind.NUMBER, decimals=3),
    Column("I2", "I²", Kind.PERCENT, decimals=1),
    Column("conclusion", "Conclusion"),
    Column("note", "Note"),
)
DATA_COLUMNS: Final = (
    Column("analysis", "Analysis"),
    Column("run", "Run", Kind.INTEGER),
    Column("variant", "Kind of variant"),
    *COLUMNS[1:],
)


def variants_table(session: Session, review: Review, runs: Sequence[LatestRun]) -> Table:
    """Return a row a planned analysis and one a line of its variants, for print.

    A planned analysis that no run has pooled yet is a row that says so.
    """
    lines: list[tuple[Row, str | None]] = []
    left_out = 0
    for run in runs:
        told = list(_lines(run))
        shown = _telling(told, run.results)
        left_out += len(told) - len(shown)
        lines += [((run.inputs.plan.title, *row), at) for (_, *row), at in shown]
    pooled = {run.analysis for run in runs}
    if runs:
        lines += [
            ((plan_of(v).title, *(None,) * (len(COLUMNS) - 2), "no run yet"), None)
            for v in current_versions(session, review)
            if v.analysis.slug not in pooled
        ]
    columns, rows, _ = in_use(COLUMNS, [row for row, _ in lines])
    models = "; ".join(dict.fromkeys(model_words(run.results.pooled) for run in runs))
    note = (
        f"Model of the primary analyses: {models}. A variant changes what its name says and "
        "nothing else. Conclusions are against the deciding margin, or zero where none is planned."
    )
    some = Footnote(
        "Of leaving out one trial at a time, the lowest and the highest estimate are shown, and "
        f"what changed the conclusion; {left_out} other lines are in the file of this table."
    )
    return Table(
        f"{review.title}: planned analyses and their variants",
        columns or COLUMNS[:1],
        said_once(rows, 2),
        footnotes=(Footnote(note), *((some,) if left_out else ()), *directions(runs)),
        origins=tuple(at for _, at in lines),
    )


def _telling(lines: Sequence[Line], results: RunResults) -> list[Line]:
    """Return lines as print has room for: of many trials left out in turn, those that tell."""
    single = [
        (at, line.estimate)
        for at, line in enumerate(results.variants, start=1)
        if line.variant == Variant.LEAVE_ONE_OUT and line.estimate is not None
    ]
    if len(single) <= MOST_SINGLE:
        return list(lines)
    now = results.headline.conclusion
    ordered = [at for at, _ in sorted(single, key=lambda pair: pair[1])]
    flips = [at for at in ordered if results.variants[at - 1].conclusion != now]
    kept = {ordered[0], ordered[-1], *flips[:MOST_SINGLE]}
    return [line for at, line in enumerate(lines) if at in kept or at not in ordered]


def variants_data(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return the same lines, each complete in itself."""
    lines = [
        ((run.analysis, run.number, *row), at)
        for run in runs
        for row, at in (*_lines(run), *_others(run))
    ]
    columns, rows = without_back(DATA_COLUMNS, [row for row, _ in lines])
    return Table(
        f"{title}: planned analyses and their variants",
        columns,
        rows,
        origins=tuple(at for _, at in lines),
    )


def _lines(run: LatestRun) -> Iterator[Line]:
    """Yield each line with its origin: its kind, then the cells of `COLUMNS` after the analysis."""
    line = run.results.pooled
    measure = run.scale.shown
    primary: Row = (
        PRIMARY,
        measure,
        PRIMARY,
        line.k,
        run.value(line.estimate),
        run.shown(line.ci),
        *back_cells(run.scale, line.estimate, line.ci),
        run.shown(line.pi),
        line.p,
        line.tau2,
        line.I2,
        run.conclusion(run.results.headline.conclusion) or "",
        "; ".join(line.notes) or None,
    )
    yield primary, origin(run.key, "pooled")
    for index, variant in enumerate(run.results.variants):
        row: Row = (
            variant.variant,
            measure,
            variant.label,
            variant.k,
            run.value(variant.estimate),
            run.shown(variant.ci),
            *back_cells(run.scale, variant.estimate, variant.ci),
            None,
            variant.p,
            variant.tau2,
            None,
            run.conclusion(variant.conclusion),
            variant.note,
        )
        yield row, origin(run.key, "variants", index)


def _others(run: LatestRun) -> Iterator[Line]:
    """Yield what variants of a network say of the other treatments against the reference."""
    for index, variant in enumerate(run.results.variants):
        for place, one in enumerate(variant.others):
            row: Row = (
                variant.variant,
                run.scale.shown,
                f"{variant.label}: {run.against(one.treatment)}",
                None,
                run.value(one.estimate),
                run.shown(one.ci),
                *back_cells(run.scale, one.estimate, one.ci),
                None,
                one.p,
                *(None,) * 4,
            )
            yield row, origin(run.key, "variants", index, "others", place)
