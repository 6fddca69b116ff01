"""Mantel-Haenszel and Peto in planned analyses, against metafor 3.8-1 (rma.mh, rma.peto).

The trials are those of Fleiss 1993 on aspirin after myocardial infarction, which RevMan's example
review holds too: OR 0.8968656 (0.8405144, 0.9569947), chi² 9.946056.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from review.errors import InvalidDataError
from review.extraction.numbers import ReportedNumbers
from review.living.estimates.counts import pool_cells, pool_tables
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs, pool_prefixes
from review.living.reports.sections import pooled_lines
from review.living.runs.contents import ArmInput, RunInputs, Source, TrialInput
from review.living.runs.results import PooledLine, RunResults
from review.living.runs.scales import scale_of_run
from review.protocol.rules import Plan

COUNTS = (
    (49, 615, 67, 624), (44, 758, 64, 771), (102, 832, 126, 850), (32, 317, 38, 309),
    (85, 810, 52, 406), (246, 2267, 219, 2257), (1570, 8587, 1720, 8600),
)  # fmt: skip
METAFOR = {
    "OR": (-0.1088493045070, 0.0331087145299, 9.9460559832201, 72.8798402439256),
    "RR": (-0.0903532373131, 0.0274816754402, 9.9284873441131, 74.7076655892952),
    "RD": (-0.01426349883586, 0.00433837411637, 10.46111875069566, 61.67224567994592),
    "PETO": (-0.1088740593955, 0.0330997059236, 9.9678231634920, 72.8668807350940),
}
"""Estimate, standard error, Q and the last trial's weight in percent."""

MIXED_MODELS = {
    "UM.FS": (-0.1089167, 0.0331190, 0.0),
    "UM.RS": (-0.1088692, 0.0331035, 0.0),
    "CM.EL": (-0.1279204, 0.0708378, 0.0076584),
    "CM.AL": (-0.0903927, 0.0301746, 0.0),
}
"""Estimate, standard error and tau² by rma.glmm; of UM.RS its common-effect fit, whose likelihood
is higher by 0.0058 than that of the tau² of 0.0072 where its search ends."""


def plan(measure: str, **more: Any) -> Plan:
    return Plan.model_validate(
        {
            "title": "Death",
            "outcome": "death",
            "intervention": {"label": "Aspirin", "treatment": ["a"]},
            "comparator": {"label": "Control", "treatment": ["b"]},
            "measure": measure,
            "method": "PETO" if measure == "PETO" else "MH",
            **more,
        }
    )


def side(**numbers: Any) -> tuple[ArmInput, ...]:
    source = Source(result_id=1, entry_kind="single", report=None, page=None)
    return (ArmInput(arm="arm", numbers=ReportedNumbers(**numbers), source=source),)


def trials(*, higher: bool = True) -> tuple[TrialInput, ...]:
    return tuple(
        TrialInput(
            study_id=number,
            study=f"Trial {number}",
            year=1970 + number,
            instrument="death",
            higher_is_better=higher,
            rater="not_reported",
            timepoint="post",
            analysis_set="not_reported",
            intervention=side(n=n1, events=a),
            comparator=side(n=n2, events=c),
        )
        for number, (a, n1, c, n2) in enumerate(COUNTS, start=1)
    )


def pooled(plan: Plan, given: tuple[TrialInput, ...]) -> RunResults:
    inputs = RunInputs(plan=plan, trials=given, left_out=())
    return pool_inputs([(inputs, trial_effects(inputs))])[0]


@pytest.mark.parametrize("measure", METAFOR)
def test_the_pooled_line_is_metafors(measure: str) -> None:
    estimate, se, q, weight = METAFOR[measure]
    results = pooled(plan(measure), trials())
    line = results.pooled
    assert line.estimate == pytest.approx(estimate, abs=1e-11)
    assert line.se == pytest.approx(se, abs=1e-11)
    homogeneity = (line.Q, float(line.Q_df))
    assert homogeneity == pytest.approx((q, 6.0), abs=1e-9)
    assert results.effects[-1].weight == pytest.approx(weight, abs=1e-9)
    assert line.ci == line.z_ci
    assert (line.tau2, line.pi, line.test, line.ddf) == (None, None, "z", None)
    assert pytest.approx(100 * (q - 6) / q) == line.I2


def test_mixed_models_are_planned_as_rma_glmm_has_them() -> None:
    """rma.glmm of metafor 3.8-1, control as in tests/synthesis/glmm/generate.R."""
    for method, (estimate, se, tau2) in MIXED_MODELS.items():
        results = pooled(plan("OR", method=method), trials())
        line = results.pooled
        assert line.estimate == pytest.approx(estimate, abs=1e-4), method
        assert line.se == pytest.approx(se, rel=5e-3), method
        assert line.tau2 == pytest.approx(tau2, abs=2e-5), method
        assert line.pi is not None
        assert (line.test, line.method, line.ddf) == ("z", method, None)
        assert line.tau2_ci is None
        turned = pooled(plan("OR", method=method), trials(higher=False)).pooled
        assert turned.estimate == -line.estimate
        assert turned.ci == (-line.ci[1], -line.ci[0])


