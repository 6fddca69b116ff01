"""What ``review pool`` prints of real data sets, held against metafor and R by its own names."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.cli.pool.test_pool import pooled

REAL: dict[str, Any] = json.loads(
    (Path(__file__).parent / "real" / "real.json").read_text(encoding="utf-8")
)
CASES: list[dict[str, Any]] = REAL["cases"]


def compare(found: Any, expected: Any, at: str) -> None:
    """Compare to 1e-6, or 1e-9 next to zero; what is not expected may be there too."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            compare(found[name], value, f"{at}.{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), at
        for i, value in enumerate(expected):
            compare(found[i], value, f"{at}[{i}]")
    elif isinstance(expected, int | float) and isinstance(found, float):
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9), at
    else:
        assert found == expected, at


@pytest.mark.parametrize("case", CASES, ids=lambda one: f"{one['set']} {' '.join(one['options'])}")
def test_it_prints_what_metafor_and_r_give(tmp_path: Path, case: dict[str, Any]) -> None:
    columns: dict[str, list[Any]] = REAL["data"][case["set"]]
    rows = zip(*columns.values(), strict=True)
    path = tmp_path / "real.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(columns)
        out.writerows(["" if x is None else x for x in row] for row in rows)
    compare(pooled(path, *case["options"]), case["expected"], "")


def test_each_kind_of_number_is_of_three_data_sets() -> None:
    """By all options but columns and scores; of what no scale matters to, the measure too."""
    kinds = defaultdict(set)
    for case in CASES:
        of_set = {"--subgroup", "--cutoff"}
        if case["expected"].keys() & {"diagnostics", "subgroups", "pi"}:
            of_set |= {"--measure", "--no-correct"}
        told = " ".join(
            f"{option} {value}"
            for option, value in pairwise([*case["options"], ""])
            if option.startswith("--") and option not in of_set
        )
        kinds[" ".join(case["expected"]), told].add(case["set"])
    assert len(CASES) == 184
    assert [kind for kind, sets in kinds.items() if len(sets) < 3] == []
