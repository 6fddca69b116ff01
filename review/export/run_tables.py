"""Runs as tables for the manuscript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.export.tables import Cell, Column, Footnote, Interval, Kind, Table
from review.living import queries
from review.living.changes import ChangeReport, compare
from review.living.snapshot import Numbers, Reading, RunInputs, RunResults
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class LatestRun:
    """The newest run of an analysis, and what changed since the one before."""

    analysis: str
    number: int
    inputs: RunInputs
    results: RunResults
    change: ChangeReport


def latest_runs(session: Session, review: Review) -> list[LatestRun]:
    """Return the newest run of each analysis of a review with its change report."""
    latest = []
    for run in queries.newest_of_each(session, review):
        analysis = run.version.analysis.slug
        after = queries.snapshot_of(run)
        before = (
            queries.snapshot_of(queries.run_numbered(session, review, analysis, run.number - 1))
            if run.number > 1
            else None
        )
        latest.append(LatestRun(analysis, run.number, *after, compare(before, after)))
    return latest


def tables_of(title: str, runs: Sequence[LatestRun]) -> dict[str, Table]:
    """Return the tables of a review by file name: pooled estimates, study results, changes."""
    return {
        "pooled_estimates": pooled_table(title, runs),
        "study_results": results_table(title, runs),
        "changes": changes_table(title, runs),
    }


def _interval(limits: tuple[float, float] | None) -> Interval | None:
    return Interval(*limits) if limits is not None else None


def _directions(runs: Sequence[LatestRun]) -> tuple[Footnote, ...]:
    sentences = dict.fromkeys(f"{run.inputs.plan.title}: {_direction(run)}" for run in runs)
    return tuple(Footnote(sentence) for sentence in sentences)


def _direction(run: LatestRun) -> str:
    sentence = run.inputs.plan.direction
    return sentence[0].lower() + sentence[1:]


POOLED_COLUMNS = (
    Column("analysis", "Analysis"),
    Column("k", "k", Kind.INTEGER),
    Column("measure", "Measure"),
    Column("estimate", "Estimate", Kind.NUMBER),
    Column("ci", "CI", Kind.INTERVAL),
    Column("z_ci", "CI (z)", Kind.INTERVAL),
    Column("pi", "Prediction interval", Kind.INTERVAL),
    Column("p", "p", Kind.P_VALUE),
    Column("tau2", "τ²", Kind.NUMBER, decimals=3),
    Column("I2", "I²", Kind.PERCENT, decimals=1),
    Column("margin", "Margin", Kind.NUMBER),
    Column("p_noninferiority", "p (noninferiority)", Kind.P_VALUE),
    Column("conclusion", "Conclusion"),
)


def pooled_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row an analysis and margin."""
    rows = [
        _pooled_row(run, reading, first=index == 0)
        for run in runs
        for index, reading in enumerate(run.results.readings)
    ]
    models = dict.fromkeys(
        f"{plan.method} with test {plan.test}, level {plan.level:g}"
        for plan in (run.inputs.plan for run in runs)
    )
    return Table(
        title=f"{title}: pooled estimates",
        columns=POOLED_COLUMNS,
        rows=tuple(rows),
        footnotes=(
            Footnote(
                f"Model: {'; '.join(models) or 'none'}. adhoc is Hartung-Knapp with the variance "
                "factor floored at 1; CI (z) is the normal interval of the same model. "
                "p (noninferiority) is one-sided."
            ),
            *_directions(runs),
        ),
    )


def _pooled_row(run: LatestRun, reading: Reading, *, first: bool) -> tuple[Cell, ...]:
    line = run.results.pooled
    head: tuple[Cell, ...] = (
        run.inputs.plan.title,
        line.k,
        line.measure,
        line.estimate,
        _interval(line.ci),
        _interval(line.z_ci),
        _interval(line.pi),
        line.p,
        line.tau2,
        line.I2,
    )
    if not first:
        head = (run.inputs.plan.title, *(None for _ in head[1:]))
    return (*head, reading.margin, reading.noninferiority_p, reading.conclusion.value)


