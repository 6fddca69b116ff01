"""Runs as tables for the manuscript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from review.export.table.model import Cell, Column, Footnote, Interval, Kind, Table
from review.export.tracing.origins import origin
from review.living.reports.changes import ChangeReport, compare, conclusion_word
from review.living.reports.notices import NO_NOTICES, Notices
from review.living.reports.noticing import notices_of
from review.living.runs import queries
from review.living.runs.contents import Interval as Limits
from review.living.runs.contents import PooledLine, Reading, RunInputs, RunResults, Snapshot
from review.living.runs.models import Run
from review.living.runs.scales import Scale, scale_of_run
from review.protocol.models import Review
from review.synthesis.noninferiority import Conclusion
from review.wording import lowered


@dataclass(frozen=True, slots=True)
class LatestRun:
    """The newest run of an analysis, and what changed since the one before."""

    analysis: str
    number: int
    inputs: RunInputs
    results: RunResults
    change: ChangeReport
    key: str
    before: Snapshot | None = None
    before_key: str | None = None
    """Of the run before it."""
    notices: Notices = NO_NOTICES
    """As things are when the export is made."""

    @property
    def scale(self) -> Scale:
        """What the numbers are called, and how people see them."""
        return scale_of_run(self.inputs)

    def shown(self, limits: Limits | None) -> Cell:
        """Return limits as people see them: of ratios as measured."""
        return interval_cell(None if limits is None else self.scale.pair(limits))

    def value(self, number: float | None) -> float | None:
        """Return a number as people see it: a ratio as measured."""
        return None if number is None else self.scale.value(number)

    def margin(self, reading: Reading) -> float | None:
        """Return a margin as people see it."""
        return None if reading.margin is None else self.scale.margin(reading.margin)

    def conclusion(self, conclusion: Conclusion | str | None) -> str | None:
        """Return what a conclusion is called, or that it is withheld."""
        if conclusion is None:
            return None
        return conclusion_word(
            self.inputs.plan.kind, Conclusion(conclusion), withheld=self.notices.withheld
        )


def latest_runs(session: Session, review: Review) -> list[LatestRun]:
    """Return the newest run of each analysis of a review with its change report."""
    noticed = notices_of(session, review)
    return [
        replace(_latest(session, review, run), notices=noticed[run.version.analysis.slug])
        for run in queries.newest_of_each(session, review)
    ]


def _latest(session: Session, review: Review, run: Run) -> LatestRun:
    """Return a run with its change report, held against the one before it."""
    analysis, after = run.version.analysis.slug, queries.snapshot_of(run)
    if run.number == 1:
        return LatestRun(analysis, 1, *after, compare(None, after), run.key)
    earlier = queries.run_numbered(session, review, analysis, run.number - 1)
    before = queries.snapshot_of(earlier)
    change = compare(before, after, engines=(earlier.software, run.software))
    return LatestRun(analysis, run.number, *after, change, run.key, before, earlier.key)


def model_words(line: PooledLine) -> str:
    """Return the model of a pooled line in a journal's words."""
    tests = {
        "z": "normal intervals",
        "t": "t intervals",
        "knha": "Hartung-Knapp intervals",
        "adhoc": "Hartung-Knapp intervals, variance factor at least 1",
    }
    if line.k == 1:
        return "one trial, its own normal interval"
    return f"{line.method}, {tests[line.test]}"


def level_words(runs: Sequence[LatestRun]) -> str:
    """Return ``95% `` before the word CI, or nothing where levels differ."""
    levels = {run.results.pooled.level for run in runs}
    return f"{levels.pop() * 100:g}% " if len(levels) == 1 else ""


def interval_cell(limits: tuple[float, float] | None) -> Interval | None:
    """Return limits as a table's cell; None stays empty."""
    return Interval(*limits) if limits is not None else None


def directions(runs: Sequence[LatestRun]) -> tuple[Footnote, ...]:
    """Return the sentence of each analysis that says which way is better."""
    sentences = dict.fromkeys(f"{run.inputs.plan.title}: {_direction(run)}" for run in runs)
    return tuple(Footnote(sentence) for sentence in sentences)


def noticed(runs: Sequence[LatestRun]) -> tuple[Footnote, ...]:
    """Return what a reader must know of each analysis: trials left out, open doubts and the like.

    The table of notices has them one by one.
    """
    return tuple(
        Footnote(f"{run.inputs.plan.title}: {run.notices.headline}.")
        for run in runs
        if run.notices.headline
    )


