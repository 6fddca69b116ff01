"""The treatment-arm continuity correction, by its definition (Sweeting, Sutton & Lambert 2004)."""

import numpy as np
import pytest

from review.effects import ZeroCells, escalc
from review.errors import InvalidDataError

TABLES = {"ai": [0, 3], "n1i": [100, 50], "ci": [0, 5], "n2i": [300, 50]}


def test_each_arm_gets_its_share_of_one_event() -> None:
    """R = n2/n1 = 3: 1/(R + 1) in the first arm and R/(R + 1) in the second, one together."""
    found = escalc("OR", TABLES, zero_cells=ZeroCells(by_arm=True))
    one, two = 1 / 4, 3 / 4
    odds = np.log(one / (100 + one)) - np.log(two / (300 + two))
    variance = 1 / one + 1 / (100 + one) + 1 / two + 1 / (300 + two)
    assert found.yi[0] == pytest.approx(odds)
    assert found.vi[0] == pytest.approx(variance)
    assert found.yi[0] == pytest.approx(0, abs=1e-12)  # no events in either arm: no effect
    assert abs(escalc("OR", TABLES).yi[0]) > 1  # a constant makes one of the arms' sizes
    assert any("0.25 and 0.75 added" in note.text for note in found.notes)
    assert found.yi[1] == pytest.approx(escalc("OR", TABLES).yi[1])


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_arms_of_one_size_get_what_the_constant_is(measure: str) -> None:
    alike = {"ai": [0, 2], "n1i": [40, 40], "ci": [3, 0], "n2i": [40, 40]}
    by_arm = escalc(measure, alike, zero_cells=ZeroCells(by_arm=True))
    constant = escalc(measure, alike, zero_cells=ZeroCells())
    assert by_arm.yi == pytest.approx(constant.yi)
    assert by_arm.vi == pytest.approx(constant.vi)


def test_counts_that_are_not_of_two_arms_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="tables of two arms"):
        escalc("PLO", {"xi": [0], "ni": [20]}, zero_cells=ZeroCells(by_arm=True))
