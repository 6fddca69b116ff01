"""What is new since readers last saw the results: classes, trials, searches (PRISMA-LSR)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.models import Batch, Record
from review.citations.queries import searches
from review.citations.vocabulary import NoticeKind
from review.export.runs import LatestRun
from review.export.tables.model import Cell, Column, Footnote, Table
from review.export.tracing.origins import change_origin
from review.extraction.linking.warnings import studies_warned
from review.extraction.models import Study
from review.figures.numbers import with_minus
from review.history.models import Event
from review.living.runs.results import PooledLine
from review.living.runs.scales import EffectScale
from review.protocol.models import Review
from review.wording import by_name, counted

COLUMNS: Final = (
    Column("what", "Change"),
    Column("of", "Analysis or trial"),
    Column("before", "Before", traced=True),
    Column("after", "Now", traced=True),
    Column("analyses", "Analyses"),
)

EARLIER: Final = "earlier results"
"""What analyses are held against that readers saw in different states."""

MOST_NAMED: Final = 12
"""Trials that a row names; the data have a row each."""

Line = tuple[tuple[Cell, ...], str | None]
"""A row, and the analysis whose numbers it tells."""

WITHDRAWN: Final = (NoticeKind.RETRACTED, NoticeKind.PARTLY_RETRACTED, NoticeKind.CONCERN)


@dataclass(frozen=True, slots=True)
class AnalysisSince:
    """An analysis before and now, with its class; `flipped` says whether the class changed."""

    run: LatestRun
    before: str
    now: str
    was: str | None
    conclusion: str | None

    @property
    def title(self) -> str:
        """The analysis."""
        return self.run.inputs.plan.title

    @property
    def flipped(self) -> bool:
        """Whether the conclusion changed."""
        return self.was != self.conclusion


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to a trial, and in which analyses; in none where only its name changed."""

    study: str
    detail: str = ""
    """Its reason, what was corrected, or its new name."""
    analyses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """All that is new since readers last saw the results."""

    since: str
    """``version 1.0 of 2026-03-01``, or `EARLIER`."""
    moved: tuple[AnalysisSince, ...]
    """Analyses whose results are not those that readers saw, flipped classes first."""
    first: tuple[str, ...]
    """Titles of analyses that readers have not seen."""
    added: tuple[Happened, ...]
    removed: tuple[Happened, ...]
    renamed: tuple[Happened, ...]
    corrected: tuple[Happened, ...]
    retracted: tuple[Happened, ...]
    replanned: tuple[str, ...]
    """Titles of analyses whose plan changed."""
    searches: tuple[tuple[str, str], ...]
    """Sources searched since, each with its last day."""

    @property
    def flipped(self) -> tuple[AnalysisSince, ...]:
        """Analyses whose conclusion changed."""
        return tuple(item for item in self.moved if item.flipped)

    @property
    def trials(self) -> tuple[tuple[str, tuple[Happened, ...]], ...]:
        """What happened to trials, by its word."""
        return (
            ("added", self.added), ("removed", self.removed), ("renamed", self.renamed),
            ("corrected", self.corrected), ("retracted or under concern", self.retracted),
        )  # fmt: skip

    @property
    def anything(self) -> bool:
        """Whether anything is new."""
        told = (self.moved, self.first, self.searches, *(items for _, items in self.trials))
        return any(told)


def since_readers_saw(session: Session, review: Review, runs: Sequence[LatestRun]) -> Since | None:
    """Return what is new in the newest runs; None where readers have seen nothing before."""
    held = [run for run in runs if run.before is not None]
    if not held:
        return None
    known = {run.since for run in held}
    begun = min(run.before_at for run in held if run.before_at is not None)
    moved = [_moved(run) for run in held if not run.unchanged]
    return Since(
        since=known.pop() if len(known) == 1 else EARLIER,
        moved=tuple(sorted(moved, key=lambda item: not item.flipped)),
        first=tuple(run.inputs.plan.title for run in runs if run.before is None),
        added=_gathered(
            (run, name, "") for run in held for name in dict.fromkeys(run.change.added)
        ),
        removed=_gathered(
            (run, item.study, item.reason) for run in held for item in run.change.removed
        ),
        renamed=_renamed(session, review, held),
        corrected=_gathered(_corrections(held)),
        retracted=_retracted(session, review, held, begun),
        replanned=tuple(run.inputs.plan.title for run in held if run.change.plan_changes),
        searches=_searched(session, review, begun),
    )


