"""How little would overturn a conclusion: trials removed, one estimate shifted, information added.

These restate the interval in other words; they do not measure quality and rank no reviews.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from review.arrays import Bools, Floats, Indices
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.methods import Method, Model, Test
from review.synthesis.noninferiority import SHOWN, Conclusion, classify, classify_many
from review.synthesis.pooled import PooledMany
from review.synthesis.pooling import pool, pool_many

__all__ = [
    "MOST_TRIALS",
    "Overturned",
    "RemovalFragility",
    "ShiftFragility",
    "adverse_information",
    "removal_fragility",
    "shift_fragility",
]


MOST_TRIALS = 15
"""Beyond so many trials the subsets of a removal are not enumerated."""

GRID = 256
"""Shifts tried before the first that tells is refined."""

MOST_BISECTIONS = 52
"""Each halves the interval of the shift: a float's digits."""

CELLS = 1_000_000
"""Studies times analyses at once, so that hundreds of trials need no gigabytes."""


class Overturned(StrEnum):
    """What counts as overturned: that noninferiority is shown (or is not), or the very class."""

    CLAIM = "claim of noninferiority"
    CLASS = "class"


@dataclass(frozen=True, slots=True)
class RemovalFragility:
    """The fewest trials whose removal overturns the conclusion.

    Attributes
    ----------
    now : Conclusion
    size : int or None
        None if no removal that leaves a trial does.
    sets : tuple of tuple of int
        All sets of that size, as positions (from zero).
    becomes : tuple of Conclusion
        The class after each.
    """

    now: Conclusion
    size: int | None
    sets: tuple[tuple[int, ...], ...]
    becomes: tuple[Conclusion, ...]


@dataclass(frozen=True, slots=True)
class ShiftFragility:
    """The smallest shift of each trial's estimate that gains or loses noninferiority.

    `direction` is -1 where it is shown now (a downward shift loses it), 1 where it is not; `shifts`
    are sizes without sign, None where no shift up to `limit` tells.
    """

    now: Conclusion
    direction: int
    shifts: tuple[float | None, ...]
    limit: float


def removal_fragility(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    margin: float | None,
    overturned: Overturned = Overturned.CLAIM,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    level: float = 0.95,
) -> RemovalFragility:
    """Find the smallest sets of trials without which the conclusion would be another.

    Parameters
    ----------
    yi, vi : array_like (k,)
        At most fifteen trials.
    margin : float or None
        None reads the interval against zero: the claim is then superiority.
    overturned : Overturned
        Whether "noninferior" and "noninferior but statistically worse" differ, and so on.
    method, test, level : as for `pool`.

    Returns
    -------
    RemovalFragility

    Raises
    ------
    InvalidDataError
        If there are more than fifteen trials or none.

    References
    ----------
    Living updating, section 3.2 a; the idea for events: Atal et al. 2019, J Clin Epidemiol 111:32.

    Examples
    --------
    >>> found = removal_fragility([0.0, 0.0, 0.0], [0.15] * 3, margin=0.5, test=Test.Z)
    >>> str(found.now), found.size, str(found.becomes[0])
    ('noninferior', 1, 'inconclusive')
    """
    y, v = checked_studies(yi, vi)
    if not 0 < y.size <= MOST_TRIALS:
        raise InvalidDataError(f"Removals are enumerated for 1 to {MOST_TRIALS} trials.")
    overturned = Overturned(overturned)
    order = tuple(Conclusion)
    shown = [order.index(c) for c in SHOWN]
    model = Model.of(method, test, level)

    def classes(kept: Indices) -> Indices:
        many = _table(y[kept], v[kept], model)
        return classify_many(many.ci[:, 0], many.ci[:, 1], margin)

    now = int(classes(np.arange(y.size)[None])[0])
    for size in range(1, y.size):
        gone = np.array(list(combinations(range(y.size), size)))
        keep = np.ones((gone.shape[0], y.size), dtype=bool)
        np.put_along_axis(keep, gone, False, axis=1)
        after = classes(np.nonzero(keep)[1].reshape(gone.shape[0], -1))
        if overturned is Overturned.CLASS:
            hit = np.flatnonzero(after != now)
        else:
            hit = np.flatnonzero(np.isin(after, shown) != (now in shown))
        if hit.size:
            return RemovalFragility(
                order[now],
                size,
                tuple(tuple(int(j) for j in gone[i]) for i in hit),
                tuple(order[int(after[i])] for i in hit),
            )
    return RemovalFragility(order[now], None, (), ())


