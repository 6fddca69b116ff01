"""Every pattern of up to three terms is coded as R codes it, and estimated as metafor does."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from review.synthesis import Method, Test, design, estimable, regress

FOLDER: Final = Path(__file__).parent / "formulae"
KEPT: Final = {"designs": 1898, "fits": 968, "transforms": 34, "columns": 155}
"""How much R was asked; the grid must not shrink."""

COMPARED: Final = 698
"""Fits whose columns can give a constant, so that metafor's answer is the reference."""

R: Final = json.loads((FOLDER / "formulae.json").read_text())


def table() -> dict[str, list[str]]:
    with (FOLDER / "formulae.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [row[name] for row in rows] for name in rows[0]}


DATA: Final = table()
YI, VI = (np.array([float(x) for x in DATA[name]]) for name in ("yi", "vi"))


def test_the_grid_has_not_shrunk() -> None:
    assert {name: len(R[name]) for name in KEPT} == KEPT
    formulae = [one["formula"] for one in R["designs"]]
    assert len(set(formulae)) == len(formulae)
    assert sum(formula.startswith("0 +") for formula in formulae) > 900


def test_every_formula_has_the_columns_of_r() -> None:
    assert R["columns"]["fb:gv"].count(1) > 0
    for one in R["designs"]:
        coded = design(one["formula"], DATA)
        assert list(coded.columns) == one["columns"], one["formula"]
        theirs = np.column_stack([R["columns"][name] for name in coded.columns])
        np.testing.assert_allclose(coded.matrix, theirs, rtol=1e-12, err_msg=one["formula"])


def spans_a_constant(X: np.ndarray) -> bool:
    ones = np.ones(len(X))
    return bool(np.allclose(X @ np.linalg.lstsq(X, ones, rcond=None)[0], ones, atol=1e-8))


def test_every_formula_has_the_estimates_of_metafor() -> None:
    """Method DL; tolerance for the rounding of 13 printed digits and of the solution.

    metafor 3.8 centres the effects before it takes their residual sum of squares, which is right
    only where the columns can give a constant. The others are settled by the closed form:
    Q = y'Py, tau² = (Q - (k - p)) / tr P, P = W - WX(X'WX)⁻¹X'W (Raudenbush 2009, eq. 16.40).
    """
    compared = {True: 0, False: 0}
    for one in R["fits"]:
        coded, _ = estimable(design(one["formula"], DATA))
        assert list(coded.columns) == one["terms"], one["formula"]
        fit = regress(YI, VI, coded, method=Method.DL, test=Test.Z)
        constant = spans_a_constant(coded.matrix)
        compared[constant] += 1
        theirs = one if constant else closed_form(coded.matrix)
        for name, ours in {"beta": fit.beta, "se": fit.se}.items():
            np.testing.assert_allclose(ours, theirs[name], 1e-8, 1e-10, err_msg=one["formula"])
        assert fit.tau2 == pytest.approx(theirs["tau2"], rel=1e-8, abs=1e-11), one["formula"]
        assert fit.q == pytest.approx(theirs["QE"], rel=1e-9), one["formula"]
    assert compared == {True: COMPARED, False: KEPT["fits"] - COMPARED}


def closed_form(X: np.ndarray) -> dict[str, Any]:
    W = np.diag(1 / VI)
    P = W - W @ X @ np.linalg.inv(X.T @ W @ X) @ X.T @ W
    Q = float(YI @ P @ YI)
    tau2 = max(0.0, (Q - (len(YI) - X.shape[1])) / np.trace(P))
    V = np.diag(1 / (VI + tau2))
    vcov = np.linalg.inv(X.T @ V @ X)
    return {"beta": vcov @ X.T @ V @ YI, "se": np.sqrt(np.diag(vcov)), "tau2": tau2, "QE": Q}


@pytest.mark.parametrize("one", R["transforms"], ids=lambda one: one["formula"])
def test_transforms_are_those_of_r(one: dict[str, Any]) -> None:
    coded = design(one["formula"], DATA)
    assert list(coded.columns) == one["columns"]
    np.testing.assert_allclose(coded.matrix, one["matrix"], rtol=1e-10, atol=1e-11)
    new: dict[str, Any] = {
        "f": ["b", "a", "c"],
        "g": ["v", "u", "u"],
        "x": [3, 11, 17],
        "z": [2, 5.5, 8],
    }
    np.testing.assert_allclose(coded.rows(new), one["new"], rtol=1e-10, atol=1e-11)
    if "beyond" in one:
        far: dict[str, Any] = {"f": ["b", "b"], "g": ["v", "v"], "x": [-4, 30], "z": [0.1, 14]}
        np.testing.assert_allclose(coded.rows(far), one["beyond"], rtol=1e-9, atol=1e-10)
