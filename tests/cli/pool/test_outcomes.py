"""Several outcomes of the studies of a file, against metafor's rma.mv and vcalc."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cli.pool.test_pool import pool, pooled

FOLDER: Final = Path(__file__).parent / "outcomes"
CASES: Final = json.loads((FOLDER / "expected.json").read_text("utf-8"))
BESIDE: Final = json.loads((FOLDER / "beside.json").read_text("utf-8"))


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


@pytest.mark.parametrize(
    "case", BESIDE, ids=lambda c: f"{c['data']}-{c['structure']}-{' '.join(c['options'])}"
)
def test_groups_times_and_covariances_make_the_errors_of_vcalc(case: Any) -> None:
    """Estimates, errors, variances and robust tests to 1e-4, as far as its search goes."""
    asked = [str(FOLDER / one) if one.endswith(".csv") else one for one in case["options"]]
    found = pooled(
        FOLDER / f"{case['data']}.csv", "--cluster", "study", "--outcome", "outcome",
        "--structure", case["structure"], *asked,
    )["multivariate"]  # fmt: skip
    if case["lowest"] != "NaN" and case["lowest"] < -1e-6:
        # rma.mv ends at a correlation that a trial of all outcomes could not have; we at the last
        rho = next(iter(found["correlations"]))[found["means"][1]["outcome"]]
        assert rho == pytest.approx(-1 / (len(found["means"]) - 1))
        assert found["loglik"] < case["loglik"]
        return
    assert -1e-9 <= found["loglik"] - case["loglik"] < 1e-6
    means, difference = found["means"], found["differences"][0]

    def near(numbers: list[float], rel: float = 1e-4) -> Any:
        return pytest.approx(numbers, rel=rel, abs=2e-6)

    assert [one["estimate"] for one in means] == near(case["beta"])
    assert [one["se"] for one in means] == near(case["se"])
    told = [difference["estimate"], difference["se"]]
    assert told == near([case["difference"], case["difference_se"]])
    assert found["QE"] == pytest.approx(case["QE"], rel=1e-8)
    tau2 = case["tau2"] if isinstance(case["tau2"], list) else [case["tau2"]] * len(means)
    in_order = sorted(range(len(means)), key=lambda i: _place(case, means[i]["outcome"], i))
    assert [means[i]["tau2"] for i in in_order] == near(tau2, 2e-4)
    robust = [(one["robust_se"], one["robust_df"]) for one in means]
    for (se, df), *theirs in zip(robust, case["robust_se"], case["robust_df"], strict=True):
        if se is not None:
            assert [se, df] == near(theirs, 1e-3)
        else:  # a mean that one trial carries
            assert theirs[0] == "NaN" or theirs[0] < 1e-6


def _place(case: Any, outcome: str, appeared: int) -> float:
    """Variances of times stand in their order; others as the outcomes appear."""
    return float(outcome) if case["structure"] in ("AR", "HAR", "CAR") else appeared


def test_what_an_option_says_of_errors_matters() -> None:
    for case in BESIDE:
        if "--covariances" in case["options"] or len(case["options"]) == 2:
            continue
        asked = ("--cluster", "study", "--outcome", "outcome", "--structure", case["structure"])
        plain_of = (FOLDER / f"{case['data']}.csv", *asked, *case["options"][:2])
        if case["data"] in ("difficulty", "colds"):  # groups or days are what tells its rows apart
            assert "not positive definite" in pool(*plain_of, status=1)
            continue
        plain = pooled(*plain_of)["multivariate"]
        assert abs(plain["loglik"] - case["loglik"]) > 1e-3


def test_no_case_was_dropped() -> None:
    assert (len(CASES), len(BESIDE)) == (5, 20)
    assert len({case["data"] for case in CASES}) == 3
    groups, times = (
        {case["data"] for case in BESIDE if option in case["options"]}
        for option in ("--group1", "--time")
    )
    serial = {case["data"] for case in BESIDE if case["structure"] in ("AR", "HAR", "CAR")}
    assert (len(groups), len(times | serial)) == (4, 3)
    possible = [case for case in BESIDE if case["lowest"] == "NaN" or case["lowest"] >= -1e-6]
    assert len(possible) == 17


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
