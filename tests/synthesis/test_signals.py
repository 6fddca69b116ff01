"""Signals of a moved result, on the synthetic fixture and on cases made for one signal each."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.methods import Method, Test
from review.synthesis.noninferiority import classify
from review.synthesis.pooling import pool
from review.synthesis.signals import SignalKind, SignalThresholds, information_ratio, signals
from tests.synthesis.test_golden import V, Y

DL: dict[str, Any] = {"method": Method.DL, "test": Test.Z}


def test_barrowman_ratio() -> None:
    # living updating, section 3.1
    assert information_ratio(-1.5922201) == pytest.approx(0.5152698, abs=5e-8)
    assert information_ratio(1.58916) == pytest.approx(0.5211111, abs=5e-7)
    assert information_ratio(0.0) == math.inf
    assert information_ratio(3.0) < 0


def test_moves_of_the_fixture_in_old_standard_errors() -> None:
    fits = [pool(Y[:k], V[:k], **DL) for k in (4, 5, 6, 7, 8)]
    moves = [(b.estimate - a.estimate) / a.se for a, b in pairwise(fits)]
    assert moves == pytest.approx([0.397255, 0.590368, -0.030849, 0.372049], abs=5e-7)
    for k, (a, b, move) in enumerate(zip(fits, fits[1:], moves, strict=False), start=5):
        fired = signals(a, b, Y[:k], V[:k], added=[k - 1], margins=[0.5])
        shifts = [s for s in fired if s.kind is SignalKind.SHIFT]
        # each moves less than .10, so that only half a standard error can tell
        assert bool(shifts) == (abs(move) >= 0.5)
        if shifts:
            assert shifts[0].value == pytest.approx(b.estimate - a.estimate)


def test_a_change_of_class_names_margin_and_classes() -> None:
    old, new = pool(Y[:4], V[:4], **DL), pool(Y[:5], V[:5], **DL)
    fired = signals(old, new, Y[:5], V[:5], added=[4], margins=[0.5, 0.25])
    first = fired[0]
    assert (first.kind, first.margin) == (SignalKind.CLASS, 0.5)
    assert (first.before, first.after) == ("inconclusive", "noninferior")
    alone = [s for s in fired if s.kind is SignalKind.LEAVE_ONE_OUT and s.margin == 0.5]
    assert alone[0].trials == (0, 1, 3, 4)  # as section 3.2 has it
    for i in alone[0].trials:
        kept = [j for j in range(5) if j != i]
        assert classify(pool(Y[kept], V[kept], **DL).ci, 0.5) != "noninferior"


def kinds(
    old_y: list[float], old_v: list[float], y: list[float], v: list[float]
) -> set[SignalKind]:
    old, new = pool(old_y, old_v), pool(y, v)
    return {s.kind for s in signals(old, new, y, v, added=range(len(old_y), len(y)))}


def test_each_signal_has_its_case() -> None:
    calm = [0.10, 0.12, 0.09, 0.11, 0.1]
    assert kinds(calm, [0.04] * 5, [*calm, 0.1], [0.04] * 6) == set()
    assert SignalKind.OUTSIDE in kinds(calm, [0.01] * 5, [*calm, 3.0], [0.01] * 6)
    jump = kinds(calm, [0.01] * 5, [*calm, 1.5], [0.01] * 6)
    assert {SignalKind.SHIFT, SignalKind.RELATIVE, SignalKind.HETEROGENEITY} <= jump
    assert SignalKind.WEIGHT in kinds(calm, [0.04] * 5, [*calm, 0.1], [0.04] * 5 + [0.001])
    narrow = kinds(calm, [0.04] * 5, [*calm] * 2, [0.04] * 10)
    assert SignalKind.NARROWER in narrow
    assert {SignalKind.SIGNIFICANCE, SignalKind.CLASS} <= kinds(
        calm, [0.02] * 5, [*calm] * 4, [0.02] * 20
    )
    assert SignalKind.PREDICTION in kinds(calm, [0.02] * 5, [*calm] * 8, [0.02] * 40)


def test_relative_change_is_silent_near_zero() -> None:
    old, new = pool([0.01, 0.02], [0.01] * 2), pool([0.01, 0.02, 0.05], [0.01] * 3)
    fired = signals(old, new, [0.01, 0.02, 0.05], [0.01] * 3)
    assert SignalKind.RELATIVE not in {s.kind for s in fired}
    told = signals(
        old,
        new,
        [0.01, 0.02, 0.05],
        [0.01] * 3,
        thresholds=SignalThresholds(relative_from=0.0),
    )
    assert SignalKind.RELATIVE in {s.kind for s in told}


def test_versions_of_different_analyses_are_refused() -> None:
    old, new = pool(Y[:4], V[:4], **DL), pool(Y, V)
    with pytest.raises(InvalidDataError):
        signals(old, new, Y, V)
    with pytest.raises(InvalidDataError):
        signals(new, new, Y[:4], V[:4])
    with pytest.raises(InvalidDataError):
        signals(new, new, Y, V, added=[8])
    first = pool(Y[:1], V[:1])
    assert isinstance(signals(first, new, Y, V), tuple)
    assert signals(new, new, Y, np.asarray(V))[:1] == signals(new, new, Y, V)[:1]


def test_a_version_with_one_trial_left_has_no_others_to_hold_it_against() -> None:
    told = signals(pool(Y[:2], V[:2]), pool(Y[:1], V[:1]), Y[:1], V[:1])
    assert not {s.kind for s in told} & {SignalKind.LEAVE_ONE_OUT, SignalKind.WEIGHT}
