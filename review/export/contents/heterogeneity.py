"""Planned location-scale models: what tau² depends on, a test and a row a level or term each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from review.export.contents.columns import Row, in_use, said_once
from review.export.runs import LatestRun, directions
from review.export.tables.model import Column, Footnote, Interval, Kind, Table
from review.export.tracing.origins import origin
from review.living.reports.heterogeneity import by_words
from review.living.runs.heterogeneity import HeterogeneityLine, ScaleTerm
from review.protocol.characteristics import value_in_words

COLUMNS: Final = (
    Column("analysis", "Analysis"),
    Column("formula", "τ² by"),
    Column("label", "Level or term"),
    Column("k", "k", Kind.INTEGER),
    Column("estimate", "Effect", Kind.NUMBER, beside="ci"),
    Column("ci", "CI", Kind.INTERVAL),
    Column("tau2", "τ²", Kind.NUMBER, decimals=3),
    Column("tau2_ci", "CI (τ²)", Kind.INTERVAL, decimals=3),
    Column("coefficient", "Of log τ²", Kind.NUMBER, decimals=3),
    Column("coefficient_ci", "CI (log τ²)", Kind.INTERVAL, decimals=3),
    Column("stat", "χ²", Kind.NUMBER),
    Column("df", "df", Kind.INTEGER),
    Column("p", "p", Kind.P_VALUE),
    Column("note", "Note"),
)

NOTE: Final = (
    "Location-scale models: the mean effect and the logarithm of τ² depend on the same. The test "
    "is the likelihood ratio against one τ² for all trials, which stands in its row; of a term, p "
    "is that of its coefficient of log τ²."
)


def heterogeneity_table(title: str, runs: Sequence[LatestRun], *, print_: bool) -> Table:
    """Return for each planned model a row of its test and one a level or term.

    `print_`: columns that nothing fills are left out, and repeated words said once; else each row
    is complete in itself.
    """
    found = [
        ((run.inputs.plan.title if print_ else run.analysis, *row), at)
        for run in runs
        for row, at in _rows(run, print_=print_)
    ]
    rows = tuple(row for row, _ in found)
    columns: tuple[Column, ...] = COLUMNS
    if print_:
        columns, rows, _ = in_use(COLUMNS, rows)
        rows = said_once(rows, 2)
    return Table(
        f"{title}: what heterogeneity depends on",
        columns or COLUMNS[:1],
        rows,
        footnotes=(
            (Footnote(NOTE), *directions([run for run in runs if run.results.heterogeneity]))
            if print_
            else ()
        ),
        origins=tuple(at for _, at in found),
    )


def _rows(run: LatestRun, *, print_: bool) -> Iterator[tuple[Row, str]]:
    for index, line in enumerate(run.results.heterogeneity):
        by, note = by_words(line), " ".join((*([line.note] if line.note else []), *line.beside))
        tested = (line.stat, line.df, line.p, note or None)
        k = line.k or None
        first = (by, "test of heteroscedasticity", k, None, None, line.same_tau2, *(None,) * 3)
        yield (*first, *tested), origin(run.key, "heterogeneity", index)
        for place, term in line.printed if print_ else enumerate(line.terms):
            yield (
                _term(run, by, line, term),
                origin(run.key, "heterogeneity", index, "terms", place),
            )
        for place, one in enumerate(line.at):
            at = (by, f"τ² at {one.label}", None, None, None, one.tau2, *(None,) * 7)
            yield at, origin(run.key, "heterogeneity", index, "at", place)


def _term(run: LatestRun, by: str, line: HeterogeneityLine, term: ScaleTerm) -> Row:
    label = value_in_words(line.formula, term.label) if line.by_level else term.label
    decimals = None if line.by_level else run.scale.slope_decimals(term.estimate, term.ci)
    return (
        by, label, term.k, run.value(term.estimate), run.shown(term.ci, decimals=decimals),
        term.tau2, _limits(term.tau2_ci),
        *(
            (None,) * 5
            if line.by_level
            else (term.coefficient, _limits(term.coefficient_ci), None, None, term.coefficient_p)
        ),
        None,
    )  # fmt: skip


def _limits(ci: tuple[float, float] | None) -> Interval | None:
    return None if ci is None else Interval(*ci)
