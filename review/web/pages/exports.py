"""Computing anew, and files to take away: what was asked for, how far it is, what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Query
from starlette.responses import Response

from review.people.rules import Deed, may
from review.tasks.kinds import OFFERED, REPOOL, Kind
from review.tasks.queries import TaskView, task_numbered, tasks_of, view_of
from review.web.forms import Form, read
from review.web.jobs import ask, download_of
from review.web.render import page, to
from review.web.routes import Routes
from review.web.visits import Sent, Visit, Visiting

routes = Routes()

AT_ONCE = 20
"""Tasks on a page."""


@dataclass(frozen=True, slots=True)
class Exports:
    """What can be asked for, and what was."""

    title: str
    exports: tuple[Kind, ...]
    may_pool: bool
    tasks: tuple[TaskView, ...]
    next: int | None
    """The number that the next page of tasks begins before."""

    @property
    def runs(self) -> bool:
        """Whether something is at work."""
        return any(task.runs for task in self.tasks)


class TaskForm(Form):
    """What is asked for."""

    kind: str


def _view(visit: Visit, before: int | None) -> Exports:
    with visit.reading() as session:
        review = visit.review_of(session)
        tasks = tasks_of(
            session, review.id, viewer=visit.person, now=visit.now, before=before, limit=AT_ONCE + 1
        )
        title = review.title
    exports = tuple(kind for kind in OFFERED.values() if kind.is_export)
    more = len(tasks) > AT_ONCE
    shown = tuple(tasks[:AT_ONCE])
    return Exports(
        title, exports, may(visit.role, REPOOL.deed), shown, shown[-1].number if more else None
    )


@routes.get("/r/{review}/exports", Deed.LOOK)
def exports(visit: Visiting, before: int | None = Query(None, ge=1, le=2**31 - 1)) -> Response:
    """Offer the exports, and list what was asked for."""
    return page(visit, "exports.html", _view(visit, before), pool=REPOOL)


@routes.get("/r/{review}/exports/tasks", Deed.LOOK)
def tasks(visit: Visiting) -> Response:
    """Return the list alone, for the page that waits for it."""
    return page(visit, "tasks.html", _view(visit, None))


@routes.post("/r/{review}/exports", Deed.LOOK)
def ask_for_one(visit: Visiting, sent: Sent) -> Response:
    """Start an export."""
    ask(visit, read(TaskForm, sent).kind)
    return to(visit.path("exports"))


@routes.post("/r/{review}/pool", Deed.POOL)
def pool(visit: Visiting) -> Response:
    """Compute the analyses anew; the page of the task says what moved."""
    return to(visit.path("tasks", ask(visit, REPOOL.name)))


@routes.get("/r/{review}/tasks/{number}", Deed.LOOK)
def task(visit: Visiting, number: int) -> Response:
    """Show a task: how far it is, and what came of it."""
    return page(visit, "task.html", _task(visit, number))


@routes.get("/r/{review}/tasks/{number}/state", Deed.LOOK)
def task_state(visit: Visiting, number: int) -> Response:
    """Return how far a task is, for the page that waits for it."""
    return page(visit, "task_state.html", _task(visit, number))


@routes.get("/r/{review}/tasks/{number}/file", Deed.LOOK)
def download(visit: Visiting, number: int) -> Response:
    """Return what an export made; after a day it is gone."""
    return download_of(visit, number)


def _task(visit: Visit, number: int) -> TaskView:
    with visit.reading() as session:
        found = task_numbered(session, visit.review_of(session).id, number, viewer=visit.person)
        return view_of(found, visit.now)
