"""The triggers that a database should have: those that its migrations make, and no others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.schema import scratch


@dataclass(frozen=True, slots=True)
class _Guard:
    """A trigger of PostgreSQL."""

    table: str
    when: int
    """The bits of ``pg_trigger.tgtype``."""
    update_of: frozenset[str]
    """The columns whose UPDATE it is about; all where there is none."""
    body: str
    """What its function does."""
    on: bool = True


_BEFORE_ANY_CHANGE = 2 + 8 + 16 + 32
"""Before DELETE, UPDATE and TRUNCATE, once a statement."""

_AFTER_INSERT = 4

_ALONE = {
    "event_told": _Guard(
        "event",
        _AFTER_INSERT,
        frozenset(),
        "BEGIN PERFORM pg_notify('review_event', ''); RETURN NULL; END",
    )
}
"""What PostgreSQL has and SQLite does not: watchers are told of events."""


def trigger_problems(session: Session) -> list[str]:
    """Return what is wrong with the triggers, as sentences; none in a sound database."""
    wanted = _wanted()
    bind = session.connection()
    if bind.dialect.name == "sqlite":
        return sorted(_compared(wanted, _of_sqlite(bind)))
    return sorted(_compared(_of_postgres_names(wanted), _of_postgres(bind)))


@cache
def _wanted() -> dict[str, object]:
    with scratch() as connection:
        return _of_sqlite(connection)


def _compared(wanted: dict[str, object], found: dict[str, object]) -> list[str]:
    return [
        *(f"trigger {name} is missing" for name in wanted.keys() - found.keys()),
        *(f"trigger {name} is none of ours" for name in found.keys() - wanted.keys()),
        *(
            f"trigger {name} was changed"
            for name in wanted.keys() & found.keys()
            if wanted[name] != found[name]
        ),
    ]


def _of_sqlite(connection: sa.Connection) -> dict[str, object]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {name: " ".join(sql.split()) for name, sql in rows}


_MADE = re.compile(
    r"BEFORE (?P<verb>UPDATE|DELETE)(?: OF (?P<columns>.+?))? "
    r"ON \"?(?P<table>\w+)\"? .*'(?P<says>.*)'"
)


def _of_postgres_names(made: dict[str, object]) -> dict[str, object]:
    """Return what PostgreSQL should have, from what the same migrations make in SQLite."""
    guards: dict[str, object] = {**_ALONE}
    for sql in made.values():
        found = _MADE.search(str(sql))
        assert found is not None, sql
        if found["verb"] == "UPDATE":
            columns = frozenset((found["columns"] or "").split(", ")) - {""}
            table, body = found["table"], f"BEGIN RAISE EXCEPTION '{found['says']}'; END"
            guards[f"{table}_frozen"] = _Guard(table, _BEFORE_ANY_CHANGE, columns, body)
    return guards


def _of_postgres(connection: sa.Connection) -> dict[str, object]:
    rows = connection.exec_driver_sql(
        """
        SELECT t.tgname, c.relname, t.tgtype, t.tgenabled IN ('O', 'A') AS enabled, p.prosrc,
               ARRAY(SELECT a.attname::text FROM pg_attribute a
                     WHERE a.attrelid = c.oid AND a.attnum = ANY(t.tgattr)) AS columns
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
        """
    )
    return {
        row.tgname: _Guard(
            row.relname,
            row.tgtype,
            frozenset(row.columns),
            " ".join(row.prosrc.split()),
            row.enabled,
        )
        for row in rows
    }
