"""Means and SDs from medians of three real data sets, held against the papers' formulae in R."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from review.conventions import Medians
from review.effects import (
    Converted,
    Group,
    Quantiles,
    group_from_five_numbers,
    group_from_quartiles,
    group_from_range,
    group_from_skewed,
    skewness_test,
)

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "medians" / "medians.json").read_text(encoding="utf-8")
)
OF: dict[str, Callable[..., Converted[Group]]] = {
    "range": group_from_range,
    "quartiles": group_from_quartiles,
    "both": group_from_five_numbers,
}
CASES = [(name, case) for name, cases in SETS.items() for case in cases]
EACH = pytest.mark.parametrize(
    "case", [case for _, case in CASES], ids=[f"{n} {c['group']} {c['have']}" for n, c in CASES]
)


def test_the_grid_of_cases_has_not_shrunk() -> None:
    assert {name: len(cases) for name, cases in SETS.items()} == {
        "bilirubin": 18, "melanoma": 12, "survival": 18,
    }  # fmt: skip


@EACH
@pytest.mark.parametrize("way", ["qe", "bc", "mln"])
def test_skewed_samples_follow_r(case: dict[str, Any], way: str) -> None:
    found = group_from_skewed(Quantiles(case["n"], **case["numbers"]), Medians(way))
    expected = case[way]
    assert found.value.mean == pytest.approx(expected["mean"], rel=1e-6)
    assert found.value.sd == pytest.approx(expected["sd"], rel=1e-6)
    if way == "qe":
        assert found.assumptions["distribution"] == expected["family"]


@EACH
def test_normal_samples_and_the_test_of_skewness_follow_r(case: dict[str, Any]) -> None:
    found = OF[case["have"]](case["n"], **case["numbers"]).value
    assert (found.mean, found.sd) == pytest.approx(tuple(case["normal"].values()), rel=1e-12)
    told = skewness_test(case["n"], **case["numbers"])
    assert (told.statistic, told.critical) == pytest.approx(case["skewness"], rel=1e-12)
