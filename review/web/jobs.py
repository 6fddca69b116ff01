"""Tasks that pages and scripts ask for: each runs in a process of its own and outlives a reload."""

from __future__ import annotations

from starlette.responses import FileResponse, Response

from review.errors import NotAllowedError, NotFoundError
from review.people.rules import DEED_WORDS, may
from review.tasks.actions import ask_for
from review.tasks.files import file_of
from review.tasks.kinds import OFFERED, Kind
from review.tasks.queries import task_numbered, view_of
from review.tasks.running import start
from review.web.visits import Visit


def kind_called(name: str) -> Kind:
    """Return a kind of task; raise NotFoundError."""
    kind = OFFERED.get(name)
    if kind is None:
        raise NotFoundError(f"there is no task {name!r} (there is: {', '.join(OFFERED)})")
    return kind


def ask(visit: Visit, name: str) -> int:
    """Start a task in the review of a visit; return its number.

    Raises NotAllowedError where the role does not allow what the task does, BusyError where others
    are at work.
    """
    kind = kind_called(name)
    if not may(visit.role, kind.deed):
        raise NotAllowedError(f"a {visit.role} does not {DEED_WORDS[kind.deed]}")
    with visit.writing() as session:
        review = visit.review_of(session)
        number = ask_for(session, review.id, kind, by=visit.person, now=visit.now).id
    start(visit.database, number, actor=visit.person)
    return number


def download_of(visit: Visit, number: int) -> Response:
    """Return what a task of the visit's review made; raise NotFoundError where nothing is left."""
    with visit.reading() as session:
        found = view_of(
            task_numbered(session, visit.review_of(session).id, number, viewer=visit.person),
            visit.now,
        )
    place = file_of(visit.database, number)
    if found.file is None:
        raise NotFoundError(f"task {number} made no file")
    if found.is_gone or not place.is_file():
        raise NotFoundError("this download is older than a day, and was thrown away; ask again")
    return FileResponse(place, filename=found.file, media_type="application/octet-stream")
