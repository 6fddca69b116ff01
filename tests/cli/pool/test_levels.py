"""Random effects of a file's columns and errors that go together, against metafor's rma.mv."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.pool.test_pool import pool, pooled

FOLDER: Final = Path(__file__).parent / "levels"
CASES: Final = json.loads((FOLDER / "expected.json").read_text("utf-8"))


def options(case: Any) -> list[str]:
    return [str(FOLDER / one) if one.endswith(".csv") else one for one in case["options"]]


def near(expected: float | list[float], rel: float = 1e-4) -> Any:
    numbers = expected if isinstance(expected, list) else [expected]
    return pytest.approx(numbers, rel=rel, abs=1e-6)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['data']} {' '.join(c['options'])}")
def test_numbers_are_those_of_rma_mv(case: Any) -> None:
    """To 1e-4, as far as its search goes; no likelihood is lower than where that ended."""
    found = pooled(FOLDER / f"{case['data']}.csv", *options(case))["random_effects"]
    assert found["beta"] == near(case["beta"])
    assert found["se"] == near(case["se"])
    assert [one["sigma2"] for one in found["levels"]] == near(case["sigma2"])
    assert found["QE"] == pytest.approx(case["QE"], rel=1e-8)
    assert -1e-9 <= found["loglik"] - case["loglik"] < 1e-6
    if "weights" in case:
        assert found["weights"] == near(case["weights"])
        assert found["pi"] == near(case["pi"])
    else:
        assert found["pi"] is None
    if "robust" in case:
        assert found["robust"]["se"] == near(case["robust"]["se"])
        assert found["robust"]["df"] == near(case["robust"]["df"], 1e-3)
    else:
        assert found["robust"] == {}
        assert any("no robust errors" in note for note in found["notes"])


def test_no_case_was_dropped() -> None:
    assert len(CASES) == 19
    assert len({case["data"] for case in CASES}) == 10
    for option, count in (("--group1", 3), ("--time", 3), ("--random", 9)):
        assert len({case["data"] for case in CASES if option in case["options"]}) == count


def test_shares_of_groups_and_covariances_matter() -> None:
    """What an option says of errors reaches the model: without it the number is another."""
    for case in CASES:
        if {"--group1", "--covariances", "--time"} & {*case["options"]}:
            by = case["options"][-1] if "--random" in case["options"] else "study/row"
            plain = pooled(FOLDER / f"{case['data']}.csv", "--random", by)
            block = plain["random_effects"]
            assert abs(block["beta"][0] - case["beta"]) > 1e-4


def test_it_is_printed_with_its_levels() -> None:
    shown = pool(FOLDER / "schools.csv", "--random", "district/school")
    assert "independent; random_effects does not" in shown
    assert "district/school   56" in shown
    assert "metareg" not in pool(
        FOLDER / "schools.csv", "--random", "district/school", "--mods", "year"
    )


def test_outcomes_take_times_and_covariances(tmp_path: Path) -> None:
    """Kinds of one time and kinds of times give the errors that a file of them gives."""
    rows = [
        (s, kind, week, y + 0.1 * (kind == "b") + 0.01 * week * y)
        for s, y in zip("ABCDE", (0.1, 0.5, 0.3, 0.9, 0.2), strict=True)
        for kind in "ab"
        for week in (4, 8)
    ]
    data = tmp_path / "weeks.csv"
    data.write_text(
        "\n".join(["study,kind,week,yi,vi", *(f"{s},{k},{w},{y},0.04" for s, k, w, y in rows)]),
        "utf-8",
    )
    V = tmp_path / "V.csv"
    errors = [
        [0.04 * (s == t) * (1 if k == m else 0.6) * 0.9 ** abs(w - u) for t, m, u, _ in rows]
        for s, k, w, _ in rows
    ]
    head = ",".join(f"V{n + 1}" for n in range(len(rows)))
    V.write_text("\n".join([head, *(",".join(map(str, row)) for row in errors)]), "utf-8")
    both = ("--cluster", "study", "--outcome", "kind", "--structure", "CS")
    given = pooled(data, *both, "--rho", "0.6", "--time", "week", "--phi", "0.9")["multivariate"]
    read = pooled(data, *both, "--covariances", str(V))["multivariate"]
    assert [m["estimate"] for m in read["means"]] == pytest.approx(
        [m["estimate"] for m in given["means"]]
    )
    assert read["loglik"] == pytest.approx(given["loglik"])


REFUSED: Final = [
    (["--random", "district/"], 2, "lacks a name"),
    (["--random", "place"], 1, "there is no such column"),
    (["--random", "district + district/row + school/district"], 1, "cannot be told apart"),
    (["--time", "year", "--cluster", "district"], 2, "--time needs --phi"),
    (["--time", "year", "--phi", "0.5"], 2, "--time needs --cluster"),
    (["--time", "year", "--phi", "0.5", "--cluster", "district"], 1, "not positive definite"),
    (["--group2", "school", "--cluster", "district"], 2, "--group2 needs --group1"),
    (["--group1", "school"], 2, "--group1 needs --cluster"),
    (["--covariances", "V.csv"], 2, "--covariances needs --cluster or --random"),
    (
        ["--covariances", "V.csv", "--cluster", "district", "--rho", "0.5"],
        2,
        "leave out one of them",
    ),
    (["--random", "district", "--method", "DL"], 2, "--random fits its model by REML"),
    (["--random", "district", "--permutation", "9"], 2, "leave out --random"),
    (
        ["--random", "district", "--outcome", "year", "--cluster", "district", "--rho", "0.5"],
        2,
        "leave out --random",
    ),
]


@pytest.mark.parametrize(("asked", "status", "words"), REFUSED)
def test_what_it_needs_is_said(asked: list[str], status: int, words: str) -> None:
    assert words in " ".join(pool(FOLDER / "schools.csv", *asked, status=status).split())


DATA: Final = "study,yi,vi\nA,0.3,0.04\nA,0.1,0.09\nB,0.5,0.05\nC,,\n"


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ("a,b,c,d\n0.04,0.01,0,\n0.01,0.09,0,\n0,0,0.05,\nNA,NA,NA,NA\n", None),
        ("a,b,c\n0.04,0.01,0\n0.01,0.09,0\n0,0,0.05\n", "needs 4 of 4"),
        ("a,b,c,d\n0.04,0.01,0,\n0.01,0.08,0,\n0,0,0.05,\nNA,NA,NA,NA\n", "the variance is 0.08"),
        ("a,b,c,d\n0.04,0.01,0,\n0.02,0.09,0,\n0,0,0.05,\nNA,NA,NA,NA\n", "must be symmetric"),
        ("a,b,c,d\n0.04,0.06,0,\n0.06,0.09,0,\n0,0,0.05,\nNA,NA,NA,NA\n", "not positive definite"),
        ("a,b,c,d\n0.04,x,0,\n0.01,0.09,0,\n0,0,0.05,\nNA,NA,NA,NA\n", "line 2"),
        ("a,b,c,d\n0.04,,0,\n0.01,0.09,0,\n0,0,0.05,\nNA,NA,NA,NA\n", "there is no number"),
    ],
)
def test_a_file_of_covariances_fits_its_rows(
    tmp_path: Path, matrix: str, words: str | None
) -> None:
    data, V = tmp_path / "data.csv", tmp_path / "V.csv"
    data.write_text(DATA, "utf-8")
    V.write_text(matrix, "utf-8")
    asked = (data, "--random", "study/row", "--covariances", V)
    if words is None:
        assert len(pooled(*asked)["random_effects"]["weights"]) == 3
    else:
        assert words in " ".join(pool(*asked, status=1).split())


def test_rows_without_a_group_are_told(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("study,lab,yi,vi\nA,x,0.3,0.04\nB,x,0.1,0.09\nC,y,0.5,0.05\nD,,0.4,0.05\n")
    (gone,) = pooled(data, "--random", "lab/study")["random_effects"]["left_out"]
    assert gone == {"label": "D", "line": 5, "reason": "no lab"}
