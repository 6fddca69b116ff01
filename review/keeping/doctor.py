"""What a database and its machine lack to keep the promises: each finding with what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import Database, driver_message
from review.errors import DatabaseStateError, ReviewError
from review.history.models import Event
from review.history.queries import head, verify
from review.keeping.backups import backups_in
from review.keeping.triggers import trigger_problems
from review.living.job.outbox import undelivered
from review.living.runs.models import Job, JobOutcome
from review.schema import newest_revision, revision_of, revisions
from review.sqlite import damage, wal_is_safe
from review.wording import counted

QUICK: Final = 50_000
"""Newest events whose chain is checked; ``review verify`` checks all."""

OLDEST_POSTGRES: Final = 15

NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "sshfs"}
)
"""File systems on which SQLite's locks cannot be relied on."""


class Level(StrEnum):
    """How much a finding matters."""

    FATAL = "fatal"
    """A promise does not hold, or nothing works."""
    WARNING = "warning"
    """A promise may not hold one day."""
    NOTE = "note"
    """To be known; nothing to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be."""

    level: Level
    what: str
    remedy: str


def examine(database: Database, *, now: datetime | None = None) -> list[Finding]:
    """Return what is found, the worst first; nothing for a sound installation."""
    at = now or datetime.now(UTC)
    found = list(_of_place(database)) if database.is_sqlite else []
    try:
        state = _revision(database)
        if state is not None:
            found.append(state)
        else:
            found += _of_sqlite(database) if database.is_sqlite else _of_postgres(database)
            with database.reading() as session:
                found += _of_contents(session, at)
    except (sa.exc.DBAPIError, ReviewError) as error:
        found.append(Finding(Level.FATAL, driver_message(error) or str(error), "see what it says"))
    found += _of_backups(database, at)
    order = list(Level)
    return sorted(found, key=lambda one: order.index(one.level))


def _revision(database: Database) -> Finding | None:
    found = revision_of(database)
    if found == newest_revision():
        return None
    if found is None:
        return Finding(Level.FATAL, f"there is no review database at {database}", "review init")
    if found in revisions():
        return Finding(Level.FATAL, f"the database is at revision {found}", "review upgrade")
    return Finding(
        Level.FATAL,
        f"the database was made by newer software (revision {found})",
        "pip install -U living-review",
    )


def _of_place(database: Database) -> Iterator[Finding]:
    file = database.file
    kind = file_system_of(file.parent)
    if kind in NETWORK or kind.startswith("fuse."):
        yield Finding(
            Level.FATAL,
            f"{file.parent} is on a network file system ({kind}), where SQLite's locks do not hold",
            "move the file to a local disk, or the review to PostgreSQL (review copy)",
        )
    there = next(folder for folder in file.resolve().parents if folder.exists())
    if not os.access(there, os.W_OK):
        yield Finding(Level.FATAL, f"nothing can be written in {there}", f"chmod u+w {there}")
    if not file.exists():
        return
    found = file.stat()
    if os.name == "posix":
        open_to = stat.S_IMODE(found.st_mode) & 0o077
        if open_to:
            yield Finding(
                Level.WARNING,
                f"others of this machine can read {file}: passwords' hashes, blind decisions",
                f"chmod 600 {file}",
            )
        if found.st_uid != os.geteuid():
            yield Finding(
                Level.WARNING, f"{file} belongs to another account", f"chown {os.geteuid()} {file}"
            )
    free = shutil.disk_usage(file.parent).free
    wanted = max(200 * 2**20, 3 * found.st_size)
    if free < wanted:
        yield Finding(
            Level.WARNING,
            f"{free / 2**20:,.0f} MiB are free beside the database; an upgrade with its backup "
            f"wants {wanted / 2**20:,.0f}",
            "make room on that disk",
        )
    mode = _journal(file)
    if mode == "wal" and not wal_is_safe():
        yield Finding(
            Level.FATAL,
            f"the file is in WAL mode, and SQLite {sqlite3.sqlite_version} has the WAL-reset bug, "
            "which can damage it",
            f"sqlite3 {file} 'PRAGMA journal_mode=truncate', and upgrade SQLite to 3.51.3 or newer",
        )


def _journal(file: Path) -> str | None:
    """Return the journal mode that the file's header asks for; None for no database."""
    with file.open("rb") as opened:
        header = opened.read(20)
    if header[:15] != b"SQLite format 3":
        return None
    return "wal" if header[18] == 2 else "rollback"


