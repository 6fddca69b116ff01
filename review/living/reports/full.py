"""Change reports of stored runs: two runs of an analysis, and how one came from the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.appraisal.certainty import Rated, ratings
from review.history.models import Event
from review.living.estimates.zero_cells import zero_cell_lines
from review.living.reports.acts import acts_between
from review.living.reports.attribution import Explanation, Pair, explain
from review.living.reports.brief import brief, what_moved
from review.living.reports.changes import ChangeReport, compare
from review.living.reports.classes import StripLine, strip
from review.living.reports.forecast import Firmness, Outlook, outlook_of
from review.living.reports.moderated import moderator_sections
from review.living.reports.notices import Notices
from review.living.reports.noticing import notices_of
from review.living.reports.once import firmness_kept, firmness_of_run, past_runs
from review.living.reports.pages import Section
from review.living.reports.posterior import Posterior, posterior_of
from review.living.reports.repeated_looks import Panel, panel, panel_change_section, panel_sections
from review.living.reports.retirement import Readiness, certainty_text, readiness
from review.living.reports.sections import (
    readiness_section,
    strip_section,
    tell,
    tell_firmness,
    variant_section,
)
from review.living.reports.whole_forecast import whole_outlook
from review.living.runs import queries
from review.living.runs.models import Run
from review.living.runs.numbers import numbers_of
from review.living.runs.past import PastRun
from review.living.runs.results import Snapshot
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class RunStamp:
    """Which run it is, and what it was made from."""

    number: int
    created: datetime
    plan_version: int
    plan_frozen: datetime
    plan_sha256: str
    inputs_sha256: str


@dataclass(frozen=True, slots=True)
class Work:
    """Changes that one person made to the review between two runs, for one reason."""

    actor: str
    reason: str | None
    changes: int
    last: datetime


@dataclass(frozen=True, slots=True)
class FullReport:
    """Everything there is to say about how one run came from another; pairs are before, after."""

    review: str
    analysis: str
    runs: tuple[RunStamp | None, RunStamp]
    work: tuple[Work, ...]
    report: ChangeReport
    explanation: Explanation
    standings: tuple[Posterior | None, Posterior]
    certainty: tuple[Rated | None, Rated | None]
    """GRADE as it had been rated by the time of each run."""
    strip: tuple[StripLine, ...]
    panels: tuple[Panel | None, Panel | None]
    panel_signals: tuple[str, ...]
    """What moved in the panel for repeated looks."""
    readiness: Readiness
    notices: Notices
    """As things are now, whichever runs are compared."""
    sections: tuple[Section, ...]
    brief: tuple[Section, ...] = ()
    """The same in half a page."""

    @property
    def rest(self) -> tuple[Section, ...]:
        """The sections of the whole that half a page does not have."""
        known = {section.heading for section in self.brief} - {"Before and after", "Who moved it"}
        return tuple(section for section in self.sections if section.heading not in known)

    @property
    def panel(self) -> Panel | None:
        """The panel for repeated looks after the newer run."""
        return self.panels[1]

    @property
    def title(self) -> str:
        """What the report is called."""
        before, after = self.runs
        which = f"run {before.number} to run {after.number}" if before else f"run {after.number}"
        return f"{self.review} / {self.analysis}: {which}"


def full_report(
    session: Session,
    review: Review,
    analysis: str,
    before: int | None,
    after: int | None,
    *,
    outlook: bool = True,
    newest: bool = False,
    notices: Notices | None = None,
    contents: Callable[[Run], Snapshot] = queries.snapshot_of,
) -> FullReport:
    """Return the change report of two runs of an analysis.

    Parameters
    ----------
    before : int or None
        None for a report of the run alone.
    after : int or None
        None for the newest run.
    newest : bool
        Of the two newest runs; of the only one alone.
    notices : Notices or None
        What is true of the analysis now, where it has been read already.
    contents
        Reads a run; who reads many of them keeps them in memory.

    Raises
    ------
    NotFoundError
        If there is no such analysis or run.

    References
    ----------
    Living updating, section 3.6.
    """
    new = queries.run_numbered(session, review, analysis, after)
    if newest:
        before = new.number - 1 or None
    old = queries.run_numbered(session, review, analysis, before) if before is not None else None
    was, now = contents(old) if old else None, contents(new)
    past = past_runs(session, review, analysis)
    report = compare(was, now, engines=(old.software, new.software) if old else None)
    if old is not None and was is not None:
        report = replace(
            report,
            because=acts_between(
                session,
                review.slug,
                since=old.history_seq,
                until=new.history_seq,
                inputs=(was[0], now[0]),
            ),
        )
    explanation = explain(
        was,
        now,
        outlook=outlook,
        batches=_batches(past),
        firm=_firm(session, old, new) if outlook else None,
    )
    panels = (
        panel_of(past, old.number, was) if old and was else None,
        panel_of(past, new.number, now),
    )
    rated = ratings(session, review, analysis)
    certainty = (_rated_by(rated, old.number) if old else None, _rated_by(rated, new.number))
    return _with_sections(
        FullReport(
            review=review.slug,
            analysis=analysis,
            runs=(_stamp(old) if old else None, _stamp(new)),
            work=tuple(_work(session, review, old, new)) if old else (),
            report=report,
            explanation=explanation,
            standings=(posterior_of(was) if was else None, posterior_of(now)),
            certainty=certainty,
            strip=strip(was, now),
            panels=panels,
            panel_signals=panel_signals(*panels),
            readiness=readiness(panels[1], explanation.outlook, certainty[1]),
            notices=notices
            if notices is not None
            else notices_of(session, review, [analysis])[analysis],
            sections=(),
        ),
        was,
        now,
    )


@dataclass(frozen=True, slots=True)
class Ahead:
    """What one more trial could do to the newest run of an analysis."""

    review: str
    analysis: str
    run: int
    sentence: str
    """What the analysis says now."""
    outlook: Outlook | None
    notes: tuple[str, ...]
    notices: Notices
    sections: tuple[Section, ...]


def next_trial(session: Session, review: Review, analysis: str) -> Ahead:
    """Forecast what the next trial would do to an analysis, by its newest run.

    Raises NotFoundError if there is no such analysis, or no run of it.
    """
    run = queries.run_numbered(session, review, analysis, None)
    now = queries.snapshot_of(run)
    explanation = explain(None, now, firm=_firm(session, None, run))
    report = compare(None, now)
    notices = notices_of(session, review, [analysis])[analysis]
    found = [
        replace(what_moved(report, notices), heading="What moved"),
        *tell_firmness(explanation, report.scales[1], first=True),
    ]
    if explanation.notes:
        found.append(Section("Notes", explanation.notes))
    return Ahead(
        review=review.slug,
        analysis=analysis,
        run=run.number,
        sentence=report.sentence,
        outlook=explanation.outlook,
        notes=explanation.notes,
        notices=notices,
        sections=tuple(found),
    )


def _with_sections(full: FullReport, was: Snapshot | None, now: Snapshot) -> FullReport:
    first = was is None
    texts = (certainty_text(full.certainty[0]), certainty_text(full.certainty[1]))
    found = tell(full.report, full.explanation, full.standings, texts, full.notices)
    scales = full.report.scales
    if not full.notices.withheld:
        found.append(strip_section(full.strip, scales[1]))
    if now[1].variants:
        found.append(variant_section(was[1].variants if was else (), now[1].variants, scales))
    found += moderator_sections(was[1].moderators if was else None, now[1].moderators, scales)
    zero = zero_cell_lines(now[0])
    if zero:
        heading = "The same counts by other ways"
        found.append(replace(variant_section((), zero, scales), heading=heading))
    if not full.notices.withheld:
        found += tell_firmness(full.explanation, scales[1], first=first)
    if full.panel is not None:
        if not first:
            found.append(panel_change_section(full.panels[0], full.panel, scales[1]))
        found += panel_sections(full.panel, scales[1])
    found.append(readiness_section(full.readiness))
    found.append(Section("Notes", (full.standings[1].note, *full.explanation.notes)))
    if full.work:
        found.append(_work_section(full.work))
    found.append(_stamps_section(full.runs))
    half_a_page = brief(full.report, full.explanation, full.notices)
    return replace(full, sections=tuple(found), brief=tuple(half_a_page))


def _stamp(run: Run) -> RunStamp:
    return RunStamp(
        number=run.number,
        created=run.created,
        plan_version=run.version.number,
        plan_frozen=run.version.frozen_at,
        plan_sha256=run.version.sha256,
        inputs_sha256=run.fingerprint,
    )


def _stamps_section(runs: tuple[RunStamp | None, RunStamp]) -> Section:
    told = [_stamp_lines(run) for run in runs if run is not None]
    headers = ("", "before", "after") if len(told) == 2 else ("", "now")
    rows = tuple((name, *(lines[name] for lines in told)) for name in told[0])
    return Section("Which runs", (), headers, rows)


def _stamp_lines(run: RunStamp) -> dict[str, str]:
    return {
        "run": str(run.number),
        "made (UTC)": f"{run.created:%Y-%m-%d %H:%M}",
        "plan": f"version {run.plan_version}, frozen {run.plan_frozen:%Y-%m-%d %H:%M}",
        "plan, SHA-256": run.plan_sha256[:16],
        "inputs, SHA-256": run.inputs_sha256[:16],
    }


def _work(session: Session, review: Review, old: Run, new: Run) -> list[Work]:
    """Return who changed the review after the older run had read it, until the newer one did."""
    first, last = sorted((old.history_seq, new.history_seq))
    query = (
        sa.select(Event.actor, Event.reason, sa.func.count(), sa.func.max(Event.at))
        .where(Event.review == review.slug, Event.seq > first, Event.seq <= last)
        .where(Event.entity != Run.__tablename__)
        .group_by(Event.actor, Event.reason)
        .order_by(sa.func.min(Event.seq))
    )
    return [Work(*row) for row in session.execute(query)]


def _work_section(work: Sequence[Work]) -> Section:
    rows = tuple(
        (one.actor, one.reason or "", str(one.changes), f"{one.last:%Y-%m-%d %H:%M}")
        for one in work
    )
    told = "Whatever was written in the review between the two runs; each change is in the history."
    headers = ("who", "why", "changes", "last (UTC)")
    return Section("Who changed what", (told,), headers, rows)


def _firm(session: Session, old: Run | None, new: Run) -> Pair:
    """Return how firm two runs are: as it was kept, or worked out now."""
    known = firmness_kept(session, [run.id for run in (old, new) if run is not None])

    def firm(run: Run | None) -> Firmness | None:
        if run is None:
            return None
        return known.get(run.id) or firmness_of_run(queries.snapshot_of(run))

    return firm(old), firm(new)


def _batches(past: Sequence[PastRun]) -> dict[int, str]:
    """Return by which run each study had entered."""
    found: dict[int, str] = {}
    for run in past:
        for unit in run.digest.units:
            found.setdefault(unit.study_id, f"run {run.number}")
    return found


def _rated_by(rated: Sequence[Rated], number: int) -> Rated | None:
    """Return the newest rating of those made on a run or before it (newest first)."""
    return next((one for one in rated if (one.run_number or 0) <= number), None)


def readiness_of(session: Session, review: Review) -> dict[str, Readiness]:
    """Return whether each analysis with a run is ready to retire, by slug; by its newest run."""
    newest = queries.newest_of_each(session, review)
    known = firmness_kept(session, [run.id for run in newest])
    rated = ratings(session, review)
    found = {}
    for run in newest:
        slug = run.version.analysis.slug
        now = queries.snapshot_of(run)
        ahead = known[run.id].outlook if run.id in known else _outlook(now)
        looks = panel_of(past_runs(session, review, slug), run.number, now)
        mine = [rating for rating in rated if rating.analysis == slug]
        found[slug] = readiness(looks, ahead, _rated_by(mine, run.number))
    return found


def _outlook(of: Snapshot) -> Outlook | None:
    if not of[1].of_one_mean:
        return whole_outlook(of, [], sized=False)
    numbers = numbers_of(*of, [])
    return outlook_of(numbers, [], sized=False) if numbers is not None else None


def panel_after(session: Session, review: Review, analysis: str, number: int) -> Panel | None:
    """Return the panel for repeated looks as it stood after a run."""
    now = queries.snapshot_of(queries.run_numbered(session, review, analysis, number))
    return panel_of(past_runs(session, review, analysis), number, now)


def panel_of(past: Sequence[PastRun], number: int, now: Snapshot) -> Panel | None:
    """Return the panel as it stood after a run, which is needed whole."""
    return panel([run for run in past if run.number <= number], now)


def panel_signals(before: Panel | None, after: Panel | None) -> tuple[str, ...]:
    """Return what changed between two panels, in words."""
    if before is None or after is None:
        return ()
    (old_class, old_crossed), (new_class, new_crossed) = before.state, after.state
    found = []
    if old_class != new_class:
        found.append(f"the confidence sequence changed from {old_class} to {new_class}")
    if old_crossed != new_crossed:
        now = "crossed" if new_crossed else "no longer crossed"
        found.append(f"the boundary of trial sequential analysis is {now}")
    return tuple(found)
