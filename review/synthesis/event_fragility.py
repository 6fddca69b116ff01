"""The fragility index of events: how many patients' outcomes carry the pooled result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.methods import Method, Test
from review.synthesis.pooling import pool, pool_many

__all__ = ["EventChange", "EventFragility", "event_fragility"]

Measure = Callable[[Floats, Floats, Floats, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True)
class EventChange:
    """One patient of `arm` (1 or 2) of `trial` (from zero) has the event (1) or no longer (-1)."""

    trial: int
    arm: int
    events: int


@dataclass(frozen=True, slots=True)
class EventFragility:
    """The least number of changed outcomes that a greedy search finds.

    Attributes
    ----------
    significant : bool
        Whether the result was significant to begin with.
    index : int or None
        Number of changes; None if the search ended without success.
    changes : tuple of EventChange
    start, end : tuple of float
        The interval before and after.
    p : float
        After.
    """

    significant: bool
    index: int | None
    changes: tuple[EventChange, ...]
    start: tuple[float, float]
    end: tuple[float, float]
    p: float


def event_fragility(
    ai: ArrayLike,
    n1i: ArrayLike,
    ci: ArrayLike,
    n2i: ArrayLike,
    measure: Measure,
    *,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    level: float = 0.95,
    most: int = 500,
) -> EventFragility:
    """Change one patient's outcome at a time until significance turns.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like (k,)
        Events and patients of both arms.
    measure : callable
        Takes (ai, n1i, ci, n2i) arrays of any length and returns effects and variances, no effect
        being zero, zero cells corrected: for instance a log risk ratio.
    method, test, level : as for `pool`.
    most : int
        Changes after which the search gives up.

    Returns
    -------
    EventFragility

    Raises
    ------
    InvalidDataError
        If counts are impossible.

    Notes
    -----
    Of all changes of one patient in one arm of one trial the one is made that moves most the limit
    that must cross zero: for a significant result the limit next to zero, else the limit on the far
    side of zero from the estimate. All candidates of a step are pooled in one batch.

    References
    ----------
    Atal et al. 2019, J Clin Epidemiol 111:32, section 2.2.

    Examples
    --------
    >>> def difference(a, n, c, m):
    ...     p, q = (a + 0.5) / (n + 1), (c + 0.5) / (m + 1)
    ...     return p - q, p * (1 - p) / (n + 1) + q * (1 - q) / (m + 1)
    >>> event_fragility([1], [20], [9], [20], difference, test=Test.Z).index
    3
    """
    table = _checked(ai, n1i, ci, n2i)
    k = table.shape[1]
    start = pool(*measure(*table), method=method, test=test, level=level)
    significant = not start.ci[0] <= 0 <= start.ci[1]
    # the limit that must cross zero, and the way it must move
    side = (0 if start.estimate > 0 else 1) if significant else (1 if start.estimate < 0 else 0)
    upward = (side == 1) == significant
    candidates = [
        EventChange(trial, arm, step) for trial in range(k) for arm in (1, 2) for step in (1, -1)
    ]
    made: list[EventChange] = []
    interval, p = start.ci, start.p
    turned = False
    while not turned and len(made) < most:
        tables = np.repeat(table[None], len(candidates), axis=0)
        for row, change in zip(tables, candidates, strict=True):
            row[2 * (change.arm - 1), change.trial] += change.events
        possible = np.flatnonzero(
            ((tables[:, [0, 2]] >= 0) & (tables[:, [0, 2]] <= tables[:, [1, 3]])).all(axis=(1, 2))
        )
        flat = tables[possible].transpose(1, 0, 2).reshape(4, -1)
        yi, vi = measure(*flat)
        offsets = np.arange(possible.size + 1) * k
        many = pool_many(yi, vi, offsets, method=method, test=test, level=level)
        limit = many.ci[:, side]
        best = int(limit.argmax() if upward else limit.argmin())
        before = interval[side]
        interval, p = (float(many.ci[best, 0]), float(many.ci[best, 1])), float(many.p[best])
        if (interval[side] <= before) if upward else (interval[side] >= before):
            break  # nothing moves the limit any further
        made.append(candidates[int(possible[best])])
        table = tables[int(possible[best])]
        turned = (not interval[0] <= 0 <= interval[1]) != significant
    return EventFragility(
        significant, len(made) if turned else None, tuple(made), start.ci, interval, p
    )


def _checked(*counts: ArrayLike) -> Floats:
    try:
        table = np.array([np.asarray(c, dtype=np.float64) for c in counts])
    except (TypeError, ValueError) as error:
        raise InvalidDataError("Events and patients must be four lists of one length.") from error
    if table.ndim != 2 or table.shape[1] == 0 or not np.isfinite(table).all():
        raise InvalidDataError("Events and patients must be four lists of finite numbers.")
    events, patients = table[[0, 2]], table[[1, 3]]
    if (events < 0).any() or (events > patients).any() or (patients <= 0).any():
        raise InvalidDataError("Events lie between zero and the number of patients of their arm.")
    return table
