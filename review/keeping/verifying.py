"""The whole check of a database: chain, anchors, every governed row, seals, triggers, runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations.queries import untold_batches
from review.history.models import Event
from review.history.queries import sealed_among, verify
from review.history.replay import (
    Difference,
    Found,
    TableReport,
    all_held,
    compare_table,
    governed,
    miscounted,
    touched_since,
)
from review.history.rules import GOVERNED, UNNUMBERED, Anchor, ChainReport, Held
from review.keeping.seals import SEALED, unsealed
from review.keeping.triggers import trigger_problems
from review.living.runs.models import Release
from review.living.runs.queries import anchors as anchors_of_runs

MOST: Final = 1_000
"""Differences that are kept with their values; more are counted."""

Progress = Callable[[int, int], None]
"""Told how far a part of the check is, of how much."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of a database found."""

    chain: ChainReport
    since: int
    """The event from which on the chain was checked; 0 for all of it."""
    tables: tuple[TableReport, ...]
    differences: tuple[Difference, ...]
    more: int
    """Differences beyond those kept."""
    triggers: tuple[str, ...]
    runs: tuple[str, ...]
    """Runs that do not come out again, as sentences."""
    recomputed: int

    @property
    def rows(self) -> int:
        """Rows that were held against events."""
        return sum(table.rows for table in self.tables)

    @property
    def untold(self) -> int:
        """Rows from before the history told their content."""
        return sum(table.untold for table in self.tables)

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong."""
        return self.chain.intact and not (self.differences or self.triggers or self.runs)

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, as sentences."""
        told = [*self.chain.problems, *(one.said for one in self.differences)]
        if self.more:
            told.append(f"{self.more} more differences")
        return [*told, *self.triggers, *self.runs]

    @property
    def not_governed(self) -> dict[str, str]:
        """The tables that no event tells of, and what they are."""
        return {name: how for name, how in all_held().items() if how not in GOVERNED}


@dataclass
class _Kept:
    """The first differences with their values, and the number of the others."""

    differences: list[Difference] = field(default_factory=list)
    more: int = 0

    def __call__(self, found: Difference) -> None:
        if len(self.differences) < MOST:
            self.differences.append(found)
        else:
            self.more += 1


def verify_all(
    session: Session,
    *,
    viewer: str | None,
    anchors: Sequence[Anchor] = (),
    since: int = 0,
    runs: bool = False,
    progress: Progress | None = None,
) -> Verification:
    """Check a database against its history.

    Parameters
    ----------
    viewer
        Who asks: values that are sealed from them are not told.
    anchors
        Heads that were kept elsewhere; what runs and releases noted is looked at anyway.
    since
        Only what events from this one on say, and the number of rows of every table.
    runs
        Also compute every run again.
    """
    kept = _Kept()
    progress = progress or _tell_nobody
    total = session.scalar(sa.select(sa.func.count()).select_from(Event)) or 0
    anchors = _numbered(session, anchors)
    known = [*anchors_of_runs(session), *_anchors_of_releases(session), *anchors]
    chain = verify(session, known, after=since, seen=lambda done: progress(done, total - since))
    tables = []
    names = governed()
    for place, (name, how) in enumerate(names.items()):
        progress(place, len(names))
        tables.append(_compare(session, name, how, since, kept))
    for seal in _broken_seals(session):
        kept(seal)
    for batch in untold_batches(session):
        kept(Difference("batch", batch, "records", "as imported", "something else", None))
    recomputed, wrong = _recompute(session, progress) if runs else (0, [])
    return Verification(
        chain=chain,
        since=since,
        tables=tuple(tables),
        differences=tuple(_hidden(session, kept.differences, viewer)),
        more=kept.more,
        triggers=tuple(trigger_problems(session)),
        runs=tuple(wrong),
        recomputed=recomputed,
    )


def _tell_nobody(done: int, total: int) -> None:
    del done, total


def _compare(session: Session, name: str, how: Held, since: int, found: Found) -> TableReport:
    if not since:
        return compare_table(session, name, found)
    touched = touched_since(session, name, since)
    if how is Held.EVENTS and (difference := miscounted(session, name)) is not None:
        found(difference)
    return compare_table(session, name, found, only=touched)


def _numbered(session: Session, anchors: Sequence[Anchor]) -> list[Anchor]:
    """Return anchors with the number of their event, where only the hash is known."""
    found = []
    for anchor in anchors:
        if anchor.seq == UNNUMBERED:
            seq = session.scalar(sa.select(Event.seq).where(Event.hash == anchor.hash))
            anchor = replace(anchor, seq=UNNUMBERED if seq is None else seq)
        found.append(anchor)
    return found


def _anchors_of_releases(session: Session) -> list[Anchor]:
    rows = session.execute(
        sa.select(Release.id, Release.history_seq, Release.history_hash).order_by(Release.id)
    )
    return [Anchor(row.history_seq, row.history_hash, f"release {row.id}") for row in rows]


def _broken_seals(session: Session) -> list[Difference]:
    found = []
    for table in SEALED:
        for row in unsealed(session, table):
            last = sa.select(sa.func.max(Event.seq)).where(
                Event.entity == table, Event.entity_id == row
            )
            event = session.scalar(last)
            found.append(
                Difference(table, row, "what was judged", "as sealed", "something else", event)
            )
    return found


def _hidden(
    session: Session, differences: Collection[Difference], viewer: str | None
) -> list[Difference]:
    """Return differences without the values that a person may not read yet."""
    sealed = sealed_among(session, {one.table for one in differences}, viewer)

    def shown(one: Difference) -> Difference:
        if (one.table, one.row) not in sealed or one.column is None:
            return one
        return replace(one, told="sealed (blind entry)", found="something else")

    return [shown(one) for one in differences]


def _recompute(session: Session, progress: Progress) -> tuple[int, list[str]]:
    from review.living.job.recompute import recompute  # the engine, for who asks for it
    from review.living.runs.models import Run

    numbers = session.scalars(sa.select(Run.id).order_by(Run.id)).all()
    wrong: list[str] = []
    for place, number in enumerate(numbers):
        progress(place, len(numbers))
        run = session.get_one(Run, number)
        wrong += _of_run(number, recompute(run))
        session.expunge(run)
    return len(numbers), wrong


def _of_run(number: int, again: Any) -> list[str]:
    told = [] if again.inputs_intact else ["the inputs do not have its fingerprint"]
    told += [f"{d.where} was {d.stored}, is {d.recomputed}" for d in again.deviations[:3]]
    return [f"run {number} ({again.analysis}, number {again.number}): {one}" for one in told]
