"""Absolute effects at the risks that a plan states, by closed forms and published examples."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from review.effects.risks import risks
from review.export.contents.absolute import Absolute, absolute_of
from review.living.reports.absolute import AtRisk, absolute_sections, at_risks
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.protocol.rules import Plan
from tests.export.reproduction.synthetic import contrasts, events, means, plan, run
from tests.living.estimates.test_counts import plan as counted
from tests.living.estimates.test_counts import pooled
from tests.living.estimates.test_counts import trials as aspirin
from tests.living.estimates.test_rates import BY_METAFOR, of_rates
from tests.living.estimates.test_rates import planned as rated


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
        ({"measure": "IRR"}, "makes no risk of IRR; .*baseline_rates"),
        (
            {"baseline_risks": [], "baseline_rates": [0.2]},
            "makes no rate of OR; it does of IRD, IRR",
        ),
        ({"measure": "IRR", "baseline_rates": [0.2]}, "an analysis has one"),
        ({"measure": "IRR", "baseline_risks": [], "baseline_rates": [0]}, "greater than 0"),
        (
            {
                "measure": "IR",
                "kind": "single_arm",
                "baseline_risks": [],
                "baseline_rates": [0.1],
            },
            "baseline_rates are of a contrast",
        ),
        ({"measure": "OR", "baseline_risks": [1.0]}, "less than 1"),
        ({"measure": "PLO", "kind": "single_arm"}, "are of a contrast of one outcome"),
    ],
)
def test_plans_that_cannot_tell_risks_are_refused(more: dict[str, Any], words: str) -> None:
    given = {"measure": "OR", "baseline_risks": [0.2], **more}
    with pytest.raises(ValidationError, match=words):
        plan(given.pop("measure"), **given)


@pytest.mark.parametrize("method", ["REML", "MH"])
@pytest.mark.parametrize("name", BY_METAFOR)
def test_rates_and_time_needed_follow_from_metafors_estimate(name: str, method: str) -> None:
    """Closed forms: r exp(b), or r + b; the person-years are 1 / (difference of rates)."""
    rows = BY_METAFOR[name]["counts"]
    for measure in ("IRR", "IRD"):
        chosen = rated(measure, method, baseline_rates=(0.02, 0.4))
        given = of_rates(rows, higher_is_better=False)
        inputs, results = RunInputs(plan=chosen, trials=given, left_out=()), pooled(chosen, given)
        for one, rate in zip(told(inputs, results), (0.02, 0.4), strict=True):
            ends = [-x for x in (results.pooled.estimate, *results.pooled.ci)]
            if measure == "IRR":
                there, *limits = (rate * math.exp(x) for x in ends)
            else:
                there, *limits = (max(0.0, rate + x / 100) for x in ends)
            assert one.timed
            assert one.found.risk == pytest.approx(there, rel=1e-12)
            assert one.found.risk_ci == pytest.approx(sorted(limits), rel=1e-12)
            assert one.found.nnt == pytest.approx(1 / (there - rate))
            needed = "NNTB" if there < rate else "NNTH"
            years = math.ceil(round(1 / abs(there - rate), 9))
            assert one.needed.startswith(f"{needed} {years:,} (")
            assert one.needed.endswith(" person-years")
            assert one.cut is (0.0 in (there, *limits))
        (section,) = absolute_sections(inputs, results)
        assert section.heading == "Absolute effects per 100 person-years"
        assert [row[0] for row in section.rows] == ["2", "40"]
        assert section.headers[-1] == "time needed"
        findings = absolute_of(inputs, results)
        assert isinstance(findings, Absolute)
        assert (findings.unit, findings.comparator) == ("per 100 person-years", 2.0)
        assert str(findings.needed).endswith(" person-years")
        assert findings.basis.startswith("Rate as planned. NNTB: person-years")


def test_the_unit_of_time_of_the_reports_does_not_matter_to_a_ratio() -> None:
    rows = BY_METAFOR["warfarin"]["counts"]
    chosen = rated("IRR", baseline_rates=(0.1,))
    made = []
    for times in (1, 12):
        given = of_rates([(a, times * t, c, times * u) for a, t, c, u in rows])
        inputs = RunInputs(plan=chosen, trials=given, left_out=())
        made.append(told(inputs, pooled(chosen, given))[0].found.risk)
    assert made[0] == pytest.approx(made[1], rel=1e-9)


def test_what_has_no_rates_says_so() -> None:
    ready = run("ready", plan("GEN", baseline_rates=[0.2]), contrasts())
    (section,) = absolute_sections(ready.inputs, ready.results)
    assert section.sentences == ("No rates follow from ready estimates of this metric.",)
    rows = BY_METAFOR["warfarin"]["counts"]
    good, bad = of_rates(rows, higher_is_better=True), of_rates(rows, higher_is_better=False)
    both = (*good[:1], *bad[1:])
    chosen = rated("IRR", baseline_rates=(0.1,))
    inputs = RunInputs(plan=chosen, trials=both, left_out=())
    assert at_risks(inputs, pooled(chosen, both)) == (
        "No rates: the event is good in some trials and bad in others."
    )
    assert "baseline_rates" not in plan("OR").content
