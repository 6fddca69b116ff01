"""Trials of several arms: what is computed from pairs equals what is computed from arms."""

from __future__ import annotations

import numpy as np
import pytest

from review.errors import InvalidDataError
from review.living.estimates.several import arms_together
from review.measures import Measure
from review.synthesis.network import from_arms, from_means

N, MEAN, SD = (30, 24, 51), (20.0, 23.5, 21.0), (5.0, 6.5, 5.5)
X = (4, 9, 12)


def of_means() -> list[dict[str, float]]:
    return [
        {"m1i": MEAN[i], "sd1i": SD[i], "n1i": N[i], "m2i": MEAN[0], "sd2i": SD[0], "n2i": N[0]}
        for i in (1, 2)
    ]


def of_events(x: tuple[int, ...] = X) -> list[dict[str, float]]:
    return [{"ai": x[i], "n1i": N[i], "ci": x[0], "n2i": N[0]} for i in (1, 2)]


def test_mean_differences_share_the_variance_of_their_arm() -> None:
    found = arms_together(Measure.MD, "a", of_means())
    v = np.square(SD) / N
    assert found.estimates == pytest.approx((3.5, 1.0))
    assert np.array(found.covariance) == pytest.approx(np.diag(v[1:]) + v[0])


def test_standardized_differences_are_those_of_the_engine_and_add_up() -> None:
    found = arms_together(Measure.SMD, "a", of_means())
    (arms,) = from_means("aaa", "xyz", N, MEAN, SD)
    assert found.estimates == pytest.approx(np.subtract(arms.estimates[1:], arms.estimates[0]))
    full = np.array(arms.covariance)
    against = full[1:, 1:] - full[1:, :1] - full[:1, 1:] + full[0, 0]
    assert np.array(found.covariance) == pytest.approx(against)


@pytest.mark.parametrize("empty", [False, True])
def test_odds_and_risks_are_those_of_arms(empty: bool) -> None:
    x = (0, 9, 12) if empty else X
    add = 0.5 if empty else 0.0
    events, rest = np.add(x, add), np.subtract(N, x) + add
    for measure, theta, v in (
        (Measure.OR, np.log(events / rest), 1 / events + 1 / rest),
        (Measure.RR, np.log(events / (events + rest)), 1 / events - 1 / (events + rest)),
        (Measure.RD, np.divide(x, N), events * rest / (events + rest) ** 3),
    ):
        found = arms_together(measure, "a", of_events(x))
        assert found.estimates == pytest.approx(theta[1:] - theta[0])
        assert np.array(found.covariance) == pytest.approx(np.diag(v[1:]) + v[0])
        assert ("0.5 added" in found.said) is empty
        if measure is not Measure.RD:
            (arms,) = from_arms("aaa", "xyz", theta.tolist(), v.tolist())
            assert np.subtract(arms.estimates[1:], arms.estimates[0]) == pytest.approx(
                found.estimates
            )


def test_no_arm_with_an_event_has_a_stated_answer() -> None:
    found = arms_together(Measure.OR, "a", of_events((0, 0, 0)))
    odds = [np.log(0.5 / (n + 0.5)) for n in N]
    assert found.estimates == pytest.approx((odds[1] - odds[0], odds[2] - odds[0]))


def test_ready_estimates_need_the_variance_of_the_arm_that_they_share() -> None:
    pairs = [{"yi": 1.0, "vi": 0.3}, {"yi": 2.0, "vi": 0.5}]
    found = arms_together(Measure.GEN, "a", pairs, 0.2)
    assert found.covariance == ((0.3, 0.2), (0.2, 0.5))
    with pytest.raises(InvalidDataError, match="no numbers of their arms"):
        arms_together(Measure.GEN, "a", pairs)
    with pytest.raises(InvalidDataError, match="cannot be"):
        arms_together(Measure.GEN, "a", pairs, 0.6)
