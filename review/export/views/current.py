"""What stands beside every result as things are now, read once for each state of a review."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, TypeVar, cast

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
MOST_VIEWS: Final = 48
"""Kept in memory: states of reviews, runs and what moved between them, which never change, and
what pages show of a state."""

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


Made = TypeVar("Made")
Key = TypeVar("Key", bound=Hashable)

_lock = Lock()
_changes: OrderedDict[tuple[str | None, str, str], ChangeReport] = OrderedDict()
_states: OrderedDict[tuple[str, str, int], Current] = OrderedDict()
_runs: OrderedDict[tuple[str, str], Snapshot] = OrderedDict()
_views: OrderedDict[tuple[object, ...], object] = OrderedDict()
_names: dict[tuple[str, str], Names] = {}


def _place(session: Session) -> str:
    return str(session.get_bind().engine.url)


def _key(run: Run) -> tuple[str, str]:
    """Return what tells a run from all others: keys say nothing of names, which databases give."""
    session = object_session(run)
    assert session is not None
    return _place(session), run.key


def _state(session: Session, review: Review, omitted: Collection[str]) -> tuple[str, str, int]:
    """Return what tells a state of a review from all others: its newest event of some tables."""
    known: dict[Any, tuple[str, str, int]] = session.info.setdefault("states", {})
    key = (review.slug, *sorted(omitted))
    if key in known and session.info.get("read_only"):  # which sees one state all along
        return known[key]
    query = sa.select(sa.func.max(Event.seq)).where(
        sa.or_(Event.review == review.slug, Event.review.is_(None))
    )
    if omitted:
        query = query.where(Event.entity.not_in(omitted))
    known[key] = _place(session), review.slug, session.scalar(query) or 0
    return known[key]


def _kept(among: OrderedDict[Key, Made], key: Key, most: int, make: Callable[[], Made]) -> Made:
    """Return what is kept under a key, made by whoever asks first; the longest unasked goes."""
    with _lock:
        found = among.get(key)
        if found is not None:
            among.move_to_end(key)
            return found
    made = make()
    with _lock:
        among[key] = made
        while len(among) > most:
            among.popitem(last=False)
    return made


def current(session: Session, review: Review) -> Current:
    """Return what is true of the analyses of a review now.

    A state is worked out once, whoever asks for it first; an event that it could depend on makes
    another state.
    """
    return _kept(
        _states, _state(session, review, SCREENING), MOST_STATES,
        lambda: Current(notices_of(session, review), outdated(session, review)),
    )  # fmt: skip


def remembered(
    session: Session,
    review: Review,
    what: tuple[object, ...],
    make: Callable[[], Made],
    *,
    screening: bool = False,
) -> Made:
    """Return what is the same for everybody until the review changes, made once for each state.

    Parameters
    ----------
    what
        What tells it from all else that is made of this state: the function that makes it, and
        its arguments.
    screening
        Whether it depends on decisions too; if not, a day of screening leaves it as it is.
    """
    *of, seq = _state(session, review, () if screening else SCREENING)
    with _lock:
        for key in [k for k in _views if k[:3] == (*of, screening) and k[3] != seq]:
            del _views[key]  # what was true of an earlier state is asked for by nobody
    return cast(Made, _kept(_views, (*of, screening, seq, *what), MOST_VIEWS, make))


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what stands in the history of a review."""

    seq: int
    """The newest event that was read for it."""
    actors: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()


def names_in_history(session: Session, review: Review) -> Names:
    """Return who and what stands in the history of a review; only what is new of it is read."""
    key = (_place(session), review.slug)
    newest = session.scalar(sa.select(sa.func.max(Event.seq))) or 0
    with _lock:
        known = _names.get(key, Names(0))
    if known.seq > newest:  # the database is another one by now
        known = Names(0)
    if known.seq < newest:
        new = session.execute(
            sa.select(Event.actor, Event.entity)
            .where(Event.review == review.slug, Event.seq > known.seq)
            .distinct()
        ).all()
        known = Names(
            newest,
            known.actors | {row.actor for row in new},
            known.entities | {row.entity for row in new},
        )
        with _lock:
            _names[key] = known
    return known


def change_of(before: Run | None, after: Run) -> ChangeReport:
    """Return how a run came from another; neither changes, so that it is worked out once."""
    return _kept(
        _changes, (before.key if before is not None else None, *_key(after)), MOST_CHANGES,
        lambda: compare(contents_of(before) if before is not None else None, contents_of(after)),
    )  # fmt: skip


def contents_of(run: Run) -> Snapshot:
    """Return what a run holds; runs never change, so that the newest asked for stay in memory."""
    return _kept(_runs, _key(run), MOST_RUNS, lambda: snapshot_of(run))
