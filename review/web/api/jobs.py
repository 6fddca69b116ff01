"""Tasks: computing anew, and exports."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel
from starlette.responses import Response

from review.people.rules import Deed
from review.tasks.kinds import OFFERED
from review.tasks.models import Outcome
from review.tasks.queries import TaskView, task_numbered, tasks_of, view_of
from review.web.api import PREFIX, Slug, resources
from review.web.api.shapes import Cursor, Limit, Page, Shape, Time, paged, place_of
from review.web.jobs import ask, download_of
from review.web.visits import Visit, Visiting

routes = resources("jobs")

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class JobShape(Shape):
    """A task: how far it is, and what came of it."""

    number: int
    kind: str
    by: str
    asked_at: Time
    finished_at: Time | None
    outcome: Outcome | None
    """Null while it is at work."""
    message: str | None
    done: int
    total: int
    file: str | None
    """Where its download is, for a day."""


class NewJob(BaseModel):
    """What is asked for."""

    # The list of kinds is read when the document is made, which the type checker does not do.
    kind: Literal[tuple(OFFERED)]  # type: ignore[valid-type]


def _shape(visit: Visit, task: TaskView) -> JobShape:
    there = task.file is not None and not task.is_gone
    return JobShape(
        number=task.number, kind=task.kind.name, by=task.by, asked_at=task.asked_at,
        finished_at=task.finished_at, outcome=task.outcome, message=task.message, done=task.done,
        total=task.total,
        file=visit.whole_address(f"{PREFIX}/reviews/{visit.review}/jobs/{task.number}/file")
        if there
        else None,
    )  # fmt: skip


@routes.get("/reviews/{review}/jobs", Deed.LOOK)
def list_jobs(
    visit: Visiting, review: Slug, cursor: Cursor = None, limit: Limit = 50
) -> Page[JobShape]:
    """List what was asked for, the newest first."""
    del review
    place = place_of(cursor, int)
    with visit.reading() as session:
        found = visit.review_of(session)
        before = place[0] if place else None
        tasks = tasks_of(
            session, found.id, viewer=visit.person, now=visit.now, before=before, limit=limit + 1
        )
    return paged([_shape(visit, one) for one in tasks], limit, lambda one: (one.number,))


@routes.post("/reviews/{review}/jobs", Deed.LOOK, status_code=202)
def ask_for_job(visit: Visiting, review: Slug, body: NewJob) -> JobShape:
    """Compute the analyses anew (lead, statistician), or make an export."""
    del review
    return _one(visit, ask(visit, body.kind))


@routes.get("/reviews/{review}/jobs/{number}", Deed.LOOK)
def get_job(visit: Visiting, review: Slug, number: Number) -> JobShape:
    """Return how far a task is."""
    del review
    return _one(visit, number)


@routes.get("/reviews/{review}/jobs/{number}/file", Deed.LOOK, response_class=Response)
def get_file(visit: Visiting, review: Slug, number: Number) -> Response:
    """Return what an export made; after a day it is gone."""
    del review
    return download_of(visit, number)


def _one(visit: Visit, number: int) -> JobShape:
    with visit.reading() as session:
        found = task_numbered(session, visit.review_of(session).id, number, viewer=visit.person)
        return _shape(visit, view_of(found, visit.now))
