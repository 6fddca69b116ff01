"""The stopping test against exact sums, recall and work saved against hand results."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb

import pytest

from review.errors import InvalidDataError
from review.screening.stopping import (
    recall_from_random,
    stopping_test,
    work_saved,
    work_saved_at,
)


def _exact(relevant: list[bool], records: int, target: Fraction) -> Fraction:
    """Smallest p over all last stretches, in whole numbers."""
    found = sum(relevant)
    best = Fraction(1)
    for n in range(1, len(relevant) + 1):
        hits = sum(relevant[-n:])
        urn = records - (len(relevant) - n)
        missed = int(found / target) - (found - hits) + 1
        if missed > urn:
            best = Fraction(0)
            continue
        ways = sum(
            comb(missed, x) * comb(urn - missed, n - x)
            for x in range(hits + 1)
            if x <= missed and n - x <= urn - missed
        )
        best = min(best, Fraction(ways, comb(urn, n)))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_p_is_the_exact_hypergeometric_sum(seed: int) -> None:
    draw = random.Random(seed)
    records = draw.choice([40, 90, 150])
    seen = draw.randrange(1, records)
    labels = [draw.random() < 0.4 * (1 - i / records) ** 2 for i in range(seen)]
    target = draw.choice([Fraction(8, 10), Fraction(9, 10), Fraction(95, 100)])
    found = stopping_test(labels, records=records, target=float(target))
    assert found.p == pytest.approx(float(_exact(labels, records, target)), rel=1e-9, abs=1e-300)


def test_a_target_that_divides_evenly_is_exact() -> None:
    # 19 found and target 0.95: with 20 in all recall is 0.95, not below; 2 must be missing
    labels = [True] * 19 + [False] * 60
    expected = float(_exact(labels, 100, Fraction(95, 100)))
    assert stopping_test(labels, records=100, target=0.95).p == pytest.approx(expected, rel=1e-9)


def test_nothing_seen_and_everything_seen() -> None:
    assert stopping_test([], records=10).p == 1.0
    assert not stopping_test([], records=10).may_stop
    assert stopping_test([True, False], records=2).may_stop


def test_a_random_order_stops_too_early_less_often_than_stated() -> None:
    draw = random.Random(4)
    wrong = trials = 0
    for _ in range(80):
        labels = [True] * 30 + [False] * 270
        draw.shuffle(labels)
        for stop in range(30, 300, 10):
            if stopping_test(labels[:stop], records=300, target=0.9, confidence=0.95).may_stop:
                trials += 1
                wrong += sum(labels[:stop]) < 0.9 * 30
                break
    assert trials == 80
    # looked at again after every ten records; 400 such reviews gave 1.25 %
    assert wrong / trials <= 0.05


def test_more_screened_than_there_are_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="3 records were screened of 2"):
        stopping_test([True] * 3, records=2)


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 2.0])
def test_shares_outside_zero_and_one_are_refused(share: float) -> None:
    with pytest.raises(InvalidDataError):
        stopping_test([True], records=2, target=share)


def test_recall_from_random_draws_by_hand() -> None:
    # 2 of 50 random ones relevant: 400 unseen hold 16; 48 found, so recall 48 / 64
    found = recall_from_random(found=48, unseen=400, drawn=50, drawn_relevant=2)
    assert found.recall == pytest.approx(0.75)
    assert found.ci is not None
    # Clopper-Pearson of 2/50, as R's binom.test(2, 50) prints it: 0.004881433 to 0.137137626
    low, high = 48 / (48 + 400 * 0.137137626), 48 / (48 + 400 * 0.004881433)
    assert found.ci == pytest.approx((low, high), rel=1e-6)


@pytest.mark.parametrize("drawn", [1, 5, 60, 400])
def test_recall_is_never_said_to_be_whole_while_records_are_unseen(drawn: int) -> None:
    found = recall_from_random(found=20, unseen=500, drawn=drawn, drawn_relevant=0)
    assert found.recall is None
    assert found.ci is not None
    # Clopper-Pearson of 0 of n, in closed form: the upper limit of the share is 1 - 0.025^(1/n)
    share = 1 - 0.025 ** (1 / drawn)
    assert found.ci == pytest.approx((20 / (20 + 500 * share), 1.0), rel=1e-9)


def test_the_interval_of_the_recall_covers_as_often_as_stated() -> None:
    draw = random.Random(8)
    covered = 0
    for _ in range(400):
        left = [True] * 12 + [False] * 388  # what a ranking has left, 60 found before
        draw.shuffle(left)
        hits = sum(left[:80])
        found = recall_from_random(found=60 + hits, unseen=320, drawn=80, drawn_relevant=hits)
        assert found.ci is not None
        covered += found.ci[0] <= (60 + hits) / 72 <= found.ci[1]
    assert covered / 400 >= 0.95


def test_recall_without_random_draws_is_not_known() -> None:
    assert recall_from_random(found=5, unseen=9, drawn=0, drawn_relevant=0).recall is None
    assert recall_from_random(found=5, unseen=0, drawn=0, drawn_relevant=0).recall == 1.0


def test_work_saved_by_hand() -> None:
    assert work_saved(records=1000, screened=300, recall=0.95) == pytest.approx(0.65)
    # 10 relevant first, then 90 others: 10 of 100 screened reach recall 0.95
    assert work_saved_at([True] * 10 + [False] * 90) == pytest.approx(0.85)
    # recall 0.5 of 10 is reached with the fifth
    assert work_saved_at([True] * 10 + [False] * 90, recall=0.5) == pytest.approx(0.45)
    with pytest.raises(InvalidDataError):
        work_saved_at([False] * 3)
