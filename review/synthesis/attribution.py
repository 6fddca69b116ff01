"""Which of several changes moved the pooled result, and by how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Bools, Floats, Indices
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.methods import Method, Model, Test
from review.synthesis.noninferiority import SHOWN, Conclusion, classify_many
from review.synthesis.pooling import pool_many

__all__ = [
    "MOST_EXACT",
    "Added",
    "Attribution",
    "Contribution",
    "Edited",
    "Event",
    "Quantities",
    "Removed",
    "Settings",
    "attribute",
    "common_effect_attribution",
    "shapley_values",
]


MOST_EXACT = 12
"""Up to so many events all 2^n versions are pooled; above, orders are drawn with a fixed seed."""

DRAWN_ORDERS = 500
"""Orders drawn where events are many: the error is then below 5 % of an effect's spread."""


@dataclass(frozen=True, slots=True)
class Added:
    """A new trial."""

    yi: float
    vi: float


@dataclass(frozen=True, slots=True)
class Edited:
    """Trial `trial` (position in the old data, from zero) has new numbers."""

    trial: int
    yi: float
    vi: float


@dataclass(frozen=True, slots=True)
class Removed:
    """Trial `trial` (position in the old data, from zero) is gone."""

    trial: int


@dataclass(frozen=True, slots=True)
class Settings:
    """The analysis is run with another estimator or test; at most one such event."""

    method: Method
    test: Test


Event = Added | Edited | Removed | Settings


