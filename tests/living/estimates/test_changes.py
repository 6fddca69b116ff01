"""Changes within arms in planned analyses, against metafor 3.8-1 on three data sets."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from review.errors import InvalidDataError
from review.export.drawings.axis import favours
from review.extraction.conversion.changes import change_lacks
from review.extraction.numbers import ReportedNumbers
from review.living.estimates.effects import trial_effects
from review.living.reports.sentence import subject_of
from review.living.reports.within import change_notices
from review.living.runs.contents import RunInputs, TrialInput
from review.living.runs.scales import scale_of_run
from review.measures import Measure
from review.protocol.rules import Plan
from tests.living.estimates.test_counts import plan, pooled, side, trials

BY_METAFOR: dict[str, Any] = json.loads(
    (Path(__file__).parent / "changes" / "changes.json").read_text(encoding="utf-8")
)
MEASURES = ("MC", "SMCC", "SMCR", "SMCRH", "SMCRP", "SMCRPH", "ROMC", "VRC", "CVRC")
OF_SPREAD = ("VRC", "CVRC")


def planned(measure: str, **more: Any) -> Plan:
    return plan(measure, kind="single_arm", method="REML", test="z", **more)


def of_changes(arms: list[dict[str, Any]], **more: Any) -> tuple[TrialInput, ...]:
    return tuple(
        trials()[0].model_copy(
            update={
                "study_id": i,
                "study": f"Trial {i}",
                "intervention": side(**numbers),
                "comparator": (),
                "side": "Aspirin",
                **more,
            }
        )
        for i, numbers in enumerate(arms, 1)
    )


def both_occasions(arm: dict[str, float], **more: Any) -> dict[str, Any]:
    return {
        "n": int(arm["ni"]), "mean": arm["m1i"], "sd": arm["sd2i"], "baseline_mean": arm["m2i"],
        "baseline_sd": arm["sd1i"], "correlation": arm["ri"], **more,
    }  # fmt: skip


def sd_of_change(arm: dict[str, float]) -> float:
    one, two = arm["sd1i"], arm["sd2i"]
    return float((one**2 + two**2 - 2 * arm["ri"] * one * two) ** 0.5)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", BY_METAFOR)
def test_changes_are_metafors_and_so_is_what_they_pool_to(name: str, measure: str) -> None:
    expected = BY_METAFOR[name]
    by_r = expected["fits"][measure]
    results = pooled(planned(measure), of_changes([both_occasions(a) for a in expected["arms"]]))
    assert [one.yi for one in results.effects] == pytest.approx(by_r["yi"], rel=1e-9)
    assert [one.vi for one in results.effects] == pytest.approx(by_r["vi"], rel=1e-9)
    line = results.pooled
    found = (line.estimate, line.se, line.tau2)
    assert found == pytest.approx((by_r["estimate"], by_r["se"], by_r["tau2"]), rel=1e-6)


@pytest.mark.parametrize("name", BY_METAFOR)
def test_formulas_and_no_correction_are_metafors_where_a_plan_chooses_them(name: str) -> None:
    expected = BY_METAFOR[name]
    assert len(expected["chosen"]) == 10
    for by_r in expected["chosen"]:
        how = {key: by_r[key] for key in ("measure", "vtype", "correct")}
        arms = of_changes([both_occasions(a) for a in expected["arms"]])
        results = pooled(planned(**how), arms)
        assert [one.yi for one in results.effects] == pytest.approx(by_r["yi"], rel=1e-9), how
        assert [one.vi for one in results.effects] == pytest.approx(by_r["vi"], rel=1e-9), how
        line = results.pooled
        found = (line.estimate, line.se, line.tau2)
        assert found == pytest.approx((by_r["estimate"], by_r["se"], by_r["tau2"]), rel=1e-6)
        words = "vtype LS2" if by_r["vtype"] == "LS2" else "small-sample bias is not corrected"
        assert words in results.effects[0].recipe


@pytest.mark.parametrize("measure", MEASURES)
def test_the_sd_of_change_says_what_the_correlation_does(measure: str) -> None:
    """Of change and both SDs: the same effect, the correlation by Cochrane Handbook 6.5.2.8."""
    expected = BY_METAFOR["anorexia"]
    told = [
        both_occasions(
            arm, mean_change=arm["m1i"] - arm["m2i"], sd_change=sd_of_change(arm),
            mean=None, correlation=None,
            baseline_mean=arm["m2i"] if measure in ("ROMC", "CVRC") else None,
        )
        for arm in expected["arms"]
    ]  # fmt: skip
    results = pooled(planned(measure), of_changes(told))
    assert [one.yi for one in results.effects] == pytest.approx(expected["fits"][measure]["yi"])
    assert [one.vi for one in results.effects] == pytest.approx(expected["fits"][measure]["vi"])
    first = results.effects[0].recipe
    assert ("from the SDs of scores and of change" in first) is (measure not in ("MC", "SMCC"))


def test_the_grid_of_reference_values_has_not_shrunk() -> None:
    assert {name: len(one["arms"]) for name, one in BY_METAFOR.items()} == {
        "trained": 5, "untrained": 5, "anorexia": 3,
    }  # fmt: skip
    assert all(tuple(one["fits"]) == MEASURES for one in BY_METAFOR.values())


@pytest.mark.parametrize("measure", [m for m in MEASURES if m not in OF_SPREAD])
def test_a_fall_is_better_where_lower_is_better(measure: str) -> None:
    arms = [both_occasions(a) for a in BY_METAFOR["trained"]["arms"]]
    up = pooled(planned(measure), of_changes(arms)).pooled
    down = pooled(planned(measure), of_changes(arms, higher_is_better=False)).pooled
    assert (down.estimate, down.ci) == (-up.estimate, (-up.ci[1], -up.ci[0]))


def test_what_is_assumed_is_said_and_what_is_reported_goes_before() -> None:
    arms = [both_occasions(a) for a in BY_METAFOR["trained"]["arms"]]
    silent = [{**arm, "correlation": None} for arm in arms]
    for measure in ("MC", "SMCR"):
        assuming = planned(measure, change_correlation=0.5)
        mixed = RunInputs(plan=assuming, trials=of_changes([arms[0], *silent[1:]]), left_out=())
        found = trial_effects(mixed)
        by_half = trial_effects(
            RunInputs(
                plan=planned(measure),
                trials=of_changes([arms[0], *({**a, "correlation": 0.5} for a in silent[1:])]),
                left_out=(),
            )
        )
        assert found.vi.tolist() == by_half.vi.tolist()
        told = "correlation of both occasions 0.5, which the plan assumes"
        assert [told in recipe for recipe in found.recipes] == [False, *[True] * 4]
        nothing_compared, assumed = change_notices(mixed)
        assert "regression to the mean" in nothing_compared.what
        assert assumed.what.startswith("of 4 arms the correlation of scores before and after")
        every = RunInputs(plan=assuming, trials=of_changes(arms), left_out=())
        assert len(list(change_notices(every))) == 1
    unassumed = RunInputs(plan=planned("SMCR"), trials=of_changes(silent), left_out=())
    with pytest.raises(InvalidDataError, match="or a plan that assumes one"):
        trial_effects(unassumed)
    means = RunInputs(plan=planned("MN"), trials=of_changes(arms), left_out=())
    assert list(change_notices(means)) == []


def test_a_contrast_of_change_takes_the_assumed_correlation_too() -> None:
    """Hedges' g of change scores: by hand the same as with the correlation reported."""
    one, two = (both_occasions(BY_METAFOR["anorexia"]["arms"][i]) for i in (0, 1))
    base = {"method": "REML", "scores": "change"}
    reported = trials()[0].model_copy(
        update={"intervention": side(**{**one, "correlation": 0.4}),
                "comparator": side(**{**two, "correlation": 0.4})}
    )  # fmt: skip
    silent = trials()[0].model_copy(
        update={"intervention": side(**{**one, "correlation": None}),
                "comparator": side(**{**two, "correlation": None})}
    )  # fmt: skip
    for measure in ("SMD", "MD"):
        (known,) = pooled(plan(measure, **base), (reported,)).effects
        (assumed,) = pooled(plan(measure, **base, change_correlation=0.4), (silent,)).effects
        assert (assumed.yi, assumed.vi) == (known.yi, known.vi)
        assert "0.4, which the plan assumes" in assumed.recipe
        assert "assumes" not in known.recipe


