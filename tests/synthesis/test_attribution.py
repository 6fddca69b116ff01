"""Attribution of a change: printed values, sums, symmetry, and the definition by all orders."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.synthesis.attribution import (
    Added,
    Edited,
    Event,
    Quantities,
    Removed,
    Settings,
    attribute,
    common_effect_attribution,
)
from review.synthesis.methods import Method, Test
from review.synthesis.pooling import pool
from tests.synthesis.test_golden import V, Y

DL: dict[str, Any] = {"method": Method.DL, "test": Test.Z}
FOUR = [Added(float(y), float(v)) for y, v in zip(Y[4:], V[4:], strict=True)]


def test_four_new_trials() -> None:
    # living updating, section 3.5
    a = attribute(Y[:4], V[:4], FOUR, margin=0.5, **DL)
    assert (a.total.estimate, a.total.se, a.total.lower) == pytest.approx(
        (0.1859575, -0.1133648, 0.4081484), abs=5e-8
    )
    shapley = [c.shapley for c in a.contributions]
    assert [s.estimate for s in shapley] == pytest.approx(
        [0.03780045, 0.07355324, 0.00896463, 0.06563921], abs=5e-9
    )
    assert [s.se for s in shapley] == pytest.approx(
        [-0.03026123, -0.02145392, -0.02631546, -0.03533414], abs=5e-9
    )
    assert [s.lower for s in shapley] == pytest.approx(
        [0.09711137, 0.11560214, 0.06054198, 0.13489286], abs=5e-9
    )
    assert [c.sequential.estimate for c in a.contributions] == pytest.approx(
        [0.07497226, 0.07901899, -0.00345161, 0.03541788], abs=5e-9
    )
    assert (a.data_at_old_tau2, a.tau2_reestimated) == pytest.approx(
        (0.1337458, 0.0522117), abs=5e-8
    )
    assert (a.old.shown, a.new.shown, a.exact) == (0.0, 1.0, True)


def test_an_edit_a_removal_and_a_new_trial() -> None:
    events: list[Event] = [Edited(2, -0.58, float(V[2])), Removed(0), FOUR[0]]
    a = attribute(Y[:4], V[:4], events, **DL)
    assert (a.old.estimate, a.new.estimate) == pytest.approx((-0.3004928, -0.1328887), abs=5e-8)
    shapley = [c.shapley for c in a.contributions]
    assert [s.estimate for s in shapley] == pytest.approx(
        [0.0954219, 0.0225521, 0.0496300], abs=5e-8
    )
    assert [s.tau2 for s in shapley] == pytest.approx([-0.0521412, 0.0176375, -0.0271989], abs=5e-8)
    new_y, new_v = [-0.2, -0.58, 0.0, Y[4]], [V[1], V[2], V[3], V[4]]
    assert a.new.estimate == pytest.approx(pool(new_y, new_v, **DL).estimate, rel=1e-12)


def test_the_common_effect_closed_form() -> None:
    w = 1 / V[:4]
    found = common_effect_attribution(float(w @ Y[:4] / w.sum()), float(w.sum()), Y[4:], V[4:])
    assert found.tolist() == pytest.approx(
        [0.01258053, 0.05897829, -0.00285696, 0.04651382], abs=5e-9
    )
    assert found.sum() == pytest.approx(0.11521568, abs=5e-9)


@pytest.mark.parametrize("test", list(Test))
def test_both_kinds_sum_to_the_total(test: Test) -> None:
    events: list[Event] = [
        *FOUR,
        Removed(1),
        Edited(0, 0.1, 0.05),
        Settings(Method.PM, Test.KNHA),
    ]
    a = attribute(Y[:4], V[:4], events, margin=0.3, method=Method.REML, test=test)
    for field in Quantities._fields:
        total = getattr(a.total, field)
        assert total == pytest.approx(getattr(a.new, field) - getattr(a.old, field), abs=1e-12)
        for kind in ("shapley", "sequential"):
            parts = sum(getattr(getattr(c, kind), field) for c in a.contributions)
            assert parts == pytest.approx(total, abs=1e-12)
    assert a.data_at_old_tau2 + a.tau2_reestimated == pytest.approx(a.total.estimate, abs=1e-15)


def test_shapley_is_the_mean_over_all_orders_by_single_fits() -> None:
    events = FOUR[:3]
    found = attribute(Y[:4], V[:4], events)
    gain = np.zeros(3)
    for order in permutations(range(3)):
        y, v = list(Y[:4]), list(V[:4])
        before = pool(y, v).estimate
        for i in order:
            y.append(events[i].yi)
            v.append(events[i].vi)
            after = pool(y, v).estimate
            gain[i] += after - before
            before = after
    assert [c.shapley.estimate for c in found.contributions] == pytest.approx(gain / 6, abs=1e-12)


def test_equal_events_get_equal_shares_and_order_does_not_matter() -> None:
    twins = attribute(Y[:4], V[:4], [Added(0.1, 0.04), FOUR[1], Added(0.1, 0.04)])
    one, _, other = (c.shapley for c in twins.contributions)
    assert one == pytest.approx(other, abs=1e-14)
    assert twins.contributions[0].sequential.se != pytest.approx(
        twins.contributions[2].sequential.se
    )
    forward, back = attribute(Y[:4], V[:4], FOUR), attribute(Y[:4], V[:4], FOUR[::-1])
    for a, b in zip(forward.contributions, back.contributions[::-1], strict=True):
        assert a.shapley == pytest.approx(b.shapley, abs=1e-12)


def test_many_events_are_drawn_with_a_seed_and_still_sum() -> None:
    rng = np.random.default_rng(6)
    events = [
        Added(float(y), float(v))
        for y, v in zip(rng.normal(0, 0.3, 14), rng.uniform(0.02, 0.1, 14), strict=True)
    ]
    a, b = attribute(Y, V, events, seed=3), attribute(Y, V, events, seed=3)
    assert a == b
    assert not a.exact
    assert sum(c.shapley.estimate for c in a.contributions) == pytest.approx(
        a.total.estimate, abs=1e-12
    )
    exact = attribute(Y, V, events[:12])
    assert exact.exact
    # the drawn shares come close to the exact ones of the same events
    shares = np.array([c.shapley.estimate for c in exact.contributions])
    from review.synthesis import attribution
    from review.synthesis.methods import Model

    applied = attribution._drawn(
        lambda sets: attribution._values(
            Y, V, events[:12], sets, None, Model(Method.REML, Test.ADHOC, 0.95)
        ),
        12,
        1,
    )[:, 0]
    assert np.abs(applied - shares).max() < 0.1 * np.abs(shares).max()


def test_groups_share_what_their_events_do_together() -> None:
    found = attribute(Y[:4], V[:4], FOUR, groups=[0, 0, 1, 1], method=Method.DL, test=Test.Z)
    steps = [pool(Y[:k], V[:k], method=Method.DL, test=Test.Z).estimate for k in (4, 6, 8)]
    other = pool(np.delete(Y, [4, 5]), np.delete(V, [4, 5]), method=Method.DL, test=Test.Z).estimate
    first = ((steps[1] - steps[0]) + (steps[2] - other)) / 2  # both orders, by single fits
    assert [c.shapley.estimate for c in found.contributions] == pytest.approx(
        [first, steps[2] - steps[0] - first], abs=1e-12
    )
    assert [len(c.events) for c in found.contributions] == [2, 2]
    with pytest.raises(InvalidDataError, match="without a gap"):
        attribute(Y[:4], V[:4], FOUR, groups=[0, 0, 2, 2])


def test_a_change_of_settings_alone_is_the_difference_of_two_fits() -> None:
    a = attribute(Y, V, [Settings(Method.EE, Test.Z)], method=Method.DL, test=Test.Z)
    expected = pool(Y, V, method=Method.EE, test=Test.Z).se - pool(Y, V, **DL).se
    assert a.contributions[0].shapley.se == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [Removed(9)],
        [Removed(0), Edited(0, 0.1, 0.1)],
        [Added(0.1, 0.0)],
        [Removed(0), Removed(1)],
        [Settings(Method.DL, Test.Z), Settings(Method.PM, Test.Z)],
    ],
)
def test_impossible_events_are_refused(events: list[Event]) -> None:
    with pytest.raises(InvalidDataError):
        attribute(Y[:2], V[:2], events)
