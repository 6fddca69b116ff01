"""Means and standard deviations from medians: right for normal samples, and flagged."""

import numpy as np
import pytest
from numpy.typing import NDArray

from review.effects import group_from_five_numbers, group_from_quartiles, group_from_range
from review.errors import InvalidDataError


@pytest.fixture(scope="module", params=[13, 61, 301])
def summaries(request: pytest.FixtureRequest) -> tuple[int, NDArray[np.float64]]:
    """(n, five numbers of each of 3,000 normal samples of mean 10 and standard deviation 2).

    n = 4Q + 1, for which the papers' quartiles are numpy's.
    """
    n = int(request.param)
    samples = np.random.default_rng(n).normal(10.0, 2.0, (3000, n))
    return n, np.quantile(samples, [0.0, 0.25, 0.5, 0.75, 1.0], axis=1)


def test_normal_samples_give_their_mean_and_sd(
    summaries: tuple[int, NDArray[np.float64]],
) -> None:
    n, five = summaries
    low, q1, median, q3, high = five.mean(axis=1)

    for converted in (
        group_from_quartiles(n, q1, median, q3),
        group_from_range(n, low, median, high),
        group_from_five_numbers(n, low, q1, median, q3, high),
    ):
        # the rules are linear in the five numbers: mean of estimates = estimate at the means
        assert converted.value.mean == pytest.approx(10.0, abs=0.03)
        assert converted.value.sd == pytest.approx(2.0, rel=0.015)


@pytest.mark.parametrize(
    ("n", "expected_range"),
    # Wan et al. (2014), table 1: expected range of n standard normal values
    [(5, 2.326), (10, 3.078), (20, 3.735), (30, 4.086), (50, 4.498)],
)
def test_a_range_is_divided_by_its_expectation(n: int, expected_range: float) -> None:
    sd = group_from_range(n, -expected_range / 2, 0.0, expected_range / 2).value.sd

    assert sd == pytest.approx(1.0, rel=0.015)  # the rule's own approximation


def test_quartiles_of_a_large_sample_are_divided_by_1_349() -> None:
    assert group_from_quartiles(1e9, 0.0, 0.67448975, 1.3489795).value == pytest.approx(
        (1e9, 0.67448975, 1.0), rel=1e-7
    )


def test_weights_are_nearly_those_of_least_variance(
    summaries: tuple[int, NDArray[np.float64]],
) -> None:
    # Luo et al. (2018) fit their weights to the optimal ones, which the simulation gives here
    n, (low, q1, median, q3, high) = summaries

    def best(middle: NDArray[np.float64]) -> float:
        covariance = np.cov(middle, median)
        return float(
            (covariance[1, 1] - covariance[0, 1])
            / (covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
        )

    weight_quartiles = group_from_quartiles(n, -1.0, 0.0, 3.0).value.mean
    weight_range = group_from_range(n, -1.0, 0.0, 3.0).value.mean

    assert weight_quartiles == pytest.approx(best((q1 + q3) / 2), abs=0.06)
    assert weight_range == pytest.approx(best((low + high) / 2), abs=0.06)


def test_five_numbers_are_no_worse_than_three(
    summaries: tuple[int, NDArray[np.float64]],
) -> None:
    n, five = summaries
    columns = five[:, :800].T

    def errors(sds: list[float]) -> float:
        return float(np.mean((np.array(sds) - 2.0) ** 2))

    together = errors([group_from_five_numbers(n, *row).value.sd for row in columns])
    of_quartiles = errors([group_from_quartiles(n, *row[1:4]).value.sd for row in columns])
    of_range = errors([group_from_range(n, row[0], row[2], row[4]).value.sd for row in columns])

    assert together < of_quartiles
    assert together < of_range


def test_results_are_flagged_and_tell_the_skewness_seen() -> None:
    symmetric = group_from_quartiles(40, 10.0, 14.0, 18.0)
    skewed = group_from_quartiles(40, 10.0, 11.0, 18.0)

    assert symmetric.approximate
    assert symmetric.value.mean == pytest.approx(14.0, rel=1e-15)
    assert symmetric.assumptions == {
        "distribution": "normal",
        "skewness seen": 0.0,
        "test of skewness": "not rejected: 0.00, of a normal sample below 0.42",
    }
    assert skewed.assumptions["skewness seen"] == pytest.approx(0.75)
    assert skewed.reported == {"n": 40, "q1": 10.0, "median": 11.0, "q3": 18.0}


def test_a_change_of_unit_changes_mean_and_sd_alike() -> None:
    one = group_from_five_numbers(40, 2.0, 10.0, 11.0, 18.0, 40.0).value
    other = group_from_five_numbers(40, 25.0, 105.0, 115.0, 185.0, 405.0).value  # 10 x + 5

    assert other.mean == pytest.approx(10 * one.mean + 5, rel=1e-13)
    assert other.sd == pytest.approx(10 * one.sd, rel=1e-13)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: group_from_quartiles(4, 1.0, 2.0, 3.0),
        lambda: group_from_quartiles(40, 2.0, 1.0, 3.0),
        lambda: group_from_range(40, 2.0, 5.0, 3.0),
        lambda: group_from_range(40, 2.0, 5.0, np.nan),
        lambda: group_from_five_numbers(40, 1.0, 3.0, 2.0, 4.0, 5.0),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(attempt) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidDataError):
        attempt()
