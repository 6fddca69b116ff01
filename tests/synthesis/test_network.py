"""Networks against metafor's rma.mv on eight data sets of metadat, closed forms, invariances."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.effects import escalc
from review.errors import InvalidDataError
from review.synthesis import pool
from review.synthesis.network import (
    Contrast,
    Network,
    NetworkStudy,
    compare,
    from_arms,
    from_contrasts,
    from_means,
    interaction,
    network,
)

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "network" / "network.json").read_text(encoding="utf-8")
)


def studies_of(name: str) -> tuple[NetworkStudy, ...]:
    rows = SETS[name]["arms"]
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    return from_arms(
        columns["study"], columns["treatment"], columns["estimate"], columns["variance"]
    )


def test_the_grid_of_cases_has_not_shrunk() -> None:
    assert len(SETS) == 8
    multi = [n for n in SETS if max(len(s.treatments) for s in studies_of(n)) > 2]
    assert len(multi) >= 6
    assert sum(len(case["splits"]) for case in SETS.values()) == 48
    assert sum(len(case["models"]) for case in SETS.values()) == 24


@pytest.mark.parametrize("method", ["REML", "ML", "EE"])
@pytest.mark.parametrize("name", SETS)
def test_networks_follow_metafor(name: str, method: str) -> None:
    case = SETS[name]
    expected = next(m for m in case["models"] if m["method"] == method)
    first, *others = case["treatments"]
    found = network(studies_of(name), reference=first, method=method, test="z")
    assert list(found.treatments) == case["treatments"]
    differences = [found.difference(t, first) for t in others]
    # rma.mv stops within 1e-10 of its likelihood, so that its tau2 has about five digits
    assert found.tau2 == pytest.approx(expected["tau2"], rel=2e-4, abs=1e-6)
    assert [d.estimate for d in differences] == pytest.approx(expected["beta"], rel=1e-4, abs=1e-5)
    assert [d.se for d in differences] == pytest.approx(expected["se"], rel=1e-4)
    assert found.q == pytest.approx(expected["Q"], rel=1e-8)
    assert found.q_df == expected["Q_df"]
    if method == "EE":
        assert [d.estimate for d in differences] == pytest.approx(expected["beta"], rel=1e-8)
        assert [d.se for d in differences] == pytest.approx(expected["se"], rel=1e-8)


@pytest.mark.parametrize("name", SETS)
def test_direct_and_indirect_follow_metafor(name: str) -> None:
    compared = compare(network(studies_of(name), test="z"))
    ours = {(c.treatment, c.versus): c for c in compared}
    for expected in SETS[name]["splits"]:
        found = ours[expected["a"], expected["b"]]
        assert found.k == expected["k"]
        assert found.split is not None
        assert found.indirect is not None
        assert found.split_tau2 == pytest.approx(expected["tau2"], rel=1e-3, abs=1e-5)
        assert found.split.estimate == pytest.approx(expected["split"], rel=1e-3, abs=1e-4)
        assert found.indirect.estimate == pytest.approx(expected["indirect"], rel=1e-3, abs=1e-4)
        assert found.split.se == pytest.approx(expected["se"], rel=1e-3)
        assert found.split.p == pytest.approx(expected["p"], abs=1e-3)


@pytest.mark.parametrize("name", SETS)
def test_design_by_treatment_interaction_follows_metafor(name: str) -> None:
    expected = SETS[name]["interaction"]
    found = interaction(network(studies_of(name), test="z"))
    assert (found.designs, found.within_df, found.between_df) == (
        expected["designs"],
        expected["within_df"],
        expected["between_df"],
    )
    assert found.within == pytest.approx(expected["within"], rel=1e-8, abs=1e-9)
    assert found.between == pytest.approx(expected["between"], rel=1e-7, abs=1e-7)
    if expected["wald"]:
        assert found.wald == pytest.approx(expected["wald"]["stat"], rel=1e-3, abs=1e-5)


def test_a_pair_of_treatments_is_an_ordinary_meta_analysis() -> None:
    yi, vi = [0.2, 0.9, -0.3, 0.5], [0.1, 0.05, 0.2, 0.08]
    found = network(
        from_contrasts(
            Contrast(str(i), "b", "a", y, v) for i, (y, v) in enumerate(zip(yi, vi, strict=True))
        )
    )
    alone, ours = pool(yi, vi), found.difference("b", "a")
    assert (ours.estimate, ours.se, *ours.ci) == pytest.approx(
        (alone.estimate, alone.se, *alone.ci), rel=1e-12
    )
    assert found.tau2 == pytest.approx(alone.tau2, rel=1e-9)


def test_bucher() -> None:
    """A triangle: indirect = (c - b) + (b - a), its variance their sum."""
    trials = [
        Contrast("1", "b", "a", 0.7, 0.1),
        Contrast("2", "c", "b", 0.4, 0.2),
        Contrast("3", "c", "a", 0.5, 0.15),
    ]
    found = network(from_contrasts(trials), method="EE", test="z")
    pair = next(c for c in compare(found) if (c.treatment, c.versus) == ("a", "c"))
    assert pair.direct
    assert pair.indirect
    assert pair.split
    assert (pair.direct.estimate, pair.direct.se**2) == pytest.approx((-0.5, 0.15))
    assert (pair.indirect.estimate, pair.indirect.se**2) == pytest.approx((-1.1, 0.3))
    w = 1 / 0.15, 1 / 0.3
    assert pair.network.estimate == pytest.approx((-0.5 * w[0] - 1.1 * w[1]) / sum(w))
    assert interaction(found).between == pytest.approx(0.6**2 / 0.45)


def test_a_star_has_nothing_that_could_disagree() -> None:
    trials = [Contrast(f"{t}{i}", t, "a", i / 3, 0.1) for t in "bcd" for i in range(3)]
    found = network(from_contrasts(trials))
    assert not interaction(found).assessable
    assert all(c.split is None for c in compare(found))
    told = {(c.treatment, c.versus): c.why_no_split for c in compare(found)}
    assert told["a", "b"] == "all evidence is direct"
    assert told["b", "c"] == "all evidence is indirect"


def test_one_trial_of_three_arms_is_what_it_reported() -> None:
    found = network(from_arms("xxx", "abc", [0.0, 1.0, 3.0], [0.1, 0.2, 0.3]))
    d = found.difference("c", "b")
    assert (d.estimate, d.se**2, d.pi) == (pytest.approx(2.0), pytest.approx(0.5), None)
    assert found.q_p is None
    assert found.notes[0].startswith("tau² cannot be estimated")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: network([]), "no trials"),
        (
            lambda: network(from_arms("aabb", "wxyz", [0.0] * 4, [1.0] * 4)),
            "falls into 2 parts that no trial joins: w, x; y, z",
        ),
        (lambda: from_arms("aa", "xx", [0, 1], [1, 1]), "several arms of x"),
        (lambda: from_arms("a", "x", [0], [1]), "compares nothing"),
        (lambda: from_arms("aa", "xy", [0, math.nan], [1, 1]), "no number"),
        (lambda: from_arms("aa", "xy", [0, 1], [0, 0]), "cannot be"),
        (
            lambda: from_contrasts([Contrast("a", "x", "y", 1, 1), Contrast("a", "x", "z", 1, 1)]),
            "no effect of",
        ),
        (
            lambda: from_contrasts(
                [Contrast("a", *p, 1, 1) for p in (("x", "y"), ("y", "z"), ("x", "z"))]
            ),
            "do not add up",
        ),
    ],
)
def test_what_is_no_network_is_refused_with_its_reason(make: Any, said: str) -> None:
    with pytest.raises(InvalidDataError, match=said):
        make()


def test_contrasts_of_all_pairs_are_the_arms_again() -> None:
    """Covariances come from the variances of a trial's pairs."""
    for name in ("senn2013", "dogliotti2014"):
        arms = studies_of(name)
        pairs = []
        for s in arms:
            V = s.covariance
            for i, a in enumerate(s.treatments):
                for j in range(i):
                    y = s.estimates[i] - s.estimates[j]
                    pairs.append(Contrast(s.study, a, s.treatments[j], y, V[i][i] + V[j][j]))
        assert same(network(arms), network(from_contrasts(pairs)))


