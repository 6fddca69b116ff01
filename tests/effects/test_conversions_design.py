"""Reversed scales, clusters, and comparisons that share a control."""

import numpy as np
import pytest

from review.effects import (
    Group,
    combine_arms,
    design_effect,
    effective_size,
    escalc,
    inflated_variance,
    reverse_scale,
    shared_control_covariance_events,
    shared_control_covariance_md,
    shared_control_covariance_rates,
    shared_control_covariance_smd,
)
from review.errors import InvalidDataError


def test_reversing_both_groups_turns_the_sign_of_their_difference() -> None:
    one, two = Group(30, 12.0, 4.5), Group(28, 15.0, 5.0)
    turned = [reverse_scale(group, 0, 60).value for group in (one, two)]

    def columns(first: Group, second: Group) -> dict[str, list[float]]:
        return {
            "m1i": [first.mean],
            "sd1i": [first.sd],
            "n1i": [first.n],
            "m2i": [second.mean],
            "sd2i": [second.sd],
            "n2i": [second.n],
        }

    before, after = escalc("SMD", columns(one, two)), escalc("SMD", columns(turned[0], turned[1]))
    assert after.yi[0] == pytest.approx(-before.yi[0], rel=1e-14)
    assert after.vi[0] == before.vi[0]


def test_reversing_twice_changes_nothing() -> None:
    group = Group(30, 12.0, 4.5)

    assert reverse_scale(reverse_scale(group, 1, 7 * 9).value, 1, 7 * 9).value == group


def test_cluster_trial_of_the_handbook() -> None:
    # Cochrane Handbook 23.1.5: 21 clusters of 29.8 children on average, ICC 0.02
    assert design_effect(29.8, 0.02).value == pytest.approx(1.576, abs=5e-4)
    for n, effective in ((63, 40.0), (295, 187.2), (84, 53.3), (330, 209.4)):
        assert effective_size(n, 29.8, 0.02).value == pytest.approx(effective, abs=0.05)


def test_a_design_effect_records_what_was_assumed() -> None:
    converted = inflated_variance(0.04, 11, 0.05)

    assert converted.value == pytest.approx(0.06, rel=1e-15)
    assert converted.reported == {"variance": 0.04, "mean_cluster_size": 11}
    assert converted.assumptions == {"icc": 0.05}
    assert design_effect(1, 0.5).value == design_effect(40, 0.0).value == 1.0


def test_shared_control_of_smds_is_that_of_gleser_and_olkin() -> None:
    # n 44, 38 and control 44; d 0.46 and 0.73
    assert shared_control_covariance_smd(0.46, 0.73, 44, 126).value == pytest.approx(
        0.02405981, abs=5e-9
    )


def test_shared_control_covariances_are_those_of_simulated_trials() -> None:
    rng = np.random.default_rng(5)
    trials, n, control = 40_000, 30, 25

    means = [
        rng.normal(m, 6.0 / np.sqrt(size), trials) for m, size in ((2, n), (1, n), (0, control))
    ]
    seen = np.cov(means[0] - means[2], means[1] - means[2])[0, 1]
    assert shared_control_covariance_md(6.0, control).value == pytest.approx(seen, rel=0.03)

    events = [rng.binomial(200, p, trials) for p in (0.3, 0.4, 0.35)]
    log_rr, log_or, rd = shared_control_covariance_events(0.35 * 200, 200).value
    shares = [event / 200 for event in events]
    logits = [np.log(share / (1 - share)) for share in shares]
    assert rd == pytest.approx(np.cov(shares[0] - shares[2], shares[1] - shares[2])[0, 1], rel=0.04)
    assert log_rr == pytest.approx(
        np.cov(np.log(shares[0] / shares[2]), np.log(shares[1] / shares[2]))[0, 1], rel=0.04
    )
    assert log_or == pytest.approx(
        np.cov(logits[0] - logits[2], logits[1] - logits[2])[0, 1], rel=0.04
    )


def test_shared_control_covariances_of_rates_are_those_of_simulated_trials() -> None:
    rng = np.random.default_rng(6)
    times = (150.0, 120.0, 200.0)
    events = [rng.poisson(0.4 * time, 40_000) for time in times]
    rates = [x / time for x, time in zip(events, times, strict=True)]
    ratio, difference, of_roots = shared_control_covariance_rates(80, 200).value
    for found, back in ((ratio, np.log), (difference, np.array), (of_roots, np.sqrt)):
        one, two, control = (back(x) for x in rates)
        assert found == pytest.approx(np.cov(one - control, two - control)[0, 1], rel=0.04)
    assert shared_control_covariance_rates(0, 200).value == (None, 0.0, 0.00125)


def test_combined_arms_agree_with_covariance_for_raw_differences() -> None:
    # arms of equal size and spread: the comparison of both together has the variance of the
    # average of two comparisons that share a control
    arm, control = Group(30, 5.0, 6.0), Group(25, 3.0, 6.0)
    shared = shared_control_covariance_md(control.sd, control.n).value
    single = arm.sd**2 / arm.n + control.sd**2 / control.n
    together = combine_arms([30, 30], [5.0, 5.0], [6.0, 6.0]).value

    variance = together.sd**2 / together.n + control.sd**2 / control.n

    assert (single + shared) / 2 == pytest.approx(variance, rel=0.01)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: reverse_scale(Group(30, 70.0, 4.5), 0, 60),
        lambda: reverse_scale(Group(30, 12.0, 4.5), 60, 0),
        lambda: design_effect(0.5, 0.05),
        lambda: design_effect(10, 1.5),
        lambda: effective_size(-1, 10, 0.05),
        lambda: inflated_variance(-0.1, 10, 0.05),
        lambda: shared_control_covariance_smd(0.5, np.inf, 44, 126),
        lambda: shared_control_covariance_smd(0.5, 0.4, 44, 44),
        lambda: shared_control_covariance_md(-1.0, 44),
        lambda: shared_control_covariance_events(0, 44),
        lambda: shared_control_covariance_events(44, 44),
        lambda: shared_control_covariance_rates(-1, 44),
        lambda: shared_control_covariance_rates(3, 0),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(attempt) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidDataError):
        attempt()
