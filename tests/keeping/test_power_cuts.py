"""After a power cut everything acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from review import files, sqlite
from review.cli import main
from review.db import Database, database_at
from review.files import move_folder, replace_file, workplace
from review.history.actions import Attribution, writing
from review.keeping.backups import back_up
from review.keeping.kills import _half_backups
from review.keeping.verifying import verify_all
from review.protocol.actions import new_review
from review.protocol.specs import ReviewSpec
from tests.conftest import NOW
from tests.living.releases.test_killed import complete
from tests.power_cuts import ACK, Trace, can_trace, cuts, laid_out, traced
from tests.tiers import WHOLE

pytestmark = pytest.mark.skipif(not can_trace(), reason="no process can be traced here (strace)")

CUTS = 300 if WHOLE else 20
long = pytest.mark.skipif(not WHOLE, reason="make trust runs it")
WRITES = 12
SETTINGS: Mapping[str, Mapping[str, object] | None] = {
    "as it is opened": None,
    "WAL": {"journal_mode": "wal", "synchronous": 2},
    "control: WAL, normal": {"journal_mode": "wal", "synchronous": 1},
    "control: no syncs": {"journal_mode": "delete", "synchronous": 0},
}


@dataclass
class Found:
    """What came of the cuts of one way to write."""

    cuts: int = 0
    losing: int = 0
    broken: list[str] = field(default_factory=list)


# -- what is traced: `python -m tests.keeping.test_power_cuts WHAT FOLDER`


def _database(folder: Path) -> Database:
    return database_at(f"sqlite:///{folder / 'review.db'}")


def _write_reviews(folder: Path) -> None:
    kept = SETTINGS[os.environ["REVIEW_TEST_SETTINGS"]]
    if kept is not None:
        own = sqlite.pragmas()
        vars(sqlite)["pragmas"] = lambda: {**own, **kept}
    database = _database(folder)
    for number in range(WRITES):
        slug = f"r{number}"
        by = Attribution(actor="ada", review=slug, reason="a trial", at=NOW)
        with writing(database, by) as session:
            new_review(session, ReviewSpec(slug=slug, title="Made up"), owner="ada")
        _done(slug)


def _write_files(folder: Path) -> None:
    for number in range(WRITES):
        replace_file(folder / "file.txt", f"{number} ".encode() * 5000)
        _done(str(number))


def _write_careless(folder: Path) -> None:
    for number in range(WRITES):
        (folder / "file.txt").write_bytes(f"{number} ".encode() * 5000)
        _done(str(number))


def _write_folders(folder: Path) -> None:
    for number in range(WRITES):
        with workplace(folder) as place:
            made = place / "made"
            made.mkdir()
            for name in ("a", "b"):
                (made / name).write_bytes(f"{number} ".encode() * 5000)
            move_folder(made, folder / f"out-{number}")
        _done(str(number))


def _write_backups(folder: Path) -> None:
    for _ in range(2):
        _done(str(back_up(_database(folder), folder / "kept").file.relative_to(folder)))


def _write_releases(folder: Path) -> None:
    os.environ |= {
        "REVIEW_DATABASE_URL": f"sqlite:///{folder / 'review.db'}",
        "REVIEW_ACTOR": "ada",
    }
    for number in range(1, 4):
        words = ["release", "create", f"{number}.0", "--because", "a trial", "--no-figures"]
        made = CliRunner().invoke(main, [*words, "--out", str(folder / "out" / f"{number}.0")])
        assert made.exit_code == 0, made.output
        _done(f"{number}.0")


def _write_unsynced(folder: Path) -> None:
    vars(files)["flush"] = lambda _: None
    _write_releases(folder)


def _done(what: str) -> None:
    os.write(1, f"{ACK}{what}\n".encode())


# -- what must be found


def _after(trace: Trace, tmp_path: Path, check: Callable[[Path, list[str], Found], None]) -> Found:
    seed = random.randrange(2**31) if WHOLE else 20261130
    _tell(f"seed {seed}, {trace.steps} steps, {CUTS} cuts")
    assert len(trace.acknowledged) > 1
    found = Found()
    for step, disk, done in cuts(trace, CUTS, seed):
        place = tmp_path / f"cut-{step}-{found.cuts}"
        place.mkdir()
        laid_out(disk, place)
        found.cuts += 1
        before = len(found.broken)
        check(place, done, found)
        found.broken[before:] = [f"step {step}: {one}" for one in found.broken[before:]]
        shutil.rmtree(place)
    return found


def _tell(*what: object) -> None:
    """Say what came of it, for whoever runs the tests with -s."""
    sys.stdout.write(" ".join(map(str, what)) + "\n")


def _there(place: Path, found: Found, column: str) -> set[str] | None:
    """Return what a column of the database has; None where the database is damaged."""
    table, name = column.split(".")
    try:
        with closing(sqlite3.connect(place / "review.db")) as plain:
            (sound,) = plain.execute("PRAGMA integrity_check").fetchone()
            there = {value for (value,) in plain.execute(f"SELECT {name} FROM {table}")}
    except sqlite3.DatabaseError as error:
        found.broken.append(str(error))
        return None
    if sound != "ok":
        found.broken.append(sound)
        return None
    database = _database(place)
    with database.reading() as session:
        found.broken += verify_all(session, viewer=None).problems
    database.close()
    return there


def _reviews(place: Path, done: list[str], found: Found) -> None:
    there = _there(place, found, "review.slug")
    found.losing += there is not None and not there.issuperset(done)


@pytest.mark.parametrize(
    "settings",
    [pytest.param(one, marks=[long] if "WAL" in one else []) for one in SETTINGS],
)
def test_commits(settings: str, sqlite_template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "review.db")
    trace = traced(folder, [__name__, "reviews", str(folder)], {"REVIEW_TEST_SETTINGS": settings})
    found = _after(trace, tmp_path, _reviews)
    _tell(settings, found)
    if settings.startswith("control"):
        assert found.losing, "the replay must be able to lose what was not synced"
    else:
        assert (found.losing, found.broken) == (0, [])


def _file(place: Path, done: list[str], found: Found) -> None:
    text = (place / "file.txt").read_text()
    found.broken += ["half a file"] if len(set(text.split())) != 1 or not text else []
    found.losing += bool(done) and (not text or int(text.split()[0]) < int(done[-1]))
    found.broken += [f"left behind: {p.name}" for p in place.iterdir() if p.is_symlink()]


@long
@pytest.mark.parametrize(("what", "sound"), [("files", True), ("careless", False)])
def test_a_file_is_the_old_one_or_the_new(what: str, sound: bool, tmp_path: Path) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    (folder / "file.txt").write_text("-1 " * 5000)
    found = _after(traced(folder, [__name__, what, str(folder)]), tmp_path, _file)
    _tell(what, found)
    assert (found.losing + len(found.broken) == 0) == sound


def _folders(place: Path, done: list[str], found: Found) -> None:
    for made in place.glob("out-*"):
        whole = [(made / name).is_file() and (made / name).stat().st_size > 9000 for name in "ab"]
        found.broken += [] if all(whole) else [f"{made.name} is there by half"]
    found.losing += any(not (place / f"out-{number}").is_dir() for number in done)


@long
def test_a_folder_is_there_whole_or_not(tmp_path: Path) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    found = _after(traced(folder, [__name__, "folders", str(folder)]), tmp_path, _folders)
    _tell(found)
    assert (found.losing, found.broken) == (0, [])


@long
def test_a_backup_is_there_whole_or_not(practice: Database, tmp_path: Path) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    practice.close()
    shutil.copy(practice.file, folder / "review.db")

    def check(place: Path, done: list[str], found: Found) -> None:
        found.losing += any(not (place / name).is_file() for name in done)
        for kept in (place / "kept").glob("*.db"):
            with closing(sqlite3.connect(kept)) as plain:
                (sound,) = plain.execute("PRAGMA integrity_check").fetchone()
            found.broken += [] if sound == "ok" else [f"{kept.name}: {sound}"]
        found.broken += _half_backups(place / "kept")

    found = _after(traced(folder, [__name__, "backups", str(folder)]), tmp_path, check)
    _tell(found)
    assert (found.losing, found.broken) == (0, [])


def _releases(place: Path, done: list[str], found: Found) -> None:
    rows = _there(place, found, "release.version")
    if rows is None:
        return
    out = place / "out"
    folders = {path.name for path in out.glob("[0-9]*")}
    found.broken += [f"half a folder of {one}" for one in folders if not complete(out / one)]
    found.broken += [f"a folder without its row: {one}" for one in folders - rows]
    waiting = {one for one in rows - folders if complete(out / f".{one}.making")}
    found.broken += [f"a row without its folder: {one}" for one in rows - folders - waiting]
    found.losing += not (rows & folders).issuperset(done)


@long
@pytest.mark.parametrize("what", ["releases", "unsynced"])
def test_row_and_folder_of_a_release_agree(what: str, practice: Database, tmp_path: Path) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    practice.close()
    shutil.copy(practice.file, folder / "review.db")
    found = _after(traced(folder, [__name__, what, str(folder)]), tmp_path, _releases)
    _tell(what, found)
    if what == "unsynced":
        assert found.losing, "the replay must be able to lose what was not synced"
    else:
        assert (found.losing, found.broken) == (0, [])


WRITERS: Mapping[str, Callable[[Path], Any]] = {
    "reviews": _write_reviews,
    "files": _write_files,
    "careless": _write_careless,
    "folders": _write_folders,
    "backups": _write_backups,
    "releases": _write_releases,
    "unsynced": _write_unsynced,
}

if __name__ == "__main__":
    WRITERS[sys.argv[1]](Path(sys.argv[2]))