def _direction(run: LatestRun) -> str:
    said = run.scale.direction(run.inputs.plan)
    return said if run.scale.as_ratio else lowered(said)


def _pooled_columns(level: str, *, margins: bool) -> tuple[Column, ...]:
    reading = (
        Column("margin", "Margin", Kind.NUMBER),
        Column("p_noninferiority", "p (noninferiority)", Kind.P_VALUE),
    )
    return (
        Column("analysis", "Analysis"),
        Column("k", "k", Kind.INTEGER),
        Column("measure", "Measure"),
        Column("estimate", "Estimate", Kind.NUMBER),
        Column("ci", f"{level}CI", Kind.INTERVAL),
        Column("z_ci", f"{level}CI (z)", Kind.INTERVAL),
        Column("pi", "Prediction interval", Kind.INTERVAL),
        Column("p", "p", Kind.P_VALUE),
        Column("tau2", "τ²", Kind.NUMBER, decimals=3),
        Column("I2", "I²", Kind.PERCENT, decimals=1),
        *(reading if margins else ()),
        Column("conclusion", "Conclusion"),
    )


def pooled_table(title: str, runs: Sequence[LatestRun]) -> Table:
    """Return one row an analysis and margin; the estimate stands in the first row of each."""
    margins = any(run.inputs.plan.margins for run in runs)
    rows = tuple(
        _pooled_row(run, reading, first=index == 0, margins=margins)
        for run in runs
        for index, reading in enumerate(run.results.readings)
    )
    models = dict.fromkeys(model_words(run.results.pooled) for run in runs)
    words = [f"Model: {'; '.join(models) or 'none'}. CI (z) is the normal interval of that model."]
    if margins:
        words.append("p (noninferiority) is one-sided.")
    return Table(
        title=f"{title}: pooled estimates",
        columns=_pooled_columns(level_words(runs), margins=margins),
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


def _pooled_row(
    run: LatestRun, reading: Reading, *, first: bool, margins: bool
) -> tuple[Cell, ...]:
    line = run.results.pooled
    scale = run.scale
    numbers: tuple[Cell, ...] = (
        line.k,
        scale.shown,
        scale.value(line.estimate),
        run.shown(line.ci),
        run.shown(line.z_ci),
        run.shown(line.pi),
        line.p,
        line.tau2,
        line.I2,
    )
    against: tuple[Cell, ...] = (run.margin(reading), reading.noninferiority_p) if margins else ()
    return (
        run.inputs.plan.title,
        *(numbers if first else (None for _ in numbers)),
        *against,
        run.conclusion(reading.conclusion),
    )


RESULT_COLUMNS = (
    Column("study", "Study"),
    Column("year", "Year", Kind.INTEGER),
    Column("instrument", "Instrument"),
    Column("n_intervention", "n intervention", Kind.INTEGER),
    Column("n_comparator", "n comparator", Kind.INTEGER),
    Column("yi", "Effect", Kind.NUMBER),
    Column("vi", "Variance", Kind.NUMBER, decimals=4),
    Column("ci", "CI", Kind.INTERVAL),
    Column("weight", "Weight", Kind.PERCENT, decimals=1),
)


def results_table(run: LatestRun) -> Table:
    """Return one row a trial of an analysis."""
    plan = run.inputs.plan
    rows = tuple(
        (
            trial.study,
            trial.year,
            trial.instrument.upper(),
            effect.n_intervention,
            effect.n_comparator,
            run.value(effect.yi),
            effect.vi,
            run.shown(effect.ci),
            effect.weight,
        )
        for trial, effect in zip(run.inputs.trials, run.results.effects, strict=True)
    )
    sides = f"Intervention: {plan.intervention.label}; comparator: {plan.comparator.label}."
    variances = " Variances are of the logarithms." if run.scale.as_ratio else ""
    recipes = "; ".join(dict.fromkeys(effect.recipe for effect in run.results.effects))
    return Table(
        title=f"{plan.title}: study results",
        columns=RESULT_COLUMNS,
        rows=rows,
        footnotes=(
            Footnote(f"{run.scale.direction(plan)} {sides}{variances}"),
            Footnote(f"Effects: {recipes}."),
        ),
        origins=tuple(origin(run.key, "effects", i) for i in range(len(rows))),
    )
