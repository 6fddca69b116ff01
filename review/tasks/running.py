"""The process of a task: ``python -m review.tasks.running NUMBER``.

The database and the person come by the environment, as for every command. An export is made by the
command that a user types; computing anew is done here, so that it can say how far it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from review.config import settings
from review.db import Database, database_at
from review.errors import BusyError, ReviewError
from review.files import move_over, new_folder
from review.schema import current
from review.tasks import actions
from review.tasks.files import file_of, sweep
from review.tasks.kinds import KINDS, MATCH, REPOOL, Kind
from review.tasks.models import Outcome, Task
from review.tasks.queries import at_work
from review.wording import counted

EVERY: Final = 5.0
"""Seconds between two signs of life."""

LONGEST: Final = 3600
"""Seconds after which an export is given up."""


_STARTED: Final[list[subprocess.Popen[bytes]]] = []
"""Processes of this program that were at work when last looked at: who has ended is let go."""


def start(database: Database, number: int, *, actor: str) -> subprocess.Popen[bytes]:
    """Start the process of a task, and do not wait for it."""
    environment = {**os.environ, "REVIEW_DATABASE_URL": database.address, "REVIEW_ACTOR": actor}
    _STARTED[:] = [one for one in _STARTED if one.poll() is None]
    process = subprocess.Popen(
        [sys.executable, "-m", "review.tasks.running", str(number)],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    _STARTED.append(process)
    return process


def run(database: Database, number: int) -> None:
    """Do a task, and note how it ended, whatever happens."""
    with database.reading() as session:
        task = session.get_one(Task, number)
        kind, review = KINDS[task.kind], _slug(session, task.review_id)
    sweep(database)
    with _signs_of_life(database, number) as told:
        try:
            if kind.waits:
                _wait_for_turn(database, number, told)
            if kind.is_export:
                ended = _exported(database, number, kind, review)
            elif kind is REPOOL:
                ended = _repooled(database, review, told)
            else:
                ended = _other(kind)(database, number, review, told)
        except ReviewError as error:
            ended = {"outcome": Outcome.FAILED, "message": error.told}
        except Exception as error:
            ended = {"outcome": Outcome.FAILED, "message": f"it failed: {type(error).__name__}"}
            raise
        finally:
            told["end"] = True
            with database.transaction() as session:
                actions.note_end(session, number, now=datetime.now(UTC), **ended)


def _wait_for_turn(database: Database, number: int, told: dict[str, Any]) -> None:
    """Wait until fewer than may at once of those asked for before are at work."""
    while True:
        with database.reading() as session:
            before = sum(task.id < number for task in at_work(session, datetime.now(UTC)))
        if before < actions.AT_ONCE:
            told["step"] = None
            return
        told["step"] = f"waiting for {counted(before, 'task')} before it"
        time.sleep(0.5)


def _other(kind: Kind) -> Callable[[Database, int, str, dict[str, Any]], dict[str, Any]]:
    """Return what is done for a kind that is neither an export nor computing anew."""
    if kind is MATCH:
        from review.tasks.pdfs import match

        return match
    from review.tasks import tables, uploads

    return {**uploads.DOING, **tables.DOING}[kind.name]


def _slug(session: Any, review_id: int) -> str:
    from review.protocol.models import Review

    return str(session.get_one(Review, review_id).slug)


@contextmanager
def _signs_of_life(database: Database, number: int) -> Iterator[dict[str, Any]]:
    """Yield where how far it is may be written; it is noted every few seconds."""
    told: dict[str, Any] = {"done": 0, "total": 0, "step": None, "end": False}

    def note() -> None:
        with database.transaction() as session:
            actions.note_step(
                session, number, now=datetime.now(UTC), done=told["done"], total=told["total"],
                step=told["step"],
            )  # fmt: skip

    def keep() -> None:
        last, shown = 0.0, -1
        while not told["end"]:
            if time.monotonic() - last > (0.5 if told["done"] != shown else EVERY):
                with suppress(BusyError):  # others write, perhaps this task; so it is said later
                    note()
                last, shown = time.monotonic(), told["done"]
            time.sleep(0.1)

    thread = threading.Thread(target=keep, daemon=True)
    note()
    thread.start()
    try:
        yield told
    finally:
        told["end"] = True
        thread.join(timeout=EVERY)


def _repooled(database: Database, review: str, told: dict[str, Any]) -> dict[str, Any]:
    from review.living.job.repool import repool
    from review.living.reports.brief import brief

    def progress(done: int, total: int) -> None:
        told["done"], told["total"] = done, total

    report = repool(database, actor=settings().actor, review=review, progress=progress)
    if report.outcome is None:
        return {
            "outcome": Outcome.FAILED,
            "message": "another job computes the analyses at the moment; nothing was done",
        }
    sections = [
        {
            "analysis": item.name.analysis,
            "run": item.number,
            "sections": [
                {
                    "heading": one.heading, "sentences": list(one.sentences),
                    "headers": list(one.headers), "rows": [list(row) for row in one.rows],
                    "right": list(one.right),
                }
                for one in brief(item.report, item.explanation)
            ],
        }
        for item in report.recomputed
    ]  # fmt: skip
    failed = [f"{one.name.analysis}: {one.reason}" for one in report.failed]
    words = (
        f"{counted(len(report.recomputed), 'analysis', 'analyses')} computed anew, "
        f"{report.unchanged} unchanged, {len(report.waiting)} waiting, {len(failed)} failed"
    )
    return {
        "outcome": Outcome.FAILED if failed else Outcome.DONE,
        "message": "; ".join([words, *failed]),
        "found": {"sections": sections},
    }


def _exported(database: Database, number: int, kind: Kind, review: str) -> dict[str, Any]:
    target = file_of(database, number)
    new_folder(target.parent, 0o700)
    with tempfile.TemporaryDirectory(dir=target.parent) as place:
        out = Path(place) / (kind.file or kind.name)
        command = [
            sys.executable, "-m", "review", *kind.command, "--review", review, "--out", str(out),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
        if done.returncode != 0 or not out.exists():
            return {"outcome": Outcome.FAILED, "message": _complaint(done.stderr, place)}
        made = out
        if out.is_dir():
            made = Path(shutil.make_archive(str(out), "zip", root_dir=place, base_dir=out.name))
        file = f"{review}-{kind.name}{made.suffix}"
        size = made.stat().st_size
        move_over(made, target)
    return {"outcome": Outcome.DONE, "message": "ready", "file": file, "size": size}


def _complaint(said: str, place: str) -> str:
    """Return the sentence of an error, without the place that nobody knows."""
    lines = [line for line in said.splitlines() if line.startswith("Error: ")]
    return (lines[-1].removeprefix("Error: ") if lines else "the command failed").replace(
        f"{place}/", ""
    )


if __name__ == "__main__":
    run(current(database_at(settings().database_url)), int(sys.argv[1]))
