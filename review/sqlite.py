"""How SQLite is opened: a measured recipe (docs/decisions/0003-sqlite.md)."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from review.errors import DatabaseStateError

BUSY_SECONDS: Final = 30.0
"""How long a writer waits for its turn before it says that the database is busy."""


def wal_is_safe(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite has the fix of the WAL-reset corruption bug (3.51.3, 3.50.7, 3.44.6)."""
    return (
        version >= (3, 51, 3)
        or (3, 50, 7) <= version < (3, 51, 0)
        or (3, 44, 6) <= version < (3, 45, 0)
    )


def pragmas() -> dict[str, str | int]:
    """Return what each connection is set to: the journal, how it syncs, how long it waits."""
    full, extra = 2, 3
    wal = wal_is_safe()
    return {
        "busy_timeout": int(BUSY_SECONDS * 1000),  # first: the others may have to wait
        "foreign_keys": 1,
        "journal_mode": "wal" if wal else "truncate",
        "synchronous": full if wal else extra,
        "trusted_schema": 0,
    }


def prepare(connection: Any, record: ConnectionPoolEntry) -> None:
    """Set a new connection up; raise DatabaseStateError where SQLite does not take a setting."""
    del record
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        for pragma, wanted in pragmas().items():
            cursor.execute(f"PRAGMA {pragma}={wanted}")
            got = cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
            if got != wanted:
                raise DatabaseStateError(
                    f"SQLite did not accept PRAGMA {pragma}={wanted} (it says {got!r}); "
                    "put the database on a local disk"
                )
    finally:
        cursor.close()


def damage(connection: sqlite3.Connection, check: str = "integrity_check") -> str | None:
    """Return what SQLite says of damaged pages, None of sound ones.

    Its words may have parts of what is damaged, which need not be text.
    """
    connection.text_factory = lambda said: said.decode("utf-8", "replace")
    try:
        (said,) = connection.execute(f"PRAGMA {check}(1)").fetchone()
    except UnicodeDecodeError:
        return "the names of its tables are no text"
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if said == "ok" else str(said)


def begin(connection: sa.Connection) -> None:
    """Begin a transaction: one that may write takes the writers' lock at once."""
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
