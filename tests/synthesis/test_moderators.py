"""Meta-regression against metafor's results on real data, closed forms and invariants."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.design import design, intercept_only
from review.synthesis.estimable import without_redundant
from review.synthesis.methods import Method, Test
from review.synthesis.moderators import MetaRegression, regress

REFERENCE = Path(__file__).parent.parent / "reference"


def blocks() -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    return [
        (path.stem, analysis["measure"], analysis["effects"], block)
        for path in sorted((REFERENCE / "expected").glob("*.json"))
        for analysis in json.loads(path.read_text())["analyses"]
        for block in analysis.get("metareg", [])
    ]


def columns(name: str) -> dict[str, list[str]]:
    with (REFERENCE / "data" / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {key: [row[key] for row in rows] for key in rows[0]}


def fitted(name: str, effects: dict[str, Any], block: dict[str, Any]) -> MetaRegression:
    y = np.array([np.nan if x is None else x for x in effects["yi"]], dtype=float)
    v = np.array([np.nan if x is None else x for x in effects["vi"]], dtype=float)
    data = columns(name)
    used = [c for c in data if c in block["formula"].replace("~", "").split("+")]
    ok = np.isfinite(y) & np.isfinite(v)
    ok &= np.array([all(data[c][i] != "" for c in used) for i in range(y.size)])
    kept = {c: [data[c][i] for i in np.flatnonzero(ok)] for c in used}
    return regress(y[ok], v[ok], design(block["formula"], kept), test=Test(block["test"]))


CASES = blocks()


def test_the_grid_of_cases_has_not_shrunk() -> None:
    assert len(CASES) >= 52
    assert {name for name, *_ in CASES} >= {"bcg", "bangertdrowns2004", "raudenbush1985"}


@pytest.mark.parametrize(
    ("name", "effects", "block"),
    [(n, e, b) for n, _, e, b in CASES],
    ids=[f"{n}-{m}-{b['formula']}-{b['test']}" for n, m, _, b in CASES],
)
def test_metafor_regressions_are_reproduced(
    name: str, effects: dict[str, Any], block: dict[str, Any]
) -> None:
    fit = fitted(name, effects, block)
    assert list(fit.terms) == block["terms"]
    assert fit.k == block["k"]
    near: dict[str, Any] = {"rel": 1e-6, "abs": 1e-12}
    assert fit.beta == pytest.approx(block["beta"], **near)
    assert fit.se == pytest.approx(block["se"], **near)
    assert fit.stat == pytest.approx(block["stat"], **near)
    assert fit.p == pytest.approx(block["p"], **near)
    assert fit.ci_low == pytest.approx(block["ci_lb"], **near)
    assert fit.ci_high == pytest.approx(block["ci_ub"], **near)
    assert fit.tau2 == pytest.approx(block["tau2"], **near)
    assert fit.i2 == pytest.approx(block["I2"], **near)
    assert fit.qm == pytest.approx(block["QM"], **near)
    assert list(fit.qm_df) == block["QM_df"]
    assert fit.qm_p == pytest.approx(block["QMp"], **near)
    # metafor solves normal equations: with `year` its QE is off by up to 9e-9, ours by 2e-14
    # (test_q_is_exact)
    assert fit.q == pytest.approx(block["QE"], rel=1e-8)
    assert fit.q_p == pytest.approx(block["QEp"], rel=2e-7)
    if block["R2"] is None:
        assert fit.r2 is None
    else:
        assert fit.r2 == pytest.approx(block["R2"], rel=1e-6, abs=1e-9)


def bcg(n: int = 13) -> tuple[np.ndarray, np.ndarray, dict[str, list[str]]]:
    content = json.loads((REFERENCE / "expected" / "bcg.json").read_text())
    effects = next(a["effects"] for a in content["analyses"] if a["measure"] == "RR")
    data = {key: values[:n] for key, values in columns("bcg").items()}
    return np.array(effects["yi"][:n]), np.array(effects["vi"][:n]), data


@pytest.mark.parametrize("measure", ["RD", "AS", "OR2D"])
def test_q_is_exact(measure: str) -> None:
    _, _, effects, _ = next(c for c in CASES if c[:2] == ("bcg", measure))
    coded = design("ablat+year", columns("bcg"))
    fit = regress(effects["yi"], effects["vi"], coded)
    y, v = ([Fraction(x) for x in effects[key]] for key in ("yi", "vi"))
    X = [[Fraction(x) for x in row] for row in coded.matrix.tolist()]
    # Gauss-Jordan elimination of X'WX b = X'Wy in rational numbers
    table: list[list[Any]] = [
        [sum(x[r] * x[c] / w for x, w in zip(X, v, strict=True)) for c in range(3)]
        + [sum(x[r] * a / w for x, a, w in zip(X, y, v, strict=True))]
        for r in range(3)
    ]
    for i in range(3):
        table[i] = [x / table[i][i] for x in table[i]]
        for j in set(range(3)) - {i}:
            table[j] = [a - table[j][i] * b for a, b in zip(table[j], table[i], strict=True)]
    b = [row[3] for row in table]
    exact = sum(
        (a - sum(p * q for p, q in zip(x, b, strict=True))) ** 2 / w
        for x, a, w in zip(X, y, v, strict=True)
    )
    assert fit.q == pytest.approx(float(exact), rel=1e-12)


# R 4.2, metafor 3.8-1: rma(yi, vi, mods = ~ablat+year, data = escalc("RR", ..., dat.bcg),
#   method = m, control = list(threshold = 1e-13, tol = 1e-13)): tau2, b[2], se[2], logLik, R2
ALL_METHODS = {
    "FE": (0, -0.0338754494105, 0.00399633874101, -8.26963769223, None),
    "DL": (0.0790389578091, -0.0287644839897, 0.00897921223502, -7.96957765279, 74.40118846),
    "HE": (0.235610760817, -0.0263236700111, 0.0140421516199, -9.49872105027, 28.2907249),
    "HS": (0.025135517359, -0.0309598115757, 0.00617209075098, -7.64691179708, 88.99316774),
    "HSk": (0.0390727532383, -0.0301971306231, 0.00702978993085, -7.67580152714, 84.31883286),
    "SJ": (0.253226123182, -0.0261707016624, 0.0144936651365, -9.66085678239, 26.71067566),
    "ML": (0.0268731993136, -0.0308514226598, 0.00628705770641, -7.64611522773, 90.40339318),
    "REML": (0.110784696948, -0.0280113294442, 0.010233943231, -8.10687383701, 64.63301474),
    "EB": (0.171637115725, -0.027019578009, 0.0122523118187, -8.88350950338, 46.03768009),
    "PM": (0.171637115725, -0.027019578009, 0.0122523118187, -8.88350950338, 46.03768009),
    "PMM": (0.195666615103, -0.0267277858751, 0.0129558792868, -9.11913539704, 43.01878104),
}


@pytest.mark.parametrize("method", ALL_METHODS)
def test_every_method_follows_metafor(method: str) -> None:
    y, v, data = bcg()
    fit = regress(y, v, design("ablat+year", data), method=Method(method), test=Test.Z)
    tau2, beta, se, loglik, r2 = ALL_METHODS[method]
    assert fit.tau2 == pytest.approx(tau2, rel=1e-9)
    assert (fit.beta[1], fit.se[1]) == pytest.approx((beta, se), rel=1e-9)
    assert fit.loglik == pytest.approx(loglik, rel=1e-10)
    assert fit.r2 == (None if r2 is None else pytest.approx(r2, rel=1e-8))


def test_inconsistency_without_tau2_comes_from_q_as_in_metafor() -> None:
    # R 4.2, metafor 3.8-1: rma(yi, vi, mods = ~ablat, data = escalc("RR", ..., dat.bcg),
    #   method = "FE"): I2, H2
    y, v, data = bcg()
    fit = regress(y, v, design("ablat", data), method=Method.EE)
    assert (fit.i2, fit.h2) == pytest.approx((64.207959577, 2.793917274), rel=1e-9)


def test_no_method_is_left_out() -> None:
    assert {Method(m) for m in ALL_METHODS} == set(Method)


def test_interactions_are_coded_and_tested_as_in_r() -> None:
    y, v, data = bcg()
    fit = regress(y, v, design("ablat*alloc", data), test=Test.KNHA)
    assert fit.terms == (
        "intrcpt",
        "ablat",
        "allocrandom",
        "allocsystematic",
        "ablat:allocrandom",
        "ablat:allocsystematic",
    )
    assert fit.beta[:3] == pytest.approx(
        (0.0208845302693, -0.0183409117293, 0.00680118660564), rel=1e-8
    )
    assert fit.beta[3:] == pytest.approx(
        (0.471053792558, -0.00981440025434, -0.0124917430643), rel=1e-8
    )
    assert (fit.tau2, fit.qm, fit.qm_p) == pytest.approx(
        (0.24653092506, 1.50981623928, 0.298826741708), rel=1e-9
    )
    interaction = fit.tests[-1]
    assert (interaction.term, interaction.df, interaction.ddf) == ("ablat:alloc", 2, 7.0)
    assert (interaction.stat, interaction.p) == pytest.approx(
        (0.0750542842461, 0.928429461192), rel=1e-8
    )


def test_without_intercept_a_factor_keeps_all_its_levels() -> None:
    y, v, data = bcg()
    fit = regress(y, v, design("0 + alloc", data), test=Test.Z)
    assert fit.terms == ("allocalternate", "allocrandom", "allocsystematic")
    assert fit.beta == pytest.approx([-0.517955777155, -0.965774178546, -0.428917560924], rel=1e-9)
    assert (fit.qm, fit.qm_p) == pytest.approx((15.9841274204, 0.001142512901), rel=1e-9)
    assert fit.r2 is None


def test_predictions_and_tau2_limits_follow_metafor() -> None:
    y, v, data = bcg()
    fit = regress(y, v, design("ablat", data), test=Test.Z)
    assert fit.tau2_ci == pytest.approx((0.0166800683206, 0.784835254576), rel=1e-10)
    found = fit.predict({"ablat": [10, 30, 50]})
    assert [p.estimate for p in found] == pytest.approx(
        [-0.03954904011, -0.6215835403, -1.203618041], rel=1e-9
    )
    assert [p.se for p in found] == pytest.approx(
        [0.1866066679, 0.1069240505, 0.1716439446], rel=1e-8
    )
    assert [p.pi[0] for p in found] == pytest.approx(
        [-0.6930435121, -1.202277959, -1.841162745], rel=1e-9
    )
    assert [p.pi[1] for p in found] == pytest.approx(
        [0.61394543, -0.040889122, -0.56607334], abs=1e-8
    )


@pytest.mark.parametrize("c", [1e-4, 1e-2, 1e4])
@pytest.mark.parametrize("method", list(Method))
def test_a_change_of_unit_changes_nothing_else(c: float, method: Method) -> None:
    y, v, data = bcg()
    coded = design("ablat+alloc", data)
    one, other = (
        regress(y, v, coded, method=method),
        regress(c * y, c * c * v, coded, method=method),
    )
    assert other.tau2 == pytest.approx(one.tau2 * c * c, rel=1e-10)
    assert other.beta == pytest.approx([c * b for b in one.beta], rel=1e-9)
    assert other.stat == pytest.approx(one.stat, rel=1e-9)


def test_the_order_of_studies_and_the_coding_do_not_matter() -> None:
    y, v, data = bcg()
    one = regress(y, v, design("ablat+alloc", data))
    back = {key: values[::-1] for key, values in data.items()}
    turned = regress(y[::-1], v[::-1], design("ablat+alloc", back))
    assert turned.beta == pytest.approx(one.beta, rel=1e-10)
    other = design("ablat+alloc", data, reference={"alloc": "random"})
    recoded = regress(y, v, other)
    assert recoded.tests[1].stat == pytest.approx(one.tests[1].stat, rel=1e-9)
    assert recoded.tau2 == pytest.approx(one.tau2, rel=1e-10)


@pytest.mark.parametrize("method", [Method.REML, Method.ML])
def test_the_likelihood_is_at_its_global_maximum(method: Method) -> None:
    rng = np.random.default_rng(11)
    several = 0
    for _ in range(150):
        k = int(rng.integers(4, 8))
        v = 10.0 ** rng.uniform(-4, 1, k)
        y = rng.normal(0, 1, k) * np.sqrt(v) * 10 ** rng.uniform(-1, 1, k)
        coded = design("x", {"x": rng.normal(size=k)})
        fit = regress(y, v, coded, method=method)
        several += fit.modes > 1
        grid = np.concatenate([[0.0], np.geomspace(v.min() * 1e-3, 1e4, 600)])
        w = 1 / (v + grid[:, None])
        X = coded.matrix
        information = np.einsum("gk,kp,kq->gpq", w, X, X)
        beta = np.linalg.solve(information, np.einsum("gk,kp,k->gp", w, X, y)[..., None])[..., 0]
        height = -0.5 * (np.log(1 / w) + w * (y - beta @ X.T) ** 2).sum(axis=1)
        if method is Method.REML:
            height += -0.5 * np.linalg.slogdet(information)[1]
            height += 0.5 * np.linalg.slogdet(X.T @ X)[1]
        count = k - 2 if method is Method.REML else k
        height += -0.5 * count * np.log(2 * np.pi)
        assert fit.loglik >= height.max() - 1e-8
    assert several > 0  # the case the test is for does occur


def test_the_same_fit_comes_from_lstsq_when_variances_are_equal() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=9), rng.normal(size=9)
    fit = regress(y, np.full(9, 0.2), design("x", {"x": x}), test=Test.KNHA)
    X = np.column_stack([np.ones(9), x])
    beta, rss, *_ = np.linalg.lstsq(X, y, rcond=None)
    assert fit.beta == pytest.approx(beta, rel=1e-12)
    assert fit.tau2 == pytest.approx(rss[0] / 7 - 0.2, rel=1e-10)
    assert fit.se[1] == pytest.approx(np.sqrt(rss[0] / 7 * np.linalg.inv(X.T @ X)[1, 1]), rel=1e-10)


def test_intercept_only_is_the_pooled_mean() -> None:
    y, v, _ = bcg()
    fit = regress(y, v, intercept_only(13), test=Test.Z)
    assert (fit.beta[0], fit.se[0], fit.tau2) == pytest.approx(
        (-0.71453234, 0.17978152, 0.31324326), abs=5e-9
    )
    assert (fit.qm, fit.qm_p, fit.r2, fit.tests) == (None, None, None, ())


def test_columns_are_read_as_a_reviewer_writes_them() -> None:
    data: dict[str, Any] = {"x": ["1", "2", "10"], "g": ["b", "a", "b"], "n": [2, 10, 2]}
    coded = design("x + factor(n) + g", data)
    assert coded.columns == ("intrcpt", "x", "factor(n)10", "gb")
    assert coded.matrix.tolist() == [[1, 1, 0, 1], [1, 2, 1, 0], [1, 10, 0, 1]]
    assert coded.rows({"x": [3], "n": [10], "g": ["a"]}).tolist() == [[1, 3, 1, 0]]
    assert design("~1", data).columns == ("intrcpt",)
    assert design("x - 1", data).columns == ("x",)


@pytest.mark.parametrize(
    "formula",
    ["nothere", "x +", "x ^ 2", "0", "missing", "one", "log(g)", "log(I(x - 1))", "x - g"],
)
def test_formulas_that_cannot_be_right_are_refused(formula: str) -> None:
    data: dict[str, Any] = {
        "x": [1, 2, 3], "missing": [1, None, 3], "one": ["a", "a", "a"], "g": ["a", "b", "a"]
    }  # fmt: skip
    with pytest.raises(InvalidDataError):
        design(formula, data)


def test_models_that_cannot_be_fitted_are_refused() -> None:
    y, v = [0.1, 0.2, 0.3, 0.4], [0.1] * 4
    with pytest.raises(InvalidDataError, match="redundant"):
        regress(y, v, design("x + z", {"x": [1, 2, 3, 5], "z": [2, 4, 6, 10]}))
    with pytest.raises(InvalidDataError, match="no studies"):
        regress([], [], design("x", {"x": []}))
    with pytest.raises(InvalidDataError, match="carry"):
        regress(y[:2], v[:2], design("x", {"x": [1, 2]}))
    with pytest.raises(InvalidDataError):
        regress(y, v, design("x", {"x": [1, 2, 3]}))
    with pytest.raises(InvalidDataError):
        regress(y, [0.1, 0.0, 0.1, 0.1], design("x", {"x": [1, 2, 3, 4]}))
    fit = regress(y, v, design("g", {"g": ["a", "b", "a", "b"]}))
    with pytest.raises(InvalidDataError, match="no level"):
        fit.predict({"g": ["c"]})


def test_redundant_columns_can_be_left_out_as_metafor_does() -> None:
    data: dict[str, Any] = {
        "x": [1, 2, 4, 3, 7],
        "z": [2, 4, 8, 6, 14],
        "g": ["a", "b", "a", "b", "b"],
    }
    coded, dropped = without_redundant(design("x + z + g", data))
    assert (coded.columns, dropped) == (("intrcpt", "x", "gb"), ("z",))
    fit = regress([0.1, 0.3, 0.2, 0.5, 0.4], [0.1] * 5, coded)
    same = regress([0.1, 0.3, 0.2, 0.5, 0.4], [0.1] * 5, design("x + g", data))
    assert fit.beta == same.beta
    new: dict[str, Any] = {"x": [5], "z": [10], "g": ["b"]}
    assert fit.predict(new)[0] == same.predict(new)[0]


def test_a_perfect_fit_has_a_stated_answer() -> None:
    data: dict[str, Any] = {"x": [1, 2, 3, 4]}
    flat = regress([0.0] * 4, [0.1] * 4, design("x", data), test=Test.KNHA)
    assert (flat.stat, flat.se, flat.qm) == ((0.0, 0.0), (0.0, 0.0), 0.0)
    same = regress([0.3] * 4, [0.1, 0.2, 0.1, 0.3], design("x", data), test=Test.KNHA)
    assert (same.stat[1], same.p[1], same.qm, same.qm_p) == (0.0, 1.0, 0.0, 1.0)
    assert same.beta[0] == pytest.approx(0.3)
    floored = regress([1.0, 2.0, 3.0, 4.0], [0.1] * 4, design("x", data))
    assert floored.beta[1] == pytest.approx(1.0)
    assert floored.se[1] == pytest.approx(np.sqrt(0.1 / 5))  # the Wald error: the factor's floor
    assert (floored.tau2, floored.tau2_ci, floored.r2) == (0.0, (0.0, 0.0), pytest.approx(100))
    # metafor says 0 as well where there was no heterogeneity to explain
    assert regress([0.30, 0.31, 0.29, 0.30], [0.1] * 4, design("x", data)).r2 == 0


def test_precision_of_eight_orders_of_magnitude_is_carried() -> None:
    rng = np.random.default_rng(0)
    v, x = 10.0 ** rng.uniform(-8, 0, 8), rng.normal(size=8)
    y = 0.3 * x + rng.normal(size=8) * np.sqrt(v)
    fit = regress(y, v, design("x", {"x": x}), method=Method.EE)
    X, Y, W = ([Fraction(float(a)) for a in values] for values in (x, y, v))
    s0, s1, s2, t0, t1 = (
        sum(a**p * b**q / w for a, b, w in zip(X, Y, W, strict=True))
        for p, q in ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1))
    )
    slope = (s0 * t1 - s1 * t0) / (s0 * s2 - s1**2)
    level = (t0 - slope * s1) / s0
    q = sum((b - level - slope * a) ** 2 / w for a, b, w in zip(X, Y, W, strict=True))
    assert fit.beta == pytest.approx((float(level), float(slope)), rel=1e-11)
    assert fit.q == pytest.approx(float(q), rel=1e-11)


def test_a_pooled_mean_is_predicted_whatever_is_asked() -> None:
    fit = regress([0.1, 0.5, 0.9], [0.1] * 3, intercept_only(3))
    found = fit.predict({"year": [1990, 2026]})
    assert [p.estimate for p in found] == [pytest.approx(0.5)] * 2
    assert fit.predict({}) == ()


def test_a_sign_before_a_number_turns_its_slope() -> None:
    y, v, x = [0.1, 0.3, 0.2, 0.5], [0.1] * 4, {"x": [1.0, 2.0, 3.0, 4.0]}
    up, down, same = (regress(y, v, design(f"I({s}x)", x)) for s in ("", "-", "+"))
    assert up.tested
    assert not regress([1.0, 2.0, 3.0, 4.0], v, design("x", x), test=Test.KNHA).tested
    assert regress(y, v, design("I(2 * x + 1)", x)).beta[1] == pytest.approx(up.beta[1] / 2)
    assert down.beta == pytest.approx((up.beta[0], -up.beta[1]))
    assert same.beta == up.beta
