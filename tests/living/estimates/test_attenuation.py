"""Effects corrected for unreliability: metafor's pooled results by the closed form, and words."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from review.errors import InvalidDataError
from review.extraction.numbers import ReportedNumbers
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.runs.contents import ArmInput, Characteristic, RunInputs, Source, TrialInput
from review.living.runs.results import RunResults
from review.protocol.rules import Plan
from review.synthesis import pool
from tests.reference import reference

SOURCE = Source(result_id=1, entry_kind="single", report=None, page=None)


def plan(*reliability: str, **more: Any) -> Plan:
    return Plan.model_validate(
        {
            "title": "Effect",
            "outcome": "outcome",
            "intervention": {"label": "New", "treatment": ["a"]},
            "comparator": {"label": "Old", "treatment": ["b"]},
            "test": "z",
            "reliability": reliability,
            **more,
        }
    )


def run(chosen: Plan, yi: list[float], vi: list[float], alphas: dict[int, Any]) -> RunResults:
    """Pool effects measured by turns with two instruments; some trials have a value of alpha."""
    trials = tuple(
        TrialInput(
            study_id=i,
            study=f"Trial {i:02}",
            year=None,
            instrument="one" if i % 2 else "two",
            higher_is_better=True,
            rater="not_reported",
            timepoint="post",
            analysis_set="not_reported",
            contrast=ArmInput(
                arm="a",
                numbers=ReportedNumbers(estimate=y, variance=v, metric="SMD", n=50, versus_n=50),
                source=SOURCE,
            ),
            characteristics=(
                (Characteristic(name="alpha", value=alphas.get(i)),)
                if "alpha" in chosen.characteristics
                else ()
            ),
        )
        for i, (y, v) in enumerate(zip(yi, vi, strict=True), 1)
    )
    inputs = RunInputs(plan=chosen, trials=trials, left_out=())
    (found,) = pool_inputs([(inputs, trial_effects(inputs))])
    return found


@pytest.mark.parametrize(
    ("dataset", "measure"),
    [("normand1999", "SMD"), ("gibson2002", "SMD"), ("raudenbush1985", "GEN")],
)  # fmt: skip
@pytest.mark.parametrize("r", [0.64, 0.9])
def test_one_reliability_rescales_what_metafor_gives(dataset: str, measure: str, r: float) -> None:
    """d by 1/sqrt(r), variances and tau² by 1/r; tests and I² are the same."""
    (analysis,) = (a for a in reference(dataset).analyses if a.measure == measure)
    theirs = next(x for x in analysis.pool if (x["method"], x["test"]) == ("REML", "z"))
    stated = (f"one = {r}", f"two = {r}")
    line = run(plan(*stated), list(analysis.yi), list(analysis.vi), {}).pooled
    assert line.estimate == pytest.approx(theirs["estimate"] / r**0.5, rel=1e-6)
    assert line.se == pytest.approx(theirs["se"] / r**0.5, rel=1e-6)
    assert line.tau2 == pytest.approx(theirs["tau2"] / r, rel=1e-5)
    assert line.p == pytest.approx(theirs["p"], rel=1e-5)
    assert pytest.approx(theirs["I2"], rel=1e-5) == line.I2


EXPECTED = json.loads((Path(__file__).parent / "attenuation" / "expected.json").read_text())
"""Of metafor, by the script beside it."""

STATED = ("one = 0.93", "two = 0.85", "c = 0.8", "d = 0.74", "e = 0.91")


def associations(ri: list[float], ni: list[int], **given: Any) -> tuple[TrialInput, ...]:
    return tuple(
        TrialInput(
            study_id=i,
            study=f"Trial {i:02}",
            year=None,
            instrument="two" if i % 2 else "one",
            with_instrument="cde"[i % 3],
            higher_is_better=True,
            rater="not_reported",
            timepoint="post",
            analysis_set="not_reported",
            side="New",
            intervention=(
                ArmInput(
                    arm="a", numbers=ReportedNumbers(estimate=r, n=n, metric="r"), source=SOURCE
                ),
            ),
            **given,
        )
        for i, (r, n) in enumerate(zip(ri, ni, strict=True))
    )


def of_associations(chosen: Plan, trials: tuple[TrialInput, ...]) -> RunResults:
    inputs = RunInputs(plan=chosen, trials=trials, left_out=())
    (found,) = pool_inputs([(inputs, trial_effects(inputs))])
    return found


def plan_of(measure: str, *reliability: str, **more: Any) -> Plan:
    return plan(*reliability, kind="association", predicts="other", measure=measure, **more)


@pytest.mark.parametrize("dataset", ["molloy2014", "mcdaniel1994", "crede2010"])
@pytest.mark.parametrize("measure", ["COR", "ZCOR"])
@pytest.mark.parametrize("method", ["REML", "DL", "HS"])
def test_corrected_correlations_pool_as_in_metafor(dataset: str, measure: str, method: str) -> None:
    """Of three data sets, each with both reliabilities by turns, to 1e-6 (tau² 1e-5)."""
    given = EXPECTED[dataset]
    theirs = given["fits"][measure][method]
    trials = associations(given["ri"], given["ni"])
    line = of_associations(plan_of(measure, *STATED, method=method), trials).pooled
    assert line.k == len(given["ri"]) >= 16
    assert line.estimate == pytest.approx(theirs["estimate"], rel=1e-6)
    assert line.se == pytest.approx(theirs["se"], rel=1e-6)
    assert line.tau2 == pytest.approx(theirs["tau2"], rel=1e-5, abs=1e-9)
    assert pytest.approx(theirs["Q"], rel=1e-6) == line.Q


def test_the_variance_of_a_corrected_z_is_that_of_the_delta_method() -> None:
    """Against a derivative by differences."""
    (effect,) = of_associations(plan_of("ZCOR", *STATED), associations([0.4], [53])).effects
    a = math.sqrt(0.93 * 0.8)

    def corrected(z: float) -> float:
        return math.atanh(math.tanh(z) / a)

    z, h = math.atanh(0.4), 1e-5
    assert effect.yi == pytest.approx(corrected(z), rel=1e-12)
    slope = (corrected(z + h) - corrected(z - h)) / (2 * h)
    assert effect.vi == pytest.approx(slope**2 / 50, rel=1e-8)


def test_one_side_alone_is_corrected_and_said() -> None:
    chosen = plan_of("COR", "alpha", "predicts.omega", "one = 0.81")
    own: Mapping[str, Any] = {
        "characteristics": (
            Characteristic(name="alpha"), Characteristic(name="omega", value=0.64),
        )
    }  # fmt: skip
    trials = associations([0.5, 0.5], [50, 50])
    trials = (trials[0].model_copy(update=own), trials[1])
    found = of_associations(chosen, trials)
    assert found.effects[0].yi == pytest.approx(0.5 / (0.9 * 0.8))
    assert found.effects[0].vi == pytest.approx(0.75**2 / 49 / (0.81 * 0.64))
    assert found.effects[1].yi == 0.5
    assert "corrected for unreliability 0.81 (one) and 0.64 (predicts.omega)" in (
        found.effects[0].recipe
    )
    assert found.pooled.notes[-3:] == (
        (
            "Correlations divided by the root of the product of both reliabilities, variances by "
            "the product; reliabilities count as known: one 0.81, Trial 00 0.64 (predicts.omega)."
        ),
        "Not corrected, for no reliability is known: Trial 01 (two), Trial 01 (d).",
        "No trial used the reliability of alpha.",
    )
    assert chosen.characteristics == ("alpha", "omega")


def test_a_correlation_as_large_as_reliabilities_allow() -> None:
    trials = associations([0.9, 0.3], [50, 50])
    with pytest.raises(InvalidDataError, match=r"correlation 0.9 of Trial 00 .* \(0.863\)"):
        of_associations(plan_of("ZCOR", *STATED), trials)
    found = of_associations(plan_of("COR", *STATED), trials)
    assert found.effects[0].yi > 1
    assert found.pooled.notes[-2].startswith("No trial used the reliability of e")
    assert found.pooled.notes[-1] == (
        "Corrected above 1, as chance or too low a reliability does: Trial 00."
    )


def test_another_instrument_of_the_predictor_is_another_run() -> None:
    trials = associations([0.3], [50])
    moved = (trials[0].model_copy(update={"with_instrument": "e"}),)
    one, other = (
        RunInputs(plan=plan_of("COR", *STATED), trials=some, left_out=()).fingerprint
        for some in (trials, moved)
    )
    assert one != other


Y, V = [0.3, 0.5, 0.1, 0.4, 0.2], [0.04, 0.05, 0.03, 0.06, 0.04]


def test_a_trials_own_reliability_goes_before_its_instruments() -> None:
    found = run(plan("alpha", "one = 0.81"), Y, V, {2: 0.64, 3: 0.49})
    factors = [0.81, 0.64, 0.49, 1.0, 0.81]
    y = [a / r**0.5 for a, r in zip(Y, factors, strict=True)]
    v = [b / r for b, r in zip(V, factors, strict=True)]
    assert [e.yi for e in found.effects] == pytest.approx(y)
    assert [e.vi for e in found.effects] == pytest.approx(v)
    assert found.pooled.estimate == pytest.approx(pool(y, v, test="z").estimate, rel=1e-12)
    assert "; corrected for unreliability 0.49 (alpha)" in found.effects[2].recipe
    assert "; not corrected: no reliability" in found.effects[3].recipe
    corrected, not_corrected = found.pooled.notes[-2:]
    assert corrected == (
        "Effects divided by the root of the reliability, variances by the reliability, which "
        "counts as known: one 0.81, Trial 02 0.64 (alpha), Trial 03 0.49 (alpha)."
    )
    assert not_corrected == "Not corrected, for no reliability is known: Trial 04 (two)."


def test_what_is_stated_and_not_used_is_said() -> None:
    found = run(plan("three = 0.9"), Y, V, {})
    assert [e.yi for e in found.effects] == pytest.approx(Y)
    assert found.pooled.notes[-1] == "No trial used the reliability of three."


@pytest.mark.parametrize("value", [0, 1.2, "high"])
def test_a_trials_value_that_is_no_reliability_is_refused(value: Any) -> None:
    with pytest.raises(InvalidDataError, match=f"Trial 02 has {value} as alpha"):
        run(plan("alpha"), Y, V, {2: value})


@pytest.mark.parametrize(
    ("texts", "changes", "words"),
    [
        (("one = 0",), {}, "is no reliability; write an instrument"),
        (("one = much",), {}, "is no reliability"),
        (("one = 0.9", "one = 0.8"), {}, "reliability of one is stated twice"),
        (("one = 0.9",), {"measure": "MD"}, r"corrects standardized mean differences \(SMD\)"),
        (("one = 0.9",), {"several_arms": "covariance"}, "combine or split"),
        (("predicts.alpha",), {}, "predicts.alpha is of an association"),
        (("one = 0.9",), {"kind": "single_arm", "measure": "MN"}, "leave it out"),
    ],
)
def test_a_plan_refuses_what_it_cannot_correct(
    texts: tuple[str, ...], changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(*texts, **changes)


def test_plans_without_any_are_the_same_as_before() -> None:
    assert "reliability" not in plan().model_dump(mode="json")
    assert "reliability" not in plan().content
    assert plan(" one=0.90 ").reliability == ("one = 0.9",)
