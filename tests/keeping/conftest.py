"""The demonstration, in SQLite and copied into PostgreSQL, once for all tests of a worker."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from review.db import Database, database_at
from review.keeping.copying import copy_database
from tests.conftest import Copies


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with something of everything, whose triggers and rules are gone.

    To be changed as somebody would who has the file or owns the tables, and rolled back.
    """
    file: Path = request.getfixturevalue("demonstration_file")
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("whole") / "review.db"
        shutil.copy(file, path)
        database = database_at(f"sqlite:///{path}")
        with sqlite3.connect(path) as connection:
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall():
                connection.execute(f"DROP TRIGGER {name}")
        connection.close()
        sa.event.listen(
            database.engine,
            "connect",
            lambda made, _: made.execute("PRAGMA ignore_check_constraints=ON"),
        )
        yield database
        database.close()
        return
    copies: Copies = request.getfixturevalue("postgres_copies")
    name = copies.make("whole", copies.kept[0])
    database = Database(request.getfixturevalue("postgres_server").set(database=name))
    source = database_at(f"sqlite:///{file}")
    copy_database(source, database)
    source.close()
    with database.engine.begin() as owner:
        rules = "SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'c'"
        for table, rule in owner.exec_driver_sql(f"{rules} AND conrelid <> 0").all():
            owner.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{rule}"')
    yield database
    database.close()
    copies.drop(name)