def test_one_arm_alone_is_its_own_estimate() -> None:
    """Closed form: SMCR of one arm, J(19) (38.5 - 30.6)/15, variance 2(1 - r)/n + g²/(2n)."""
    arm = BY_METAFOR["trained"]["arms"][0]
    line = pooled(planned("SMCR"), of_changes([both_occasions(arm)])).pooled
    g = BY_METAFOR["trained"]["fits"]["SMCR"]["yi"][0]
    assert (line.k, line.estimate) == (1, pytest.approx(g))
    assert line.se == pytest.approx((2 * 0.53 / 20 + g**2 / 40) ** 0.5)
    assert line.p is not None


@pytest.mark.parametrize("measure", MEASURES)
def test_a_standardized_change_does_not_know_the_unit(measure: str) -> None:
    arms = [both_occasions(a) for a in BY_METAFOR["anorexia"]["arms"]]
    pounds = [
        {name: x if name in ("n", "correlation") else 2.2046 * x for name, x in arm.items()}
        for arm in arms
    ]
    one, other = (pooled(planned(measure), of_changes(x)).pooled for x in (arms, pounds))
    times = 2.2046 if measure == "MC" else 1.0
    assert other.estimate == pytest.approx(times * one.estimate, rel=1e-7)
    assert other.se == pytest.approx(times * one.se, rel=1e-7)


