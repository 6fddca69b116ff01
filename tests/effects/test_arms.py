"""Arms combined are the arms' participants taken together."""

import numpy as np
import pytest

from review.effects import combine_arms, combine_estimates
from review.errors import InvalidDataError


def test_combined_arms_have_mean_and_sd_of_all_participants() -> None:
    rng = np.random.default_rng(7)
    arms = [rng.normal(centre, 2.0, size) for centre, size in ((1.0, 12), (4.0, 25), (-2.0, 7))]
    together = np.concatenate(arms)

    combined = combine_arms(
        [arm.size for arm in arms],
        [arm.mean() for arm in arms],
        [arm.std(ddof=1) for arm in arms],
    ).value

    assert combined.n == together.size
    assert combined.mean == pytest.approx(together.mean(), rel=1e-12)
    assert combined.sd == pytest.approx(together.std(ddof=1), rel=1e-12)


def test_two_arms_follow_the_handbook_formula() -> None:
    n1, m1, s1, n2, m2, s2 = 32.0, 10.2, 3.1, 41.0, 12.9, 2.2
    # Cochrane Handbook, table 6.5.a, as printed there for two groups
    printed = np.sqrt(
        ((n1 - 1) * s1**2 + (n2 - 1) * s2**2 + n1 * n2 / (n1 + n2) * (m1**2 + m2**2 - 2 * m1 * m2))
        / (n1 + n2 - 1)
    )

    assert combine_arms([n1, n2], [m1, m2], [s1, s2]).value.sd == pytest.approx(printed, rel=1e-12)


def test_one_arm_stays_as_it_is() -> None:
    assert combine_arms([20], [5.5], [1.25]).value == pytest.approx((20, 5.5, 1.25), rel=1e-15)


def test_combined_estimates_are_a_mean_weighted_by_n() -> None:
    combined = combine_estimates([10, 30], [1.0, 2.0], [0.4, 0.1])

    assert combined.value == pytest.approx((40, 1.75, (100 * 0.4 + 900 * 0.1) / 1600), rel=1e-15)
    assert combined.assumptions == {"covariance of the estimates": 0.0}


def test_a_recipe_keeps_what_was_reported() -> None:
    combined = combine_arms([10, 20], [5.0, 8.0], [2.0, 3.0])

    assert combined.reported == {"n": (10.0, 20.0), "mean": (5.0, 8.0), "sd": (2.0, 3.0)}
    assert not combined.approximate


@pytest.mark.parametrize(
    ("n", "mean", "sd", "said"),
    [
        ([], [], [], "no arm"),
        ([10, None], [1.0, 2.0], [1.0, 1.0], "Arm 2 has no n"),
        ([10, 0], [1.0, 2.0], [1.0, 1.0], "row 2, column n"),
        ([10, 12], [1.0, 2.0], [1.0, -1.0], "row 2, column sd"),
        ([10, 12], [1.0, 2.0, 3.0], [1.0, 1.0, 1.0], "differ in their number of rows"),
        ([1], [1.0], [0.0], "no standard deviation"),
    ],
)
def test_arms_that_cannot_be_combined_are_refused(
    n: list[float | None], mean: list[float], sd: list[float], said: str
) -> None:
    with pytest.raises(InvalidDataError, match=said):
        combine_arms(n, mean, sd)
