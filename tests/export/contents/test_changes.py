"""What moved since readers saw a result, and since the last release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from review.db import Database
from review.export.contents.changes import changes_data, changes_table
from review.export.runs import LatestRun
from review.export.tracing.numbers import Runs, stated_at
from review.extraction.actions import exclude_study
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.living.runs.queries import runs
from tests.export.contents.synthetic import (
    carried,
    pooled,
    records,
    runs_of,
    tables,
    the_review,
)


def test_shares_sum_to_the_change_of_the_real_trials(delivery_runs: list[LatestRun]) -> None:
    rows = records(changes_data("T", delivery_runs))
    for run in delivery_runs:
        own = [r for r in rows if r["analysis"] == run.analysis]
        (moved,) = (r for r in own if r["what"] == "estimate")
        shares = [r for r in own if r["what"] == "share of the change: estimate"]
        assert {r["study"].removesuffix(" added") for r in shares} == set(run.change.added)
        total = moved["after_number"] - moved["before_number"]
        assert sum(r["after_number"] for r in shares) == pytest.approx(total, abs=1e-10)


def test_print_tells_shares_signals_and_why(delivery_runs: list[LatestRun]) -> None:
    table = changes_table("T", delivery_runs)
    multimedia = [
        r for r in carried(table, "analysis") if r["analysis"] == "Multimedia CBT against control"
    ]
    said = {r["what"]: (r["before"], r["after"]) for r in multimedia}
    assert said["estimate"] == ("0.58", "0.80")
    assert said["conclusion"] == ("inconclusive", "superior")
    assert said["signal: conclusion class changed"] == ("inconclusive", "superior")
    assert said["signal: estimate moved"] == (None, "0.222 (threshold 0.100)")
    shares = [text for what, (_, text) in said.items() if what.startswith("share of the change: ")]
    assert len(shares) == 11
    assert all(text and text.startswith("estimate ") for text in shares)
    assert any("sum to the change" in note for note in table.general)


def test_each_variant_has_its_class_before_and_after(database: Database, by: Attribution) -> None:
    pooled(database, by)
    before = {v.label: v.conclusion for v in runs_of(database)["mood"].results.variants}
    with writing(database, by) as session:
        exclude_study(session, the_review(session), label="Synthetic 4", reason="synthetic")
    repool(database, actor="tester")
    run = runs_of(database)["mood"]
    printed = tables(database, "changes")[0]["changes"]
    said = {r["what"]: r for r in carried(printed, "analysis") if r["analysis"] == "Mood"}
    shown = [v for v in run.results.variants if v.variant != "leave_one_out" and v.conclusion]
    assert len(shown) == 5
    for line in shown:
        row = said[f"conclusion, {line.label}, margin 0.50"]
        assert (row["before"], row["after"]) == (before[line.label], line.conclusion)
        index = run.results.variants.index(line)
        assert f"{run.key[:12]}/since/1/variants/{index}" in printed.origins
    assert said["trial removed: Synthetic 4"]["before"] == "excluded: synthetic"
    assert not any(what.startswith("conclusion, without Synthetic") for what in said)


def test_what_is_new_since_the_last_release(
    cli: Callable[..., Result], database: Database, by: Attribution, tmp_path: Path
) -> None:
    pooled(database, by)
    assert tables(database, "whats_new")[1] == {}
    cli(
        "release", "create", "1.0", "--out", tmp_path / "1.0", "--because", "a test",
        "--author", "Example, A.", "--no-figures",
    )  # fmt: skip
    assert tables(database, "whats_new")[1] == {}, "1.0 is what there is"
    for label in ("Synthetic 4", "Synthetic 3"):
        with writing(database, by) as session:
            exclude_study(session, the_review(session), label=label, reason="synthetic")
        repool(database, actor="tester")
    printed, data = (found["whats_new"] for found in tables(database, "whats_new"))
    rows = {(r["what"], r["of"]): r for r in records(data)}
    with database.reading() as session:
        first, *_, last = runs(session, the_review(session), "mood")
        k = (first.results["pooled"]["k"], last.results["pooled"]["k"])
        row = next(i for i, r in enumerate(records(data)) if r["what"] == "pooled result")
        places = [data.origin(row, data.keys.index(name)) for name in ("before", "after")]
        led = [stated_at(Runs(session), at or "").value["k"] for at in places]
    assert k == (4, 2)
    assert led == [4, 2], "each number leads to its own run, not to the run before"
    told = rows["pooled result", "Mood"]
    assert told["before"].endswith(", 4 trials")
    assert told["after"].endswith(", 2 trials")
    gone = {study: r for (what, study), r in rows.items() if what == "trial removed"}
    assert gone["Synthetic 3"]["after"] == "excluded: synthetic"
    together = {r["what"]: r["of"] for r in records(printed)}
    assert together["2 trials removed"] in ("Synthetic 3; Synthetic 4", "Synthetic 4; Synthetic 3")
    assert printed.title.startswith("Synthetic review: what is new since version 1.0 of ")