def file_system_of(folder: Path) -> str:
    """Return the kind of file system of a folder, as Linux names it; empty where it does not."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    place = str(folder.resolve())
    kinds = {"": ""}
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        if place == point or place.startswith(point.rstrip("/") + "/"):
            kinds[point] = kind
    return kinds[max(kinds, key=len)]


def _of_sqlite(database: Database) -> Iterator[Finding]:
    file = database.file
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        said = damage(connection, "quick_check")
        broken = [] if said else connection.execute("PRAGMA foreign_key_check").fetchall()
    if said:
        yield Finding(
            Level.FATAL,
            f"the file is damaged: {said}",
            "review restore the newest backup elsewhere",
        )
    if broken:
        yield Finding(
            Level.FATAL,
            f"{len(broken)} rows refer to nothing (the first in {broken[0][0]})",
            "review verify says what was altered; restore a backup",
        )
    if not wal_is_safe():
        yield Finding(
            Level.NOTE,
            f"SQLite {sqlite3.sqlite_version} is slower than a newer one: WAL is not used, for it "
            "has a bug there",
            "nothing, or SQLite 3.51.3 or newer",
        )


def _of_postgres(database: Database) -> Iterator[Finding]:
    with database.engine.connect() as connection:
        row = connection.execute(
            sa.text(
                "SELECT current_setting('server_version_num')::int / 10000 AS version, "
                "pg_encoding_to_char(encoding) AS encoding, "
                "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super, "
                "(SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class "
                "WHERE oid = to_regclass('event')) AS owns, "
                "current_setting('synchronous_commit') AS durable, "
                "current_setting('fsync') AS fsync, current_setting('ssl') AS ssl "
                "FROM pg_database WHERE datname = current_database()"
            )
        ).one()
    if row.version < OLDEST_POSTGRES:
        yield Finding(
            Level.FATAL, f"PostgreSQL is {row.version}", f"PostgreSQL {OLDEST_POSTGRES} or newer"
        )
    if row.encoding != "UTF8":
        yield Finding(
            Level.FATAL,
            f"the database is encoded in {row.encoding}",
            "make one with ENCODING 'UTF8' and review copy into it",
        )
    if row.super:
        yield Finding(
            Level.WARNING,
            "this program signs in to PostgreSQL as a superuser, who can switch triggers off",
            "give it a role of its own (docs: deploy, roles)",
        )
    elif row.owns:
        yield Finding(
            Level.NOTE,
            "this program signs in to PostgreSQL as a role that owns its tables, and could switch "
            "triggers off",
            "nothing, or a role that owns nothing (docs: deploy, roles)",
        )
    if row.durable == "off" or row.fsync == "off":
        yield Finding(
            Level.FATAL,
            "PostgreSQL does not wait for the disk: a power cut loses what was acknowledged",
            "set fsync and synchronous_commit to on",
        )
    host = database.url.host or ""
    if row.ssl == "off" and host not in ("", "localhost", "127.0.0.1", "::1"):
        yield Finding(
            Level.WARNING, f"the connection to {host} is not encrypted", "switch ssl on there"
        )


def _of_contents(session: Session, now: datetime) -> Iterator[Finding]:
    seq, _ = head(session)
    since = max(0, seq - QUICK)
    for problem in verify(session, after=since).problems:
        yield Finding(Level.FATAL, problem, "review verify; restore a backup from before")
    for problem in trigger_problems(session):
        yield Finding(Level.FATAL, problem, "review verify; restore a backup from before")
    newest = session.scalar(sa.select(sa.func.max(Event.at)))
    if newest is not None and newest > now + timedelta(minutes=5):
        yield Finding(
            Level.WARNING,
            f"the newest event is of {newest:%Y-%m-%d %H:%M} UTC, and this clock says "
            f"{now:%Y-%m-%d %H:%M}",
            "set the clock (timedatectl set-ntp true)",
        )
    dead = [row for row in undelivered(session) if row.next_at is None]
    if dead:
        yield Finding(
            Level.WARNING,
            f"{counted(len(dead), 'message')} to people given up ({dead[0].channel} to "
            f"{dead[0].target}: {dead[0].problem})",
            "mend the channel, then review jobs --send-again",
        )
    job = session.scalars(sa.select(Job).where(Job.outcome == JobOutcome.RUNNING).limit(1)).first()
    if job is not None and job.started < now - timedelta(hours=6):
        yield Finding(
            Level.NOTE,
            f"job {job.id} has been running since {job.started:%Y-%m-%d %H:%M}, or died",
            "the next review repool closes it where it died",
        )


def _of_backups(database: Database, now: datetime) -> Iterator[Finding]:
    if not database.is_sqlite or not database.file.exists():
        return
    folder = database.file.parent / "backups"
    made = backups_in(folder) if folder.is_dir() else []
    if made and made[0].made < now - timedelta(days=8):
        yield Finding(
            Level.WARNING, f"the newest backup is of {made[0].made:%Y-%m-%d}", "review backup"
        )
    elif not made:
        yield Finding(
            Level.NOTE, f"there is no backup in {folder}", "review backup --to a folder elsewhere"
        )


def locks(database: Database) -> Iterator[Finding]:
    """Yield who holds a lock at this moment: locks end with the process that holds them."""
    if not database.is_sqlite:
        return
    from filelock import FileLock, Timeout

    for name in ("writer", "job", "rank"):
        file = Path(f"{database.file}.{name}.lock")
        if not file.exists():
            continue
        lock = FileLock(file, blocking=False)
        try:
            lock.acquire()
        except Timeout:
            yield Finding(
                Level.NOTE, f"a process holds {file.name}", f"wait, or see who: fuser {file}"
            )
        else:
            lock.release()


Check = Callable[[], None]


def try_channel(name: str, send: Check) -> Finding | None:
    """Return what went wrong when a test message was sent; None where it arrived."""
    try:
        send()
    except (OSError, ReviewError, DatabaseStateError) as error:
        return Finding(
            Level.FATAL, f"{name}: {type(error).__name__}: {error}", "mend the settings of it"
        )
    return None
