"""Asking for a task, and what its process says of it. Actions never commit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from review.errors import BusyError
from review.people.actions import person_called
from review.tasks.kinds import REPOOL, Kind
from review.tasks.models import Outcome, Task
from review.tasks.queries import KEPT, at_work

AT_ONCE: Final = 2
"""Tasks at once: each takes a processor, and pages are to stay quick."""


WAITING: Final = 10
"""Tasks at work or waiting for their turn; each is a process that takes memory."""


def ask_for(
    session: Session,
    review_id: int,
    kind: Kind,
    *,
    by: str,
    now: datetime,
    options: Mapping[str, Any] | None = None,
) -> Task:
    """Note that somebody asks for a task.

    Raises BusyError where another re-pooling runs, or as many tasks as may at once; it says which.
    """
    busy = at_work(session, now)
    if kind is REPOOL and any(task.kind == kind.name for task in busy):
        raise BusyError("the analyses are being computed at the moment; wait for that to end")
    if len(busy) >= (WAITING if kind.waits else AT_ONCE):
        raise BusyError(f"{len(busy)} tasks are at work already; wait until one has ended")
    task = Task(
        review_id=review_id, person_id=person_called(session, by).id, kind=kind.name,
        options=dict(options or {}), asked_at=now, done=0, total=0,
    )  # fmt: skip
    session.add(task)
    session.flush()
    return task


def note_step(
    session: Session, number: int, *, now: datetime, done: int, total: int, step: str | None = None
) -> None:
    """Note that a task is at work, how far, and at what."""
    task = session.get_one(Task, number)
    task.started_at = task.started_at or now
    task.seen_at, task.done, task.total, task.step = now, done, total, step


def note_end(
    session: Session,
    number: int,
    *,
    now: datetime,
    outcome: Outcome,
    message: str,
    file: str | None = None,
    size: int | None = None,
    found: Mapping[str, Any] | None = None,
) -> None:
    """Note how a task ended, what it found, and the file that came of it."""
    task = session.get_one(Task, number)
    task.finished_at = task.seen_at = now
    task.outcome, task.message, task.file, task.size = outcome, message, file, size
    task.goes_at = now + KEPT if file is not None else None
    if found:
        task.options = {**task.options, **found}


def note_found(session: Session, number: int, found: Mapping[str, Any]) -> None:
    """Note what became of what a task had found: which task follows, what was attached."""
    task = session.get_one(Task, number)
    task.options = {**task.options, **found}
