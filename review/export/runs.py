"""The newest run of each analysis, and the words that tables and figures share about runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from review.export.tables.model import Cell, Footnote, Interval
from review.living.reports.changes import ChangeReport, compare, conclusion_word
from review.living.reports.notices import NO_NOTICES, Notices
from review.living.reports.noticing import notices_of
from review.living.runs import queries
from review.living.runs.contents import RunInputs
from review.living.runs.models import Run
from review.living.runs.results import Interval as Limits
from review.living.runs.results import MarginReading, PooledLine, RunResults, Snapshot
from review.living.runs.scales import EffectScale, scale_of_run
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
    def scale(self) -> EffectScale:
        """What the numbers are called, and how people see them."""
        return scale_of_run(self.inputs)

    def shown(self, limits: Limits | None) -> Cell:
        """Return limits as people see them: of ratios as measured."""
        return interval_cell(None if limits is None else self.scale.pair(limits))

    def value(self, number: float | None) -> float | None:
        """Return a number as people see it: a ratio as measured."""
        return None if number is None else self.scale.value(number)

    def margin(self, reading: MarginReading) -> float | None:
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


def latest_run(session: Session, review: Review, analysis: str) -> LatestRun:
    """Return the newest run of one analysis with its change report; raise NotFoundError."""
    run = queries.run_numbered(session, review, analysis, None)
    return replace(
        _latest(session, review, run), notices=notices_of(session, review, [analysis])[analysis]
    )


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
