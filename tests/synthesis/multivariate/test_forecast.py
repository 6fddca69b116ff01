"""One more trial of one of several outcomes: metafor's numbers, and those of the outcome alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis import smd_variance
from review.synthesis.multivariate import (
    Multivariate,
    OutcomesAhead,
    RandomEffect,
    Structure,
    multivariate,
    outcome_means,
    sampling_covariance,
)
from review.synthesis.noninferiority import SHOWN, classify
from review.synthesis.prediction import predictive

HERE = Path(__file__).parent
AHEAD: list[dict[str, Any]] = json.loads((HERE / "ahead.json").read_text(encoding="utf-8"))
"""By metafor (ahead.R): the model with a next trial of one outcome, and bands of its effect."""
DATA: dict[str, Any] = json.loads((HERE / "multivariate.json").read_text(encoding="utf-8"))["data"]

OUTCOMES = {
    "berkey1998": ("trial", "outcome"), "kalaian1996": ("study", "outcome"),
    "ishak2007": ("study", "time"), "fine1993": ("study", "time"),
}  # fmt: skip
"""What trials and outcomes are called; an outcome may be that of a time."""


def covariance(data: dict[str, Any], groups: list[str], kinds: list[str]) -> Floats:
    """The sampling covariance, known or by what is assumed of a set."""
    if "V" in data:
        return np.array(data["V"])
    assumed = data["assumed"]
    if "phi" in assumed:
        return sampling_covariance(data["vi"], groups, time=data["time"], phi=assumed["phi"])
    return sampling_covariance(data["vi"], groups, kind=kinds, rho_kind=assumed["rho"])


def fitted(case: dict[str, Any]) -> Multivariate:
    data = DATA[case["set"]]
    groups, kinds = ([str(x) for x in data[name]] for name in OUTCOMES[case["set"]])
    V = covariance(data, groups, kinds)
    return multivariate(
        data["yi"], V, [RandomEffect(groups, kinds, Structure(case["struct"]))],
        design=outcome_means(kinds), test="t",
    )  # fmt: skip


@pytest.mark.parametrize("case", AHEAD, ids=lambda case: f"{case['set']} {case['struct']}")
def test_one_more_trial_of_an_outcome_is_metafors(case: dict[str, Any]) -> None:
    model = fitted(case)
    for of in case["outcomes"]:
        ahead = OutcomesAhead(model, of["outcome"])
        for row in of["after"]:
            (trial,) = ahead.forecast([row["v"]], margin=0.1).trials
            inside = next(r for r in trial.regions if r.low <= row["y"] <= r.high)
            low, high = row["low"], row["high"]
            assert inside.conclusion is classify((low, high), 0.1)
        for v, band in zip(of["v_new"], of["bands"], strict=True):
            found = ahead.predictive(of["outcome"]).interval(v)
            assert found == pytest.approx(band, abs=5e-5 * max(1.0, np.ptp(band)))


def test_the_limits_after_a_trial_are_metafors() -> None:
    """Where a class changes the limit of metafor's fit with that effect lies on the line."""
    for case in AHEAD:
        model = fitted(case)
        for of in case["outcomes"]:
            place = model.terms.index(of["outcome"])
            ahead = OutcomesAhead(model, of["outcome"])
            for row in of["after"]:
                se2, tau2 = model.vcov[place][place], ahead.tau2(of["outcome"])
                share = se2 / (se2 + tau2 + row["v"])
                estimate = model.beta[place] + share * (row["y"] - model.beta[place])
                assert estimate == pytest.approx(row["estimate"], abs=5e-5)
                assert ahead.left_by(of["outcome"], row["v"]) ** 2 == pytest.approx(1 - share)


