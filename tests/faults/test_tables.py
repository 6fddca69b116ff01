"""Tables of invented numbers by the commands a user types; README.md says where the others are."""

from __future__ import annotations

import csv
import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from scipy.special import gammaln

from review.db import Database, database_at
from tests.faults import TABLES

Cli = Callable[..., Result]
FILES = {path.name for path in TABLES.iterdir()}


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """One kind of database is enough: what is read does not depend on where it goes."""
    path = tmp_path / "review.db"
    shutil.copy(sqlite_template, path)
    found = database_at(f"sqlite:///{path}")
    yield found
    found.engine.dispose()


@pytest.fixture
def stat(cli: Cli) -> Cli:
    cli("new", "--file", TABLES / "stat.yaml")
    return cli


@pytest.fixture
def trials(cli: Cli) -> Cli:
    """Eight invented trials without a doubt."""
    cli("new", "--file", TABLES / "protocol.yaml")
    assert imported(cli, "truth.csv")["doubts"] == []
    return cli


def imported(cli: Cli, file: str | Path) -> dict[str, Any]:
    path = TABLES / file if isinstance(file, str) else file
    found: dict[str, Any] = json.loads(cli("extract", "import", path, "--json").stdout)
    return found


def entered(cli: Cli, analysis: str) -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
    """Return yi and vi of the trials of the newest run, and why others are left out."""
    shown = json.loads(cli("runs", "show", analysis, "--json").stdout)
    effects = {one["study"]: (one["yi"], one["vi"]) for one in shown["results"]["effects"]}
    return effects, {one["study"]: one["reason"] for one in shown["inputs"]["left_out"]}


def edited(tmp_path: Path, name: str, **columns: Callable[[dict[str, str]], str | None]) -> Path:
    """Return a copy with some cells changed; None leaves a cell."""
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, header = list(reader), list(reader.fieldnames or ())
    for row in rows:
        new = {column: given(row) for column, given in columns.items()}
        row.update({column: cell for column, cell in new.items() if cell is not None})
    path = tmp_path / name
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, header)
        writer.writeheader()
        writer.writerows(rows)
    return path


def hedges(m1: float, s1: float, n1: int, m2: float, s2: float, n2: int) -> tuple[float, float]:
    """Return g and its variance (Hedges 1981; the variance as in metafor's escalc)."""
    df = n1 + n2 - 2
    d = (m1 - m2) / math.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / df)
    g = d * math.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / math.sqrt(df / 2)
    return g, 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))


TRUTH = hedges(23, 9, 52, 20, 8, 50)
"""Positive favours the first, as lower is better."""


def test_one_truth_in_all_ways_of_reporting(stat: Cli) -> None:
    report = imported(stat, "stat.csv")
    assert [doubt["kind"] for doubt in report["doubts"]] == ["identical_rows"]
    stat("repool")
    effects, left_out = entered(stat, "g")
    assert set(left_out) == {
        "08 p no favours", "16 change", "19 change+corr", "20 ANCOVA MD se r=.7",
        "21 ANCOVA p r=.7", "25 cluster no icc", "27 median range",
    }  # fmt: skip
    assert len(effects) == 21
    bound, quartiles = effects.pop("09 p below"), effects.pop("26 median iqr")
    assert bound[0] == pytest.approx(1.9835 * math.sqrt(1 / 50 + 1 / 52) * 0.99248, abs=2e-3)
    assert quartiles[0] == pytest.approx(TRUTH[0], abs=0.02)
    for study, (g, v) in effects.items():
        inflated = 1 + (11 - 1) * 0.05 if "cluster" in study else 1.0
        assert (g, v) == pytest.approx((TRUTH[0], TRUTH[1] * inflated), rel=2e-3), study
    md, _ = entered(stat, "md")
    assert {round(y, 6) for y, _ in md.values()} == {3.0}
    ratios, others = entered(stat, "or"), entered(stat, "rr")
    assert set(ratios[1]) == {"33 RR ci"}
    assert {round(ratios[0][s][0], 3) for s in ratios[0] if s != "31 zero"} == {0.405}
    assert set(others[1]) == {"32 OR ci", "34 OR ci reversed", "35 OR p"}
    assert {round(y, 4) for s, (y, _) in others[0].items() if s != "31 zero"} == {0.1823}


def test_what_a_way_lacks_is_enough_when_it_is_entered(stat: Cli, tmp_path: Path) -> None:
    """Siblings: each refusal names what is missing; with that, the trial enters as the truth."""
    given = {
        "08 p no favours": ("favours", "Video"),
        "20 ANCOVA MD se r=.7": ("correlation", "0.7"),
        "25 cluster no icc": ("icc", "0.05"),
    }

    def cell(row: dict[str, str], column: str) -> str | None:
        wanted, value = given.get(row["study"], ("", ""))
        return value if wanted == column else None

    columns = {c: (lambda row, c=c: cell(row, c)) for c in ("favours", "correlation", "icc")}
    imported(stat, edited(tmp_path, "stat.csv", **columns))
    stat("repool")
    effects, left_out = entered(stat, "g")
    assert not set(left_out) & set(given)
    # the file's SE of the ANCOVA is rounded to the SD after r = 0.7 on its residual df
    for study in given:
        assert effects[study][0] == pytest.approx(TRUTH[0], rel=0.01)


