"""Location-scale models against metafor on three data sets of metadat, and what must not matter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis import pool
from review.synthesis.design import Design, design, intercept_only
from review.synthesis.location_scale import Link, LocationScale, location_scale, subgroup_tau2
from review.synthesis.location_scale.search import Data, evaluate, highest, polished

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "location_scale" / "location_scale.json").read_text(encoding="utf-8")
)
DATA, CASES, GROUPS = REFERENCE["data"], REFERENCE["cases"], REFERENCE["groups"]


def coded(formula: str, data: dict[str, Any]) -> Design:
    k = len(data["yi"])
    return intercept_only(k) if formula == "1" else design(formula, data)


def fitted(case: dict[str, Any]) -> LocationScale:
    data = DATA[case["set"]]
    return location_scale(
        data["yi"],
        data["vi"],
        location=coded(case["mods"], data),
        scale=coded(case["scale"], data),
        link=case["link"],
        method=case["method"],
        test=case["test"],
    )


def test_the_grid_of_cases_has_not_shrunk() -> None:
    assert len(CASES) == 17
    for what, kinds in (("link", ("log", "identity")), ("test", ("z", "t", "knha"))):
        for kind in kinds:
            assert len({case["set"] for case in CASES if case[what] == kind}) == 3, kind
    assert len(GROUPS) == 3


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_models_follow_metafor(case: dict[str, Any]) -> None:
    found = fitted(case)
    assert -1e-9 < found.loglik - case["loglik"] < 1e-6
    # where the likelihood is as high as metafor's to nine digits, coefficients have five
    assert list(found.beta) == pytest.approx(np.atleast_1d(case["beta"]).tolist(), rel=1e-5)
    assert list(found.se) == pytest.approx(np.atleast_1d(case["se"]).tolist(), rel=1e-5)
    assert list(found.p) == pytest.approx(np.atleast_1d(case["p"]).tolist(), rel=1e-4)
    assert found.q == pytest.approx(case["Q"], rel=1e-8)
    assert list(found.alpha) == pytest.approx(case["alpha"], rel=1e-4, abs=1e-5)
    assert list(found.tau2) == pytest.approx(case["tau2"], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_tests_of_the_scale_follow_metafor(case: dict[str, Any]) -> None:
    found = fitted(case)
    if found.alpha_se is None:
        assert min(found.tau2) < 1e-6 * min(DATA[case["set"]]["vi"])
        return
    assert found.alpha_p is not None
    assert found.alpha_low is not None
    if (
        "NA" in np.atleast_1d(case["alpha_se"]).tolist()
    ):  # its differences left tau² of zero or more
        assert case["link"] == "identity"
        return
    assert list(found.alpha_se) == pytest.approx(case["alpha_se"], rel=1e-3)
    assert list(found.alpha_p) == pytest.approx(case["alpha_p"], rel=1e-2)
    assert list(found.alpha_low) == pytest.approx(case["alpha_low"], rel=1e-3, abs=1e-4)
    assert found.qs == pytest.approx(case["QS"], rel=2e-3)


@pytest.mark.parametrize("name", GROUPS)
def test_tau2_of_subgroups_and_their_test_follow_metafor(name: str) -> None:
    expected, data = GROUPS[name], DATA[name]
    tau2, test = subgroup_tau2(data["yi"], data["vi"], data[expected["by"]])
    assert list(tau2) == list(expected["tau2"])
    # one at zero is where the search along its logarithm stops
    assert list(tau2.values()) == pytest.approx(list(expected["tau2"].values()), rel=1e-5, abs=1e-8)
    assert test.tau2 == pytest.approx(expected["one"], rel=1e-6)
    assert (test.df, test.stat) == (expected["df"], pytest.approx(expected["stat"], abs=1e-6))
    assert test.p == pytest.approx(expected["p"], rel=1e-5)


@pytest.mark.parametrize("name", GROUPS)
def test_a_scale_by_subgroup_gives_each_its_own_analysis(name: str) -> None:
    data, by = DATA[name], GROUPS[name]["by"]
    coded_by = design(f"0 + factor({by})", data)
    for link in Link:
        fit = location_scale(data["yi"], data["vi"], location=coded_by, scale=coded_by, link=link)
        for place, level in enumerate(coded_by.levels[0][1]):
            rows = [i for i, one in enumerate(data[by]) if one == level]
            alone = pool([data["yi"][i] for i in rows], [data["vi"][i] for i in rows], test="z")
            assert fit.beta[place] == pytest.approx(alone.estimate, rel=1e-5)
            assert fit.tau2[rows[0]] == pytest.approx(alone.tau2, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("link", Link)
def test_order_sign_and_unit_do_not_matter(link: Link) -> None:
    data = DATA["writing"]
    y, v, x = (np.array(data[name]) for name in ("yi", "vi", "ni"))

    def fit(y: Any, v: Any, x: Any) -> LocationScale:
        return location_scale(y, v, scale=design("ni", {"ni": x}), link=link)

    plain = fit(y, v, x)
    turned = fit(-y, v, x)
    assert list(turned.beta) == pytest.approx([-b for b in plain.beta], rel=1e-9)
    assert list(turned.alpha) == pytest.approx(list(plain.alpha), rel=1e-6)
    order = np.random.default_rng(2).permutation(y.size)
    mixed = fit(y[order], v[order], x[order])
    assert list(mixed.alpha) == pytest.approx(list(plain.alpha), rel=1e-5)
    wide = fit(1024 * y, 1024**2 * v, x)
    assert wide.beta == tuple(1024 * b for b in plain.beta)
    assert list(wide.tau2) == pytest.approx([1024**2 * t for t in plain.tau2], rel=1e-12)
    hundred = fit(y, v, 100 * x)  # another unit of the characteristic
    assert hundred.alpha[1] * 100 == pytest.approx(plain.alpha[1], rel=1e-5)
    assert hundred.loglik == pytest.approx(plain.loglik, abs=1e-9)
    assert plain.tau2_at({"ni": [x[0]]})[0] == pytest.approx(plain.tau2[0], rel=1e-9)


def test_a_constant_scale_is_an_ordinary_meta_analysis() -> None:
    data = DATA["bcg"]
    for method in ("REML", "ML"):
        alone = pool(data["yi"], data["vi"], method=method, test="z")
        fit = location_scale(data["yi"], data["vi"], scale=intercept_only(13), method=method)
        assert (fit.beta[0], fit.se[0]) == pytest.approx((alone.estimate, alone.se), rel=1e-8)
        assert fit.tau2[0] == pytest.approx(alone.tau2, rel=1e-7)
        assert fit.heteroscedasticity is None


def test_a_subgroup_without_heterogeneity_lies_at_the_limit_of_the_identity_link() -> None:
    """Its own mean and tau² each: the other subgroup's is that of its own analysis."""
    y, v, group = [0.2, 0.2, 0.9, -0.5, 0.8], [0.05, 0.02, 0.03, 0.04, 0.01], list("aabbb")
    coding = design("0 + factor(group)", {"group": group})
    fit = location_scale(y, v, scale=coding, location=coding, link="identity")
    alone = pool(y[2:], v[2:], test="z")
    assert fit.tau2[:2] == pytest.approx((0, 0), abs=1e-12)
    assert fit.tau2[2] == pytest.approx(alone.tau2, rel=1e-7)
    assert fit.beta[1] == pytest.approx(alone.estimate, rel=1e-8)
    assert fit.alpha_se is None
    assert "its limit" in fit.notes[0]