def since_table(session: Session, review: Review, runs: Sequence[LatestRun]) -> Table:
    """Return what is new for print, changed conclusions first, trials of one kind in one row."""
    return _table(review, since_readers_saw(session, review, runs), together=True)


def since_data(session: Session, review: Review, runs: Sequence[LatestRun]) -> Table:
    """Return the same with a row a trial."""
    return _table(review, since_readers_saw(session, review, runs), together=False)


def _table(review: Review, found: Since | None, *, together: bool) -> Table:
    if found is None or not found.anything:
        return Table(f"{review.title}: what is new", COLUMNS, ())
    lines = list(_lines(found))
    lines = _together(lines) if together else lines
    runs = {item.title: item.run for item in found.moved}
    return Table(
        f"{review.title}: what is new since {found.since}",
        COLUMNS,
        tuple(row for row, _ in lines),
        footnotes=tuple(_notes(found)),
        origins=tuple(
            None
            if title is None
            else change_origin(runs[title].key, runs[title].before_number, "pooled")
            for _, title in lines
        ),
    )


def _together(lines: Sequence[Line]) -> list[Line]:
    """Return lines with trials that share all but their name in one, the first of them named."""
    rows: dict[tuple[Cell, ...], list[str]] = {}
    made: list[Line] = []
    for (what, of, before, after, analyses), title in lines:
        shared = (what, before, after, analyses)
        if not str(what).startswith("trial ") or before is not None:
            made.append(((what, of, before, after, analyses), title))
        elif shared in rows:
            rows[shared].append(str(of))
        else:
            rows[shared] = [str(of)]
            made.append((shared, None))
    return [
        (line, title) if line not in rows else (_named(line, rows[line]), None)
        for line, title in made
    ]


