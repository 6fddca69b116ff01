"""What numbers are called follows from the measure, or from the metric of ready estimates."""

from __future__ import annotations

from math import exp

import pytest

from review.living.scales import natural_of, scale_of_run
from review.living.work import Made, work_off
from tests.living.test_odd_numbers import contrast, task


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
    natural = natural_of(scale_of_run(made.inputs), made.results.pooled)
    assert natural is not None
    assert natural.estimate == pytest.approx(1.5)
    assert natural.ci[1] == pytest.approx(exp(made.results.pooled.ci[1]))
    plain = pooled("SMD", "SMD")
    assert natural_of(scale_of_run(plain.inputs), plain.results.pooled) is None


@pytest.mark.parametrize(
    ("metric", "measure", "free"),
    [("HR", "GEN", True), ("SMD", "SMD", True), ("points", "GEN", False), ("MD", "MD", False)],
)
def test_priors_without_a_unit_suit_effects_without_a_unit(
    metric: str, measure: str, free: bool
) -> None:
    assert scale_of_run(pooled(metric, measure).inputs).free_of_units is free
