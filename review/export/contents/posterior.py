"""Planned posteriors by Bayes, beside the pooled estimates: each, and its probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from review.export.contents.columns import Row, in_use, said_once
from review.export.runs import LatestRun, directions
from review.export.tables.model import Column, Footnote, Interval, Kind, Table
from review.export.tracing.origins import origin

COLUMNS: Final = (
    Column("analysis", "Analysis"),
    Column("tau_prior", "Prior of τ"),
    Column("mean_prior", "Prior of the mean"),
    Column("what", "Of"),
    Column("k", "k", Kind.INTEGER),
    Column("median", "Median", Kind.NUMBER, beside="ci"),
    Column("ci", "CrI", Kind.INTERVAL),
    Column("pi", "CrI (new trial)", Kind.INTERVAL),
    Column("tau", "τ", Kind.NUMBER, decimals=3),
    Column("tau_ci", "CrI (τ)", Kind.INTERVAL, decimals=3),
    Column("margin", "Margin", Kind.NUMBER),
    Column("mean", "P (mean)", Kind.NUMBER, decimals=4),
    Column("new", "P (new trial)", Kind.NUMBER, decimals=4),
    Column("note", "Note"),
)

NOTE: Final = (
    "Posterior of the normal-normal model by the priors of the plan, beside the planned estimate: "
    "median and central credible interval (CrI) of the mean effect, of the effect in a new trial, "
    "and of τ, of ratios that of the logarithm. P: probability that the mean effect, or that in a "
    "new trial, is no worse than the margin, or an advantage (of associations: positive)."
)


def posterior_table(title: str, runs: Sequence[LatestRun], *, print_: bool) -> Table:
    """Return for each planned posterior its row, and one a bound: each margin, and no effect.

    `print_`: columns that nothing fills are left out, and repeated words said once; else each row
    is complete in itself.
    """
    found = [
        ((run.inputs.plan.title if print_ else run.analysis, *row), at)
        for run in runs
        for row, at in _rows(run)
    ]
    rows = tuple(row for row, _ in found)
    columns: tuple[Column, ...] = COLUMNS
    if print_:
        columns, rows, _ = in_use(COLUMNS, rows)
        rows = said_once(rows, 3)
    told = [run for run in runs if run.results.posterior is not None]
    return Table(
        f"{title}: posteriors by Bayes",
        columns or COLUMNS[:1],
        rows,
        footnotes=(Footnote(NOTE), *directions(told)) if print_ else (),
        origins=tuple(at for _, at in found),
    )


def _rows(run: LatestRun) -> Iterator[tuple[Row, str]]:
    line = run.results.posterior
    if line is None:
        return
    priors, at = (line.of_tau, line.of_mean), origin(run.key, "posterior")
    if line.note is not None or line.ci is None or line.pi is None:
        yield (*priors, "posterior", *(None,) * 9, line.note), at
        return
    numbers: Row = (
        line.k, run.value(line.median), run.shown(line.ci), run.shown(line.pi), line.tau,
        None if line.tau_ci is None else Interval(*line.tau_ci),
    )  # fmt: skip
    yield (*priors, "posterior", *numbers, *(None,) * 4), at
    for place, one in enumerate(line.chances):
        margin = None if one.margin is None else run.scale.margin(one.margin)
        label = "an advantage" if one.margin is None else "no worse than the margin"
        chance: Row = (margin, one.mean, one.new, None)
        there = origin(run.key, "posterior", "chances", place)
        yield (*priors, label, *(None,) * 6, *chance), there
