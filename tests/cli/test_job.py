"""The main job by the commands a user types, on both databases."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from openpyxl import load_workbook

from tests.conftest import Prepared
from tests.tiers import MOSTLY_ON_SQLITE

Cli = Callable[..., Result]


@pytest.fixture
def arrived(cli: Cli, prepared: Prepared[None]) -> Cli:
    """cbt-delivery pooled as of 2008, then with all trials."""

    def make() -> None:
        cli("seed", "load", "cbt-delivery", "--until", "2008")
        cli("repool")
        cli("seed", "load", "cbt-delivery")
        cli("repool")

    prepared(make)
    return cli


@MOSTLY_ON_SQLITE
def test_trials_arrive_and_the_change_is_explained(cli: Cli) -> None:
    assert (
        "43 studies and 101 results added"
        in cli("seed", "load", "cbt-delivery", "--until", "2008").output
    )
    first = json.loads(cli("repool", "--json").stdout)
    assert first["outcome"] == "recomputed"
    assert "33 studies and 71 results added" in cli("seed", "load", "cbt-delivery").output
    told = " ".join(cli("repool").output.split())  # a report is no wider than a page
    assert (
        "multimedia CBT against control moved from 0.58 [-0.17, 1.33] to 0.80 [0.50, 1.09]" in told
    )
    assert "the conclusion changed from inconclusive to superior" in told
    assert "Positive values favour multimedia CBT." in told
    assert "Nothing new: 3 analyses" in cli("repool").output
    again = json.loads(cli("repool", "--json").stdout)
    assert (again["outcome"], again["recomputed"]) == ("nothing_new", [])


def test_a_database_without_plans_says_that_there_is_nothing_to_pool(cli: Cli) -> None:
    assert "no analysis is planned" in cli("repool").output


@MOSTLY_ON_SQLITE
def test_runs_are_listed_shown_and_compared(arrived: Cli, tmp_path: Path) -> None:
    listed = json.loads(arrived("runs", "list", "multimedia", "--json").stdout)
    assert [(run["number"], run["k"]) for run in listed] == [(1, 6), (2, 17)]
    newest = arrived("runs", "list", "--limit", "4")
    assert "The newest 4 of 6 runs; all of them: --limit 6" in newest.stderr
    assert len(newest.stdout.splitlines()) == 2 + 4
    assert "newest" not in arrived("runs", "list").stderr
    shown = json.loads(arrived("runs", "show", "multimedia", "--json").stdout)
    assert shown["number"] == 2
    assert len(shown["inputs"]["trials"]) == len(shown["results"]["effects"]) == 17
    assert shown["results"]["pooled"]["estimate"] == pytest.approx(0.799661190666728, rel=1e-6)
    back = json.loads(arrived("runs", "diff", "multimedia", "2", "1", "--json").stdout)
    assert len(back["removed"]) == 11
    there = json.loads(arrived("runs", "diff", "multimedia", "1", "2", "--json").stdout)
    assert [one["reason"] for one in there["work"]] == ["seed cbt-delivery"]
    assert there["standings"][1]["participants"] > there["standings"][0]["participants"] > 0
    assert there["strip"][0] == {
        "analysis": "primary",
        "flipped": True,
        "classes": [
            {"margin": None, "before": "inconclusive", "after": "superior", "flipped": True}
        ],
    }
    assert there["readiness"]["ready"] is False
    sections = [
        "What moved", "Conclusion classes", "How firm it is", "The next trial",
        "Readiness to retire", "Who changed what", "Which runs",
    ]  # fmt: skip
    told = arrived("runs", "diff", "multimedia", "1", "2", "--full").output
    for name in ("change.md", "change.html"):
        arrived("runs", "diff", "multimedia", "1", "2", "--out", tmp_path / name)
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert all(section in text for section in sections)
    assert all(section in told for section in sections[1:])
    assert (
        "Error: 'multimedia' has runs 1 to 2, not 7"
        in arrived("runs", "show", "multimedia", "--number", "7", status=1).output
    )


@MOSTLY_ON_SQLITE
def test_a_correction_by_csv_is_told_with_old_and_new_value(arrived: Cli, tmp_path: Path) -> None:
    table = tmp_path / "correction.csv"
    table.write_text(
        "study,arm,instrument,metric,n,estimate,variance,page\n"
        "Choi (2012),Multimedia CBT,bdi,standardized mean change,30,-1.2,0.0621,erratum\n"
    )
    told = arrived("extract", "import", table, "--reason", "erratum of 2020").output
    assert "0 studies and 0 results added" in told
    assert "estimate" in told
    changed = arrived("repool").output
    assert "1 trial corrected" in changed
    history = json.loads(arrived("history", "--entity", "result", "-n", "1", "--json").stdout)
    assert (history[0]["reason"], history[0]["actor"]) == ("erratum of 2020", "tester")
    assert set(history[0]["new"]) >= {"estimate", "variance"}
    assert "The history is intact, and" in arrived("verify").output


def test_a_bad_table_stores_nothing_and_names_the_place(arrived: Cli, tmp_path: Path) -> None:
    before = arrived("history", "-n", "1", "--json").stdout
    missing = arrived("extract", "import", tmp_path / "none.csv", status=1).output
    assert "cannot read" in missing
    table = tmp_path / "bad.csv"
    table.write_text("study,arm,instrument,n,mean,sd\nNew,x,bdi,20,10,3\nNew,y,bdi,20,ten,3\n")
    told = arrived("extract", "import", table, status=1).output
    assert 'line 3, column mean: "ten" is not a number' in told
    assert "nothing was stored" in told
    table.write_text("study,arm,instrument,n,mean,sd\nNew,x,bdi,20,10,3\nNew,y,wais,20,10,3\n")
    told = arrived("extract", "import", table, status=1).output
    assert "line 3, column instrument: review cbt-delivery has no instrument 'wais'" in told
    assert arrived("history", "-n", "1", "--json").stdout == before


def test_an_exclusion_takes_the_trial_out_of_the_pool(arrived: Cli) -> None:
    arrived("study", "exclude", "Choi (2012)", "--reason", "retracted")
    changed = json.loads(arrived("repool", "--json").stdout)
    moved = {item["name"]["analysis"]: item["report"] for item in changed["recomputed"]}
    assert set(moved) == {"multimedia", "any-cbt"}
    assert moved["multimedia"]["removed"] == [
        {"study": "Choi (2012)", "reason": "excluded: retracted"}
    ]
    told = arrived("study", "exclude", "Choi", "--reason", "x", status=1).output
    assert "did you mean Choi (2012), Choi (2014)?" in told


@MOSTLY_ON_SQLITE
def test_tables_of_a_review_in_every_format(arrived: Cli, tmp_path: Path) -> None:
    written = json.loads(arrived("export", "tables", "--out", tmp_path, "--json").stdout)
    names = {Path(path).name for path in written}
    assert {"tables.docx", "tables.xlsx", "pooled_estimates.csv", "pooled_estimates.tex"} <= names
    with (tmp_path / "pooled_estimates.csv").open(newline="") as file:
        rows = {row["analysis"]: row for row in csv.DictReader(file)}
    with (tmp_path / "changes.csv").open(newline="") as file:
        changes = [row for row in csv.DictReader(file) if row["analysis"] == "multimedia"]
    shown = json.loads(arrived("runs", "show", "multimedia", "--json").stdout)["results"]["pooled"]
    row = rows["multimedia"]
    (estimate,) = (c for c in changes if c["what"] == "estimate")
    assert float(estimate["after_number"]) == shown["estimate"]
    assert [c["study"] for c in changes if c["what"] == "trial added"].count("Choi (2012)") == 1
    assert float(row["estimate"]) == shown["estimate"]
    assert [float(row["pi_low"]), float(row["pi_high"])] == shown["pi"]
    entered = [
        arm["numbers"]["n"]
        for analysis in ("any-cbt", "face-to-face", "multimedia")
        for trial in json.loads(arrived("runs", "show", analysis, "--json").stdout)["inputs"][
            "trials"
        ]
        for arm in (*trial["intervention"], *trial["comparator"])
    ]
    sheet = load_workbook(tmp_path / "tables.xlsx")["reported_numbers"]
    columns = [cell.value for cell in sheet[1]]
    column = columns.index("n") if "n" in columns else columns.index("N")
    assert [row[column] for row in sheet.iter_rows(min_row=2, values_only=True)] == entered
    assert "\\toprule" in (tmp_path / "changes.tex").read_text()


@MOSTLY_ON_SQLITE
def test_figures_of_a_run(arrived: Cli, tmp_path: Path) -> None:
    for kind in ("forest", "cumulative"):
        for suffix in ("svg", "png", "pdf"):
            path = tmp_path / f"{kind}.{suffix}"
            assert "Wrote" in arrived("plot", kind, "multimedia", "--out", path).output
            assert path.stat().st_size > 5_000
    told = arrived("plot", "forest", "multimedia", "--out", tmp_path / "x.gif", status=1).output
    assert "Error" in told


def test_the_founding_review_reads_the_published_lines(cli: Cli) -> None:
    cli("seed", "load", "founding")
    lines = json.loads(cli("published", "--json").stdout)
    norwood = {line["outcome"]: line for line in lines if line["label"] == "Norwood et al. 2018"}
    alliance = norwood["alliance"]["reading"]
    assert alliance["margins"][0] == 0.5
    assert alliance["p_noninferior"][0] == pytest.approx(0.1446997, abs=5e-8)
    assert alliance["conclusions"][0] == "inconclusive"
    assert norwood["symptoms"]["reading"]["conclusions"] == ["noninferior"]
    assert "one-sided p 0.1447" in cli("published").output
    waiting = json.loads(cli("repool", "--json").stdout)
    assert len(waiting["waiting"]) == 3
    states = {row["state"] for row in json.loads(cli("study", "list", "--json").stdout)}
    assert "awaiting extraction" in states
    assert "extracted" not in states


def test_a_review_of_ones_own_from_nothing(cli: Cli, tmp_path: Path) -> None:
    cli("new", "mine", "--title", "Synthetic review")
    cli("outcome", "add", "alliance", "--name", "Alliance")
    cli("instrument", "add", "wai", "--name", "WAI", "--outcome", "alliance", "--higher-is-better")
    cli(
        "analysis", "add", "main", "--title", "Alliance", "--outcome", "alliance",
        "--intervention", "video", "--intervention-mode", "videoconference",
        "--comparator", "in person", "--comparator-mode", "face_to_face", "--margin", "0.5",
    )  # fmt: skip
    table = tmp_path / "trial.csv"
    table.write_text(cli("extract", "template").stdout)
    cli("extract", "import", table)
    told = cli("repool").output
    assert "1 trial of video against in person: -0.23" in told
    assert "conclusion, margin 0.50" in told
    plan = cli("analysis", "show", "main").stdout
    path = tmp_path / "plan.yaml"
    path.write_text(plan.replace("method: REML", "method: DL"))
    assert (
        "version 2" in cli("analysis", "revise", "main", "--file", path, "--reason", "test").output
    )
    assert "a changed plan" in cli("repool").output
    assert json.loads(cli("analysis", "show", "main", "--json").stdout)["versions"] == [1, 2]


@MOSTLY_ON_SQLITE
def test_a_seed_does_not_undo_a_correction_and_old_runs_say_so(cli: Cli, tmp_path: Path) -> None:
    cli("seed", "load", "cbt-delivery", "--until", "2008")
    cli("repool")
    figure = tmp_path / "forest.svg"
    assert "changed since run" not in cli("plot", "forest", "multimedia", "-o", figure).output
    path = tmp_path / "all.csv"
    cli("extract", "export", "--out", path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    shown = json.loads(cli("runs", "show", "multimedia", "--json").stdout)
    study = shown["inputs"]["trials"][0]["study"]
    names = ["study", "arm", "instrument", "rater", "timepoint", "analysis_set", "estimate"]
    changed = [{**row, "estimate": "0.123"} for row in rows if row["study"] == study]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(changed)
    cli("extract", "import", path)
    told = cli("seed", "load", "cbt-delivery", "--until", "2008").output
    assert f"{len(changed)} values differ from the seed; what is stored stays." in told
    assert "nothing new" in told
    warning = "inputs of multimedia changed since run 1; bring it up to date with: review repool"
    assert warning in cli("plot", "forest", "multimedia", "-o", figure).stderr
    assert warning in cli("export", "tables", "-o", tmp_path / "out", "--format", "csv").stderr
    cli("repool")
    assert "changed since run" not in cli("plot", "forest", "multimedia", "-o", figure).output
