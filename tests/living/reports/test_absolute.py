"""Absolute effects at the risks that a plan states, by closed forms and published examples."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from review.effects.risks import risks
from review.living.reports.absolute import AtRisk, absolute_sections, at_risks
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.protocol.rules import Plan
from tests.export.reproduction.synthetic import contrasts, events, means, plan, run
from tests.living.estimates.test_counts import plan as counted
from tests.living.estimates.test_counts import pooled
from tests.living.estimates.test_counts import trials as aspirin


def test_numbers_needed_are_written_as_altman_does() -> None:
    """Altman 1998, BMJ 317:1309: a difference of 10 % (-5 % to 25 %) is NNTB 10."""
    found = risks("RD", 0.10, (-0.05, 0.25), 0.5)
    assert AtRisk(found, good=True).needed == "NNTB 10 (NNTH 20 to ∞ to NNTB 4)"
    assert AtRisk(found, good=False).needed == "NNTH 10 (NNTB 20 to ∞ to NNTH 4)"
    sure = risks("RD", 0.10, (0.05, 0.25), 0.5)
    assert AtRisk(sure, good=True).needed == "NNTB 10 (4 to 20)"
    assert AtRisk(risks("RD", 0.10, (0.0, 0.25), 0.5), good=True).needed == "NNTB 10 (4 to ∞)"
    assert AtRisk(risks("RD", 0.0, (-0.1, 0.1), 0.5), good=True).needed == "no difference"


def test_the_number_needed_of_a_standardized_difference_is_furukawas() -> None:
    """Furukawa & Leucht 2011: d 0.5 at 20 % response needs 6.0 persons, 7 once rounded up."""
    found = risks("SMD", 0.5, (0.3, 0.7), 0.2)
    assert found.nnt == pytest.approx(6.0, abs=0.05)
    assert AtRisk(found, good=True).needed == "NNTB 7 (5 to 11)"


def told(inputs: RunInputs, results: RunResults) -> tuple[AtRisk, ...]:
    found = at_risks(inputs, results)
    assert not isinstance(found, str)
    return found


def test_fewer_events_help_where_lower_is_better() -> None:
    chosen = counted("OR", baseline_risks=(0.1, 0.3))
    given = aspirin(higher=False)
    inputs = RunInputs(plan=chosen, trials=given, left_out=())
    results = pooled(chosen, given)
    first, second = told(inputs, results)
    ratio = math.exp(-results.pooled.estimate)
    risk = ratio * 0.1 / (0.9 + ratio * 0.1)
    assert first.found.risk == pytest.approx(risk, rel=1e-12)
    assert first.needed.startswith(f"NNTB {math.ceil(1 / (0.1 - risk))} (")
    assert second.found.baseline == 0.3
    (section,) = absolute_sections(inputs, results)
    assert section.headers == ("Control", "Aspirin", "difference", "number needed")
    assert [row[0] for row in section.rows] == ["100", "300"]
    assert section.rows[0][3] == first.needed
    turned = RunInputs(plan=chosen, trials=aspirin(higher=True), left_out=())
    worse, _ = told(turned, pooled(chosen, aspirin(higher=True)))
    assert worse.needed.startswith("NNTH")


def test_a_plan_without_risks_has_no_such_section_and_is_stored_as_before() -> None:
    found = run("plain", plan("OR"), events())
    assert list(absolute_sections(found.inputs, found.results)) == []
    assert "baseline_risks" not in str(found.inputs.plan.model_dump(mode="json"))
    assert "baseline_risks" not in found.inputs.plan.content
    with_risk = plan("OR", baseline_risks=[0.3, 0.1, 0.3])
    assert with_risk.baseline_risks == (0.1, 0.3)
    assert Plan.model_validate(with_risk.model_dump(mode="json")) == with_risk


def test_what_has_no_risks_says_so() -> None:
    ready = run("ready", plan("GEN", baseline_risks=[0.2]), contrasts())
    (section,) = absolute_sections(ready.inputs, ready.results)
    assert section.sentences == ("No risks follow from ready estimates of this metric.",)
    mixed = [*events(higher=True)[:4], *events(higher=False)[4:]]
    both = run("mixed", plan("OR", baseline_risks=[0.2]), mixed)
    assert at_risks(both.inputs, both.results) == (
        "No risks: the event is good in some trials and bad in others."
    )
    scores = run("scores", plan("SMD", baseline_risks=[0.2]), means())
    (section,) = absolute_sections(scores.inputs, scores.results)
    assert section.sentences[0].startswith("Risks are of response, scores above a threshold")
    true = plan("SMD", baseline_risks=[0.2], reliability=["0.9"])
    corrected = run("corrected", true, means())
    assert at_risks(corrected.inputs, corrected.results) == (
        "No risks: corrected effects are in SDs of true scores, not of scores."
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"measure": "MD"}, "makes no risk of MD; it does of SMD"),
        ({"measure": "IRR"}, "makes no risk of IRR"),
        ({"measure": "OR", "baseline_risks": [1.0]}, "less than 1"),
        ({"measure": "PLO", "kind": "single_arm"}, "are of a contrast of one outcome"),
    ],
)
def test_plans_that_cannot_tell_risks_are_refused(more: dict[str, Any], words: str) -> None:
    given = {"baseline_risks": [0.2], **more}
    with pytest.raises(ValidationError, match=words):
        plan(given.pop("measure"), **given)
