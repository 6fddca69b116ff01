"""What a trial of two or more treatments says of their differences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from review.arrays import Floats
from review.errors import InvalidDataError

__all__ = ["Contrast", "NetworkStudy", "from_arms", "from_contrasts", "from_means"]

ROUNDING: Final = 0.05
"""How far the contrasts of a trial may disagree, in standard errors: reports round them."""


@dataclass(frozen=True, slots=True)
class NetworkStudy:
    """A trial: an estimate for each treatment, up to one number common to all of them.

    Attributes
    ----------
    estimates : (m,) only their differences are used.
    covariance : (m, m) of which only the variances of differences are used.
    """

    study: str
    treatments: tuple[str, ...]
    estimates: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        """Refuse what is no comparison."""
        if len(self.treatments) < 2:
            raise InvalidDataError(f"{self.study} has one treatment, and compares nothing.")
        twice = [t for t in dict.fromkeys(self.treatments) if self.treatments.count(t) > 1]
        if twice:
            raise InvalidDataError(
                f"{self.study} has several arms of {twice[0]}; combine them into one first."
            )
        numbers = np.asarray([*self.estimates, *(c for row in self.covariance for c in row)])
        if not np.isfinite(numbers).all():
            raise InvalidDataError(f"{self.study} has an estimate or variance that is no number.")
        if (np.linalg.eigvalsh(differences(self)[1]) <= 0).any():
            raise InvalidDataError(
                f"The variances of {self.study} cannot be: those of its differences have no "
                "positive definite covariance matrix."
            )


class Contrast(NamedTuple):
    """The effect of a treatment against another in one trial, and its sampling variance."""

    study: str
    treatment: str
    versus: str
    yi: float
    vi: float


def differences(study: NetworkStudy) -> tuple[Floats, Floats]:
    """Return m-1 orthonormal contrasts of a trial's arms, and their covariance.

    The contrasts are times the square root of two, so that a variance between trials of tau² for
    each difference of two treatments (half of it for each arm) is tau² for each of them, and of a
    trial of two arms the one contrast is their difference.
    """
    Q = basis(len(study.treatments))
    return Q.T @ np.asarray(study.estimates), Q.T @ np.asarray(study.covariance) @ Q


def basis(m: int) -> Floats:
    """Return orthogonal columns (m, m-1) of squared length two, each orthogonal to ones (Helmert).

    Examples
    --------
    >>> basis(2).ravel().round(9).tolist()
    [-1.0, 1.0]
    """
    Q = np.zeros((m, m - 1))
    for j in range(1, m):
        Q[:j, j - 1] = -1.0
        Q[j, j - 1] = j
        Q[:, j - 1] *= math.sqrt(2 / (j * (j + 1)))
    return Q


def from_arms(
    study: Sequence[str],
    treatment: Sequence[str],
    estimate: Sequence[float],
    variance: Sequence[float],
) -> tuple[NetworkStudy, ...]:
    """Trials from independent estimates of arms: means, log odds, log risks, log rates.

    Parameters
    ----------
    study, treatment : (a,) of each arm.
    estimate, variance : (a,) on the scale whose differences are pooled.

    Returns
    -------
    tuple of NetworkStudy
        In the order of their first arm. Differences of one trial share the variance of their arms.

    Raises
    ------
    InvalidDataError
        If a trial has one arm, or two of a treatment.

    Examples
    --------
    >>> from_arms("aa", ["x", "y"], [1.0, 3.0], [0.1, 0.2])[0].treatments
    ('x', 'y')
    """
    return tuple(
        NetworkStudy(
            name,
            tuple(treatment[i] for i in rows),
            tuple(float(estimate[i]) for i in rows),
            _nested(np.diag([float(variance[i]) for i in rows])),
        )
        for name, rows in _rows(study).items()
    )


def from_means(
    study: Sequence[str],
    treatment: Sequence[str],
    n: Sequence[float],
    mean: Sequence[float],
    sd: Sequence[float],
) -> tuple[NetworkStudy, ...]:
    """Trials as standardized mean differences: Hedges' g by the SD that all arms of a trial share.

    Parameters
    ----------
    study, treatment, n, mean, sd : (a,) of each arm.

    Returns
    -------
    tuple of NetworkStudy
        In units of SD. One SD for a trial keeps its differences additive; of two arms they and
        their variances are metafor's SMD.

    References
    ----------
    Gleser & Olkin 2009, in Cooper, Hedges & Valentine (eds), eq. 19.19 and 19.20.

    Examples
    --------
    >>> found = from_means("aa", "xy", [10, 10], [1.0, 0.0], [1.0, 1.0])[0].estimates
    >>> round(found[0] - found[1], 4)
    0.9576
    """
    found = []
    for name, rows in _rows(study).items():
        size, m, s = (np.asarray([float(v[i]) for i in rows]) for v in (n, mean, sd))
        total, df = float(size.sum()), float(size.sum()) - len(rows)
        if df <= 0 or not (size > 0).all() or not (s > 0).any():
            raise InvalidDataError(f"{name} has too few participants, or no SD, to standardize by.")
        pooled = math.sqrt(float(((size - 1) * s * s).sum()) / df)
        shrink = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
        g = shrink * (m - m[0]) / pooled
        # only differences count: (g_i - g_j)² / 2N is what g g' / 2N gives each of them
        covariance = np.diag(1 / size) + np.outer(g, g) / (2 * total)
        found.append(
            NetworkStudy(
                name, tuple(treatment[i] for i in rows), tuple(g.tolist()), _nested(covariance)
            )
        )
    return tuple(found)


def from_contrasts(contrasts: Iterable[Contrast]) -> tuple[NetworkStudy, ...]:
    """Trials from effects of one treatment against another.

    Parameters
    ----------
    contrasts : iterable of Contrast
        Of a trial of m treatments all m(m-1)/2, whose variances give the covariances.

    Returns
    -------
    tuple of NetworkStudy

    Raises
    ------
    InvalidDataError
        If a pair of a trial is missing or doubled, its effects do not add up, or its variances
        cannot be.

    References
    ----------
    Rücker & Schwarzer 2014, Stat Med 33:4353, section 2.2.

    Examples
    --------
    >>> from_contrasts([Contrast("a", "x", "y", 0.5, 0.1)])[0].estimates
    (0.0, -0.5)
    """
    by_study: dict[str, dict[tuple[str, str], tuple[float, float]]] = {}
    for c in contrasts:
        pairs = by_study.setdefault(c.study, {})
        if c.treatment == c.versus:
            raise InvalidDataError(f"{c.study} compares {c.treatment} with itself.")
        if (c.treatment, c.versus) in pairs:
            raise InvalidDataError(f"{c.study} compares {c.treatment} and {c.versus} twice.")
        if not c.vi > 0:
            raise InvalidDataError(f"{c.study} has a variance of {c.vi:g}; it must be above 0.")
        pairs[c.treatment, c.versus] = (float(c.yi), float(c.vi))
        pairs[c.versus, c.treatment] = (-float(c.yi), float(c.vi))
    return tuple(_of_pairs(name, pairs) for name, pairs in by_study.items())


def _of_pairs(name: str, pairs: Mapping[tuple[str, str], tuple[float, float]]) -> NetworkStudy:
    arms = tuple(dict.fromkeys(t for pair in pairs for t in pair))
    for i, a in enumerate(arms):
        for b in arms[:i]:
            if (a, b) not in pairs:
                raise InvalidDataError(
                    f"{name} has {len(arms)} treatments, but no effect of {b} against {a}: give "
                    "every pair of a trial of several arms, or numbers of arms."
                )
    y = np.array([[pairs[a, b][0] if a != b else 0.0 for b in arms] for a in arms])
    v = np.array([[pairs[a, b][1] if a != b else 0.0 for b in arms] for a in arms])
    theta = y.mean(axis=1)
    off = np.abs(theta[:, None] - theta[None, :] - y)
    if (off > ROUNDING * np.sqrt(v) + 1e-12).any():
        raise InvalidDataError(
            f"The effects of {name} do not add up: {arms[0]} against {arms[1]} is not what its "
            "other pairs say. Give numbers of arms, or effects standardized by one SD."
        )
    theta = theta - theta[0]
    # up to a constant, var(i - j) = v_ij is all that counts (Gower's double centring)
    covariance = -0.5 * v
    return NetworkStudy(name, arms, tuple(theta.tolist()), _nested(covariance))


def _rows(study: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for i, name in enumerate(study):
        found.setdefault(name, []).append(i)
    return found


def _nested(matrix: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(c) for c in row) for row in matrix)
