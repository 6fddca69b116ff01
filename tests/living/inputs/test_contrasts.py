"""One unit of analysis a trial: arms, clusters, periods and several results, by hand results."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from review.effects import escalc
from review.extraction.evidence import Allocation, ArmSide, Evidence
from review.extraction.vocabulary import Level, Randomised
from review.living.estimates.effects import TrialEffects, trial_effects
from review.living.inputs.reasons import SelectionError
from review.living.inputs.select import select
from review.living.runs.contents import RunInputs
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisSet, Rater
from tests.extraction.reported import evidence_with


def plan(**given: Any) -> Plan:
    return Plan.model_validate(
        {
            "title": "t",
            "outcome": "mood",
            "intervention": {"label": "remote", "treatment": ["video", "phone"]},
            "comparator": {"label": "waiting", "treatment": ["waiting"]},
            "measure": "MD",
            **given,
        }
    )


ARMS = {"video": 1, "phone": 2, "waiting": 3, "drug": 4}


def item(arm: str, versus: str | None = None, **given: Any) -> Evidence:
    design = Allocation(*given.pop("design", ()))
    level = Level.CONTRAST if versus else Level.ARM
    return evidence_with(
        result_id=given.pop("result_id", ARMS[arm]),
        entry_kind="single", study_id=1, study="Hand 2020", year=2020, excluded_because=None,
        outcome="mood", instrument=given.pop("instrument", "bdi"), instrument_name="BDI",
        higher_is_better=given.pop("higher_is_better", True),
        rater=given.pop("rater", Rater.CLIENT), timepoint=given.pop("timepoint", "post"),
        analysis_set=AnalysisSet.ITT,
        arm=ArmSide(ARMS[arm], arm, arm, None),
        versus=ArmSide(ARMS[versus], versus, versus, None) if versus else None,
        level=given.pop("level", level), design=design, **given,
    )  # fmt: skip


def run(chosen: Plan, *items: Evidence) -> tuple[RunInputs, TrialEffects]:
    inputs = select(chosen, items)
    # what a run keeps must be enough to compute it again
    kept = RunInputs.model_validate_json(inputs.model_dump_json())
    assert kept.fingerprint == inputs.fingerprint
    return inputs, trial_effects(kept)


VIDEO = item("video", n=20, mean=5.0, sd=2.0)
PHONE = item("phone", n=30, mean=4.0, sd=3.0)
WAITING = item("waiting", n=40, mean=3.0, sd=1.0)


def test_several_arms_are_combined_unless_the_plan_says_otherwise() -> None:
    _, found = run(plan(), VIDEO, PHONE, WAITING)
    mean = (20 * 5 + 30 * 4) / 50
    within = 19 * 4 + 29 * 9 + 20 * (5 - mean) ** 2 + 30 * (4 - mean) ** 2
    assert found.yi[0] == pytest.approx(mean - 3, rel=1e-12)
    assert found.vi[0] == pytest.approx(within / 49 / 50 + 1 / 40, rel=1e-12)


def test_a_split_comparator_counts_each_person_once() -> None:
    inputs, found = run(plan(several_arms="split"), VIDEO, PHONE, WAITING)
    y = np.array([2.0, 1.0])
    v = np.array([4 / 20 + 1 / 20, 9 / 30 + 1 / 20])
    assert found.yi[0] == pytest.approx(np.sum(y / v) / np.sum(1 / v), rel=1e-12)
    assert found.vi[0] == pytest.approx(1 / np.sum(1 / v), rel=1e-12)
    assert found.sizes == ((50, 40),)
    assert "split comparator" in found.recipes[0]
    assert inputs.trials[0].result_ids == {1, 2, 3}


def test_the_covariance_of_a_shared_comparator_is_its_means_variance() -> None:
    _, found = run(plan(several_arms="covariance"), VIDEO, PHONE, WAITING)
    matrix = np.array([[4 / 20 + 1 / 40, 1 / 40], [1 / 40, 9 / 30 + 1 / 40]])
    weights = np.linalg.inv(matrix).sum(axis=0)
    assert found.yi[0] == pytest.approx(weights @ [2.0, 1.0] / weights.sum(), rel=1e-12)
    assert found.vi[0] == pytest.approx(1 / weights.sum(), rel=1e-12)


def test_the_covariance_of_standardized_differences_is_gleser_and_olkins() -> None:
    _, found = run(plan(several_arms="covariance", measure="SMD"), VIDEO, PHONE, WAITING)
    columns: dict[str, Any] = {"m1i": [5.0, 4.0], "sd1i": [2.0, 3.0], "n1i": [20, 30],
               "m2i": [3.0, 3.0], "sd2i": [1.0, 1.0], "n2i": [40, 40]}  # fmt: skip
    single = escalc("SMD", columns)
    y = np.asarray(single.yi)
    shared = 1 / 40 + y[0] * y[1] / (2 * 90)
    matrix = np.diag(single.vi) + shared * (1 - np.eye(2))
    weights = np.linalg.inv(matrix).sum(axis=0)
    assert found.yi[0] == pytest.approx(weights @ y / weights.sum(), rel=1e-12)
    assert found.vi[0] == pytest.approx(1 / weights.sum(), rel=1e-12)


def test_contrasts_that_share_their_comparator_need_a_plan_for_it() -> None:
    one = item("video", "waiting", estimate=0.4, se=0.3, metric="SMD", n=20, versus_n=40)
    two = item("phone", "waiting", estimate=0.2, se=0.27, metric="SMD", n=30, versus_n=40)
    with pytest.raises(SelectionError, match="2 contrasts"):
        select(plan(measure="SMD"), [one, two])
    _, found = run(plan(measure="SMD", several_arms="covariance"), one, two)
    shared = 1 / 40 + 0.4 * 0.2 / (2 * 90)
    matrix = np.array([[0.09, shared], [shared, 0.27**2]])
    weights = np.linalg.inv(matrix).sum(axis=0)
    assert found.yi[0] == pytest.approx(weights @ [0.4, 0.2] / weights.sum(), rel=1e-12)
    assert found.vi[0] == pytest.approx(1 / weights.sum(), rel=1e-12)


def test_a_cluster_trial_gets_the_design_effect() -> None:
    cluster = (Randomised.CLUSTER, 11.0, 0.05)
    arms = [item(a.arm.label, design=cluster, n=a.numbers.n, mean=a.numbers.mean, sd=a.numbers.sd)
            for a in (VIDEO, WAITING)]  # fmt: skip
    _, found = run(plan(), *arms)
    assert found.vi[0] == pytest.approx((4 / 20 + 1 / 40) * (1 + 10 * 0.05), rel=1e-12)
    assert "clusters of 11, ICC 0.05" in found.recipes[0]


@pytest.mark.parametrize(
    ("design", "assumed", "reason"),
    [
        ((Randomised.CLUSTER, None, 0.05), None, "mean size"),
        ((Randomised.CLUSTER, 11.0, None), None, "let the plan assume"),
        ((Randomised.CLUSTER, 11.0, None), 0.05, None),
    ],
)
def test_a_cluster_trial_whose_variance_is_not_known_is_left_out_and_said(
    design: tuple[Any, ...], assumed: float | None, reason: str | None
) -> None:
    arms = [item(a.arm.label, design=design, n=a.numbers.n, mean=a.numbers.mean, sd=a.numbers.sd)
            for a in (VIDEO, WAITING)]  # fmt: skip
    inputs = select(plan(icc=assumed), arms)
    if reason is None:
        assert trial_effects(inputs).vi[0] == pytest.approx((4 / 20 + 1 / 40) * 1.5, rel=1e-12)
    else:
        assert reason in inputs.left_out[0].reason


def test_an_analysis_that_took_account_of_clusters_is_left_as_it_is() -> None:
    contrast = item("video", "waiting", design=(Randomised.CLUSTER, 11.0, 0.05), estimate=1.5,
                    se=0.5, metric="MD", clusters_analysed=True)  # fmt: skip
    _, found = run(plan(), contrast)
    assert found.vi[0] == pytest.approx(0.25)


@pytest.mark.parametrize(("measure", "assumed"), [("MD", None), ("MD", 0.6), ("SMD", 0.6)])
def test_a_crossover_trial_uses_the_correlation_of_its_periods(
    measure: str, assumed: float | None
) -> None:
    crossed = (Randomised.CROSSOVER,)
    arms = [item("video", design=crossed, n=20, mean=5.0, sd=2.0),
            item("waiting", design=crossed, n=20, mean=3.0, sd=1.0)]  # fmt: skip
    _, found = run(plan(measure=measure, crossover_correlation=assumed), *arms)
    if assumed is None:
        assert found.vi[0] == pytest.approx(4 / 20 + 1 / 20)
        assert "conservative" in found.recipes[0]
    elif measure == "MD":
        assert found.vi[0] == pytest.approx((4 + 1 - 2 * 0.6 * 2) / 20, rel=1e-12)
    else:
        g = found.yi[0]
        assert found.vi[0] == pytest.approx((1 / 20 + g**2 / 40) * 2 * 0.4, rel=1e-12)
        assert "assumed correlation of the periods 0.6" in found.recipes[0]


def test_several_instruments_are_averaged_where_planned() -> None:
    again = [
        item(a.arm.label, instrument="phq", higher_is_better=False, n=a.numbers.n,
             mean=-(a.numbers.mean or 0), sd=2 * (a.numbers.sd or 0),
             result_id=9 + ARMS[a.arm.label])
        for a in (VIDEO, WAITING)
    ]  # fmt: skip
    with pytest.raises(SelectionError, match="several_results"):
        select(plan(), [VIDEO, WAITING, *again])
    inputs, found = run(plan(several_results="aggregate", rho=0.5), VIDEO, WAITING, *again)
    v = np.array([4 / 20 + 1 / 40, 16 / 20 + 4 / 40])
    assert found.yi[0] == pytest.approx(2.0, rel=1e-12)
    expected = (v.sum() + 2 * 0.5 * math.sqrt(v[0] * v[1])) / 4
    assert found.vi[0] == pytest.approx(expected, rel=1e-12)
    assert found.sizes == ((20, 40),)
    assert len(inputs.trials[0].parts) == 2


def test_what_is_passed_over_is_listed_with_its_reason() -> None:
    late = item("video", timepoint="6 months", n=18, mean=4.0, sd=2.0, result_id=8)
    related = item("video", level=Level.ASSOCIATION, estimate=0.3, metric="r", n=20, result_id=7)
    drug = item("drug", n=20, mean=5.0, sd=2.0)
    inputs, _ = run(plan(timepoints=["post"]), VIDEO, WAITING, late, related, drug)
    told = inputs.trials[0].not_used
    assert len(told) == 3
    assert any("6 months" in line and "not among the planned" in line for line in told)
    assert any("association" in line for line in told)
    assert any("drug" in line and "neither side" in line for line in told)


@pytest.mark.parametrize(
    ("numbers", "mean", "sd"),
    [
        ({"mean": 5.0, "se": 0.5, "n": 16}, 5.0, 2.0),
        # t(15) at 97.5 % is 2.13145
        ({"mean": 5.0, "ci_low": 5 - 2.131449546, "ci_high": 5 + 2.131449546, "n": 16}, 5.0, 4.0),
        ({"median": 5.0, "q1": 4.0, "q3": 6.0, "n": 16}, 5.0, None),
    ],
)
def test_an_arm_takes_part_by_what_its_report_gives(
    numbers: dict[str, Any], mean: float, sd: float | None
) -> None:
    _, found = run(plan(), item("video", **numbers), WAITING)
    assert found.yi[0] == pytest.approx(mean - 3)
    if sd is not None:
        assert found.vi[0] == pytest.approx(sd**2 / 16 + 1 / 40, rel=1e-8)


def test_change_scores_count_where_planned() -> None:
    told: dict[str, Any] = {"baseline_mean": 9.0, "baseline_sd": 2.0, "correlation": 0.5}
    arms = [item("video", n=20, mean=5.0, sd=2.0, **told),
            item("waiting", n=20, mean=8.0, sd=2.0, **told)]  # fmt: skip
    _, found = run(plan(scores="change"), *arms)
    assert found.yi[0] == pytest.approx(-3.0)
    assert found.vi[0] == pytest.approx(2 * 4 / 20)  # SD of change √(4 + 4 - 2 · 0.5 · 4) = 2


@pytest.mark.parametrize(
    "numbers",
    [
        {"t": 2.1},
        {"t": 2.1, "favours": "video"},
        {"f": 2.1**2, "favours": "video"},
        {"estimate": 2.1 * math.sqrt(1 / 20 + 1 / 40), "metric": "d"},
        {"estimate": 4.2, "metric": "mean difference", "t": 2.1},
        {"estimate": 4.2, "metric": "MD", "se": 2.0},
    ],
)
def test_a_contrast_takes_part_by_its_test(numbers: dict[str, Any]) -> None:
    _, found = run(plan(measure="SMD"), item("video", "waiting", n=20, versus_n=40, **numbers))
    d = 2.1 * math.sqrt(1 / 20 + 1 / 40)
    expected = escalc("SMD", {"di": [d], "n1i": [20], "n2i": [40]})
    assert (found.yi[0], found.vi[0]) == pytest.approx(
        (float(expected.yi[0]), float(expected.vi[0])), rel=1e-10
    )


def test_a_statistic_without_a_direction_gives_no_effect() -> None:
    inputs = select(plan(measure="SMD"), [item("video", "waiting", n=20, versus_n=40, f=4.4)])
    assert inputs.trials == ()


def test_an_odds_ratio_is_logged_and_a_log_or_is_a_logarithm_already() -> None:
    ratio = item("video", "waiting", metric="odds ratio", estimate=2.0, ci_low=1.0, ci_high=4.0)
    _, found = run(plan(measure="OR"), ratio)
    z = 1.959963984540054
    assert found.yi[0] == pytest.approx(math.log(2), rel=1e-12)
    assert found.vi[0] == pytest.approx((math.log(4) / (2 * z)) ** 2, rel=1e-12)
    log = item("video", "waiting", metric="log OR", estimate=math.log(2), se=0.3)
    _, found = run(plan(measure="OR"), log)
    assert (found.yi[0], found.vi[0]) == pytest.approx((math.log(2), 0.09), rel=1e-12)
