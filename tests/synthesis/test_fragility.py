"""Fragility against printed values and refits one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.fragility import (
    Overturned,
    adverse_information,
    removal_fragility,
    shift_fragility,
)
from review.synthesis.methods import Method, Test
from review.synthesis.noninferiority import SHOWN, Conclusion, classify
from review.synthesis.pooling import pool
from tests.synthesis.test_golden import V, Y

DL: dict[str, Any] = {"method": Method.DL, "test": Test.Z}


def test_trials_whose_removal_loses_the_claim() -> None:
    # living updating, section 3.2 a (trials counted from one there)
    found = removal_fragility(Y, V, margin=0.5, **DL)
    assert found.now is Conclusion.NONINFERIOR
    assert found.size == 3
    assert found.sets == ((3, 4, 7), (3, 5, 7), (4, 5, 7))
    five = removal_fragility(Y[:5], V[:5], margin=0.5, **DL)
    assert five.sets == ((0,), (1,), (3,), (4,))


def test_the_very_class_may_change_earlier() -> None:
    found = removal_fragility(Y, V, margin=0.5, overturned=Overturned.CLASS, **DL)
    assert (found.size, found.sets) == (2, ((3, 5), (5, 7)))
    assert set(found.becomes) == {Conclusion.NONINFERIOR_WORSE}


@pytest.mark.parametrize("test", [Test.Z, Test.ADHOC])
def test_each_removal_is_what_a_single_refit_says(test: Test) -> None:
    found = removal_fragility(Y, V, margin=0.3, overturned=Overturned.CLASS, test=test)
    for gone, after in zip(found.sets, found.becomes, strict=True):
        kept = [i for i in range(8) if i not in gone]
        assert classify(pool(Y[kept], V[kept], test=test).ci, 0.3) is after
        assert after is not found.now


def test_a_conclusion_that_no_removal_changes() -> None:
    found = removal_fragility([5.0, 5.1, 4.9], [0.01] * 3, margin=0.5, **DL)
    assert (found.size, found.sets, found.becomes) == (None, (), ())


def test_shifts_that_lose_the_claim() -> None:
    # living updating, section 3.2 b
    found = shift_fragility(Y, V, margin=0.5, **DL)
    assert found.direction == -1
    assert found.shifts == pytest.approx(
        [0.956150, 0.949198, 0.746880, 0.717514, 0.670391, 0.708481, 0.656161, 0.572124], abs=5e-7
    )


@pytest.mark.parametrize("test", [Test.Z, Test.ADHOC])
def test_a_shift_is_where_a_single_refit_turns(test: Test) -> None:
    found = shift_fragility(Y[:6], V[:6], margin=0.4, test=test)
    shown = found.now in SHOWN
    for i, shift in enumerate(found.shifts):
        if shift is None:
            continue
        for factor, expected in ((1 - 1e-7, shown), (1 + 1e-7, not shown)):
            y = Y[:6].copy()
            y[i] += found.direction * shift * factor
            assert (classify(pool(y, V[:6], test=test).ci, 0.4) in SHOWN) == expected


def test_what_is_not_shown_is_gained_by_an_upward_shift_or_never() -> None:
    found = shift_fragility(Y[:4], V[:4], margin=0.5, method=Method.DL)
    assert found.direction == 1
    assert all(s is None or s > 0 for s in found.shifts)
    alone = shift_fragility([-1.0], [0.01], margin=0.5, **DL)
    assert alone.shifts[0] == pytest.approx(0.5 + 0.1 * 1.959963984540054, rel=1e-9)
    # shifting one of two discordant trials raises tau² instead of helping
    never = shift_fragility([-2.0, -2.0], [0.01, 0.01], margin=0.5, test=Test.ADHOC, limit=1.0)
    assert never.shifts == (None, None)


def test_information_at_the_margin_that_would_undo_the_claim() -> None:
    # living updating, section 3.2 c
    fit = pool(Y, V, method=Method.EE, test=Test.Z)
    w = adverse_information(fit.estimate, fit.se**-2, margin=0.5)
    assert w == pytest.approx(1482.802, abs=5e-4)
    assert 4 * w == pytest.approx(5931, abs=0.5)
    after = pool(np.append(Y, -0.5), np.append(V, 1 / w), method=Method.EE, test=Test.Z)
    assert after.ci[0] == pytest.approx(-0.5, abs=1e-12)
    assert adverse_information(-0.6, 10.0, margin=0.5) == 0
    assert adverse_information(-0.4, 10.0, margin=0.5) == 0  # not shown to begin with


def test_what_cannot_be_enumerated_is_refused() -> None:
    with pytest.raises(InvalidDataError):
        removal_fragility(np.zeros(16), np.ones(16), margin=0.5)
    with pytest.raises(InvalidDataError):
        shift_fragility(Y, V, margin=0.5, limit=0.0)
    with pytest.raises(InvalidDataError):
        adverse_information(0.1, 0.0, margin=0.5)


def test_a_limit_on_the_margin_is_moved_over_it_by_any_shift() -> None:
    """Two trials of variance 0.02: the lower limit is -0.196, the margin just that distance."""
    margin = -pool([0.0, 0.0], [0.02, 0.02], method=Method.EE, test=Test.Z).ci[0]
    found = shift_fragility([0.0, 0.0], [0.02] * 2, margin=margin, method=Method.EE, test=Test.Z)
    assert (found.now, found.direction) == (Conclusion.INCONCLUSIVE, 1)
    assert all(shift is not None and 0 <= shift < 1e-15 for shift in found.shifts)
