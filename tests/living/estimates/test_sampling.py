"""Formulas of sampling variances and small-sample correction as plans choose them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import Result
from pydantic import ValidationError

from review.living.estimates.effects import TrialEffects, trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.reports.differences import plan_differences
from review.living.runs.contents import RunInputs, TrialInput
from review.measures import AnalysisKind, Family, Measure
from review.protocol.plan_texts import plan_from, texts_of
from review.protocol.rules import Plan
from review.protocol.sampling import planned_formulas
from tests.export.reproduction.synthetic import arm, of_means, plan, trial
from tests.tiers import MOSTLY_ON_SQLITE

HERE = Path(__file__).parent / "sampling"
SETS = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
FITS = [(name, fit) for name, found in SETS.items() for fit in found["fits"]]


def inputs(chosen: Plan, trials: list[TrialInput]) -> RunInputs:
    return RunInputs(plan=chosen, trials=tuple(trials), left_out=())


def effects(chosen: Plan, *trials: TrialInput) -> TrialEffects:
    return trial_effects(inputs(chosen, list(trials)))


def of_row(number: int, row: dict[str, float]) -> TrialInput:
    sides: list[dict[str, Any]] = [
        {"n": row[f"n{i}i"], "events": row[cell]}
        if "ai" in row
        else {"n": row[f"n{i}i"], "mean": row[f"m{i}i"], "sd": row[f"sd{i}i"]}
        for i, cell in ((1, "ai"), (2, "ci"))
    ]
    return trial(
        number, intervention=(arm("video", **sides[0]),), comparator=(arm("in person", **sides[1]),)
    )


def test_each_data_set_and_each_formula_of_plans_is_there() -> None:
    assert len(SETS) == 3
    assert len(FITS) == 20
    told = {(fit["measure"], fit["vtype"]) for _, fit in FITS}
    two = {m for m in Measure if m.facts.family is not Family.CHANGES}  # these: test_changes
    measures = {m for m in two if any(m.is_planned(kind) for kind in AnalysisKind)}
    chosen = {(m, v) for m in measures for v in planned_formulas(m) if len(planned_formulas(m)) > 1}
    assert told == chosen


@pytest.mark.parametrize(("name", "fit"), FITS)
def test_plans_give_metafors_numbers(name: str, fit: dict[str, Any]) -> None:
    chosen = plan(fit["measure"], vtype=fit["vtype"], correct=fit["correct"], test="knha")
    trials = [of_row(i, row) for i, row in enumerate(SETS[name]["rows"], 1)]
    found = effects(chosen, *trials)
    np.testing.assert_allclose(found.yi, fit["yi"], rtol=1e-9)
    np.testing.assert_allclose(found.vi, fit["vi"], rtol=1e-9)
    (result,) = pool_inputs([(inputs(chosen, trials), found)])
    line = result.pooled
    assert line.estimate == pytest.approx(fit["estimate"], rel=1e-6)
    assert line.se == pytest.approx(fit["se"], rel=1e-6)
    assert line.tau2 == pytest.approx(fit["tau2"], rel=1e-6, abs=1e-9)
    assert line.I2_q == pytest.approx(fit["I2_q"], rel=1e-6)


def test_what_a_plan_chose_is_in_the_recipe_and_defaults_are_not() -> None:
    told = effects(plan("SMD", vtype="UB", correct=False), of_means(1)).recipes[0]
    assert "sampling variances are by the unbiased formula (vtype UB)" in told
    assert "small-sample bias is not corrected" in told
    usual = effects(plan("SMD"), of_means(1)).recipes[0]
    assert "vtype" not in usual
    assert "small-sample" not in usual


def test_a_ready_estimate_keeps_its_variance_and_says_so() -> None:
    ready = trial(1, contrast=arm("video", estimate=0.31, variance=0.04, metric="SMD"))
    found = effects(plan("SMD", vtype="UB"), ready)
    assert found.vi[0] == 0.04
    assert "not the plan's choice" in found.recipes[0]


def test_a_crossover_trial_has_the_variance_of_its_periods_and_says_so() -> None:
    crossed = of_means(1).model_copy(update={"crossover": True})
    usual, chosen = (
        effects(plan("SMD", vtype=vtype, crossover_correlation=0.5), crossed)
        for vtype in ("LS", "UB")
    )
    assert chosen.vi[0] == usual.vi[0]
    assert "(by the periods' variances, not vtype UB)" in chosen.recipes[0]
    assert "vtype" not in usual.recipes[0]


def test_of_adjusted_means_the_part_that_covariates_explain_is_left_out() -> None:
    def adjusted(share: float) -> TrialInput:
        arms = [
            arm(name, n=n, mean=mean, se=0.22, r_squared=share)
            for name, n, mean in (("video", 50, 6.4), ("in person", 48, 5.2))
        ]
        return trial(1, adjusted=True, intervention=arms[:1], comparator=arms[1:])

    for vtype in ("LS", "LS2", "UB", "H0"):
        found = effects(plan("SMD", vtype=vtype), adjusted(0.3))
        if vtype == "H0":
            assert found.vi[0] == pytest.approx(0.7 * (1 / 50 + 1 / 48))
        if vtype == "LS2":
            usual = effects(plan("SMD", vtype="LS"), adjusted(0.3))
            j = 1 - 3 / (4 * 96 - 1)
            ls2 = j**2 * (0.7 * (1 / 50 + 1 / 48) + (usual.yi[0] / j) ** 2 / (2 * 98))
            assert found.vi[0] == pytest.approx(ls2, rel=1e-4)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"measure": "OR", "vtype": "UB"}, "vtype of OR is one of LS, not UB"),
        ({"measure": "MD", "vtype": "UB"}, "vtype of MD is one of LS, HO, not UB"),
        (
            {"measure": "MD", "correct": False},
            "MD has no small-sample correction; CVRC, ROM, ROMC, SMCC, .*SMD, SMDH",
        ),
        ({"measure": "RD", "vtype": "UB", "method": "MH"}, "method MH pools counts"),
        ({"measure": "SMD", "vtype": "UB", "several_arms": "covariance"}, "share no arm"),
        ({"measure": "SMD", "vtype": "AV"}, "vtype"),
        (
            {"measure": "SMCC", "kind": "single_arm", "vtype": "UB"},
            "vtype of SMCC is one of LS, LS2",
        ),
        ({"measure": "MC", "kind": "single_arm", "correct": False}, "MC has no small-sample"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(**values)


def test_the_choice_is_kept_out_of_plans_that_do_not_make_it() -> None:
    bare, chosen = plan("SMD"), plan("SMD", vtype="UB", correct=False)
    assert {"vtype", "correct"}.isdisjoint(bare.content)
    assert {"vtype", "correct"}.isdisjoint(bare.model_dump(mode="json"))
    assert chosen.content["vtype"] == "UB"
    assert chosen.content["correct"] is False
    assert bare.sha256 == plan("SMD", vtype="LS", correct=True).sha256 != chosen.sha256


def test_the_form_and_the_report_speak_of_it() -> None:
    told = plan("SMD").model_copy(update={"title": "T"})
    chosen = told.model_copy(update={"vtype": "UB", "correct": False})
    texts = texts_of(chosen)
    assert (texts["vtype"], texts["correct"]) == ("UB", "no")
    assert plan_from(texts) == chosen
    assert [one.words for one in plan_differences(told, chosen)] == [
        "formula of sampling variances from large sample to unbiased",
        "small-sample correction from corrected for small samples to not corrected",
    ]


@MOSTLY_ON_SQLITE
def test_by_command_a_revised_choice_is_run_said_and_told_as_a_change(
    cli: Callable[..., Result], tmp_path: Path
) -> None:
    rows = SETS["strokes"]["rows"]
    lines = ["study,arm,treatment,instrument,timepoint,n,mean,sd"]
    for i, row in enumerate(rows, 1):
        for side, name in ((1, "special"), (2, "usual")):
            cells = (row[f"{cell}{side}i"] for cell in ("n", "m", "sd"))
            lines.append(f"Trial {i},{name},{name},days,end," + ",".join(map(str, cells)))
    (tmp_path / "arms.csv").write_text("\n".join(lines), encoding="utf-8")
    file = tmp_path / "protocol.yaml"
    file.write_text(yaml.safe_dump({
        "review": {"slug": "stroke", "title": "Stroke"},
        "outcomes": [{"slug": "stay", "name": "Stay"}],
        "instruments": [
            {"slug": "days", "name": "Days", "outcome": "stay", "higher_is_better": True}
        ],
    }), encoding="utf-8")  # fmt: skip
    cli("new", "--file", str(file))
    cli("extract", "import", tmp_path / "arms.csv")
    asked = [
        "--title", "Stay", "--outcome", "stay", "--intervention", "special",
        "--intervention-treatment", "special", "--comparator", "usual",
        "--comparator-treatment", "usual", "--test", "knha",
    ]  # fmt: skip
    cli("analysis", "add", "stay", *asked)
    cli("repool")
    assert "as planned" not in cli("runs", "show", "stay").stdout
    cli("analysis", "revise", "stay", *asked, "--vtype", "UB", "--no-correct", "--reason", "Asked")
    cli("repool")
    shown = " ".join(cli("runs", "show", "stay").stdout.split())
    assert "formula (vtype UB); small-sample bias is not corrected, as planned." in shown
    assert "; from Q " in shown
    told = " ".join(cli("runs", "diff", "stay", "--full").stdout.split())
    assert "formula of sampling variances from large sample to unbiased" in told
    as_json = json.loads(cli("runs", "show", "stay", "--json").stdout)
    line = as_json["results"]["pooled"]
    chosen = ("SMD", "UB", False)
    (by_r,) = (
        fit
        for name, fit in FITS
        if name == "strokes" and (fit["measure"], fit["vtype"], fit["correct"]) == chosen
    )
    assert line["estimate"] == pytest.approx(by_r["estimate"], rel=1e-6)
    assert as_json["shown"]["I2_Q"] == pytest.approx(by_r["I2_q"], rel=1e-6)
