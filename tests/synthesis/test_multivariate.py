"""Multivariate models against metafor's rma.mv and clubSandwich on data sets of metadat."""

from __future__ import annotations

import json
import math
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis import Method, design, multilevel, pool
from review.synthesis.design import Design, intercept_only
from review.synthesis.effect_weights import weights
from review.synthesis.multivariate import (
    Multivariate,
    RandomEffect,
    Structure,
    multivariate,
    nested,
    outcome_means,
    ratio_test,
    sampling_covariance,
)
from review.synthesis.multivariate.likelihood import (
    Laid,
    evaluate,
    highest,
    lay_out,
    marginal,
    polished,
    tried,
)
from review.synthesis.multivariate.structures import levels_of

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "multivariate" / "multivariate.json").read_text(encoding="utf-8")
)
DATA, CASES = REFERENCE["data"], REFERENCE["cases"]

# rma.mv stops within some 1e-12 of its likelihood, which leaves its variances six digits
OF_VARIANCES = 2e-5


def covariance_of(data: dict[str, Any]) -> Floats:
    if "V" in data:
        return np.array(data["V"])
    assumed = data["assumed"]
    if "time" in assumed:
        return sampling_covariance(
            data["vi"], data["study"], time=data[assumed["time"]], phi=assumed["phi"]
        )
    if "kind" in assumed:
        return sampling_covariance(
            data["vi"], data["study"], kind=data[assumed["kind"]], rho_kind=assumed["rho"]
        )
    return sampling_covariance(
        data["vi"], data["study"], measurement=data["esid"], rho_measurement=assumed["rho"]
    )


def fitted(case: dict[str, Any], **changed: Any) -> Multivariate:
    data = DATA[case["set"]]
    random = [
        RandomEffect(
            data[term["group"]],
            data[term["inner"]] if term["inner"] else None,
            Structure(term["struct"]) if term["struct"] else Structure.ID,
            term["group"],
        )
        for term in case["terms"]
    ]
    V = covariance_of(data) if case["V"] == "known" else data["vi"]
    k = len(data["yi"])
    design: Design = intercept_only(k) if case["mods"] == "1" else outcome_means(data[case["mods"]])
    return multivariate(data["yi"], V, random, design=design, method=case["method"], **changed)


@cache
def model(name: str) -> Multivariate:
    """The model of a case, fitted once for all that is asked of it."""
    (case,) = [case for case in CASES if case["name"] == name]
    return fitted(case)


def as_metafor_orders(case: dict[str, Any], found: Multivariate, values: Any) -> list[Any]:
    """Coefficients of times in order of time; others stand in order of appearance in both."""
    if case["mods"] != "time":
        return list(values)
    return [values[found.terms.index(str(t))] for t in sorted(set(DATA[case["set"]]["time"]))]


def close(found: Any, expected: Any, *, rel: float, abs_: float = 1e-9) -> None:
    expected = [expected] if isinstance(expected, (int, float)) else expected
    assert list(found) == pytest.approx(expected, rel=rel, abs=abs_)


def test_the_grid_of_cases_has_not_shrunk() -> None:
    assert len(CASES) == 42
    assert len({case["set"] for case in CASES}) == 9
    structures = Counter(term["struct"] for case in CASES for term in case["terms"])
    assert {structure.value for structure in Structure} <= set(structures)
    of_structure = {
        structure: {case["set"] for case in CASES for term in case["terms"]
                    if term["struct"] == structure.value}
        for structure in Structure
    }  # fmt: skip
    assert all(len(sets) >= 3 for sets in of_structure.values()), of_structure
    crossed = {case["set"] for case in CASES if "crossed" in case["name"]}
    assert len(crossed) >= 3
    assert sum("robust" in case for case in CASES) >= 12


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_models_follow_metafor(case: dict[str, Any]) -> None:
    found = model(case["name"])
    # never lower than where metafor stopped, and no higher than its own tolerance allows
    assert -1e-9 < found.loglik - case["loglik"] < 1e-6
    close(as_metafor_orders(case, found, found.beta), case["beta"], rel=1e-6, abs_=1e-6)
    close(as_metafor_orders(case, found, found.se), case["se"], rel=1e-6)
    close([found.q], case["Q"], rel=1e-8)
    assert found.q_df == case["Q_df"]
    assert (found.aic, found.bic) == pytest.approx((case["AIC"], case["BIC"]), abs=1e-5)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_variances_and_correlations_follow_metafor(case: dict[str, Any]) -> None:
    components = model(case["name"]).components
    expected = [x for x in (case["sigma2"],) if x is not None]
    plain = [c.tau2[0] for c in components if c.structure is None]
    if expected:
        close(plain, case["sigma2"], rel=OF_VARIANCES, abs_=1e-8)
    for component in components:
        if component.structure is None:
            continue
        shared = not component.structure.heteroscedastic
        order = list(range(len(component.levels)))
        if case["mods"] == "time":
            order.sort(key=lambda i: float(component.levels[i]))
        tau2 = component.tau2[:1] if shared else [component.tau2[i] for i in order]
        close(tau2, case["tau2"], rel=OF_VARIANCES, abs_=1e-8)
        q, R = len(order), component.correlations
        if component.structure is Structure.UN:
            pairs = [R[order[i]][order[j]] for j in range(q) for i in range(j + 1, q)]
            close(pairs, case["rho"], rel=1e-4)
        elif component.structure not in (Structure.ID, Structure.DIAG, Structure.CAR):
            # where nothing varies metafor still prints a correlation, of which nothing is known
            assert (R[-2][-1] is None) == (max(tau2) == 0)
            if R[-2][-1] is not None:
                close([R[-2][-1]], case["rho"], rel=1e-4)


