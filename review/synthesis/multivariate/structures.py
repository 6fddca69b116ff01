"""How true effects go together: the covariance structures of random effects, and their slopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from review.arrays import Bools, Floats, Ints
from review.errors import InvalidDataError

__all__ = ["Levels", "RandomEffect", "Structure", "nested"]


class Structure(StrEnum):
    """Covariance of the true effects of one group, by metafor's names.

    ID one variance and no correlation; DIAG a variance each and no correlation; CS one variance and
    one correlation; HCS a variance each and one correlation; UN a variance each and a correlation
    each; AR one variance, correlation rho to the power of the steps between; HAR the same with a
    variance each; CAR one variance, rho to the power of the time between, rho from 0 to 1.
    """

    ID = "ID"
    DIAG = "DIAG"
    CS = "CS"
    HCS = "HCS"
    UN = "UN"
    AR = "AR"
    HAR = "HAR"
    CAR = "CAR"

    @property
    def heteroscedastic(self) -> bool:
        """Whether each level has a variance of its own."""
        return self in (Structure.DIAG, Structure.HCS, Structure.UN, Structure.HAR)

    @property
    def serial(self) -> bool:
        """Whether the order of the levels counts."""
        return self in (Structure.AR, Structure.HAR, Structure.CAR)


@dataclass(frozen=True, slots=True)
class RandomEffect:
    """One random term of a model.

    Attributes
    ----------
    group : sequence (k,)
        Whose effect it is: the study of each effect. Effects of different groups are independent.
    within : sequence (k,), optional
        What differs within a group: outcome, rater, time. None: one effect a group (``~ 1 |
        group`` in metafor), so that crossed and nested effects are several terms.
    structure : Structure
        Of the levels of `within`. AR and HAR take them in the order of `times` or of the numbers
        that they are; other names by the alphabet, which the fit says. CAR takes times.
    times : mapping, optional
        Of AR, HAR and CAR: when each level is, where levels are no numbers themselves.
    name : str
        What outputs call it.
    """

    group: Sequence[object]
    within: Sequence[object] | None = None
    structure: Structure = Structure.UN
    name: str = "study"
    times: Mapping[object, float] | None = None


def nested(outer: Sequence[object], inner: Sequence[object]) -> tuple[RandomEffect, RandomEffect]:
    """Return the two terms of effects nested in groups, ``~ 1 | outer/inner``.

    Examples
    --------
    >>> [term.name for term in nested(["a", "a"], [1, 2])]
    ['outer', 'within outer']
    """
    both = tuple(zip(outer, inner, strict=True))
    return RandomEffect(outer, name="outer"), RandomEffect(both, name="within outer")


class Slopes(NamedTuple):
    """Covariance (q, q) of the levels, and its derivative (n, q, q) in each parameter."""

    covariance: Floats
    slopes: Floats


class Levels(NamedTuple):
    """A random term as the likelihood takes it."""

    term: RandomEffect
    names: tuple[object, ...]
    """Of the levels, in the order of the matrix."""
    level: Ints
    """Of each effect (k,)."""
    group: Ints
    """Of each effect (k,)."""
    together: Bools
    """Whether two levels (q, q) are ever seen in one group."""
    apart: Floats
    """Steps or time between levels (q, q)."""

    @property
    def by_alphabet(self) -> bool:
        """Whether steps in time are counted between names that tell no time."""
        of = self.term
        if of.within is None or of.times is not None or not of.structure.serial:
            return False
        return len(self.names) > 2 and not all(_is_number(name) for name in self.names)

    @property
    def size(self) -> int:
        """Count of the parameters."""
        q, of = len(self.names), self.term.structure
        if q == 1:
            return 1
        if of is Structure.UN:
            return q * (q + 1) // 2
        variances = q if of.heteroscedastic else 1
        return variances + (of not in (Structure.ID, Structure.DIAG))

    def at(self, theta: Floats) -> Slopes:
        """Return the covariance of the levels at unconstrained parameters (n,), with slopes.

        Variances are squares of their parameter and correlations a sine of theirs, UN a product of
        a triangle: every matrix without negative eigenvalues is reached, the limits too, and, above
        `lowest`, none else.
        """
        q, of = len(self.names), self.term.structure
        if q == 1:
            return Slopes(np.full((1, 1), theta[0] ** 2), np.full((1, 1, 1), 2 * theta[0]))
        if of is Structure.UN:
            return _triangle(theta, q)
        sd = theta[:q] if of.heteroscedastic else np.repeat(theta[:1], q)
        R, slope = _correlation(self, theta)
        C = R * np.outer(sd, sd)
        slopes = np.zeros((theta.size, q, q))
        if of.heteroscedastic:
            for i in range(q):
                slopes[i, i, :] += R[i] * sd
                slopes[i, :, i] += R[i] * sd
        else:
            slopes[0] = 2 * R * theta[0]
        if slope is not None:
            slopes[-1] = slope * np.outer(sd, sd)
        return Slopes(C, slopes)

    @property
    def lowest(self) -> Floats:
        """Lower limits (n,) of the parameters.

        A standard deviation of its own with a correlation that others share may not turn its sign.
        """
        found = np.full(self.size, -np.inf)
        if self.term.structure in (Structure.HCS, Structure.HAR) and len(self.names) > 1:
            found[: len(self.names)] = 0.0
        return found

    def start(self, variance: float, correlation: float) -> Floats:
        """Return parameters (n,) of one variance, and about that correlation."""
        q, of, sd = len(self.names), self.term.structure, float(np.sqrt(variance))
        if q == 1:
            return np.array([sd])
        if of is Structure.UN:
            R = np.full((q, q), correlation)
            np.fill_diagonal(R, 1.0)
            L: Floats = np.linalg.cholesky(R)[np.tril_indices(q)] * sd
            return L
        found = np.full(self.size, sd)
        if of not in (Structure.ID, Structure.DIAG):
            low = _lowest(self)
            found[-1] = np.arcsin(2 * (correlation - low) / (1 - low) - 1)
        return found


def levels_of(term: RandomEffect, k: int) -> Levels:
    """Return a term as the likelihood takes it.

    Parameters
    ----------
    term : RandomEffect
    k : int
        Count of the effects.

    Returns
    -------
    Levels

    Raises
    ------
    InvalidDataError
        If lengths differ, two effects of a group are of one level of an order in time, or times
        are no numbers.

    Examples
    --------
    >>> levels_of(RandomEffect(["a", "a", "b"], ["x", "y", "x"]), 3).together.tolist()
    [[True, True], [True, True]]
    """
    within = [0] * k if term.within is None else list(term.within)
    if len(term.group) != k or len(within) != k:
        raise InvalidDataError(
            f"The random effect {term.name} has {len(term.group)} groups and {len(within)} levels "
            f"for {k} effects."
        )
    serial = term.structure.serial and term.within is not None
    found = list(dict.fromkeys(within))
    if serial:
        found = _ordered(term, found)
    places = {name: place for place, name in enumerate(found)}
    codes: dict[object, int] = {}
    group = np.array([codes.setdefault(g, len(codes)) for g in term.group], dtype=np.int64)
    level = np.array([places[name] for name in within], dtype=np.int64)
    there = np.zeros((len(codes), len(found)))
    np.add.at(there, (group, level), 1.0)
    q = len(found)
    if term.structure is Structure.CAR and serial:
        time = np.array([_time(term, name) for name in found])
        apart = np.abs(time[:, None] - time)
    else:
        apart = np.abs(np.subtract.outer(np.arange(q), np.arange(q))).astype(float)
    return Levels(term, tuple(found), level, group, (there.T @ there) > 0, apart)


def _ordered(term: RandomEffect, found: Sequence[object]) -> list[object]:
    try:
        return sorted(found, key=lambda name: _time(term, name))
    except (ValueError, KeyError):
        if term.structure is Structure.CAR:
            raise InvalidDataError(
                f"The random effect {term.name} has structure CAR, whose levels are times: "
                "give numbers, or take structure AR."
            ) from None
        return sorted(found, key=str)


def _is_number(name: object) -> bool:
    try:
        float(str(name))
    except ValueError:
        return False
    return True


def _time(term: RandomEffect, name: object) -> float:
    return float(str(name)) if term.times is None else term.times[name]


def _lowest(levels: Levels) -> float:
    """The lowest correlation with which the matrix has no negative eigenvalue."""
    of = levels.term.structure
    if of in (Structure.CS, Structure.HCS):
        return -1 / (len(levels.names) - 1)
    return 0.0 if of is Structure.CAR else -1.0


def _correlation(levels: Levels, theta: Floats) -> tuple[Floats, Floats | None]:
    """Return the correlations (q, q) and their slope in the last parameter; None without one."""
    of, q = levels.term.structure, len(levels.names)
    if of in (Structure.ID, Structure.DIAG):
        return np.eye(q), None
    low = _lowest(levels)
    rho = low + (1 - low) * (1 + np.sin(theta[-1])) / 2
    turn = (1 - low) * np.cos(theta[-1]) / 2
    other = ~np.eye(q, dtype=bool)
    if of in (Structure.CS, Structure.HCS):
        return np.where(other, rho, 1.0), np.where(other, turn, 0.0)
    if of is Structure.CAR:
        rho = max(float(rho), 1e-12)  # a root of zero has no slope
    R: Floats = np.where(other, np.power(rho, levels.apart), 1.0)
    slope = np.zeros((q, q))
    slope[other] = turn * levels.apart[other] * np.power(rho, levels.apart[other] - 1)
    return R, slope


def _triangle(theta: Floats, q: int) -> Slopes:
    rows, columns = np.tril_indices(q)
    L = np.zeros((q, q))
    L[rows, columns] = theta
    slopes = np.zeros((theta.size, q, q))
    for n, (i, j) in enumerate(zip(rows, columns, strict=True)):
        slopes[n, i, :] += L[:, j]
        slopes[n, :, i] += L[:, j]
    return Slopes(L @ L.T, slopes)