class Quantities(NamedTuple):
    """Pooled quantities, or changes of them; `shown` is 1 where noninferiority is shown."""

    estimate: float
    se: float
    lower: float
    upper: float
    tau2: float
    shown: float


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one event, or one group of them, did: over all orders (Shapley), and in that given."""

    events: tuple[Event, ...]
    shapley: Quantities
    sequential: Quantities


@dataclass(frozen=True, slots=True)
class Attribution:
    """A change of the pooled result, divided among the events that made it.

    Attributes
    ----------
    old, new, total : Quantities
        Before, after, and the difference; both kinds of contribution sum to it.
    contributions : tuple of Contribution
        In the order of the events, or of their groups.
    data_at_old_tau2, tau2_reestimated : float
        The change of the estimate had tau² stayed, and the rest.
    exact : bool
        Whether Shapley values come from all orders.
    """

    old: Quantities
    new: Quantities
    total: Quantities
    contributions: tuple[Contribution, ...]
    data_at_old_tau2: float
    tau2_reestimated: float
    exact: bool
    seed: int | None


def attribute(
    yi: ArrayLike,
    vi: ArrayLike,
    events: Sequence[Event],
    *,
    margin: float | None = None,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    level: float = 0.95,
    groups: Sequence[int] | None = None,
    seed: int = 1,
) -> Attribution:
    """Divide the change from the old data to the new among the events in between.

    Parameters
    ----------
    yi, vi : array_like (k,)
        The old data.
    events : sequence of Event
        In order of entry.
    margin : float or None
        For `shown`; None makes it the indicator of superiority.
    method, test, level : as for `pool`; of the old version.
    groups : sequence of int, optional
        The group of each event, from zero; a group happens as one (a batch of trials, say). By
        default each event is its own.
    seed : int
        Of the orders drawn where there are more than twelve events or groups.

    Returns
    -------
    Attribution

    Raises
    ------
    InvalidDataError
        If an event names no trial, a trial is named twice, some order leaves no trial, or groups
        are not numbered from zero.

    Notes
    -----
    The value of a set of events is the result of pooling the data to which just those were applied;
    all sets are one batch. A Shapley value is the mean marginal effect over all orders: it depends
    on no order and sums to the total.

    References
    ----------
    Shapley 1953; living updating, section 3.5.

    Examples
    --------
    >>> a = attribute([0.0, 0.2], [0.1, 0.1], [Added(0.4, 0.1)], method=Method.EE, test=Test.Z)
    >>> round(a.total.estimate, 9), round(a.contributions[0].shapley.estimate, 9)
    (0.1, 0.1)
    """
    y, v = checked_studies(yi, vi)
    events = list(events)
    _check(events, y.size)
    group = _groups(groups, len(events))
    n = int(group.max()) + 1
    exact = n <= MOST_EXACT

    def values(applied: Bools) -> Floats:
        each = applied[:, group]
        return _values(y, v, events, each, margin, Model.of(method, test, level))

    chain = np.tri(n + 1, n, -1, dtype=bool)  # none, the first, the first two, ...
    steps = values(chain)
    shapley = shapley_values(values, n) if exact else _drawn(values, n, seed)
    old, new = Quantities(*steps[0].tolist()), Quantities(*steps[-1].tolist())
    held = _at_tau2(y, v, events, old.tau2) - old.estimate
    total = Quantities(*(steps[-1] - steps[0]).tolist())
    return Attribution(
        old=old,
        new=new,
        total=total,
        contributions=tuple(
            Contribution(
                tuple(event for event, g in zip(events, group, strict=True) if g == i),
                Quantities(*shapley[i].tolist()),
                Quantities(*(steps[i + 1] - steps[i]).tolist()),
            )
            for i in range(n)
        ),
        data_at_old_tau2=held,
        tau2_reestimated=total.estimate - held,
        exact=exact,
        seed=None if exact else seed,
    )


def common_effect_attribution(
    estimate: float, information: float, yi: ArrayLike, vi: ArrayLike
) -> Floats:
    """Divide the change of a common-effect estimate among added trials, in closed form.

    Parameters
    ----------
    estimate, information : float
        Of the old data; `information` is sum 1/v.
    yi, vi : array_like (n,)
        The added trials.

    Returns
    -------
    ndarray (n,)
        (y_j - old estimate) / v_j / new information; sums to the change.

    Examples
    --------
    >>> common_effect_attribution(0.0, 10.0, [0.4], [0.1]).tolist()
    [0.2]
    """
    y, v = checked_studies(yi, vi)
    if not information > 0:
        raise InvalidDataError(f"An information of {information} is not above zero.")
    gain: Floats = (y - estimate) / v / (information + (1 / v).sum())
    return gain


def _check(events: Sequence[Event], k: int) -> None:
    named = [e.trial for e in events if isinstance(e, Edited | Removed)]
    if not events:
        raise InvalidDataError("Nothing has changed; there is nothing to attribute.")
    if any(not 0 <= trial < k for trial in named) or len(set(named)) != len(named):
        raise InvalidDataError("Each edited or removed trial is named once and is in the old data.")
    if sum(isinstance(e, Settings) for e in events) > 1:
        raise InvalidDataError("A change of settings is one event.")
    if k - sum(isinstance(e, Removed) for e in events) < 1:
        raise InvalidDataError("Some order of the events leaves no trial to pool.")
    new = [(e.yi, e.vi) for e in events if isinstance(e, Added | Edited)]
    checked_studies([a for a, _ in new], [b for _, b in new])


def _groups(given: Sequence[int] | None, n: int) -> Indices:
    """The group of each of n events, (n,)."""
    group = np.arange(n) if given is None else np.asarray(given, dtype=np.intp)
    if group.shape != (n,) or not np.array_equal(np.unique(group), np.arange(group.max() + 1)):
        raise InvalidDataError(f"Groups of {n} events are {n} numbers from zero without a gap.")
    return group


def shapley_values(values: Callable[[Bools], Floats], n: int) -> Floats:
    """Return the Shapley values of n events from all 2^n versions.

    Parameters
    ----------
    values : callable
        Takes which events are applied, (m, n), and returns the results, (m, q).
    n : int

    Returns
    -------
    ndarray (n, q)
        Marginal effects weighted by |S|! (n-|S|-1)! / n!; they sum to the whole change.

    Examples
    --------
    >>> shapley_values(lambda applied: applied @ [[1.0], [2.0]], 2).ravel().tolist()
    [1.0, 2.0]
    """
    code = np.arange(2**n)
    applied = (code[:, None] >> np.arange(n) & 1).astype(bool)
    value = values(applied)
    size = applied.sum(axis=1)
    weight = np.array([1 / (n * math.comb(n - 1, s)) if s < n else 0.0 for s in range(n + 1)])
    found = np.empty((n, value.shape[1]))
    for i in range(n):
        without = code[~applied[:, i]]
        gain = value[without | 1 << i] - value[without]
        found[i] = weight[size[without]] @ gain
    return found


def _drawn(values: Callable[[Bools], Floats], n: int, seed: int) -> Floats:
    """Mean marginal effects over drawn orders, each with its reverse."""
    rng = np.random.default_rng(seed)
    half = rng.permuted(np.tile(np.arange(n), (DRAWN_ORDERS // 2, 1)), axis=1)
    orders = np.concatenate([half, half[:, ::-1]])
    rank = np.argsort(orders, axis=1)
    applied = rank[:, None, :] < np.arange(n + 1)[:, None]  # (orders, n + 1, n)
    distinct, back = np.unique(applied.reshape(-1, n), axis=0, return_inverse=True)
    value = values(distinct)[back.reshape(-1)].reshape(len(orders), n + 1, -1)
    gain = np.diff(value, axis=1)
    each = np.take_along_axis(gain, rank[..., None], axis=1)
    mean: Floats = each.mean(axis=0)
    return mean


def _version(
    y: Floats, v: Floats, events: Sequence[Event], applied: Bools
) -> tuple[Floats, Floats, Bools]:
    """Tables (sets, trials) of effects and variances, and which cells exist."""
    sets, k = applied.shape[0], y.size
    added = [i for i, e in enumerate(events) if isinstance(e, Added)]
    effects = np.tile(np.concatenate([y, np.zeros(len(added))]), (sets, 1))
    variances = np.tile(np.concatenate([v, np.ones(len(added))]), (sets, 1))
    present = np.ones(effects.shape, dtype=bool)
    column = k
    for i, event in enumerate(events):
        if isinstance(event, Added):
            effects[:, column], variances[:, column] = event.yi, event.vi
            present[:, column] = applied[:, i]
            column += 1
        elif isinstance(event, Edited):
            effects[applied[:, i], event.trial] = event.yi
            variances[applied[:, i], event.trial] = event.vi
        elif isinstance(event, Removed):
            present[applied[:, i], event.trial] = False
    return effects, variances, present


def _values(
    y: Floats,
    v: Floats,
    events: Sequence[Event],
    applied: Bools,
    margin: float | None,
    model: Model,
) -> Floats:
    """Quantities (sets, 6) of each set of applied events; one batch a setting."""
    effects, variances, present = _version(y, v, events, applied)
    out = np.empty((applied.shape[0], len(Quantities._fields)))
    changed = np.zeros(applied.shape[0], dtype=bool)
    settings = [model]
    for i, event in enumerate(events):
        if isinstance(event, Settings):
            changed = applied[:, i]
            settings.append(Model.of(event.method, event.test, model.level))
    order = tuple(Conclusion)
    shown = [order.index(c) for c in SHOWN if margin is not None or c is Conclusion.SUPERIOR]
    for later, fitted in enumerate(settings):
        rows = np.flatnonzero(changed == bool(later))
        there = present[rows]
        offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        many = pool_many(effects[rows][there], variances[rows][there], offsets, **fitted.settings)
        classes = classify_many(many.ci[:, 0], many.ci[:, 1], margin)
        out[rows] = np.column_stack(
            [
                many.estimate,
                many.se,
                many.ci[:, 0],
                many.ci[:, 1],
                many.tau2,
                np.isin(classes, shown),
            ]
        )
    return out


def _at_tau2(y: Floats, v: Floats, events: Sequence[Event], tau2: float) -> float:
    """The new data's mean at the old tau²."""
    effects, variances, present = _version(y, v, events, np.ones((1, len(events)), dtype=bool))
    w = 1 / (variances[present] + tau2)
    return float(w @ effects[present] / w.sum())