def test_outputs_say_what_is_pooled_and_which_way_is_better() -> None:
    chosen = planned("SMCR")
    inputs = RunInputs(
        plan=chosen,
        trials=of_changes([both_occasions(a) for a in BY_METAFOR["trained"]["arms"]]),
        left_out=(),
    )
    assert chosen.direction == "Positive values: better after than before, in Aspirin."
    assert subject_of(chosen).what == "the change within Aspirin"
    scale = scale_of_run(inputs)
    assert (scale.name, scale.counts, scale.free_of_units) == ("SMCR", "arms", True)
    assert chosen.has_null
    assert not planned("MN").has_null


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"measure": "SMCR", "scores": "change"}, "leave scores out"),
        ({"measure": "MN", "change_correlation": 0.5}, "is of plans that pool change"),
        ({"measure": "SMCR", "margin": 0.5}, "only a contrast or a network"),
        ({"measure": "SMCR", "kind": "contrast"}, "pools one of"),
        ({"measure": "SMCRD"}, "pools one of"),
    ],
)
def test_what_is_not_of_changes_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(**{"kind": "single_arm", "method": "REML", **given})


def test_ratios_of_means_are_told_as_measured_and_spread_has_no_better_side() -> None:
    arms = [both_occasions(a) for a in BY_METAFOR["trained"]["arms"]]
    lower = of_changes(arms, higher_is_better=False)
    fall = RunInputs(plan=planned("ROMC"), trials=lower, left_out=())
    scale, line = scale_of_run(fall), pooled(planned("ROMC"), lower).pooled
    assert scale.direction(fall.plan) == "ROMC below 1: better after than before, in Aspirin."
    assert scale.value(line.estimate) == pytest.approx(math.exp(-line.estimate))
    rise = RunInputs(plan=planned("ROMC"), trials=of_changes(arms), left_out=())
    assert scale_of_run(rise).direction(rise.plan).startswith("ROMC above 1: better after")
    varied = RunInputs(plan=planned("VRC"), trials=of_changes(arms), left_out=())
    assert scale_of_run(varied).direction(varied.plan) == (
        "VRC above 1: scores vary more after than before, in Aspirin."
    )
    assert (
        varied.plan.direction == "Positive values: scores vary more after than before, in Aspirin."
    )
    assert subject_of(varied.plan).what == "the change of spread within Aspirin"
    assert favours(varied.plan) == ("less spread than before", "more spread than before")


def test_ratios_need_both_occasions() -> None:
    change = ReportedNumbers(n=30, mean_change=2.0, sd_change=4.0)
    assert "SDs before and after" in str(change_lacks(change, Measure.VRC, correlation=0.5))
    spread = ReportedNumbers(n=30, sd=4.0, baseline_sd=5.0)
    assert change_lacks(spread, Measure.VRC, correlation=0.5) is None
    assert "baseline_mean" in str(change_lacks(spread, Measure.ROMC, correlation=0.5))
    below = ReportedNumbers(n=30, mean=-1.0, sd=4.0, baseline_mean=3.0, baseline_sd=5.0)
    assert "does not exist" in str(change_lacks(below, Measure.CVRC, correlation=0.5))


def test_a_plan_that_assumes_nothing_is_stored_as_before() -> None:
    assert "change_correlation" not in planned("SMCR").model_dump(mode="json")
    assert "change_correlation" not in plan("OR").content
    assert planned("SMCR", change_correlation=0.5).content["change_correlation"] == 0.5
