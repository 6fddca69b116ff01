"""From reported numbers to oriented effects, by hand results."""

from __future__ import annotations

from typing import Any

import pytest

from review.errors import InvalidDataError
from review.extraction.numbers import ReportedNumbers
from review.living.estimates.effects import trial_effects
from review.living.runs.contents import ArmInput, RunInputs, Source, TrialInput
from review.protocol.rules import Plan

SOURCE = Source(result_id=1, entry_kind="single", report=None, page=None)


def arm(name: str = "arm", **numbers: Any) -> ArmInput:
    return ArmInput(arm=name, numbers=ReportedNumbers(**numbers), source=SOURCE)


def inputs(measure: str, *, higher: bool = True, **sides: object) -> RunInputs:
    plan = Plan.model_validate(
        {
            "title": "t",
            "outcome": "o",
            "intervention": {"label": "a", "treatment": ["a"]},
            "comparator": {"label": "b", "treatment": ["b"]},
            "measure": measure,
        }
    )
    trial = TrialInput.model_validate(
        {
            "study_id": 1,
            "study": "Hand 2020",
            "year": 2020,
            "instrument": "i",
            "higher_is_better": higher,
            "rater": "client",
            "timepoint": "post",
            "analysis_set": "itt",
            **sides,
        }
    )
    return RunInputs(plan=plan, trials=(trial,), left_out=())


def effect(measure: str, *, higher: bool = True, **sides: object) -> tuple[float, float]:
    found = trial_effects(inputs(measure, higher=higher, **sides))
    return float(found.yi[0]), float(found.vi[0])


def test_mean_difference_and_its_variance() -> None:
    sides: dict[str, Any] = {
        "intervention": (arm(n=20, mean=5.0, sd=2.0),),
        "comparator": (arm(n=10, mean=4.0, sd=1.0),),
    }
    assert effect("MD", **sides) == pytest.approx((1.0, 4 / 20 + 1 / 10))
    assert effect("MD", higher=False, **sides) == pytest.approx((-1.0, 0.3))


def test_an_se_gives_the_sd_it_stands_for() -> None:
    with_sd: dict[str, Any] = {
        "intervention": (arm(n=16, mean=5.0, sd=2.0),),
        "comparator": (arm(n=9, mean=4.0, sd=3.0),),
    }
    with_se: dict[str, Any] = {
        "intervention": (arm(n=16, mean=5.0, se=0.5),),
        "comparator": (arm(n=9, mean=4.0, se=1.0),),
    }
    assert effect("SMD", **with_se) == pytest.approx(effect("SMD", **with_sd), rel=1e-12)
    assert "SD = SE" in trial_effects(inputs("SMD", **with_se)).recipes[0]


def test_arms_of_one_side_count_as_one_arm() -> None:
    # Two arms whose participants are 1, 3 and 5, 7: together mean 4, SD sqrt(20/3).
    sides: dict[str, Any] = {
        "intervention": (arm(n=2, mean=2.0, sd=2**0.5), arm(n=2, mean=6.0, sd=2**0.5)),
        "comparator": (arm(n=4, mean=0.0, sd=1.0),),
    }
    assert effect("MD", **sides) == pytest.approx((4.0, (20 / 3) / 4 + 1 / 4))


def test_estimates_of_one_side_are_combined_by_n() -> None:
    sides: dict[str, Any] = {
        "intervention": (arm(n=30, estimate=1.0, variance=0.1), arm(n=10, estimate=2.0, se=0.5)),
        "comparator": (arm(n=20, estimate=0.5, variance=0.2),),
    }
    combined = (30 * 1.0 + 10 * 2.0) / 40
    variance = (30**2 * 0.1 + 10**2 * 0.25) / 40**2
    assert effect("GEN", **sides) == pytest.approx((combined - 0.5, variance + 0.2))


def test_events_of_one_side_are_added() -> None:
    one: dict[str, Any] = {
        "intervention": (arm(n=50, events=10),),
        "comparator": (arm(n=40, events=16),),
    }
    two: dict[str, Any] = {
        "intervention": (arm(n=20, events=4), arm(n=30, events=6)),
        "comparator": (arm(n=40, events=16),),
    }
    assert effect("RD", **one) == pytest.approx((0.2 - 0.4, 0.2 * 0.8 / 50 + 0.4 * 0.6 / 40))
    assert effect("RD", **two) == effect("RD", **one)


@pytest.mark.parametrize(
    ("numbers", "variance"),
    [
        ({"variance": 0.09}, 0.09),
        ({"se": 0.3}, 0.09),
        ({"ci_low": 0.5 - 1.959963984540054 * 0.3, "ci_high": 0.5 + 1.959963984540054 * 0.3}, 0.09),
    ],
)
def test_a_reported_contrast_is_taken_as_it_is(numbers: dict[str, Any], variance: float) -> None:
    contrast = arm(n=20, versus_n=20, estimate=0.5, metric="SMD", **numbers)
    assert effect("SMD", contrast=contrast) == pytest.approx((0.5, variance))
    turned = effect("SMD", contrast=contrast, contrast_reversed=True)
    assert turned == pytest.approx((-0.5, variance))


def test_numbers_without_an_effect_name_the_trial() -> None:
    sides: dict[str, Any] = {
        "intervention": (arm(n=2, mean=2.0, sd=0.0),),
        "comparator": (arm(n=2, mean=1.0, sd=0.0),),
    }
    with pytest.raises(InvalidDataError, match="Hand 2020"):
        trial_effects(inputs("SMD", **sides))
