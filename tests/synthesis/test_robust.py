"""Robust errors where clusters cannot tell them: NA and a sentence, never zero or infinity."""

from __future__ import annotations

import csv
import math

import pytest

from review.errors import InvalidDataError
from review.synthesis import Correction, design, multilevel
from tests.faults import POOL

FILE = POOL / "cr2_singleton_level_bcg5.csv"
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines()))
Y, V = [float(row["yi"]) for row in ROWS], [float(row["vi"]) for row in ROWS]
TRIALS, ALLOC = [row["trial"] for row in ROWS], {"alloc": [row["alloc"] for row in ROWS]}


@pytest.mark.parametrize("correction", list(Correction))
def test_a_level_of_one_cluster_has_no_robust_error(correction: Correction) -> None:
    fit = multilevel(Y, V, TRIALS, design=design("0 + alloc", ALLOC)).robust(correction)
    assert math.isnan(fit.se[0])
    assert math.isnan(fit.stat[0])
    assert fit.p[0] is None
    assert fit.notes[0].startswith("allocalternate: no robust error, since one cluster alone")
    if correction is Correction.CR2:
        # clubSandwich: coef_test(rma.mv(yi, vi, mods = ~ 0 + alloc, random = ~ 1 | trial / esid),
        # vcov = "CR2", cluster = trial); its own line of the level is SE 0, t -Inf, df NaN
        assert fit.se[1:] == pytest.approx((0.280, 0.357), abs=5e-4)
        assert fit.df[1:] == pytest.approx((5.59, 2.75), abs=5e-3)
        assert fit.p[1] == pytest.approx(0.0148, abs=5e-5)
        assert fit.notes[1] == (
            "allocsystematic: p withheld, 2.7 degrees of freedom are fewer than 4"
        )


def test_what_is_compared_with_such_a_level_has_too_small_an_error() -> None:
    fit = multilevel(Y, V, TRIALS, design=design("alloc", ALLOC)).robust()
    assert [note.split(":")[0] for note in fit.notes] == list(fit.terms)
    assert "too small" in fit.notes[1]
    assert "p withheld" in fit.notes[2]


def test_effects_that_do_not_scatter_have_no_robust_error() -> None:
    fit = multilevel([0.3] * 5, [0.1] * 5, list("aabbc")).robust()
    assert math.isnan(fit.se[0])
    assert "do not scatter" in fit.notes[0]


@pytest.mark.parametrize("correction", list(Correction))
def test_coefficients_without_a_robust_error_have_no_joint_test(correction: Correction) -> None:
    """What `robust` leaves without an error is no statistic of 1e32 for `robust_wald`."""
    alone = multilevel(Y, V, TRIALS, design=design("0 + alloc", ALLOC))
    of_it = ["allocalternate", "allocrandom"]
    line = {"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}
    still = multilevel([0.1 * x for x in line["x"]], [0.1] * 6, "aabcde", design=design("x", line))
    for fit, terms in ((alone, of_it), (still, ["x"]), (still, ["intrcpt", "x"])):
        assert math.isnan(fit.robust(correction).se[fit.terms.index(terms[0])])
        with pytest.raises(InvalidDataError, match=r"one cluster alone .* or the effects do not"):
            fit.robust_wald(terms, correction)