@pytest.mark.parametrize(
    "case", [case for case in CASES if "robust" in case], ids=lambda case: case["name"]
)
def test_robust_errors_follow_club_sandwich(case: dict[str, Any]) -> None:
    found = model(case["name"])
    robust = found.robust(case["cluster"])
    close(as_metafor_orders(case, found, robust.se), case["robust"]["se"], rel=2e-6)
    close(as_metafor_orders(case, found, robust.df), case["robust"]["df"], rel=2e-5)
    if "linear" in case:
        terms = as_metafor_orders(case, found, found.terms)
        row = dict(zip(terms, case["linear"]["row"], strict=True))
        linear = found.robust_combination(row, case["cluster"])
        assert linear.estimate == pytest.approx(case["linear"]["est"], rel=1e-6, abs=1e-6)
        assert (linear.se, linear.ddf) == pytest.approx(
            (case["linear"]["se"], case["linear"]["df"]), rel=2e-5
        )


@pytest.mark.parametrize(
    "case", [case for case in CASES if "weights" in case], ids=lambda case: case["name"]
)
def test_weights_follow_metafor(case: dict[str, Any]) -> None:
    close(model(case["name"]).weights(), case["weights"], rel=2e-5)


def test_covariances_follow_vcalc() -> None:
    reference = REFERENCE["covariances"]
    assert set(reference) == {"obs", "type", "groups", "times"}

    def agree(V: Floats, name: str) -> None:
        close(V.sum(axis=1), reference[name]["row"], rel=1e-12)
        close((V**2).sum(axis=1), reference[name]["square"], rel=1e-12)

    data = DATA["assink2016"]
    measurement = {"measurement": data["esid"], "rho_measurement": 0.6}
    agree(sampling_covariance(data["vi"], data["study"], **measurement), "obs")
    kinds = {"kind": data["deltype"], "rho_kind": 0.4}
    agree(sampling_covariance(data["vi"], data["study"], **measurement, **kinds), "type")
    given = reference["groups"]
    agree(
        sampling_covariance(
            given["vi"], given["cluster"], group=given["grp1"], other=given["grp2"],
            n_group=given["w1"], n_other=given["w2"], measurement=given["effect"],
            rho_measurement=0.4,
        ),
        "groups",
    )  # fmt: skip
    given = reference["times"]
    agree(
        sampling_covariance(
            given["vi"], given["study"], group=given["g1"], other=given["g2"],
            n_group=given["w1"], n_other=given["w2"], time=given["t1"], time_other=given["t2"],
            phi=0.8,
        ),
        "times",
    )  # fmt: skip


def test_one_effect_a_study_is_an_ordinary_meta_analysis() -> None:
    yi, vi = [0.2, 0.9, -0.3, 0.5, 0.1], [0.1, 0.05, 0.2, 0.08, 0.12]
    for method in ("REML", "ML", "EE"):
        alone = pool(yi, vi, method=method, test="z")
        found = multivariate(yi, vi, [RandomEffect(list("abcde"))], method=method)
        assert (found.beta[0], found.se[0]) == pytest.approx((alone.estimate, alone.se), rel=1e-9)
        if method != "EE":
            assert found.components[0].tau2[0] == pytest.approx(alone.tau2, rel=1e-8)
        close(found.weights(), list(alone.weights), rel=1e-9)


