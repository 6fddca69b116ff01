"""Several outcomes of each trial in one model: the engine's numbers, and what it refuses.

The engine is held against metafor in ``tests/synthesis/test_multivariate.py``; whole runs, with
their conversions, in ``tests/export/reproduction/test_script_joint.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from review.errors import InvalidDataError
from review.living.estimates.effects import trial_effects
from review.living.estimates.jointly import coefficients, fit, kept_studies
from review.living.inputs.reasons import SelectionError
from review.living.inputs.select import select
from review.living.runs.results import RunResults
from review.protocol.rules import Plan
from review.protocol.vocabulary import Rater
from review.synthesis.multivariate import (
    RandomEffect,
    Structure,
    multivariate,
    outcome_means,
    sampling_covariance,
)
from tests.living.joint import CLIENT, THERAPIST, TRIALS, items_of, joint_plan
from tests.living.networks import run_of


@pytest.mark.parametrize("structure", ["UN", "CS", "HCS", "DIAG", "ID"])
def test_a_run_has_the_numbers_of_the_engine(structure: str) -> None:
    inputs, results = run_of(joint_plan(structure=structure, test="z"), items_of())
    effects = trial_effects(inputs)
    studies = [trial.study for trial in inputs.trials]
    names = [str(trial.measured) for trial in inputs.trials]
    engine = multivariate(
        effects.yi,
        sampling_covariance(effects.vi, studies, kind=names, rho_kind=0.6),
        [RandomEffect(studies, names, Structure(structure))],
        design=outcome_means(names, [CLIENT, THERAPIST]),
    )
    line, kept = results.pooled, results.joint
    assert kept is not None
    assert (line.k, kept.effects, kept.trials) == (8, 13, 8)
    assert (line.estimate, line.se, line.Q) == pytest.approx(
        (engine.beta[0], engine.se[0], engine.q), rel=1e-9
    )
    (difference,) = kept.differences
    found = engine.combination({THERAPIST: 1, CLIENT: -1})
    robust = engine.robust_combination({THERAPIST: 1, CLIENT: -1}, studies)
    assert difference.both == 5
    assert (difference.estimate, difference.p) == pytest.approx((found.estimate, found.p))
    assert difference.robust is not None
    assert (difference.robust.se, difference.robust.df) == pytest.approx((robust.se, robust.ddf))
    assert kept.equal_p == pytest.approx(difference.p)


def test_an_outcome_alone_is_a_contrast_of_it() -> None:
    _, results = run_of(joint_plan(), items_of())
    assert results.joint is not None
    for one, rater in zip(results.joint.outcomes, ("client", "therapist"), strict=True):
        plan = joint_plan(model="univariate", outcomes=(), raters=[rater], test="t")
        _, alone = run_of(plan, items_of())
        assert (one.k, one.alone, *one.alone_ci) == pytest.approx(
            (alone.pooled.k, alone.pooled.estimate, *alone.pooled.ci), rel=1e-9
        )


def test_without_correlations_each_outcome_is_its_own_analysis() -> None:
    _, results = run_of(joint_plan(structure="DIAG", rho=0.0, test="z"), items_of())
    assert results.joint is not None
    for one in results.joint.outcomes:
        assert (one.estimate, *one.ci) == pytest.approx((one.alone, *one.alone_ci), rel=1e-6)


def test_the_estimate_is_the_sum_of_the_effects_times_their_coefficients() -> None:
    inputs, results = run_of(joint_plan(), items_of())
    effects = trial_effects(inputs)
    w = coefficients(inputs, fit(inputs, effects))
    assert float(w @ effects.yi) == pytest.approx(results.pooled.estimate, abs=1e-10)
    own = np.array([trial.measured == CLIENT for trial in inputs.trials])
    assert w[own].sum() == pytest.approx(1.0)
    assert w[~own].sum() == pytest.approx(0.0, abs=1e-10)
    assert sum(e.weight for e in results.effects) == pytest.approx(100)
    again = kept_studies(inputs, results)
    assert list(again) == list(dict.fromkeys(t.study_id for t in inputs.trials))


def same(one: RunResults, other: RunResults, factor: float = 1.0) -> None:
    assert one.joint is not None
    assert other.joint is not None
    for a, b in zip(one.joint.outcomes, other.joint.outcomes, strict=True):
        for name in ("estimate", "ci", "pi", "alone"):
            times = np.multiply(getattr(a, name), factor)
            if factor < 0 and name in ("ci", "pi"):
                times = times[::-1]
            assert times == pytest.approx(getattr(b, name), rel=1e-6, abs=1e-7)


def test_order_direction_and_unit_change_nothing() -> None:
    plain = run_of(joint_plan(), items_of())[1]
    same(plain, run_of(joint_plan(), items_of()[::-1])[1])
    same(plain, run_of(joint_plan(), items_of(higher_is_better=False))[1], -1.0)
    tens: Any = {
        study: {
            rater: tuple((n, 10 * mean, 10 * sd) for n, mean, sd in both)
            for rater, both in of.items()
        }
        for study, of in TRIALS.items()
    }
    same(plain, run_of(joint_plan(), items_of(tens))[1])
    md = run_of(joint_plan(measure="MD"), items_of())[1]
    same(md, run_of(joint_plan(measure="MD"), items_of(tens))[1], 10.0)


def test_which_outcome_decides_turns_the_difference() -> None:
    turned = joint_plan(
        outcomes=[
            {"label": THERAPIST, "raters": ["therapist"]},
            {"label": CLIENT, "raters": ["client"]},
        ]
    )
    one, other = run_of(joint_plan(), items_of())[1], run_of(turned, items_of())[1]
    assert one.joint is not None
    assert other.joint is not None
    assert one.joint.differences[0].estimate == pytest.approx(-other.joint.differences[0].estimate)
    assert other.pooled.estimate == pytest.approx(one.joint.outcomes[1].estimate)


def test_what_trials_give_and_what_they_do_not() -> None:
    inputs = select(joint_plan(), items_of())
    units = [(trial.study, trial.measured) for trial in inputs.trials]
    assert len(units) == 13
    assert ("Synthetic 5", CLIENT) not in units
    (eighth,) = [trial for trial in inputs.trials if trial.study == "Synthetic 8"]
    assert any("observer" in told and "not among the planned" in told for told in eighth.not_used)
    assert any(told.startswith(THERAPIST) for told in eighth.not_used)
    none = select(
        joint_plan(), items_of({"Synthetic 8": {"observer": TRIALS["Synthetic 8"]["observer"]}})
    )
    assert none.trials == ()
    assert "rater observer, the plan wants client" in none.left_out[0].reason


def test_one_result_cannot_be_two_outcomes() -> None:
    overlapping = joint_plan(
        outcomes=[
            {"label": "anybody", "raters": ["client", "therapist"]},
            {"label": "client", "raters": ["client"]},
        ]
    )
    with pytest.raises(SelectionError, match="would count as anybody and as client"):
        select(overlapping, items_of())


def test_degenerate_runs_have_a_stated_answer() -> None:
    only = {s: {"client": of["client"]} for s, of in TRIALS.items() if "client" in of}
    _, results = run_of(joint_plan(test="z"), items_of(only))
    assert results.joint is not None
    assert results.joint.without == (THERAPIST,)
    assert results.joint.differences == ()
    assert results.joint.equal_p is None
    assert any("the model is of that one alone" in note for note in results.pooled.notes)
    (one,) = results.joint.outcomes
    assert one.estimate == pytest.approx(one.alone, rel=1e-7)
    therapist = {"Synthetic 5": TRIALS["Synthetic 5"]}
    with pytest.raises(InvalidDataError, match="no trial has client’s view, which the plan"):
        run_of(joint_plan(), items_of(therapist))
    with pytest.raises(InvalidDataError, match="cannot carry 2 coefficient"):
        run_of(joint_plan(), items_of({"Synthetic 1": TRIALS["Synthetic 1"]}))
    _, common = run_of(
        joint_plan(method="EE", test="z"), items_of({"Synthetic 1": TRIALS["Synthetic 1"]})
    )
    assert common.pooled.tau2 is None
    assert common.pooled.pi is None
    assert common.joint is not None
    assert common.joint.outcomes[0].robust is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"outcomes": [{"label": "one", "raters": ["client"]}]}, "names two outcomes or more"),
        ({"outcomes": [{"label": "a"}, {"label": "b"}]}, "a and b take the same results"),
        ({"structure": "CAR"}, "structure CAR needs the time"),
        ({"method": "DL"}, "goes with method REML, ML, EE"),
        ({"test": "knha"}, "test t or z"),
        (
            {"variants": ["fixed", "dersimonian_laird"]},
            "variants dersimonian_laird: of analyses of",
        ),
        ({"variants": ["by_rater"]}, "variants by_rater: of analyses of one outcome"),
        ({"variants": ["three_level"], "subgroups": ["year"]}, "three_level, subgroups: of anal"),
        ({"model": "univariate"}, "set model: multivariate"),
        ({"kind": "single_arm", "measure": "MN"}, "is of a contrast"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_its_remedy(
    changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        joint_plan(**changes)


def test_other_plans_are_the_same_bytes_as_before() -> None:
    plain = Plan.model_validate(
        joint_plan().model_dump(mode="json", exclude={"model", "outcomes", "structure"})
    )
    assert not {"model", "outcomes", "structure"} & set(plain.model_dump(mode="json"))
    assert "measured" not in run_of(
        plain.model_copy(update={"raters": (Rater.CLIENT,)}), items_of()
    )[0].trials[0].model_dump(mode="json")
