"""The revision a database is at, and the migrations that bring it to the newest."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy import event

from review.config import shipped
from review.db import ADVISORY_APPLICATION, VERSION, WRITER_LOCK, Database, is_lock_timeout
from review.errors import BusyError, DatabaseStateError, Remedy
from review.files import name_anew, new_folder, workplace
from review.sqlite import BUSY_SECONDS, damage

if TYPE_CHECKING:
    from alembic.config import Config


def alembic_config() -> Config:
    """Return the configuration of the shipped migrations."""
    from alembic.config import Config  # only what migrates needs alembic

    config = Config()
    folder = str(shipped("migrations"))
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "newline")
    config.set_main_option("prepend_sys_path", folder)  # migrations import their idioms
    return config


def revisions() -> list[str]:
    """Return the revisions that this software knows, the oldest first.

    Every migration's file has the name of its revision, numbered as they follow one another, so
    that no command imports alembic and all migrations to know whether a database is current.
    """
    return sorted(file.stem for file in (shipped("migrations") / "versions").glob("[0-9]*.py"))


def newest_revision() -> str:
    """Return the revision that this software works with."""
    return revisions()[-1]


OWNER_ONLY: Final = 0o600
"""The permissions of a new database file: its owner reads and writes it, and nobody else."""


def revision_of(database: Database) -> str | None:
    """Return the revision a database is at, None for one without our tables."""
    if database.is_sqlite and not database.file.exists():
        return None
    try:
        engine = database.engine.execution_options(read_only=True)
        with engine.connect() as connection:
            if not sa.inspect(connection).has_table(VERSION.name):
                return None
            return connection.scalar(sa.select(VERSION.c.version_num))
    except sa.exc.DatabaseError as error:
        raise DatabaseStateError(f"cannot open {database}: {error.orig}") from None


def require_current(database: Database) -> None:
    """Raise DatabaseStateError unless the database is at the revision this software works with."""
    found = revision_of(database)
    if found == newest_revision():
        return
    if found is None:
        raise DatabaseStateError(
            f"there is no review database at {database}",
            remedy=Remedy("make it with", "review init"),
        )
    if found in revisions():
        raise DatabaseStateError(
            f"{database} is at revision {found} and this software needs {newest_revision()}",
            remedy=Remedy("bring it up with", "review upgrade"),
        )
    raise DatabaseStateError(
        f"{database} was made by newer software (revision {found}); upgrade living-review"
    )


def current(database: Database) -> Database:
    """Return a database for a program that goes on: after an upgrade no transaction begins.

    Raises DatabaseStateError unless the database is at the revision this software works with.
    """
    held = replace(database, revision=newest_revision())
    try:
        require_current(held)
    except DatabaseStateError:
        held.close()
        raise
    return held


def require_known(database: Database) -> None:
    """Raise DatabaseStateError for a database of a revision that this software does not know."""
    if revision_of(database) not in (None, *revisions()):
        require_current(database)


def _migration_engine(database: Database) -> sa.Engine:
    """Return an engine of its own: foreign keys off before BEGIN, or a rebuilt table loses rows."""
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    if database.is_sqlite:

        @event.listens_for(engine, "connect")
        def _take_transaction_control(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")

        @event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def step_back(database: Database) -> None:
    """Bring a database one revision back, as an older release has it; for trials of an upgrade."""
    from alembic import command

    engine = _migration_engine(database)
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    engine.dispose()
    database.close()


def _backup_before_upgrade(database: Database, now: datetime) -> Path:
    """Return a copy that was checked: pages, keys, and as many rows in every table."""
    with workplace(database.file.parent) as place:
        copy = place / "copy.db"
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY))
        both = (database, Database(database.url.set(database=str(copy))))
        engines = [_migration_engine(one) for one in both]
        try:
            with closing(sqlite3.connect(database.file)) as connection:
                connection.execute("VACUUM INTO ?", (str(copy),))
            with closing(sqlite3.connect(copy)) as connection:
                sound = damage(connection) is None
            with engines[0].begin() as there, engines[1].begin() as here:
                if not sound or row_counts(there) != row_counts(here):
                    raise DatabaseStateError(
                        f"the copy of {database.file} before the upgrade is not sound; "
                        "nothing was changed"
                    )
        finally:
            for engine in engines:
                engine.dispose()
        stem = f"{database.file.name}.before-upgrade-{now:%Y%m%dT%H%M%SZ}"
        names = (f"{stem}{f'-{n}' if n > 1 else ''}" for n in count(1))
        return name_anew(copy, map(database.file.with_name, names))


def row_counts(connection: sa.Connection) -> dict[str, int]:
    """Return the number of rows of every table that a database has, whatever its revision."""
    names = sorted(set(sa.inspect(connection).get_table_names()) - {VERSION.name})
    count = sa.func.count()
    return {
        name: connection.scalar(sa.select(count).select_from(sa.table(name))) or 0 for name in names
    }


def _check_nothing_was_lost(before: dict[str, int], after: dict[str, int]) -> None:
    """Raise DatabaseStateError where a migration would lose rows; none of ours takes any away.

    Tables that are made from others are emptied where their form changes, and made anew.
    """
    from review.history.replay import all_held
    from review.history.rules import Held

    anew = {name for name, how in all_held().items() if how is Held.DERIVED}
    lost = {name: rows - after.get(name, 0) for name, rows in before.items() if name not in anew}
    told = [f"{rows} of {name}" for name, rows in lost.items() if rows > 0]
    if told:
        raise DatabaseStateError(
            f"the migration would lose rows ({', '.join(told)}); it was rolled back"
        )


def _check_references(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise DatabaseStateError(
            f"the migration would leave {len(broken)} rows without what they refer to "
            f"(first: table {broken[0][0]}); it was rolled back"
        )


def upgrade(database: Database, *, now: datetime | None = None) -> tuple[str | None, Path | None]:
    """Bring a database to the newest revision, all or nothing.

    Returns the revision it was at and the backup that was made first (SQLite files that already
    held tables only). Raises DatabaseStateError for a database of newer software.
    """
    before = revision_of(database)
    if before == newest_revision():
        return before, None
    require_known(database)
    backup = None
    if database.is_sqlite:
        new_folder(database.file.parent)
        if not database.file.exists():  # whoever else of the team uses the file is let in by hand
            os.close(os.open(database.file, os.O_CREAT | os.O_RDWR, OWNER_ONLY))
        with database.writers_turn():
            if before is not None:
                backup = _backup_before_upgrade(database, now or datetime.now(UTC))
            _run_migrations(database)
    else:
        _run_migrations(database)
    return before, backup


@contextmanager
def scratch() -> Iterator[sa.Connection]:
    """Yield an empty database at the newest revision, in memory: what a sound one looks like."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    try:
        with engine.begin() as connection:
            _migrate(connection)
            yield connection
    finally:
        engine.dispose()


