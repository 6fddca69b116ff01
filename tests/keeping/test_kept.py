"""Databases that older software wrote are upgraded, and nothing of them is another by that.

Each file of ``kept`` is a database in SQL as software of the revision of its name left it: a seed,
an analysis planned beside its own, a first run of each, a trial excluded, the runs after that.
"""

from __future__ import annotations

import json
import lzma
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from review.config import settings

KEPT = sorted((Path(__file__).parent / "kept").glob("*.sql.xz"))


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.name.partition(".")[0])
def test_what_older_software_wrote_opens_and_stays_as_it_was(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from review.cli import main

    path = tmp_path / "older.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(lzma.decompress(file.read_bytes()).decode())
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    settings.cache_clear()

    def run(*words: str, status: int = 0) -> str:
        result = CliRunner().invoke(main, words)
        assert result.exit_code == status, result.output
        return result.output

    assert "bring it up with: review upgrade" in run("list", status=1)
    run("upgrade")
    runs = run("runs", "list", "--json")
    assert "Nothing new: 4 analyses have the inputs of their last run." in run("repool")
    assert run("runs", "list", "--json") == runs
    again = json.loads(run("runs", "recompute", "--json"))
    assert len(again) == len(json.loads(runs)) == 6
    for one in again:
        assert (one["reproduced"], one["inputs_intact"], one["deviations"]) == (True, True, [])
        assert one["largest"] <= 1e-9
    assert "problem" not in run("verify")


def test_there_is_a_kept_database() -> None:
    assert KEPT