def test_a_single_arms_proportion_is_planned_by_a_mixed_model() -> None:
    the_plan = plan("PLO", kind="single_arm", method="UM.RS")
    given = tuple(
        trial.model_copy(update={"comparator": (), "side": "Aspirin"}) for trial in trials()
    )
    line = pooled(the_plan, given).pooled
    # rma.glmm(measure = "PLO", xi, ni, nAGQ = 25) of metafor 3.8-1
    assert (line.estimate, line.tau2) == pytest.approx((-2.148610042, 0.130125238), abs=1e-6)
    assert line.natural is not None
    assert line.natural.estimate == pytest.approx(1 / (1 + math.exp(-line.estimate)))


def test_the_published_odds_ratio_with_death_as_what_is_worse() -> None:
    line = pooled(plan("OR"), trials(higher=False)).pooled
    assert math.exp(-line.estimate) == pytest.approx(0.8968656, abs=5e-8)
    assert math.exp(-line.ci[1]) == pytest.approx(0.8405144, abs=5e-8)
    assert math.exp(-line.ci[0]) == pytest.approx(0.9569947, abs=5e-8)
    assert pytest.approx(9.946056, abs=5e-7) == line.Q
    assert line.notes == (
        "Events as counted, Aspirin against Control: OR 0.8968656 (0.8405144, 0.9569947).",
    )


def test_the_cumulative_line_ends_with_the_pooled_one() -> None:
    the_plan, given = plan("OR"), trials()
    effects = trial_effects(RunInputs(plan=the_plan, trials=given, left_out=()))
    steps = list(pool_prefixes(the_plan, effects.yi, effects.vi, given))
    assert [step.k for step in steps] == [1, 2, 3, 4, 5, 6, 7]
    assert steps[0].estimate == pytest.approx(math.log(49 * 557 / (566 * 67)))
    assert steps[-1].estimate == pooled(the_plan, given).pooled.estimate


def test_what_cannot_be_pooled_by_counts_is_said() -> None:
    mixed = (trials()[0], trials(higher=False)[1])
    with pytest.raises(InvalidDataError, match="good by one instrument"):
        pooled(plan("OR"), mixed)
    ready = trials()[0].model_copy(
        update={
            "intervention": (),
            "comparator": (),
            "contrast": side(estimate=0.1, se=0.1, metric="log OR")[0],
        }
    )
    with pytest.raises(InvalidDataError, match="Trial 1 gives no counts"):
        pooled(plan("OR"), (ready, trials()[1]))
    none = trials()[0].model_copy(update={"intervention": side(n=9, events=0)})
    with pytest.raises(InvalidDataError, match="no estimate"):
        pooled(plan("OR"), (none,))


@pytest.mark.parametrize(
    ("measure", "more", "words"),
    [
        ("SMD", {}, "pools IRD, IRR, OR, RD, RR"),
        ("OR", {"method": "PETO"}, "pools PETO"),
        ("OR", {"test": "adhoc"}, "goes with test z"),
    ],
)
def test_a_plan_that_does_not_suit_the_method_is_refused(
    measure: str, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        plan(measure, **more)


def test_a_plan_by_counts_reads_back_as_itself() -> None:
    the_plan = plan("OR")
    assert the_plan.test == "z"
    assert Plan.model_validate(the_plan.model_dump(mode="json")) == the_plan


@pytest.mark.parametrize("method", ["MH", "EE"])
def test_a_common_effect_has_no_variance_between_trials(method: str) -> None:
    results = pooled(plan("OR", method=method), trials())
    assert results.pooled.tau2 is None
    inputs = RunInputs(plan=plan("OR", method=method), trials=trials(), left_out=())
    shown = pooled_lines(results.pooled, scale_of_run(inputs))
    assert "I² (%)" in shown
    assert not {"tau²", "prediction interval"} & shown.keys()


def test_the_zeros_of_older_runs_are_read_as_none() -> None:
    variants = {"variants": ["fixed", "dersimonian_laird", "leave_one_out"], "test": "z"}
    new = pooled(plan("OR", method="EE", **variants), trials())
    old = new.model_dump(mode="json")
    old["pooled"]["tau2"] = 0.0
    for line in old["variants"]:
        line["tau2"] = line["tau2"] or 0.0
    assert RunResults.model_validate(old) == new
    assert [line.tau2 is None for line in new.variants[:2]] == [True, False]


def test_the_empty_profile_interval_of_older_runs_is_read_as_empty() -> None:
    alike = tuple(
        trial.model_copy(update={"study_id": i, "study": str(i)})
        for i, trial in enumerate(trials()[:1] * 6)
    )
    line = pooled(plan("OR", method="REML", test="adhoc"), alike).pooled
    assert (line.tau2, line.tau2_ci, line.tau2_ci_empty) == (0.0, None, True)
    old = line.model_dump(mode="json") | {
        "tau2_ci": [0.0, 0.0],
        "notes": ["tau2 interval empty: Q below its lower quantile; reported as 0 to 0"],
    }
    assert PooledLine.model_validate(old) == line


def test_identical_effects_have_no_hartung_knapp_test() -> None:
    alike = tuple(
        trial.model_copy(update={"study_id": i, "study": str(i)})
        for i, trial in enumerate(trials()[:1] * 3)
    )
    line = pooled(plan("OR", method="REML", test="knha"), alike).pooled
    assert (line.se, line.stat, line.p) == (0.0, None, None)
    assert any("no test" in note for note in line.notes)


CLUSTERS = {"cluster_size": 12.0, "icc": 0.05}
"""Their design effect is 1.55."""


def smaller(*, whole: bool = False) -> list[list[float]]:
    """The cells of all trials, those of the first as of fewer independent persons."""
    tables: list[list[float]] = [[a, n1 - a, c, n2 - c] for a, n1, c, n2 in COUNTS]
    tables[0] = [round(x / 1.55) if whole else x / 1.55 for x in tables[0]]
    return [list(column) for column in zip(*tables, strict=True)]


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "PETO"])
def test_counts_of_clusters_are_divided_by_the_design_effect(measure: str) -> None:
    one, *rest = trials()
    chosen = plan(measure)
    line = pooled(chosen, (one.model_copy(update=CLUSTERS), *rest)).pooled
    by_hand = pool_cells(smaller(), chosen.method, chosen.measure, level=0.95)
    for name in ("estimate", "se", "Q", "I2"):
        assert getattr(line, name) == pytest.approx(getattr(by_hand, name), rel=1e-12)
    assert line.se > pooled(chosen, trials()).pooled.se
    assert line.notes[-1] == (
        "Randomised by clusters, events and persons divided by the design effect (Cochrane "
        "Handbook 23.1.4): Trial 1 (1.55, ICC 0.05)."
    )


