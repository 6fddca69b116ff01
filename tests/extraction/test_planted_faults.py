"""Errors planted in synthetic trials and entered by commands: a quick planted-fault run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.planted_faults import DIRECTION, WHERE, outcome
from benchmarks.planted_trials import ERRORS, plant, trials
from review.config import settings

SEED, TRIALS, PLANTED = 77, 16, 29
SEEN_BY_READERS_ONLY = {"90 % interval as 95 %", "percent as events", "another instrument",
                        "minus dropped", "follow-up mean at post"}  # fmt: skip
"""Kinds that need not show in the numbers."""


@pytest.fixture(scope="module")
def run() -> Iterator[dict[str, Any]]:
    settings.cache_clear()
    yield outcome(SEED, PLANTED, size=TRIALS)
    settings.cache_clear()


def test_what_the_numbers_give_away_is_said_before_it_is_pooled(run: dict[str, Any]) -> None:
    assert run["errors"] == PLANTED
    missed = [one for one in run["found"] if one["where"] == WHERE[-1]]
    assert [one for one in missed if one["sign"]] == []
    assert {one["kind"] for one in missed} <= SEEN_BY_READERS_ONLY


def test_no_doubt_on_a_pooled_number_is_left_out_beside_the_result(run: dict[str, Any]) -> None:
    assert run["pooled_unmentioned"] == []


def test_trials_without_errors_are_left_alone(run: dict[str, Any]) -> None:
    clean = run["clean"]
    assert clean["doubted"] - clean["doubted_with_modelled_means"] <= 0.1 * TRIALS


def test_kinds_are_many_and_the_same_seed_plants_the_same() -> None:
    assert len({*ERRORS, DIRECTION}) >= 20
    once, again = (plant(trials(3), 3, 59) for _ in range(2))
    assert [(e.kind, e.trial.rows) for e in once] == [(e.kind, e.trial.rows) for e in again]
    assert len(once) == 59
    assert all(trial.label.startswith("Synthetic") for trial in trials(3))
