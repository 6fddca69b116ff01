"""What stands beside every result: in the terminal, in JSON, in tables and in the manuscript."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from review.db import Database
from review.export import NumberStyle
from review.export.manuscript.facts import facts_of
from review.export.manuscript.results import analysis_blocks
from review.history.actions import Attribution
from review.protocol.queries import review_called
from tests.conftest import Prepared
from tests.faults import TABLES as FAULTS
from tests.living.fixture import begin, enter
from tests.tiers import MOSTLY_ON_SQLITE

Cli = Callable[..., Result]


@pytest.fixture
def vcp(cli: Cli, prepared: Prepared[None]) -> Cli:
    """Invented trials, pooled; one of them is adjusted without the SD of scores, and waits."""

    def make() -> None:
        cli("new", "--file", FAULTS / "protocol.yaml")
        cli("extract", "import", FAULTS / "truth.csv")
        cli("repool")

    prepared(make)
    return cli


LEFT_OUT = (
    "Synthetic Kim 2023: timepoint Post-treatment, the plan wants post or mid. Is it post? then "
    "rename it; or add it to the plan's timepoints."
)


def unwrapped(text: str) -> str:
    return " ".join(text.split())


@MOSTLY_ON_SQLITE
def test_a_trial_that_a_name_keeps_out_is_named_wherever_the_result_is_shown(
    vcp: Cli, tmp_path: Path
) -> None:
    vcp("extract", "import", FAULTS / "silent_left_out.csv")
    told = unwrapped(vcp("repool").output)
    assert "Nothing new" in told
    assert "vcp / alliance: 2 trials left out" in told
    assert LEFT_OUT in told
    plain = json.loads(vcp("repool", "--json").stdout)
    (alliance,) = [n for n in plain["notices"] if n["analysis"] == "alliance"]
    assert alliance["headline"] == "2 trials left out"
    left_out = {n["study"]: n for n in alliance["notices"] if n["kind"] == "left_out"}
    assert set(left_out) == {"Synthetic Hansen 2022", "Synthetic Kim 2023"}
    assert all(item["remedy"] for item in left_out.values())
    assert LEFT_OUT in unwrapped(vcp("runs", "show", "alliance").output)
    assert json.loads(vcp("runs", "show", "alliance", "--json").stdout)["headline"]
    chosen = json.loads(vcp("extract", "selection", "alliance", "--json").stdout)
    (row,) = [row for row in chosen if row["study"] == "Synthetic Kim 2023"]
    assert row["chosen"] == []
    assert "the plan wants post or mid" in row["left_out"][0]
    vcp("export", "tables", "--out", tmp_path, "--format", "json", "--format", "markdown")
    tables = json.loads((tmp_path / "tables.json").read_text(encoding="utf-8"))
    assert "the plan wants post or mid" in json.dumps(tables)
    pooled = (tmp_path / "pooled_estimates.md").read_text(encoding="utf-8")
    assert "Client-rated working alliance: 2 trials left out." in pooled


def test_open_doubts_stand_beside_the_headline_until_they_are_dismissed(
    vcp: Cli, tmp_path: Path
) -> None:
    # An SE entered as an SD: the SD is a tenth of the others'.
    text = (FAULTS / "truth.csv").read_text(encoding="utf-8")
    assert text.count(",205,29,") == 1
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(text.replace(",205,29,", ",205,2.9,"), encoding="utf-8")
    vcp("extract", "import", wrong, "--reason", "a slip")
    told = unwrapped(vcp("repool").output)
    checked = json.loads(vcp("extract", "check", "--json").stdout)
    places = {d["doubt"] for d in checked if "wai-c, client, post" in d["place"]}
    assert places
    assert f"{len(places)} doubt" in told.split("symptoms")[0]
    for doubt in places:
        assert f"[{doubt}]" in told
        vcp("extract", "dismiss", doubt, "--reason", "looked at")
    assert "doubt" not in unwrapped(vcp("repool").output)


@MOSTLY_ON_SQLITE
def test_a_plan_changed_after_results_were_seen_says_so_for_ever(
    vcp: Cli, database: Database, tmp_path: Path
) -> None:
    text = vcp("analysis", "show", "alliance").output
    first = json.loads(vcp("runs", "show", "alliance", "--json").stdout)
    low, high = first["ci"]
    by_first = (  # the data are those of run 1, and so is what its plan gives
        f"By version 1 the present data give {first['k']} trials of videoconferencing against "
        f"face to face: {first['estimate']:.2f} [{low:.2f}, {high:.2f}], noninferior (margin 0.50)"
    )
    plan = tmp_path / "plan.yaml"
    plan.write_text(text.replace("margin: 0.5", "margin: 0.3"), encoding="utf-8")
    told = vcp("analysis", "revise", "alliance", "--file", plan, "--reason", "stricter").output
    assert "changed after results had been seen" in told
    vcp("repool")
    plan.write_text(text, encoding="utf-8")
    vcp("analysis", "revise", "alliance", "--file", plan, "--reason", "back again")
    for shown in (vcp("repool"), vcp("repool"), vcp("runs", "show", "alliance")):
        words = unwrapped(shown.output)
        assert "Changed: margin from 0.5 to 0.3." in words
        assert "Changed: margin from 0.3 to 0.5." in words  # it has been changed twice all the same
        assert "the reason given: “stricter”" in words
        assert by_first in words
    with database.reading() as session:
        facts = facts_of(session, review_called(session, None))
    (alliance,) = [a for a in facts.analysed if a.slug == "alliance"]
    blocks = analysis_blocks(facts, alliance, NumberStyle.APA)
    assert "changed after results had been seen" in " ".join(block.text for block in blocks)
    vcp("export", "checklists", "--out", tmp_path, "--format", "csv")
    prisma = (tmp_path / "prisma_2020.csv").read_text(encoding="utf-8")
    (line,) = [line for line in prisma.splitlines() if '"24c"' in line]
    assert "Changed after results were seen" in line


def test_a_plan_changed_before_any_result_was_seen_is_no_matter(cli: Cli, tmp_path: Path) -> None:
    cli("new", "--file", FAULTS / "protocol.yaml")
    plan = tmp_path / "plan.yaml"
    text = cli("analysis", "show", "alliance").output
    plan.write_text(text.replace("margin: 0.5", "margin: 0.3"), encoding="utf-8")
    cli("analysis", "revise", "alliance", "--file", plan, "--reason", "before the data")
    cli("extract", "import", FAULTS / "truth.csv")
    assert "results were seen" not in unwrapped(cli("repool").output)


def test_an_analysis_planned_when_its_outcome_had_been_seen_says_so(
    vcp: Cli, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.yaml"
    text = vcp("analysis", "show", "symptoms").output
    plan.write_text(text.replace("timepoints: [post]", "timepoints: [pst]"), encoding="utf-8")
    told = unwrapped(vcp("analysis", "add", "later", "--file", plan).output)
    assert "no study has timepoint “pst”; there are: post; did you mean post?" in told
    assert "the plan was made after results had been seen" in told
    assert "planned after results were seen" in unwrapped(vcp("repool").output)


@MOSTLY_ON_SQLITE
def test_selection_and_run_agree_on_single_arms_of_the_shipped_seed(
    cli: Cli, tmp_path: Path
) -> None:
    cli("seed", "load", "cbt-delivery")
    plan: dict[str, Any] = {
        "title": "Scores by face-to-face CBT",
        "kind": "single_arm",
        "measure": "GEN",
        "outcome": "depression",
        "intervention": {"label": "face to face", "delivery_mode": ["face_to_face"]},
    }
    file = tmp_path / "single.yaml"
    file.write_text(json.dumps(plan), encoding="utf-8")
    cli("analysis", "add", "single", "--file", file)
    cli("repool")
    run = json.loads(cli("runs", "show", "single", "--json").stdout)
    rows = json.loads(cli("extract", "selection", "single", "--json").stdout)
    assert run["k"] > 10
    assert sorted(row["study"] for row in rows if row["chosen"]) == sorted(
        trial["study"] for trial in run["inputs"]["trials"]
    )


@MOSTLY_ON_SQLITE
def test_the_two_newest_runs_are_compared_in_half_a_page_of_80_columns(
    cli: Cli, database: Database, by: Attribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(database, by, variants=("fixed", "leave_one_out"))
    enter(database, by, range(1, 6))
    cli("repool")
    alone = cli("runs", "diff", "alliance").output
    assert "run 1\n" in alone
    assert "5 trials of video against in person" in alone
    enter(database, by, range(6, 9))
    half = cli("repool").output
    monkeypatch.setattr("review.cli.output.PAGE_WIDTH", 80)  # as on a terminal of 80 columns
    brief = cli("runs", "diff", "alliance").output
    assert "run 1 to run 2" in brief
    assert "Synthetic 6 added: the estimate rose by 0.06" in brief
    assert "Synthetic 6 added: the estimate rose by 0.06" in half
    assert len(brief.splitlines()) <= 30
    assert max(map(len, brief.splitlines())) <= 80
    monkeypatch.undo()
    monkeypatch.setenv("REVIEW_ACTOR", "tester")
    full = cli("runs", "diff", "alliance", "--full").output
    assert full == cli("runs", "diff", "alliance", "1", "2", "--full").output
    assert full == cli("runs", "diff", "alliance", "1", "--full").output
    assert max(map(len, full.splitlines())) <= 100
    assert "How firm it is" in full
    for word in ("alpha spent", "identities hold", "anchors", "quadrature", "Shapley values over"):
        assert word not in full
    explained = cli("runs", "diff", "alliance", "--explain").output
    assert "noninferior: the whole interval lies above minus the margin" in unwrapped(explained)


def test_what_the_next_trial_would_do_is_answered(
    cli: Cli, database: Database, by: Attribution
) -> None:
    begin(database, by)
    enter(database, by, range(1, 9))
    cli("repool")
    told = unwrapped(cli("next", "alliance").output)
    plain = json.loads(cli("next", "alliance", "--json").stdout)
    middle = plain["outlook"]["trials"][1]
    assert (
        f"One more trial with {middle['size']} participants an arm would change the conclusion "
        f"with probability {middle['change']:.2f}." in told
    )
    assert plain["run"] == 1
    assert "has no analysis 'nothing'" in cli("next", "nothing", status=1).output
