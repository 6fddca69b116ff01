"""Re-pooling within seconds of a commit by anybody.

PostgreSQL tells (a trigger on the event table notifies at commit); a SQLite file is asked for its
``data_version``, which changes when another connection commits. Either only wakes the watcher:
whether there is something to do is read from the event log, so that a job's own writes do not
start another job, and several watchers on one PostgreSQL do nothing twice.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from review.db import Database, driver_message
from review.errors import DatabaseStateError, ReviewError
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

LONGEST_DELAY: Final = 60.0
"""Seconds at most between two tries to reach a database that is away."""

Wait = Callable[[float], bool]
"""Wait for a change for so many seconds at most; whether one came."""


def pending(database: Database, review: str | None = None) -> bool:
    """Whether anything but runs was written since the last finished job of this scope."""
    with database.reading() as session:
        scope = review_called(session, review) if review is not None else None
        since = staleness.last_look(session, scope)
        return since is None or staleness.stirred(session, since.watermark)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What keeps a watcher from watching at the moment."""

    reason: str
    seconds: float
    """After which it tries again."""


class _ReplacedError(Exception):
    """Another file stands where the database was, as after a restore."""


def watch(
    database: Database,
    job: Callable[[], RepoolReport],
    *,
    review: str | None = None,
    ready: Callable[[], None] = lambda: None,
    stopped: Callable[[], bool] = lambda: False,
    idle: Callable[[], None] = lambda: None,
) -> Generator[RepoolReport | Waiting | None, None, None]:
    """Run a job whenever something changed, and yield what each did; ends when `stopped` says so.

    A job that another watcher runs at the moment is not yielded; it is looked for again at once.
    A database that goes away, is kept busy by another writer, or is replaced by a restored one does
    not end it: it yields what it waits for, tries again after 1, 2, 4, ... 60 seconds, and yields
    None once it watches again.

    Parameters
    ----------
    ready
        Raises where the database cannot be used, as when it is to be upgraded.
    idle
        Called now and then, at least once a minute, while there is nothing to do.
    """
    delays = _delays()
    waited = False
    while not stopped():
        try:
            ready()
            with _waiting(database) as wait:
                while not stopped():
                    while pending(database, review) and not stopped():
                        report = job()
                        if report.outcome is not None:
                            yield report
                        else:
                            time.sleep(POLL)
                    if waited:
                        yield None
                    delays, waited = _delays(), False
                    _wait(wait, stopped)
                    idle()
        except _ReplacedError:
            database.close()
            yield Waiting("another file is in the database's place; it is watched from now on", 0)
        except _TROUBLE as error:
            database.close()
            waited = True
            delay = next(delays)
            yield Waiting(_reason(error), delay)
            _sleep(delay, stopped)


_TROUBLE: Final = (ReviewError, sa.exc.DBAPIError, sqlite3.Error, OSError)


def _delays() -> Iterator[float]:
    """Yield seconds to wait before each try: doubled, and not the same for all watchers."""
    delay = 1.0
    while True:
        yield round(delay * random.uniform(0.8, 1.2), 1)
        delay = min(delay * 2, LONGEST_DELAY)


def _reason(error: Exception) -> str:
    said = driver_message(error) or str(error)
    return " ".join(said.split()) or type(error).__name__


def _sleep(seconds: float, stopped: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not stopped() and (left := until - time.monotonic()) > 0:
        time.sleep(min(POLL, left))


def _wait(wait: Wait, stopped: Callable[[], bool]) -> None:
    deadline = time.monotonic() + AT_LEAST_EVERY
    while not stopped() and time.monotonic() < deadline:
        if wait(POLL):
            return


@contextmanager
def _waiting(database: Database) -> Iterator[Wait]:
    if database.is_sqlite:
        file = database.file.resolve()
        known = _identity(file)
        address = f"{file.as_uri()}?mode=ro"
        # a generator that nobody reads to its end is closed by whichever thread collects it
        with closing(sqlite3.connect(address, uri=True, check_same_thread=False)) as connection:
            changed = _data_version_wait(connection)

            def look(seconds: float) -> bool:
                found = changed(seconds)
                if _identity(file) != known:
                    raise _ReplacedError
                return found

            yield look
        return
    import psycopg

    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(address, autocommit=True) as told:
            told.execute(f"LISTEN {CHANNEL}")

            def wait(seconds: float) -> bool:
                return any(True for _ in told.notifies(timeout=seconds, stop_after=1))

            yield wait
    except psycopg.Error as error:
        raise DatabaseStateError(f"PostgreSQL: {error}") from None


def _identity(file: Path) -> tuple[int, int]:
    """Return what tells a file from another one that gets its name."""
    found = file.stat()
    return found.st_dev, found.st_ino


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