def test_p_of_nought_is_a_bound_and_p_of_one_no_difference(stat: Cli) -> None:
    report = imported(stat, "p0.csv")
    assert report["asides"] == [[2, "p 0.000 is taken as p < 0.0005 (p_below)"]]
    stat("repool")
    effects, _ = entered(stat, "g")
    # t with df 98 and two-sided p 0.0005: R, qt(1 - 0.00025, 98) = 3.602055
    d = 3.6020 * math.sqrt(2 / 50)
    assert effects["P0"][0] == pytest.approx(d * (1 - 3 / (4 * 98 - 1)), abs=2e-3)
    assert effects["P1"] == pytest.approx((0.0, 2 / 50))


@pytest.mark.parametrize(
    ("printed", "taken"),
    [("0.00", "p < 0.005"), ("<0.001", "p < 0.001"), ("0", None), ("1.01", None), ("-0.01", None)],
)
def test_other_printed_p(stat: Cli, tmp_path: Path, printed: str, taken: str | None) -> None:
    path = edited(tmp_path, "p0.csv", p=lambda row: printed if row["study"] == "P0" else None)
    if taken is None:
        assert "line 2, column p: " in stat("extract", "import", path, status=1).output
    else:
        assert taken in str(imported(stat, path)["asides"])


def test_what_cannot_be_is_refused_by_line_and_in_words(stat: Cli, tmp_path: Path) -> None:
    told = stat("extract", "import", TABLES / "impossible.csv", status=1).output
    assert "nothing was stored" in told
    for words in (
        "line 2, columns n, events: 60 events among 50 participants",
        "line 3, column sd: -3.0 is too small; it must be at least 0.0",
        "line 5, columns ci_low, ci_high: ci_low is above ci_high",
        "line 6, column p: p is never 0; write it as it is printed (0.000 or <0.001)",
        "line 7, column se: 0.0 is too small; it must be greater than 0.0",
        "line 9, column metric: no effect is computed from metric 'mean diff'; is it MD?",
    ):
        assert words in told
    assert not any(raw in told for raw in ("{", "pydantic", "Traceback", "None"))
    mended = {"I1": ("events", "30"), "I2": ("sd", "3"), "I4": ("ci_low", "-2"),
              "I5": ("p", "0.3"), "I6": ("se", "0.5")}  # fmt: skip

    def cell(row: dict[str, str], column: str) -> str | None:
        wanted, value = mended.get(row["study"], ("", ""))
        if row["study"] == "I4" and column == "ci_high":
            return "4"
        return value if wanted == column else None

    names = ("events", "sd", "ci_low", "ci_high", "p", "se")
    path = edited(tmp_path, "impossible.csv", **{c: (lambda r, c=c: cell(r, c)) for c in names})
    told = stat("extract", "import", path, status=1).output
    assert "line 9, column metric: no effect is computed from metric 'mean diff'; is it MD?" in told
    path.write_text(path.read_text(encoding="utf-8").replace("mean diff", "MD"), encoding="utf-8")
    (doubt,) = imported(stat, path)["doubts"]
    assert (doubt["line"], doubt["kind"]) == (11, "interval_mismatch")


def test_a_second_analysis_set_is_no_copy_and_the_plan_is_asked_which_counts(trials: Cli) -> None:
    trials("repool")
    before = entered(trials, "alliance")
    report = imported(trials, "two.csv")
    assert (report["results_added"], report["studies_added"], report["doubts"]) == (2, [], [])
    said = trials("repool", status=1).output
    assert "Synthetic Adams 2015 offers 2 results" in said
    assert entered(trials, "alliance") == before


def test_planted_errors_of_a_second_file_are_found_at_entry(trials: Cli) -> None:
    report = imported(trials, "ben_entry.csv")
    found = {(doubt["line"], doubt["kind"]) for doubt in report["doubts"]}
    assert found >= {
        (8, "identical_rows"), (9, "identical_rows"),  # therapist and observer
        (14, "se_as_sd"), (15, "se_as_sd"),
        (20, "direction"),  # t without its sign
        (24, "change_direction"),  # an improvement without its sign
        (28, "identical_rows"),  # an arm under two names
        (32, "n_above_randomised"),
        (40, "identical_rows"), (41, "identical_rows"),  # a study under two names
    }  # fmt: skip
    said = " ".join(trials("repool").stdout.split())
    assert "1 trial left out; 5 doubts open" in said
    # each doubted trial of an analysis is named beside its result
    alliance, symptoms = (part.partition("All of it")[0] for part in said.split("Doubts open")[1:])
    for study in ("Chenn et al. 2017", "Diaz 2018", "Fischer 2020", "Garcia 2021"):
        assert study in alliance
    assert "Baker 2016" in symptoms
    # every value that the file changed is told, also those that no check can doubt
    changed = {(c["study"], c["field"], c["old"], c["new"]) for c in report["corrections"]}
    assert ("Synthetic Adams 2015", "mean", 14.2, 12.4) in changed
    assert ("Synthetic Hansen 2022", "country", "Norway", "Sweden") in changed


def test_each_file_is_named_on_the_page() -> None:
    page = (TABLES.parent / "README.md").read_text(encoding="utf-8")
    assert not [name for name in FILES if name not in page and name.partition(".")[0] not in page]
