"""What numbers are called follows from the measure, or from the metric of ready estimates."""

from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.effects import Measure
from review.living.job.work import Made, work_off
from review.living.runs.scales import EffectScale, scale_of_run
from review.natural import RATE, R
from tests.living.job.test_work import contrast, task


def pooled(metric: str | None, measure: str, **changes: object) -> Made:
    ratio = metric is not None and metric.upper() in ("HR", "HAZARD RATIO", "OR")
    numbers = {"ci_low": 0.9, "ci_high": 2.5} if ratio else {}
    item = contrast(1, 1.5, None if ratio else 0.1, metric=metric, **numbers)
    (made,) = work_off([task(item, measure=measure, **changes)])
    assert isinstance(made, Made)
    return made


@pytest.mark.parametrize(
    ("metric", "measure", "name", "ratio"),
    [
        ("HR", "GEN", "log HR", "HR"),
        ("hazard ratio", "GEN", "log HR", "HR"),
        ("log HR", "GEN", "log HR", "HR"),
        ("OR", "OR", "log OR", "OR"),
        ("Hedges g", "GEN", "SMD", None),
        ("standardized mean change", "GEN", "standardized mean change", None),
        (None, "GEN", "effect", None),
        ("SMD", "SMD", "SMD", None),
    ],
)
def test_the_scale_follows_the_data(
    metric: str | None, measure: str, name: str, ratio: str | None
) -> None:
    scale = scale_of_run(pooled(metric, measure).inputs)
    assert (scale.name, scale.ratio) == (name, ratio)


def test_the_plans_own_word_comes_first() -> None:
    scale = scale_of_run(pooled("HR", "GEN", effect="Hazard of relapse").inputs)
    assert (scale.name, scale.ratio) == ("Hazard of relapse", "HR")


def test_a_logarithm_reads_as_its_ratio_and_a_difference_as_itself() -> None:
    made = pooled("HR", "GEN")
    scale, line = scale_of_run(made.inputs), made.results.pooled
    assert (scale.shown, scale.none) == ("HR", 1.0)
    assert scale.value(line.estimate) == pytest.approx(1.5)
    assert scale.pair(line.ci)[1] == pytest.approx(exp(line.ci[1]))
    plain = pooled("SMD", "SMD")
    scale = scale_of_run(plain.inputs)
    assert (scale.shown, scale.none) == ("SMD", 0.0)
    assert scale.value(0.3) == 0.3


@pytest.mark.parametrize("sign", [1, -1])
def test_ratios_are_shown_as_measured_whichever_way_is_better(sign: int) -> None:
    """Inside, +0.68 favours the intervention; where lower is better that is a ratio of 0.51."""
    scale = EffectScale(
        "log RR", Measure.RR, "RR", True, sign=sign, as_ratio=True, favoured="video"
    )
    inside, ci = 0.678, (-0.174, 1.53)
    expected = exp(sign * inside)
    assert scale.number(inside) == f"{expected:.2f}"
    low, high = sorted(exp(sign * limit) for limit in ci)
    assert scale.interval(ci) == f"[{low:.2f}, {high:.2f}]"
    assert scale.text(inside, ci) == f"RR {expected:.2f} [{low:.2f}, {high:.2f}]"
    assert scale.margin(0.3) == pytest.approx(exp(-sign * 0.3))
    assert scale.margin_text(0.3) == f"RR {exp(-sign * 0.3):.2f}"
    assert scale.shift(0.1) == f"×{exp(sign * 0.1):.2f}"
    assert scale.better == ("above" if sign > 0 else "below")


@given(st.floats(-5, 5), st.floats(0, 4), st.sampled_from([1, -1]))
def test_the_order_of_limits_and_estimate_survives_the_scale(
    estimate: float, half: float, sign: int
) -> None:
    scale = EffectScale("log OR", Measure.OR, "OR", True, sign=sign, as_ratio=True)
    low, high = scale.pair((estimate - half, estimate + half))
    assert low <= scale.value(estimate) * (1 + 1e-12)
    assert scale.value(estimate) <= high * (1 + 1e-12)
    assert scale.value(0.0) == scale.none


@pytest.mark.parametrize(
    ("metric", "measure", "free"),
    [("HR", "GEN", True), ("SMD", "SMD", True), ("points", "GEN", False), ("MD", "MD", False)],
)
def test_priors_without_a_unit_suit_effects_without_a_unit(
    metric: str, measure: str, free: bool
) -> None:
    assert scale_of_run(pooled(metric, measure).inputs).free_of_units is free


def test_a_ratio_beyond_all_digits_is_told_as_a_power_of_ten() -> None:
    """The intercept of a regression on the year is that of a trial of the year 0."""
    scale = EffectScale("log OR", Measure.OR, "OR", True, as_ratio=True)
    assert scale.number(53.4, decimals=2) == "1.6×10²³"
    assert scale.interval((-40.0, 53.4), decimals=2) == "[<0.01, 1.6×10²³]"
    assert scale.number(log(9999.0), decimals=2) == "9999.00"
    assert EffectScale("MD", Measure.MD, None, False).number(12345.678, decimals=2) == "12345.68"


def test_a_correlation_stands_behind_fishers_z() -> None:
    scale = EffectScale("ZCOR", Measure.ZCOR, None, True, natural=R)
    assert scale.text(0.31, (0.2, 0.42)) == "0.31 [0.20, 0.42] (r 0.30 [0.20, 0.40])"
    assert scale.alone(0.31, (0.2, 0.42)) == scale.text(0.31, (0.2, 0.42))
    rate = EffectScale("IRLN", Measure.IRLN, None, False, natural=RATE)
    assert rate.read_as == "rate per 100 person-years"
    assert EffectScale("MD", Measure.MD, None, False).text(1.0, (0.5, 1.5)) == "1.00 [0.50, 1.50]"
