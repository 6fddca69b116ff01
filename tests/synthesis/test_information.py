"""Information sizes and the value of information against printed digits and integrals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from review.errors import InvalidDataError
from review.synthesis.information import (
    diversity,
    evpi,
    evsi,
    fewest_trials,
    information_size,
    probability_wrong,
)

MU, SE, TAU2 = -0.3004927661, 0.1887256437, 0.0617026966


@pytest.mark.parametrize(
    ("delta", "beta", "information", "participants"),
    [
        # living updating, section 1.2
        (0.5, 0.10, 42.029692, 168.1),
        (0.5, 0.20, 31.395519, 125.6),
        (0.3, 0.10, 116.749145, 467.0),
        (0.25, 0.10, 168.118769, 672.5),
    ],
)
def test_required_information(
    delta: float, beta: float, information: float, participants: float
) -> None:
    size = information_size(delta, beta=beta)
    assert size.required == pytest.approx(information, abs=5e-7)
    assert size.participants == pytest.approx(participants, abs=0.05)


def test_power_is_reached_at_the_required_information() -> None:
    size = information_size(0.4, alpha=0.05, beta=0.2)
    assert 0.4 * np.sqrt(size.required) == pytest.approx(ndtri(0.95) + ndtri(0.8))


def test_few_trials_cannot_carry_it() -> None:
    assert fewest_trials(information_size(0.5), 0.0617027) == 3
    assert fewest_trials(information_size(0.3), 0.0617027) == 8
    assert fewest_trials(information_size(0.5), 0.0, test="knha") == 1


def test_fewest_trials_by_the_planned_test_are_those_of_power_t_test() -> None:
    # R: k <- 2; while (power.t.test(n = k, delta = .5, sd = sqrt(tau2), sig.level = .025,
    #    type = "one.sample", alternative = "one.sided")$power < .9) k <- k + 1
    size = information_size(0.5)
    spread = (0.01, 0.0617027, 0.1, 0.3, 1.0)
    for test in ("t", "knha", "adhoc"):
        assert [fewest_trials(size, tau2, test=test) for tau2 in spread] == [3, 5, 7, 15, 44]
    assert [fewest_trials(size, tau2) for tau2 in spread] == [1, 3, 5, 13, 43]


def test_diversity_is_at_least_i2() -> None:
    rng = np.random.default_rng(3)
    v = rng.uniform(0.01, 0.3, 9)
    w = 1 / v
    typical = 8 * w.sum() / (w.sum() ** 2 - (w**2).sum())
    assert diversity(v, 0.05) >= 0.05 / (0.05 + typical)
    assert diversity(v, 0.0) == 0


def test_value_of_information_of_the_fixture() -> None:
    # living updating, section 3.4
    assert evpi(MU, SE, 0.5) == pytest.approx(0.0140863, abs=5e-8)
    assert probability_wrong(MU, SE, 0.5) == pytest.approx(0.1452265, abs=5e-8)
    expected = {20: 0.000166678, 50: 0.000664708, 100: 0.001095143, 200: 0.001420488}
    for n, value in expected.items():
        assert evsi(MU, SE, 0.5, v_new=2 / n, tau2=TAU2) == pytest.approx(value, abs=5e-10)


def test_perfect_information_is_the_mean_loss_avoided() -> None:
    x = ndtri((np.arange(400_000) + 0.5) / 400_000) * SE + MU
    assert evpi(MU, SE, 0.5) == pytest.approx(np.maximum(-0.5 - x, 0).mean(), rel=1e-4)


def test_a_larger_trial_is_worth_more_and_never_more_than_perfection() -> None:
    values = [evsi(MU, SE, 0.5, v_new=v, tau2=0.0) for v in (1.0, 0.1, 0.01, 1e-9)]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(evpi(MU, SE, 0.5), rel=1e-6)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidDataError):
        information_size(0.0)
    with pytest.raises(InvalidDataError):
        information_size(0.5, alpha=0.6)
    with pytest.raises(InvalidDataError):
        diversity([], 0.1)
    with pytest.raises(InvalidDataError):
        fewest_trials(information_size(0.5), -0.1)
    with pytest.raises(InvalidDataError):
        evpi(0.1, 0.0, 0.5)
    with pytest.raises(InvalidDataError):
        evsi(0.1, 0.1, 0.5, v_new=0, tau2=0)
