"""One more trial of two treatments: metafor's refits, two treatments' forecast, what it leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis import forecast, smd_variance, trial_size
from review.synthesis.network import NetworkAhead, NetworkStudy, from_arms, network
from review.synthesis.noninferiority import Conclusion, classify
from tests.synthesis.test_network import studies_of

AHEAD: dict[str, Any] = json.loads(
    (Path(__file__).parent / "ahead.json").read_text(encoding="utf-8")
)
"""By metafor (ahead.R): refits with what a next trial may find, and bands of its effect."""

Y = [0.31, -0.12, 0.55, 0.02, 0.24, 0.78, -0.3, 0.11]
V = [0.04, 0.09, 0.02, 0.15, 0.06, 0.11, 0.03, 0.2]


def pairs(yi: list[float], vi: list[float]) -> tuple[NetworkStudy, ...]:
    """Trials of b against a with effects and variances, as a network of two treatments."""
    k = len(yi)
    return from_arms(
        [str(i) for i in range(k) for _ in "ab"], ["a", "b"] * k,
        [x for y in yi for x in (0.0, y)], [v / 2 for v in vi for _ in "ab"],
    )  # fmt: skip


def test_the_data_sets_have_not_shrunk() -> None:
    assert len(AHEAD) == 5
    assert sum(len(case["after"]) for case in AHEAD.values()) == 75


@pytest.mark.parametrize("name", AHEAD)
def test_the_network_with_one_more_trial_is_metafors(name: str) -> None:
    """The class that a forecast gives an effect is that of metafor's interval after it."""
    case = AHEAD[name]
    plain = network(studies_of(name), test="z")
    for row in case["after"]:
        new = NetworkStudy(
            "next", (case["treatment"], case["versus"]), (row["y"], 0.0),
            ((row["v"] / 2, 0.0), (0.0, row["v"] / 2)),
        )  # fmt: skip
        again = network([*studies_of(name), new], test="z")
        found = again.difference(case["treatment"], case["versus"])
        scale = max(1.0, row["se"])
        assert found.estimate == pytest.approx(row["estimate"], abs=1e-6 * scale)
        assert found.se == pytest.approx(row["se"], abs=1e-6 * scale)
        ahead = NetworkAhead(plain, case["treatment"], case["versus"])
        (trial,) = ahead.forecast([row["v"]], margin=0.5).trials
        inside = next(r for r in trial.regions if r.low <= row["y"] <= r.high)
        near = min(abs(found.ci[0]), abs(found.ci[0] + 0.5), abs(found.ci[1]))
        if near > 1e-3:
            assert inside.conclusion is classify(found.ci, 0.5)


@pytest.mark.parametrize("name", AHEAD)
def test_where_its_effect_is_expected_is_as_by_integration_in_r(name: str) -> None:
    case = AHEAD[name]
    ahead = NetworkAhead(network(studies_of(name)), case["treatment"], case["versus"])
    for v, band in zip(case["v_new"], case["bands"], strict=True):
        found = ahead.predictive(case["treatment"], case["versus"]).interval(v)
        assert found == pytest.approx(band, abs=1e-6 * max(1.0, np.ptp(band)))


@pytest.mark.parametrize(
    ("method", "test"),
    [("REML", "adhoc"), ("DL", "z"), ("PM", "knha"), ("EE", "z"), ("SJ", "t"), ("ML", "knha")],
)
def test_two_treatments_are_forecast_as_a_contrast(method: str, test: str) -> None:
    ahead = NetworkAhead(network(pairs(Y, V), reference="a", method=method, test=test), "b", "a")
    found = ahead.forecast([0.01, 0.04], margin=0.3)
    plain = forecast(Y, V, [0.01, 0.04], margin=0.3, method=method, test=test)  # type: ignore[arg-type]  # names stand for members
    assert found.now is plain.now
    for one, other in zip(found.trials, plain.trials, strict=True):
        assert one.band == pytest.approx(other.band, abs=1e-9)
        assert one.threshold == pytest.approx(other.threshold, abs=1e-9)
        assert dict(one.probabilities) == pytest.approx(dict(other.probabilities), abs=1e-9)
    size = trial_size(Y, V, margin=0.3, method=method, test=test)  # type: ignore[arg-type]  # as above
    assert ahead.size(smd_variance, margin=0.3) == size


def test_what_a_trial_leaves_is_the_width_with_it_at_this_tau2() -> None:
    """Of a common effect tau² does not move, so that the network with the trial says it."""
    studies = studies_of("dong2013")
    plain = network(studies, method="EE", test="z")
    one, other, third = plain.treatments[:3]
    ahead = NetworkAhead(plain, one, other)
    for a, b in ((one, other), (one, third), (third, other)):
        new = NetworkStudy("next", (a, b), (0.2, 0.0), ((0.02, 0.0), (0.0, 0.02)))
        width = network([*studies, new], method="EE", test="z").difference(one, other).se
        assert ahead.left_by(a, b, 0.04) == pytest.approx(width / ahead.now.se, rel=1e-9)


def test_labels_order_sign_and_unit_change_nothing_else() -> None:
    studies = studies_of("senn2013")
    plain = network(studies)
    one, other = plain.treatments[:2]
    (trial,) = NetworkAhead(plain, one, other).forecast([0.04], margin=None).trials
    turned = NetworkAhead(network(studies[::-1], reference=other), other, one)
    (mirrored,) = turned.forecast([0.04], margin=None).trials
    assert mirrored.band == pytest.approx((-trial.band[1], -trial.band[0]), abs=1e-9)
    better, worse = Conclusion.SUPERIOR, Conclusion.INFERIOR
    assert mirrored.probability(better) == pytest.approx(trial.probability(worse), abs=1e-9)
    tens = [
        NetworkStudy(
            s.study, s.treatments, tuple(10 * x for x in s.estimates),
            tuple(tuple(100 * c for c in row) for row in s.covariance),
        )
        for s in studies
    ]  # fmt: skip
    (large,) = NetworkAhead(network(tens), one, other).forecast([4.0], margin=None).trials
    assert large.band == pytest.approx([10 * x for x in trial.band], abs=1e-8)
    assert large.change == pytest.approx(trial.change, abs=1e-8)


def test_what_has_no_forecast_says_why() -> None:
    lone = network(pairs(Y[:1], V[:1]))
    with pytest.raises(InvalidDataError, match="tau² cannot be estimated"):
        NetworkAhead(lone, "b", "a")
    with pytest.raises(InvalidDataError, match="not in the network"):
        NetworkAhead(network(pairs(Y, V)), "b", "c")
    with pytest.raises(InvalidDataError, match="variance above zero"):
        NetworkAhead(network(pairs(Y, V)), "b", "a").forecast([0.0], margin=None)
    common = NetworkAhead(network(pairs(Y[:1], V[:1]), method="EE", test="z"), "b", "a")
    assert common.forecast([0.04], margin=None).trials[0].sd > 0
