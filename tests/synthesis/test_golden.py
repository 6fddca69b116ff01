"""Every number of golden.json, at the tolerance that the note on living updating states.

`test_every_key_is_covered` fails when the file gains a key that no test here reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.synthesis.bayes import MuPrior, TauFamily, TauPrior, posterior
from review.synthesis.boundaries import (
    Spending,
    crossing_probabilities,
    efficacy_boundaries,
    futility_boundaries,
)
from review.synthesis.evidence import (
    confidence_sequence,
    log_e_fixed,
    mixture_radius,
    one_sided_radius,
    tuned_rho,
)
from review.synthesis.information import diversity, information_size
from review.synthesis.methods import Method, Test
from review.synthesis.multilevel import multilevel
from review.synthesis.noninferiority import classify, noninferiority_p
from review.synthesis.pooling import pool
from review.synthesis.robust import Correction
from tests.synthesis.test_aggregation import assink
from tests.synthesis.test_multilevel import konstantopoulos

GOLDEN = json.loads((Path(__file__).parent.parent / "reference" / "golden.json").read_text())
Y, V = np.array(GOLDEN["fixture"]["y"]), np.array(GOLDEN["fixture"]["v"])
MARGIN = GOLDEN["fixture"]["margin"]
UPDATES = GOLDEN["fixture"]["updates_k"]

EXACT: dict[str, Any] = {"rel": 0, "abs": 6e-11}  # the file has ten decimals
COMMENTS = {"note"}


class Reader:
    """One object of the file; it remembers which of its keys were compared."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content, self.read = content, set(COMMENTS)

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return self.content[key]

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def done(self) -> None:
        assert set(self.content) - self.read == set(), "numbers that no test compares"


def check_fixture() -> None:
    r = Reader(GOLDEN["fixture"])
    assert len(r["y"]) == len(r["v"]) == max(r["updates_k"])
    assert r["margin"] == 0.5
    r.done()


def check_obf_bounds() -> None:
    assert len(GOLDEN["obf_bounds"]) >= 6
    for row in GOLDEN["obf_bounds"]:
        r = Reader(row)
        found = efficacy_boundaries(
            r["t"], alpha=r["alpha_one_sided"], two_sided=r["two_sided_symmetric"]
        )
        assert found == pytest.approx(r["z"], **EXACT)
        r.done()


def check_pocock_type_bounds() -> None:
    r = Reader(GOLDEN["pocock_type_bounds"])
    found = efficacy_boundaries(
        r["t"], alpha=r["alpha_one_sided"], spending=Spending.POCOCK, two_sided=True
    )
    assert found == pytest.approx(r["z"], **EXACT)
    r.done()


def check_futility_nonbinding() -> None:
    assert len(GOLDEN["futility_nonbinding"]) >= 3
    for row in GOLDEN["futility_nonbinding"]:
        r = Reader(row)
        found = futility_boundaries(r["t"], alpha=r["alpha_one_sided"], beta=r["beta"])
        # the file's drift is a root to 1e-8 or so
        assert found.upper == pytest.approx(r["upper"], abs=2e-10)
        assert found.lower == pytest.approx(r["lower"], abs=2e-9)
        assert found.drift == pytest.approx(r["drift"], abs=2e-9)
        assert found.inflation == pytest.approx(r["inflation"], abs=2e-9)
        r.done()


def check_naive_type1_two_sided_05() -> None:
    assert len(GOLDEN["naive_type1_two_sided_05"]) >= 7
    z = 1.959963984540054
    for looks, expected in GOLDEN["naive_type1_two_sided_05"].items():
        n = int(looks)
        above, below = crossing_probabilities([(i + 1) / n for i in range(n)], [z] * n, [-z] * n)
        assert sum(above) + sum(below) == pytest.approx(expected, **EXACT)


def check_imax() -> None:
    r = Reader(GOLDEN["Imax"])
    for key, beta, delta in [
        ("alpha_one_sided .025, beta .1, delta .5", 0.1, 0.5),
        ("beta .2, delta .5", 0.2, 0.5),
        ("beta .1, delta .3", 0.1, 0.3),
    ]:
        assert information_size(delta, beta=beta).required == pytest.approx(r[key], **EXACT)
    r.done()


