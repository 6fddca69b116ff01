"""A database of the version before double entry keeps every row, index and rule."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command

from review import schema
from review.db import Database

ROWS = (
    "INSERT INTO review (id, slug, title, question) VALUES (1, 'r', 'R', '')",
    "INSERT INTO outcome (id, review_id, slug, name, description) VALUES (1, 1, 'o', 'O', '')",
    "INSERT INTO instrument (id, review_id, outcome_id, slug, name) VALUES (1, 1, 1, 'i', 'I')",
    "INSERT INTO person (id, handle) VALUES (1, 'ada')",
    "INSERT INTO study (id, review_id, label, year) VALUES (1, 1, 'S', 2020)",
    "INSERT INTO arm (id, study_id, label, treatment) VALUES (1, 1, 'A', 'CBT')",
    "INSERT INTO entry (id, study_id, person_id, kind) VALUES (1, 1, 1, 'single')",
)
RESULT = (
    "INSERT INTO result (id, entry_id, level, arm_id, instrument_id, rater, timepoint, "
    "analysis_set, n, mean, sd, version) "
    "VALUES ({id}, 1, '{level}', 1, 1, 'client', '{when}', 'itt', 20, 0.1, {sd}, 3)"
)


def _migrate(database: Database, to: str) -> None:
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)  # foreign keys off, as upgrades
    with engine.begin() as connection:
        config = schema.alembic_config()
        config.attributes["connection"] = connection
        (command.downgrade if to == "0003_screening" else command.upgrade)(config, to)


def test_results_survive_the_way_there_and_back(database: Database) -> None:
    _migrate(database, "0003_screening")
    with database.engine.begin() as connection:
        for row in (*ROWS, RESULT.format(id=1, level="arm", when="post", sd=0.3)):
            connection.execute(sa.text(row))
    kept = "SELECT id, n, mean, sd, version FROM result"
    schema.upgrade(database)
    with database.engine.connect() as connection:
        assert connection.execute(sa.text(kept)).all() == [(1, 20, 0.1, 0.3, 3)]
        versions = connection.execute(sa.text("SELECT version FROM study")).scalars().all()
        assert versions == [1]
    _migrate(database, "0003_screening")
    with database.engine.connect() as connection:
        assert connection.execute(sa.text(kept)).all() == [(1, 20, 0.1, 0.3, 3)]


@pytest.mark.parametrize(
    "bad",
    [
        RESULT.format(id=2, level="arm", when="post", sd=0.3),  # the same key
        RESULT.format(id=2, level="association", when="later", sd=0.3),  # with no other instrument
        RESULT.format(id=2, level="whole", when="later", sd=0.3),
        RESULT.format(id=2, level="arm", when="later", sd=-0.3),
    ],
)
def test_the_copied_table_keeps_its_rules(database: Database, bad: str) -> None:
    with database.engine.begin() as connection:
        for row in (*ROWS, RESULT.format(id=1, level="arm", when="post", sd=0.3)):
            connection.execute(sa.text(row))
    with pytest.raises(sa.exc.IntegrityError), database.engine.begin() as connection:
        connection.execute(sa.text(bad))


@pytest.mark.parametrize("table", ["field_version", "resolution", "dismissal"])
def test_what_is_written_once_stays(database: Database, table: str) -> None:
    with database.engine.connect() as connection:
        catalogue = (
            f"SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"
            if database.is_sqlite
            else f"SELECT count(*) FROM pg_trigger WHERE tgname = '{table}_frozen'"
        )
        assert connection.execute(sa.text(catalogue)).scalar_one() == (
            2 if database.is_sqlite else 1
        )
