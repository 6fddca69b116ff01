"""The simulated rates of false claims: those of the table, between them, and none outside."""

import numpy as np
import pytest

from review.synthesis.false_claims import applies, false_claims


def test_rates_are_those_of_the_table_and_between() -> None:
    found = [false_claims(distance=0.5, tau=tau, k=20, looks=18) for tau in (0.3, 0.4, 0.5)]
    rates = [one.sequence for one in found if one is not None]
    assert rates == pytest.approx([0.023, 0.0371, 0.0512], abs=1e-4)
    # the notes simulated 17 looks at tau 0.5: 4.2 % by the sequence designed for 0.25, 2 % by TSA
    other = false_claims(distance=0.25, tau=0.5, k=20, looks=17)
    assert other is not None
    assert other.sequence == pytest.approx(0.042, abs=0.006)
    assert other.boundaries == pytest.approx(0.020, abs=0.008)


@pytest.mark.parametrize(
    "at",
    [
        {"distance": 0.1, "tau": 0.2, "k": 10, "looks": 4},
        {"distance": 0.5, "tau": 1.2, "k": 10, "looks": 4},
        {"distance": 0.5, "tau": 0.2, "k": 60, "looks": 4},
        {"distance": 0.5, "tau": 0.2, "k": 3, "looks": 1},
    ],
)
def test_outside_the_table_there_is_no_rate(at: dict[str, float]) -> None:
    assert false_claims(**at) is None  # type: ignore[arg-type]  # numbers of both kinds


def test_only_trials_and_designs_that_were_simulated_have_one() -> None:
    assert applies(np.array([0.04, 0.08]), 0.04, 0.025)
    assert not applies(np.array([4.0, 8.0]), 0.04, 0.025)
    assert not applies(np.array([0.04, 0.08]), 0.0, 0.025)
