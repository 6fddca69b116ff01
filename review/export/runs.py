"""The newest run of each analysis, and the words that tables and figures share about runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from review.canonical import decimals_for
from review.citations.queries import searches
from review.export.tables.model import Cell, Column, EffectInterval, Footnote, Interval, Kind
from review.living.releases.releases import releases
from review.living.reports.changes import ChangeReport, compare
from review.living.reports.notices import NO_NOTICES, Notices
from review.living.reports.noticing import notices_of
from review.living.reports.sentence import conclusion_word
from review.living.runs import queries
from review.living.runs.contents import RunInputs
from review.living.runs.models import Release, Run
from review.living.runs.results import Interval as Limits
from review.living.runs.results import MarginReading, PooledLine, RunResults, Snapshot
from review.living.runs.scales import EffectScale, scale_of_run
from review.protocol.models import Review
from review.synthesis.noninferiority import Conclusion
from review.wording import lowered


@dataclass(frozen=True, slots=True)
class LatestRun:
    """The newest run of an analysis, and what changed since readers last saw it."""

    analysis: str
    number: int
    inputs: RunInputs
    results: RunResults
    change: ChangeReport
    key: str
    before: Snapshot | None = None
    before_key: str | None = None
    """Of the run that it is held against."""
    before_number: int | None = None
    before_at: datetime | None = None
    """When readers saw it: the day of the release, else of that run."""
    since: str = "the run before"
    """What it is held against, in words: ``version 1.1 of 2026-03-01``."""
    notices: Notices = NO_NOTICES
    """As things are when the export is made."""

    @property
    def scale(self) -> EffectScale:
        """What the numbers are called, and how people see them."""
        return scale_of_run(self.inputs)

    @property
    def unchanged(self) -> bool:
        """Whether it is the very run that readers saw."""
        return self.before_number == self.number

    def shown(self, limits: Limits | None, *, decimals: int | None = None) -> Cell:
        """Return limits as people see them, of ratios as measured, with the decimals they need."""
        return effect_cell(self.scale, limits, decimals=decimals)

    def value(self, number: float | None) -> float | None:
        """Return a number as people see it: a ratio as measured."""
        return None if number is None else self.scale.value(number)

    def margin(self, reading: MarginReading) -> float | None:
        """Return a margin as people see it."""
        return None if reading.margin is None else self.scale.margin(reading.margin)

    def against(self, treatment: str) -> str:
        """Return what a treatment of a network is held against, in words."""
        return f"{treatment} against {self.inputs.plan.comparator.label}"

    def conclusion(self, conclusion: Conclusion | str | None) -> str | None:
        """Return what a conclusion is called, or that it is withheld."""
        if conclusion is None:
            return None
        return conclusion_word(
            self.inputs.plan.kind, Conclusion(conclusion), withheld=self.notices.withheld
        )


def latest_runs(session: Session, review: Review) -> list[LatestRun]:
    """Return the newest run of each analysis of a review with what changed since readers saw it."""
    noticed = notices_of(session, review)
    runs = queries.newest_of_each(session, review)
    published = _published(session, review, runs)
    return [
        replace(
            _latest(session, review, run, published), notices=noticed[run.version.analysis.slug]
        )
        for run in runs
    ]


def latest_run(session: Session, review: Review, analysis: str) -> LatestRun:
    """Return the newest run of one analysis, as `latest_runs` does; raise NotFoundError."""
    run = queries.run_numbered(session, review, analysis, None)
    published = _published(session, review, queries.newest_of_each(session, review))
    noticed = notices_of(session, review, [analysis])[analysis]
    return replace(_latest(session, review, run, published), notices=noticed)


def version_now(session: Session, review: Review) -> str | None:
    """Return the release that the review is as it stands; None where something came after it."""
    made = releases(session, review)
    runs = queries.newest_of_each(session, review)
    return made[-1].version if made and _is_of(session, review, runs, made[-1]) else None


def _is_of(session: Session, review: Review, runs: Sequence[Run], release: Release) -> bool:
    """Whether a release gave out these runs, and no other, and nothing was searched since."""
    given = {analysis: facts["key"] for analysis, facts in release.manifest["runs"].items()}
    searched = max((search.ran_on for search in searches(session, review)), default="")
    same = given == {run.version.analysis.slug: run.key for run in runs}
    return same and searched <= f"{release.created:%Y-%m-%d}"


def _published(session: Session, review: Review, runs: Sequence[Run]) -> Release | None:
    """Return the last release before the newest runs: what readers have seen."""
    made = releases(session, review)
    if made and _is_of(session, review, runs, made[-1]):
        made = made[:-1]
    return made[-1] if made else None


def _latest(session: Session, review: Review, run: Run, published: Release | None) -> LatestRun:
    """Return a run held against that of the last release, or else against older data."""
    analysis, after = run.version.analysis.slug, queries.snapshot_of(run)
    first = LatestRun(analysis, run.number, *after, compare(None, after), run.key)
    if published is not None:
        if analysis not in published.manifest["runs"]:
            return first
        number = published.manifest["runs"][analysis]["number"]
        earlier = queries.run_numbered(session, review, analysis, number)
        before = queries.snapshot_of(earlier)
        since, at = (
            f"version {published.version} of {published.created:%Y-%m-%d}",
            published.created,
        )
    else:
        found = _of_older_data(session, review, run, after)
        if found is None:
            return first
        earlier, before = found
        since, at = (
            f"the results of {earlier.created:%Y-%m-%d} (run {earlier.number})",
            earlier.created,
        )
    change = compare(before, after, engines=(earlier.software, run.software))
    return replace(
        first, change=change, before=before, before_key=earlier.key,
        before_number=earlier.number, before_at=at, since=since,
    )  # fmt: skip


def _of_older_data(
    session: Session, review: Review, run: Run, after: Snapshot
) -> tuple[Run, Snapshot] | None:
    """Return the last run before the data changed: runs for a new plan alone are passed over.

    Where nothing but plans ever changed it is the run before; None of a first run.
    """
    before, later = None, after
    for number in range(run.number - 1, 0, -1):
        earlier = queries.run_numbered(session, review, run.version.analysis.slug, number)
        found = earlier, queries.snapshot_of(earlier)
        before = before or found
        change = compare(found[1], later)
        if change.added or change.removed or change.corrected:
            return found
        later = found[1]
    return before


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


def effect_cell(
    scale: EffectScale, limits: Limits | None, *, decimals: int | None = None
) -> EffectInterval | None:
    """Return limits on the scale of an effect as a cell, with these decimals or those they need."""
    if limits is None:
        return None
    decimals = scale.decimals(limits) if decimals is None else decimals
    return EffectInterval(*scale.pair(limits), decimals)


def back_cells(
    scale: EffectScale, estimate: float | None, limits: Limits | None
) -> tuple[Cell, Cell, Cell]:
    """Return the cells of `BACK`: an estimate and its limits transformed back, and to what."""
    ends = scale.back(limits)
    if estimate is None or ends is None or scale.natural is None:
        return None, None, None
    told = EffectInterval(*ends, decimals_for(ends))
    return scale.read_as, scale.natural.back(estimate), told


BACK: Final = (
    Column("read_as", "Read as"),
    Column("back", "Transformed back", Kind.NUMBER, beside="back_ci"),
    Column("back_ci", "CI, transformed back", Kind.INTERVAL),
)
"""Columns beside estimates on a scale that nobody reads: Fisher's z, logits, roots of rates."""


def without_back(
    columns: Sequence[Column], rows: Sequence[tuple[Cell, ...]]
) -> tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]:
    """Return columns and rows without those of `BACK` where no row has a number in them."""
    first = next(i for i, column in enumerate(columns) if column.key == BACK[0].key)
    last = first + len(BACK)
    if any(cell is not None for row in rows for cell in row[first:last]):
        return tuple(columns), tuple(rows)
    kept = (*columns[:first], *columns[last:])
    return kept, tuple((*row[:first], *row[last:]) for row in rows)


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