def two(rho: float, structure: str, method: str = "REML") -> tuple[Multivariate, Any, Any]:
    """Eight trials of two outcomes, two of them without the second; and the first's own numbers."""
    y = [0.4, 0.1, 0.7, 0.3, -0.1, -0.3, 0.2, 0.0, 0.5, 0.1, 0.9, 0.2, 0.1, 0.3]
    v = [0.04, 0.05, 0.03, 0.08, 0.06, 0.05, 0.09, 0.04, 0.05, 0.07, 0.03, 0.04, 0.1, 0.06]
    studies = [*(s for s in "abcdef" for _ in "12"), "g", "h"]
    outcomes = ["client", "therapist"] * 6 + ["client", "client"]
    V = sampling_covariance(v, studies, kind=outcomes, rho_kind=rho)
    fit = multivariate(
        y, V, [RandomEffect(studies, outcomes, Structure(structure))],
        design=outcome_means(outcomes), method=method, test="z" if method == "EE" else "t",
    )  # fmt: skip
    own = [i for i, name in enumerate(outcomes) if name == "client"]
    return fit, np.array(y)[own], np.array(v)[own]


def test_outcomes_that_do_not_go_together_are_expected_as_alone() -> None:
    fit, y, v = two(0.0, "DIAG")
    ahead = OutcomesAhead(fit, "client")
    alone = predictive(y, v, method=fit.method, tau2=ahead.tau2("client"))
    assert ahead.predictive("client").interval(0.04) == pytest.approx(alone.interval(0.04))
    assert ahead.left_by("therapist", 0.04) == 1.0
    assert ahead.left_by("client", 0.04) < 1.0


def test_a_common_effect_has_no_variance_to_be_unsure_of() -> None:
    fit, _, _ = two(0.6, "UN", "EE")
    ahead = OutcomesAhead(fit, "client")
    assert ahead.tau2("client") == 0.0
    half = 1.959963984540054 * np.sqrt(fit.vcov[0][0] + 0.04)
    middle = fit.beta[0]
    assert ahead.predictive("client").interval(0.04) == pytest.approx(
        (middle - half, middle + half)
    )
    assert ahead.left_by("therapist", 0.04) < 1.0


def test_a_variance_at_zero_is_uncertain_too() -> None:
    """Found as zero it has no correlation with others, whatever it may be."""
    y = [0.2, 0.1, 0.21, 0.9, 0.19, -0.5, 0.2, 0.4]
    studies, outcomes = [s for s in "abcd" for _ in "12"], ["client", "therapist"] * 4
    V = sampling_covariance([0.04] * 8, studies, kind=outcomes, rho_kind=0.3)
    fit = multivariate(
        y, V, [RandomEffect(studies, outcomes, Structure.DIAG)], design=outcome_means(outcomes)
    )
    ahead = OutcomesAhead(fit, "client")
    assert ahead.tau2("client") == 0.0
    spread = ahead.predictive("client")
    assert (spread.tau2 >= 0).all()
    low, high = spread.interval(0.04)
    assert low < fit.beta[0] < high


def test_the_size_sought_shows_the_claim() -> None:
    fit, _, _ = two(0.6, "UN")
    ahead = OutcomesAhead(fit, "client")
    n = ahead.size(smd_variance, margin=0.15)
    assert n is not None
    trials = ahead.forecast([smd_variance(n), smd_variance(max(5, n - 1))], margin=0.15).trials
    first, smaller = (sum(t.probability(c) for c in SHOWN) for t in trials)
    assert first >= 0.8
    assert n == 5 or smaller < 0.8


def test_what_is_no_model_of_outcomes_is_refused() -> None:
    fit, _, _ = two(0.6, "UN")
    with pytest.raises(InvalidDataError, match="no outcome 'observer'"):
        OutcomesAhead(fit, "observer")
    with pytest.raises(InvalidDataError, match="variance above zero"):
        OutcomesAhead(fit, "client").forecast([-1.0], margin=None)
    crossed = [RandomEffect(list("aabb")), RandomEffect([1, 2, 3, 4], name="effect")]
    several = multivariate([0.1, 0.9, 0.2, 0.3], [0.01] * 4, crossed)
    with pytest.raises(InvalidDataError, match="means of outcomes"):
        OutcomesAhead(several, "intrcpt")
