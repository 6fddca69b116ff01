"""Random effects of groups: the variance of each, and the mean with robust errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import Row, said_once
from review.export.runs import LatestRun, directions
from review.export.tables.model import Column, Footnote, Kind, Table
from review.export.tracing.origins import origin
from review.living.reports.levels import model_sentence, term_words
from review.living.runs.levels import LevelsLine
from review.protocol.models import Review
from review.wording import counted

VARIANCES: Final = (
    Column("analysis", "Analysis"),
    Column("term", "Random effect of"),
    Column("groups", "Groups", Kind.INTEGER),
    Column("sigma2", "σ²", Kind.NUMBER, decimals=3),
    Column("i2", "I² (%)", Kind.NUMBER, decimals=1),
    Column("stat", "χ² without it", Kind.NUMBER),
    Column("p", "p", Kind.P_VALUE),
    Column("note", "Note"),
)

TESTED: Final = (
    "χ² without it: twice what the log-likelihood loses without the random effect, on one degree "
    "of freedom; p is cautious, as a variance cannot be below zero."
)


def levels_of(runs: Sequence[LatestRun]) -> Iterator[tuple[LatestRun, LevelsLine]]:
    """Yield the runs with random effects, and what they keep of them."""
    for run in runs:
        if run.results.levels is not None:
            yield run, run.results.levels


def levels_tables(
    session: Session, review: Review, runs: Sequence[LatestRun]
) -> Mapping[str, Table]:
    """Return the random effects of each such analysis, for print."""
    del session
    return {"random_effects": variances_table(review.title, runs)} if any(levels_of(runs)) else {}


def variances_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row a random effect."""
    rows: list[Row] = []
    origins = []
    for run, line in levels_of(runs):
        for index, one in enumerate(line.terms):
            rows.append(
                (
                    run.inputs.plan.title, term_words(one.term), one.groups, one.sigma2, one.i2,
                    one.stat, one.p, one.note,
                )
            )  # fmt: skip
            origins.append(origin(run.key, "levels", "terms", index))
    return Table(
        title=f"{title}: random effects",
        columns=VARIANCES,
        rows=said_once(rows, 1),
        footnotes=(
            *(Footnote(_told(run, line)) for run, line in levels_of(runs)),
            Footnote(TESTED),
            *directions([run for run, _ in levels_of(runs)]),
        ),
        origins=tuple(origins),
    )


def _told(run: LatestRun, line: LevelsLine) -> str:
    size = f"{counted(line.effects, 'result')} of {counted(line.trials, 'trial')}"
    robust = ""
    if line.robust is not None:
        limits = run.scale.interval(line.robust.ci)
        robust = f" With cluster-robust errors (CR2) the interval of the mean is {limits}."
    return f"{run.inputs.plan.title}: {size}. {model_sentence(line)}{robust}"
