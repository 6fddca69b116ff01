"""``review pool`` gives metafor's numbers from a CSV file, without a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from review.cli import main
from tests.reference import FOLDER, reference

KEYS = {
    "k", "measure", "method", "test", "estimate", "se", "stat", "ddf", "p", "ci", "pi", "tau2",
    "se_tau2", "I2", "H2", "Q", "Q_df", "Q_p", "tau2_ci", "I2_ci", "H2_ci", "weights", "effects",
}  # fmt: skip


def pool(*arguments: str | Path, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["pool", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result.stdout if status == 0 else result.output


def pooled(*arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(pool(*arguments, "--json"))
    return found


CASES = [
    (dataset, analysis.measure, expected["method"], expected["test"])
    for dataset in ("normand1999", "raudenbush1985", "two_studies", "homogeneous")
    for analysis in reference(dataset).analyses
    if analysis.measure in ("MD", "SMD", "GEN")
    for expected in analysis.pool
    if expected["method"] in ("REML", "DL", "EE")
]


def test_the_cases_are_all_there() -> None:
    assert len(CASES) == 5 * 3 * 4 - 4  # metafor's REML does not converge on MD


@pytest.mark.parametrize(("dataset", "measure", "method", "test"), CASES)
def test_the_numbers_are_metafors(dataset: str, measure: str, method: str, test: str) -> None:
    found = pooled(
        FOLDER / "data" / f"{dataset}.csv", "--measure", measure, "--method", method, "--test", test
    )
    assert found.keys() >= KEYS
    (analysis,) = (a for a in reference(dataset).analyses if a.measure == measure)
    (expected,) = (e for e in analysis.pool if (e["method"], e["test"]) == (method, test))
    for key in (
        "k",
        "estimate",
        "se",
        "stat",
        "p",
        "ci",
        "pi",
        "tau2",
        "I2",
        "H2",
        "Q",
        "Q_p",
        "weights",
    ):
        if expected.get(key) is None:
            assert found[key] is None
        else:
            np.testing.assert_allclose(found[key], expected[key], rtol=1e-6, atol=1e-9, err_msg=key)
    rows = [row["yi"] for row in found["effects"]]
    np.testing.assert_allclose(rows, analysis.all_yi, rtol=1e-9)


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], Path]:
    def write(content: str) -> Path:
        path = tmp_path / "effects.csv"
        path.write_text(content)
        return path

    return write


def test_columns_of_other_names_are_mapped(table: Callable[[str], Path]) -> None:
    path = table("study,g,var\nA,0.1,0.04\nB,0.5,0.09\n")
    found = pooled(path, "--measure", "GEN", "--col", "yi=g", "--col", "vi=var")
    assert [row["label"] for row in found["effects"]] == ["A", "B"]
    assert found["k"] == 2
    assert "no such column" in pool(path, "--measure", "GEN", "--col", "yi=h", status=1)


def test_a_row_without_an_effect_is_null_and_left_out(table: Callable[[str], Path]) -> None:
    found = pooled(table("yi,vi\n0.1,0.04\nNA,0.02\n0.5,0.09\n"))
    assert found["k"] == 2
    assert found["effects"][1] == {"label": "2", "yi": None, "vi": None, "ci": None}
    assert len(found["weights"]) == 2
    assert "no effect" in pool(table("yi,vi\n0.1,0.04\n,0.02\n"))


@pytest.mark.parametrize("level", ["0.9", "90"])
def test_the_level_is_of_the_intervals_and_not_of_the_input(
    table: Callable[[str], Path], level: str
) -> None:
    path = table("yi,vi\n0.1,0.04\n0.5,0.09\n0.2,0.03\n")
    wide, narrow = pooled(path), pooled(path, "--level", level)
    assert narrow["level"] == 0.9
    assert narrow["ci"][0] > wide["ci"][0]
    assert narrow["estimate"] == wide["estimate"]


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        ("yi,vi\n0.1,abc\n", (), 'line 2, column vi: "abc" is not a number'),
        ("yi,vi\n0.1\n", (), "line 2: 1 cells under 2 columns"),
        ("", (), "no rows"),
        ("yi,vi\n", (), "no rows"),
        ("yi,vi\nNA,NA\n", (), "no row"),
        ("a,b\n1,2\n", (), "--measure"),
        ("m1i,sd1i\n1,2\n", ("--measure", "SMD"), "n1i"),
        (
            "m1i,sd1i,n1i,m2i,sd2i,n2i\n1,-2,10,1,2,10\n",
            ("--measure", "SMD"),
            "line 2, column sd1i",
        ),
        ("ai,n1i,ci,n2i\n12,10,1,10\n", ("--measure", "OR"), "line 2"),
    ],
)
def test_what_cannot_be_pooled_is_said_with_its_place(
    table: Callable[[str], Path], content: str, arguments: tuple[str, ...], words: str
) -> None:
    told = pool(table(content), *arguments, status=1)
    assert words in told
    assert "Traceback" not in told


def test_usage_errors_have_status_2(table: Callable[[str], Path]) -> None:
    path = table("yi,vi\n0.1,0.04\n")
    for arguments in (("--method", "MAGIC"), ("--col", "yi"), ("--level", "0")):
        assert "Usage" in pool(path, *arguments, status=2)


def test_a_readable_table_by_default() -> None:
    shown = pool(FOLDER / "data" / "raudenbush1985.csv")
    assert "prediction interval" in shown
    assert "GEN, REML, test adhoc" in shown
