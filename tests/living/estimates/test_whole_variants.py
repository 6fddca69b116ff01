"""Sensitivity analyses of networks and several outcomes: each is the model fitted so.

Both scripts compute them again with metafor and without, in ``tests/export/reproduction``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from review.extraction.appraisal.form import Target
from review.extraction.appraisal.rules import Settled
from review.extraction.appraisal.vocabulary import State
from review.extraction.evidence import Evidence
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.inputs.select import select
from review.living.inputs.variants import with_alternatives
from review.living.reports.run_sections import robustness_sections
from review.living.runs.results import RunResults, VariantLine
from review.protocol.rules import Plan
from review.protocol.vocabulary import AnalysisSet, Rater
from tests.living import joint
from tests.living.networks import TRIALS, items_of, means, network_plan, run_of


def results_of(
    plan: Plan, items: Sequence[Evidence], settled: Mapping[Target, Settled] | None = None
) -> RunResults:
    """What a run holds, its variants' own trials selected."""
    inputs = with_alternatives(select(plan, items), items, settled or {})
    (results,) = pool_inputs([(inputs, trial_effects(inputs))])
    return results


def same_as(line: VariantLine, results: RunResults) -> None:
    """Whether a line says what a run of its own says."""
    pooled = results.pooled
    assert line.k == pooled.k
    assert (line.estimate, line.p) == pytest.approx((pooled.estimate, pooled.p), rel=1e-9)
    assert line.ci == pytest.approx(pooled.ci, rel=1e-9)
    assert line.tau2 == (None if pooled.tau2 is None else pytest.approx(pooled.tau2, abs=1e-9))
    assert line.conclusion == results.headline.conclusion.value
    if results.network is not None:
        assert line.others
        for one in line.others:
            own = results.network.comparison(one.treatment, results.network.reference)
            assert (one.estimate, *one.ci) == pytest.approx((own.estimate, *own.ci), rel=1e-9)


def without(items: Sequence[Evidence], study: str) -> list[Evidence]:
    return [item for item in items if item.study != study]


def judged(**of: str) -> dict[Target, Settled]:
    """Trials with a judgement, by number: ``judged(s1="low")``."""
    targets = {Target(f"Synthetic {name[1:]}"): level for name, level in of.items()}
    return {
        target: Settled(target, 1, "rob2-parallel", "1", level, "x", State.AGREED)
        for target, level in targets.items()
    }


@pytest.mark.parametrize("measure", ["MD", "SMD"])
def test_a_networks_variants_are_networks(measure: str) -> None:
    variants = ["fixed", "z_test", "dersimonian_laird", "leave_one_out", "by_rater", "itt_only"]
    items = [
        item._replace(rater=Rater.CLIENT if item.study_id in (2, 5) else Rater.SELF)
        for item in items_of()
    ]
    plan = network_plan(measure=measure, variants=variants, margin=2.0)
    lines = {line.label: line for line in results_of(plan, items).variants}
    changes: dict[str, dict[str, object]] = {
        "common effect": {"method": "EE", "test": "z"},
        "normal interval": {"test": "z"},
        "DerSimonian-Laird, normal interval": {"method": "DL", "test": "z"},
        "intention to treat only": {"analysis_sets": [AnalysisSet.ITT]},
    }
    for label, changed in changes.items():
        own = network_plan(**{"measure": measure, "margin": 2.0, **changed})
        same_as(lines[label], run_of(own, items)[1])
    for study in TRIALS:
        rest = run_of(network_plan(measure=measure, margin=2.0), without(items, study))[1]
        same_as(lines[f"without {study}"], rest)
    by_self = without(without(items, "Synthetic 2"), "Synthetic 5")
    same_as(lines["rated by self"], run_of(network_plan(measure=measure, margin=2.0), by_self)[1])
    assert "no trial of the network has" in (lines["rated by client"].note or "")
    assert len(lines) == 4 + len(TRIALS) + 2


def test_a_trial_that_alone_joins_the_two_says_so() -> None:
    trials = {
        "Synthetic 1": {"video": means(40, 21.3, 6.1), "wait list": means(42, 24.9, 6.4)},
        "Synthetic 2": {"in person": means(35, 20.8, 5.9), "wait list": means(36, 25.4, 6.6)},
        "Synthetic 3": {"in person": means(30, 20.1, 6.3), "wait list": means(31, 25.0, 6.0)},
    }
    plan = network_plan("wait list", variants=["leave_one_out", "low_risk_only", "by_rater"])
    first, second, third, low, rater = results_of(plan, items_of(trials)).variants
    assert (first.k, first.estimate) == (2, None)
    assert "no trial of the network has video" in (first.note or "")
    assert second.estimate is not None
    assert third.estimate is not None
    assert (low.k, low.note) == (0, "no trial")
    assert (rater.label, rater.k) == ("rated by self", 3)
    lone = {"Synthetic 4": TRIALS["Synthetic 4"]}
    (only,) = results_of(network_plan("wait list", variants=["leave_one_out"]),
                         items_of(lone)).variants  # fmt: skip
    assert only.note == "one trial only"


def test_a_network_of_trials_at_low_risk() -> None:
    items = items_of()
    low = judged(s1="low", s2="high", s3="low", s4="some concerns", s6="low")
    plan = network_plan(variants=["low_risk_only"])
    (line,) = results_of(plan, items, low).variants
    kept = [item for item in items if item.study_id in (1, 3, 6)]
    same_as(line, run_of(network_plan(), kept)[1])


def test_several_outcomes_without_a_trial_and_by_other_models() -> None:
    items = joint.items_of()
    plan = joint.joint_plan(structure="CS", variants=["fixed", "z_test", "leave_one_out"])
    lines = {line.label: line for line in results_of(plan, items).variants}
    assert list(lines)[:2] == ["common effect", "normal interval"]
    same_as(lines["common effect"],
            run_of(joint.joint_plan(structure="CS", method="EE", test="z"), items)[1])  # fmt: skip
    same_as(lines["normal interval"],
            run_of(joint.joint_plan(structure="CS", test="z"), items)[1])  # fmt: skip
    one = run_of(joint.joint_plan(structure="CS"), without(items, "Synthetic 4"))[1]
    same_as(lines["without Synthetic 4"], one)


def test_effects_of_each_outcome_are_kept_by_their_own_risk() -> None:
    """Judged for one outcome of two, a trial is kept with that one alone."""
    items = joint.items_of()
    outcomes = [
        {"label": joint.CLIENT, "raters": ["client"]},
        {"label": joint.THERAPIST, "raters": ["therapist"], "outcome": "bond"},
    ]
    bond = [
        item._replace(outcome="bond") if item.rater is Rater.THERAPIST else item for item in items
    ]
    plan = joint.joint_plan(outcomes=outcomes, structure="CS", variants=["low_risk_only"])
    target = {n: Target(f"Synthetic {n}", outcome="alliance") for n in range(1, 9)}
    settled = {
        t: Settled(t, 1, "rob2-parallel", "1", "low", "x", State.AGREED) for t in target.values()
    }
    inputs = with_alternatives(select(plan, bond), bond, settled)
    (chosen,) = inputs.alternatives
    assert {trial.measured for trial in chosen.trials} == {joint.CLIENT}


def test_a_run_shows_them() -> None:
    plan = network_plan(variants=["fixed"])
    told, others = robustness_sections(run_of(plan, items_of()), withheld=False)
    assert told.heading == "Sensitivity"
    assert [row[0] for row in told.rows] == ["common effect"]
    assert others.heading == "Sensitivity: the others against the reference"
    assert others.headers == ("analysis", "wait list", "book")