def test_nested_effects_are_the_three_level_model() -> None:
    data = DATA["konstantopoulos2011"]
    fit = multilevel(data["yi"], data["vi"], data["district"])
    found = multivariate(data["yi"], data["vi"], nested(data["district"], data["school"]))
    assert found.loglik == pytest.approx(fit.loglik, abs=1e-10)
    assert (found.beta[0], found.se[0]) == pytest.approx((fit.beta[0], fit.se[0]), rel=1e-8)
    close([c.tau2[0] for c in found.components], list(fit.sigma2), rel=1e-6)
    close(fit.weights(), found.weights(), rel=1e-8)
    robust, ours = fit.robust(), found.robust(data["district"])
    assert (robust.se[0], robust.df[0]) == pytest.approx((ours.se[0], ours.df[0]), rel=1e-7)


def kalaian(structure: str = "UN", **changed: Any) -> Multivariate:
    data = DATA["kalaian1996"] | changed
    V = covariance_of(data)
    return multivariate(
        data["yi"],
        V,
        [RandomEffect(data["study"], data["outcome"], Structure(structure))],
        design=outcome_means(data["outcome"]),
    )


@pytest.mark.parametrize("structure", ["UN", "CS", "HCS", "DIAG", "ID"])
def test_order_sign_unit_and_labels_do_not_matter(structure: str) -> None:
    data, plain = DATA["kalaian1996"], kalaian(structure)
    turned = kalaian(structure, yi=[-y for y in data["yi"]])
    close(turned.beta, [-b for b in plain.beta], rel=1e-8)
    close(turned.se, list(plain.se), rel=1e-8)
    wide = kalaian(
        structure, yi=[1024.0 * y for y in data["yi"]], vi=[1024.0**2 * v for v in data["vi"]]
    )
    assert wide.beta == tuple(1024.0 * b for b in plain.beta)  # a power of two: to the last bit
    called = {name: f"trial {i}" for i, name in enumerate(dict.fromkeys(data["study"]))}
    assert kalaian(structure, study=[called[s] for s in data["study"]]).beta == plain.beta
    order = np.random.default_rng(1).permutation(len(data["yi"]))
    mixed = kalaian(
        structure,
        **{name: [data[name][i] for i in order] for name in ("yi", "vi", "study", "outcome")},
    )
    by_name = dict(zip(mixed.terms, mixed.beta, strict=True))
    close([by_name[term] for term in plain.terms], list(plain.beta), rel=1e-7)
    assert mixed.loglik == pytest.approx(plain.loglik, abs=1e-9)


def laid_out(structure: str) -> Laid:
    data = DATA["kalaian1996"]
    y, design_ = np.array(data["yi"]), outcome_means(data["outcome"])
    term = RandomEffect(data["study"], data["outcome"], Structure(structure))
    basis = np.linalg.qr(design_.matrix)[0]
    terms = [levels_of(term, y.size)]
    return lay_out(y, basis, covariance_of(data), terms, restricted=True, unit=1.0)


@pytest.mark.parametrize("structure", ["UN", "CS", "HCS", "DIAG", "ID"])
def test_newtons_steps_end_nowhere_lower_wherever_they_begin(structure: str) -> None:
    laid = laid_out(structure)
    lowest = laid.terms[0].lowest
    top = highest(laid)
    chance = np.random.default_rng(20261130)
    for far in (0.02, 0.5):
        ends = []
        for _ in range(6):
            start = np.maximum(top.theta + chance.normal(0, far, top.theta.size), lowest)
            begin, end = evaluate(laid, start).height, polished(laid, start, lowest).height
            assert begin - 1e-9 <= end <= top.height + 1e-8
            ends.append(end)
        assert far > 0.02 or ends == pytest.approx([top.height] * 6, abs=1e-8)


