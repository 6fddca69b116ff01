"""A contrast's statistics are held against one another, and what is not said is asked."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from review.extraction.evidence import Allocation, Evidence
from review.extraction.plausibility import Kind
from review.extraction.plausibility.statistics import statistic_findings
from review.extraction.vocabulary import Randomised
from tests.extraction.reported import changed
from tests.extraction.test_plausibility import _result


def contrast(**given: Any) -> Evidence:
    return _result(arm="Video", versus="Waiting", **{"n": 40, "versus_n": 40, **given})


def kinds(*items: Evidence) -> list[Kind]:
    return [finding.kind for finding in statistic_findings(items)]


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        # |t| 2.18 with 78 degrees of freedom has p 0.0323
        ({"t": -2.18, "p": 0.032}, []),
        ({"t": -2.18, "p": 0.016}, [Kind.TEST_MISMATCH]),
        ({"t": -2.18, "p": 0.016, "p_sides": 1}, []),
        ({"f": 4.75, "p": 0.03}, []),
        ({"f": 4.75, "p": 0.0113}, [Kind.TEST_MISMATCH]),  # as F(2, 77) has it
        ({"f": 4.75, "p": 0.0113, "df1": 2}, []),
        ({"t": -2.18, "f": 4.75}, []),
        ({"t": -2.18, "f": 9.5}, [Kind.TEST_MISMATCH]),
        ({"estimate": -4.0, "metric": "MD", "se": 1.83, "p": 0.03}, []),
        ({"estimate": -4.0, "metric": "MD", "se": 1.83, "p": 0.0001}, [Kind.TEST_MISMATCH]),
        ({"estimate": 1.6, "metric": "OR", "se": 0.24, "p": 0.3}, []),
        ({"p": 0.0}, []),
    ],
)
def test_statistics_of_one_contrast_are_of_one_test(
    numbers: dict[str, Any], found: list[Kind]
) -> None:
    assert kinds(contrast(**numbers)) == found


@given(
    st.integers(5, 300), st.integers(5, 300), st.floats(-4, 4), st.floats(0.1, 50),
    st.integers(2, 4),
)  # fmt: skip
def test_rounding_raises_no_doubt(n1: int, n2: int, t: float, se: float, digits: int) -> None:
    p = 2 * float(student.sf(abs(t), n1 + n2 - 2))
    item = contrast(
        n=n1, versus_n=n2, t=round(t, 2), f=round(t**2, 2), p=round(p, digits), metric="MD",
        estimate=round(t * se, digits), se=float(f"{se:.3g}"),
    )  # fmt: skip
    assert kinds(item) == []


def test_an_f_in_a_trial_of_three_arms_is_asked_about() -> None:
    third = _result(arm="Phone", n=40, mean=18.0, sd=8.0)
    assert kinds(contrast(f=4.75), third) == [Kind.F_UNSAID]
    assert kinds(contrast(f=4.75, df1=1), third) == []
    assert kinds(contrast(f=4.75, df1=2), third) == []
    assert kinds(contrast(f=4.75)) == []


def test_a_cluster_trial_says_whether_its_se_knows_of_clusters() -> None:
    design = Allocation(Randomised.CLUSTER, 11.0, 0.05)
    told = {"estimate": -4.0, "metric": "MD", "se": 1.83}
    assert kinds(contrast(**told)._replace(design=design)) == [Kind.CLUSTERS_UNSAID]
    for said in (True, False):
        assert kinds(contrast(**told, clusters_analysed=said)._replace(design=design)) == []


@pytest.mark.parametrize(
    ("se", "given_", "found"),
    [
        (8.2, {}, []),
        (8.2 * math.sqrt(1 - 0.7**2), {}, [Kind.SPREAD_MISMATCH]),
        (8.2 * math.sqrt(1 - 0.7**2), {"adjusted": True}, []),
        (8.2 * math.sqrt(1 - 0.7**2), {"covariates": "baseline"}, []),
        (8.2 * 1.4, {}, [Kind.SPREAD_MISMATCH]),
    ],
)
def test_an_se_that_holds_another_sd_than_the_arms_is_asked_about(
    se: float, given_: dict[str, Any], found: list[Kind]
) -> None:
    se = round(se * math.sqrt(2 / 40), 3)
    item = contrast(estimate=-4.0, metric="MD", se=se, **given_)
    arms = [_result(arm=arm, n=40, sd=8.2) for arm in ("Video", "Waiting")]
    assert kinds(item, *arms) == found
    assert kinds(changed(item, sd=8.2)) == found
