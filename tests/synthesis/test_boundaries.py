"""Group-sequential boundaries: error is spent as promised, whatever the looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import simpson
from scipy.special import ndtr, ndtri

from review.errors import InvalidDataError
from review.synthesis.boundaries import (
    Spending,
    crossing_probabilities,
    efficacy_boundaries,
    futility_boundaries,
    spent,
)


def test_cumulative_spending_of_quarters() -> None:
    # living updating, section 1.3
    found = [spent(t, 0.025) for t in (0.25, 0.5, 0.75, 1)]
    assert found == pytest.approx([7.3668e-6, 0.00152532, 0.00964932, 0.025], rel=1e-5)
    assert spent(1.7, 0.025) == 0.025
    assert spent(0, 0.025) == 0
    assert spent(0.5, 0.025, Spending.POCOCK) == pytest.approx(
        0.025 * math.log(1 + (math.e - 1) / 2)
    )


def test_boundaries_of_the_fixture_with_fractions_beyond_one() -> None:
    # living updating, section 1.3: spending stops at one, correlations use the true fraction
    assert efficacy_boundaries([0.668008, 1.328088]) == pytest.approx(
        (2.506339, 2.015948), abs=2e-6
    )
    t = [0.240483, 0.478112, 0.684199, 0.945153, 1.508184]
    assert efficacy_boundaries(t, two_sided=True) == pytest.approx(
        (4.423212, 3.038968, 2.491859, 2.074635, 2.380136), abs=2e-6
    )


def test_two_looks_by_plain_integration() -> None:
    t = [0.16700211368602208, 0.332021973767515]
    first, second = efficacy_boundaries(t)
    z = np.linspace(-12, first, 200_001)
    above = ndtr((z * math.sqrt(t[0]) - second * math.sqrt(t[1])) / math.sqrt(t[1] - t[0]))
    crossing = simpson(np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) * above, x=z)
    assert crossing == pytest.approx(spent(t[1], 0.025) - spent(t[0], 0.025), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(0.02, 0.99), min_size=1, max_size=6, unique=True),
    st.sampled_from([0.01, 0.025, 0.05]),
    st.sampled_from(list(Spending)),
    st.booleans(),
)
def test_each_look_spends_its_share(
    t: list[float], alpha: float, spending: Spending, two_sided: bool
) -> None:
    t = [*sorted({round(x, 3) for x in t}), 1.0]
    upper = efficacy_boundaries(t, alpha=alpha, spending=spending, two_sided=two_sided)
    above, _ = crossing_probabilities(t, upper, [-z for z in upper] if two_sided else None)
    shares = np.diff([0.0, *(spent(x, alpha, spending) for x in t)])
    assert above == pytest.approx(shares, rel=1e-6, abs=1e-12)


def test_looks_so_early_that_hardly_any_error_is_spent_have_their_single_bound() -> None:
    # two looks that may spend 1e-64 and 1e-48 of a one-sided 0.01
    t = [0.023, 0.031, 1.0]
    upper = efficacy_boundaries(t, alpha=0.01, two_sided=False)
    shares = np.diff([0.0, *(spent(x, 0.01) for x in t)])
    assert upper[1] == pytest.approx(-ndtri(shares[1]), rel=1e-12)
    assert upper[2] == pytest.approx(-ndtri(0.01), abs=1e-6)


def test_simulated_paths_cross_as_often_as_computed() -> None:
    rng = np.random.default_rng(4)
    t = np.array([0.3, 0.6, 1.0])
    b = np.cumsum(rng.normal(size=(200_000, 3)) * np.sqrt(np.diff(t, prepend=0)), axis=1)
    z = (b + 2.0 * t) / np.sqrt(t)
    upper, lower = (2.5, 2.2, 2.0), (-0.5, 0.5, 1.5)
    above, below = crossing_probabilities(t.tolist(), upper, lower, drift=2.0)
    alive = np.ones(len(z), dtype=bool)
    for i in range(3):
        up, down = alive & (z[:, i] >= upper[i]), alive & (z[:, i] < lower[i])
        assert up.mean() == pytest.approx(above[i], abs=5 * np.sqrt(0.25 / len(z)))
        assert down.mean() == pytest.approx(below[i], abs=5 * np.sqrt(0.25 / len(z)))
        alive &= ~(up | down)


def test_non_binding_futility_leaves_efficacy_alone_and_spends_beta() -> None:
    t = [0.2, 0.5, 0.7, 1.0]
    found = futility_boundaries(t, beta=0.2)
    assert found.upper == efficacy_boundaries(t)
    assert found.lower[-1] == found.upper[-1]
    above, below = crossing_probabilities(t, found.upper, found.lower, drift=found.drift)
    assert sum(below) == pytest.approx(0.2, abs=1e-9)
    assert sum(above) == pytest.approx(0.8, abs=1e-9)
    assert np.cumsum(below)[:-1] == pytest.approx([spent(x, 0.2) for x in t[:-1]], abs=1e-10)
    # without futility the design needs hardly more than one look (R of section 1.3)
    above, _ = crossing_probabilities(
        [0.25, 0.5, 0.75, 1.0],
        efficacy_boundaries([0.25, 0.5, 0.75, 1.0]),
        drift=math.sqrt(1.0196373) * (1.959963984540054 + 0.8416212335729143),
    )
    assert sum(above) == pytest.approx(0.8, abs=1e-6)


def test_early_and_crowded_looks_are_carried() -> None:
    first = efficacy_boundaries([0.001, 0.002, 0.5, 1.0])
    assert first[:2] == (math.inf, math.inf)  # nothing that a float can hold is spent yet
    assert first[2:] == pytest.approx(efficacy_boundaries([0.5, 1.0]), abs=1e-9)
    crowded = efficacy_boundaries([0.5, 0.5001, 0.5002, 1.0])
    above, _ = crossing_probabilities([0.5, 0.5001, 0.5002, 1.0], crowded)
    assert sum(above) == pytest.approx(0.025, abs=1e-9)


@pytest.mark.parametrize("t", [[], [0.0, 1.0], [0.5, 0.5], [0.6, 0.4], [1.0, 1.2]])
def test_impossible_looks_are_refused(t: list[float]) -> None:
    with pytest.raises(InvalidDataError):
        efficacy_boundaries(t)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(InvalidDataError):
        efficacy_boundaries([1.0], alpha=0.7)
    with pytest.raises(InvalidDataError):
        futility_boundaries([0.5, 0.9])
    with pytest.raises(InvalidDataError):
        crossing_probabilities([0.5, 1.0], [2.0])
