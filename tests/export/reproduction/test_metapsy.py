"""The Metapsy format: import(export(x)) changes nothing."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from review.extraction.formats.metapsy import read_metapsy
from tests.export.reproduction.synthetic import NASTY
from tests.extraction.formats.files import sample, trial

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

COLUMNS = (
    "study", "condition_arm1", "condition_arm2", "multi_arm1", "multi_arm2", "outcome_type",
    "instrument", "time", "time_weeks", "rating", "mean_arm1", "sd_arm1", "n_arm1", "mean_arm2",
    "sd_arm2", "n_arm2", "event_arm1", "event_arm2", "totaln_arm1", "totaln_arm2", "precalc_g",
    "precalc_g_se", "year", "country", "full_ref", "doi",
)  # fmt: skip
SCORES = {"mean_arm1": "10.25", "sd_arm1": "4.5", "n_arm1": "31", "mean_arm2": "12.125",
          "sd_arm2": "5.0625", "n_arm2": "29"}  # fmt: skip
COUNTS = {"event_arm1": "0", "totaln_arm1": "31", "event_arm2": "4", "totaln_arm2": "29",
          "outcome_type": "response", "n_arm1": "", "n_arm2": ""}  # fmt: skip
READY = {"precalc_g": "-0.31", "precalc_g_se": "0.2", "instrument": "phq-9"}


def written(path: Path) -> Path:
    """An invented database with every kind of row that the format has."""
    rows = [
        trial("Alpha 2001", **SCORES, year="2001", country="Norway", full_ref="Alpha, 2001"),
        trial("Alpha 2001", **SCORES, multi_arm1="group", rating="clinician"),
        trial("Beta 2002", **COUNTS, time="12 months", time_weeks="52", doi="10.1/b"),
        trial("Gamma 2003", **READY, year="2003"),
        trial("Delta 2004", **SCORES, condition_arm1="cbt", condition_arm2="cbt"),
        *(trial(" ".join(f"{text} x".split()), **SCORES) for text in NASTY),
    ]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def taken(cli: Callable[..., Result], file: Path, review: str) -> dict[str, Any]:
    done = cli(
        "extract", "import", file, "--format", "metapsy", "--better", "lower", "--review", review,
        "--json",
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def exported(cli: Callable[..., Result], folder: Path, review: str) -> Path:
    cli("export", "bundle", "metapsy", "--out", folder, "--review", review)
    return folder / "metapsy.csv"


def check_round_trip(cli: Callable[..., Result], file: Path, tmp_path: Path) -> dict[str, Any]:
    """Into a review, out, into the same and into a fresh one, and out again."""
    cli("new", "one", "--title", "One")
    cli("new", "two", "--title", "Two")
    taken(cli, file, "one")
    first = exported(cli, tmp_path / "first", "one")
    report = taken(cli, first, "one")
    taken(cli, first, "two")
    second = exported(cli, tmp_path / "second", "two")
    assert second.read_bytes() == first.read_bytes()
    assert (report["results_added"], report["results_corrected"]) == (0, 0)
    assert (report["studies_added"], report["studies_withdrawn"]) == ([], [])
    return report


def test_import_of_the_export_changes_nothing(cli: Callable[..., Result], tmp_path: Path) -> None:
    report = check_round_trip(cli, written(tmp_path / "made.csv"), tmp_path)
    assert report["results_withdrawn"] == 0
    read = read_metapsy((tmp_path / "first" / "metapsy.csv").read_bytes(), file="x")
    assert len(read.rows) == 5 + len(NASTY)
    assert {row.cells["study"] for row in read.rows} >= {"=1+1 x", "O\"Brien & D'Arcy {2001} x"}
    assert "'=1+1 x" in (tmp_path / "first" / "metapsy.csv").read_text()


@pytest.mark.parametrize(
    ("name", "withdrawn"),
    [("data-template_data.csv", 2), ("suicide-psyctr_v23.1.1_data.csv", 0)],
)
def test_published_databases_come_back(
    cli: Callable[..., Result], tmp_path: Path, name: str, withdrawn: int
) -> None:
    """The template has two results that no other row compares; they are left out and told."""
    report = check_round_trip(cli, sample(f"metapsy/{name}"), tmp_path)
    assert report["results_withdrawn"] == withdrawn


def test_what_has_no_column_is_told(cli: Callable[..., Result], tmp_path: Path) -> None:
    cli("new", "one", "--title", "One")
    taken(cli, written(tmp_path / "made.csv"), "one")
    table = tmp_path / "more.csv"
    table.write_text(
        "study,arm,instrument,metric,n,estimate,se\nAlpha 2001,cbt,msd-bdi,d per week,20,0.4,0.1\n"
    )
    cli("extract", "import", table, "--review", "one", "--reason", "made for this test")
    done = cli("export", "bundle", "metapsy", "--out", tmp_path, "--review", "one")
    assert "its numbers have no column in the format" in done.stderr
