"""Trial sequential analysis of the synthetic fixture and its rules for awkward histories."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr, stdtr

from review.errors import InvalidDataError
from review.synthesis.boundaries import efficacy_boundaries
from review.synthesis.methods import Method, Test
from review.synthesis.sequential import LookStatus, trial_sequential, z_equivalent
from tests.synthesis.test_golden import UPDATES, V, Y

DL: dict[str, Any] = {"method": Method.DL, "test": Test.Z}


def test_noninferiority_at_one_half() -> None:
    # living updating, section 1.3
    found = trial_sequential(Y, V, UPDATES, margin=0.5, **DL)
    first, second, *rest = found.looks
    assert (first.fraction, second.fraction) == pytest.approx((0.668008, 1.328088), abs=5e-7)
    assert (first.bound, second.bound) == pytest.approx((2.506339, 2.015948), abs=5e-7)
    assert (first.z, second.z) == pytest.approx((1.057128, 2.050697), abs=5e-7)
    assert first.ci is not None
    assert second.ci is not None
    assert (first.ci[0], second.ci[0]) == pytest.approx((-0.773503, -0.495349), abs=5e-7)
    assert (first.crossed, second.crossed, found.crossed_at) == (False, True, 5)
    assert {look.status for look in rest} == {LookStatus.UNCOVERED}
    assert {look.bound for look in rest} == {None}
    assert found.alpha_spent
    assert "the error allowed is used up; later updates are not covered" in found.notes
    assert found.notes[0].startswith("retrospective")


def test_noninferiority_at_one_quarter_never_crosses() -> None:
    found = trial_sequential(Y, V, UPDATES, margin=0.25, **DL)
    assert [look.fraction for look in found.looks] == pytest.approx(
        [0.167002, 0.332022, 0.475138, 0.656356, 1.047350], abs=1e-6
    )
    assert [look.bound for look in found.looks] == pytest.approx(
        [5.360921, 3.718318, 3.058151, 2.556070, 1.995917], abs=1e-6
    )
    assert [look.z for look in found.looks] == pytest.approx(
        [-0.267546, 0.182892, 0.925022, 1.050949, 1.797547], abs=1e-6
    )
    assert found.crossed_at is None
    assert found.looks[-1].futile


def test_superiority_is_two_sided() -> None:
    found = trial_sequential(Y, V, UPDATES, margin=None, delta=0.3, planned=True, **DL)
    assert [look.fraction for look in found.looks] == pytest.approx(
        [0.240483, 0.478112, 0.684199, 0.945153, 1.508184], abs=1e-6
    )
    assert [look.bound for look in found.looks] == pytest.approx(
        [4.423212, 3.038968, 2.491859, 2.074635, 2.380136], abs=1e-6
    )
    assert found.two_sided
    assert found.notes == ()
    mirrored = trial_sequential(-Y, V, UPDATES, margin=None, delta=0.3, **DL)
    assert [look.z for look in mirrored.looks] == pytest.approx([-look.z for look in found.looks])
    assert [look.crossed for look in mirrored.looks] == [look.crossed for look in found.looks]


def test_the_default_uses_the_z_equivalent_of_t() -> None:
    found = trial_sequential(Y, V, UPDATES, margin=0.5, method=Method.DL)
    assert [look.z for look in found.looks] == pytest.approx(
        [0.900136, 1.576357, 2.179190, 2.533184, 3.171423], abs=5e-7
    )
    assert found.crossed_at is None  # alpha is spent before the claim could be made
    # the interval and the boundary agree: the limit passes -margin exactly when z passes the bound
    look = found.looks[1]
    assert look.ci is not None
    assert look.bound is not None
    t = (look.estimate - look.ci[0]) / look.se
    assert 1 - stdtr(4, t) == pytest.approx(1 - ndtr(look.bound), rel=1e-9)


def test_z_equivalents_keep_tails_and_signs() -> None:
    assert z_equivalent([-2.0, 0.0, 2.0], 3).tolist() == pytest.approx(
        [-z_equivalent(2.0, 3).item(), 0.0, z_equivalent(2.0, 3).item()]
    )
    # t with one degree of freedom is Cauchy: P(T > 1) = 1/4
    assert z_equivalent(1.0, 1).item() == pytest.approx(0.6744897501960817)
    assert z_equivalent(40.0, 30).item() > 8


def test_a_look_whose_information_falls_is_skipped() -> None:
    # the fourth trial is so far off that tau² grows and information shrinks
    y = np.array([0.0, 0.05, -0.05, 3.0, 0.0, 0.02])
    v = np.array([0.05, 0.05, 0.05, 0.05, 0.05, 0.05])
    found = trial_sequential(y, v, [3, 4, 6], margin=0.1, **DL)
    assert [look.status for look in found.looks[:2]] == [LookStatus.ANALYSED, LookStatus.SKIPPED]
    assert found.looks[1].information < found.looks[0].information
    kept = [look for look in found.looks if look.status is LookStatus.ANALYSED]
    assert [look.bound for look in kept] == pytest.approx(
        efficacy_boundaries([look.fraction for look in kept])
    )
    assert any("no fewer than" in note for note in found.notes)


def test_a_first_look_with_all_information_is_the_ordinary_test() -> None:
    found = trial_sequential(Y, V, [8], margin=0.5, **DL)
    assert found.looks[0].bound == pytest.approx(1.959963984540054)
    assert found.looks[0].futility == found.looks[0].bound
    without = trial_sequential(Y, V, [8], margin=0.5, futility=False, **DL)
    assert without.looks[0].futility is None


def test_a_tiny_first_look_has_an_infinite_bound() -> None:
    found = trial_sequential(Y, V * 1e4, [4], margin=0.5, **DL)
    assert found.looks[0].bound == math.inf
    assert found.looks[0].ci == (-math.inf, math.inf)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(InvalidDataError, match="effect to detect"):
        trial_sequential(Y, V, UPDATES, margin=None)
    with pytest.raises(InvalidDataError):
        trial_sequential(Y, V, UPDATES, margin=0.5, delta=0.3)
    with pytest.raises(InvalidDataError):
        trial_sequential(Y, V, UPDATES, margin=-0.5)
    with pytest.raises(InvalidDataError):
        trial_sequential(Y, V, [2], margin=0.5)
    with pytest.raises(InvalidDataError, match="zero"):
        trial_sequential([0.1] * 3, [0.1] * 3, [3], margin=0.5, test=Test.KNHA)
