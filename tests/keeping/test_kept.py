"""Databases that older software wrote are upgraded, and nothing of them is another by that.

Each file of ``kept`` is a database in SQL as software of the revision of its name left it: a seed,
and a run of each analysis. In 0007 an analysis was planned beside its own, a trial excluded, and
the runs after that; the others hold two made-up records, one of them decided on.
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
from tests.tiers import WHOLE

KEPT = sorted((Path(__file__).parent / "kept").glob("*.sql.xz"))
QUICK = 2
"""How many of the oldest are tried each time; all of them are by `make trust`."""


@pytest.mark.parametrize(
    "file", KEPT if WHOLE else KEPT[:QUICK], ids=lambda file: file.name.partition(".")[0]
)
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
    analyses = {one["analysis"] for one in json.loads(runs)}
    assert len(analyses) >= 3
    told = f"Nothing new: {len(analyses)} analyses have the inputs of their last run."
    assert told in run("repool")
    assert run("runs", "list", "--json") == runs
    again = json.loads(run("runs", "recompute", "--json"))
    assert len(again) == len(json.loads(runs))
    for one in again:
        assert (one["reproduced"], one["inputs_intact"], one["deviations"]) == (True, True, [])
        assert one["largest"] <= 1e-9
    assert "problem" not in run("verify")


def test_there_is_a_kept_database() -> None:
    assert KEPT
