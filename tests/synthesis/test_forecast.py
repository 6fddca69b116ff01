"""The next trial: printed probabilities, closed-form thresholds, and refits done one by one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.forecast import forecast, smd_variance, thresholds, trial_size
from review.synthesis.methods import Method, Test
from review.synthesis.noninferiority import SHOWN, Conclusion, classify
from review.synthesis.pooling import pool
from tests.synthesis.test_golden import V, Y

DL: dict[str, Any] = {"method": Method.DL, "test": Test.Z}
SIZES = [smd_variance(n) for n in (20, 50, 100, 200)]


def test_thresholds_and_power_at_fixed_tau2() -> None:
    # living updating, section 3.3
    trials = forecast(Y[:4], V[:4], SIZES, margin=0.5, **DL).trials
    assert [t.threshold for t in trials] == pytest.approx(
        [0.449313, 0.157621, 0.059117, 0.009379], abs=5e-7
    )
    assert [t.predictive for t in trials] == pytest.approx(
        [0.045709, 0.108183, 0.146883, 0.172102], abs=5e-7
    )
    assert [t.conditional for t in trials] == pytest.approx(
        [0.031117, 0.075429, 0.104178, 0.123592], abs=5e-7
    )
    assert [t.conditional_null for t in trials] == pytest.approx(
        [0.131922, 0.310564, 0.418074, 0.486030], abs=5e-7
    )


def test_class_probabilities_through_the_pipeline() -> None:
    # living updating, section 3.3; printed from sums over the 8,001 points, good to half a step of
    # the grid (3e-4 of probability), while here the places of change are bisected
    found = forecast(Y[:4], V[:4], SIZES, margin=0.5, fixed_tau2=True, **DL)
    _, fifty, hundred, _ = found.trials
    grid = 3e-4
    assert fifty.probability(Conclusion.NONINFERIOR) == pytest.approx(0.2656, abs=grid)
    assert fifty.probability(Conclusion.INCONCLUSIVE) == pytest.approx(0.1814, abs=grid)
    assert fifty.probability(Conclusion.INCONCLUSIVE_WORSE) == pytest.approx(0.5530, abs=grid)
    region = next(r for r in fifty.regions if r.conclusion is Conclusion.NONINFERIOR)
    assert (region.low, region.high) == pytest.approx((-0.185, 0.149), abs=5e-4)
    assert hundred.probability(Conclusion.NONINFERIOR) == pytest.approx(0.3080, abs=grid)
    assert hundred.probability(Conclusion.NONINFERIOR_WORSE) == pytest.approx(0.0866, abs=grid)
    assert hundred.probability(Conclusion.INCONCLUSIVE) == pytest.approx(0.0854, abs=grid)
    assert hundred.probability(Conclusion.INCONCLUSIVE_WORSE) == pytest.approx(0.5200, abs=grid)


def test_no_single_trial_can_flip_the_modified_hartung_knapp_class() -> None:
    found = forecast(Y[:4], V[:4], SIZES[1:], margin=0.5, method=Method.DL)
    assert [t.change for t in found.trials] == [0.0, 0.0, 0.0]
    assert [len(t.regions) for t in found.trials] == [1, 1, 1]


@pytest.mark.parametrize("test", [Test.Z, Test.ADHOC])
def test_every_region_is_what_a_single_refit_says(test: Test) -> None:
    found = forecast(Y[:6], V[:6], [0.02, 0.3], margin=0.5, method=Method.REML, test=test)
    for trial in found.trials:
        assert sum(p for _, p in trial.probabilities) == pytest.approx(1, abs=1e-12)
        assert trial.regions[0].low == -math.inf
        assert trial.regions[-1].high == math.inf
        for region in trial.regions:
            low = max(region.low, trial.mean - 8 * trial.sd)
            high = min(region.high, trial.mean + 8 * trial.sd)
            for share in (1e-6, 0.5, 1 - 1e-6):
                y_new = low + share * (high - low)
                fit = pool(np.append(Y[:6], y_new), np.append(V[:6], trial.v_new), test=test)
                assert classify(fit.ci, 0.5) is region.conclusion
        changed = sum(p for c, p in trial.probabilities if c is not found.now)
        assert trial.change == pytest.approx(changed)


def test_contours_of_the_extended_funnel() -> None:
    # living updating, section 3.3: common effect, k = 4
    w = 1 / V[:4]
    mean, information = float(w @ Y[:4] / w.sum()), float(w.sum())
    ses = (0.1, 0.2, 0.3, 0.5)
    found = [thresholds(mean, information, se**2, margin=0.5, tau2=0.0) for se in ses]
    assert [t.noninferior for t in found] == pytest.approx(
        [-0.416803, -0.437649, -0.499717, -0.713398], abs=5e-7
    )
    assert [t.superior for t in found] == pytest.approx(
        [0.376472, 1.235449, 2.639754, 7.118464], abs=5e-7
    )
    assert [t.worse for t in found] == pytest.approx(
        [-0.117276, -0.198665, -0.306991, -0.638568], abs=5e-7
    )
    fit = pool(Y[:4], V[:4], **DL)
    information = float((1 / (V[:4] + fit.tau2)).sum())
    random = [
        thresholds(fit.estimate, information, se**2, margin=0.5, tau2=fit.tau2).noninferior
        for se in ses
    ]
    assert random == pytest.approx([0.009379, 0.157621, 0.400929, 1.171086], abs=5e-7)


def test_a_threshold_is_where_the_limit_touches_the_margin() -> None:
    w = 1 / V
    line = thresholds(float(w @ Y / w.sum()), float(w.sum()), 0.05, margin=0.2, tau2=0.0)
    for y_new, side, target in (
        (line.noninferior, 0, -0.2),
        (line.superior, 0, 0.0),
        (line.worse, 1, 0.0),
    ):
        fit = pool(np.append(Y, y_new), np.append(V, 0.05), method=Method.EE, test=Test.Z)
        assert fit.ci[side] == pytest.approx(target, abs=1e-12)


def test_variance_of_a_planned_trial() -> None:
    assert smd_variance(50, 0.4) == pytest.approx(100 / 2500 + 0.16 / 200)


def test_the_smallest_trial_that_probably_shows_noninferiority() -> None:
    y, v = [0.0, 0.1, -0.1, 0.05], [0.3] * 4

    def chance(n: int) -> float:
        trial = forecast(y, v, [smd_variance(n)], margin=0.5).trials[0]
        return sum(trial.probability(c) for c in SHOWN)

    n = trial_size(y, v, margin=0.5)
    assert n is not None
    assert chance(n - 1) < 0.8 <= chance(n)
    # no single trial, however large, would do for the fixture's first four
    assert trial_size(Y[:4], V[:4], margin=0.5, **DL) is None
    assert trial_size(Y, V, margin=0.5, **DL) == 5
    with pytest.raises(InvalidDataError):
        trial_size(y, v, margin=0.5, probability=1.0)


def test_impossible_trials_are_refused() -> None:
    with pytest.raises(InvalidDataError):
        forecast(Y, V, [0.0], margin=0.5)
    with pytest.raises(InvalidDataError):
        forecast(Y, V, [], margin=0.5)
    with pytest.raises(InvalidDataError):
        smd_variance(0)
    with pytest.raises(InvalidDataError):
        thresholds(0.1, 0.0, 0.1, margin=0.5, tau2=0.0)


def test_without_a_margin_the_classes_are_those_against_zero() -> None:
    (with_margin,) = forecast(Y, V, [0.04], margin=0.5).trials
    (without,) = forecast(Y, V, [0.04], margin=None).trials
    both = {c: (with_margin.probability(c), without.probability(c)) for c in Conclusion}
    assert both[Conclusion.SUPERIOR][0] == pytest.approx(both[Conclusion.SUPERIOR][1], abs=1e-12)
    below = (Conclusion.NONINFERIOR_WORSE, Conclusion.INCONCLUSIVE_WORSE, Conclusion.INFERIOR)
    assert both[Conclusion.INFERIOR][1] == pytest.approx(sum(both[c][0] for c in below), abs=1e-12)
    assert (
        without.threshold
        == thresholds(
            without.mean,
            float((1 / (np.asarray(V) + pool(Y, V).tau2)).sum()),
            0.04,
            margin=0.5,
            tau2=pool(Y, V).tau2,
        ).superior
    )
