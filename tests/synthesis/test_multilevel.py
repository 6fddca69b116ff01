"""Multilevel models and robust errors against metafor, clubSandwich and dense linear algebra."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.clustered import robust_regression
from review.synthesis.design import design, intercept_only
from review.synthesis.methods import Test
from review.synthesis.moderators import regress
from review.synthesis.multilevel import Multilevel, multilevel
from review.synthesis.robust import Correction, cluster_rows
from tests.synthesis.test_aggregation import assink

THREE_LEVEL: dict[str, Any] = json.loads(
    (Path(__file__).parent / "three_level" / "multilevel.json").read_text("utf-8")
)
REFERENCE = Path(__file__).parent.parent / "reference"
KONST = json.loads((REFERENCE / "expected" / "konstantopoulos2011.json").read_text())


def konstantopoulos() -> tuple[np.ndarray, np.ndarray, dict[str, list[str]]]:
    with (REFERENCE / "data" / "konstantopoulos2011.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    data = {key: [row[key] for row in rows] for key in rows[0]}
    return np.array(data["yi"], dtype=float), np.array(data["vi"], dtype=float), data


def as_list(value: Any) -> list[float]:
    return value if isinstance(value, list) else [value]


def assert_follows(fit: Multilevel, block: dict[str, Any]) -> None:
    assert fit.beta == pytest.approx(as_list(block["beta"]), rel=1e-6)
    assert fit.se == pytest.approx(as_list(block["se"]), rel=1e-6)
    assert fit.sigma2 == pytest.approx(block["sigma2"], rel=1e-6)
    assert fit.loglik == pytest.approx(block["loglik"], abs=1e-9)


def test_the_grid_of_cases_has_not_shrunk() -> None:
    assert len(KONST["multilevel"]) == 2
    assert [b["rho"] for b in KONST["correlated_hierarchical"]] == [0.4, 0.6, 0.8]


@pytest.mark.parametrize("block", KONST["multilevel"], ids=lambda b: b.get("mods", "mean"))
def test_three_level_models_follow_metafor(block: dict[str, Any]) -> None:
    y, v, data = konstantopoulos()
    model = design(block["mods"], data) if "mods" in block else None
    fit = multilevel(y, v, data["district"], design=model)
    assert list(fit.terms) == (
        block["terms"] if isinstance(block["terms"], list) else [block["terms"]]
    )
    assert_follows(fit, block)
    assert fit.q == pytest.approx(block["QE"], rel=1e-9)
    assert fit.ci_low == pytest.approx(as_list(block["ci_lb"]), rel=1e-6)
    assert fit.ci_high == pytest.approx(as_list(block["ci_ub"]), rel=1e-6)
    assert set(block["robust"]) == {"CR0", "CR1", "CR2"}
    for name, expected in block["robust"].items():
        found = fit.robust(Correction(name))
        assert found.se == pytest.approx(as_list(expected["se"]), rel=1e-6)
        assert found.stat == pytest.approx(as_list(expected["tstat"]), rel=1e-6)
        assert found.df == pytest.approx(as_list(expected["df"]), rel=1e-6)
        assert found.p == pytest.approx(as_list(expected["p"]), rel=1e-6)


@pytest.mark.parametrize("block", KONST["correlated_hierarchical"], ids=lambda b: str(b["rho"]))
def test_correlated_hierarchical_models_follow_metafor(block: dict[str, Any]) -> None:
    y, v, data = konstantopoulos()
    fit = multilevel(y, v, data["district"], rho=block["rho"])
    assert_follows(fit, block)
    found, expected = fit.robust(), block["CR2"]
    assert found.se == pytest.approx([expected["se"]], rel=1e-6)
    assert found.df == pytest.approx([expected["df"]], rel=1e-6)
    assert found.p == pytest.approx([expected["p"]], rel=1e-6)


@pytest.mark.parametrize(
    "case",
    THREE_LEVEL["cases"],
    ids=lambda case: f"{case['set']} {case['rho']} {case['mods'] or 'mean'}",
)
def test_models_of_five_data_sets_follow_metafor_and_club_sandwich(case: dict[str, Any]) -> None:
    data = THREE_LEVEL["data"][case["set"]]
    model = design(case["mods"], data) if case["mods"] else None
    fit = multilevel(data["yi"], data["vi"], data["cluster"], rho=case["rho"], design=model)
    assert fit.loglik >= case["loglik"] - 1e-9
    # rma.mv stops within 1e-9 of its likelihood, which leaves its variances six digits
    assert fit.loglik == pytest.approx(case["loglik"], abs=1e-8)
    assert fit.sigma2 == pytest.approx(case["sigma2"], rel=2e-5, abs=1e-8)
    assert fit.q == pytest.approx(case["QE"], rel=1e-9)
    ours = {"beta": fit.beta, "se": fit.se, "ci_lb": fit.ci_low, "ci_ub": fit.ci_high}
    for name, values in ours.items():
        assert values == pytest.approx(as_list(case[name]), rel=1e-5, abs=1e-7)
    if case["mods"]:
        assert fit.qm == pytest.approx(case["QM"], rel=1e-5)
    else:
        assert fit.pi == pytest.approx(case["pi"], rel=1e-5)
        assert fit.weights() == pytest.approx(case["weights"], rel=1e-5)
    assert set(case["robust"]) == {"CR0", "CR1", "CR2"}
    for name, expected in case["robust"].items():
        found = fit.robust(Correction(name))
        assert found.se == pytest.approx(as_list(expected["se"]), rel=1e-5)
        assert found.stat == pytest.approx(as_list(expected["tstat"]), rel=1e-5, abs=1e-6)
        assert found.df == pytest.approx(as_list(expected["df"]), rel=1e-4)
        for p, df, of_theirs in zip(found.p, found.df, as_list(expected["p"]), strict=True):
            assert p == (None if df < 4 else pytest.approx(of_theirs, rel=1e-4))


def test_no_data_set_was_dropped() -> None:
    assert len(THREE_LEVEL["cases"]) == 20
    assert len({case["set"] for case in THREE_LEVEL["cases"]}) == 5


def test_moderators_of_assink_2016_follow_metafor() -> None:
    # metafor 3.8-1 and clubSandwich 0.5.8: rma.mv(yi, V, mods = ~pubstatus+year,
    #   random = ~1|study/esid), V with rho .6, optim with reltol 1e-14; coef_test(vcov = "CR2")
    y, v, data = assink()
    fit = multilevel(y, v, data["study"], rho=0.6, design=design("pubstatus+year", data))
    assert fit.beta == pytest.approx((0.6285147269, -0.3029057854, -0.03631861001), rel=2e-7)
    assert fit.se == pytest.approx((0.1769824755, 0.1976337654, 0.01480632414), rel=2e-7)
    assert fit.sigma2 == pytest.approx((0.02638658049, 0.1582303262), rel=2e-6)
    assert fit.loglik == pytest.approx(-67.49955797, abs=1e-8)
    assert (fit.qm, fit.qm_p) == pytest.approx((9.679886, 0.007907506), rel=1e-6)
    robust = fit.robust()
    assert robust.se == pytest.approx((0.2468745311, 0.2671968299, 0.0215080277), rel=2e-7)
    assert robust.df == pytest.approx((1.021255191, 1.549211194, 6.502636831), rel=2e-7)
    assert robust.p[:2] == (None, None)  # below four degrees of freedom none is given
    assert robust.p[2] is not None


def test_heterogeneity_and_prediction_of_assink_2016() -> None:
    # living updating, section 4.4
    y, v, data = assink()
    three = multilevel(y, v, data["study"])
    assert (three.i2, *three.i2_levels) == pytest.approx((93.06, 58.31, 34.76), abs=0.005)
    che = multilevel(y, v, data["study"], rho=0.6)
    assert che.pi == pytest.approx((-0.6016, 1.3371), abs=5e-5)


def test_robust_errors_of_a_plain_regression_follow_club_sandwich() -> None:
    # metafor 3.8-1, clubSandwich 0.5.8: rma(yi, vi, mods = ~year), coef_test(vcov = "CR2",
    #   cluster = study) on dat.assink2016
    y, v, data = assink()
    fit = regress(y, v, design("year", data), test=Test.Z)
    assert fit.tau2 == pytest.approx(0.223970044769, rel=1e-9)
    found = robust_regression(y, v, data["study"], fit)
    assert found.se == pytest.approx((0.122672481036, 0.0283746354755), rel=1e-9)
    assert found.df == pytest.approx((8.56973145164, 5.71134763495), rel=1e-9)


def test_joint_robust_tests_follow_club_sandwich() -> None:
    # clubSandwich 0.5.8: Wald_test(constraints = constrain_zero(...), test = "HTZ") on
    #   rma.mv(yi, V, mods = ~deltype+year, random = ~1|study/esid), dat.assink2016, rho .6
    y, v, data = assink()
    fit = multilevel(y, v, data["study"], rho=0.6, design=design("deltype+year", data))
    assert fit.terms == ("intrcpt", "deltypegeneral", "deltypeovert", "year")
    for correction, stat, ddf, pair_stat, pair_ddf in (
        (Correction.CR0, 440.9334364, 4.103080277, 754.2125395, 3.357028451),
        (Correction.CR1, 414.9961754, 4.103080277, 709.847096, 3.357028451),
        (Correction.CR2, 21.74689906, 1.359268264, 38.37216681, 0.9648067696),
    ):
        every = fit.robust_wald(correction=correction)
        assert (every.df, every.stat, every.ddf) == (
            3,
            pytest.approx(stat, rel=1e-5),
            pytest.approx(ddf, rel=1e-6),
        )
        pair = fit.robust_wald(["deltypegeneral", "deltypeovert"], correction)
        assert (pair.df, pair.stat, pair.ddf) == (
            2,
            pytest.approx(pair_stat, rel=1e-5),
            pytest.approx(pair_ddf, rel=1e-6),
        )
        assert pair.p is None  # below four degrees of freedom
    assert fit.robust_wald(correction=Correction.CR0).p == pytest.approx(1.341959952e-05, rel=1e-5)
    y, v, data = konstantopoulos()
    fit = multilevel(y, v, data["district"], design=design("year", data))
    both = fit.robust_wald(["intrcpt", "year"])
    assert (both.stat, both.ddf, both.p) == pytest.approx(
        (1.895278373, 4.046901927, 0.2625204695), rel=1e-6
    )
    one, single = fit.robust_wald(), fit.robust()
    assert (one.stat, one.ddf, one.p) == pytest.approx(
        (single.stat[1] ** 2, single.df[1], single.p[1]), rel=1e-9
    )
    with pytest.raises(InvalidDataError):
        fit.robust_wald(["nothere"])
    with pytest.raises(InvalidDataError):
        fit.robust_wald([])


def dense(fit: Multilevel) -> tuple[np.ndarray, np.ndarray]:
    k = fit.working.y.size
    phi = np.zeros((k, k))
    for rows, blocks in zip(fit.working.rows, fit.working.phi, strict=True):
        for r, b in zip(rows, blocks, strict=True):
            phi[np.ix_(r, r)] = b
    return phi, np.linalg.inv(phi)


def restricted(y: np.ndarray, X: np.ndarray, phi: np.ndarray) -> float:
    W = np.linalg.inv(phi)
    information = X.T @ W @ X
    e = y - X @ np.linalg.solve(information, X.T @ W @ y)
    value = (y.size - X.shape[1]) * np.log(2 * np.pi) + np.linalg.slogdet(phi)[1]
    value += np.linalg.slogdet(information)[1] - np.linalg.slogdet(X.T @ X)[1] + e @ W @ e
    return float(-0.5 * value)


def test_no_pair_of_variances_is_more_likely() -> None:
    rng = np.random.default_rng(8)
    boundary = 0
    for _ in range(25):
        cluster = rng.integers(0, 5, 14)
        v = 10.0 ** rng.uniform(-3, 0, 14)
        spread = 10 ** rng.uniform(-2, 0.5)
        y = rng.normal(size=14) * np.sqrt(v + spread * 0.1) + rng.normal(size=5)[cluster] * spread
        fit = multilevel(y, v, cluster, rho=0.5)
        boundary += fit.boundary
        phi, _ = dense(fit)
        X = np.ones((14, 1))
        assert fit.loglik == pytest.approx(restricted(y, X, phi), rel=1e-10)
        together = np.equal.outer(cluster, cluster).astype(float)
        base = phi - fit.sigma2[0] * together - fit.sigma2[1] * np.eye(14)
        for b in (0.0, *np.geomspace(1e-4, 10, 9)):
            for w in (0.0, *np.geomspace(1e-4, 10, 9)):
                other = restricted(y, X, base + b * together + w * np.eye(14))
                assert other <= fit.loglik + 1e-9
    assert boundary > 0


def test_profile_limits_of_the_variances_follow_metafor() -> None:
    # metafor 3.8-1: confint(rma.mv(yi, vi, random = ~1|district/school), sigma2 = 1:2) with tol
    # 1e-10 and optim to reltol 1e-14 (its defaults are off by 3e-4)
    y, v, data = konstantopoulos()
    between, within = multilevel(y, v, data["district"]).sigma2_ci()
    assert between == pytest.approx((0.02223969069, 0.2072416192), rel=1e-6)
    assert within == pytest.approx((0.01626525502, 0.06282758033), rel=1e-6)
    one, none = multilevel(y, v, data["study"]).sigma2_ci()
    assert none is None
    assert one[0] > 0


def test_a_matrix_of_sampling_errors_is_taken_as_it_is() -> None:
    y, v, data = konstantopoulos()
    together = np.equal.outer(data["district"], data["district"])
    V = np.where(together, 0.6, 0.0) * np.sqrt(np.outer(v, v))
    np.fill_diagonal(V, v)
    given, built = (
        multilevel(y, V, data["district"]),
        multilevel(y, v, data["district"], rho=0.6),
    )
    assert given.beta == pytest.approx(built.beta, rel=1e-10)
    assert (given.rho, built.rho) == (None, 0.6)
    with pytest.raises(InvalidDataError, match="different studies"):
        multilevel(y, V + 1e-4, data["district"])


@pytest.mark.parametrize("c", [1e-4, 1e4])
def test_a_change_of_unit_and_of_order_changes_nothing_else(c: float) -> None:
    y, v, data = assink()
    one = multilevel(y, v, data["study"], rho=0.6)
    order = np.random.default_rng(1).permutation(y.size)
    other = multilevel(c * y[order], c * c * v[order], [data["study"][i] for i in order], rho=0.6)
    assert other.beta[0] == pytest.approx(c * one.beta[0], rel=1e-8)
    assert other.sigma2 == pytest.approx([c * c * s for s in one.sigma2], rel=1e-7)
    assert other.robust().df == pytest.approx(one.robust().df, rel=1e-7)


def test_one_effect_a_study_is_the_ordinary_model() -> None:
    y, v, data = konstantopoulos()
    fit = multilevel(y, v, data["study"])
    plain = regress(y, v, intercept_only(y.size), test=Test.Z)
    assert fit.beta == pytest.approx(plain.beta, rel=1e-9)
    assert fit.sigma2 == pytest.approx((plain.tau2, 0.0), rel=1e-8)
    assert fit.loglik == pytest.approx(plain.loglik, rel=1e-10)
    assert fit.notes != ()
    # and its CR2 errors have k - 1 degrees of freedom where precision is equal
    equal = multilevel([0.1, 0.4, 0.3, 0.8, 0.2, 0.6], [0.1] * 6, range(6)).robust()
    assert equal.df[0] == pytest.approx(5, rel=1e-9)
    y6 = np.array([0.1, 0.4, 0.3, 0.8, 0.2, 0.6])
    assert equal.se[0] == pytest.approx(y6.std(ddof=1) / np.sqrt(6), rel=1e-9)


def test_satterthwaite_without_the_big_matrix_equals_the_dense_formula() -> None:
    y, v, data = assink()
    fit = multilevel(y, v, data["study"], rho=0.6)
    phi, W = dense(fit)
    M = 1 / W.sum()
    h = []
    for rows in cluster_rows(data["study"]):
        for r in rows:
            block = phi[np.ix_(r, r)]
            U = np.linalg.cholesky(block).T
            B = U @ (block - M) @ U.T
            value, vector = np.linalg.eigh(B)
            A = U.T @ (vector / np.sqrt(value)) @ vector.T @ U
            column = np.zeros(y.size)
            column[r] = A @ np.linalg.solve(block, np.ones(r.size)) * M
            h.append(column)
    H = np.array(h)
    G = H @ (phi - M) @ H.T
    assert fit.robust().df[0] == pytest.approx(np.trace(G) ** 2 / (G**2).sum(), rel=1e-9)


def test_what_cannot_be_fitted_is_refused() -> None:
    y, v = [0.1, 0.2, 0.3, 0.4], [0.1] * 4
    with pytest.raises(InvalidDataError, match="one study"):
        multilevel(y, v, ["a"] * 4)
    with pytest.raises(InvalidDataError):
        multilevel(y, v, ["a", "b", "b"])
    with pytest.raises(InvalidDataError):
        multilevel(y, v, ["a", "a", "b", "c"], rho=1.0)
    with pytest.raises(InvalidDataError):
        multilevel(y, [0.1, 0.0, 0.1, 0.1], ["a", "a", "b", "c"])
    with pytest.raises(InvalidDataError, match="positive definite"):
        multilevel(y, [[1, 2, 0, 0], [2, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], list("aabc"))
    with pytest.raises(InvalidDataError, match="cluster"):
        multilevel(y, v, list("aaab"), design=design("x", {"x": [1, 2, 1, 2]})).robust()
