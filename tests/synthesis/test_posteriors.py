"""Posteriors of real data against adaptive integration in R, another way than our quadrature."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from review.synthesis.bayes import MuPrior, TauFamily, TauPrior, posterior

BY_R: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "posteriors" / "posteriors.json").read_text(encoding="utf-8")
)


def named(told: dict[str, Any]) -> str:
    mean = "flat" if told["sd"] is None else f"normal {told['mean']} {told['sd']}"
    return f"{told['data']} {len(told['y'])} {told['family']} {told['scale']} {mean}"


@pytest.mark.parametrize("told", BY_R, ids=named)
def test_posteriors_are_those_of_adaptive_integration(told: dict[str, Any]) -> None:
    found = posterior(
        told["y"], told["v"], tau_prior=TauPrior(TauFamily(told["family"]), told["scale"]),
        mu_prior=None if told["sd"] is None else MuPrior(told["mean"], told["sd"]),
    )  # fmt: skip
    ours = {
        "k": found.k, "estimate": found.mean, "sd": found.sd, "median": found.median,
        "ci_low": found.ci[0], "ci_high": found.ci[1], "pi_low": found.pi[0],
        "pi_high": found.pi[1], "tau": found.tau_median, "tau_mean": found.tau_mean,
        "tau_low": found.tau_ci[0], "tau_high": found.tau_ci[1],
    }  # fmt: skip
    assert ours == pytest.approx(told["numbers"], rel=1e-7, abs=1e-9)
    for value, above in zip((-0.25, 0.0), told["above"], strict=True):
        assert found.probability_above(value) == pytest.approx(above["mean"], abs=1e-9)
        assert found.probability_new_above(value) == pytest.approx(above["new"], abs=1e-9)


def test_the_grid_of_reference_values_has_not_shrunk() -> None:
    assert len({told["data"] for told in BY_R}) == 4
    assert len(BY_R) == 32
