"""Trials of the promises on this installation: commands that are killed, rows that are altered.

Each trial works on a database of its own in a temporary folder; only `verify` and `doctor` look at
the installation's own, and change nothing there. What is drawn by chance is drawn from a seed that
the report names. A negative control is a trial that has to fail: it shows that failing is seen.
"""

from __future__ import annotations

import os
import platform
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import utc_text
from review.config import settings
from review.db import Database, database_at
from review.errors import ReviewError
from review.history.replay import compare_table, governed, models
from review.history.rules import Held, Omitted
from review.keeping.backups import back_up, restore
from review.keeping.copying import contents, copy_database
from review.keeping.doctor import Level, examine
from review.keeping.verifying import verify_all
from review.schema import revisions

REVIEW: Final = "cbt-delivery"
"""The shipped review that the trials begin with."""

LONGEST: Final = 300.0
"""Seconds that one command may take."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one trial."""

    promise: str
    """P1 to P11, as SECURITY.md has them."""
    name: str
    requirement: str
    passed: bool
    found: str
    """What was seen, with numbers."""
    seconds: float
    seed: int | None = None


@dataclass
class Ground:
    """Where trials are held: a folder, a seed, how often."""

    folder: Path
    seed: int
    kills: int
    main: Callable[[Sequence[str]], None] | None = None
    """The program, loaded: where processes can be forked, a kill falls into what a command does."""
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def database(self, name: str) -> Database:
        """Return a database of the name in the folder."""
        return database_at(f"sqlite:///{self.folder / f'{name}.db'}")

    def run(self, database: Database, *words: str, after: float | None = None) -> int | None:
        """Run a command; kill it after some seconds, None where it came through before."""
        if self.main is not None and hasattr(os, "fork"):
            return self._forked(database, words, LONGEST if after is None else after)
        process = subprocess.Popen(
            [sys.executable, "-m", "review", *words], cwd=self.folder, text=True,
            env={**os.environ, "REVIEW_DATABASE_URL": database.address, "REVIEW_ACTOR": "trial"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            return process.wait(LONGEST if after is None else after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return None

    def needs(self, database: Database, *words: str) -> None:
        """Run a command that a trial needs to come through."""
        if (code := self.run(database, *words)) != 0:
            raise ReviewError(f"review {' '.join(words)} ended with {code} before a kill")

    def _forked(self, database: Database, words: Sequence[str], after: float) -> int | None:
        database.close()  # no connection goes over a fork
        if (child := os.fork()) == 0:
            code = 70
            try:
                nowhere = os.open(os.devnull, os.O_RDWR)
                for handle in range(3):
                    os.dup2(nowhere, handle)
                os.chdir(self.folder)
                os.environ |= {"REVIEW_DATABASE_URL": database.address, "REVIEW_ACTOR": "trial"}
                settings.cache_clear()
                assert self.main is not None
                self.main(words)
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            finally:
                os._exit(code)
        until = time.monotonic() + after
        while time.monotonic() < until:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.001)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        return None if code == -signal.SIGKILL else code


def tampers(ground: Ground) -> Trial:
    """Alter, delete and back-date a row of every governed table that has any; all is named."""
    began = time.perf_counter()
    database = ground.database("killed")
    copy = ground.folder / "tampered.db"
    shutil.copy(database.file, copy)
    tried, missed = 0, []
    with closing(sqlite3.connect(copy)) as connection:
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.commit()
    tampered = database_at(f"sqlite:///{copy}")
    for table, how in governed().items():
        if how is Held.SEAL:
            continue
        for statement in _statements(copy, table):
            tried += 1
            found: list[Any] = []
            with Session(tampered.engine) as session:
                session.execute(sa.text("PRAGMA ignore_check_constraints=ON"))
                session.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
                session.execute(sa.text(statement))
                compare_table(session, table, found.append)
                session.rollback()
            if not found:
                missed.append(statement)
    tampered.close()
    return Trial(
        promise="P4",
        name="rows altered behind the history's back",
        requirement="every alteration of a governed row is named",
        passed=not missed and tried > 0,
        found=f"{tried - len(missed)} of {tried} named"
        + (f"; missed: {missed[:3]}" if missed else ""),
        seconds=time.perf_counter() - began,
    )


def _statements(file: Path, table: str) -> Iterator[str]:
    """Yield ways to alter a table by hand, where it has a row."""
    omitted: Mapping[str, str] = getattr(models()[table], "__history_omits__", {})
    sealed = {name for name, why in omitted.items() if why in (Omitted.SEALED, Omitted.PRIVATE)}
    with closing(sqlite3.connect(file)) as connection:
        row = connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0]
        columns = [(c[1], c[2]) for c in connection.execute(f"PRAGMA table_info({table})")]
    if row is None:
        return
    yield f"DELETE FROM {table} WHERE id = {row}"
    yield f"UPDATE {table} SET id = {row + 7} WHERE id = {row}"
    for name, kind in columns:
        if name != "id" and name not in sealed:
            other = "4711" if kind.upper() in ("INTEGER", "DOUBLE", "BOOLEAN") else "'x'"
            yield f"UPDATE {table} SET {name} = {other} WHERE id = {row}"


def backups(ground: Ground) -> Trial:
    """Back up, restore and copy: what comes out is what was there; a plain damage is refused."""
    began = time.perf_counter()
    database = ground.database("killed")
    made = back_up(database, ground.folder / "kept")
    there = ground.database("restored")
    restore(made.file, there)
    copied = ground.database("copied")
    copy_database(there, copied)
    with database.reading() as original, copied.reading() as copy:
        same = contents(original) == contents(copy)
    refused = 0
    for number in range(20):
        damaged = ground.folder / f"damaged-{number}.db"
        content = bytearray(made.file.read_bytes())
        at = ground.chance.randrange(len(content) - 512)
        content[at : at + 512] = ground.chance.randbytes(512)
        damaged.write_bytes(content)
        shutil.copy(f"{made.file}.manifest.json", f"{damaged}.manifest.json")
        try:
            restore(damaged, ground.database(f"from-damaged-{number}"))
        except ReviewError:
            refused += 1
        damaged.unlink()
    for one in (database, there, copied):
        one.close()
    return Trial(
        promise="P10",
        name="backup, restore, copy",
        requirement="what is restored holds what was there; a damaged backup is refused",
        passed=same and refused == 20,
        found=f"equal digests of every table: {'yes' if same else 'no'}; "
        f"damaged backups refused: {refused} of 20",
        seconds=time.perf_counter() - began,
        seed=ground.seed,
    )


def control(ground: Ground) -> Trial:
    """A negative control: a row that is lost behind the history's back has to be seen."""
    began = time.perf_counter()
    copy = ground.folder / "control.db"
    shutil.copy(ground.database("killed").file, copy)
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("DELETE FROM result WHERE id = (SELECT max(id) FROM result)")
        connection.commit()
    database = database_at(f"sqlite:///{copy}")
    with database.reading() as session:
        sound = verify_all(session, viewer=None).sound
    database.close()
    return Trial(
        promise="P1 P4",
        name="negative control: one row is taken away",
        requirement="the check of the other trials has to find it",
        passed=not sound,
        found="found" if not sound else "not found: the other trials prove nothing",
        seconds=time.perf_counter() - began,
    )


def own(database: Database) -> Iterator[Trial]:
    """Look at the installation's own database: its history, its runs, its health."""
    began = time.perf_counter()
    with database.reading() as session:
        found = verify_all(session, viewer=None, runs=True)
    yield Trial(
        promise="P4 P5",
        name="the installation's database",
        requirement="every row is what the history says; every run comes out again",
        passed=found.sound,
        found=f"{found.chain.events:,} events, {found.rows:,} rows, {found.recomputed:,} runs"
        if found.sound
        else "; ".join(found.problems[:5]),
        seconds=time.perf_counter() - began,
    )
    began = time.perf_counter()
    ill = [one for one in examine(database) if one.level is Level.FATAL]
    yield Trial(
        promise="all",
        name="doctor",
        requirement="nothing that a promise needs is missing",
        passed=not ill,
        found="nothing fatal" if not ill else "; ".join(one.what for one in ill[:5]),
        seconds=time.perf_counter() - began,
    )


def versions() -> dict[str, str]:
    """Return what the trials ran on."""
    from review import __version__

    return {
        "living-review": __version__,
        "revision": revisions()[-1],
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "sqlalchemy": sa.__version__,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "at": utc_text(datetime.now(UTC)),
    }