def shift_fragility(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    margin: float | None,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    level: float = 0.95,
    limit: float | None = None,
) -> ShiftFragility:
    """Find for each trial the smallest shift of its estimate that tells on noninferiority.

    Parameters
    ----------
    yi, vi : array_like (k,)
    margin : float or None
        None makes the claim that of superiority.
    method, test, level : as for `pool`.
    limit : float, optional
        Largest shift tried; by default ten times the margin, or ten standard errors of the least
        precise trial if that is more.

    Returns
    -------
    ShiftFragility

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    All trials and 256 shifts are pooled in one batch, tau² re-estimated; the first shift that tells
    is then bisected, all trials at once.

    References
    ----------
    Living updating, section 3.2 b.

    Examples
    --------
    >>> found = shift_fragility([0.0, 0.0], [0.02, 0.02], margin=0.5, method=Method.EE, test=Test.Z)
    >>> [round(s, 6) for s in found.shifts]
    [0.608007, 0.608007]
    """
    y, v = checked_studies(yi, vi)
    if y.size == 0:
        raise InvalidDataError("There are no studies to pool.")
    reach = max(10 * (margin or 0.0), 10 * float(np.sqrt(v.max()))) if limit is None else limit
    if not (math.isfinite(reach) and reach > 0):
        raise InvalidDataError(f"A largest shift of {reach} is not above zero.")
    model = Model.of(method, test, level)
    fit = pool(y, v, **model.settings)
    now = classify(fit.ci, margin)
    direction = -1 if now in SHOWN else 1
    k = y.size

    def told(trial: Indices, shift: Floats) -> Bools:
        shown = _shown(y, v, trial, direction * shift, margin, model)
        changed: Bools = shown != (now in SHOWN)
        return changed

    grid = np.linspace(0.0, reach, GRID + 1)[1:]
    table = told(np.repeat(np.arange(k), GRID), np.tile(grid, k)).reshape(k, GRID)
    open_ = np.flatnonzero(table.any(axis=1))
    high = grid[table[open_].argmax(axis=1)]
    low = high - reach / GRID
    for _ in range(MOST_BISECTIONS):
        if ((high - low) <= 1e-13 * high).all():
            break
        middle = 0.5 * (low + high)
        over = told(open_, middle)
        high, low = np.where(over, middle, high), np.where(over, low, middle)
    found: list[float | None] = [None] * k
    for i, value in zip(open_, high, strict=True):
        found[int(i)] = float(value)
    return ShiftFragility(now, direction, tuple(found), reach)


def adverse_information(
    estimate: float, information: float, *, margin: float, level: float = 0.95
) -> float:
    """Information at exactly -margin that would undo a noninferiority claim, common effect.

    Parameters
    ----------
    estimate, information : float
        Pooled effect and 1/se².
    margin : float
    level : float

    Returns
    -------
    float
        Zero if noninferiority is not shown. Times four: participants of an SMD trial.

    References
    ----------
    Living updating, section 3.2 c.

    Examples
    --------
    >>> round(adverse_information(-0.1057341971, 204.1805034325, margin=0.5), 3)
    1482.802
    """
    if not (information > 0 and margin > 0 and 0 < level < 1):
        raise InvalidDataError("Information, margin and level must be above zero.")
    z = float(ndtri((1 + level) / 2))
    score = information * (estimate + margin) / z
    return max(0.0, score * score - information) if score > 0 else 0.0


def _table(y: Floats, v: Floats, model: Model) -> PooledMany:
    """Pool the rows of a table (analyses, k)."""
    offsets = np.arange(y.shape[0] + 1) * y.shape[1]
    return pool_many(y.ravel(), v.ravel(), offsets, **model.settings)


def _shown(
    y: Floats,
    v: Floats,
    trial: Indices,
    shift: Floats,
    margin: float | None,
    model: Model,
) -> Bools:
    """Whether noninferiority is shown after each `shift` (n,) of the estimate of `trial` (n,)."""
    order = tuple(Conclusion)
    parts = []
    step = max(1, CELLS // y.size)
    for start in range(0, trial.size, step):
        which = trial[start : start + step]
        table = np.tile(y, (which.size, 1))
        table[np.arange(which.size), which] += shift[start : start + step]
        many = _table(table, np.broadcast_to(v, table.shape), model)
        classes = classify_many(many.ci[:, 0], many.ci[:, 1], margin)
        parts.append(np.isin(classes, [order.index(c) for c in SHOWN]))
    return np.concatenate(parts)
