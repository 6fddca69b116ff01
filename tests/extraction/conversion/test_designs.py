"""Whatever a model did to a statistic, the standardized difference is of scores, or is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from review.effects import Measure, escalc
from review.effects.correction import hedges_correction
from review.extraction.conversion import (
    Clusters,
    Design,
    Step,
    arm_mean_sd,
    contrast_effect,
    contrast_lacks,
)
from review.extraction.numbers import ReportedNumbers

sizes = st.integers(5, 400)
effects = st.floats(-1.5, 1.5).filter(lambda d: abs(d) > 1e-3)
sds = st.floats(0.1, 100)


@st.composite
def designs(draw: st.DrawFn) -> tuple[Design, float, float]:
    """A design, the covariates' share and the design effect."""
    r_squared = draw(st.one_of(st.just(0.0), st.floats(0.01, 0.9)))
    size, icc = draw(st.floats(1, 60)), draw(st.floats(0, 0.5))
    clustered = draw(st.booleans())
    return (
        Design(adjusted=r_squared > 0, clusters=Clusters(size, icc) if clustered else None),
        r_squared,
        1 + (size - 1) * icc if clustered else 1.0,
    )


def statistics(b: float, se: float, df: int) -> list[dict[str, Any]]:
    """The ways in which a model reports a difference b with standard error se."""
    t = b / se
    wide = float(student.ppf(0.95, df)) * se
    p = 2 * float(student.sf(abs(t), df))
    found: list[dict[str, Any]] = [
        {"estimate": b, "metric": "MD", "se": se},
        {"estimate": b, "metric": "MD", "variance": se**2},
        {"estimate": b, "metric": "MD", "ci_low": b - wide, "ci_high": b + wide, "ci_level": 0.9},
        {"estimate": b, "metric": "MD", "t": t},
        {"estimate": b, "metric": "MD", "f": t**2, "df1": 1},
        {"t": t},
        {"f": t**2},
        {"estimate": t**2 / (t**2 + df), "metric": "partial eta squared"},
    ]
    if p > 1e-12:
        found += [{"p": p}, {"p": p / 2, "p_sides": 1}, {"estimate": b, "metric": "MD", "p": p}]
    return found


@given(designs(), sizes, sizes, effects, sds)
def test_every_statistic_of_a_model_gives_the_same_effect(
    design: tuple[Design, float, float], n1: int, n2: int, d: float, sd: float
) -> None:
    made, r_squared, inflation = design
    b, root = d * sd, 1 / n1 + 1 / n2
    se = sd * math.sqrt(root * (1 - r_squared) * inflation)
    g = float(hedges_correction(n1 + n2 - 2)) * d
    v = inflation * ((1 - r_squared) * root + g**2 / (2 * (n1 + n2)))
    told = {"n": n1, "versus_n": n2, **({"r_squared": r_squared} if r_squared else {})}
    for given_ in statistics(b, se, n1 + n2 - 2):
        x = ReportedNumbers(**{**told, **given_})
        found = contrast_effect(x, Measure.SMD, towards=1 if d > 0 else -1, design=made)
        assert found is not None, contrast_lacks(x, Measure.SMD, design=made)
        assert (found.estimate, found.variance) == pytest.approx((g, v), rel=1e-5)


@given(designs(), sizes, sizes, effects, sds)
def test_what_standardizes_must_be_known(
    design: tuple[Design, float, float], n1: int, n2: int, d: float, sd: float
) -> None:
    made, r_squared, inflation = design
    se = sd * math.sqrt((1 / n1 + 1 / n2) * (1 - r_squared) * inflation)
    unknown = Design(
        adjusted=made.adjusted, clusters=Clusters(None, None) if made.clusters else None
    )
    for given_ in statistics(d * sd, se, n1 + n2 - 2):
        x = ReportedNumbers(**{"n": n1, "versus_n": n2, **given_})
        lacks = contrast_lacks(x, Measure.SMD, towards=1, design=unknown)
        assert (lacks is None) == (unknown == Design())
        if lacks is not None:
            assert ("r_squared" in lacks) == made.adjusted
            assert ("cluster_size" in lacks) == (made.clusters is not None)


@given(designs(), sizes, sizes, effects, sds)
def test_the_sd_of_scores_needs_nothing_else(
    design: tuple[Design, float, float], n1: int, n2: int, d: float, sd: float
) -> None:
    made, r_squared, inflation = design
    se = sd * math.sqrt((1 / n1 + 1 / n2) * (1 - r_squared) * inflation)
    unknown = Design(
        adjusted=made.adjusted, clusters=Clusters(None, None) if made.clusters else None
    )
    told = ReportedNumbers(n=n1, versus_n=n2, estimate=d * sd, metric="MD", se=se)
    g = float(hedges_correction(n1 + n2 - 2)) * d
    for x, arms in (
        (told._replace(sd=sd), None),
        (told, Step({"sd": sd}, "pooled", {}, {}, False)),
    ):
        found = contrast_effect(x, Measure.SMD, design=unknown, arms_sd=arms)
        assert found is not None
        variance = (se / sd) ** 2 + g**2 / (2 * (n1 + n2))
        assert (found.estimate, found.variance) == pytest.approx((g, variance), rel=1e-9)


