"""Re-pooling within seconds of a commit by anybody.

PostgreSQL tells (a trigger on the event table notifies at commit); a SQLite file is asked for its
``data_version``, which changes when another connection commits. Either only wakes the watcher:
whether there is something to do is read from the event log, so that a job's own writes do not
start another job, and several watchers on one PostgreSQL do nothing twice.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

from review.db import Database
from review.living.job import staleness
from review.living.job.report import RepoolReport
from review.protocol.queries import review_called

CHANNEL: Final = "review_event"
"""What the trigger on PostgreSQL notifies (migration 0006)."""

POLL: Final = 0.5
"""Seconds between two looks at a SQLite file's version: a page read, no query."""

AT_LEAST_EVERY: Final = 60.0
"""Seconds after which a watcher looks although nobody woke it: a notification can be lost with
its connection."""

Wait = Callable[[float], bool]
"""Wait for a change for so many seconds at most; whether one came."""


def pending(database: Database, review: str | None = None) -> bool:
    """Whether anything but runs was written since the last finished job of this scope."""
    with database.reading() as session:
        scope = review_called(session, review) if review is not None else None
        since = staleness.last_look(session, scope)
        return since is None or staleness.stirred(session, since.watermark)


def watch(
    database: Database,
    job: Callable[[], RepoolReport],
    *,
    review: str | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[RepoolReport]:
    """Run a job whenever something changed, and yield what each did; ends when `stopped` says so.

    A job that another watcher runs at the moment is not yielded; it is looked for again at once.
    """
    with _waiting(database) as wait:
        while not stopped():
            while pending(database, review) and not stopped():
                report = job()
                if report.outcome is not None:
                    yield report
                else:
                    time.sleep(POLL)
            _wait(wait, stopped)


def _wait(wait: Wait, stopped: Callable[[], bool]) -> None:
    deadline = time.monotonic() + AT_LEAST_EVERY
    while not stopped() and time.monotonic() < deadline:
        if wait(POLL):
            return


@contextmanager
def _waiting(database: Database) -> Iterator[Wait]:
    if database.is_sqlite:
        with closing(sqlite3.connect(f"{database.file.resolve().as_uri()}?mode=ro", uri=True)) as c:
            yield _data_version_wait(c)
        return
    import psycopg

    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")

        def wait(seconds: float) -> bool:
            return any(True for _ in connection.notifies(timeout=seconds, stop_after=1))

        yield wait


def _data_version_wait(connection: sqlite3.Connection) -> Wait:
    def version() -> int:
        return int(connection.execute("PRAGMA data_version").fetchone()[0])

    seen = version()

    def wait(seconds: float) -> bool:
        nonlocal seen
        time.sleep(seconds)
        before, seen = seen, version()
        return seen != before

    return wait
