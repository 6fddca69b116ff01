"""Standard deviations of one group recovered from what papers report in their place."""

import math

import pytest

from review.effects import (
    Distribution,
    correlation_from_change,
    sd_from_interval,
    sd_from_se,
    sd_of_change,
)
from review.errors import InvalidDataError


def test_sd_from_a_standard_error_uses_n_and_not_n_minus_1() -> None:
    assert sd_from_se(1.2, 16).value == pytest.approx(4.8, rel=1e-15)


def test_sd_from_an_interval_of_the_handbook() -> None:
    # Cochrane Handbook 6.5.2.2: n = 25, 30.0 to 34.2; the divisor is 2 × 2.0639 = 4.128
    converted = sd_from_interval(30.0, 34.2, 25)

    assert converted.value == pytest.approx(math.sqrt(25) * 4.2 / 4.128, rel=1e-4)
    assert converted.value == pytest.approx(5.09, abs=5e-3)
    assert converted.assumptions == {"distribution": "t"}


def test_sd_from_a_normal_interval_divides_by_3_92() -> None:
    # Cochrane Handbook 6.5.2.2, large samples; 3.29 for 90 % and 5.15 for 99 %
    for level, divisor in ((0.95, 3.92), (0.90, 3.29), (0.99, 5.15)):
        converted = sd_from_interval(30.0, 34.2, 100, level=level, distribution=Distribution.Z)
        assert converted.value == pytest.approx(10 * 4.2 / divisor, rel=5e-4)


def test_sd_of_change_of_the_handbook() -> None:
    # Cochrane Handbook 23.2.7.1 (5.1: 16.4.6.4): standard error of the difference 0.583, n = 10
    converted = sd_of_change(2.38, 2.21, 0.68)

    assert converted.value / math.sqrt(10) == pytest.approx(0.583, abs=5e-4)
    assert converted.reported == {"sd_before": 2.38, "sd_after": 2.21}
    assert converted.assumptions == {"r": 0.68}


def test_correlation_and_sd_of_change_undo_each_other() -> None:
    r = correlation_from_change(4.0, 4.4, 3.8).value

    assert sd_of_change(4.0, 4.4, r).value == pytest.approx(3.8, rel=1e-14)
    assert sd_of_change(3.0, 3.0, 1.0).value == 0.0
    assert sd_of_change(3.0, 4.0, 0.0).value == 5.0


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: sd_from_se(-1.0, 20),
        lambda: sd_from_se(math.nan, 20),
        lambda: sd_from_se(1.0, 1),
        lambda: sd_from_interval(5.0, 4.0, 20),
        lambda: sd_from_interval(4.0, 5.0, 20, level=95),
        lambda: sd_of_change(1.0, 1.0, 1.1),
        lambda: correlation_from_change(1.0, 1.0, 3.0),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(attempt) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidDataError):
        attempt()
