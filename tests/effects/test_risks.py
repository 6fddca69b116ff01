"""Absolute effects at a stated risk, against published examples and closed forms."""

import math
from statistics import NormalDist

import pytest

from review.effects.risks import _WAYS, rates, response_share, risk_by_hazard_ratio, risks
from review.errors import InvalidDataError
from review.measures import OF_RISKS, Measure, has_risks


def test_the_example_of_the_cochrane_handbook() -> None:
    """15.4.4.3: an odds ratio of 0.73 at 30 % is 62 fewer for 1,000, 16 to treat."""
    found = risks("OR", math.log(0.73), (math.log(0.60), math.log(0.90)), 0.3)
    assert round(1000 * found.difference) == -62
    assert found.nnt is not None
    assert round(found.nnt) == -16
    assert not found.through_infinity


@pytest.mark.parametrize(
    ("smd", "baseline", "needed"), [(0.2, 0.2, 16.5), (0.5, 0.2, 6.0), (0.8, 0.2, 3.5)]
)
def test_numbers_needed_of_standardized_differences(
    smd: float, baseline: float, needed: float
) -> None:
    """Furukawa & Leucht 2011, table: rounded as there."""
    found = risks("SMD", smd, (smd - 0.1, smd + 0.1), baseline)
    normal = NormalDist()
    closed = 1 / (normal.cdf(smd + normal.inv_cdf(baseline)) - baseline)
    assert found.nnt == pytest.approx(closed, rel=1e-12)
    assert found.nnt == pytest.approx(needed, abs=0.06)


@pytest.mark.parametrize("measure", [m for m in Measure if has_risks(m)])
def test_no_effect_is_no_difference_and_exchanged_signs_exchange_the_arms(measure: Measure) -> None:
    none = risks(measure, 0.0, (-0.05, 0.05), 0.3)
    assert none.risk == pytest.approx(0.3)
    assert none.through_infinity
    more, less = (risks(measure, s * 0.1, (s * 0.1, s * 0.1), 0.3) for s in (1, -1))
    assert less.risk < 0.3 < more.risk
    back = risks(measure, -0.1, (-0.1, -0.1), more.risk)
    assert back.risk == pytest.approx(0.3)


def test_edges_have_stated_answers() -> None:
    assert risks("RR", math.log(4), (0.0, math.log(9)), 0.3).risk == 1.0
    assert risks("RR", math.log(4), (0.0, math.log(9)), 0.3).nnt_ci[0] is None
    assert risks("RD", -0.5, (-0.9, -0.1), 0.3).risk == 0.0
    assert risks("RD", 0.0, (0.0, 0.0), 0.3).nnt is None
    assert risk_by_hazard_ratio(0.5, 2) == pytest.approx(0.75)
    assert response_share(10, 4, 14) == pytest.approx(NormalDist().cdf(-1))
    for measure, risk in (("MD", 0.3), ("SMCC", 0.3), ("OR", 0.0), ("OR", 1.0)):
        with pytest.raises(InvalidDataError):
            risks(measure, 0.1, (0.0, 0.2), risk)
    with pytest.raises(InvalidDataError, match="SD above 0"):
        response_share(1, 0, 1)


def test_every_measure_of_risks_has_its_way_to_them() -> None:
    assert _WAYS.keys() == OF_RISKS


def test_rates_are_of_rate_ratios_and_differences_of_rates() -> None:
    """Halved from 20 in 100 person-years: ten fewer, ten person-years for one event less."""
    halved = rates("IRR", math.log(0.5), (math.log(0.25), math.log(2)), 0.2)
    assert (halved.risk, halved.nnt) == (pytest.approx(0.1), pytest.approx(-10))
    assert halved.risk_ci == pytest.approx((0.05, 0.4))
    assert halved.through_infinity
    fewer = rates("IRD", -0.05, (-0.3, -0.01), 0.2)
    assert (fewer.risk, fewer.risk_ci) == (pytest.approx(0.15), (0.0, pytest.approx(0.19)))
    assert rates("IRD", 0.0, (-0.1, 0.1), 0.2).nnt is None
    for measure, rate, words in (("RR", 0.2, "no rate of RR"), ("IRR", 0.0, "above 0")):
        with pytest.raises(InvalidDataError, match=words):
            rates(measure, 0.1, (0.0, 0.2), rate)
