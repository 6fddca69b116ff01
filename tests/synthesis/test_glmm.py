"""Mixed models of counts against metafor's rma.glmm, and what they answer at the edge."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import hypergeom, norm

from review.errors import InvalidDataError
from review.synthesis import Glmm, glmm
from tests.tiers import WHOLE

CASES = json.loads((Path(__file__).parent / "glmm" / "glmm.json").read_text("utf-8"))


def fitted(case: Any) -> Glmm:
    model = case["model"] if case["measure"] == "OR" else case["measure"]
    return glmm(model, *case["columns"].values())


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['data']}-{c['measure']}{c['model']}")
def test_counts_are_pooled_as_rma_glmm_does(case: Any) -> None:
    fit = fitted(case)
    assert fit.estimate == pytest.approx(case["estimate"], abs=5e-5)
    assert fit.se == pytest.approx(case["se"], rel=5e-5)
    assert fit.tau2 == pytest.approx(case["tau2"], abs=5e-5)


def test_no_case_of_the_grid_was_dropped() -> None:
    assert len(CASES) == 14
    assert len({(c["data"], c["measure"], c["model"]) for c in CASES}) == 14


@pytest.mark.parametrize("data", ["hahn2001", "hine1989", "nielweise2007"][: 3 if WHOLE else 1])
def test_the_exact_model_has_the_maximum_of_its_likelihood_summed_on_a_grid(data: str) -> None:
    """metafor fits it with BiasedUrn; here each trial's likelihood is summed at 801 log odds."""
    columns = next(c for c in CASES if c["data"] == data and c["measure"] == "OR")["columns"]
    trials = list(zip(*(np.asarray(column) for column in columns.values()), strict=True))
    z = np.linspace(-8, 8, 801)

    def fall(at: np.ndarray) -> float:
        mu, tau, total = at[0], abs(at[1]), 0.0
        for a, b, c, d in trials:
            n1, n2, events = a + b, c + d, a + c
            seen = np.arange(max(0, events - n2), min(n1, events) + 1)
            odds = hypergeom.logpmf(seen, n1 + n2, n1, events) + np.outer(mu + tau * z, seen)
            share = np.exp(odds - odds.max(axis=1, keepdims=True))
            given = share[:, seen == a][:, 0] / share.sum(axis=1)
            total -= np.log(np.trapezoid(given * norm.pdf(z), z))
        return float(total)

    fit = glmm("CM.EL", *columns.values())
    best = minimize(fall, [0.0, 0.6], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11})
    assert fit.estimate == pytest.approx(best.x[0], abs=2e-5)
    assert fit.tau2 == pytest.approx(best.x[1] ** 2, abs=2e-5)
    h, free = 1e-3, 2 if fit.tau2 else 1  # a tau of nought is no parameter of the test
    bend = np.empty((free, free))
    for i, j in np.ndindex(free, free):
        one, other = h * np.eye(2)[i], h * np.eye(2)[j]
        steps = (one + other, one - other, other - one, -one - other)
        a, b, c, d = (fall(best.x + step) for step in steps)
        bend[i, j] = (a - b - c + d) / (4 * h**2)
    assert fit.se == pytest.approx(np.sqrt(np.linalg.inv(bend)[0, 0]), rel=2e-4)


@pytest.mark.parametrize("model", ["CM.EL", "CM.AL", "IRR"])
def test_order_does_not_matter_and_exchanged_arms_change_the_sign(model: str) -> None:
    a, b = np.array([3.0, 1, 7, 0]), np.array([40.0, 52, 90, 30])
    c, d = np.array([9.0, 4, 6, 2]), np.array([38.0, 50, 95, 33])
    fit, turned = glmm(model, a, b, c, d), glmm(model, c, d, a, b)
    assert turned.estimate == pytest.approx(-fit.estimate, abs=1e-5)
    assert turned.se == pytest.approx(fit.se, rel=1e-3)
    again = glmm(model, a[::-1], b[::-1], c[::-1], d[::-1])
    assert again.estimate == pytest.approx(fit.estimate, abs=1e-5)


def test_a_study_without_events_says_nothing_of_a_ratio() -> None:
    fit = glmm("CM.EL", [3, 0, 5], [30, 20, 40], [6, 0, 9], [30, 20, 40])
    assert fit.k == 2
    assert fit.estimate == pytest.approx(
        glmm("CM.EL", [3, 5], [30, 40], [6, 9], [30, 40]).estimate, abs=1e-7
    )


def test_one_study_has_its_own_logit() -> None:
    fit = glmm("PLO", [3], [12])
    assert fit.estimate == pytest.approx(np.log(3 / 12), abs=1e-5)
    assert fit.se == pytest.approx((1 / 3 + 1 / 12) ** 0.5, rel=1e-4)
    assert fit.tau2 == 0


@pytest.mark.parametrize(
    ("model", "counts"),
    [
        ("CM.EL", ([0, 0], [9, 9], [0, 0], [9, 9])),
        ("CM.EL", ([0, 0], [9, 9], [2, 3], [9, 9])),
        ("PLO", ([0, 0], [5, 5])),
        ("IRLN", ([0, 0], [5, 5])),
        ("PLO", ([1.5], [2])),
        ("PLO", ([1], [2], [3], [4])),
    ],
)
def test_counts_without_a_maximum_are_refused(model: str, counts: Any) -> None:
    with pytest.raises(InvalidDataError):
        glmm(model, *counts)
