"""A planned network: the engine's numbers, a contrast's where there are two, and what it refuses.

The engine itself is held against metafor in ``tests/synthesis/network``; the whole run, with its
conversions, in ``tests/export/reproduction/test_script_networks.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.living.estimates.effects import trial_effects
from review.living.estimates.networks import coefficients, fit, kept_studies
from review.living.inputs.select import select
from review.living.runs.results import RunResults
from review.protocol.rules import Plan
from review.synthesis.network import compare, from_arms, network
from tests.living.networks import (
    TRIALS,
    Numbers,
    events,
    items_of,
    network_plan,
    run_of,
    side,
)

COUNTS: Mapping[str, Mapping[str, Numbers]] = {
    "Synthetic 1": {"video": events(4, 40), "in person": events(9, 42)},
    "Synthetic 2": {"video": events(0, 35), "wait list": events(7, 36)},
    "Synthetic 3": {"in person": events(3, 28), "wait list": events(8, 30)},
    "Synthetic 4": {"video": events(0, 25), "in person": events(2, 26), "wait list": events(6, 24)},
    "Synthetic 5": {"video": events(3, 50), "in person": events(4, 48)},
}


def test_a_run_has_the_numbers_of_the_engine() -> None:
    _, results = run_of(network_plan(), items_of())
    arms = [(s, a, n["mean"], n["sd"], n["n"]) for s, of in TRIALS.items() for a, n in of.items()]
    engine = network(
        from_arms(
            [a[0] for a in arms], [a[1] for a in arms], [-float(str(a[2])) for a in arms],
            [float(str(a[3])) ** 2 / int(str(a[4])) for a in arms],
        ),
        reference="in person",
    )  # fmt: skip
    found = engine.difference("video", "in person")
    line, kept = results.pooled, results.network
    assert kept is not None
    assert (line.estimate, line.se, line.p) == pytest.approx(
        (found.estimate, found.se, found.p), abs=1e-9
    )
    assert (line.tau2, line.Q, line.k) == pytest.approx((engine.tau2, engine.q, 8), abs=1e-9)
    for c in compare(engine):
        own = kept.comparison(c.treatment, c.versus)
        assert own.estimate == pytest.approx(c.network.estimate, abs=1e-9)
        assert (own.direct is None) is (c.direct is None)
        if c.direct is not None and c.split is not None:
            assert own.direct == pytest.approx(c.direct.estimate, abs=1e-9)
            assert own.split_p == pytest.approx(c.split.p, abs=1e-9)
    scores = engine.p_scores(higher_is_better=True)
    assert {t.name: t.p_score for t in kept.treatments} == pytest.approx(scores)
    assert [t.participants for t in kept.treatments] == [174, 158, 94, 153]


@pytest.mark.parametrize("measure", ["MD", "SMD", "OR", "RR", "RD"])
@pytest.mark.parametrize("test", ["z", "adhoc", "knha"])
def test_two_treatments_are_a_contrast(measure: str, test: str) -> None:
    """The third treatment has no trial, so that nothing but the contrast is left."""
    trials = COUNTS if measure in ("OR", "RR", "RD") else TRIALS
    two = {
        study: {a: n for a, n in arms.items() if a != "wait list"} for study, arms in trials.items()
    }
    items = items_of(two)
    net = network_plan("music", measure=measure, test=test)
    values = net.model_dump(mode="json", exclude={"other_treatments", "kind"})
    inputs, results = run_of(net, items)
    _, plain = run_of(Plan.model_validate(values), items)
    names = ("k", "estimate", "se", "p", "ci", "z_ci", "pi", "tau2", "tau2_ci", "Q", "Q_df", "Q_p")
    for name in names:
        own, other = getattr(results.pooled, name), getattr(plain.pooled, name)
        assert (own is None) is (other is None), name
        assert own is None or own == pytest.approx(other, rel=1e-8, abs=1e-9), name
    assert [e.weight for e in results.effects] == pytest.approx([e.weight for e in plain.effects])
    assert results.network is not None
    assert results.network.without == ("music",)
    assert inputs.trials[0].treatments == ("video", "in person")


@pytest.mark.parametrize("measure", ["MD", "SMD", "OR", "RR", "RD"])
def test_the_estimate_is_the_sum_of_the_comparisons_times_their_coefficients(measure: str) -> None:
    trials = COUNTS if measure in ("OR", "RR", "RD") else TRIALS
    inputs, results = run_of(network_plan("wait list", measure=measure), items_of(trials))
    effects = trial_effects(inputs)
    w = coefficients(inputs, fit(inputs, effects))
    assert float(w @ effects.yi) == pytest.approx(results.pooled.estimate, abs=1e-10)
    assert sum(e.weight for e in results.effects) == pytest.approx(100)
    again = kept_studies(inputs, results)
    assert list(again) == list(dict.fromkeys(t.study_id for t in inputs.trials))


def same(one: RunResults, other: RunResults, factor: float = 1.0) -> None:
    """Whether two runs say the same of every pair, effects times a factor."""
    assert one.network is not None
    assert other.network is not None
    for c in one.network.comparisons:
        d = other.network.comparison(c.treatment, c.versus)
        for name in ("estimate", "se", "ci", "pi", "alone", "direct", "indirect"):
            a, b = getattr(c, name), getattr(d, name)
            assert (a is None) is (b is None), (c.pair, name)
            if a is not None:
                assert np.multiply(a, factor) == pytest.approx(b, rel=1e-6, abs=1e-7)
    assert pytest.approx(other.pooled.Q) == one.pooled.Q


def test_order_changes_nothing() -> None:
    items = items_of()
    same(run_of(network_plan(), items)[1], run_of(network_plan(), items[::-1])[1])
    turned = network_plan("book", "wait list")
    same(run_of(network_plan(), items)[1], run_of(turned, items)[1])


def test_the_unit_of_a_mean_difference_scales_and_of_a_standardized_one_does_not() -> None:
    tens = {
        study: {
            arm: {**n, "mean": 10 * float(str(n["mean"])), "sd": 10 * float(str(n["sd"]))}
            for arm, n in arms.items()
        }
        for study, arms in TRIALS.items()
    }
    same(run_of(network_plan(), items_of())[1], run_of(network_plan(), items_of(tens))[1], 10)
    smd = network_plan(measure="SMD")
    same(run_of(smd, items_of())[1], run_of(smd, items_of(tens))[1])


def test_a_turned_direction_turns_every_sign() -> None:
    up, down = (run_of(network_plan(), items_of(higher_is_better=way))[1] for way in (True, False))
    assert up.network is not None
    assert down.network is not None
    for c in up.network.comparisons:
        d = down.network.comparison(*c.pair)
        assert (c.estimate, c.se) == pytest.approx((-d.estimate, d.se))
    assert up.pooled.estimate == pytest.approx(-down.pooled.estimate)
    assert up.pooled.ci == pytest.approx((-down.pooled.ci[1], -down.pooled.ci[0]))


def test_what_treatments_are_called_changes_no_number() -> None:
    plan = network_plan(
        intervention={"label": "A", "treatment": ["video"]},
        comparator={"label": "B", "treatment": ["in person"]},
        other_treatments=[{"label": "C", "treatment": ["wait list"]}, side("book")],
    )
    one, other = run_of(network_plan(), items_of())[1], run_of(plan, items_of())[1]
    assert one.pooled.estimate == pytest.approx(other.pooled.estimate, abs=1e-12)
    assert one.pooled.ci == pytest.approx(other.pooled.ci, abs=1e-12)


def test_one_trial_of_several_arms_is_a_network() -> None:
    trials = {"Synthetic 4": TRIALS["Synthetic 4"]}
    _, results = run_of(network_plan("wait list"), items_of(trials))
    line = results.pooled
    assert (line.k, line.Q_df, line.Q_p, line.tau2, line.pi) == (1, 0, None, 0.0, None)
    assert line.estimate == pytest.approx(-(22.4 - 20.5))
    assert any("tau² cannot be estimated" in note for note in line.notes)
    assert results.network is not None
    assert results.network.agreement.between_p is None


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        ({"Synthetic 1": TRIALS["Synthetic 1"], "Synthetic 5": TRIALS["Synthetic 5"]}, "2 parts"),
        ({"Synthetic 2": TRIALS["Synthetic 2"]}, "no trial of the network has in person"),
        ({"Synthetic 3": TRIALS["Synthetic 3"]}, "no trial of the network has video"),
    ],
)
def test_what_is_no_network_is_refused_with_its_reason(trials: Any, said: str) -> None:
    with pytest.raises(InvalidDataError, match=said):
        run_of(network_plan(), items_of(trials))


def test_trials_without_any_event_count_as_metafor_counts_them() -> None:
    trials = {
        **COUNTS,
        "Synthetic 6": {"video": events(0, 30), "in person": events(0, 31)},
        "Synthetic 7": {arm: events(0, 20) for arm in ("video", "in person", "wait list")},
    }
    inputs, results = run_of(network_plan("wait list", measure="OR"), items_of(trials))
    by_study = {t.study_id: e for t, e in zip(inputs.trials, results.effects, strict=True)}
    assert by_study[6].yi == pytest.approx(-np.log((0.5 / 30.5) / (0.5 / 31.5)))
    assert by_study[7].yi == pytest.approx(0)
    assert "0.5 added to all its cells" in by_study[7].recipe


def test_clusters_widen_all_comparisons_of_a_trial() -> None:
    from review.extraction.evidence import Allocation
    from review.extraction.vocabulary import Randomised

    cluster = Allocation(randomised=Randomised.CLUSTER, cluster_size=11.0, icc=0.05)
    items = items_of({"Synthetic 4": TRIALS["Synthetic 4"]})
    wide = items_of({"Synthetic 4": TRIALS["Synthetic 4"]}, design=cluster)
    plan = network_plan("wait list")
    one, other = (trial_effects(select(plan, of)) for of in (items, wide))
    assert other.vi == pytest.approx(1.5 * one.vi)
    assert np.array(other.within[0].covariance) == pytest.approx(
        1.5 * np.array(one.within[0].covariance)
    )