def same(one: Network, other: Network, factor: float = 1.0) -> bool:
    pairs = [(d.estimate, d.se, *d.ci) for d in one.league()]
    others = [(d.estimate, d.se, *d.ci) for d in other.league()]
    return bool(np.allclose(np.asarray(pairs) * factor, others, rtol=1e-7, atol=1e-9 * factor))


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["senn2013", "hasselblad1998"]))
def test_order_labels_reference_unit_and_sign_change_nothing_else(rng: Any, name: str) -> None:
    studies = list(studies_of(name))
    base = network(studies)
    mixed = []
    for s in studies:
        at = rng.sample(range(len(s.treatments)), len(s.treatments))
        mixed.append(
            NetworkStudy(
                s.study,
                tuple(s.treatments[i] for i in at),
                tuple(s.estimates[i] + 7 for i in at),  # a constant of a trial counts for nothing
                tuple(tuple(s.covariance[i][j] for j in at) for i in at),
            )
        )
    rng.shuffle(mixed)
    other = network(mixed, reference=rng.choice(base.treatments))
    assert same(base, other)
    assert interaction(base).between == pytest.approx(interaction(other).between, rel=1e-7)
    for one, two in zip(compare(base), compare(other), strict=True):
        assert (one.split is None) == (two.split is None)
        if one.split and two.split:
            assert one.split.estimate == pytest.approx(two.split.estimate, rel=1e-6, abs=1e-8)
    scaled = [
        replace(
            s,
            estimates=tuple(-1000 * e for e in s.estimates),
            covariance=tuple(tuple(1e6 * c for c in row) for row in s.covariance),
        )
        for s in studies
    ]
    turned = network(scaled)
    assert turned.tau2 == pytest.approx(1e6 * base.tau2, rel=1e-6)
    for one_d, two_d in zip(base.league(), turned.league(), strict=True):
        assert two_d.estimate == pytest.approx(-1000 * one_d.estimate, rel=1e-6, abs=1e-6)
    up, down = base.p_scores(higher_is_better=True), turned.p_scores(higher_is_better=False)
    assert up == pytest.approx(down)
    assert sum(up.values()) == pytest.approx(len(up) / 2)


