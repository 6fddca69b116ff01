"""The migrated schema is the models' schema, and what is frozen stays as it was."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from review import schema
from review.config import shipped
from review.db import Database, database_at
from review.errors import DatabaseStateError
from review.tables import every_table
from tests.living.networks import begin, enter, network_plan
from tests.screening.builders import attributed

FROZEN = ("event", "run", "analysis_version")


@pytest.fixture
def empty(database: Database) -> Database:
    """The test's database, emptied of every table."""
    with database.engine.begin() as connection:
        config = schema.alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    return database


def _described(engine: sa.Engine) -> dict[str, Any]:
    inspector = sa.inspect(engine)
    tables = [t for t in inspector.get_table_names() if t != "alembic_version"]
    return {
        table: {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)
            ),
            "pk": inspector.get_pk_constraint(table),
            "fk": sorted(
                (f["name"], f["referred_table"], str(f["options"]))
                for f in inspector.get_foreign_keys(table)
            ),
            "unique": sorted(u["name"] for u in inspector.get_unique_constraints(table)),
            "checks": sorted(
                (c["name"], c["sqltext"]) for c in inspector.get_check_constraints(table)
            ),
            "indexes": sorted(
                (
                    i["name"],
                    i["unique"],
                    str(i.get("expressions") or i["column_names"]),
                    str(i.get("dialect_options", {}).get(f"{engine.dialect.name}_where")),
                )
                for i in inspector.get_indexes(table)
            ),
        }
        for table in sorted(tables)
    }


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection:sqlalchemy.exc.SAWarning")
def test_migrations_make_what_the_models_declare(empty: Database) -> None:
    every_table().create_all(empty.engine)
    declared = _described(empty.engine)
    every_table().drop_all(empty.engine)
    schema.upgrade(empty)
    assert _described(empty.engine) == declared
    assert len(declared) >= 17


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection:sqlalchemy.exc.SAWarning")
def test_alembic_finds_no_drift(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, every_table()) == []


def test_the_unique_key_of_results_is_in_the_database(database: Database) -> None:
    with database.reading() as session:
        catalogue = (
            "SELECT sql FROM sqlite_master WHERE name = 'uq_result_key'"
            if database.is_sqlite
            else "SELECT indexdef FROM pg_indexes WHERE indexname = 'uq_result_key'"
        )
        made = session.execute(sa.text(catalogue)).scalar_one()
    assert "UNIQUE" in made
    assert "coalesce(versus_arm_id, 0)" in made.lower()


def test_down_and_up_again(empty: Database) -> None:
    left = set(sa.inspect(empty.engine).get_table_names()) - {"alembic_version"}
    assert left == set()
    before, backup = schema.upgrade(empty)
    assert (before, backup) == (None, None)
    schema.require_current(empty)