def _migrate(connection: sa.Connection) -> None:
    from alembic import command

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _run_migrations(database: Database) -> None:
    engine = _migration_engine(database)
    try:
        with engine.begin() as connection:
            if not database.is_sqlite:
                _wait_for_the_others(connection)
            before = row_counts(connection)
            _migrate(connection)
            _check_nothing_was_lost(before, row_counts(connection))
            if database.is_sqlite:
                _check_references(connection)
    except sa.exc.DBAPIError as error:
        if is_lock_timeout(error):
            raise _busy(engine) from None
        raise DatabaseStateError(f"cannot write to {database}: {error.orig}") from None
    finally:
        engine.dispose()


def _wait_for_the_others(connection: sa.Connection) -> None:
    """Wait on PostgreSQL until nobody writes or reads: those who come later wait meanwhile.

    Whatever waits for a lock here, migrations included, gives up after `BUSY_SECONDS`.
    """
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(BUSY_SECONDS * 1000)}")
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_APPLICATION, WRITER_LOCK)))
    if sa.inspect(connection).has_table(VERSION.name):
        connection.exec_driver_sql(f"LOCK TABLE {VERSION.name}")


_OTHERS: Final = """
SELECT DISTINCT pid, usename, client_addr, xact_start,
       to_char(xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS') AS since
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE granted AND locktype IN ('relation', 'advisory') AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY xact_start
"""
"""Who holds a lock of this database: since when, only a role that may read statistics sees."""


def _busy(engine: sa.Engine) -> BusyError:
    """Name the transactions that kept an upgrade waiting."""
    with engine.connect() as connection:
        others = [
            f"process {one.pid} of {one.usename}"
            + (f" at {one.client_addr}" if one.client_addr else "")
            + (f", since {one.since} UTC" if one.since else "")
            for one in connection.exec_driver_sql(_OTHERS)
        ]
    return BusyError(
        f"other programs have kept the database busy for {BUSY_SECONDS:.0f} seconds "
        f"({'; '.join(others) or 'they have ended since'}); nothing was changed: stop them or let "
        "them end, and try again"
    )
