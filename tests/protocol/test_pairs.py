"""Correlations of errors of two that a plan states."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from review.living.reports.differences import plan_differences
from tests.living.joint import joint_plan
from tests.living.levels import levels_plan

CLIENT, THERAPIST = "client’s view", "therapist’s view"


@pytest.mark.parametrize(
    ("plan", "changes", "words"),
    [
        (levels_plan, {"correlations": ["wai haq = 0.4"]}, "states no correlation"),
        (levels_plan, {"correlations": ["wai / haq"]}, "states no correlation"),
        (levels_plan, {"correlations": ["wai / haq = 1"]}, "states no correlation"),
        (levels_plan, {"correlations": ["wai / wai = 0.4"]}, "of wai with itself"),
        (levels_plan, {"correlations": ["wai / haq = 0.4", "haq / wai = 0.5"]}, "one pair twice"),
        (
            levels_plan,
            {"correlations": ["wai / haq = 0.4"], "instruments": ["wai", "cals"]},
            "name haq, and the plan has wai, cals",
        ),
        (
            levels_plan,
            {"correlations": ["wai / haq = 0.4"], "random": []},
            "of several outcomes or of random",
        ),
        (joint_plan, {"correlations": [f"{CLIENT} / observer = 0.4"]}, "name observer"),
        (
            joint_plan,
            {
                "correlations": ["a / b = 0.4"],
                "outcomes": [
                    {"label": "a", "raters": ["client"], "time": 1},
                    {"label": "b", "raters": ["therapist"], "time": 2},
                ],
            },
            "go by rho and the time between",
        ),
    ],
)
def test_what_cannot_be_stated_says_why(plan: Any, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(**changes)


def test_a_stated_correlation_is_written_alike_and_told_as_a_change() -> None:
    one, other = (
        joint_plan(correlations=[text])
        for text in (f"{CLIENT}/{THERAPIST}=.40", f"{CLIENT} / {THERAPIST} = 0.5")
    )
    assert one.correlations == (f"{CLIENT} / {THERAPIST} = 0.4",)
    (change,) = plan_differences(one, other)
    assert change.words == (
        f"correlations of errors from {CLIENT} / {THERAPIST} = 0.4 to {CLIENT} / {THERAPIST} = 0.5"
    )
    assert "correlations" not in joint_plan().content
