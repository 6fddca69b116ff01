"""What an arm gives to a mean change, and what it lacks."""

from __future__ import annotations

from typing import Any

import pytest

from review.conventions import Medians
from review.extraction.conversion import change_lacks, change_of_arm
from review.extraction.numbers import ReportedNumbers
from review.measures import Measure

BOTH: dict[str, Any] = {
    "n": 30, "mean": 14.0, "sd": 6.0, "baseline_mean": 20.0, "baseline_sd": 5.0, "correlation": 0.5,
}  # fmt: skip
CHANGE: dict[str, Any] = {"n": 30, "mean_change": -6.0, "sd_change": 5.5}


@pytest.mark.parametrize(
    ("measure", "numbers", "words"),
    [
        (Measure.SMCR, {**BOTH, "n": None}, "it needs n"),
        (Measure.SMCC, {"n": 30, "mean": 14.0, "sd": 6.0}, "it needs mean_change, or baseline"),
        (Measure.SMCC, {**BOTH, "correlation": None}, "it needs sd_change, or baseline_sd and"),
        (Measure.MC, {**CHANGE, "sd_change": 0.0}, "its SD of change is 0"),
        (Measure.SMCR, {**BOTH, "baseline_mean": None}, "it needs mean_change, or baseline_mean"),
        (Measure.SMCR, {**BOTH, "mean": None}, "it needs mean_change, or baseline_mean"),
        (Measure.SMCR, {**BOTH, "baseline_sd": None}, "it needs baseline_sd"),
        (Measure.SMCR, {**BOTH, "correlation": None}, "a plan that assumes one"),
        (Measure.SMCR, {**BOTH, "baseline_sd": 0.0}, "does not exist for its numbers"),
        (Measure.SMCRP, {**BOTH, "sd": None}, "it needs the SD after treatment"),
        (Measure.SMCR, {**BOTH, "correlation": None, "sd_change": 12.0}, "none that SDs before"),
        (Measure.SMCC, {**BOTH, "mean": 1e308, "baseline_mean": -1e308}, "too large or too"),
        (Measure.SMCR, {**BOTH, "n": 1}, "does not exist for its numbers"),
    ],
)
def test_what_an_arm_lacks(measure: Measure, numbers: dict[str, Any], words: str) -> None:
    told = change_lacks(ReportedNumbers(**numbers), measure)
    assert told is not None
    assert words in told
    assert "the plan pools change" not in told


@pytest.mark.parametrize(
    ("measure", "numbers", "columns"),
    [
        (Measure.SMCC, CHANGE, {"di": -6 / 5.5, "ni": 30.0}),
        (
            Measure.MC,
            {"n": 25, "mean_change": -6.0, "se": 1.1},
            {"m1i": -6.0, "m2i": 0.0, "sd1i": 5.5, "sd2i": 0.0, "ni": 25.0, "ri": 0.0},
        ),
        (
            Measure.SMCR,
            {**CHANGE, "baseline_sd": 5.0, "sd": 6.0},
            {"m1i": -6.0, "m2i": 0.0, "sd1i": 5.0, "ni": 30.0, "ri": (25 + 36 - 30.25) / 60},
        ),
        (
            Measure.SMCRPH,
            BOTH,
            {"m1i": -6.0, "m2i": 0.0, "sd1i": 5.0, "sd2i": 6.0, "ni": 30.0, "ri": 0.5},
        ),
    ],
)
def test_what_an_arm_gives(
    measure: Measure, numbers: dict[str, Any], columns: dict[str, float]
) -> None:
    x = ReportedNumbers(**numbers)
    found = change_of_arm(x, measure)
    assert found.columns == pytest.approx(columns)
    assert not found.assumed
    assert change_lacks(x, measure) is None


def test_a_median_after_treatment_is_converted_as_planned() -> None:
    x = ReportedNumbers(
        n=60, median=9.0, q1=5.0, q3=17.0, baseline_mean=20.0, baseline_sd=5.0, correlation=0.5
    )
    for measure in (Measure.SMCR, Measure.SMCRP):
        normal, closest = (
            change_of_arm(x, measure, medians=way).columns for way in (Medians.NORMAL, Medians.QE)
        )
        assert normal["m1i"] != closest["m1i"]
        assert normal["sd1i"] == closest["sd1i"] == 5.0
    assert change_lacks(x._replace(q1=None), Measure.SMCRP) is not None


def test_errors_of_another_model_are_no_sd_of_persons() -> None:
    x = ReportedNumbers(n=25, mean_change=-6.0, se=1.1)
    told = change_lacks(x, Measure.MC, of_persons=False)
    assert told is not None
    assert "gives no SD of persons" in told
    by_sd = ReportedNumbers(**CHANGE)._replace(se=0.7)
    assert change_lacks(by_sd, Measure.MC, of_persons=False) is None
