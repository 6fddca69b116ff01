"""The exported scripts start from what reports give: every way of reporting, each direction."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from review.export.reproduction.script import write_scripts
from review.living.runs.contents import TrialInput
from tests.export.reproduction.conversions import conversion_runs
from tests.export.reproduction.programs import furthest, python, rscript
from tests.export.reproduction.synthetic import means, of_means, plan, run

Run = Callable[..., subprocess.CompletedProcess[str]]

BOTH = pytest.mark.parametrize(
    ("of", "name"), [(python, "reproduce.py"), (rscript, "reproduce.R")], ids=["python", "R"]
)


@pytest.fixture(scope="module")
def conversions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conversions")
    write_scripts("Every way of reporting", conversion_runs(), folder)
    return folder


@BOTH
def test_effects_follow_from_every_way_of_reporting(conversions: Path, of: Run, name: str) -> None:
    done = of(conversions / name)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert furthest(done.stdout) < 1e-9
    assert done.stdout.count(" 1 effects are of skewed medians") == 1
    assert " 100 of 100 effects" in done.stdout


def test_the_grid_of_ways_has_not_shrunk() -> None:
    count: dict[str, int] = {}
    for one in conversion_runs():
        kind = one.analysis.rstrip("-0123456789")
        count[kind] = count.get(kind, 0) + len(one.results.effects)
    assert count == {
        "contrasts-smd": 790, "contrasts-change": 737, "contrasts-periods": 817,
        "contrasts-md": 275, "contrasts-or": 66, "contrasts-irr": 66, "contrasts-gen": 66,
        "arms-smd": 72, "arms-md": 72, "arms-rom": 72, "arms-or": 27, "arms-rr": 27, "arms-rd": 27,
        "arms-as": 27, "change-smd": 61, "change-md": 61, "several": 5,
        "several-estimates": 2, "skewed": 2,
    }  # fmt: skip


def changed(folder: Path, column: str, study: str, value: str) -> None:
    """Write another value into reported.csv, as if it had been entered so."""
    path = folder / "reported.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["study"].endswith(study):
            row[column] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@BOTH
@pytest.mark.parametrize(
    ("column", "value", "turned"), [("higher_is_better", "no", True), ("mean", "5.0", False)]
)
def test_another_direction_or_number_is_named_with_its_trial(
    tmp_path: Path, of: Run, name: str, column: str, value: str, turned: bool
) -> None:
    write_scripts("Turned", [run("smd", plan("SMD"), means())], tmp_path)
    changed(tmp_path, column, " 4", value)
    done = of(tmp_path / name)
    assert done.returncode == 1
    named = [line for line in done.stdout.splitlines() if "from what was reported" in line]
    assert named
    assert all("Arcy" not in line and " 4 (planned)" in line for line in named)
    assert ("as reported in 7 effects, turned in 1" in done.stdout) is turned
    assert any("pooled estimate" in x and x.endswith("DIFFERS") for x in done.stdout.splitlines())


def many(count: int) -> list[TrialInput]:
    return [of_means(i % 8 + 1).model_copy(update={"study_id": i}) for i in range(count)]


@BOTH
def test_the_quick_mode_leaves_out_each_trial_left_out_of_more_than_sixty(
    tmp_path: Path, of: Run, name: str
) -> None:
    variants = ["fixed", "leave_one_out", "without_influential"]
    runs = [run(f"k-{k}", plan("SMD", variants=variants), many(k)) for k in (60, 61)]
    write_scripts("Quick", runs, tmp_path)
    done = of(tmp_path / name, "--quick")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    for part in ("leave_one_out", "without_influential"):
        assert f"k-61                     {part} of 61 trials left out: quick mode" in done.stdout
    assert done.stdout.count("leave_one_out[60] estimate") == 1
    assert f"Quick mode: {62 * 6} numbers left out" in done.stdout
    assert ": all agree" in done.stdout
