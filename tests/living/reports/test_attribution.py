"""A change is divided among trials, and among batches where the trials are too many to tell."""

from __future__ import annotations

import numpy as np
import pytest

from review.living.reports import attribution
from review.living.reports.attribution import explain
from tests.living.reports.test_changes import run


def trials(count: int) -> dict[int, tuple[float, float]]:
    rng = np.random.default_rng(6)
    return {i: (float(rng.normal(0.3, 0.3)), 0.05) for i in range(1, count + 1)}


@pytest.mark.parametrize("outlook", [True, False])
def test_many_trials_are_told_apart_by_drawn_orders_that_sum(outlook: bool) -> None:
    after = trials(16)
    before = {i: after[i] for i in (1, 2)}
    shares = explain(run(before), run(after), outlook=outlook).shares
    assert shares is not None
    assert (len(shares.shares), shares.exact) == (14, False)
    for name in ("estimate", "lower", "upper", "tau2", "in_order"):
        total = sum(getattr(share, name) for share in shares.shares)
        assert total == pytest.approx(getattr(shares.total, name), abs=1e-12)


def test_more_trials_than_can_be_told_share_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribution, "MOST_EVENTS_ASKED", 5)
    after = trials(12)
    before = {i: after[i] for i in (1, 2, 3)}
    before[1], before[40] = (0.9, 0.05), (0.2, 0.05)  # to be corrected and removed
    batches = {i: "run 2" if i < 8 else "run 3" for i in after}
    shares = explain(run(before), run(after), batches=batches).shares
    assert shares is not None
    assert [share.what for share in shares.shares] == [
        "corrected",
        "removed",
        "added by run 2 (4 trials)",
        "added by run 3 (5 trials)",
    ]
    assert shares.exact
    total = sum(share.estimate for share in shares.shares)
    assert total == pytest.approx(shares.total.estimate, abs=1e-12)


def test_one_batch_of_very_many_is_said_and_not_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribution, "MOST_EVENTS_ASKED", 5)
    after = trials(12)
    found = explain(run({1: after[1]}), run(after))
    assert found.shares is None
    assert "11 trials changed at once; their shares are not told apart." in found.notes


def test_without_a_margin_the_claim_is_superiority() -> None:
    found = explain(None, run({1: (0.1, 0.04), 2: (0.2, 0.04), 3: (0.3, 0.04)}))
    assert found.outlook is not None
    assert (found.outlook.claim, found.outlook.shown) == ("superiority", False)
    assert [trial.size for trial in found.outlook.trials] == [
        "half the median trial",
        "the median trial",
        "twice the median trial",
    ]
    assert any("say how many took part" in note for note in found.notes)
    assert found.fragility_after is not None
    assert found.fragility_after.enumerated
