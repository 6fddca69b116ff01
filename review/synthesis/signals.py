"""Signals that a pooled result has moved: what to look at again, each with its threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.noninferiority import Conclusion, classify
from review.synthesis.pooled import Pooled
from review.synthesis.subsets import leave_one_out

__all__ = ["Signal", "SignalKind", "SignalThresholds", "information_ratio", "moved", "signals"]


class SignalKind(StrEnum):
    """What moved."""

    CLASS = "conclusion class changed"
    SIGNIFICANCE = "statistical significance changed"
    SHIFT = "estimate moved"
    RELATIVE = "estimate moved relative to its old size"
    NARROWER = "interval became narrower"
    HETEROGENEITY = "heterogeneity appeared or vanished"
    PREDICTION = "class of the prediction interval changed"
    OUTSIDE = "a new trial lies outside the old prediction interval"
    WEIGHT = "one trial carries much of the weight"
    LEAVE_ONE_OUT = "leaving one trial out changes the class"


@dataclass(frozen=True, slots=True)
class SignalThresholds:
    """When a signal fires; part of the protocol.

    Attributes
    ----------
    shift : float
        Absolute change of the estimate, in its own units.
    shift_se : float
        Or change in old standard errors.
    relative, relative_from : float
        Relative change, looked at only where the old estimate is at least `relative_from` in size:
        near zero it is unstable, and noninferiority reviews live near zero.
    narrower : float
        Relative loss of interval width.
    weight : float
        Percent of weight of one trial.
    """

    shift: float = 0.10
    shift_se: float = 0.5
    relative: float = 0.5
    relative_from: float = 0.10
    narrower: float = 0.20
    weight: float = 40.0


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal: what, how much (None where it is a change of class), at which threshold, where.

    `margin` is set for signals that depend on one, `trials` holds positions in the new data.
    """

    kind: SignalKind
    value: float | None
    threshold: float | None
    margin: float | None
    trials: tuple[int, ...]
    before: str | None
    after: str | None


def information_ratio(stat: float, *, level: float = 0.95) -> float:
    """New information, as a share of the old, at which a null result would become significant.

    Parameters
    ----------
    stat : float
        The pooled z.
    level : float

    Returns
    -------
    float
        (z / stat)² - 1; negative where the result is significant already, infinite at zero.

    References
    ----------
    Barrowman et al. 2003, BMC Med Res Methodol 3:13.

    Examples
    --------
    >>> round(information_ratio(-1.5922201), 7)
    0.5152698
    """
    z = float(ndtri((1 + level) / 2))
    return math.inf if stat == 0 else (z / stat) ** 2 - 1


class Line(Protocol):
    """A pooled result, or a comparison of a network."""

    @property
    def estimate(self) -> float: ...

    @property
    def se(self) -> float: ...

    @property
    def p(self) -> float: ...

    @property
    def ci(self) -> tuple[float, float]: ...

    @property
    def pi(self) -> tuple[float, float] | None: ...

    @property
    def tau2(self) -> float: ...

    @property
    def level(self) -> float: ...


def _signal(
    kind: SignalKind,
    value: float | None = None,
    threshold: float | None = None,
    margin: float | None = None,
    trials: Sequence[int] = (),
    classes: tuple[Conclusion, Conclusion] | None = None,
) -> Signal:
    before, after = (str(c) for c in classes) if classes else (None, None)
    return Signal(kind, value, threshold, margin, tuple(trials), before, after)


