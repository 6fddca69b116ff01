"""Sensitivity lines against printed constants and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.methods import Method, Test
from review.synthesis.monitoring import (
    RestrictedDesign,
    iterated_logarithm_z,
    restricted_design,
    restricted_limits,
    self_normalised_log_e,
    semi_bayes_tau2,
)
from review.synthesis.pooling import pool
from tests.synthesis.test_golden import V, Y


@pytest.mark.parametrize(
    ("alpha", "beta", "height", "most"),
    [
        # living updating, section 1.4: the table of Higgins et al. 2011 but for one misprint
        (0.05, 0.20, 6.4568822, 8.2986211),
        (0.05, 0.10, 7.4605109, 11.0789179),
        (0.05, 0.05, 8.2880895, 13.6731657),
        (0.01, 0.20, 9.7794371, 12.1375894),
        (0.01, 0.10, 11.0293340, 15.4384361),
        (0.01, 0.05, 12.0606208, 18.4605251),
        (0.001, 0.10, 16.1195997, 21.4467380),
    ],
)
def test_restricted_designs(alpha: float, beta: float, height: float, most: float) -> None:
    found = restricted_design(1.0, alpha=alpha, beta=beta)
    assert (found.height, found.most) == pytest.approx((height, most), abs=5e-7)


def test_designs_rescale_with_the_distance() -> None:
    assert restricted_design(0.3).height == pytest.approx(24.8683696, abs=5e-7)
    assert restricted_design(0.3).most == pytest.approx(123.0990876, abs=5e-7)
    assert restricted_design(0.5).height == pytest.approx(14.9210218, abs=5e-7)


def test_the_fixture_crosses_at_five_trials() -> None:
    # living updating, section 1.4: noninferiority at .5, one-sided .025
    design = restricted_design(0.5)
    scores, informations, tau2s = [], [], []
    for k in (4, 5, 6, 7, 8):
        tau2 = semi_bayes_tau2(pool(Y[:k], V[:k], method=Method.DL, test=Test.Z).tau2, k)
        w = 1 / (V[:k] + tau2)
        tau2s.append(tau2)
        informations.append(w.sum())
        scores.append(w @ (Y[:k] + 0.5))
    assert tau2s == pytest.approx([0.0508514, 0.0312556, 0.0292580, 0.0226652, 0.0163749], abs=6e-8)
    assert informations[:2] == pytest.approx([30.655017, 51.172266], abs=1e-6)
    assert scores[:2] == pytest.approx([6.340246, 13.696286], abs=1e-6)
    height, excess = restricted_limits(design, scores, informations)
    assert height[1] == pytest.approx(12.280267, abs=1e-6)
    assert [bool(x >= 0) for x in excess[:2]] == [False, True]
    # the uncorrected repeated limit of section 1.4
    assert -0.5 + (scores[1] - design.height) / informations[1] == pytest.approx(
        -0.523934, abs=1e-6
    )


def test_the_law_of_the_iterated_logarithm() -> None:
    # living updating, section 1.5, k = 4..8: penalties and Z*
    z, i = [], []
    for k in (4, 5, 6, 7, 8):
        fit = pool(Y[:k], V[:k], method=Method.DL, test=Test.Z)
        z.append((fit.estimate + 0.5) / fit.se)
        i.append(fit.se**-2)
    found = iterated_logarithm_z(z, i)
    assert found == pytest.approx([0.681112, 1.229127, 1.838127, 2.089571, 2.821615], abs=5e-7)
    assert np.divide(z, found) == pytest.approx(
        [1.552063, 1.668417, 1.718818, 1.759734, 1.812762], abs=5e-7
    )
    assert np.isnan(iterated_logarithm_z(1.0, 2.0))


def test_the_self_normalised_e_value_is_fair_and_bounded() -> None:
    rng = np.random.default_rng(1)
    v = rng.uniform(0.01, 0.2, 6)
    values = [
        math.exp(self_normalised_log_e(rng.standard_t(2, 6) * 0.5 - 0.5, v, margin=0.5))
        for _ in range(4000)
    ]
    assert np.mean(values) < 1 + 4 * np.std(values) / math.sqrt(4000)
    # each trial gives at most half a unit
    best = self_normalised_log_e(np.sqrt(v), v, margin=0.0, bet=[1.0])
    assert best == pytest.approx(3.0)
    assert math.exp(best) > 20
    assert math.exp(5 / 2) < 20


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(InvalidDataError):
        restricted_design(0.0)
    with pytest.raises(InvalidDataError):
        restricted_limits(RestrictedDesign(1, 1), [1.0], [0.0])
    with pytest.raises(InvalidDataError):
        semi_bayes_tau2(-0.1, 4)
    with pytest.raises(InvalidDataError):
        iterated_logarithm_z(1.0, 9.0, penalty=0)
    with pytest.raises(InvalidDataError):
        self_normalised_log_e(Y, V, margin=0.5, bet=[])
