"""Several arms, or several estimates, as one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from review.arrays import Floats
from review.effects.columns import Column, Domain, Values, read_columns
from review.effects.converted import Converted
from review.errors import InvalidDataError


class Group(NamedTuple):
    """A group as papers describe it."""

    n: float
    mean: float
    sd: float


class Estimate(NamedTuple):
    """An estimate and its sampling variance from ``n`` participants."""

    n: float
    estimate: float
    variance: float


def combine_arms(n: Values, mean: Values, sd: Values) -> Converted[Group]:
    """One group from several arms: the mean and SD that all participants together have.

    Parameters
    ----------
    n, mean, sd : (a,)
        Size, mean and standard deviation of each arm, the outcome on one scale.

    Returns
    -------
    Converted[Group]
        n, mean and standard deviation of the arms together. Exact: no approximation.

    Raises
    ------
    InvalidDataError
        If there is no arm, a number is missing or impossible, or the arms hold one participant.

    Notes
    -----
    Cochrane Handbook table 6.5.a, for any number of arms:
    (N - 1) SD² = sum (n_a - 1) sd_a² + sum n_a (m_a - M)².

    Examples
    --------
    >>> combine_arms([10, 20], [5.0, 8.0], [2.0, 3.0]).value
    Group(n=30.0, mean=7.0, sd=3.0342868275303405)
    """
    sizes, means, sds = _arms(
        {"n": n, "mean": mean, "sd": sd},
        (
            Column("n", Domain.SIZE),
            Column("mean", Domain.REAL),
            Column("sd", Domain.NOT_NEGATIVE),
        ),
    )
    total = float(sizes.sum())
    if total <= 1.0:
        raise InvalidDataError("Arms with one participant in all have no standard deviation.")
    centre = float((sizes * means).sum() / total)
    squares = float(((sizes - 1.0) * sds**2).sum() + (sizes * (means - centre) ** 2).sum())
    return Converted(
        Group(total, centre, float(np.sqrt(squares / (total - 1.0)))),
        "arms combined (Cochrane Handbook, table 6.5.a)",
        _reported(n=sizes, mean=means, sd=sds),
    )


def combine_estimates(n: Values, estimate: Values, variance: Values) -> Converted[Estimate]:
    """One estimate from independent estimates, weighted by their numbers of participants.

    Parameters
    ----------
    n, estimate, variance : (a,)
        Participants, estimate and its sampling variance, of each arm.

    Returns
    -------
    Converted[Estimate]
        m = sum n m / sum n, v = sum n² v / (sum n)², and the total n.

    Raises
    ------
    InvalidDataError
        If there is none, or a number is missing or impossible.

    Notes
    -----
    The variance is that of a weighted mean with fixed weights; it assumes that the estimates are
    independent, which is recorded.

    Examples
    --------
    >>> combine_estimates([10, 30], [1.0, 2.0], [0.4, 0.1]).value
    Estimate(n=40.0, estimate=1.75, variance=0.08125)
    """
    sizes, estimates, variances = _arms(
        {"n": n, "estimate": estimate, "variance": variance},
        (
            Column("n", Domain.SIZE),
            Column("estimate", Domain.REAL),
            Column("variance", Domain.NOT_NEGATIVE),
        ),
    )
    total = float(sizes.sum())
    return Converted(
        Estimate(
            total,
            float((sizes * estimates).sum() / total),
            float((sizes**2 * variances).sum() / total**2),
        ),
        "estimates averaged, weighted by their numbers of participants",
        _reported(n=sizes, estimate=estimates, variance=variances),
        {"covariance of the estimates": 0.0},
    )


def _arms(values: dict[str, Values], wanted: tuple[Column, ...]) -> tuple[Floats, Floats, Floats]:
    first, second, third = read_columns(values, wanted)
    if first.size == 0:
        raise InvalidDataError("There is no arm to combine.")
    for column, array in zip(wanted, (first, second, third), strict=True):
        if np.isnan(array).any():
            arm = int(np.flatnonzero(np.isnan(array))[0]) + 1
            raise InvalidDataError(f"Arm {arm} has no {column.name}.")
    return first, second, third


def _reported(**columns: Floats) -> dict[str, float | str | tuple[float, ...]]:
    return {name: tuple(float(value) for value in values) for name, values in columns.items()}
