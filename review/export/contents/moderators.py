"""Planned subgroup analyses and meta-regressions: the test for differences, then each level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import Row, in_use, said_once
from review.export.runs import LatestRun, directions
from review.export.tables.model import Column, Footnote, Kind, Table
from review.export.tracing.origins import origin
from review.living.runs.results import ModeratorLine
from review.protocol.characteristics import in_words, value_in_words
from review.protocol.models import Review
from review.protocol.queries import instruments

COLUMNS: Final = (
    Column("analysis", "Analysis"),
    Column("moderator", "Moderator"),
    Column("kind", "Kind"),
    Column("measure", "Measure"),
    Column("label", "Level or term"),
    Column("k", "k", Kind.INTEGER),
    Column("estimate", "Estimate", Kind.NUMBER),
    Column("ci", "CI", Kind.INTERVAL),
    Column("tau2", "τ²", Kind.NUMBER, decimals=3),
    Column("stat", "Statistic", Kind.NUMBER),
    Column("df", "df", Kind.INTEGER),
    Column("ddf", "df (denominator)", Kind.NUMBER, decimals=0),
    Column("p", "p", Kind.P_VALUE),
    Column("conclusion", "Conclusion"),
    Column("note", "Note"),
)

INTERCEPT: Final = {"intrcpt": "intercept"}

TESTS: Final = {"subgroups": "test for differences", "meta-regression": "test of the moderator"}


def moderators_table(session: Session, review: Review, runs: Sequence[LatestRun]) -> Table:
    """Return for each planned moderator a row of its test and one a level, for print."""
    names = {found.slug: found.name for found in instruments(session, review)}
    lines: list[tuple[Row, str]] = [
        ((run.inputs.plan.title, *row), at) for run in runs for row, at in _lines(run, names)
    ]
    columns, rows, _ = in_use(COLUMNS, [row for row, _ in lines])
    note = (
        "The statistic is F where it has two degrees of freedom, else χ². Levels of a "
        "meta-regression are its terms: a term is the change of the effect with the moderator."
    )
    return Table(
        f"{review.title}: subgroups and moderators",
        columns or COLUMNS[:1],
        said_once(rows, 4),
        footnotes=(Footnote(note), *directions([run for run in runs if run.results.moderators])),
        origins=tuple(at for _, at in lines),
    )


def moderators_data(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return the same lines, each complete in itself."""
    lines = [((run.analysis, *row), at) for run in runs for row, at in _lines(run, {})]
    return Table(
        f"{title}: subgroups and moderators",
        COLUMNS,
        tuple(row for row, _ in lines),
        origins=tuple(at for _, at in lines),
    )


def _lines(run: LatestRun, names: Mapping[str, str]) -> Iterator[tuple[Row, str]]:
    """Yield the cells of `COLUMNS` after the analysis, and where they stand."""
    measure = run.scale.shown
    for index, found in enumerate(run.results.moderators):
        lead = (in_words(found.moderator), found.kind, measure)
        tested = (found.stat, found.df, found.ddf, found.p)
        at = origin(run.key, "moderators", index)
        yield (*lead, TESTS[found.kind], *(None,) * 4, *tested, None, _note(found)), at
        for place, test in enumerate(found.tests):
            told = (test.stat, test.df, test.ddf, test.p)
            where = origin(run.key, "moderators", index, "tests", place)
            yield (*lead, f"test of {test.term}", *(None,) * 4, *told, None, None), where
        called = names if found.moderator == "instrument" else INTERCEPT
        groups = found.kind == "subgroups"
        for place, line in enumerate(found.lines):
            row: Row = (
                *lead,
                called.get(
                    line.label,
                    value_in_words(found.moderator, line.label) if groups else line.label,
                ),
                line.k,
                run.value(line.estimate),
                run.shown(line.ci),
                line.tau2,
                *(None,) * 3,
                line.p,
                run.conclusion(line.conclusion),
                line.note,
            )
            yield row, origin(run.key, "moderators", index, "lines", place)


def _note(found: ModeratorLine) -> str | None:
    """Why there is no number; which trials have no value; what rests on few trials."""
    told = [found.note] if found.note else []
    return " ".join((*told, *found.beside)) or None
