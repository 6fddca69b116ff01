"""Judgements of risk of bias beside the trials of a run, from the form to the figure."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from review.config import settings
from review.db import Database, database_at
from review.errors import InvalidDataError
from review.export.drawings.bias import bias_of_run
from review.figures.risk_of_bias import Blank
from review.living.runs.queries import run_numbered, snapshot_of
from review.protocol.queries import review_called
from tests.extraction.appraisal.samples import CLEAN

JUDGED = ("Clarke (2002)", "Choi (2012)")


@pytest.fixture
def run(
    delivery: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., object]]:
    """Run a command on a copy of cbt-delivery."""
    path = tmp_path / "review.db"
    with sqlite3.connect(str(delivery.url.database)) as old, sqlite3.connect(path) as new:
        old.backup(new)
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("REVIEW_ACTOR", "ada")
    settings.cache_clear()

    def command(*arguments: str | Path) -> str:
        from review.cli import main

        result = CliRunner().invoke(main, [*map(str, arguments)])
        assert result.exit_code == 0, result.output
        return result.stdout

    yield command
    settings.cache_clear()


def test_judgements_reach_the_forest_plot_and_the_figures_of_bias(
    run: Callable[..., str], tmp_path: Path
) -> None:
    tool = ("--tool", "rob2-parallel")
    run("people", "add", "ada")
    run("rob", "adopt", "rob2-parallel")
    run("rob", "assessors", "1")
    printed = run("rob", "template", *JUDGED, *tool, "--outcome", "depression")
    rows = list(csv.DictReader(printed.splitlines()))
    for row in rows:
        row["answer"] = CLEAN.get(row["item"], "")
    form = tmp_path / "form.csv"
    with form.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    run("rob", "assess", form, *tool)

    database = database_at(settings().database_url)
    with database.reading() as session:
        review = review_called(session, "cbt-delivery")
        snapshot = snapshot_of(run_numbered(session, review, "multimedia", None))
        bias = bias_of_run(session, review, "rob2", *snapshot)
        with pytest.raises(InvalidDataError, match="nothing appraised"):
            bias_of_run(session, review, "rob2", *snapshot, outcome="alliance")
    database.close()
    low = {row.label for row in bias.rows if row.judgements == (0,) * 6}
    assert low == set(JUDGED)
    others = [row for row in bias.rows if row.label not in low]
    assert len(bias.rows) == 17
    assert all(set(row.judgements) == {Blank.NOT_ASSESSED} for row in others)
    assert sum(row.weight or 0 for row in bias.rows) == pytest.approx(100)

    files = [tmp_path / f"{n}.svg" for n in range(4)]
    run("plot", "forest", "multimedia", "--risk-of-bias", "--out", files[0])
    run("plot", "risk-of-bias", "--summary", "--analysis", "multimedia", "--out", files[1])
    run("plot", "risk-of-bias", "--traffic-light", "--out", files[2])
    run("rob", "plot", "summary", "--analysis", "multimedia", "--out", files[3])
    assert files[0].read_text().count('id="light-bias-') == 17 * 6
    assert files[1].read_bytes() == files[3].read_bytes()
    assert 'id="light-1-5"' in files[2].read_text()
