"""Several outcomes taken together: each beside its own analysis, and their differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.columns import Row, said_once
from review.export.runs import LatestRun, directions
from review.export.tables.model import Cell, Column, Footnote, Kind, Table
from review.export.tracing.origins import origin
from review.living.reports.joint import equal_sentence, model_sentence, size_words
from review.living.runs.joint import JointLine, RobustLine
from review.protocol.models import Review

OUTCOMES: Final = (
    Column("analysis", "Analysis"),
    Column("label", "Outcome"),
    Column("k", "Trials", Kind.INTEGER),
    Column("estimate", "Together", Kind.NUMBER, beside="ci"),
    Column("ci", "CI", Kind.INTERVAL),
    Column("pi", "Prediction interval", Kind.INTERVAL),
    Column("tau2", "τ²", Kind.NUMBER, decimals=3),
    Column("robust_ci", "CI (robust)", Kind.INTERVAL),
    Column("alone", "Alone", Kind.NUMBER, beside="alone_ci"),
    Column("alone_ci", "CI (alone)", Kind.INTERVAL),
)

DIFFERENCES: Final = (
    Column("analysis", "Analysis"),
    Column("label", "Outcome"),
    Column("versus", "Minus"),
    Column("both", "Trials with both", Kind.INTEGER),
    Column("estimate", "Difference", Kind.NUMBER, beside="ci"),
    Column("ci", "CI", Kind.INTERVAL),
    Column("p", "p", Kind.P_VALUE),
    Column("robust_ci", "CI (robust)", Kind.INTERVAL),
    Column("robust_p", "p (robust)", Kind.P_VALUE),
)

ROBUST: Final = (
    "Robust: cluster-robust errors (CR2, a cluster a trial) with Satterthwaite's degrees of "
    "freedom; no p with fewer than four of them."
)


def joint_of(runs: Sequence[LatestRun]) -> Iterator[tuple[LatestRun, JointLine]]:
    """Yield the runs of several outcomes with what they keep of them."""
    for run in runs:
        if run.results.joint is not None:
            yield run, run.results.joint


def joint_tables(
    session: Session, review: Review, runs: Sequence[LatestRun]
) -> Mapping[str, Table]:
    """Return the outcomes of each such analysis, and their differences, for print."""
    del session
    if not any(joint_of(runs)):
        return {}
    return {
        "outcomes": outcomes_table(review.title, runs),
        "differences": differences_table(review.title, runs),
    }


def outcomes_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row an outcome: in the joint model, and alone."""
    rows: list[Row] = []
    origins = []
    for run, line in joint_of(runs):
        for index, one in enumerate(line.outcomes):
            rows.append(
                (
                    run.inputs.plan.title, one.label, one.k, run.value(one.estimate),
                    run.shown(one.ci), run.shown(one.pi), one.tau2, _robust(run, one.robust),
                    run.value(one.alone), run.shown(one.alone_ci),
                )
            )  # fmt: skip
            origins.append(origin(run.key, "joint", "outcomes", index))
    notes = tuple(
        Footnote(f"{run.inputs.plan.title}: {size_words(line)}. {model_sentence(line)}")
        for run, line in joint_of(runs)
    )
    return Table(
        title=f"{title}: outcomes taken together",
        columns=OUTCOMES,
        rows=said_once(rows, 1),
        footnotes=(*notes, Footnote(ROBUST), *directions([run for run, _ in joint_of(runs)])),
        origins=tuple(origins),
    )


def differences_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row a difference of an outcome from the one that its plan decides on."""
    rows: list[Row] = []
    origins = []
    for run, line in joint_of(runs):
        for index, one in enumerate(line.differences):
            rows.append(
                (
                    run.inputs.plan.title, one.label, one.versus, one.both,
                    run.value(one.estimate), run.shown(one.ci), one.p, _robust(run, one.robust),
                    None if one.robust is None else one.robust.p,
                )
            )  # fmt: skip
            origins.append(origin(run.key, "joint", "differences", index))
    notes = tuple(
        Footnote(f"{run.inputs.plan.title}: {equal_sentence(line)}")
        for run, line in joint_of(runs)
        if line.differences
    )
    return Table(
        title=f"{title}: differences of outcomes",
        columns=DIFFERENCES,
        rows=said_once(rows, 1),
        footnotes=(*notes, Footnote(ROBUST)),
        origins=tuple(origins),
    )


def _robust(run: LatestRun, line: RobustLine | None) -> Cell:
    return None if line is None else run.shown(line.ci)