@pytest.mark.parametrize("link", Link)
def test_newtons_steps_end_nowhere_lower_wherever_they_begin(link: Link) -> None:
    data = DATA["bcg"]
    y, v = np.array(data["yi"]), np.array(data["vi"])
    X, Z = np.full((y.size, 1), y.size**-0.5), np.ones((y.size, 1))
    laid = Data(y, v, X, Z, link, restricted=True)
    top = evaluate(laid, highest(laid)[0]).height
    ends = []
    for tau2 in np.geomspace(1e-3, 30, 25):
        start = np.array([np.log(tau2) if link is Link.LOG else tau2])
        end = evaluate(laid, polished(laid, start)).height
        assert evaluate(laid, start).height - 1e-9 <= end <= top + 1e-9
        ends.append(end)
    assert sum(end == pytest.approx(top, abs=1e-9) for end in ends) >= 10


def test_what_has_no_answer_says_so() -> None:
    y, v = [0.1, 0.4, 0.3, 0.2], [0.1, 0.2, 0.1, 0.1]
    x = {"x": [1.0, 2.0, 3.0, 4.0]}
    with pytest.raises(InvalidDataError, match="studies cannot carry"):
        location_scale(y[:2], v[:2], scale=design("x", {"x": [1.0, 2.0]}))
    with pytest.raises(InvalidDataError, match="by REML or ML"):
        location_scale(y, v, scale=design("x", x), method="DL")
    with pytest.raises(InvalidDataError, match="unit of the effects"):
        location_scale(y, v, scale=design("0 + x", x))
    with pytest.raises(InvalidDataError, match="'b' has one study"):
        subgroup_tau2(y, v, ["a", "a", "a", "b"])
    with pytest.raises(InvalidDataError, match="one subgroup only"):
        subgroup_tau2(y, v, ["a"] * 4)
    lone = design("0 + factor(group)", {"group": ["a", "a", "a", "b"]})
    with pytest.raises(InvalidDataError, match=r"coefficient '.*b': every value is as likely"):
        location_scale([0.1, 0.9, -0.4, 0.2], v, scale=lone, location=lone)
    same = location_scale([0.3] * 6, [0.1] * 6, scale=design("x", {"x": list(range(6))}))
    assert max(same.tau2) < 1e-6
    assert same.alpha_se is None
    assert "its limit" in same.notes[0]
    assert same.heteroscedasticity is not None
    assert same.heteroscedasticity.stat == pytest.approx(0.0, abs=1e-6)