RESULT_COLUMNS = (
    Column("analysis", "Analysis"),
    Column("study", "Study"),
    Column("year", "Year", Kind.INTEGER),
    Column("instrument", "Instrument"),
    Column("intervention", "Intervention arms"),
    Column("n_intervention", "n", Kind.INTEGER),
    Column("comparator", "Comparator arms"),
    Column("n_comparator", "n", Kind.INTEGER),
    Column("yi", "Effect", Kind.NUMBER),
    Column("ci", "CI", Kind.INTERVAL),
    Column("vi", "Variance", Kind.NUMBER, decimals=4),
    Column("weight", "Weight", Kind.PERCENT, decimals=1),
    Column("recipe", "Computed from"),
)


def results_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row an analysis and trial: what was reported, and the effect made of it."""
    rows = []
    for run in runs:
        for trial, effect in zip(run.inputs.trials, run.results.effects, strict=True):
            contrast = (trial.contrast,) if trial.contrast else ()
            rows.append(
                (
                    run.inputs.plan.title,
                    trial.study,
                    trial.year,
                    trial.instrument,
                    "; ".join(_reported(a.arm, a.numbers) for a in trial.intervention or contrast),
                    effect.n_intervention,
                    "; ".join(_reported(a.arm, a.numbers) for a in trial.comparator),
                    effect.n_comparator,
                    effect.yi,
                    Interval(*effect.ci),
                    effect.vi,
                    effect.weight,
                    effect.recipe,
                )
            )
    return Table(
        title=f"{title}: study results",
        columns=RESULT_COLUMNS,
        rows=tuple(rows),
        footnotes=_directions(runs),
    )


def _reported(arm: str, numbers: Numbers) -> str:
    given = {name: value for name, value in numbers.model_dump().items() if value is not None}
    return f"{arm} ({', '.join(f'{name} {value:g}' for name, value in given.items())})"


CHANGE_COLUMNS = (
    Column("analysis", "Analysis"),
    Column("what", "What"),
    Column("before", "Before"),
    Column("after", "After"),
)


def changes_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return what moved in the newest run of each analysis, and why."""
    rows: list[tuple[Cell, ...]] = []
    for run in runs:
        name = run.inputs.plan.title
        change = run.change
        rows.append((name, "run", str(run.number - 1) if run.number > 1 else None, str(run.number)))
        rows += [(name, what, old, new) for what, old, new in _line_changes(change)]
        rows += [
            (
                name,
                "conclusion" if r.margin is None else f"conclusion, margin {r.margin:.2f}",
                r.before.conclusion.value if r.before else None,
                r.after.conclusion.value if r.after else None,
            )
            for r in change.readings
        ]
        if change.before is not None:
            rows += [(name, "trial added", None, study) for study in change.added]
        rows += [(name, f"trial removed ({r.reason})", r.study, None) for r in change.removed]
        rows += [
            (name, f"{c.where}: {c.what}", c.old, c.new)
            for c in (*change.corrected, *change.plan_changes)
        ]
    return Table(
        title=f"{title}: change since the last run",
        columns=CHANGE_COLUMNS,
        rows=tuple(rows),
        footnotes=tuple(Footnote(f"{r.inputs.plan.title}: {r.change.sentence}") for r in runs),
    )


def _line_changes(change: ChangeReport) -> list[tuple[str, str | None, str]]:
    was, now = change.before, change.after
    return [
        (what, show(was) if was is not None else None, show(now))
        for what, show in (
            ("k", lambda line: str(line.k)),
            ("estimate", lambda line: f"{line.estimate:.2f}"),
            ("interval", lambda line: _limits(line.ci)),
            ("interval (z)", lambda line: _limits(line.z_ci)),
            ("prediction interval", lambda line: _limits(line.pi)),
            ("tau²", lambda line: f"{line.tau2:.3f}"),
            ("I²", lambda line: f"{line.I2:.1f}%"),
        )
    ]


def _limits(limits: tuple[float, float] | None) -> str:
    return "" if limits is None else f"[{limits[0]:.2f}, {limits[1]:.2f}]"
