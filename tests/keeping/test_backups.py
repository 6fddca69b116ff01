"""A backup made under writers is whole, a damaged one is refused, and nothing is written over."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from review.db import Database, database_at
from review.errors import AlreadyExistsError, DatabaseStateError, ReviewError
from review.history.actions import Attribution, writing
from review.history.queries import head
from review.history.rules import Anchor
from review.keeping.backups import (
    Backup,
    back_up,
    backups_in,
    check_backup,
    manifest_of,
    restore,
    superfluous,
)
from review.keeping.verifying import verify_all
from review.people.actions import person_called
from review.protocol.actions import add_outcome, new_review
from review.protocol.specs import OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.kills import chosen, died_at, steps_of

Cli = Callable[..., Result]


def a_review(database: Database, by: Attribution) -> None:
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug="r", title="T"), owner="ada")
        add_outcome(session, review, OutcomeSpec(slug="alliance", name="Alliance"))


def test_a_backup_is_restored_into_either_kind(
    database: Database, by: Attribution, tmp_path: Path
) -> None:
    a_review(database, by)
    made = back_up(database, tmp_path / "backups", now=NOW)
    assert made.file.name == "review-20261123T091500Z.db"
    assert made.file.stat().st_mode & 0o077 == 0
    assert json.loads(manifest_of(made.file).read_bytes())["history"]["seq"] == made.seq
    there = database_at(f"sqlite:///{tmp_path / 'there.db'}")
    assert restore(made.file, there) == made
    with there.reading() as session:
        found = verify_all(session, viewer=None, anchors=[Anchor(made.seq, made.hash, "it")])
        assert found.sound, found.problems
    assert there.file.stat().st_mode & 0o077 == 0
    with pytest.raises(AlreadyExistsError, match="nothing is written over"):
        restore(made.file, there)
    there.close()


def test_writers_go_on_and_the_backup_has_all_that_was_acknowledged(
    database: Database, by: Attribution, tmp_path: Path
) -> None:
    a_review(database, by)
    stop = threading.Event()
    acknowledged: list[int] = []
    failed: list[BaseException] = []

    def write(name: str) -> None:
        mine = Database(database.url)
        number = 0
        while not stop.is_set() and number < 200:
            try:
                with writing(mine, by) as session:
                    person_called(session, f"{name}{number}")
                with mine.reading() as session:
                    acknowledged.append(head(session)[0])
            except ReviewError as error:
                failed.append(error)
            number += 1
        mine.close()

    writers = [threading.Thread(target=write, args=(name,)) for name in ("anna", "ben")]
    for writer in writers:
        writer.start()
    try:
        for _ in range(2):
            before = max(acknowledged, default=0)
            assert back_up(database, tmp_path / "backups").seq >= before
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not failed


@pytest.fixture(scope="module")
def backup(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Backup:
    """A backup of a small review."""
    folder = tmp_path_factory.mktemp("backup")
    shutil.copy(sqlite_template, folder / "review.db")
    database = database_at(f"sqlite:///{folder / 'review.db'}")
    a_review(database, Attribution(actor="tester", at=NOW))
    made = back_up(database, folder / "backups", now=NOW)
    database.close()
    return made


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("with_manifest", [True, False])
def test_a_damaged_backup_is_refused(
    backup: Backup, tmp_path: Path, seed: int, with_manifest: bool
) -> None:
    chance = random.Random(seed)
    content = bytearray(backup.file.read_bytes())
    if seed % 3 == 0:
        del content[chance.randrange(100, len(content)) :]
    else:
        at = chance.randrange(16, len(content) - 4_000)
        content[at : at + 4_000] = chance.randbytes(4_000)
    damaged = tmp_path / backup.file.name
    damaged.write_bytes(content)
    if with_manifest:
        shutil.copy(manifest_of(backup.file), manifest_of(damaged))
    there = database_at(f"sqlite:///{tmp_path / 'there.db'}")
    try:
        restore(damaged, there)
    except DatabaseStateError:
        assert not there.file.exists()
    else:  # what was overwritten was empty: without a manifest nothing can tell
        assert not with_manifest
        with there.reading() as session:
            assert verify_all(session, viewer=None).sound
    there.close()


def test_a_backup_that_somebody_altered_is_refused(backup: Backup, tmp_path: Path) -> None:
    altered = tmp_path / backup.file.name
    shutil.copy(backup.file, altered)
    with closing(sqlite3.connect(altered)) as connection:
        connection.execute("UPDATE outcome SET name = 'Another'")
        connection.commit()
    with pytest.raises(DatabaseStateError, match="outcome 1, name: Alliance became Another"):
        restore(altered, database_at(f"sqlite:///{tmp_path / 'there.db'}"))
    shutil.copy(manifest_of(backup.file), manifest_of(altered))
    with pytest.raises(DatabaseStateError, match="not what was written"):
        check_backup(altered)


def test_a_backup_of_newer_software_is_refused(backup: Backup, tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    shutil.copy(backup.file, newer)
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999_later'")
        connection.commit()
    with pytest.raises(DatabaseStateError, match="revision 9999_later"):
        restore(newer, database_at(f"sqlite:///{tmp_path / 'there.db'}"))
    assert not (tmp_path / "there.db").exists()


def at(hours: int, source: str = "one") -> Backup:
    made = datetime(2026, 11, 30, 12, tzinfo=UTC) - timedelta(hours=hours)
    name = Path(f"review-{made:%Y%m%dT%H%M%SZ}.db")
    return Backup(name, made, "", 1, "", "", source, 0, "", {})


@given(
    st.sets(st.integers(0, 24 * 800), min_size=1, max_size=60),
    st.dictionaries(st.sampled_from("dwmy"), st.integers(0, 15), max_size=4),
)
def test_the_newest_and_one_of_each_kept_day_stay(ages: set[int], keep: dict[str, int]) -> None:
    backups = [at(hours) for hours in sorted(ages)]
    gone = superfluous(backups, keep)
    left = [one for one in backups if one not in gone]
    assert backups[0] in left
    assert superfluous(left, keep) == []
    days = keep.get("d", 0)
    recent = [b for b in backups if b.made > backups[0].made - timedelta(days=days)]
    assert len({f"{b.made:%j%Y}" for b in left}) >= min(
        days, len({f"{b.made:%j%Y}" for b in recent})
    )
    assert len(left) <= 1 + sum(keep.values())


def test_backups_of_another_database_are_left_alone() -> None:
    other = at(30, "another")
    assert superfluous([at(0), at(1), other], {"d": 1}) == [at(1)]


def test_a_backup_that_dies_leaves_nothing_that_counts(backup: Backup, tmp_path: Path) -> None:
    source = database_at(f"sqlite:///{tmp_path / 'review.db'}")
    shutil.copy(backup.file, source.file)

    def make() -> None:
        back_up(Database(source.url), tmp_path / "backups")

    (tmp_path / "backups").mkdir()  # a new folder takes more steps
    steps = steps_of(make)
    for step in chosen(steps, spread=4, last=4):
        before = len(list((tmp_path / "backups").glob("review-*.db")))
        assert died_at(step, make)
        named = list((tmp_path / "backups").glob("review-*.db"))
        assert len(named) - before in (0, 1)
        for file in named:
            check_backup(file)
    make()
    assert backups_in(tmp_path / "backups")


def test_the_commands(cli: Cli, database: Database, by: Attribution, tmp_path: Path) -> None:
    a_review(database, by)
    told = cli("backup", "--to", str(tmp_path / "b"), "--rehearse", "--keep", "7d,4w,12m")
    assert "every row against its history" in told.output
    assert "Restored into an empty place" in told.output
    (file,) = (tmp_path / "b").glob("review-*.db")
    assert file.name in cli("backup", "--to", str(tmp_path / "b"), "--list").output
    into = f"sqlite:///{tmp_path / 'new.db'}"
    assert "Every row is what its history says" in cli("restore", str(file), "--into", into).output
    assert cli("verify", "--anchor", f"{file}.manifest.json").exit_code == 0
    copied = cli("copy", into, f"sqlite:///{tmp_path / 'copy.db'}", "--json")
    assert json.loads(copied.output)["problems"] == []
    refused = cli("backup", "--keep", "often", status=1)
    assert "is not a time to keep backups" in refused.output
