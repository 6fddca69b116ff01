"""Planned location-scale models, against metafor on the data sets of `test_location_scale`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from review.extraction.numbers import ReportedNumbers
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.reports.heterogeneity import (
    heterogeneity_sections,
    moved_heterogeneity,
    moved_heterogeneity_section,
)
from review.living.runs.contents import ArmInput, Characteristic, RunInputs, Source, TrialInput
from review.living.runs.heterogeneity import HeterogeneityLine
from review.living.runs.results import RunResults
from review.living.runs.scales import scale_of_run
from review.protocol.rules import Plan


def _own(column: str) -> str:
    """A year counted from 2000 is no trial's year."""
    return "since" if column == "year" else column


REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "synthesis" / "location_scale" / "location_scale.json").read_text(
        encoding="utf-8"
    )
)
CASES, GROUPS = REFERENCE["cases"], REFERENCE["groups"]
DATA = {
    name: {_own(column): values for column, values in data.items()}
    for name, data in REFERENCE["data"].items()
}


def plan(*formulae: str, **more: Any) -> Plan:
    return Plan.model_validate(
        {
            "title": "Effect",
            "outcome": "outcome",
            "intervention": {"label": "New", "treatment": ["a"]},
            "comparator": {"label": "Old", "treatment": ["b"]},
            "measure": "GEN",
            "test": "z",
            "heterogeneity": formulae,
            **more,
        }
    )


def inputs_of(chosen: Plan, data: dict[str, Any]) -> RunInputs:
    source = Source(result_id=1, entry_kind="single", report=None, page=None)
    names = [name for name in data if name not in ("yi", "vi")]
    trials = tuple(
        TrialInput(
            study_id=i,
            study=f"Trial {i:02}",
            year=None,
            instrument="scale",
            higher_is_better=True,
            rater="not_reported",
            timepoint="post",
            analysis_set="not_reported",
            contrast=ArmInput(
                arm="a", numbers=ReportedNumbers(estimate=y, variance=v), source=source
            ),
            characteristics=tuple(Characteristic(name=name, value=data[name][i]) for name in names),
        )
        for i, (y, v) in enumerate(zip(data["yi"], data["vi"], strict=True))
    )
    return RunInputs(plan=chosen, trials=trials, left_out=())


def results_of(inputs: RunInputs) -> RunResults:
    (found,) = pool_inputs([(inputs, trial_effects(inputs))])
    return found


def line_of(chosen: Plan, data: dict[str, Any]) -> HeterogeneityLine:
    (line,) = results_of(inputs_of(chosen, data)).heterogeneity
    return line


@pytest.mark.parametrize("name", GROUPS)
def test_tau2_of_each_level_and_their_test_follow_metafor(name: str) -> None:
    expected = GROUPS[name]
    line = line_of(plan(expected["by"]), DATA[name])
    assert line.by_level
    assert {t.label: t.tau2 for t in line.terms} == pytest.approx(
        expected["tau2"], rel=1e-5, abs=1e-8
    )
    assert (line.stat, line.df, line.p) == pytest.approx(
        (expected["stat"], expected["df"], expected["p"]), rel=1e-5, abs=1e-6
    )
    assert line.same_tau2 == pytest.approx(expected["one"], rel=1e-6)
    assert [t.k for t in line.terms] == [
        DATA[name][expected["by"]].count(t.label) for t in line.terms
    ]
    for term in line.terms:
        if term.tau2 == 0:
            assert term.tau2_ci is None
        elif term.tau2_ci is not None:
            assert term.tau2 is not None
            assert term.tau2_ci[0] < term.tau2 < term.tau2_ci[1]


