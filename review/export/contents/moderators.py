"""Planned subgroup analyses and meta-regressions: the test for differences, then each level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from review.export.contents.columns import Row, in_use, said_once
from review.export.runs import BACK, LatestRun, back_cells, directions, without_back
from review.export.tables.model import Column, Footnote, Kind, Table
from review.export.tracing.origins import origin
from review.living.runs.results import ModeratorLine, VariantLine
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
    Column("estimate", "Estimate", Kind.NUMBER, beside="ci"),
    Column("ci", "CI", Kind.INTERVAL),
    *BACK,
    Column("tau2", "τ²", Kind.NUMBER, decimals=3),
    Column("stat", "Statistic", Kind.NUMBER),
    Column("df", "df", Kind.INTEGER),
    Column("ddf", "df (denominator)", Kind.NUMBER, decimals=0),
    Column("p", "p", Kind.P_VALUE),
    Column("conclusion", "Conclusion"),
    Column("note", "Note"),
)

EMPTY: Final = 4 + len(BACK)
"""Cells of an estimate, which the row of a test leaves empty."""

INTERCEPT: Final = "intrcpt"
"""The term of a meta-regression that is the effect where every moderator is zero."""

TESTS: Final = {"subgroups": "test for differences", "meta-regression": "test of the moderator"}


def moderators_table(session: Session, review: Review, runs: Sequence[LatestRun]) -> Table:
    """Return for each planned moderator a row of its test and one a level, for print."""
    names = {found.slug: found.name for found in instruments(session, review)}
    lines = [
        line._replace(row=(run.inputs.plan.title, *line.row))
        for run in runs
        for line in _lines(run, names, centred=True)
    ]
    columns, rows, _ = in_use(COLUMNS, [line.row for line in lines])
    note = (
        "The statistic is F where it has two degrees of freedom, else χ². A slope is the change of "
        "the effect for one more of the moderator, such as a year; beside it stands the effect at "
        "the mean of the moderators or, with categories, the intercept: the effect in the first."
    )
    return Table(
        f"{review.title}: subgroups and moderators",
        columns or COLUMNS[:1],
        said_once(rows, 4),
        footnotes=(Footnote(note), *directions([run for run in runs if run.results.moderators])),
        origins=tuple(line.origin for line in lines),
    )


def moderators_data(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return the same lines and every intercept, each complete in itself."""
    lines = [
        line._replace(row=(run.analysis, *line.row))
        for run in runs
        for line in _lines(run, {}, centred=False)
    ]
    columns, rows = without_back(COLUMNS, [line.row for line in lines])
    return Table(
        f"{title}: subgroups and moderators",
        columns,
        rows,
        origins=tuple(line.origin for line in lines),
    )


class _Line(NamedTuple):
    """The cells of `COLUMNS` after the analysis, and where they stand."""

    row: Row
    origin: str


def _lines(run: LatestRun, names: Mapping[str, str], *, centred: bool) -> Iterator[_Line]:
    """Yield the lines of each moderator; `centred`: the effect at the means, no intercept."""
    measure = run.scale.shown
    for index, found in enumerate(run.results.moderators):
        lead = (in_words(found.moderator), found.kind, measure)
        tested = (found.stat, found.df, found.ddf, found.p)
        at = origin(run.key, "moderators", index)
        yield _Line((*lead, TESTS[found.kind], *(None,) * EMPTY, *tested, None, _note(found)), at)
        for place, test in enumerate(found.tests):
            told = (test.stat, test.df, test.ddf, test.p)
            where = origin(run.key, "moderators", index, "tests", place)
            yield _Line((*lead, f"test of {test.term}", *(None,) * EMPTY, *told, None, None), where)
        called = names if found.moderator == "instrument" else {}
        for place, line in enumerate(found.lines):
            if centred and found.at_mean is not None and line.label == INTERCEPT:
                continue
            label = called.get(line.label, _label(found, line.label))
            decimals = None
            if found.kind != "subgroups" and line.label != INTERCEPT:
                decimals = run.scale.slope_decimals(line.estimate, line.ci)
            where = origin(run.key, "moderators", index, "lines", place)
            yield _Line((*lead, label, *_numbers(run, line, decimals)), where)
            yield from _others(run, line, (*lead, label), "moderators", index, "lines", place)
        if found.at_mean is not None:
            label = f"effect at the mean: {found.at_mean.label}"
            where = origin(run.key, "moderators", index, "at_mean")
            yield _Line((*lead, label, *_numbers(run, found.at_mean)), where)
            yield from _others(run, found.at_mean, (*lead, label), "moderators", index, "at_mean")
        yield from _by_treatment(run, found, lead, index)


def _others(run: LatestRun, line: VariantLine, lead: Row, *path: str | int) -> Iterator[_Line]:
    """Yield what a line of a network says of the other treatments against the reference."""
    *before, label = lead
    for place, one in enumerate(line.others):
        where = origin(run.key, *path, "others", place)
        cells: Row = (
            f"{label}: {run.against(one.treatment)}", None, run.value(one.estimate),
            run.shown(one.ci), *back_cells(run.scale, one.estimate, one.ci), *(None,) * 4, one.p,
            None, None,
        )  # fmt: skip
        yield _Line((*before, *cells), where)


def _by_treatment(run: LatestRun, found: ModeratorLine, lead: Row, index: int) -> Iterator[_Line]:
    """Yield the coefficients of each treatment of a network, and the test that one is enough."""
    if found.alike is not None:
        told = (found.alike.stat, found.alike.df, found.alike.ddf, found.alike.p)
        where = origin(run.key, "moderators", index, "alike")
        cells = (f"test of {found.alike.term}", *(None,) * EMPTY, *told, None, None)
        yield _Line((*lead, *cells), where)
    for place, line in enumerate(found.by_treatment):
        decimals = run.scale.slope_decimals(line.estimate, line.ci)
        where = origin(run.key, "moderators", index, "by_treatment", place)
        yield _Line((*lead, line.label, *_numbers(run, line, decimals)), where)


def _numbers(run: LatestRun, line: VariantLine, decimals: int | None = None) -> Row:
    return (
        line.k,
        run.value(line.estimate),
        run.shown(line.ci, decimals=decimals),
        *(back_cells(run.scale, line.estimate, line.ci) if decimals is None else (None,) * 3),
        line.tau2,
        *(None,) * 3,
        line.p,
        run.conclusion(line.conclusion),
        line.note,
    )


def _label(found: ModeratorLine, label: str) -> str:
    """Return a level or a term in words: ``slope on year``, ``country Japan``."""
    if found.kind == "subgroups":
        return value_in_words(found.moderator, label)
    return "intercept" if label == INTERCEPT else label


def _note(found: ModeratorLine) -> str | None:
    """Why there is no number; which trials have no value; what rests on few trials."""
    told = [found.note] if found.note else []
    return " ".join((*told, *found.beside)) or None
