"""Plans with random effects on data sets of metadat, against metafor's rma.mv and clubSandwich."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
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
from tests.living.levels import levels_plan

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "levels" / "levels.json").read_text("utf-8")
)
CASES = REFERENCE["cases"]
SOURCE = Source(result_id=1, entry_kind="single", report=None, page=None)


def trials_of(plan: Plan, data: dict[str, list[Any]]) -> tuple[TrialInput, ...]:
    """Return a trial input for each row: a study's results one after the other."""
    names = [name for name in plan.characteristics if name != "year"]
    studies = list(dict.fromkeys(data["study"]))
    seen: dict[tuple[str, str], int] = {}
    found = []
    for row, (study, y, v) in enumerate(zip(data["study"], data["yi"], data["vi"], strict=True)):
        arm = data["arm"][row] if "arm" in data else "a"
        place = seen[study, arm] = seen.get((study, arm), 0) + 1
        sizes = (data["n1"][row], data["n2"][row]) if "n1" in data else (50, 50)
        against = data["versus"][row] if "versus" in data else "b"
        sides = [
            ArmInput(arm=name, numbers=numbers, source=SOURCE)
            for name, numbers in (
                (arm, ReportedNumbers(n=sizes[0], estimate=y, variance=v / 2)),
                (against, ReportedNumbers(n=sizes[1], estimate=0.0, variance=v / 2)),
            )
        ]
        found.append(
            TrialInput(
                study_id=studies.index(study) + 1,
                study=study,
                year=data["year"][row] if "year" in data else None,
                instrument=f"scale {place}",
                higher_is_better=True,
                rater="client",
                timepoint="post",
                analysis_set="itt",
                intervention=(sides[0],),
                comparator=(sides[1],),
                measured=f"scale {place}, {arm}",
                characteristics=tuple(
                    Characteristic(name=name, value=data[name][row]) for name in names
                ),
            )
        )
    return tuple(sorted(found, key=lambda trial: trial.study_id))


def run(plan: Plan, trials: tuple[TrialInput, ...]) -> RunResults:
    inputs = RunInputs(plan=plan, trials=trials, left_out=())
    (found,) = pool_inputs([(inputs, trial_effects(inputs))])
    return found


def planned(random: str, **more: Any) -> Plan:
    return levels_plan(measure="GEN", random=[random], rho=more.pop("rho", 0.0), **more)


def near(expected: Any, rel: float = 1e-5) -> Any:
    return pytest.approx(expected, rel=rel, abs=1e-6)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['set']} {case['random']}")
def test_numbers_are_those_of_rma_mv(case: dict[str, Any]) -> None:
    """To 1e-5, as far as its search goes; no likelihood is lower than where that ended."""
    plan = planned(case["random"], **case["plan"])
    data = REFERENCE["data"][case["set"]]
    trials = trials_of(plan, data)
    found = run(plan, trials)
    line, levels = found.pooled, found.levels
    assert levels is not None
    assert -1e-9 <= levels.loglik - case["loglik"] < 1e-7
    assert (line.estimate, line.se) == near((case["beta"], case["se"]))
    assert line.p == near(case["pval"], 1e-4)
    assert (*line.ci, *(line.pi or ())) == near((*case["ci"], *case["pi"]))
    assert near(case["QE"], 1e-8) == line.Q
    assert levels.aic == pytest.approx(case["aic"], abs=1e-6)
    assert [one.groups for one in levels.terms] == case["groups"]
    for place, one in enumerate(levels.terms):
        assert one.sigma2 == pytest.approx(case["sigma2"][place], rel=5e-5, abs=1e-7)
        assert one.i2 == pytest.approx(case["i2"][place], rel=5e-5, abs=1e-4)
        assert one.stat == pytest.approx(max(0.0, case["lrt"][place]), rel=1e-5, abs=1e-6)
    assert line.tau2 == pytest.approx(sum(case["sigma2"]), rel=5e-5)
    by_row = sorted(range(len(data["yi"])), key=lambda i: trials_rank(data["study"], i))
    assert [effect.weight for effect in found.effects] == near(
        [case["weights"][i] for i in by_row], 1e-4
    )
    if "robust" in case:
        assert levels.robust is not None
        told = (levels.robust.se, levels.robust.df)
        assert told == near((case["robust"]["se"], case["robust"]["df"]), 5e-5)
        assert levels.robust.p == near(case["robust"]["p"], 1e-4)
    else:
        assert levels.robust is None or levels.clusters < 20


def trials_rank(studies: list[str], row: int) -> int:
    """Studies stand in the order in which they appear."""
    return list(dict.fromkeys(studies)).index(studies[row])


def test_no_case_was_dropped() -> None:
    assert len(CASES) == 11
    assert len({case["set"] for case in CASES}) == 4
    assert sum("robust" in case for case in CASES) == 6
    assert any("phi" in case["plan"] for case in CASES)
    assert any("several_arms" in case["plan"] for case in CASES)


