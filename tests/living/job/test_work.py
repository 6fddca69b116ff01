"""Numbers that no plan expects: they stop neither other analyses nor the results that count."""

from __future__ import annotations

import pytest

from review.extraction.evidence import ArmSide, Evidence
from review.extraction.vocabulary import Level
from review.living.inputs.select import select
from review.living.job.work import Made, Task, Unfit, work_off
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater
from tests.extraction.reported import evidence_with
from tests.living.estimates.test_effects import arm, effect
from tests.living.job.test_repool import plan

VIDEO = ArmSide(1, "video", "CBT", DeliveryMode.VIDEOCONFERENCE)
IN_PERSON = ArmSide(2, "in person", "CBT", DeliveryMode.FACE_TO_FACE)


def contrast(
    study: int, estimate: float | None, variance: float | None, **changes: object
) -> Evidence:
    given: dict[str, object] = {
        "result_id": study,
        "entry_kind": "single",
        "study_id": study,
        "study": f"Made up {study}",
        "year": 2020,
        "excluded_because": None,
        "outcome": "alliance",
        "instrument": "wai",
        "instrument_name": "WAI",
        "higher_is_better": True,
        "rater": Rater.CLIENT,
        "timepoint": "post",
        "analysis_set": AnalysisSet.ITT,
        "arm": VIDEO,
        "versus": IN_PERSON,
        "metric": "SMD",
        "estimate": estimate,
        "variance": variance,
        "level": Level.CONTRAST,
        **changes,
    }
    return evidence_with(**given)


def task(*evidence: Evidence, **changes: object) -> Task:
    return Task(1, plan(**changes).model_dump(mode="json"), evidence, None, False)


@pytest.mark.parametrize("estimate", [0.1, 1e160, 1e300, -1e308])
@pytest.mark.parametrize("variance", [1e-320, 1e-300, 1e300, 1.7e308])
def test_an_absurd_number_fails_its_own_analysis_alone(estimate: float, variance: float) -> None:
    good = (contrast(2, 0.2, 0.1), contrast(3, -0.1, 0.2))
    absurd, other = work_off([task(contrast(1, estimate, variance), *good), task(*good)])
    assert isinstance(absurd, Unfit)
    assert isinstance(other, Made)
    assert other == work_off([task(*good)])[0]


def test_contrasts_at_a_timepoint_that_the_plan_does_not_want_do_no_harm() -> None:
    later = [
        contrast(1, 0.4, 0.1, timepoint="follow-up", arm=ArmSide(i, f"video {i}", "CBT", mode))
        for i, mode in ((1, DeliveryMode.VIDEOCONFERENCE), (3, DeliveryMode.VIDEOCONFERENCE))
    ]
    items = [contrast(1, 0.2, 0.1), *later]
    (trial,) = select(plan(timepoints=("post",)), items).trials
    assert trial.contrast is not None
    assert trial.contrast.numbers.estimate == 0.2


def test_counts_beside_means_do_not_matter_to_a_measure_of_means() -> None:
    one = (arm(n=20, mean=5.0, sd=2.0, events=10),)
    two = (arm(n=10, mean=4.0, sd=1.0, events=5),)
    assert effect("MD", intervention=one, comparator=two) == pytest.approx((1.0, 4 / 20 + 1 / 10))
    assert effect("RD", intervention=one, comparator=two) == pytest.approx(
        (0.0, 0.25 / 20 + 0.25 / 10)
    )


def test_an_interval_is_read_at_its_own_level_whatever_the_plan_reports() -> None:
    half = 1.959963984540054 * 0.3
    of_95 = contrast(1, 0.5, None, ci_low=0.5 - half, ci_high=0.5 + half)
    half = 1.6448536269514722 * 0.3
    of_90 = contrast(2, 0.5, None, ci_low=0.5 - half, ci_high=0.5 + half, ci_level=0.9)
    (made,) = work_off([task(of_95, of_90, level=0.8)])
    assert isinstance(made, Made)
    assert [e.vi for e in made.results.effects] == pytest.approx([0.09, 0.09])