def test_standardized_means_of_two_arms_are_escalcs() -> None:
    (s,) = from_means("aa", "xy", [20, 31], [5.0, 7.5], [2.0, 3.5])
    effects = escalc(
        "SMD", {"n1i": [31], "m1i": [7.5], "sd1i": [3.5], "n2i": [20], "m2i": [5.0], "sd2i": [2.0]}
    )
    d = network([s]).difference("y", "x")
    assert (d.estimate, d.se**2) == pytest.approx((effects.yi[0], effects.vi[0]), rel=1e-12)


def test_standardized_means_add_up_whichever_arm_comes_first() -> None:
    n, m, sd = [20, 31, 25], [5.0, 7.5, 6.0], [2.0, 3.5, 3.0]
    one = network(from_means("aaa", "xyz", n, m, sd))
    two = network(from_means("aaa", "zyx", n[::-1], m[::-1], sd[::-1]))
    assert same(one, two)


def test_a_perfect_fit_by_hartung_and_knapp_is_no_test() -> None:
    """0.1 + 0.2 is 0.3 to a reader; its last digit is no evidence that designs disagree."""
    trials = [
        Contrast("1", "b", "a", 0.1, 0.10), Contrast("2", "c", "b", 0.2, 0.13),
        Contrast("3", "c", "a", 0.1 + 0.2, 0.17), Contrast("4", "c", "a", 0.3, 0.11),
        Contrast("5", "d", "a", 0.3, 0.20), Contrast("6", "d", "b", 0.2, 0.20),
    ]  # fmt: skip
    found = network(from_contrasts(trials), test="knha")
    assert any("no test" in note for note in found.notes)
    assert {d.p for d in found.league()} == {None}
    assert found.difference("c", "d").estimate == 0
    assert found.p_scores(higher_is_better=True) == {
        "c": (1 + 1 + 0.5) / 3, "d": (1 + 1 + 0.5) / 3, "b": 1 / 3, "a": 0,
    }  # fmt: skip
    assert {c.why_no_split for c in compare(found) if c.split} == {"a perfect fit has no test"}
    floored = network(from_contrasts(trials), test="adhoc")
    assert {c.why_no_split for c in compare(floored) if c.split} == {None}
    assert floored.difference("a", "a") == ("a", "a", 0.0, 0.0, 1.0, (0.0, 0.0), None)
    assert not any("no test" in note for note in floored.notes)
    assert (
        floored.difference("b", "a").se
        == network(from_contrasts(trials), test="z").difference("b", "a").se
    )
