"""What moved networks, several outcomes and pooled counts is named, and parts sum to the whole.

Reviews are made by chance; in each a trial is added, one corrected and one removed.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from review.living.reports.attribution import Explanation, explain
from review.living.runs.contents import RunInputs
from review.living.runs.results import Snapshot
from tests.living import joint, networks
from tests.living.estimates.test_counts import pooled
from tests.living.estimates.test_rates import of_rates, planned
from tests.tiers import seeds

HAPPENED = ("Synthetic 2 corrected", "Synthetic 3 removed", "Synthetic 9 added")


def network_by_chance(chance: random.Random) -> dict[str, dict[str, networks.Numbers]]:
    """Trials of two to four of the treatments, of which each pair is once compared."""
    designs = [
        ("video", "in person"), ("video", "wait list"), ("in person", "wait list"),
        ("video", "in person", "wait list"), ("book", "wait list"), ("video", "in person"),
        ("in person", "book"), ("video", "in person", "wait list", "book"), ("video", "book"),
    ]  # fmt: skip
    levels = {"video": 21.0, "in person": 20.5, "wait list": 25.0, "book": 23.0}
    return {
        f"Synthetic {i}": {
            name: networks.means(
                chance.randrange(20, 60),
                round(levels[name] + chance.gauss(0, 1.5), 2),
                round(chance.uniform(5, 7), 2),
            )
            for name in design
        }
        for i, design in enumerate(designs, 1)
    }


def joint_by_chance(chance: random.Random) -> dict[str, dict[str, tuple[joint.Arm, joint.Arm]]]:
    """Trials of a client's view, a therapist's, or both."""

    def arm(mean: float) -> joint.Arm:
        return chance.randrange(20, 60), round(mean + chance.gauss(0, 0.25), 2), 0.9

    both = ("client", "therapist")
    told = (both, both, both, both, ("client",), ("therapist",), both, both, both)
    return {
        f"Synthetic {i}": {rater: (arm(5.4), arm(5.3)) for rater in raters}
        for i, raters in enumerate(told, 1)
    }


def before_and_after(trials: dict[str, Any], corrected: Any) -> tuple[dict[str, Any], ...]:
    """Return all but the ninth; and all, the second corrected, without the third."""
    before = {name: one for name, one in trials.items() if name != "Synthetic 9"}
    after = {name: one for name, one in trials.items() if name != "Synthetic 3"}
    return before, {**after, "Synthetic 2": corrected}


def sums(found: Explanation, old: Snapshot, new: Snapshot, happened: tuple[str, ...]) -> None:
    shares = found.shares
    assert shares is not None, found.notes
    assert {one.what for one in shares.shares} == set(happened)
    for name in ("estimate", "lower", "upper", "tau2", "in_order"):
        parts = [getattr(one, name) for one in shares.shares]
        total = getattr(shares.total, name)
        if total is not None:
            assert sum(parts) == pytest.approx(total, abs=1e-9), name
    moved = new[1].pooled.estimate - old[1].pooled.estimate
    assert shares.total.estimate == pytest.approx(moved, abs=1e-6)


@pytest.mark.parametrize("seed", seeds(4, 60))
def test_what_moved_a_network(seed: int) -> None:
    chance = random.Random(seed)
    trials = network_by_chance(chance)
    corrected = {**trials["Synthetic 2"], "video": networks.means(44, 24.4, 6.0)}
    before, after = before_and_after(trials, corrected)
    plan = networks.network_plan(method=chance.choice(("REML", "DL", "EE")))
    old, new = (networks.run_of(plan, networks.items_of(one)) for one in (before, after))
    sums(explain(old, new), old, new, HAPPENED)


@pytest.mark.parametrize("seed", seeds(4, 60))
def test_what_moved_several_outcomes(seed: int) -> None:
    chance = random.Random(seed)
    trials = joint_by_chance(chance)
    second: Mapping[str, tuple[joint.Arm, joint.Arm]] = trials["Synthetic 2"]
    corrected = {**second, "therapist": ((40, 6.4, 0.8), second["therapist"][1])}
    before, after = before_and_after(trials, corrected)
    plan = joint.joint_plan(structure=chance.choice(("UN", "CS", "DIAG")))
    old, new = (networks.run_of(plan, joint.items_of(one)) for one in (before, after))
    sums(explain(old, new), old, new, HAPPENED)


@pytest.mark.parametrize("seed", seeds(4, 60))
@pytest.mark.parametrize("method", ["MH", "UM.FS", "CM.EL"])
def test_what_moved_a_rate_ratio_of_pooled_counts(seed: int, method: str) -> None:
    chance = random.Random(seed)
    rows = [
        (chance.randrange(3, 20), chance.uniform(30, 90), chance.randrange(8, 30), 60.0)
        for _ in range(9)
    ]
    chosen = planned("IRR", method)
    trials = {
        one.study_id: one.model_copy(update={"study": f"Synthetic {one.study_id}"})
        for one in of_rates(rows)
    }
    (corrected,) = of_rates([(25, rows[1][1], *rows[1][2:])])
    corrected = corrected.model_copy(update={"study_id": 2, "study": "Synthetic 2"})
    before = [one for number, one in trials.items() if number != 9]
    after = [one for number, one in {**trials, 2: corrected}.items() if number != 3]
    old, new = (
        (RunInputs(plan=chosen, trials=tuple(given), left_out=()), pooled(chosen, tuple(given)))
        for given in (before, after)
    )
    sums(explain(old, new), old, new, HAPPENED)
