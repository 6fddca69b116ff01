"""Backups: one SQLite file with everything, made while others write, checked before it counts.

A backup of PostgreSQL is the same kind of file, copied in one consistent state, so that one command
restores either to either. Beside each stands a manifest: its SHA-256, the revision, rows by table
and the head of its history, which is an anchor for ``review verify``.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.canonical import parsed_json, utc_text
from review.db import Database, database_at
from review.errors import DatabaseStateError, InvalidDataError, NotFoundError
from review.files import flush, flush_all, move_over, replace_file, sha256_of_file, workplace
from review.history.queries import head
from review.history.rules import Anchor
from review.keeping.copying import copy_database
from review.keeping.verifying import verify_all
from review.schema import newest_revision, revision_of, revisions
from review.sqlite import damage
from review.tables import every_table

MANIFEST: Final = ".manifest.json"
_NAME: Final = re.compile(r"review-(\d{8}T\d{6}Z)(?:-\d+)?\.db")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was checked."""

    file: Path
    made: datetime
    sha256: str
    size: int
    """Bytes."""
    revision: str
    software: str
    source: str
    """The database it was made of, without a password."""
    seq: int
    hash: str
    rows: Mapping[str, int]

    @property
    def manifest(self) -> dict[str, Any]:
        """What stands beside it."""
        return {
            "file": self.file.name,
            "made": utc_text(self.made),
            "sha256": self.sha256,
            "size": self.size,
            "revision": self.revision,
            "software": self.software,
            "source": self.source,
            "history": {"seq": self.seq, "hash": self.hash},
            "rows": dict(self.rows),
        }


def manifest_of(file: Path) -> Path:
    """Return where the manifest of a backup stands."""
    return file.with_name(file.name + MANIFEST)


def back_up(database: Database, folder: Path, *, now: datetime | None = None) -> Backup:
    """Make a backup in a folder, check it, and only then give it its name.

    Raises
    ------
    DatabaseStateError
        If the copy is not what the database's history says; nothing is kept then.
    """
    made = now or datetime.now(UTC)
    with workplace(folder) as place:
        file = place / "copy.db"
        if database.is_sqlite:
            copy_file(database.file, file)
        else:
            target = database_at(f"sqlite:///{file}")
            copy_database(database, target)
            target.close()
        backup = _checked(file, made, str(database))
        final = _free(folder, made)
        file.chmod(0o600)
        kept = replace(backup, file=final)
        manifest = json.dumps(kept.manifest, indent=2, ensure_ascii=False) + "\n"
        replace_file(manifest_of(final), manifest.encode())  # first: no backup is without it
        move_over(file, final)
    return kept


def copy_file(source: Path, target: Path) -> None:
    """Copy a SQLite database in one step, consistent whatever others write meanwhile.

    In one step: a copy in several begins anew whenever somebody writes, and never ends.
    """
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as there,
        closing(sqlite3.connect(target)) as here,
    ):
        there.backup(here, pages=-1)
        here.execute("PRAGMA journal_mode=DELETE")
    flush(target)


def _free(folder: Path, made: datetime) -> Path:
    """Return the name of a new backup; two of one second differ."""
    stem = f"review-{made.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    names = (folder / f"{stem}{f'-{n}' if n else ''}.db" for n in range(1_000))
    return next(name for name in names if not name.exists())


def _checked(file: Path, made: datetime, source: str) -> Backup:
    """Return what a copy holds; raise DatabaseStateError unless it is sound."""
    from review import __version__

    problems = file_problems(file)
    copy = database_at(f"sqlite:///{file}")
    try:
        revision = revision_of(copy)
        if revision is None:
            raise DatabaseStateError(f"{source} holds no review database")
        if not problems and revision == newest_revision():
            with copy.reading() as session:
                problems = verify_all(session, viewer=None).problems
        if problems:
            raise DatabaseStateError(
                f"the copy of {source} is not sound, and was not kept: {problems[0]}"
                + (f" (and {len(problems) - 1} more; see review verify)" if problems[1:] else "")
            )
        with copy.reading() as session:
            rows, (seq, hash_) = counts(session), head(session)
    finally:
        copy.close()
    digest = sha256_of_file(file)
    return Backup(
        file, made, digest, file.stat().st_size, revision, __version__, source, seq, hash_, rows
    )


def counts(session: Session) -> dict[str, int]:
    """Return the number of rows of every table that the database has."""
    there = set(sa.inspect(session.connection()).get_table_names())
    return {
        table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in every_table().sorted_tables
        if table.name in there
    }