def moved(
    old: Line,
    new: Line,
    *,
    margins: Sequence[float] = (),
    thresholds: SignalThresholds = SignalThresholds(),
) -> Iterator[Signal]:
    """Yield the signals that two results give by themselves, whatever their trials.

    Parameters
    ----------
    old, new : Line
        Before and after, by the same method, test and level.
    margins, thresholds : as for `signals`.

    Yields
    ------
    Signal
        In the order of `SignalKind`.
    """
    watched: tuple[float | None, ...] = tuple(margins) or (None,)
    t = thresholds
    for m in watched:
        both = classify(old.ci, m), classify(new.ci, m)
        if both[0] is not both[1]:
            yield _signal(SignalKind.CLASS, margin=m, classes=both)
    if (old.p < 1 - old.level) != (new.p < 1 - new.level):
        yield _signal(SignalKind.SIGNIFICANCE, new.p, 1 - new.level)
    move = new.estimate - old.estimate
    if abs(move) >= t.shift or abs(move) >= t.shift_se * old.se:
        yield _signal(SignalKind.SHIFT, move, min(t.shift, t.shift_se * old.se))
    if abs(old.estimate) >= t.relative_from and abs(move) >= t.relative * abs(old.estimate):
        yield _signal(SignalKind.RELATIVE, move / abs(old.estimate), t.relative)
    width, before = new.ci[1] - new.ci[0], old.ci[1] - old.ci[0]
    if before > 0 and width <= (1 - t.narrower) * before:
        yield _signal(SignalKind.NARROWER, 1 - width / before, t.narrower)
    if (old.tau2 == 0) != (new.tau2 == 0):
        yield _signal(SignalKind.HETEROGENEITY, new.tau2 - old.tau2)
    if old.pi is not None and new.pi is not None:
        for m in watched:
            both = classify(old.pi, m), classify(new.pi, m)
            if both[0] is not both[1]:
                yield _signal(SignalKind.PREDICTION, margin=m, classes=both)


def signals(
    old: Pooled,
    new: Pooled,
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    added: Sequence[int] = (),
    margins: Sequence[float] = (),
    thresholds: SignalThresholds = SignalThresholds(),
) -> tuple[Signal, ...]:
    """Compare two versions of an analysis.

    Parameters
    ----------
    old, new : Pooled
        Before and after, by the same method and test.
    yi, vi : array_like (k,)
        The new data, in the order of `new.weights`.
    added : sequence of int
        Positions of new trials.
    margins : sequence of float
        Margins whose classes are watched; empty for the classes without one.
    thresholds : SignalThresholds

    Returns
    -------
    tuple of Signal
        Those that fired, in the order of `SignalKind`.

    Raises
    ------
    InvalidDataError
        If the data are not those of `new` or the versions were made by different methods.

    References
    ----------
    Shojania et al. 2007, Ann Intern Med 147:224 (Ottawa: B1 significance, B2 relative change);
    living updating, section 3.1.

    Examples
    --------
    >>> from review.synthesis.pooling import pool
    >>> y, v = [0.1, 0.2, 0.9], [0.01, 0.01, 0.01]
    >>> fired = signals(pool(y[:2], v[:2]), pool(y, v), y, v, added=[2])
    >>> str(fired[0].kind)
    'estimate moved'
    """
    y, v = checked_studies(yi, vi)
    same_test = old.test is new.test or 1 in (old.k, new.k)  # one trial is always tested by z
    if y.size != new.k or not same_test or (old.method, old.level) != (new.method, new.level):
        raise InvalidDataError("Signals compare two versions of one analysis, with its new data.")
    if any(not 0 <= i < y.size for i in added):
        raise InvalidDataError("An added trial is not in the new data.")
    watched: tuple[float | None, ...] = tuple(margins) or (None,)
    t = thresholds
    found = list(moved(old, new, margins=margins, thresholds=t))
    if old.pi is not None:
        outside = [i for i in added if not old.pi[0] <= y[i] <= old.pi[1]]
        if outside:
            found.append(_signal(SignalKind.OUTSIDE, trials=outside))
    heavy = np.flatnonzero(new.weights > t.weight)
    if heavy.size and new.k > 1:
        most = float(new.weights.max())
        found.append(_signal(SignalKind.WEIGHT, most, t.weight, trials=heavy.tolist()))
    if new.k > 1:
        without = leave_one_out(y, v, method=new.method, test=new.test, level=new.level)
        for m in watched:
            now = classify(new.ci, m)
            each = [classify((float(a), float(b)), m) for a, b in without.ci]
            fragile = [i for i, c in enumerate(each) if c is not now]
            if fragile:
                classes = now, each[fragile[0]]
                found.append(
                    _signal(SignalKind.LEAVE_ONE_OUT, margin=m, trials=fragile, classes=classes)
                )
    return tuple(found)
