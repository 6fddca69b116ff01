"""Trials of the promises on this installation: commands that are killed, rows that are altered.

Each trial works on a database of its own in a temporary folder; only `verify` and `doctor` look at
the installation's own, and change nothing there. What is drawn by chance is drawn from a seed that
the report names. A negative control is a trial that has to fail: it shows that failing is seen.
"""

from __future__ import annotations

import importlib
import math
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
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, configure_mappers

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

LONGEST: Final = 600.0
"""Seconds that one command may take."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a command is killed: after so many seconds, of the clock or of the processor.

    A command's own processor time hardly depends on what else the machine does, so such a kill
    falls into it; a kill by the clock falls into what it waits for, too: a sync, a server.
    """

    after: float
    of_processor: bool = False


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its status (None: it was killed), and what it took."""

    code: int | None
    seconds: float
    said: str
    """The last line of its complaints."""
    processor: float = 0.0
    """Seconds of the processor; 0 where the system does not tell."""


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


TAMPERS: Final = "rows altered behind the history's back"
BACKUPS: Final = "backup, restore, copy"
CONTROL: Final = "negative control: one row is taken away"
"""Names of trials, beside those of `review.keeping.kills`."""


def is_wanted(name: str, only: Sequence[str]) -> bool:
    """Whether a trial is held: of all, or of those whose name has one of some words."""
    return not only or any(word in name for word in only)


@dataclass
class Ground:
    """Where trials are held: a folder, a seed, how often."""

    folder: Path
    seed: int
    kills: int
    until: float = math.inf
    """When the kills end at the latest, by the monotonic clock."""
    main: Callable[[Sequence[str]], None] | None = None
    """The program, loaded: where processes can be forked, a kill falls into what a command does."""
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def database(self, name: str) -> Database:
        """Return a database of the name in the folder."""
        return database_at(f"sqlite:///{self.folder / f'{name}.db'}")

    def run(self, database: Database, *words: str, kill: Moment | None = None) -> Ran:
        """Run a command; kill it at a moment, if it is not through before."""
        if self.main is not None and hasattr(os, "fork"):
            return self._forked(database, words, kill)
        began = time.monotonic()
        with self.complaints.open("wb") as complaints:
            process = subprocess.Popen(
                [sys.executable, "-m", "review", *words], cwd=self.folder,
                env={**os.environ, **_environment(database)},
                stdout=subprocess.DEVNULL, stderr=complaints,
            )  # fmt: skip
        try:
            code: int | None = process.wait(LONGEST if kill is None else kill.after)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        return Ran(code, time.monotonic() - began, self._said())

    @property
    def complaints(self) -> Path:
        """What the last command wrote to standard error."""
        return self.folder / "complaints.txt"

    @property
    def loaded(self) -> Path:
        """The modules that the last command loaded."""
        return self.folder / "loaded.txt"

    def _load(self) -> None:
        """Load what a command loaded, so that the next one begins with its work."""
        if self.loaded.exists():
            for name in self.loaded.read_text().splitlines():
                if name not in sys.modules:
                    with suppress(ImportError):
                        importlib.import_module(name)
            self.loaded.unlink()
            configure_mappers()

    def _said(self) -> str:
        return (self.complaints.read_text(errors="replace").strip().splitlines() or [""])[-1]

    def needs(self, database: Database, *words: str) -> None:
        """Run a command that a trial needs to come through."""
        if (ran := self.run(database, *words)).code != 0:
            raise ReviewError(f"review {' '.join(words)} ended with {ran.code}: {ran.said}")

    def _forked(self, database: Database, words: Sequence[str], kill: Moment | None) -> Ran:
        database.close()  # no connection goes over a fork
        began = time.monotonic()
        if (child := os.fork()) == 0:
            code = 70
            try:
                nowhere = os.open(os.devnull, os.O_RDWR)
                complaints = os.open(self.complaints, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                for handle, to in enumerate((nowhere, nowhere, complaints)):
                    os.dup2(to, handle)
                os.chdir(self.folder)
                os.environ |= _environment(database)
                settings.cache_clear()
                assert self.main is not None
                self.main(words)
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            finally:
                if code == 0:
                    self.loaded.write_text("\n".join(sys.modules))
                os._exit(code)
        while True:
            done, status, used = os.wait4(child, os.WNOHANG)
            seconds = time.monotonic() - began
            if not done and (seconds > LONGEST or (kill and _has_come(kill, child, seconds))):
                os.kill(child, signal.SIGKILL)
                done, status, used = os.wait4(child, 0)
            if done:
                exit_code = os.waitstatus_to_exitcode(status)
                died = exit_code == -signal.SIGKILL
                processor = used.ru_utime + used.ru_stime
                if kill is None:
                    self._load()
                return Ran(None if died else exit_code, seconds, self._said(), processor)
            time.sleep(0.001)


def _environment(database: Database) -> dict[str, str]:
    return {"REVIEW_DATABASE_URL": database.address, "REVIEW_ACTOR": "trial"}


def _has_come(kill: Moment, child: int, seconds: float) -> bool:
    """Whether the moment to kill a child has come."""
    if not kill.of_processor:
        return seconds >= kill.after
    try:  # the clock of another process, as clock_getcpuclockid(3) of Linux numbers it
        return time.clock_gettime((~child << 3) | 2) >= kill.after
    except OSError:
        return False  # it has just ended


TELLS_PROCESSOR_TIME: Final = sys.platform == "linux"
"""Whether the system tells how long another process has worked."""


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
        name=TAMPERS,
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
        name=BACKUPS,
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
        name=CONTROL,
        requirement="the check of the other trials has to find it",
        passed=not sound,
        found="found" if not sound else "not found: the other trials prove nothing",
        seconds=time.perf_counter() - began,
    )


AFTERWARDS: Final = {TAMPERS: tampers, BACKUPS: backups, CONTROL: control}
"""Trials of what the kills left, by name."""


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
