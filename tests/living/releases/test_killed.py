"""A release that is interrupted leaves row and folder that agree, and can be made again."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from review.cli import main
from review.config import settings
from review.db import Database
from tests.kills import chosen, died_at, steps_of
from tests.tiers import WHOLE

WORDS = ("release", "create", "1.0", "--because", "first", "--no-figures", "--out")


@pytest.fixture
def place(practice: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a review that can be released."""
    practice.close()
    shutil.copy(practice.file, tmp_path / "review.db")
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{tmp_path / 'review.db'}")
    monkeypatch.setenv("REVIEW_ACTOR", "ada")
    settings.cache_clear()
    return tmp_path


def released(place: Path) -> bool:
    """Whether the database has the release."""
    with closing(sqlite3.connect(place / "review.db")) as connection:
        return bool(connection.execute("SELECT count(*) FROM release").fetchone()[0])


def complete(folder: Path) -> bool:
    """Whether a folder holds all that its sums list, as they list it."""
    if not (folder / "SHA256SUMS").exists():
        return False
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    return {line.split("  ")[1]: line.split("  ")[0] for line in lines} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "SHA256SUMS"
    }


def make(out: Path) -> None:
    done = CliRunner().invoke(main, [*WORDS, str(out)])
    assert done.exit_code == 0, done.output


def restored(place: Path, kept: bytes) -> None:
    for stale in (*place.glob("review.db-*"), *place.glob("*.making")):
        stale.unlink() if stale.is_file() else shutil.rmtree(stale)
    shutil.rmtree(place / "out", ignore_errors=True)
    (place / "review.db").write_bytes(kept)


def test_row_and_folder_agree_at_every_kill_point(place: Path) -> None:
    kept = (place / "review.db").read_bytes()
    steps = steps_of(lambda: make(place / "out"))
    assert complete(place / "out")
    for step in range(steps) if WHOLE else chosen(steps, spread=5, last=5):
        restored(place, kept)
        assert died_at(step, lambda: make(place / "out"))
        folder = complete(place / "out")
        waits = complete(place / ".out.making") and not (place / "out").exists()
        assert folder or not (place / "out").exists(), f"half a folder at step {step}"
        assert released(place) <= (folder or waits), f"a row without its folder at step {step}"
        assert folder <= released(place), f"a folder without its row at step {step}"
        if not folder:
            make(place / "out")
        assert complete(place / "out")
        assert released(place)
        assert not (place / ".out.making").exists()