@pytest.mark.parametrize(
    ("structure", "far"),
    [("UN", [1e10, 1e10, 0]), ("CS", [1e10, np.pi / 2]), ("HCS", [1e10, 1e10, np.pi / 2])],
)
def test_so_far_out_that_a_covariance_is_singular_a_search_goes_no_further(
    structure: str, far: Any
) -> None:
    """Two outcomes that move as one, by far more than sampling does."""
    laid, far = laid_out(structure), np.array(far)
    covariance = marginal(laid, [laid.terms[0].at(far).covariance])
    assert max(np.linalg.cond(block).max() for block in covariance) > 1e16
    assert tried(laid, far).height == -np.inf


def test_a_difference_of_outcomes_and_its_joint_test() -> None:
    found = kalaian()
    first, second = found.terms
    difference = found.combination({first: 1, second: -1})
    assert difference.estimate == pytest.approx(found.beta[0] - found.beta[1], rel=1e-12)
    joint = found.joint_test([{first: 1, second: -1}])
    assert joint.p == pytest.approx(difference.p, rel=1e-9)
    assert joint.stat == pytest.approx(difference.stat**2, rel=1e-9)
    with pytest.raises(InvalidDataError, match="follows from the others"):
        found.joint_test([{first: 1, second: -1}, {first: -2, second: 2}])
    with pytest.raises(InvalidDataError, match="no coefficient 'third'"):
        found.combination({"third": 1})


def test_structures_are_held_against_each_other() -> None:
    test = ratio_test(kalaian("HCS"), kalaian("CS"))
    reference = {case["name"]: case["loglik"] for case in CASES}
    expected = 2 * (reference["kalaian HCS"] - reference["kalaian CS"])
    assert (test.df, test.stat) == (1, pytest.approx(expected, abs=1e-6))
    with pytest.raises(InvalidDataError, match="more parameters"):
        ratio_test(kalaian("CS"), kalaian("HCS"))


def test_what_has_no_answer_says_so() -> None:
    y, v, s, o = [0.1, 0.4, 0.3], [0.1, 0.2, 0.1], ["a", "a", "b"], ["x", "y", "x"]
    with pytest.raises(InvalidDataError, match=r"1 effect\(s\) cannot carry 1 coefficient"):
        multivariate([0.1], [0.1], [RandomEffect(["a"])])
    with pytest.raises(InvalidDataError, match="one group only"):
        multivariate(y, v, [RandomEffect(["a"] * 3, o)])
    with pytest.raises(InvalidDataError, match="are the same groups"):
        multivariate(y, v, [RandomEffect(s), RandomEffect(["p", "p", "q"], name="author")])
    with pytest.raises(InvalidDataError, match="not positive definite"):
        multivariate(y, np.ones((3, 3)), [RandomEffect(s)])
    with pytest.raises(InvalidDataError, match="whose levels are times"):
        multivariate(y, v, [RandomEffect(s, o, Structure.CAR)])
    with pytest.raises(InvalidDataError, match="assumed within a cannot be"):
        sampling_covariance(v, s, kind=["x", "x", "x"], rho_kind=0.5)
    found = multivariate(y, v, [RandomEffect(s, o)], design=outcome_means(o))
    with pytest.raises(InvalidDataError, match="different clusters"):
        found.robust(["p", "q", "r"])


def test_a_singular_structure_is_said() -> None:
    found = fitted(next(case for case in CASES if case["name"] == "fine HAR"))
    (component,) = found.components
    assert component.tau2[0] == 0
    assert component.correlations[0][1] is None
    assert component.correlations[2][3] == pytest.approx(1.0)
    assert any("the variance of 1 is estimated as zero" in note for note in found.notes)
    assert any("estimated at its limit" in note for note in found.notes)
    same = multivariate([0.3] * 4, [0.1] * 4, [RandomEffect(list("abcd"))])
    assert same.components[0].tau2 == (0.0,)
    assert same.notes == ("random effects of study: the variance is estimated as zero",)


def test_levels_that_no_group_has_together_have_no_correlation() -> None:
    y, v = [0.1, 0.5, 0.9, 0.2, 0.7, -0.2], [0.05] * 6
    o, s = ["x", "x", "x", "y", "y", "y"], list("abcdef")
    found = multivariate(y, v, [RandomEffect(s, o)], design=outcome_means(o))
    assert found.components[0].correlations[0][1] is None
    assert "no group has x and y together" in found.notes[0]
    for place, level in enumerate("xy"):
        rows = [i for i, name in enumerate(o) if name == level]
        alone = pool([y[i] for i in rows], [v[i] for i in rows], test="z")
        assert found.beta[place] == pytest.approx(alone.estimate, rel=1e-9)
        assert found.se[place] == pytest.approx(alone.se, rel=1e-8)
        assert found.components[0].tau2[place] == pytest.approx(alone.tau2, rel=1e-7)


