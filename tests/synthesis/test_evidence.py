"""Confidence sequences and e-values: printed digits, duality, Ville's inequality by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.errors import InvalidDataError
from review.synthesis.evidence import (
    confidence_sequence,
    log_e_fixed,
    log_e_mixture,
    mixture_radius,
    one_sided_radius,
    tuned_rho,
)
from review.synthesis.methods import Method
from review.synthesis.noninferiority import Conclusion
from tests.synthesis.test_golden import UPDATES, V, Y

RHO = 5.2959770008


def test_printed_e_values_and_p() -> None:
    # living updating, section 1.7: the default, k = 4..8
    found = confidence_sequence(Y, V, UPDATES, rho=RHO, method=Method.DL)
    evidence = [u.margins[0] for u in found.updates]
    assert [e.margin for e in evidence] == [0.5] * 5
    assert [math.exp(e.log_e) for e in evidence] == pytest.approx(
        [1.0631, 2.5071, 13.944, 18.036, 80.124], rel=5e-5
    )
    assert [e.p for e in evidence] == pytest.approx(
        [0.940648, 0.398871, 0.071715, 0.055445, 0.012481], abs=5e-7
    )
    # naive z claims noninferiority at k = 5, the sequence at k = 8
    assert [e.conclusion for e in evidence] == [Conclusion.INCONCLUSIVE] * 4 + [
        Conclusion.NONINFERIOR
    ]


def test_confseq_log_mixture() -> None:
    # living updating, section 1.7: confseq 0.0.4 at s 20, V 100
    rho = tuned_rho(100)
    assert log_e_mixture(20, 100, rho, two_sided=True) == pytest.approx(0.6811374039, abs=5e-11)
    assert log_e_mixture(20, 100, rho) == pytest.approx(1.344103637, abs=5e-10)


def test_per_trial_e_values_multiply() -> None:
    # living updating, section 1.6: tau .2, lambda .5
    w = 1 / (V + 0.04)
    each = [math.exp(log_e_fixed(a * (y + 0.5), a, 0.5)) for y, a in zip(Y, w, strict=True)]
    expected = [0.544290, 1.205948, 0.149758, 5.702742, 2.269756, 11.023176, 1.0, 5.607685]
    assert each == pytest.approx(expected, abs=5e-7)
    assert math.prod(each) == pytest.approx(78.650687, abs=1e-6)
    together = log_e_fixed(float(w @ (Y + 0.5)), float(w.sum()), 0.5)
    assert math.exp(together) == pytest.approx(math.prod(each))


def test_safe_statistics_interval_is_the_same_formula() -> None:
    # safestats computeConfidenceIntervalZ: n 100, mean .3, g .04 is rho 25
    half = float(mixture_radius(100, 25.0)) / 100
    assert (0.3 - half, 0.3 + half) == pytest.approx((-0.008238999, 0.608238999), abs=5e-10)


@given(st.floats(0.5, 2000), st.floats(0.1, 100), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_interval_ends_where_the_e_value_reaches_one_over_alpha(
    information: float, rho: float, alpha: float
) -> None:
    u = float(mixture_radius(information, rho, alpha=alpha))
    assert log_e_mixture(u, information, rho, two_sided=True) == pytest.approx(-math.log(alpha))
    s = one_sided_radius(information, rho, alpha=alpha)
    assert log_e_mixture(s, information, rho) == pytest.approx(-math.log(alpha), abs=1e-9)
    assert s < u  # one side at alpha is tighter than two at alpha


def test_the_sequence_is_tightest_near_the_information_it_was_tuned_for() -> None:
    best = float(mixture_radius(100, tuned_rho(100)))
    others = [float(mixture_radius(100, tuned_rho(v))) for v in (5, 20, 400, 2000)]
    assert best < min(others)


def test_ville_holds_when_every_update_is_looked_at() -> None:
    rng = np.random.default_rng(12)
    runs, k, rho = 20_000, 20, RHO
    v = rng.uniform(0.02, 0.15, (runs, k))
    w = 1 / (v + 0.04)
    y = -0.5 + rng.normal(size=(runs, k)) * np.sqrt(v + 0.04)  # on the boundary of the null
    score, information = np.cumsum(w * (y + 0.5), axis=1), np.cumsum(w, axis=1)
    bound = mixture_radius(information, rho)
    ever = (np.abs(score) >= bound).any(axis=1).mean()
    assert ever < 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert (score >= bound).any(axis=1).mean() < 0.025 + 3 * math.sqrt(0.025 / runs)
    naive = (np.abs(score) >= 1.959963984540054 * np.sqrt(information)).any(axis=1).mean()
    assert naive > 0.15  # what the sequence is for


def test_a_fixed_tau2_is_taken_and_the_floor_is_kept() -> None:
    fixed = confidence_sequence(Y, V, [8], rho=RHO, tau2=0.09)
    assert fixed.updates[0].tau2_work == 0.09
    assert fixed.tau2_floor is None
    floored = confidence_sequence(Y, V, [8], rho=RHO)
    assert floored.updates[0].tau2_work == 0.04
    assert floored.updates[0].tau2 == pytest.approx(0.0, abs=1e-12)


def test_evidence_for_superiority_and_inferiority_mirrors() -> None:
    up = confidence_sequence(Y + 1, V, [8], rho=RHO).updates[0]
    down = confidence_sequence(-Y - 1, V, [8], rho=RHO).updates[0]
    assert up.ci == pytest.approx((-down.ci[1], -down.ci[0]))
    assert up.log_e_superior > 3
    assert down.margins[1].log_e_inferior > 3
    assert down.margins[1].conclusion is Conclusion.INFERIOR


@pytest.mark.parametrize("updates", [[], [2, 4], [4, 4], [5, 4], [4, 9]])
def test_impossible_updates_are_refused(updates: list[int]) -> None:
    with pytest.raises(InvalidDataError):
        confidence_sequence(Y, V, updates, rho=RHO)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(InvalidDataError):
        confidence_sequence(Y, V, [4], rho=0.0)
    with pytest.raises(InvalidDataError):
        confidence_sequence(Y, V, [4], rho=1.0, tau2=-0.1)
    with pytest.raises(InvalidDataError):
        tuned_rho(0)
    with pytest.raises(InvalidDataError):
        one_sided_radius(0, 1)