BY_METAFOR: dict[str, Any] = json.loads(
    (Path(__file__).parent / "clusters" / "clusters.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("how", ["OR", "RR", "RD", "PETO", "UM.FS", "CM.AL"])
@pytest.mark.parametrize("name", BY_METAFOR)
def test_effective_counts_of_three_data_sets_follow_metafor(name: str, how: str) -> None:
    """Every second trial randomised by clusters of 15, ICC 0.03; likelihoods to 1e-4, as lme4's."""
    mixed = "." in how
    chosen = plan("OR" if mixed else how, **({"method": how} if mixed else {}))
    given = tuple(
        trials()[0].model_copy(
            update={
                "study_id": i,
                "study": f"Trial {i}",
                "intervention": side(n=int(n1), events=int(a)),
                "comparator": side(n=int(n2), events=int(c)),
                **({"cluster_size": 15.0, "icc": 0.03} if i % 2 else {}),
            }
        )
        for i, (a, n1, c, n2) in enumerate(BY_METAFOR[name]["counts"], 1)
    )
    found = pool_tables(chosen, given)
    expected = BY_METAFOR[name]["fits"][how]
    near = 1e-4 if mixed else 1e-10
    assert found.estimate == pytest.approx(expected["estimate"], rel=near)
    assert found.se == pytest.approx(expected["se"], rel=10 * near)


@pytest.mark.parametrize("method", [*MIXED_MODELS])
def test_likelihoods_count_whole_persons_of_clusters(method: str) -> None:
    one, *rest = trials()
    chosen = plan("OR", method=method)
    line = pooled(chosen, (one.model_copy(update=CLUSTERS), *rest)).pooled
    by_hand = pool_cells(smaller(whole=True), method, chosen.measure, level=0.95)
    assert (line.estimate, line.se, line.tau2) == (by_hand.estimate, by_hand.se, by_hand.tau2)
    assert "the design effect, to whole persons (Cochrane" in line.notes[-1]


def test_a_single_trial_of_clusters_has_the_variance_that_the_design_effect_explains() -> None:
    """Closed form: each cell smaller by 1.55, the log odds ratio's variance larger by as much."""
    (one,) = trials()[:1]
    line = pooled(plan("OR"), (one.model_copy(update=CLUSTERS),)).pooled
    alone = pooled(plan("OR"), (one,)).pooled
    assert line.estimate == pytest.approx(alone.estimate, rel=1e-12)
    assert line.se == pytest.approx(alone.se * 1.55**0.5, rel=1e-12)


def test_clusters_that_leave_no_person_are_refused() -> None:
    one, *rest = trials()
    vast = one.model_copy(update={"cluster_size": 5000.0, "icc": 1.0})
    with pytest.raises(InvalidDataError, match=r"an arm of Trial 1 has less than half a person"):
        pooled(plan("OR", method="CM.AL"), (vast, *rest))


@pytest.mark.parametrize("method", ["MH", "CM.EL"])
def test_counts_of_crossover_trials_are_pooled_with_a_word(method: str) -> None:
    one, *rest = trials()
    as_counted = pooled(plan("OR", method=method), trials()).pooled
    given = (one.model_copy(update={"crossover": True}), *rest)
    line = pooled(plan("OR", method=method), given).pooled
    assert (line.estimate, line.ci) == (as_counted.estimate, as_counted.ci)
    assert line.notes[: len(as_counted.notes)] == as_counted.notes
    assert line.notes[-1].endswith("conservative: Trial 1.")