@pytest.mark.parametrize("table", FROZEN)
@pytest.mark.parametrize("verb", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_frozen_rows_refuse_raw_sql(database: Database, table: str, verb: str) -> None:
    rows = {
        "event": "INSERT INTO event (seq, at, actor, action, entity, software, previous, hash) "
        "VALUES (1, 't', 'a', 'x', 'e', 's', 'p', 'h')",
        "analysis_version": "INSERT INTO analysis_version VALUES (1, 1, 1, '{}', 's', 't')",
        "run": "INSERT INTO run VALUES (1, 1, 1, 1, 1, 't', 'f', 'k', '{}', '{}', '{}', 0, 'h')",
    }
    column = "seq" if table == "event" else "id"
    off = (
        "PRAGMA foreign_keys=OFF"
        if database.is_sqlite
        else "SET session_replication_role = replica"
    )
    on = "SELECT 1" if database.is_sqlite else "SET session_replication_role = DEFAULT"
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        for statement in (off, rows[table], on):
            cursor.execute(statement)
        with pytest.raises(Exception, match=f"rows of {table} are never changed"):
            cursor.execute(verb.format(table, column))
        raw.rollback()
    finally:
        raw.invalidate()
        raw.close()


def test_no_key_cascades() -> None:
    keys = [key for table in every_table().tables.values() for key in table.foreign_keys]
    assert len(keys) > 15
    assert {key.ondelete for key in keys} == {"RESTRICT"}


def test_files_of_migrations_are_named_as_alembic_chains_them() -> None:
    script = ScriptDirectory.from_config(schema.alembic_config())
    chained = [revision.revision for revision in script.walk_revisions()]
    assert schema.revisions() == chained[::-1]
    assert schema.newest_revision() == script.get_current_head()


def test_the_revision_of_a_database_is_what_alembic_reads(database: Database) -> None:
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    assert schema.revision_of(database) == current == schema.newest_revision()


def test_an_unknown_revision_is_refused_with_a_remedy(database: Database) -> None:
    with database.transaction() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999_from_the_future'"))
    with pytest.raises(DatabaseStateError, match="newer software"):
        schema.require_current(database)
    with pytest.raises(DatabaseStateError, match="newer software"):
        schema.upgrade(database)


def test_a_missing_database_is_named_with_a_remedy(tmp_path: Path) -> None:
    missing = database_at(f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(DatabaseStateError) as told:
        schema.require_current(missing)
    assert str(told.value.remedy) == "make it with: review init"
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("this is no database, but it is long enough to be looked at\n" * 40)
    with pytest.raises(DatabaseStateError, match="cannot open"):
        schema.require_current(database_at(f"sqlite:///{path}"))


def test_a_migration_that_fails_half_way_leaves_the_database_as_it_was(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(shipped("migrations"), folder)
    (folder / "versions" / "9998_breaks.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = '9998_breaks'\ndown_revision = {schema.newest_revision()!r}\n"
        "def upgrade():\n"
        "    op.add_column('study', sa.Column('half', sa.Text()))\n"
        "    raise RuntimeError('half way')\n"
        "def downgrade():\n    pass\n"
    )
    path = tmp_path / "review.db"
    shutil.copy(sqlite_template, path)
    database = database_at(f"sqlite:///{path}")
    revision = schema.revision_of(database)
    columns = sa.inspect(database.engine).get_columns("study")
    monkeypatch.setattr(schema, "shipped", lambda name: tmp_path / name)
    with pytest.raises(RuntimeError, match="half way"):
        schema.upgrade(database)
    monkeypatch.undo()
    assert schema.revision_of(database) == revision
    assert len(sa.inspect(database.engine).get_columns("study")) == len(columns)
    assert len(list(tmp_path.glob("review.db.before-upgrade-*"))) == 1
    database.engine.dispose()


def test_more_events_than_persons_stand_beside_their_person_years_alone(
    database: Database,
) -> None:
    """The rule of events, as the migration of person-time left it, and as it was before."""
    by = attributed("tester")
    begin(database, by, network_plan())
    enter(database, by, {"Synthetic 1": {"video": {"n": 20, "events": 7}}})
    many = sa.text("UPDATE result SET events = 31")
    with database.engine.connect() as connection:
        with pytest.raises(sa.exc.IntegrityError, match=r"ck_result_events|CHECK constraint"):
            connection.execute(many)
        connection.rollback()
        connection.execute(sa.text("UPDATE result SET events = 31, person_years = 18.5"))
        with pytest.raises(sa.exc.IntegrityError):
            connection.execute(sa.text("UPDATE result SET person_years = 0"))
        connection.rollback()


def test_person_time_comes_and_goes_with_its_results(database: Database) -> None:
    by = attributed("tester")
    begin(database, by, network_plan())
    enter(database, by, {"Synthetic 1": {"video": {"n": 20, "events": 7}}})
    with database.engine.begin() as connection:
        config = schema.alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0026_added_abstracts")
    inspector = sa.inspect(database.engine)
    assert "person_years" not in {c["name"] for c in inspector.get_columns("result")}
    schema.upgrade(database)
    with database.engine.connect() as connection:
        found = connection.execute(sa.text("SELECT n, events, person_years FROM result")).all()
    assert [tuple(row) for row in found] == [(20, 7, None)]
