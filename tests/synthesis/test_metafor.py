"""Against metafor where tests/reference is silent; ``metafor/generate.R`` made the numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from review.synthesis import (
    baujat,
    begg,
    egger,
    fail_safe_n,
    influence,
    mantel_haenszel,
    mantel_haenszel_rates,
    pet_peese,
    peto,
    profile_likelihood,
    trim_and_fill,
)

EXPECTED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "metafor" / "expected.json").read_text(encoding="utf-8")
)
SETS = EXPECTED["sets"]


def near(ours: ArrayLike, expected: Any, tolerance: float) -> bool:
    return bool(
        np.allclose(
            np.array(ours, dtype=float), np.array(expected, dtype=float), rtol=tolerance, atol=1e-12
        )
    )


def test_no_set_was_dropped() -> None:
    assert set(SETS) == {
        "bcg", "arcsine", "difference", "hackshaw", "negative", "ties", "many", "wild"
    }  # fmt: skip
    assert set(EXPECTED["tables"]) == {"bcg", "zeros"}
    assert set(EXPECTED["profile"]) == {"bcg", "hackshaw"}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("test", ["z", "knha"])
def test_influence_under_either_standard_error(name: str, test: str) -> None:
    s = SETS[name]
    e, found = s["influence"][test], influence(s["yi"], s["vi"], test=test)
    for key in ("rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "Q_del", "hat", "dfbs"):
        assert near(getattr(found, key), e[key], 1e-5), key
    assert found.influential.tolist() == e["influential"]
    coordinates = baujat(s["yi"], s["vi"], test=test)
    assert near(coordinates.x, s["baujat"][test]["x"], 1e-6)
    assert near(coordinates.y, s["baujat"][test]["y"], 1e-5)


@pytest.mark.parametrize("name", SETS)
def test_trim_and_fill_by_a_tight_rule(name: str) -> None:
    s = SETS[name]
    assert trim_and_fill(s["yi"], s["vi"]).side == s["side"]
    for e in s["trimfill"]:
        found = trim_and_fill(s["yi"], s["vi"], side=e["side"], estimator=e["estimator"])
        assert found.k0 == e["k0"]
        assert near(found.filled_yi, e["filled_yi"], 1e-6)


@pytest.mark.parametrize("name", SETS)
def test_fail_safe_n(name: str) -> None:
    s = SETS[name]
    for kind, expected in s["fsn"].items():
        # metafor 3.8 takes the plain mean for Orwin, 5.1 the weighted one
        assert fail_safe_n(s["yi"], s["vi"], kind=kind, weighted=False).fsnum == expected


def test_orwin_by_metafor_5() -> None:
    s = SETS["hackshaw"]  # 104 by 5.1-12 and 187 by 3.8-1 for the same call
    target = float(np.log(1.05))
    assert fail_safe_n(s["yi"], s["vi"], kind="Orwin", target=target).fsnum == 104
    assert fail_safe_n(s["yi"], s["vi"], kind="Orwin", target=target, weighted=False).fsnum == 187


@pytest.mark.parametrize("name", SETS)
def test_begg_with_and_without_ties(name: str) -> None:
    s = SETS[name]
    found = begg(s["yi"], s["vi"])
    assert found.tau == pytest.approx(s["begg"]["tau"], rel=1e-9)
    if name == "many":  # R's exact distribution has no value for 210 studies
        assert s["begg"]["p"] is None
        assert found.p == pytest.approx(0.9953, abs=1e-3)
    else:
        assert found.p == pytest.approx(s["begg"]["p"], rel=1e-9)


@pytest.mark.parametrize("name", SETS)
def test_regression_test_with_every_predictor(name: str) -> None:
    s = SETS[name]
    assert len(s["egger"]) == 12 or name == "difference"  # where metafor calls ni collinear
    for e in s["egger"]:
        found = egger(s["yi"], s["vi"], model=e["model"], predictor=e["predictor"], ni=s["ni"])
        assert found.stat == pytest.approx(e["stat"], rel=1e-6), e
        assert found.p == pytest.approx(e["p"], rel=1e-6), e
        assert (found.limit_estimate is None) == (e["predictor"] in ("ni", "sqrtni"))


@pytest.mark.parametrize("name", ["bcg", "hackshaw"])
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_profile_likelihood_interval(name: str, method: str) -> None:
    found = profile_likelihood(SETS[name]["yi"], SETS[name]["vi"], method=method)
    assert near(found.ci, EXPECTED["profile"][name][method], 1e-6)


@pytest.mark.parametrize("name", ["bcg", "zeros"])
@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "PETO"])
def test_stratified_tables(name: str, measure: str) -> None:
    t = EXPECTED["tables"][name]
    cells = (t["ai"], t["bi"], t["ci"], t["di"])
    found = peto(*cells) if measure == "PETO" else mantel_haenszel(*cells, measure=measure)
    for key, expected in t[measure].items():
        assert near(getattr(found, key), expected, 1e-9), key


@pytest.mark.parametrize("measure", ["IRR", "IRD"])
def test_stratified_rates(measure: str) -> None:
    t = EXPECTED["rates"]
    found = mantel_haenszel_rates(t["x1i"], t["t1i"], t["x2i"], t["t2i"], measure=measure)
    for key, expected in t[measure].items():
        assert near(getattr(found, key), expected, 1e-9), key


def test_pet_peese_follows_its_rule() -> None:
    se = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5])
    wiggle = np.array([0.02, -0.03, 0.03, -0.05, 0.06, -0.05])
    strong = pet_peese(0.8 + se + wiggle, se**2)
    assert strong.conditional == "PEESE"
    assert strong.estimate == strong.peese.limit_estimate
    weak = pet_peese(2 * se + wiggle, se**2)
    assert weak.conditional == "PET"
    assert weak.estimate == weak.pet.limit_estimate
    mirrored = pet_peese(-(0.8 + se + wiggle), se**2)
    assert mirrored.conditional == "PEESE"
    assert mirrored.estimate == pytest.approx(-strong.estimate, rel=1e-12)