def _named(shared: tuple[Cell, ...], studies: Sequence[str]) -> tuple[Cell, ...]:
    what, before, after, analyses = shared
    more = len(studies) - MOST_NAMED
    named = "; ".join(studies[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    word = str(what).removeprefix("trial ")
    return (f"{counted(len(studies), 'trial')} {word}", named, before, after, analyses)


def _lines(found: Since) -> Iterator[Line]:
    """Yield rows, each with the analysis whose numbers it tells."""
    for item in found.flipped:
        yield ("conclusion changed", item.title, item.was, item.conclusion, None), None
    for item in found.moved:
        yield ("pooled result", item.title, item.before, item.now, None), item.title
    for title in found.first:
        yield ("analysis added", title, None, None, None), None
    many = {len(found.moved) + len(found.first)}
    for word, items in found.trials:
        for one in items:
            was, now = {
                "renamed": (one.study, one.detail),
                "corrected": (None, one.detail),
            }.get(word, (None, one.detail or None))
            shown = "all" if {len(one.analyses)} == many else "; ".join(one.analyses)
            yield (f"trial {word}", one.study, was, now, shown or None), None
    for title in found.replanned:
        yield ("plan changed", title, None, None, None), None
    for source, day in found.searches:
        yield ("searched", source, None, day, None), None


def _notes(found: Since) -> Iterator[Footnote]:
    if found.renamed:
        yield Footnote("A trial that was renamed is one trial.")
    if found.moved:
        yield Footnote(
            "The table of changes has each value before and after, every trial, and what share of "
            "a change each event has."
        )
    if found.since == EARLIER:
        of_each = "; ".join(f"{item.title}: {item.run.since}" for item in found.moved)
        yield Footnote(f"Results are held against those that readers saw last. {of_each}.")


def _moved(run: LatestRun) -> AnalysisSince:
    assert run.before is not None
    before, now = run.before[1], run.results
    old, new = run.change.scales
    withheld = run.notices.withheld
    return AnalysisSince(
        run,
        _told(before.pooled, old),
        _told(now.pooled, new),
        None if withheld else run.conclusion(before.headline.conclusion),
        None if withheld else run.conclusion(now.headline.conclusion),
    )


def _told(line: PooledLine, scale: EffectScale) -> str:
    return with_minus(
        f"{scale.text(line.estimate, line.ci)}, {counted(line.k, scale.counts.rstrip('s'))}"
    )


def _gathered(items: Iterable[tuple[LatestRun, str, str]]) -> tuple[Happened, ...]:
    """Return what happened once a trial, with the analyses that it happened in."""
    titles: dict[str, list[str]] = {}
    details: dict[str, list[str]] = {}
    for run, study, detail in items:
        titles.setdefault(study, []).append(run.inputs.plan.title)
        details.setdefault(study, []).append(detail)
    return tuple(
        Happened(study, "; ".join(dict.fromkeys(details[study])), tuple(dict.fromkeys(of)))
        for study, of in sorted(titles.items(), key=lambda item: by_name(item[0]))
    )


def _corrections(runs: Iterable[LatestRun]) -> Iterator[tuple[LatestRun, str, str]]:
    for run in runs:
        by_trial: dict[str, list[str]] = {}
        for value in run.change.corrected:
            by_trial.setdefault(value.where, []).append(with_minus(value.words))
        for study, values in by_trial.items():
            yield run, study, "; ".join(values)


def _names_now(session: Session, review: Review) -> dict[int, str]:
    rows = session.execute(sa.select(Study.id, Study.label).where(Study.review_id == review.id))
    return {row[0]: row[1] for row in rows}


def _renamed(session: Session, review: Review, runs: Iterable[LatestRun]) -> tuple[Happened, ...]:
    """Return trials that entered before under another name; a name moves no number."""
    now = _names_now(session, review)
    before = {
        trial.study_id: trial.study
        for run in runs
        for trial in (run.before[0].trials if run.before is not None else ())
    }
    return tuple(
        Happened(name, now[study])
        for study, name in before.items()
        if study in now and now[study] != name
    )


def _retracted(
    session: Session, review: Review, runs: Iterable[LatestRun], begun: datetime
) -> tuple[Happened, ...]:
    """Return trials that entered, of which a record that came since says so."""
    entered = {t.study_id: t.study for run in runs for t in run.inputs.trials}
    for run in runs:
        entered |= {t.study_id: t.study for t in (run.before[0].trials if run.before else ())}
    warned = studies_warned(session, review)
    if not entered.keys() & warned.keys():
        return ()
    rows = session.execute(
        sa.select(Record.id, Event.at)
        .join(Batch, Record.batch_id == Batch.id)
        .join(Event, sa.and_(Event.entity == Batch.__tablename__, Event.entity_id == Batch.id))
        .where(Record.review_id == review.id, Event.action == "insert")
    )
    came = {row[0]: row[1] for row in rows}
    found = {
        study: item.kind.value
        for study, items in warned.items()
        for item in items
        if study in entered and item.kind in WITHDRAWN and came[item.record] > begun
    }
    return tuple(Happened(entered[study], kind) for study, kind in found.items())


def _searched(session: Session, review: Review, begun: datetime) -> tuple[tuple[str, str], ...]:
    day = f"{begun:%Y-%m-%d}"
    found: dict[str, str] = {}
    for search in searches(session, review):
        if search.ran_on > day:
            found[search.source] = max(search.ran_on, found.get(search.source, ""))
    return tuple(found.items())