def test_a_combination_by_t_is_wider() -> None:
    data = DATA["kalaian1996"]
    terms = [RandomEffect(data["study"], data["outcome"])]
    given: dict[str, Any] = {"design": outcome_means(data["outcome"]), "method": Method.REML}
    normal = multivariate(data["yi"], covariance_of(data), terms, **given)
    by_t = multivariate(data["yi"], covariance_of(data), terms, test="t", **given)
    assert by_t.ddf == len(data["yi"]) - 2
    assert by_t.beta == normal.beta
    assert all(a < b for a, b in zip(normal.p, by_t.p, strict=True))
    assert math.isclose(by_t.prediction("verbal", 0.0)[0], by_t.ci_low[by_t.terms.index("verbal")])


LINE = design("x", {"x": [1.0, 2.0, 3.0, 5.0, 4.0]})
FIVE = ([0.1, 0.4, 0.2, 0.9, 0.5], [0.1, 0.2, 0.1, 0.15, 0.1])


@pytest.mark.parametrize("test", ["z", "t"])
def test_a_coefficient_alone_is_its_own_combination_and_its_joint_test(test: str) -> None:
    fit = multivariate(*FIVE, [RandomEffect("abcde")], design=LINE, test=test)
    one, joint = fit.combination({"x": 1.0}), fit.joint_test([{"x": 1.0}])
    assert (one.estimate, one.se, one.p) == pytest.approx((fit.beta[1], fit.se[1], fit.p[1]))
    assert one.ci == pytest.approx((fit.ci_low[1], fit.ci_high[1]))
    assert (joint.stat, joint.p) == pytest.approx((fit.stat[1] ** 2, fit.p[1]))
    assert (joint.df, one.ddf, joint.ddf) == (1, fit.ddf, fit.ddf)
    assert fit.ddf == (None if test == "z" else 3)


def test_levels_of_an_order_that_are_words_stand_in_their_alphabetical_order() -> None:
    """As R's factors do."""
    y, v = [0.1, 0.4, 0.2, 0.9, 0.5, 0.3], [0.1] * 6
    words, numbers = (
        multivariate(y, v, [RandomEffect("aaabbb", within, Structure.AR)])
        for within in ("prqprq", [1, 3, 2, 1, 3, 2])
    )
    assert words.loglik == pytest.approx(numbers.loglik, abs=1e-9)
    assert words.components[0].levels == ("p", "q", "r")
    assert any("in the order of the alphabet (p, q, r)" in note for note in words.notes)
    told = multivariate(
        y, v, [RandomEffect("aaabbb", "prqprq", Structure.AR, times={"r": 0, "p": 1, "q": 2})]
    )
    assert told.components[0].levels == ("r", "p", "q")
    assert not any("alphabet" in note for note in (*numbers.notes, *told.notes))


def test_shares_of_a_coefficient_are_those_of_the_effects_that_make_it() -> None:
    """Of a straight line through four alike effects: by their distance from the middle."""
    x = [1.0, 2.0, 3.0, 4.0]
    fit = multilevel([0.1, 0.3, 0.2, 0.5], [0.1] * 4, "abcd", design=design("x", {"x": x}))
    close(weights(fit.working, "x"), [37.5, 12.5, 12.5, 37.5], rel=1e-9)


def test_correlations_by_pair_of_kinds_or_as_reported_make_the_same_covariances() -> None:
    vi, wanted = [1.0, 4.0, 1.0], [[1.0, 1.0, 0.9], [1.0, 4.0, 1.0], [0.9, 1.0, 1.0]]
    given = {"kind": "xyx", "measurement": [1, 1, 2], "rho_measurement": 0.9}
    for rho in ({("x", "y"): 0.5}, {("y", "x"): 0.5}, 0.5):
        found = sampling_covariance(vi, "aaa", rho_kind=rho, **given)  # type: ignore[arg-type] # of each its own
        assert found.tolist() == [pytest.approx(row) for row in wanted]
    reported = [[1, 0.5, 0.9], [0.5, 1, 0.5], [0.9, 0.5, 1]]
    assert sampling_covariance(vi, "aaa", correlations=reported).tolist() == [
        pytest.approx(row) for row in wanted
    ]