def check_cumulative_dl() -> None:
    assert [row["k"] for row in GOLDEN["cumulative_DL"]] == [2, 3, 4, 5, 6, 7, 8]
    for row in GOLDEN["cumulative_DL"]:
        r = Reader(row)
        k = r["k"]
        z = pool(Y[:k], V[:k], method=Method.DL, test=Test.Z)
        t = pool(Y[:k], V[:k], method=Method.DL, test=Test.ADHOC)
        plain = pool(Y[:k], V[:k], method=Method.DL, test=Test.KNHA)
        assert z.estimate == pytest.approx(r["mu"], **EXACT)
        assert z.se == pytest.approx(r["se"], **EXACT)
        assert z.tau2 == pytest.approx(r["tau2"], **EXACT)
        assert z.ci == pytest.approx(r["ci_z"], **EXACT)
        assert t.ci == pytest.approx(r["ci_mKH"], **EXACT)
        assert (plain.se / z.se) ** 2 == pytest.approx(r["hk_q"], **EXACT)
        assert (z.estimate + MARGIN) / z.se == pytest.approx(r["z_ni"], **EXACT)
        assert noninferiority_p(z.estimate, z.se, MARGIN, None) == pytest.approx(r["p_ni"], **EXACT)
        name = r["class_z"].replace("-worse", ", statistically worse")
        assert classify(z.ci, MARGIN) == name
        assert diversity(V[:k], z.tau2) == pytest.approx(r["D2"], **EXACT)
        r.done()


def check_normal_mixture() -> None:
    r = Reader(GOLDEN["normal_mixture"])
    rho = tuned_rho(100, alpha=0.05)
    assert rho == pytest.approx(r["rho_Vopt100_alpha.05"], **EXACT)
    for information, u in r["u_two_sided_.05"].items():
        assert float(mixture_radius(float(information), rho)) == pytest.approx(u, **EXACT)
    for information, u in r["u_one_sided_.025"].items():
        assert one_sided_radius(float(information), rho) == pytest.approx(u, **EXACT)
    r.done()


def check_cs_fixture() -> None:
    outer = Reader(GOLDEN["cs_fixture"])
    rho = tuned_rho(information_size(MARGIN).required)
    assert rho == pytest.approx(outer["rho"], **EXACT)
    assert set(outer["by_tau"]) >= {"0", "0.1", "0.2", "0.3"}
    for tau, rows in outer["by_tau"].items():
        found = confidence_sequence(
            Y, V, UPDATES, rho=rho, margins=[MARGIN], method=Method.DL, tau2=float(tau) ** 2
        )
        assert [row["k"] for row in rows] == UPDATES
        for update, row in zip(found.updates, rows, strict=True):
            r = Reader(row)
            evidence = update.margins[0]
            score = update.information * (update.estimate + MARGIN)
            assert update.k == r["k"]
            assert update.information == pytest.approx(r["V"], **EXACT)
            assert update.estimate == pytest.approx(r["mean"], **EXACT)
            assert update.ci == pytest.approx(r["cs"], **EXACT)
            assert evidence.log_e == pytest.approx(r["logE_NI_mix"], **EXACT)
            assert evidence.log_e_inferior == pytest.approx(r["logE_inf_mix"], **EXACT)
            assert log_e_fixed(score, update.information, MARGIN) == pytest.approx(
                r["logE_NI_lambda.5"], **EXACT
            )
            r.done()
    found = confidence_sequence(Y, V, UPDATES, rho=rho, margins=[MARGIN], method=Method.DL)
    rows = outer["default_max_DL_.04"]
    assert [row["k"] for row in rows] == UPDATES
    for update, row in zip(found.updates, rows, strict=True):
        r = Reader(row)
        assert update.k == r["k"]
        assert update.tau2_work == pytest.approx(r["tau2_work"], **EXACT)
        assert update.information == pytest.approx(r["V"], **EXACT)
        assert update.estimate == pytest.approx(r["mean"], **EXACT)
        assert update.ci == pytest.approx(r["cs"], **EXACT)
        assert update.margins[0].log_e == pytest.approx(r["logE_NI"], **EXACT)
        r.done()
    outer.done()


