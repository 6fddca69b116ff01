"""Several outcomes of the studies of a file, against metafor's rma.mv on three data sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.pool.test_pool import pool, pooled

FOLDER: Final = Path(__file__).parent / "outcomes"
CASES: Final = json.loads((FOLDER / "expected.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['data']}-{c['structure']}")
def test_means_and_differences_are_those_of_rma_mv(case: Any) -> None:
    """To 1e-4, as far as its search goes; no likelihood is lower than where that ended."""
    found = pooled(
        FOLDER / f"{case['data']}.csv", "--cluster", "study", "--outcome", "outcome",
        "--structure", case["structure"], "--rho", str(case["rho"]),
    )["multivariate"]  # fmt: skip
    means, difference = found["means"], found["differences"][0]
    assert [one["estimate"] for one in means] == pytest.approx(case["beta"], rel=1e-4)
    assert [one["se"] for one in means] == pytest.approx(case["se"], rel=1e-4)
    told = (difference["estimate"], difference["se"])
    assert told == pytest.approx((case["difference"], case["difference_se"]), rel=1e-4)
    assert found["QE"] == pytest.approx(case["QE"], rel=1e-8)
    assert found["loglik"] >= case["loglik"] - 1e-9
    rows = (FOLDER / f"{case['data']}.csv").read_text("utf-8").splitlines()[1:]
    assert sum(one["k"] for one in means) == len(rows)


def test_no_case_was_dropped() -> None:
    assert len(CASES) == 5
    assert len({case["data"] for case in CASES}) == 3


def test_it_is_printed_beside_the_note_that_the_pooled_line_is_not_it() -> None:
    shown = pool(
        FOLDER / "berkey.csv", "--cluster", "study", "--outcome", "outcome", "--rho", "0.6"
    )
    assert "independent; multivariate does not" in shown
    assert "AL - PD" in shown


def test_times_correlate_by_the_time_between(tmp_path: Path) -> None:
    rows = [f"{s},{w},{y},0.04" for s, y in zip("ABCDE", (0.1, 0.5, 0.3, 0.9, 0.2), strict=True)
            for w in (4, 8, 20)]  # fmt: skip
    weeks = tmp_path / "weeks.csv"
    weeks.write_text("\n".join(["study,week,yi,vi", *rows]), "utf-8")
    asked = ("--cluster", "study", "--outcome", "week", "--rho", "0.7", "--structure", "CAR")
    found = pooled(weeks, *asked)["multivariate"]
    assert [one["outcome"] for one in found["means"]] == ["4", "8", "20"]
    asked = ("--cluster", "study", "--outcome", "outcome", "--rho", "0.7", "--structure", "AR")
    words = pool(FOLDER / "berkey.csv", *asked, status=1)
    assert "must hold numbers, such as weeks" in words


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--outcome", "outcome"], "--outcome needs --cluster"),
        (["--outcome", "outcome", "--cluster", "study"], "--outcome needs --cluster"),
        (["--cluster", "study", "--structure", "CS"], "--structure needs --outcome"),
        (
            ["--outcome", "outcome", "--cluster", "study", "--rho", "0.5", "--mods", "vi"],
            "leave out --mods",
        ),
    ],
)
def test_what_it_needs_is_said(asked: list[str], words: str) -> None:
    assert words in pool(FOLDER / "berkey.csv", *asked, status=2)


def test_a_three_level_mean_has_its_weights() -> None:
    found = pooled(FOLDER / "berkey.csv", "--cluster", "study")["multilevel"]
    assert sum(found["weights"]) == pytest.approx(100)
    assert len(found["weights"]) == 10
    assert (
        "weights"
        not in pooled(FOLDER / "berkey.csv", "--cluster", "study", "--mods", "outcome")[
            "multilevel"
        ]
    )
