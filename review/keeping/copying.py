"""One database into another, SQLite or PostgreSQL, and proof that both hold the same.

All of it is read in one consistent state, so that writers of the source are not waited for, and
written in one transaction, so that the target has all of it or nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.db import Base, Database
from review.errors import AlreadyExistsError, DatabaseStateError
from review.history.queries import head, raw_rows
from review.history.rules import row_digest
from review.schema import require_current, revision_of, upgrade
from review.tables import every_table

AT_ONCE: Final = 1_000
"""Rows that are written at once."""

Progress = Callable[[int, int], None]
"""Told how many tables were copied, of how many."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds: rows and their digest by table, and the head of its history."""

    rows: Mapping[str, int]
    digests: Mapping[str, str]
    seq: int
    hash: str


def contents(session: Session) -> Contents:
    """Return what a database holds; the same values give the same digests on both databases."""
    rows, digests = {}, {}
    for table in every_table().sorted_tables:
        digest, count = hashlib.sha256(), 0
        for row in raw_rows(session, table, [column.name for column in table.columns]):
            digest.update(row_digest(row))
            count += 1
        rows[table.name], digests[table.name] = count, digest.hexdigest()
    return Contents(rows, digests, *head(session))


def copy_database(
    source: Database, target: Database, *, progress: Progress | None = None
) -> Contents:
    """Copy all rows of one database into another that is empty, or not there yet.

    Returns
    -------
    Contents
        What both hold, counted and digested in both.

    Raises
    ------
    AlreadyExistsError
        If the target holds anything.
    DatabaseStateError
        If the source is not at the newest revision, or the target came out otherwise.
    """
    require_current(source)
    require_empty(target)
    upgrade(target)
    with source.reading() as there, target.transaction() as here:
        tables = every_table().sorted_tables
        for done, table in enumerate(tables):
            if progress is not None:
                progress(done, len(tables))
            _copy_table(there, here, table)
        if not target.is_sqlite:
            _continue_counting(here)
        was, now = contents(there), contents(here)
        if was != now:
            wrong = [name for name in was.rows if was.digests[name] != now.digests[name]]
            raise DatabaseStateError(
                f"the copy came out otherwise ({', '.join(wrong)}); nothing was kept"
            )
    return now


def require_empty(database: Database) -> None:
    """Raise AlreadyExistsError for a database that holds anything."""
    if revision_of(database) is None:
        return
    require_current(database)
    with database.reading() as session:
        for table in every_table().sorted_tables:
            if session.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                raise AlreadyExistsError(
                    f"{database} holds rows of {table.name}; an empty place is needed, so that "
                    "nothing is written over"
                )


def _copy_table(there: Session, here: Session, table: sa.Table) -> None:
    """Copy the rows as they are stored; what refers to its own table is filled in afterwards."""
    columns = [column.name for column in table.columns]
    yes_or_no = [c.name for c in table.columns if isinstance(c.type, sa.Boolean)]
    own = [key.parent.name for key in table.foreign_keys if key.column.table is table]
    plain = sa.table(table.name, *(sa.column(name) for name in columns))
    later: list[dict[str, Any]] = []
    connection = here.connection()

    def rows() -> Iterator[dict[str, Any]]:
        for row in raw_rows(there, table, columns):
            values: dict[str, Any] = dict(zip(columns, row, strict=True))
            for name in yes_or_no:
                values[name] = None if values[name] is None else bool(values[name])
            if any(values[name] is not None for name in own):
                later.append({f"new_{n}": values[n] for n in own} | {"key": values["id"]})
                values |= dict.fromkeys(own)
            yield values

    part: list[dict[str, Any]] = []
    for values in rows():
        part.append(values)
        if len(part) == AT_ONCE:
            connection.execute(sa.insert(plain), part)
            part = []
    if part:
        connection.execute(sa.insert(plain), part)
    if later:
        given: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in own}
        connection.execute(
            sa.update(plain).where(plain.c.id == sa.bindparam("key")).values(given), later
        )


def _continue_counting(session: Session) -> None:
    """Let PostgreSQL number new rows after those that were copied."""
    for table in Base.metadata.sorted_tables:
        key = table.autoincrement_column
        if key is None:
            continue
        session.execute(
            sa.text(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', '{key.name}'), "
                f"coalesce(max({key.name}), 0) + 1, false) FROM {table.name} "
                f"HAVING pg_get_serial_sequence('{table.name}', '{key.name}') IS NOT NULL"
            )
        )
