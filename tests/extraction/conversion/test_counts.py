"""Events of persons and events in person-time are told apart, and what is lacking is said."""

from __future__ import annotations

from typing import Any

import pytest

from review.extraction.conversion import events_lack, rate_lacks
from review.extraction.numbers import ReportedNumbers
from review.extraction.rules import ExtractionRow, built
from review.living.inputs.select import select
from review.measures import AnalysisKind, Measure
from tests.extraction.reported import changed
from tests.test_measures import evidence, planned


@pytest.mark.parametrize(
    ("numbers", "of_persons", "of_time"),
    [
        ({"n": 20, "events": 3}, None, "it needs person_years"),
        ({"events": 3}, "it needs n", "it needs person_years"),
        ({"n": 20}, "it needs events", "it needs events and person_years"),
        ({"n": 20, "events": 3, "person_years": 18.5}, None, None),
        ({"events": 0, "person_years": 18.5}, "it needs n", None),
        (
            {"n": 20, "events": 31, "person_years": 18.5},
            "its 31 events are of 20 participants, of whom some had several: plan a rate (IRR)",
            None,
        ),
    ],
)
def test_what_an_arm_lacks(
    numbers: dict[str, Any], of_persons: str | None, of_time: str | None
) -> None:
    given = ReportedNumbers(**numbers)
    assert events_lack(given) == of_persons
    assert rate_lacks(given) == of_time


def test_more_events_than_persons_need_the_time_in_which_they_were_counted() -> None:
    cells = {"study": "a", "arm": "video", "instrument": "wai", "n": "20", "events": "31"}
    (problem,) = built(cells).problems
    assert problem.reason == (
        "31 events among 20 participants; where a person may have several, enter person_years "
        "beside them"
    )
    row = ExtractionRow.model_validate({**cells, "person_years": "18.5"})
    assert (row.numbers.events, row.numbers.person_years) == (31, 18.5)


def test_a_trial_whose_persons_had_several_events_is_left_out_of_risks_and_in_a_rate() -> None:
    items = list(evidence(AnalysisKind.CONTRAST, Measure.IRR))
    items = [changed(one, n=2 if one.study_id == 1 else 60) for one in items]
    risks = select(planned(AnalysisKind.CONTRAST, Measure.OR), items)
    assert [trial.study for trial in risks.trials] == ["Synthetic 2", "Synthetic 3"]
    (out,) = risks.left_out
    assert out.study == "Synthetic 1"
    rates = select(planned(AnalysisKind.CONTRAST, Measure.IRR), items)
    assert len(rates.trials) == 3
    without = [changed(one, person_years=None) if one.study_id == 2 else one for one in items]
    chosen = select(planned(AnalysisKind.CONTRAST, Measure.IRR), without)
    assert [one.study for one in chosen.left_out] == ["Synthetic 2"]
    assert "person_years" in str(chosen.left_out[0])
