"""A watcher outlives its database: dropped connections, a busy writer, a restored file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from review.db import Database
from review.errors import BusyError
from review.living.job.repool import repool
from review.living.job.report import RepoolReport
from review.living.job.watch import Waiting, watch
from tests.loaded import PATIENCE

Told = Generator[RepoolReport | Waiting | None, None, None]


class Watched:
    """A watcher that is looked at step by step, on a clock that never waits long."""

    def __init__(self, database: Database, job: Callable[[], RepoolReport]) -> None:
        self.asked = 0
        self.told: Told = watch(database, job, stopped=self.stopped)

    def stopped(self) -> bool:
        self.asked += 1
        return self.asked > 400


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review.living.job.watch.POLL", 0.02)
    monkeypatch.setattr("review.living.job.watch._delays", lambda: iter([0.05] * 100))


@pytest.fixture
def watched(database: Database) -> Iterator[Watched]:
    mine = Database(database.url)
    seen = Watched(mine, lambda: repool(mine, actor="watcher"))
    yield seen
    seen.told.close()
    mine.close()


def test_dropped_connections_are_made_again(database: Database, watched: Watched) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no server that drops connections")
    assert isinstance(next(watched.told), RepoolReport)
    with database.engine.connect() as other:
        drop = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        other.execute(sa.text(drop))
    waiting = next(watched.told)
    assert isinstance(waiting, Waiting)
    assert "PostgreSQL" in waiting.reason
    assert next(watched.told) is None, "it says that it watches again"


def test_a_restored_file_is_watched_in_place_of_the_old_one(
    database: Database, watched: Watched, tmp_path: Path
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL restores into the same server")
    assert isinstance(next(watched.told), RepoolReport)
    shutil.copy(database.file, tmp_path / "restored.db")
    os.replace(tmp_path / "restored.db", database.file)
    waiting = next(watched.told)
    assert isinstance(waiting, Waiting)
    assert "another file is in the database's place" in waiting.reason


def test_a_file_that_is_gone_is_waited_for(database: Database, watched: Watched) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL restores into the same server")
    assert isinstance(next(watched.told), RepoolReport)
    away = database.file.rename(database.file.with_name("away.db"))
    first, second = next(watched.told), next(watched.told)
    assert isinstance(first, Waiting)
    assert isinstance(second, Waiting)
    assert not database.file.exists(), "nothing makes an empty database in its place"
    away.rename(database.file)
    assert next(watched.told) is None


def test_a_writer_that_keeps_the_database_is_waited_for(database: Database) -> None:
    done: list[int] = []

    def job() -> RepoolReport:
        done.append(1)
        if len(done) == 1:
            raise BusyError("another process has been writing")
        return repool(database, actor="watcher")

    told = Watched(database, job).told
    waiting = next(told)
    assert waiting == Waiting("another process has been writing", 0.05)
    assert isinstance(next(told), RepoolReport)
    told.close()


def test_a_watcher_may_be_ended_by_another_thread(watched: Watched) -> None:
    """As where nobody holds it any more, and the collector runs in whichever thread it likes."""
    assert isinstance(next(watched.told), RepoolReport)
    with ThreadPoolExecutor(1) as other:
        other.submit(watched.told.close).result(PATIENCE)


def test_sigterm_ends_it_with_status_0(practice: Database, tmp_path: Path) -> None:
    shutil.copy(practice.file, tmp_path / "review.db")
    watcher = subprocess.Popen(
        [sys.executable, "-m", "review", "watch"], stderr=subprocess.PIPE, text=True,
        env={**os.environ, "REVIEW_DATABASE_URL": f"sqlite:///{tmp_path / 'review.db'}"},
    )  # fmt: skip
    assert watcher.stderr is not None
    assert "Watching" in watcher.stderr.readline()
    time.sleep(0.3)
    watcher.send_signal(signal.SIGTERM)
    assert watcher.wait(PATIENCE) == 0
    watcher.stderr.close()
