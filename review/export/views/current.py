"""What stands beside every result as things are now, read once for each state of a review."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from review.history.models import Event
from review.living.job.freshness import outdated
from review.living.reports.changes import ChangeReport, compare
from review.living.reports.notices import NO_NOTICES, Notices
from review.living.reports.noticing import notices_of
from review.living.runs.models import Run
from review.living.runs.queries import snapshot_of
from review.living.runs.results import Snapshot
from review.protocol.models import Review

MOST_STATES: Final = 16
MOST_RUNS: Final = 24
MOST_CHANGES: Final = 64
"""Kept in memory: states of reviews, and runs and what moved between them, which never change."""

SCREENING: Final = (
    "decision", "withdrawal", "adjudication", "retrieval", "pilot", "ranking", "membership",
)  # fmt: skip
"""Rows that no notice and no selection depends on; a day of screening writes thousands."""


@dataclass(frozen=True, slots=True)
class Current:
    """What is true of the analyses of a review now."""

    notices: Mapping[str, Notices]
    outdated: Mapping[str, int]
    """Analyses whose inputs changed since their newest run, with its number."""

    def of(self, analysis: str) -> Notices:
        """Return the notices of an analysis."""
        return self.notices.get(analysis, NO_NOTICES)


_lock = Lock()
_changes: OrderedDict[tuple[str | None, str, str], ChangeReport] = OrderedDict()
_states: OrderedDict[tuple[str, str, int], Current] = OrderedDict()
_runs: OrderedDict[tuple[str, str], Snapshot] = OrderedDict()


def _place(session: Session) -> str:
    return str(session.get_bind().engine.url)


def _key(run: Run) -> tuple[str, str]:
    """Return what tells a run from all others: keys say nothing of names, which databases give."""
    session = object_session(run)
    assert session is not None
    return _place(session), run.key


def current(session: Session, review: Review) -> Current:
    """Return what is true of the analyses of a review now.

    A state is worked out once, whoever asks for it first; an event that it could depend on makes
    another state.
    """
    seq = session.scalar(
        sa.select(sa.func.max(Event.seq)).where(
            sa.or_(Event.review == review.slug, Event.review.is_(None)),
            Event.entity.not_in(SCREENING),
        )
    )
    key = (_place(session), review.slug, seq or 0)
    with _lock:
        found = _states.get(key)
    if found is None:
        found = Current(notices_of(session, review), outdated(session, review))
        with _lock:
            _states[key] = found
            while len(_states) > MOST_STATES:
                _states.popitem(last=False)
    return found


def change_of(before: Run | None, after: Run) -> ChangeReport:
    """Return how a run came from another; neither changes, so that it is worked out once."""
    key = (before.key if before is not None else None, *_key(after))
    with _lock:
        found = _changes.get(key)
    if found is None:
        found = compare(contents_of(before) if before is not None else None, contents_of(after))
        with _lock:
            _changes[key] = found
            while len(_changes) > MOST_CHANGES:
                _changes.popitem(last=False)
    return found


def contents_of(run: Run) -> Snapshot:
    """Return what a run holds; runs never change, so that the newest asked for stay in memory."""
    key = _key(run)
    with _lock:
        found = _runs.get(key)
        if found is not None:
            _runs.move_to_end(key)
            return found
    found = snapshot_of(run)
    with _lock:
        _runs[key] = found
        while len(_runs) > MOST_RUNS:
            _runs.popitem(last=False)
    return found
