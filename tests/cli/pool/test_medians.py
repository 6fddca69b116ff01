"""Medians in ``review pool``: converted as plans convert them, and what is skewed is named."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from review.conventions import Medians
from review.extraction.conversion import arm_mean_sd
from review.extraction.numbers import ReportedNumbers
from tests.cli.pool.test_pool import pool, pooled

ARMS: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "Quartiles": (
        {"med": 14, "q1": 10, "q3": 19, "n": 60}, {"med": 18, "q1": 13, "q3": 22, "n": 58},
    ),
    "Range": ({"med": 12, "min": 2, "max": 31, "n": 40}, {"med": 16, "min": 3, "max": 34, "n": 44}),
    "Five": (
        {"med": 9, "q1": 5, "q3": 17, "min": 1, "max": 44, "n": 51},
        {"med": 15, "q1": 9, "q3": 22, "min": 2, "max": 48, "n": 49},
    ),
    "Means": ({"m": 13.1, "sd": 6.2, "n": 33}, {"m": 16.9, "sd": 7.0, "n": 35}),
}  # fmt: skip
"""Two arms of invented studies."""

NAMES = {"med": "median", "q1": "q1", "q3": "q3", "min": "minimum", "max": "maximum", "n": "n"}


def written(path: Path, rows: dict[str, dict[str, Any]]) -> Path:
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, ["study", *columns], restval="")
        out.writeheader()
        out.writerows({"study": study, **row} for study, row in rows.items())
    return path


def of_two(arms: tuple[dict[str, float], dict[str, float]]) -> dict[str, float]:
    return {f"{name}{end}": x for end, arm in zip(("1i", "2i"), arms, strict=True)
            for name, x in arm.items()}  # fmt: skip


def as_means(arm: dict[str, float], medians: Medians) -> dict[str, float]:
    if "m" in arm:
        return arm
    given: dict[str, Any] = {NAMES[name]: x for name, x in arm.items()}
    found = arm_mean_sd(ReportedNumbers(**given), medians=medians)
    assert found is not None
    return {"m": found.mean, "sd": found.sd, "n": arm["n"]}


@pytest.mark.parametrize("medians", list(Medians))
@pytest.mark.parametrize("measure", ["SMD", "MD", "ROM"])
def test_every_method_gives_what_plans_pool(tmp_path: Path, measure: str, medians: Medians) -> None:
    by_medians = written(tmp_path / "a.csv", {name: of_two(arms) for name, arms in ARMS.items()})
    means = {
        name: of_two((as_means(one, medians), as_means(two, medians)))
        for name, (one, two) in ARMS.items()
    }
    options = ("--measure", measure, "--medians", medians.value)
    found = pooled(by_medians, *options)
    known = pooled(written(tmp_path / "b.csv", means), "--measure", measure)
    for name in ("k", "estimate", "se", "tau2"):
        assert found[name] == pytest.approx(known[name], rel=1e-12), name
    assert [(line["study"], line["of"]) for line in found["medians"]] == [
        *((study, "first arm") for study in ("Quartiles", "Range", "Five")),
        *((study, "second arm") for study in ("Quartiles", "Range", "Five")),
    ]
    assert "medians" not in known


def test_skewed_arms_are_named_where_they_are_taken_as_normal(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", {name: of_two(arms) for name, arms in ARMS.items()})
    told = " ".join(pooled(file, "--measure", "SMD")["notes"])
    assert "skewed by the test of Shi et al. (2023): Five, first arm" in told
    assert "--medians qe, bc or mln do without" in told
    skewed = {line["study"] for line in pooled(file, "--measure", "SMD")["medians"]
              if line["skewed"]}  # fmt: skip
    assert "Five" in skewed
    assert "Quartiles" not in skewed
    by_qe = pooled(file, "--measure", "SMD", "--medians", "qe")
    assert "skewed by the test" not in " ".join(by_qe["notes"])
    assert {line["distribution"] for line in by_qe["medians"]} != {"normal"}
    printed = pool(file, "--measure", "SMD", "--medians", "qe")
    assert "quantile estimation (McGrath et al. 2020)" in printed


def test_one_arm_has_its_mean_from_a_median_too(tmp_path: Path) -> None:
    arms = {name: one for name, (one, _) in ARMS.items()}
    rows = {name: {f"{key}i": x for key, x in arm.items()} for name, arm in arms.items()}
    means = {
        name: {f"{key}i": x for key, x in as_means(arm, Medians.NORMAL).items()}
        for name, arm in arms.items()
    }
    found = pooled(written(tmp_path / "a.csv", rows), "--measure", "MN")
    known = pooled(written(tmp_path / "b.csv", means), "--measure", "MN")
    assert found["estimate"] == pytest.approx(known["estimate"], rel=1e-12)


def test_columns_of_another_name_are_mapped(tmp_path: Path) -> None:
    rows = {name: of_two(arms) for name, arms in ARMS.items()}
    other = {name: {k.replace("med1i", "middle"): v for k, v in row.items()}
             for name, row in rows.items()}  # fmt: skip
    plain = pooled(written(tmp_path / "a.csv", rows), "--measure", "MD")
    mapped = pooled(written(tmp_path / "b.csv", other), "--measure", "MD", "--col", "med1i=middle")
    assert mapped["estimate"] == plain["estimate"]


def test_medians_that_give_nothing_are_named_and_left_out(tmp_path: Path) -> None:
    rows: dict[str, dict[str, Any]] = {name: of_two(arms) for name, arms in ARMS.items()}
    rows["Alone"] = {"med1i": 12, "n1i": 20, "med2i": 14, "q12i": 10, "q32i": 17, "n2i": 20}
    rows["Falling"] = {**rows["Quartiles"], "q11i": 15}
    rows["Without n"] = {**rows["Quartiles"], "n1i": ""}
    found = pooled(written(tmp_path / "a.csv", rows), "--measure", "SMD")
    assert found["k"] == 4
    (told,) = (note for note in found["notes"] if note.startswith("medians that give no"))
    assert "Alone, first arm: its median needs quartiles (q1, q3) or the range" in told
    assert "Falling, first arm: " in told
    assert "Without n, first arm: it needs n" in told


def test_a_method_that_has_nothing_to_convert_is_said(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", {"A": of_two(ARMS["Means"]), "B": of_two(ARMS["Means"])})
    found = pooled(file, "--measure", "SMD", "--medians", "qe")
    assert "--medians qe: no arm has its mean from a median" in found["notes"]
    assert "medians" not in found
    tables = {study: {"ai": x, "n1i": 9, "ci": 4, "n2i": 9} for study, x in (("A", 3), ("B", 2))}
    of_counts = written(tmp_path / "b.csv", tables)
    told = pooled(of_counts, "--measure", "OR", "--medians", "bc")["notes"]
    assert "--medians bc: no arm has its mean from a median" in told
