"""The exact conditional odds ratio, and what is said against Peto's."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import nchypergeom_fisher

from review.errors import InvalidDataError
from review.synthesis.exact import MOST_EVENTS, exact_odds_ratio
from review.synthesis.tables import peto_caution

SETS = json.loads(
    (Path(__file__).parents[1] / "living/estimates/zero_cells/zero_cells.json").read_text()
)
Tables = tuple[list[int], list[int], list[int], list[int]]


def tables(given: dict[str, Any]) -> Tables:
    a, n1, c, n2 = (given[name] for name in ("ai", "n1i", "ci", "n2i"))
    return a, [n - x for n, x in zip(n1, a, strict=True)], c, [
        n - x for n, x in zip(n2, c, strict=True)
    ]  # fmt: skip


@pytest.mark.parametrize("given", SETS["sets"], ids=lambda given: str(given["name"]))
def test_it_is_that_of_r(given: dict[str, Any]) -> None:
    found, expected = exact_odds_ratio(*tables(given)), given["exact"]
    # R stops its search for a limit at 1e-4 of the odds ratio; its p is exact
    for ours, theirs in (
        (found.estimate, expected["estimate"]),
        (found.ci[0], expected["lower"]),
        (found.ci[1], expected["upper"]),
    ):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert ours == pytest.approx(theirs, abs=2e-3)
    assert found.p == pytest.approx(expected["p"], rel=1e-11)


def test_the_limits_leave_half_of_what_the_level_leaves() -> None:
    a, b, c, d = [1, 4], [19, 36], [4, 9], [16, 31]
    found = exact_odds_ratio(a, b, c, d, level=0.9)
    for limit, tail in zip(found.ci, (1, -1), strict=True):
        assert limit is not None
        one, two = (
            nchypergeom_fisher(x + y + z + w, x + z, x + y, math.exp(limit))
            for x, y, z, w in zip(a, b, c, d, strict=True)
        )
        chance = sum(
            one.pmf(i) * two.pmf(j)
            for i in range(6)
            for j in range(14)
            if tail * (i + j) >= tail * sum(a)
        )
        assert chance == pytest.approx(0.05, rel=1e-9)
    mean = found.estimate
    assert mean is not None
    expected = sum(
        float(nchypergeom_fisher(x + y + z + w, x + z, x + y, math.exp(mean)).mean())
        for x, y, z, w in zip(a, b, c, d, strict=True)
    )
    assert expected == pytest.approx(sum(a), rel=1e-9)


def test_sides_change_only_the_sign() -> None:
    a, b, c, d = [1, 4], [19, 36], [4, 9], [16, 31]
    one, other = exact_odds_ratio(a, b, c, d), exact_odds_ratio(c, d, a, b)
    assert one.estimate == pytest.approx(-other.estimate)  # type: ignore[operator]
    assert one.ci == pytest.approx((-other.ci[1], -other.ci[0]))  # type: ignore[operator]
    assert one.p == pytest.approx(other.p)


def test_what_has_no_odds_ratio_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="with and without"):
        exact_odds_ratio([0, 20], [20, 0], [0, 15], [15, 0])
    with pytest.raises(InvalidDataError, match="whole"):
        exact_odds_ratio([0.5], [20], [1], [20])
    many = MOST_EVENTS + 1
    with pytest.raises(InvalidDataError, match="too many"):
        exact_odds_ratio([many], [many], [many], [many])


@pytest.mark.parametrize("ratio", [0.25, 0.5, 1.5, 2.0, 4.0])
@pytest.mark.parametrize("arms", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_peto_is_doubted_where_it_is_biased(ratio: float, arms: float) -> None:
    """By how far (O - E)/V of ever rarer events lies from the true log odds ratio."""
    share, of_events = arms / (1 + arms), ratio * arms / (1 + ratio * arms)
    bias = abs((of_events - share) / (share * (1 - share)) - math.log(ratio))
    caution = peto_caution([1000 * arms], [1000], math.log(ratio))
    if bias > 0.06:
        assert caution.unequal or caution.large
    assert bool(caution.unequal) == (arms != 1.0)
    assert caution.large == (abs(math.log(ratio)) > math.log(2) + np.finfo(float).eps)
