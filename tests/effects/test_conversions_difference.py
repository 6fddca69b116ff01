"""Standard deviations within groups recovered from a difference of two means."""

import math

import pytest

from review.effects import (
    Converted,
    Sides,
    sd_from_difference_interval,
    sd_from_difference_se,
    sd_from_f,
    sd_from_p,
    sd_from_t,
)
from review.errors import InvalidDataError


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


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: sd_from_difference_se(1.0, 0, 20),
        lambda: sd_from_difference_interval(0.0, 1.0, 1, 1),
        lambda: sd_from_t(0.0, 2.0, 20, 20),
        lambda: sd_from_t(2.0, 0.0, 20, 20),
        lambda: sd_from_f(2.0, -1.0, 20, 20),
        lambda: sd_from_p(2.0, 1.0, 20, 20),
        lambda: sd_from_p(2.0, 0.0, 20, 20),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(attempt) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidDataError):
        attempt()
