"""The trials pass on a sound installation, and a failing one is seen."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result

from review.cli import main
from review.db import Database
from review.errors import AlreadyExistsError
from review.keeping import trust
from review.keeping.kills import _half_backups, _half_release, emptied, kills
from review.keeping.trust import Ground, control, tampers
from tests.tiers import WHOLE

Cli = Callable[..., Result]


@pytest.fixture
def ground(practice: Database, tmp_path: Path) -> Ground:
    practice.close()
    shutil.copy(practice.file, tmp_path / "killed.db")
    return Ground(tmp_path, seed=1, kills=0)


def test_tampers_are_named_and_the_control_is_seen(ground: Ground) -> None:
    found = tampers(ground)
    assert found.passed, found.found
    assert int(found.found.split()[0]) > 100
    assert control(ground).passed
    with pytest.MonkeyPatch.context() as patch:  # a check that sees nothing fails its control
        patch.setattr(trust, "verify_all", lambda *_, **__: type("Sound", (), {"sound": True}))
        assert not control(ground).passed


def test_a_kill_falls_into_the_work_and_what_is_left_by_half_is_seen(tmp_path: Path) -> None:
    ground = Ground(tmp_path, seed=1, kills=2, main=lambda words: main(list(words)))
    (trial,) = kills(ground, only=["release, SQLite"])
    assert trial.name == "kill -9 during release, SQLite"
    assert trial.passed, trial.found
    assert trial.found.startswith("2 kills in ")
    whole = json.loads((ground.folder / "release-0" / "manifest.json").read_text())["files"]
    (ground.folder / "release-0" / next(iter(whole))).write_text("half")
    assert _half_release(ground.folder / "release-0")
    (ground.folder / "release-0" / "manifest.json").unlink()
    assert _half_release(ground.folder / "release-0")
    (ground.folder / "some.db").write_text("half")
    assert _half_backups(ground.folder)


def test_kills_end_by_the_time_and_say_how_many_there_were(tmp_path: Path) -> None:
    until = time.monotonic()
    ground = Ground(tmp_path, 1, 50, until, main=lambda words: main(list(words)))
    (trial,) = kills(ground, only=["import, SQLite"])
    assert trial.passed, trial.found
    assert trial.found.startswith("1 kill in ")
    assert "(the time was up before 50)" in trial.found


def test_a_command_that_loses_what_it_said_fails_its_trial(tmp_path: Path) -> None:
    def forgetful(words: Sequence[str]) -> None:
        if words[0] == "import":  # a row that no event tells of, written at once
            with closing(sqlite3.connect(os.environ["REVIEW_DATABASE_URL"][10:])) as connection:
                connection.execute("UPDATE study SET label = label || '!' WHERE id = 1")
                connection.commit()
        main(list(words))

    ground = Ground(tmp_path, seed=1, kills=2, main=forgetful)
    (trial,) = kills(ground, only=["import, SQLite"])
    assert not trial.passed
    assert "study" in trial.found


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_only_an_empty_postgresql_is_taken_and_left_empty(
    database: Database, tmp_path: Path
) -> None:
    ground = Ground(tmp_path, seed=1, kills=1, main=lambda words: main(list(words)))
    with pytest.raises(AlreadyExistsError, match="need an empty database"):
        list(kills(ground, database, only=["init, PostgreSQL"]))
    emptied(database)
    (trial,) = kills(ground, database, only=["init, PostgreSQL"])
    assert trial.passed, trial.found
    with database.engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []


@pytest.mark.skipif(not WHOLE, reason="make trust runs it; it takes minutes")
def test_the_whole_report(cli: Cli, tmp_path: Path, database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("the command tries PostgreSQL with --postgres")
    cli("trust", "--kills", "1", "--report", str(tmp_path))
    told = json.loads((tmp_path / "trust.json").read_text())
    assert told["passed"]
    assert told["ended"]
    assert "every trial passed" in (tmp_path / "trust.html").read_text()
