"""The roles of PostgreSQL that docs/deploy.md gives: the program works, and owns nothing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from review.cli import main
from review.config import settings
from review.db import Database
from review.keeping.doctor import Level, examine
from review.schema import upgrade

Cli = Callable[..., Result]

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"


@pytest.fixture
def guarded(postgres_server: sa.URL) -> Iterator[Database]:
    """A database made and granted as the page says, through the role that owns nothing."""
    mark = uuid.uuid4().hex[:10]
    said = re.search(r"## Roles of PostgreSQL.*?```sql\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    assert said is not None
    names = {"review_owner": f"owner_{mark}", "review_app": f"app_{mark}"}
    sql = re.sub(r"--.*", "", said[1]).replace("DATABASE review", f"DATABASE guarded_{mark}")
    for name, own in names.items():
        sql = sql.replace(name, own)
    statements = [one.strip() for one in sql.split(";") if one.strip()]
    roles = [one for one in statements if one.startswith("CREATE ROLE")]
    engine = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in roles:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(
            f"CREATE DATABASE guarded_{mark} TEMPLATE template0 ENCODING 'UTF8' "
            f"OWNER {names['review_owner']}"
        )
    of_mark = postgres_server.set(database=f"guarded_{mark}", password="unused")
    owner = Database(of_mark.set(username=names["review_owner"]))
    upgrade(owner)
    with owner.engine.begin() as connection:
        for statement in statements:
            if statement not in roles:
                connection.exec_driver_sql(statement)
    owner.close()
    app = Database(of_mark.set(username=names["review_app"]))
    yield app
    app.close()
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE guarded_{mark} WITH (FORCE)")
        for own in names.values():
            connection.exec_driver_sql(f"DROP ROLE {own}")
    engine.dispose()


@pytest.fixture
def database(guarded: Database) -> Database:
    """What the command line works on."""
    return guarded


def test_all_of_a_review_is_done_by_a_role_that_owns_nothing(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "found.ris").write_text(
        "".join(f"TY  - JOUR\nTI  - Invented trial {n}\nPY  - 2020\nER  - \n\n" for n in range(4))
    )
    cli("seed", "load", "cbt-delivery", "--until", "1985")
    cli("import", tmp_path / "found.ris", "--review", "cbt-delivery")
    cli("dedupe", "run", "--review", "cbt-delivery")
    for who in ("ben", "dan"):
        cli("people", "add", who, "--review", "cbt-delivery")
    for who in ("ben", "dan"):
        monkeypatch.setenv("REVIEW_ACTOR", who)
        settings.cache_clear()
        cli("screen", "next", "--review", "cbt-delivery")
        cli("screen", "decide", "1", "include", "--review", "cbt-delivery")
        cli("screen", "undo", "1", "--review", "cbt-delivery")
        cli("screen", "decide", "1", "exclude", "--review", "cbt-delivery")
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    settings.cache_clear()
    cli("repool", "--review", "cbt-delivery")
    cli("release", "create", "1.0", "--review", "cbt-delivery", "--no-figures",
        "--out", tmp_path / "release",
        "--because", "first")  # fmt: skip
    cli("export", "tables", "--review", "cbt-delivery", "--out", tmp_path / "tables")
    told = CliRunner().invoke(main, ["doctor"]).output  # of a server that keeps nothing for long
    assert "superuser" not in told
    assert "owns its tables" not in told
    cli("verify")


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE decision DISABLE TRIGGER ALL",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP TABLE event",
        "TRUNCATE event",
        "DELETE FROM event",
        "UPDATE event SET actor = 'somebody'",
        "UPDATE run SET created = created",
        "DELETE FROM decision",
        "CREATE TABLE other (id integer)",
        "CREATE OR REPLACE FUNCTION forbid_change() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_what_would_unmake_the_history_is_refused(guarded: Database, statement: str) -> None:
    with (
        pytest.raises(sa.exc.ProgrammingError, match=r"permission denied|must be owner"),
        guarded.engine.begin() as connection,
    ):
        connection.exec_driver_sql(statement)


def test_doctor_says_that_a_role_owns_the_tables(guarded: Database) -> None:
    owner = Database(guarded.url.set(username=str(guarded.url.username).replace("app", "owner")))
    try:
        found = {one.what: one.level for one in examine(owner)}
    finally:
        owner.close()
    (said,) = (what for what in found if "owns its tables" in what)
    assert found[said] is Level.NOTE
