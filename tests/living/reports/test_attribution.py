"""A change is divided among trials, and among batches where the trials are too many to tell."""

from __future__ import annotations

import numpy as np
import pytest

from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.reports import attribution
from review.living.reports.attribution import explain
from review.living.runs.contents import RunInputs
from review.living.runs.results import Snapshot
from tests.living.estimates.test_counts import COUNTS, plan, side
from tests.living.estimates.test_counts import trials as trials_of_counts
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


def counted(method: str, rows: dict[int, tuple[int, int, int, int]], **more: object) -> Snapshot:
    """Return a run of trials' counts: events and persons of either side, by study."""
    planned = plan("OR", method=method, margin=0.4, **more)
    given = tuple(
        trials_of_counts()[0].model_copy(
            update={
                "study_id": number,
                "study": f"Trial {number}",
                "intervention": side(n=n1, events=a),
                "comparator": side(n=n2, events=c),
            }
        )
        for number, (a, n1, c, n2) in rows.items()
    )
    inputs = RunInputs(plan=planned, trials=given, left_out=())
    return inputs, pool_inputs([(inputs, trial_effects(inputs))])[0]


BEFORE = dict(enumerate(COUNTS[:5], 1))


@pytest.mark.parametrize("method", ["MH", "UM.FS", "CM.EL", "CM.AL"])
def test_a_change_of_pooled_counts_is_divided_among_what_happened(method: str) -> None:
    """One trial added, one corrected, one removed: each is named, and parts sum to the whole."""
    after = {**BEFORE, 2: (30, 758, 64, 771), 6: COUNTS[5]}
    del after[4]
    old, new = counted(method, BEFORE), counted(method, after)
    found = explain(old, new)
    assert found.shares is not None
    assert [one.what for one in found.shares.shares] == [
        "Trial 2 corrected",
        "Trial 4 removed",
        "Trial 6 added",
    ]
    for name in ("estimate", "lower", "upper", "in_order"):
        total = sum(getattr(one, name) for one in found.shares.shares)
        assert total == pytest.approx(getattr(found.shares.total, name), abs=1e-9)
    moved = new[1].pooled.estimate - old[1].pooled.estimate
    assert found.shares.total.estimate == pytest.approx(moved, abs=1e-6)
    assert found.shares.shares[0].estimate < 0, "fewer events of the intervention"
    assert found.notes == (
        f"Counts pooled by {method} are no mean of trials' effects, and no next trial is forecast.",
    )


def test_another_model_of_the_same_counts_has_a_share_of_its_own() -> None:
    old = counted("REML", BEFORE, test="z")
    new = counted("CM.AL", {**BEFORE, 6: COUNTS[5]})
    found = explain(old, new)
    assert found.shares is not None
    assert [one.what for one in found.shares.shares] == ["another model (plan)", "Trial 6 added"]
    moved = new[1].pooled.estimate - old[1].pooled.estimate
    assert found.shares.total.estimate == pytest.approx(moved, abs=1e-6)
    assert found.signals == ()


def test_counts_of_which_some_give_no_estimate_are_not_divided() -> None:
    old = counted("MH", {1: (0, 40, 3, 41), 2: (5, 50, 2, 49)})
    new = counted("MH", {1: (0, 40, 3, 41), 3: (6, 50, 7, 49)})
    found = explain(old, new)
    assert found.shares is None
    assert (
        "The change is not divided among trials: the counts of some of them alone give no "
        "estimate by MH." in found.notes
    )


def test_many_changes_of_a_mixed_model_share_by_kind() -> None:
    grown = {**{i: (a + 1, n1, c, n2) for i, (a, n1, c, n2) in BEFORE.items()}, 6: COUNTS[5]}
    found = explain(counted("CM.AL", BEFORE), counted("CM.AL", grown))
    assert found.shares is not None
    assert [one.what for one in found.shares.shares] == ["corrected (5 trials)", "Trial 6 added"]
