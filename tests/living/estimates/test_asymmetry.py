"""Egger's test by the predictor that a plan names, against metafor on three data sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from pydantic import ValidationError

from review.export.drawings.funnel import funnel_of
from review.figures.numbers import p_words
from review.living.estimates.asymmetry import Asymmetry, asymmetry_of, plain, told
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.reports.differences import plan_differences
from review.living.reports.run_sections import robustness_sections
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.protocol.asymmetry import PREDICTORS
from review.protocol.plan_texts import plan_from, texts_of
from tests.export.reproduction.synthetic import plan
from tests.living.estimates.test_sampling import of_row
from tests.tiers import MOSTLY_ON_SQLITE

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "asymmetry" / "expected.json").read_text(encoding="utf-8")
)
TESTS = [(name, test) for name, found in SETS.items() for test in found["tests"]]


def run_of(name: str, predictor: str, most: int | None = None) -> tuple[RunInputs, RunResults]:
    found = SETS[name]
    chosen = plan(found["measure"], asymmetry=predictor)
    trials = [of_row(i, row) for i, row in enumerate(found["rows"][:most], 1)]
    inputs = RunInputs(plan=chosen, trials=tuple(trials), left_out=())
    return inputs, pool_inputs([(inputs, trial_effects(inputs))])[0]


def test_each_data_set_has_each_predictor() -> None:
    assert len(SETS) == 3
    for found in SETS.values():
        assert {test["predictor"] for test in found["tests"]} == {*PREDICTORS}


@pytest.mark.parametrize(("name", "test"), TESTS)
def test_the_test_is_metafors_and_the_figure_tells_it(name: str, test: dict[str, Any]) -> None:
    snapshot = run_of(name, test["predictor"])
    found = asymmetry_of(*snapshot)
    assert isinstance(found, Asymmetry)
    assert found.stat == pytest.approx(test["stat"], rel=1e-8)
    assert found.ddf == test["ddf"]
    assert found.p == pytest.approx(test["p"], rel=1e-7)
    words = PREDICTORS[test["predictor"]][0].lower()
    by = "" if test["predictor"] == "sei" else f" by the {words}"
    note = funnel_of(*snapshot).note
    shown = f"{abs(test['stat']):.2f}, {p_words(test['p'])}."
    assert f"Egger's test{by}: t({test['ddf']}) = " in note
    assert shown in note
    assert (told(*snapshot) is None) is (test["predictor"] == "sei")
    assert plain(*snapshot)["predictor"] == test["predictor"]
    sections = {one.heading: one.sentences for one in robustness_sections(snapshot, withheld=False)}
    assert sections.get("Asymmetry") == ((told(*snapshot),) if by else None)


def test_without_the_participants_of_a_trial_it_is_said_whose_are_missing() -> None:
    inputs, results = run_of("vaccine", "sqrtninv")
    first = results.effects[0].model_copy(update={"n_comparator": None})
    fewer = results.model_copy(update={"effects": (first, *results.effects[1:])})
    assert asymmetry_of(inputs, fewer) == f"participants are not known of {first.study}"
    assert plain(inputs, fewer)["none"] == f"participants are not known of {first.study}"
    assert "participants are not known" in funnel_of(inputs, fewer).note
    usual = inputs.model_copy(update={"plan": plan("RR")})
    assert isinstance(asymmetry_of(usual, fewer), Asymmetry)


def test_below_ten_trials_none_is_made_by_any_predictor() -> None:
    snapshot = run_of("vaccine", "ninv", 9)
    assert told(*snapshot) == (
        "Egger's test by the inverse of the sample size, as planned: none, fewer than 10 trials."
    )


def test_networks_and_several_outcomes_cannot_choose_one() -> None:
    other = {"label": "Wait list", "treatment": ["wait list"]}
    with pytest.raises(ValidationError, match="Egger has no test"):
        plan("SMD", kind="network", other_treatments=[other], asymmetry="ninv")
    with pytest.raises(ValidationError, match="asymmetry"):
        plan("SMD", asymmetry="sqrt")


def test_the_usual_predictor_is_kept_out_of_what_is_stored() -> None:
    bare, chosen = plan("SMD"), plan("SMD", asymmetry="sqrtninv")
    assert "asymmetry" not in bare.content
    assert "asymmetry" not in bare.model_dump(mode="json")
    assert chosen.content["asymmetry"] == "sqrtninv"
    assert bare.sha256 == plan("SMD", asymmetry="sei").sha256 != chosen.sha256


def test_the_form_and_the_change_report_speak_of_it() -> None:
    usual = plan("SMD").model_copy(update={"title": "T"})
    chosen = usual.model_copy(update={"asymmetry": "sqrtninv"})
    assert texts_of(chosen)["asymmetry"] == "sqrtninv"
    assert plan_from(texts_of(chosen)) == chosen
    assert [one.words for one in plan_differences(usual, chosen)] == [
        "predictor of Egger's test from standard error to inverse square root of the sample size"
    ]


@MOSTLY_ON_SQLITE
def test_by_command_a_revised_predictor_is_run_shown_and_told_as_a_change(
    cli: Callable[..., Result], tmp_path: Path
) -> None:
    lines = ["study,arm,treatment,instrument,timepoint,n,events"]
    for i, row in enumerate(SETS["vaccine"]["rows"], 1):
        lines.append(f"Trial {i},a,vaccine,cases,end,{row['n1i']},{row['ai']}")
        lines.append(f"Trial {i},b,none,cases,end,{row['n2i']},{row['ci']}")
    (tmp_path / "arms.csv").write_text("\n".join(lines), encoding="utf-8")
    file = tmp_path / "protocol.yaml"
    file.write_text(yaml.safe_dump({
        "review": {"slug": "bcg", "title": "BCG"},
        "outcomes": [{"slug": "tuberculosis", "name": "Tuberculosis"}],
        "instruments": [
            {"slug": "cases", "name": "Cases", "outcome": "tuberculosis",
             "higher_is_better": True}
        ],
    }), encoding="utf-8")  # fmt: skip
    cli("new", "--file", str(file))
    cli("extract", "import", tmp_path / "arms.csv")
    asked = [
        "--title", "Cases", "--outcome", "tuberculosis", "--intervention", "vaccine",
        "--intervention-treatment", "vaccine", "--comparator", "none",
        "--comparator-treatment", "none", "--measure", "RR",
    ]  # fmt: skip
    cli("analysis", "add", "cases", *asked)
    cli("repool")
    assert "Egger" not in cli("runs", "show", "cases").stdout
    usual = json.loads(cli("runs", "show", "cases", "--json").stdout)["asymmetry"]
    cli("analysis", "revise", "cases", *asked, "--asymmetry", "sqrtninv", "--reason", "Asked")
    cli("repool")
    (sei, by_r) = (
        next(t for t in SETS["vaccine"]["tests"] if t["predictor"] == name)
        for name in ("sei", "sqrtninv")
    )
    assert usual["stat"] == pytest.approx(sei["stat"], rel=1e-8)
    found = json.loads(cli("runs", "show", "cases", "--json").stdout)["asymmetry"]
    assert found["predictor"] == "sqrtninv"
    assert found["p"] == pytest.approx(by_r["p"], rel=1e-7)
    shown = " ".join(cli("runs", "show", "cases").stdout.split())
    assert "Egger's test by the inverse square root of the sample size, as planned: t(11)" in shown
    diff = " ".join(cli("runs", "diff", "cases", "--full").stdout.split())
    assert "from standard error to inverse square root of the sample size" in diff
