"""Change reports of stored runs: two runs of an analysis, and how one came from the other."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.living import queries
from review.living.changes import ChangeReport, compare
from review.living.explanation import Explanation, explain
from review.living.models import Run
from review.living.panel import Panel, PastRun, panel
from review.living.telling import Section, tell
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class FullReport:
    """Everything there is to say about how one run came from another."""

    review: str
    analysis: str
    before: int | None
    after: int
    report: ChangeReport
    explanation: Explanation
    panel: Panel | None
    panel_signals: tuple[str, ...]
    """What moved in the panel for repeated looks."""
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        """What the report is called."""
        before = f"run {self.before} to run {self.after}" if self.before else f"run {self.after}"
        return f"{self.review} / {self.analysis}: {before}"


def full_report(
    session: Session,
    review: Review,
    analysis: str,
    before: int | None,
    after: int | None,
    *,
    outlook: bool = True,
) -> FullReport:
    """Return the change report of two runs of an analysis.

    Parameters
    ----------
    before : int or None
        None for a report of the run alone.
    after : int or None
        None for the newest run.

    Raises
    ------
    NotFoundError
        If there is no such analysis or run.
    """
    new = queries.run_numbered(session, review, analysis, after)
    old = queries.run_numbered(session, review, analysis, before) if before is not None else None
    was, now = queries.snapshot_of(old) if old else None, queries.snapshot_of(new)
    engines = (old.software, new.software) if old else None
    report = compare(was, now, engines=engines)
    explanation = explain(was, now, outlook=outlook)
    after_panel = panel_after(session, review, analysis, new.number)
    before_panel = panel_after(session, review, analysis, old.number) if old else None
    variants = (was[1].variants if was else (), now[1].variants)
    return FullReport(
        review=review.slug,
        analysis=analysis,
        before=old.number if old else None,
        after=new.number,
        report=report,
        explanation=explanation,
        panel=after_panel,
        panel_signals=panel_signals(before_panel, after_panel),
        sections=tuple(tell(report, explanation, after_panel, variants)),
    )


def history_of(session: Session, review: Review, analysis: str, until: int) -> list[PastRun]:
    """Return the runs of an analysis up to a number, the oldest first."""
    found = queries.runs(session, review, analysis)
    return [_past(run) for run in found if run.number <= until]


def _past(run: Run) -> PastRun:
    return PastRun(run.created, run.version.frozen_at, queries.snapshot_of(run))


def panel_after(session: Session, review: Review, analysis: str, number: int) -> Panel | None:
    """Return the panel for repeated looks as it stood after a run."""
    return panel(history_of(session, review, analysis, number))


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