def file_problems(file: Path) -> list[str]:
    """Return what SQLite finds wrong with a file: pages, keys; none in a sound one."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as connection:
            if found := damage(connection):
                return [f"SQLite says: {found}"]
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        return [f"SQLite says: {error}"]
    return [f"row {row} of {table} refers to nothing in {to}" for table, row, to, _ in broken[:3]]


def read_backup(file: Path) -> Backup | None:
    """Return what the manifest beside a backup says; None where there is none.

    Raises InvalidDataError for a manifest that cannot be read.
    """
    beside = manifest_of(file)
    if not beside.exists():
        return None
    try:
        told = parsed_json(beside.read_bytes())
        return Backup(
            file=file,
            made=datetime.fromisoformat(told["made"]),
            sha256=told["sha256"],
            size=told["size"],
            revision=told["revision"],
            software=told["software"],
            source=told["source"],
            seq=told["history"]["seq"],
            hash=told["history"]["hash"],
            rows=told["rows"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidDataError(f"{beside} is no manifest of a backup: {error!r}") from None


def check_backup(file: Path) -> Backup | None:
    """Return the manifest of a backup after holding the file against it.

    Raises
    ------
    NotFoundError
        If there is no such file.
    DatabaseStateError
        If the file is not the one that was written, is damaged, or is of unknown software.
    """
    if not file.is_file():
        raise NotFoundError(f"there is no file {file}")
    known = read_backup(file)
    if known is not None and known.sha256 != sha256_of_file(file):
        raise DatabaseStateError(
            f"{file} is not what was written: its SHA-256 is not that of {manifest_of(file).name}"
        )
    if file.read_bytes()[:16] != b"SQLite format 3\x00":
        raise DatabaseStateError(f"{file} is no backup: not a SQLite file")
    if problems := file_problems(file):
        raise DatabaseStateError(f"{file} is damaged: {problems[0]}")
    return known


def restore(file: Path, target: Database) -> Backup | None:
    """Put a backup where there is nothing yet, and check that all of it is there.

    Returns
    -------
    Backup or None
        What its manifest says; None where it has none, so that nothing but its own history
        says what belongs in it.

    Raises
    ------
    AlreadyExistsError
        If the target holds anything.
    DatabaseStateError
        If the backup is damaged or not what its history says, or of a revision that this software
        does not know. Nothing is left in the target then.
    """
    from review.keeping.copying import require_empty

    known = check_backup(file)
    if target.is_sqlite and target.file.exists() and target.file.stat().st_size == 0:
        target.file.unlink()
    require_empty(target)
    with workplace(target.file.parent if target.is_sqlite else file.parent) as place:
        copy = database_at(f"sqlite:///{place / 'copy.db'}")
        copy_file(file, copy.file)
        _require_known(file, copy, known)
        if target.is_sqlite:
            copy.close()
            target.close()
            flush_all(place)
            for stale in ("-journal", "-wal", "-shm"):
                Path(f"{target.file}{stale}").unlink(missing_ok=True)
            copy.file.chmod(0o600)
            move_over(copy.file, target.file)
        else:
            copy_database(copy, target)
            copy.close()
    return known


def _require_known(file: Path, copy: Database, known: Backup | None) -> None:
    revision = revision_of(copy)
    if revision is None or revision not in revisions():
        raise DatabaseStateError(
            f"{file} was made by other software (revision {revision}); upgrade living-review first"
        )
    if revision != newest_revision():
        return  # its rows are compared once it is upgraded
    anchors = [] if known is None else [Anchor(known.seq, known.hash, "its manifest")]
    with copy.reading() as session:
        found = verify_all(session, viewer=None, anchors=anchors)
        problems = found.problems
        if known is not None and counts(session) != known.rows:
            problems.append("its tables do not have as many rows as its manifest says")
    if problems:
        raise DatabaseStateError(f"{file} is not what its history says: {problems[0]}")


_KEEP: Final = {"d": ("%Y-%j", 1), "w": ("%G-%V", 7), "m": ("%Y-%m", 31), "y": ("%Y", 366)}


def read_keep(text: str) -> dict[str, int]:
    """Return how many days, weeks, months and years ``7d,4w,12m`` keeps; raise InvalidDataError."""
    found = {}
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"(\d{1,4})([dwmy])", part)
        if match is None:
            raise InvalidDataError(
                f"{part!r} is not a time to keep backups, such as 7d (the newest of each of 7 "
                "days), 4w, 12m or 5y"
            )
        found[match[2]] = int(match[1])
    return found


def backups_in(folder: Path) -> list[Backup]:
    """Return the backups of a folder that this program made, the newest first."""
    named = (file for file in folder.glob("review-*.db") if _NAME.fullmatch(file.name))
    found = [known for file in named if (known := read_backup(file)) is not None]
    return sorted(found, key=lambda one: (one.made, one.file.name), reverse=True)


def superfluous(backups: Sequence[Backup], keep: Mapping[str, int]) -> list[Backup]:
    """Return the backups that a rule does not keep: the newest of each day, week and month stays.

    Backups of other databases than the newest one's are left alone.
    """
    if not backups:
        return []
    mine = [one for one in backups if one.source == backups[0].source]
    kept = {mine[0].file}
    for unit, count in keep.items():
        form, days = _KEEP[unit]
        since = mine[0].made - timedelta(days=days * count)
        newest: dict[str, Backup] = {}
        for one in mine:
            if one.made > since:
                newest.setdefault(f"{one.made:{form}}", one)
        kept |= {one.file for one in list(newest.values())[:count]}
    return [one for one in mine if one.file not in kept]


def remove(backup: Backup) -> None:
    """Delete a backup and its manifest, the manifest last: without it the file is nobody's."""
    backup.file.unlink(missing_ok=True)
    manifest_of(backup.file).unlink(missing_ok=True)