@given(sizes, st.floats(-50, 50), sds, st.floats(0.01, 0.9), st.floats(1, 40), st.floats(0, 0.4))
def test_an_arms_se_gives_the_sd_of_scores(
    n: int, mean: float, sd: float, r_squared: float, m: float, icc: float
) -> None:
    inflation = 1 + (m - 1) * icc
    se = sd * math.sqrt((1 - r_squared) * inflation / n)
    x = ReportedNumbers(n=n, mean=mean, se=se, r_squared=r_squared)
    design = Design(adjusted=True, clusters=Clusters(m, icc))
    found = arm_mean_sd(x, standardizes=True, design=design)
    assert found is not None
    assert (found.sd, found.explained) == pytest.approx((sd, r_squared), rel=1e-9)
    # a difference of means in its own units takes the SE as it is
    plain = arm_mean_sd(x, design=design)
    assert plain is not None
    assert plain.sd == pytest.approx(se * math.sqrt(n), rel=1e-12)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"f": 3.2, "df1": 2}, "2 numerator degrees of freedom"),
        ({"f": 3.2}, "no direction"),
        ({"estimate": 0.4, "metric": "Glass's delta"}, "one arm's SD"),
        ({"estimate": 0.4}, "does not say what it is of"),
        ({"estimate": 0.4, "metric": "B"}, "no difference of means"),
        ({"estimate": 1.4, "metric": "OR", "p": 0.04}, "of events"),
        ({"estimate": -2.0, "metric": "median difference", "p": 0.04}, "medians"),
        ({"mean": 3.0}, "the difference of the arms"),
        ({}, "neither means and SDs"),
    ],
)
def test_a_refusal_says_what_to_enter(numbers: dict[str, Any], words: str) -> None:
    x = ReportedNumbers(**{"n": 20, "versus_n": 22, **numbers})
    assert words in str(contrast_lacks(x, Measure.SMD))


@given(sizes, sizes, effects)
def test_without_a_model_nothing_changes(n1: int, n2: int, d: float) -> None:
    x = ReportedNumbers(n=n1, versus_n=n2, estimate=d, metric="d")
    expected = escalc("SMD", {"di": [d], "n1i": [n1], "n2i": [n2]})
    found = contrast_effect(x, Measure.SMD)
    assert found is not None
    assert (found.estimate, found.variance) == (float(expected.yi[0]), float(expected.vi[0]))


numbers = st.one_of(
    st.none(), st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e300, -1e300]), st.floats(-1e6, 1e6)
)
positives = st.one_of(
    st.none(), st.sampled_from([0.0, 1e-300, 1e300]), st.floats(0, 1e6, exclude_min=True)
)
probabilities = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.0, 1.0, 1e-300]))
METRICS = [
    None, "MD", "MD of change", "SMD", "d", "eta squared", "partial eta squared", "r", "OR",
    "log OR", "Glass's delta", "median difference", "B",
]  # fmt: skip


@given(
    st.fixed_dictionaries(
        {
            "n": st.one_of(st.none(), st.integers(1, 10**6)),
            "versus_n": st.one_of(st.none(), st.integers(1, 10**6)),
            **dict.fromkeys(("estimate", "t", "mean", "mean_change", "median"), numbers),
            **dict.fromkeys(
                ("se", "variance", "sd", "sd_change", "baseline_sd", "f", "residual_sd"), positives
            ),
            **dict.fromkeys(("p", "p_below", "r_squared"), probabilities),
            "correlation": st.one_of(st.none(), st.floats(-1, 1)),
            "ci_low": numbers,
            "ci_high": numbers,
            "df1": st.sampled_from([None, 1, 2]),
            "p_sides": st.sampled_from([None, 1, 2]),
            "metric": st.sampled_from(METRICS),
        }
    ),
    st.builds(
        Design,
        adjusted=st.booleans(),
        clusters=st.one_of(st.none(), st.builds(Clusters, st.none() | st.floats(1, 99))),
        paired=st.booleans(),
        correlation=st.none() | st.floats(-1, 0.99),
        change=st.booleans(),
    ),
    st.sampled_from([None, 1, -1]),
    st.sampled_from([Measure.SMD, Measure.MD, Measure.OR, Measure.GEN]),
)
def test_no_numbers_break_a_conversion(
    given_: dict[str, Any], design: Design, towards: int | None, measure: Measure
) -> None:
    x = ReportedNumbers(**given_)
    found = contrast_effect(x, measure, towards=towards, design=design)
    lacks = contrast_lacks(x, measure, towards=towards, design=design)
    assert (found is None) == (lacks is not None)
    for change in (False, True):
        arm_mean_sd(x, change=change, standardizes=True, design=design)


def test_a_threshold_of_two_periods_is_taken_like_its_p() -> None:
    """p < 0.05 of pairs has the t of n - 1 degrees of freedom, and says that it is a threshold."""
    design = Design(paired=True, correlation=0.6)
    x = ReportedNumbers(n=31, versus_n=28, p_below=0.05)
    found = contrast_effect(x, Measure.SMD, towards=1, design=design)
    exact = contrast_effect(x._replace(p=0.05, p_below=None), Measure.SMD, towards=1, design=design)
    assert found is not None
    assert exact is not None
    assert (found.estimate, found.variance) == (exact.estimate, exact.variance)
    paired = float(student.ppf(0.975, 27)) * math.sqrt(2 * (1 - 0.6) / 28)
    assert found.estimate == pytest.approx(float(hedges_correction(57)) * paired, rel=1e-12)
    assert found.steps[0].approximate
    assert "threshold" in found.steps[0].assumptions
