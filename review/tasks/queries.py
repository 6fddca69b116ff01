"""What was asked for in a review, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from review.errors import NotFoundError
from review.people.models import Person, identity
from review.tasks.kinds import KINDS, OWN, Kind
from review.tasks.models import Outcome, Task

KEPT: Final = timedelta(days=1)
"""How long a download is kept, and what was sent to be looked at."""

SILENT: Final = timedelta(seconds=60)
"""A process that has not been heard of for so long is no more; it says something every few
seconds."""


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as a page shows it."""

    number: int
    kind: Kind
    by: str
    asked_at: datetime
    finished_at: datetime | None
    outcome: Outcome | None
    message: str | None
    step: str | None
    done: int
    total: int
    file: str | None
    size: int | None
    goes_at: datetime | None
    is_gone: bool
    """Whether its download was thrown away."""
    options: Mapping[str, Any]
    """What was asked for, and what was found."""

    @property
    def sections(self) -> tuple[dict[str, Any], ...]:
        """What a re-pooling says of each analysis: name, run, and sections of its change report."""
        return tuple(self.options.get("sections", ()))

    @property
    def path(self) -> tuple[object, ...]:
        """Where its page stands within the review."""
        return (*self.kind.page, self.number)

    @property
    def runs(self) -> bool:
        """Whether it is still at work."""
        return self.outcome is None


def _seen_by(viewer: str) -> sa.ColumnElement[bool]:
    """Return which tasks somebody may see: not what others sent to enter it blind."""
    me = aliased(Person)
    mine = sa.select(sa.func.coalesce(me.merged_into_id, me.id)).where(me.handle == viewer)
    names = sa.select(Person.id).where(identity == mine.scalar_subquery())
    return sa.or_(Task.kind.not_in(OWN), Task.person_id.in_(names))


def tasks_of(
    session: Session,
    review_id: int,
    *,
    viewer: str,
    now: datetime,
    before: int | None = None,
    limit: int = 20,
) -> Sequence[TaskView]:
    """Return the tasks of a review that somebody may see, the newest first."""
    query = (
        sa.select(Task)
        .where(Task.review_id == review_id, _seen_by(viewer))
        .options(joinedload(Task.person))
        .order_by(Task.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Task.id < before)
    return [view_of(task, now) for task in session.scalars(query)]


def task_numbered(session: Session, review_id: int, number: int, *, viewer: str) -> Task:
    """Return a task of a review that somebody may see; raise NotFoundError."""
    task = session.get(Task, number, options=[joinedload(Task.person)])
    hidden = task is not None and task.kind in OWN and task.person.name != viewer
    if task is None or task.review_id != review_id or hidden:
        raise NotFoundError(f"this review has no task {number}")
    return task


def view_of(task: Task, now: datetime) -> TaskView:
    """Return a task as it stands; one whose process is silent was stopped."""
    outcome, message = task.outcome, task.message
    if outcome is None and is_silent(task, now):
        outcome, message = Outcome.STOPPED, "its process ended before it was done; ask again"
    gone = task.goes_at is not None and task.goes_at <= now
    return TaskView(
        task.id, KINDS[task.kind], task.person.name, task.asked_at, task.finished_at, outcome,
        message, task.step, task.done, task.total, task.file, task.size, task.goes_at, gone,
        task.options,
    )  # fmt: skip


def is_silent(task: Task, now: datetime) -> bool:
    """Return whether nothing was heard of a task for so long that it is no more at work."""
    return now - (task.seen_at or task.asked_at) > SILENT


def at_work(session: Session, now: datetime) -> Sequence[Task]:
    """Return the tasks of all reviews that are at work."""
    rows = session.scalars(sa.select(Task).where(Task.outcome.is_(None)).order_by(Task.id))
    return [task for task in rows if not is_silent(task, now)]


def uploads_of(
    session: Session, review_id: int, kind: Kind, *, viewer: str, now: datetime
) -> list[TaskView]:
    """Return what was sent in the last day to be looked at and somebody may see, newest first."""
    query = (
        sa.select(Task)
        .where(
            Task.review_id == review_id,
            Task.kind == kind.name,
            Task.asked_at > now - KEPT,
            _seen_by(viewer),
        )
        .options(joinedload(Task.person))
        .order_by(Task.id.desc())
    )
    return [view_of(task, now) for task in session.scalars(query)]