FEW: dict[str, list[Any]] = {
    "study": ["A", "A", "B", "C", "C", "D"],
    "yi": [0.1, 0.5, 0.3, 0.9, 0.2, -0.1],
    "vi": [0.04, 0.05, 0.03, 0.06, 0.05, 0.04],
    "country": ["NL"] * 6,
}


def of_rows(*rows: int) -> dict[str, list[Any]]:
    return {name: [values[i] for i in rows] for name, values in FEW.items()}


def test_a_group_alone_has_no_variance_and_the_rest_is_fitted() -> None:
    plan = planned("country / study / result", rho=0.5)
    found = run(plan, trials_of(plan, FEW))
    without = run(planned("study / result", rho=0.5), trials_of(plan, FEW))
    assert found.pooled.estimate == without.pooled.estimate
    assert found.levels is not None
    country, study, result = found.levels.terms
    assert (country.groups, country.sigma2, country.note) == (
        1, None, "one group only: nothing differs between groups",
    )  # fmt: skip
    assert study.sigma2 is not None
    assert result.sigma2 is not None
    assert any("random effect of country: one group only" in note for note in found.pooled.notes)


def test_one_result_a_study_is_the_ordinary_model_and_says_so() -> None:
    rows = of_rows(0, 2, 3, 5)
    plan = planned("study / result", rho=0.5, test="t")
    found = run(plan, trials_of(plan, rows))
    alone = pool(rows["yi"], rows["vi"], method="REML", test="t")
    assert (found.pooled.estimate, found.pooled.se) == near((alone.estimate, alone.se), 1e-8)
    assert found.pooled.ci == near(alone.ci, 1e-8)
    assert found.levels is not None
    assert found.levels.terms[1].note == "the same groups as study, whose variance stands for both"
    assert found.levels.assumed == ()


@pytest.mark.parametrize("rows", [(0,), (0, 1)])
def test_one_study_is_told_by_what_it_has(rows: tuple[int, ...]) -> None:
    plan = planned("study / result", rho=0.5)
    found = run(plan, trials_of(plan, of_rows(*rows)))
    assert found.pooled.k == 1
    assert any("random effect of study: one group only" in note for note in found.pooled.notes)
    assert np.isfinite([found.pooled.estimate, found.pooled.se, *found.pooled.ci]).all()
    if len(rows) == 1:
        assert found.pooled.estimate == near(FEW["yi"][0], 1e-12)
        assert found.pooled.ddf is None
        assert any("no random effect is left" in note for note in found.pooled.notes)
        assert any("no degree of freedom" in note for note in found.pooled.notes)


def test_a_variance_of_zero_has_no_test_to_pass() -> None:
    rows = {**FEW, "yi": [0.3] * 6}
    plan = planned("study / result", rho=0.5)
    found = run(plan, trials_of(plan, rows))
    assert found.levels is not None
    assert [(t.sigma2, t.stat, t.p) for t in found.levels.terms] == [(0.0, 0.0, 1.0)] * 2
    assert found.pooled.estimate == pytest.approx(0.3)


def test_order_sign_and_unit_do_not_matter() -> None:
    plan = planned("study / result", rho=0.5)
    plain = run(plan, trials_of(plan, FEW)).pooled
    turned = {**FEW, "yi": [-y for y in FEW["yi"]]}
    assert run(plan, trials_of(plan, turned)).pooled.estimate == near(-plain.estimate, 1e-8)
    wide = {**FEW, "yi": [8 * y for y in FEW["yi"]], "vi": [64 * v for v in FEW["vi"]]}
    of_wide = run(plan, trials_of(plan, wide)).pooled
    assert (of_wide.estimate, of_wide.se) == near((8 * plain.estimate, 8 * plain.se), 1e-8)
    mixed = run(plan, tuple(reversed(trials_of(plan, FEW)))).pooled
    assert (mixed.estimate, mixed.se) == near((plain.estimate, plain.se), 1e-8)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"random": ["study /"]}, "lacks a name"),
        ({"random": ["result"]}, "name the study too"),
        ({"random": [], "phi": 0.5}, "phi is of random effects"),
        ({"method": "DL"}, "REML or ML"),
        ({"method": "EE"}, "REML or ML"),
        ({"test": "knha"}, "test t or z"),
        ({"kind": "association", "predicts": "x", "measure": "ZCOR"}, "of a contrast"),
        ({"several_results": "aggregate"}, "leave out several_results"),
        ({"subgroups": ["rater"]}, "subgroups: of one effect a study"),
        ({"variants": ["three_level"]}, "variants three_level"),
        ({"prediction": "k-2"}, "leave it out"),
        ({"phi": 1.0}, "less than 1"),
    ],
)
def test_what_cannot_be_planned_says_why(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        levels_plan(**changes)


def test_errors_that_cannot_be_are_refused() -> None:
    plan = planned("study / result", rho=0.99, several_arms="covariance")
    rows = {**of_rows(0, 1, 2), "arm": ["x", "x", "x"], "n1": [9, 9, 9], "n2": [9, 9, 9]}
    twice = trials_of(plan, rows)
    same = tuple(trial.model_copy(update={"instrument": "one"}) for trial in twice)
    with pytest.raises(InvalidDataError, match="cannot be"):
        run(plan, same)
