"""Effects corrected for unreliability: metafor's pooled results by the closed form, and words."""

from __future__ import annotations

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
