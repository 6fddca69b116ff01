"""Standard deviations recovered from what papers report in their place."""

import math

import pytest

from review.effects import (
    Converted,
    Distribution,
    Sides,
    correlation_from_change,
    sd_from_difference_interval,
    sd_from_difference_se,
    sd_from_f,
    sd_from_interval,
    sd_from_p,
    sd_from_se,
    sd_from_t,
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


def test_sd_from_a_difference_of_the_handbook() -> None:
    # Cochrane Handbook 6.5.2.3: difference 3.8, n 25 and 22, p = 0.008, t = 2.78, SE = 1.37
    assert sd_from_difference_se(1.37, 25, 22).value == pytest.approx(4.69, abs=5e-3)
    assert sd_from_t(3.8, 2.78, 25, 22).value == pytest.approx(4.69, abs=0.015)
    assert sd_from_p(3.8, 0.008, 25, 22).value == pytest.approx(4.69, abs=0.015)


def roundtrip(sd: float, n1: float, n2: float, difference: float) -> list[Converted[float]]:
    """The same trial reported in every way, with quantiles of R's qt and pt (4.2.2)."""
    se = sd * math.sqrt(1 / n1 + 1 / n2)
    quantile = 2.00171748414524  # qt(.975, 58)
    t = difference / se
    return [
        sd_from_difference_se(se, n1, n2),
        sd_from_difference_interval(difference - quantile * se, difference + quantile * se, n1, n2),
        sd_from_t(-difference, t, n1, n2),
        sd_from_f(difference, t**2, n1, n2),
    ]


def test_every_way_of_reporting_gives_the_same_sd() -> None:
    for converted in roundtrip(sd=7.3, n1=28, n2=32, difference=3.1):
        assert converted.value == pytest.approx(7.3, rel=1e-12)
        assert not converted.approximate


def test_p_values_are_read_to_their_last_digit() -> None:
    # R 4.2.2: 2*pt(-3.5, 58) and 2*pt(-20, 58)
    for t, p in ((3.5, 0.000901369875160268), (20.0, 1.04960617463174e-27)):
        assert sd_from_p(3.5, p, 30, 30).value == pytest.approx(
            sd_from_t(3.5, t, 30, 30).value, rel=1e-9
        )


def test_a_one_sided_p_is_half_the_two_sided_one() -> None:
    one = sd_from_p(3.8, 0.004, 25, 22, sides=Sides.ONE)

    assert one.value == pytest.approx(sd_from_p(3.8, 0.008, 25, 22).value, rel=1e-14)
    assert "one-sided" in str(one.assumptions["p"])


def test_a_threshold_is_an_approximation_that_is_recorded() -> None:
    converted = sd_from_p(3.8, 0.05, 25, 22, exact=False)

    assert converted.approximate
    assert "threshold" in converted.assumptions
    assert not sd_from_p(3.8, 0.05, 25, 22).approximate


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
        lambda: sd_from_difference_se(1.0, 0, 20),
        lambda: sd_from_difference_interval(0.0, 1.0, 1, 1),
        lambda: sd_from_t(0.0, 2.0, 20, 20),
        lambda: sd_from_t(2.0, 0.0, 20, 20),
        lambda: sd_from_f(2.0, -1.0, 20, 20),
        lambda: sd_from_p(2.0, 1.0, 20, 20),
        lambda: sd_from_p(2.0, 0.0, 20, 20),
        lambda: sd_of_change(1.0, 1.0, 1.1),
        lambda: correlation_from_change(1.0, 1.0, 3.0),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(attempt) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidDataError):
        attempt()
