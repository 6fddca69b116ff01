"""The fragility index of events against a printed case and exhaustive search."""

from __future__ import annotations

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.event_fragility import EventChange, event_fragility
from review.synthesis.methods import Method, Test
from review.synthesis.pooling import pool

# Nielweise et al. 2007 (catheter-related bloodstream infection), first six trials
AI, N1, CI, N2 = (
    [0, 1, 2, 0, 5, 1],
    [116, 44, 208, 130, 151, 98],
    [3, 3, 9, 7, 6, 4],
    [117, 35, 195, 136, 157, 139],
)
Arrays = tuple[np.ndarray, np.ndarray]


def log_risk_ratio(a: np.ndarray, n1: np.ndarray, c: np.ndarray, n2: np.ndarray) -> Arrays:
    add = 0.5 * ((a == 0) | (c == 0) | (a == n1) | (c == n2))
    a, c, n1, n2 = a + add, c + add, n1 + 2 * add, n2 + 2 * add
    return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2


def test_the_printed_case() -> None:
    # living updating, section 3.2: log RR, DL, z
    found = event_fragility(AI, N1, CI, N2, log_risk_ratio, method=Method.DL, test=Test.Z)
    assert found.significant
    assert found.start == pytest.approx((-1.742108, -0.259985), abs=5e-7)
    assert found.index == 3
    assert found.changes == (EventChange(5, 1, 1),) * 3
    assert found.end == pytest.approx((-1.670662, 0.068683), abs=5e-7)
    assert found.p == pytest.approx(0.0710475, abs=5e-8)


def test_the_end_is_a_plain_pooling_of_the_changed_table() -> None:
    found = event_fragility(AI, N1, CI, N2, log_risk_ratio)
    table = np.array([AI, N1, CI, N2], dtype=float)
    for change in found.changes:
        table[2 * (change.arm - 1), change.trial] += change.events
    fit = pool(*log_risk_ratio(*table))
    assert fit.ci == pytest.approx(found.end)


def test_a_null_result_is_made_significant() -> None:
    found = event_fragility([5], [50], [9], [50], log_risk_ratio, test=Test.Z)
    assert not found.significant
    assert found.index is not None
    assert found.end[1] < 0
    # one trial can be searched exhaustively: no fewer changes would do
    for down in range(found.index):
        for up in range(found.index - down):
            fit = pool(*log_risk_ratio(*np.array([[5.0 - down], [50], [9 + up], [50]])), test="z")
            assert fit.ci[1] >= 0


def test_the_search_gives_up_where_it_must() -> None:
    few = event_fragility([30], [40], [5], [40], log_risk_ratio, test=Test.Z, most=2)
    assert (few.index, len(few.changes)) == (None, 2)
    hopeless = event_fragility([0], [2], [1], [2], log_risk_ratio, test=Test.Z)
    assert hopeless.index is None


@pytest.mark.parametrize("bad", [[-1], [60], [np.nan], [1, 2]])
def test_impossible_counts_are_refused(bad: list[float]) -> None:
    with pytest.raises(InvalidDataError):
        event_fragility(bad, [50], [9], [50], log_risk_ratio)
