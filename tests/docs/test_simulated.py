"""Tables by simulation: what pages print is what scripts gave, and the scripts still run."""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
STORED: Final = ROOT / "benchmarks" / "results"
NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?")


def rows(text: str) -> list[list[str]]:
    """Return the cells of the rows of Markdown tables, without those that only divide."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in told if not set("".join(row)) <= set(":-")]


def stored(name: str) -> list[list[str]]:
    return rows((STORED / f"{name}.txt").read_text("utf-8"))


def page(name: str) -> list[list[str]]:
    return rows((ROOT / "docs" / f"{name}.md").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "on", "count"), [("rare_events", "pool-a-file", 18), ("coverage", "keep-it-alive", 26)]
)
def test_a_page_prints_the_table_of_its_script(name: str, on: str, count: int) -> None:
    printed, given = page(on), stored(name)
    assert len(given) == count
    assert all(row in printed for row in given)


def test_two_pages_print_the_table_of_the_forecast() -> None:
    printed, given = page("compare-several-treatments") + page("several-outcomes"), stored("ahead")
    assert len(given) == 17
    assert all(row in printed for row in given)


CALLED: Final = {
    "separate": "separate", "together, `UN`": "UN", "together, `CS`": "CS",
    "`CS`, 0.2 assumed": "CS, rho 0.2", "`CS`, 0.8 assumed": "CS, rho 0.8",
}  # fmt: skip


def test_the_page_of_joint_models_prints_the_numbers_of_its_script() -> None:
    given = {tuple(row[:3]): row[3:] for row in stored("joint_alliance")}
    before, checked = "", 0
    for row in page("several-outcomes"):
        if row[0] not in (*CALLED, "the same, robust") or len(row) != 7:
            continue
        model = CALLED.get(row[0]) or f"{before}, robust"
        before = CALLED.get(row[0], before)
        told = [*given["8", model, "therapist"], *given["8", model, "difference"]]
        assert row[1:] == told
        checked += 1
    assert checked == 7


def test_the_page_of_false_claims_prints_the_table_that_is_shipped() -> None:
    table = json.loads((ROOT / "review" / "synthesis" / "false_claims.json").read_text("utf-8"))
    axes = table["axes"]
    at = axes["distance"].index(0.5), axes["k"].index(20), axes["share"].index(1.0)
    for name, key in (
        ("confidence sequence", "sequence"), ("trial sequential analysis", "boundaries"),
    ):  # fmt: skip
        (row,) = [row for row in page("keep-it-alive") if row[0] == name and len(row) == 7]
        rates = [table[key][at[0]][tau][at[1]][at[2]] for tau in range(len(axes["tau"]))]
        assert [float(cell) for cell in row[1:]] == pytest.approx(
            [100 * rate for rate in rates], abs=0.05 + 1e-9
        )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("rare_events", ["2", "0.05"]), ("coverage", ["--repetitions", "2"]),
        ("joint_alliance", ["--runs", "2"]), ("ahead", ["--runs", "2"]),
    ],
)  # fmt: skip
def test_each_script_still_makes_a_table_of_the_same_lines(
    name: str,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    runpy.run_path(str(ROOT / "benchmarks" / f"{name}.py"), run_name="__main__")
    made, given = rows(capsys.readouterr().out), stored(name)

    def lines(table: list[list[str]]) -> list[list[str]]:
        labels = 3 if name in ("joint_alliance", "ahead") else 2 if name == "coverage" else 1
        return [row[:labels] for row in table]

    expected = lines(given)[-len(made) :] if name == "rare_events" else lines(given)
    assert lines(made) == expected
    assert all(NUMBER.search(cell) for row in made[1:] for cell in row[3:])


def test_the_script_of_false_claims_still_makes_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "rates.json"
    arguments = ["false_claims.py", "--repetitions", "8", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", arguments)
    runpy.run_path(str(ROOT / "benchmarks" / "false_claims.py"), run_name="__main__")
    shipped = json.loads((ROOT / "review" / "synthesis" / "false_claims.json").read_text("utf-8"))
    assert json.loads(out.read_text("utf-8"))["axes"] == shipped["axes"]