PRIORS = {
    "HN(0.5), mu flat": (TauPrior(TauFamily.HALF_NORMAL, 0.5), None),
    "HN(0.5), mu N(0,1)": (TauPrior(TauFamily.HALF_NORMAL, 0.5), MuPrior(0, 1)),
    "HC(0.3), mu N(0,1)": (TauPrior(TauFamily.HALF_CAUCHY, 0.3), MuPrior(0, 1)),
}


def check_bayes() -> None:
    assert len(GOLDEN["bayes"]) >= 15
    for row in GOLDEN["bayes"]:
        r = Reader(row)
        k = r["k"]
        tau, mu = PRIORS[r["prior"]]
        found = posterior(Y[:k], V[:k], tau_prior=tau, mu_prior=mu)
        assert found.mean == pytest.approx(r["mean"], **EXACT)
        assert found.sd == pytest.approx(r["sd"], **EXACT)
        assert found.median == pytest.approx(r["med"], **EXACT)
        assert found.ci == pytest.approx((r["lo"], r["hi"]), **EXACT)
        assert found.pi == pytest.approx((r["pil"], r["pih"]), **EXACT)
        assert found.probability_above(-MARGIN) == pytest.approx(r["pNI"], **EXACT)
        assert found.probability_above(-0.25) == pytest.approx(r["pNI25"], **EXACT)
        assert found.probability_above(0) == pytest.approx(r["p0"], **EXACT)
        assert found.probability_new_above(-MARGIN) == pytest.approx(r["pnew"], **EXACT)
        assert found.tau_mean == pytest.approx(r["taumean"], **EXACT)
        r.done()


MODELS = {"three_level": 0.0, "CHE_rho.5": 0.5, "CHE_rho.6": 0.6, "CHE_rho.8": 0.8}


def check_dependence() -> None:
    outer = Reader(GOLDEN["dependence"])
    for name, load in (("assink2016", assink), ("konstantopoulos2011", konstantopoulos)):
        y, v, data = load()
        cluster = data["study"] if name == "assink2016" else data["district"]
        models = Reader(outer[name])
        for model, rho in MODELS.items():
            if model in models:
                _check_dependence(Reader(models[model]), y, v, cluster, rho)
        models.done()
    outer.done()


def _check_dependence(
    r: Reader, y: np.ndarray, v: np.ndarray, cluster: list[str], rho: float
) -> None:
    # tolerances of section 4.4: b, se and log-likelihood 1e-5, variance components 1e-4
    fit = multilevel(y, v, cluster, rho=rho)
    robust = fit.robust()
    assert fit.beta[0] == pytest.approx(r["b"], abs=1e-5)
    assert fit.se[0] == pytest.approx(r["se_model"], abs=1e-5)
    assert fit.loglik == pytest.approx(r["ll"], abs=1e-5)
    assert robust.se[0] == pytest.approx(r["CR2_se"], abs=1e-5)
    assert robust.df[0] == pytest.approx(r["df"], abs=1e-4)
    assert (robust.ci_low[0], robust.ci_high[0]) == pytest.approx(r["ci"], abs=1e-5)
    components = r["s2"] if "s2" in r else [r["s2_study"], r["s2_es"]]
    assert fit.sigma2 == pytest.approx(components, abs=1e-4)
    if "p" in r:
        assert robust.p[0] == pytest.approx(r["p"], abs=1e-5)
    for key, correction in (("CR1_se", Correction.CR1), ("CR0_se", Correction.CR0)):
        if key in r:
            assert fit.robust(correction).se[0] == pytest.approx(r[key], abs=1e-5)
    r.done()


CHECKS: dict[str, Callable[[], None]] = {
    "fixture": check_fixture,
    "obf_bounds": check_obf_bounds,
    "pocock_type_bounds": check_pocock_type_bounds,
    "futility_nonbinding": check_futility_nonbinding,
    "naive_type1_two_sided_05": check_naive_type1_two_sided_05,
    "Imax": check_imax,
    "cumulative_DL": check_cumulative_dl,
    "normal_mixture": check_normal_mixture,
    "cs_fixture": check_cs_fixture,
    "bayes": check_bayes,
    "dependence": check_dependence,
}


def test_every_key_is_covered() -> None:
    assert set(CHECKS) == set(GOLDEN)


@pytest.mark.parametrize("key", CHECKS)
def test_golden_numbers_are_met(key: str) -> None:
    CHECKS[key]()
