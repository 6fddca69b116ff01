"""Files that are sent: kept in a folder, looked at by a task, never held in memory."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.datastructures import ImmutableMultiDict, UploadFile

from review.citations.files import called
from review.errors import NotFoundError
from review.files import flush_all, new_folder
from review.tasks.actions import ask_for, note_found
from review.tasks.files import upload_of
from review.tasks.kinds import Kind
from review.tasks.queries import TaskView, task_numbered, view_of
from review.tasks.running import start
from review.web.visits import Visit

LARGE: Final = 512 * 1024 * 1024
"""Bytes of all files that are sent at once: a search of half a million records, or 100 reports."""

FILES: Final = 100
"""Files that are sent at once."""


def files_in(sent: Mapping[str, Any], name: str = "files") -> list[UploadFile]:
    """Return the files that a form brought; a field without a file brings none."""
    return [one for one in all_of(sent, name) if isinstance(one, UploadFile) and one.filename]


def all_of(sent: Mapping[str, Any], name: str) -> list[Any]:
    """Return all that a form says under one name, as boxes that are ticked do."""
    return list(sent.getlist(name)) if isinstance(sent, ImmutableMultiDict) else []


def number_in(text: object) -> int:
    """Return the number that a field says, 0 for what is none."""
    said = str(text or "").strip()
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0


def look_at(visit: Visit, kind: Kind, files: Sequence[UploadFile], **options: Any) -> int:
    """Keep files, and start the task that looks at them; return its number.

    Raises BusyError where too many others wait.
    """
    names = [{"name": called(str(one.filename)), "size": one.size or 0} for one in files]
    with visit.writing() as session:
        review = visit.review_of(session)
        task = ask_for(
            session, review.id, kind, by=visit.person, now=visit.now,
            options={**options, "files": names},
        )  # fmt: skip
        number = task.id
        task.options = {**task.options, "folder": number}
    folder = upload_of(visit.database, number)
    new_folder(folder, 0o700)
    for at, one in enumerate(files):
        with (folder / str(at)).open("wb") as out:
            shutil.copyfileobj(one.file, out)
    flush_all(folder)
    start(visit.database, number, actor=visit.person)
    return number


def follow(visit: Visit, kind: Kind, upload: TaskView, **options: Any) -> int:
    """Start a task on the files of another one; return its number."""
    kept = {name: upload.options[name] for name in ("files", "folder")}
    with visit.writing() as session:
        review = visit.review_of(session)
        number = ask_for(
            session, review.id, kind, by=visit.person, now=visit.now, options={**kept, **options}
        ).id
        note_found(session, upload.number, {"follower": number})
    start(visit.database, number, actor=visit.person)
    return number


def upload_numbered(visit: Visit, kind: Kind, number: int) -> tuple[TaskView, TaskView | None]:
    """Return what was sent, and the task that followed it; raise NotFoundError."""
    with visit.reading() as session:
        review = visit.review_of(session)
        view = view_of(task_numbered(session, review.id, number, viewer=visit.person), visit.now)
        if view.kind is not kind:
            raise NotFoundError(f"this review has no upload {number}")
        after = view.options.get("follower")
        if after is not None:
            after = view_of(
                task_numbered(session, review.id, after, viewer=visit.person), visit.now
            )
    return view, after


def readable(view: TaskView) -> list[int]:
    """Return the places of the files that were looked at and can be imported."""
    reports = view.options.get("reports", ())
    return [
        at for at, one in enumerate(reports) if not one["error"] and not one["already_imported"]
    ]
