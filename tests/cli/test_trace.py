"""review export tables and review trace, as a user types them, on a database that is only read."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from review.config import settings
from review.db import Database
from tests.loaded import PATIENCE
from tests.tiers import WHOLE

Cli = Callable[..., Result]


@pytest.fixture
def reads(delivery: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    from review.cli import main

    monkeypatch.setenv("REVIEW_DATABASE_URL", delivery.url.render_as_string())
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    settings.cache_clear()

    def run(*arguments: str | Path, status: int = 0) -> Result:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exit_code == status, result.output
        return result

    yield run
    settings.cache_clear()


def test_a_number_is_followed_from_the_document_to_the_report(reads: Cli, tmp_path: Path) -> None:
    written = json.loads(
        reads("export", "tables", "-o", tmp_path, "--format", "docx", "--format", "csv", "--style",
              "ama", "--table", "study_results", "--json").stdout
    )  # fmt: skip
    assert str(tmp_path / "provenance.json") in written
    told = reads("trace", tmp_path / "tables.docx").stdout
    assert "tables.docx is as it was exported." in told
    assert "cbt-delivery / multimedia, run 2 of 2026-11-23 09:15 UTC, the newest" in told
    file = json.loads(reads("trace", tmp_path / "study_results_multimedia.csv", "--json").stdout)
    assert file["state"] == "unchanged"
    at = next(n["origin"] for n in file["numbers"] if n["origin"].endswith("effects/0/yi"))
    number = json.loads(reads("trace", at, "--json").stdout)
    study = number["inputs"][0]["study"]
    of_study = json.loads(reads("extract", "trace", study, "--json").stdout)
    by_id = {result["result_id"]: result for result in of_study}
    assert number["results"]
    assert all(result == by_id[result["result_id"]] for result in number["results"])
    shown = reads("trace", at).stdout
    assert f"value: {number['value']!r}" in shown
    assert "source: lopez2019.csv, line" in shown
    pooled = reads("trace", f"{at.partition('/')[0]}/pooled/estimate").stdout
    assert "What went in: 17 trials" in pooled


def test_a_changed_file_and_an_unknown_run_are_said_plainly(reads: Cli, tmp_path: Path) -> None:
    reads("export", "tables", "-o", tmp_path, "--format", "html", "--table", "pooled_estimates")
    page = tmp_path / "tables.html"
    text = page.read_text()
    at = text.partition('data-origin="')[2][:12]
    page.write_text(text.replace(at, "0123456789ab"))
    result = reads("trace", page, status=1)
    assert "tables.html was CHANGED after its export" in result.stdout
    assert "runs that this database does not have: 0123456789ab" in result.stderr
    assert "neither a file nor an origin" in reads("trace", "nowhere.docx", status=1).stderr


def test_a_figure_names_its_run(reads: Cli, tmp_path: Path) -> None:
    reads("plot", "forest", "multimedia", "--number", "1", "--out", tmp_path / "forest.svg")
    told = reads("trace", tmp_path / "forest.svg").stdout
    assert "cbt-delivery / multimedia, run 1 of 2026-11-23 09:15 UTC, older than run 2" in told


@pytest.mark.skipif(not WHOLE, reason="the long tier: test_bundle.py asks the same of a bundle")
def test_the_same_release_gives_the_same_bytes(reads: Cli, tmp_path: Path) -> None:
    """Every format, by two processes that order sets otherwise."""
    del reads  # it points the settings at the database
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "review", "export", "tables", "-o", tmp_path / seed,
             *(f"--table={name}" for name in ("pooled_estimates", "study_results", "changes"))],
            stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONHASHSEED": seed},
        )
        for seed in ("1", "2")
    ]  # fmt: skip
    assert [process.wait(PATIENCE) for process in running] == [0, 0]
    first = {path.name: path.read_bytes() for path in (tmp_path / "1").iterdir()}
    suffixes = {Path(name).suffix for name in first}
    assert suffixes == {".csv", ".xlsx", ".docx", ".tex", ".html", ".md", ".json"}
    assert {path.name: path.read_bytes() for path in (tmp_path / "2").iterdir()} == first
