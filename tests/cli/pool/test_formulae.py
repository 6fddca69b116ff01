"""``review pool --mods``: factors in order, transforms, and what is redundant said."""

from __future__ import annotations

import pytest

from tests.cli.pool.test_pool import pool, pooled
from tests.faults import POOL

LEVELS = POOL / "factor_numeric_levels.csv"


def test_levels_that_are_numbers_stand_in_their_order() -> None:
    """R: rma(yi, vi, mods = ~ factor(g)), whose levels are 9, 10, 11."""
    found = pooled(LEVELS, "--mods", "factor(g)", "--method", "EE", "--test", "z")["metareg"]
    assert found["terms"] == ["intrcpt", "factor(g)10", "factor(g)11"]
    assert found["beta"][0] == pytest.approx((0.3 / 0.04 + 0.5 / 0.02) / (1 / 0.04 + 1 / 0.02))


def test_levels_that_capitals_tell_apart_are_asked_about() -> None:
    told = pool(LEVELS, "--mods", "m", "--method", "EE")
    assert "Note: Low and low of m differ in capitals or spaces only" in told


def test_a_column_that_others_combine_to_is_left_out_and_said() -> None:
    found = pooled(LEVELS, "--mods", "g + I(2 * g - 18)", "--method", "DL")["metareg"]
    assert found["terms"] == ["intrcpt", "g"]
    assert found["notes"] == [
        "I(2 * g - 18) is redundant: it is a combination of intrcpt and g. It was left out."
    ]


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("logg(g)", "did you mean log?"),
        ("log(I(g - 9))", "no number in row 1, where g = 9"),
        ("log(m)", "holds text ('low')"),
        ("poly(g, 3)", "needs more than 3 different values; there are 3"),
        ("open(g)", "there is no function open"),
        ("g^2", "for a power write I(g^2)"),
    ],
)
def test_what_a_formula_cannot_say_is_refused_with_the_remedy(formula: str, reason: str) -> None:
    told = " ".join(pool(LEVELS, "--mods", formula, status=1).split())
    assert reason in told