@pytest.mark.parametrize(
    "case", [c for c in CASES if c["mods"] == c["scale"] and c["link"] == "log"],
    ids=lambda case: case["name"],
)  # fmt: skip
def test_coefficients_follow_metafor(case: dict[str, Any]) -> None:
    by = _own(case["scale"])
    chosen = plan(by, method=case["method"], test=case["test"])
    line = line_of(chosen, DATA[case["set"]])
    if line.by_level:  # metafor's case is coded against a first level
        assert line.loglik == pytest.approx(case["loglik"], abs=1e-6)
        return
    for i, term in enumerate(line.terms):
        assert term.estimate == pytest.approx(case["beta"][i], rel=1e-5)
        assert term.p == pytest.approx(case["p"][i], rel=1e-4)
        assert term.coefficient == pytest.approx(case["alpha"][i], rel=1e-4, abs=1e-5)
        assert term.coefficient_p == pytest.approx(case["alpha_p"][i], rel=1e-2)
        assert term.tau2 is None
    assert len(line.at) == 2
    assert [place for place, _ in line.printed] == [1]  # no intercept of the year 0
    data = inputs_of(chosen, DATA[case["set"]])
    (section,) = heterogeneity_sections([line], scale_of_run(data))
    assert [row[0] for row in section.rows] == [by]
    assert sum("tau²" in told.casefold() for told in section.sentences) >= 3
    tau2 = dict(zip(DATA[case["set"]][by], case["tau2"], strict=True))
    ends = [tau2[min(tau2)], tau2[max(tau2)]]
    assert [one.tau2 for one in line.at] == pytest.approx(ends, rel=1e-3)


def test_a_level_of_one_trial_is_left_out_by_name() -> None:
    data = {"yi": [0.1, 0.9, -0.4, 0.2, 0.3, 0.25, 0.7], "vi": [0.01] * 7, "arm": [*"aaabbbc"]}
    line = line_of(plan("arm"), data)
    assert [t.label for t in line.terms] == ["a", "b"]
    assert [(one.study, one.reason) for one in line.without] == [
        ("Trial 06", "arm: the only trial of c, which has no tau²")
    ]
    assert line.terms[1].tau2 == 0
    assert any("estimated as zero" in remark for remark in line.remarks)
    assert line.terms[0].coefficient is None


@pytest.mark.parametrize(
    ("arms", "reason"),
    [
        ([*"aaaaaab"], "fewer than two categories of arm have two trials"),
        ([None] * 7, "no trial has a value of it"),
        ([3.0] * 7, "nothing varies"),
    ],
)
def test_what_has_no_answer_is_a_line_with_its_reason(arms: list[Any], reason: str) -> None:
    data = {"yi": [0.1, 0.9, -0.4, 0.2, 0.3, 0.25, 0.7], "vi": [0.01] * 7, "arm": arms}
    line = line_of(plan("arm"), data)
    assert line.note is not None
    assert reason in line.note
    assert line.p is None
    (section,) = heterogeneity_sections([line], scale_of_run(inputs_of(plan("arm"), data)))
    assert section.sentences[0] == f"{line.note}."


def test_what_moved_is_told_and_what_did_not_is_not() -> None:
    name, by = "bcg", GROUPS["bcg"]["by"]
    data = DATA[name]
    whole = results_of(inputs_of(plan(by, "ablat"), data)).heterogeneity
    fewer = {key: values[1:] for key, values in data.items()}
    part = results_of(inputs_of(plan(by, "ablat"), fewer)).heterogeneity
    assert list(moved_heterogeneity((whole, whole))) == []
    assert moved_heterogeneity_section((whole, whole)) == []
    levels, slope = moved_heterogeneity((part, whole))
    assert levels.startswith("Heterogeneity by alloc: tau² alternate ")
    assert "; before: tau² alternate " in levels
    assert " at ablat 13, " in slope
    assert list(moved_heterogeneity(((), whole))) == []


def test_a_plan_refuses_what_cannot_be_modelled() -> None:
    with pytest.raises(ValidationError, match="heterogeneity is modelled by REML or ML, not DL"):
        plan("arm", method="DL")
    with pytest.raises(ValidationError, match="modelled by REML or ML, not MH"):
        plan("arm", method="MH", measure="OR")
    with pytest.raises(ValidationError, match="heterogeneity: of analyses of one comparison"):
        plan("arm", kind="network", measure="SMD",
             other_treatments=[{"label": "C", "treatment": ["c"]}])  # fmt: skip
    assert plan().sha256 == Plan.model_validate(plan().model_dump(exclude={"heterogeneity"})).sha256
    assert "heterogeneity" not in plan().model_dump(mode="json")
    assert plan("arm", "year").characteristics == ("arm", "year")
    assert plan("arm").bare.heterogeneity == ()
