"""Group-sequential boundaries by error spending: how far a z must go at each look.

The score process is a Brownian motion B(t) = Z sqrt(t) in information time; its density on the
paths that have not stopped is carried from look to look on Gauss-Legendre nodes (Armitage,
McPherson & Rowe 1969, J R Stat Soc A 132:235; Jennison & Turnbull 2000, ch. 19).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from scipy.special import ndtr, ndtri

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.quadrature import gauss_legendre
from review.synthesis.roots import bracketed_root

__all__ = [
    "FutilityBoundaries",
    "Spending",
    "crossing_probabilities",
    "efficacy_boundaries",
    "futility_boundaries",
    "spent",
]


REACH = 12.0
"""Standard deviations of B(t) on which its density is kept; beyond lies less than 1e-32."""

NODES, MOST_PANELS = 400, 8
"""Nodes a panel; more panels where looks follow closely, so that the increment is resolved."""


class Spending(StrEnum):
    """Error-spending families of Lan & DeMets 1983."""

    OBRIEN_FLEMING = "O'Brien-Fleming type"
    POCOCK = "Pocock type"


@dataclass(frozen=True, slots=True)
class FutilityBoundaries:
    """Efficacy and non-binding futility boundaries that meet at full information.

    Attributes
    ----------
    upper, lower : tuple of float
        z at each look; `upper` ignores `lower`, so that futility may be disregarded.
    drift : float
        Mean of B(1) under the alternative at which error beta is spent.
    inflation : float
        Factor by which the looks inflate the information of a single analysis.
    """

    upper: tuple[float, ...]
    lower: tuple[float, ...]
    drift: float
    inflation: float


def spent(t: float, error: float, spending: Spending = Spending.OBRIEN_FLEMING) -> float:
    """Error spent by information fraction `t`.

    Parameters
    ----------
    t : float
        At least zero; from one on all is spent.
    error : float
        One-sided.
    spending : Spending

    Returns
    -------
    float

    References
    ----------
    Lan & DeMets 1983, Biometrika 70:659.

    Examples
    --------
    >>> round(spent(0.5, 0.025), 8)
    0.00152532
    """
    if t <= 0:
        return 0.0
    if t >= 1:
        return error
    if Spending(spending) is Spending.POCOCK:
        return error * math.log1p((math.e - 1) * t)
    return float(2 * ndtr(ndtri(error / 2) / math.sqrt(t)))


def efficacy_boundaries(
    t: Sequence[float],
    *,
    alpha: float = 0.025,
    spending: Spending = Spending.OBRIEN_FLEMING,
    two_sided: bool = False,
) -> tuple[float, ...]:
    """Find the z that each look must exceed.

    Parameters
    ----------
    t : sequence of float
        Increasing information fractions of the looks. The last may exceed one: spending stops at
        one, correlations use the true fraction.
    alpha : float
        One-sided error; per side if `two_sided`.
    spending : Spending
    two_sided : bool
        Stop at either side; symmetric.

    Returns
    -------
    tuple of float
        Infinite where nothing is left to spend.

    Raises
    ------
    InvalidDataError
        If fractions do not increase or pass one before the last look.

    References
    ----------
    Lan & DeMets 1983; O'Brien & Fleming 1979.

    Examples
    --------
    >>> [round(z, 6) for z in efficacy_boundaries([0.5, 1.0])]
    [2.962588, 1.968596]
    """
    times = _checked(t, alpha)
    spending = Spending(spending)
    bounds: list[float] = []
    state: _State | None = None
    before = 0.0
    for i, now in enumerate(times):
        total = spent(now, alpha, spending)
        upper = _upper_bound(state, now, total - before, total)
        bounds.append(upper)
        before = total
        if i + 1 < len(times):
            lower = -upper if two_sided else -math.inf
            state = _advance(state, now, lower, upper, _gap(times, i), 0.0)
    return tuple(bounds)


def futility_boundaries(
    t: Sequence[float],
    *,
    alpha: float = 0.025,
    beta: float = 0.10,
    spending: Spending = Spending.OBRIEN_FLEMING,
) -> FutilityBoundaries:
    """Find non-binding futility boundaries that meet efficacy at full information.

    Parameters
    ----------
    t : sequence of float
        Increasing information fractions of the looks, the last being one.
    alpha, beta : float
        One-sided errors; both are spent by `spending`.
    spending : Spending

    Returns
    -------
    FutilityBoundaries

    Raises
    ------
    InvalidDataError
        If the last fraction is not one.

    References
    ----------
    Pampallona, Tsiatis & Kim 2001, Drug Inf J 35:1113 (beta spending).

    Examples
    --------
    >>> found = futility_boundaries([0.5, 1.0], beta=0.2)
    >>> round(found.lower[1] - found.upper[1], 9)
    0.0
    """
    times = _checked(t, alpha)
    if not 0 < beta < 1 or not math.isclose(times[-1], 1.0, rel_tol=1e-12):
        raise InvalidDataError("Futility boundaries need a beta in (0, 1) and a last look at one.")
    upper = efficacy_boundaries(times, alpha=alpha, spending=spending)
    single = float(ndtri(1 - alpha) + ndtri(1 - beta))

    def excess(drift: float) -> float:
        """Error left at the last look if all below `upper` counted, minus what may be left."""
        return _futility(times, upper, drift, beta, spending)[1]

    drift = bracketed_root(excess, single * 0.9, single * 2.5, tolerance=1e-12)
    lower = _futility(times, upper, drift, beta, spending)[0]
    return FutilityBoundaries(upper, (*lower, upper[-1]), drift, (drift / single) ** 2)


def crossing_probabilities(
    t: Sequence[float],
    upper: Sequence[float],
    lower: Sequence[float] | None = None,
    *,
    drift: float = 0.0,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Probability of first crossing at each look, above and below.

    Parameters
    ----------
    t : sequence of float
        Increasing information fractions.
    upper, lower : sequence of float
        z boundaries; `lower` None for a one-sided design.
    drift : float
        Mean of B(1).

    Returns
    -------
    tuple of tuple of float
        Above, below.

    Raises
    ------
    InvalidDataError
        If lengths differ or fractions do not increase.

    References
    ----------
    Armitage, McPherson & Rowe 1969 (repeated tests at a fixed level).

    Examples
    --------
    >>> above, below = crossing_probabilities([0.5, 1.0], [1.96, 1.96], [-1.96, -1.96])
    >>> round(sum(above) + sum(below), 4)
    0.0831
    """
    times = _checked(t, 0.025, end=False)
    low = [-math.inf] * len(times) if lower is None else list(lower)
    if len(upper) != len(times) or len(low) != len(times):
        raise InvalidDataError("There must be one boundary a look.")
    above, below = [], []
    state: _State | None = None
    for i, (now, a, b) in enumerate(zip(times, low, upper, strict=True)):
        above.append(_tail(state, now, b, drift, above=True))
        below.append(_tail(state, now, a, drift, above=False))
        if i + 1 < len(times):
            state = _advance(state, now, a, b, _gap(times, i), drift)
    return tuple(above), tuple(below)


@dataclass(frozen=True, slots=True)
class _State:
    """Sub-density of B at time `t`: nodes, and density times quadrature weight."""

    t: float
    node: Floats
    mass: Floats


def _checked(t: Sequence[float], alpha: float, *, end: bool = True) -> list[float]:
    times = [float(x) for x in t]
    if not times or not times[0] > 0 or any(b <= a for a, b in pairwise(times)):
        raise InvalidDataError("Information fractions must be above zero and increase.")
    if end and any(x >= 1 for x in times[:-1]):
        raise InvalidDataError("All error is spent at fraction one; no look can follow.")
    if not 0 < alpha < 0.5:
        raise InvalidDataError(f"A one-sided error of {alpha} is not between 0 and 0.5.")
    return times


def _gap(times: Sequence[float], i: int) -> float:
    """The smaller of the steps into and out of look `i`."""
    before = times[i] - times[i - 1] if i else times[0]
    return min(before, times[i + 1] - times[i])


def _advance(
    state: _State | None, t: float, lower: float, upper: float, gap: float, drift: float
) -> _State:
    """Carry the density to `t` and cut it at the z boundaries."""
    sd = math.sqrt(t)
    low = max(lower * sd, drift * t - REACH * sd)
    high = min(upper * sd, drift * t + REACH * sd)
    high = max(high, low)
    wanted = 3 * 2 * REACH * sd / math.sqrt(gap)
    panels = min(MOST_PANELS, math.ceil(wanted / NODES))
    node, share = gauss_legendre(NODES)
    width = (high - low) / panels
    middle = low + width * (np.arange(panels)[:, None] + 0.5)
    b = (middle + 0.5 * width * node).ravel()
    if state is None:
        density = np.exp(-0.5 * ((b - drift * t) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
    else:
        step = t - state.t
        move = (b[:, None] - state.node[None, :] - drift * step) / math.sqrt(step)
        density = np.exp(-0.5 * move * move) @ state.mass / math.sqrt(2 * math.pi * step)
    return _State(t, b, density * np.tile(share, panels) * 0.5 * width)


def _tail(state: _State | None, t: float, z: float, drift: float, *, above: bool) -> float:
    """Probability of not having stopped and being above (below) `z` at `t`."""
    if math.isinf(z):
        return 0.0 if (z > 0) == above else 1.0 if state is None else float(state.mass.sum())
    sign = 1.0 if above else -1.0
    b = z * math.sqrt(t)
    if state is None:
        return float(ndtr(sign * (drift * t - b) / math.sqrt(t)))
    step = t - state.t
    return float(state.mass @ ndtr(sign * (state.node + drift * step - b) / math.sqrt(step)))


def _upper_bound(state: _State | None, t: float, increment: float, total: float) -> float:
    """The z that spends `increment`; `total` spent so far bounds it from below."""
    if not increment > 0:
        return math.inf
    high = -float(ndtri(increment))
    if state is None or math.isinf(high):
        return high
    low = -float(ndtri(min(total, 0.5)))
    goal = math.log(increment)

    def excess(z: float) -> float:
        found = _tail(state, t, z, 0.0, above=True)
        return (math.log(found) if found > 0 else -800.0) - goal

    if excess(high) >= 0:  # earlier looks took nothing that a float can see
        return high
    if excess(low - 1e-6) <= 0:  # so far out that the nodes, which end at REACH, miss the paths:
        return high  # the bound of a single look, which never spends more
    return bracketed_root(excess, low - 1e-6, high)


def _futility(
    times: Sequence[float],
    upper: Sequence[float],
    drift: float,
    beta: float,
    spending: Spending,
) -> tuple[tuple[float, ...], float]:
    """Lower boundaries of all looks but the last, and the last look's surplus of error."""
    lower: list[float] = []
    state: _State | None = None
    before = 0.0
    for i, now in enumerate(times[:-1]):
        total = spent(now, beta, spending)
        bound = _lower_bound(state, now, total - before, drift, upper[i])
        lower.append(bound)
        before = total
        state = _advance(state, now, bound, upper[i], _gap(times, i), drift)
    last = _tail(state, times[-1], upper[-1], drift, above=False)
    return tuple(lower), last - (beta - before)


def _lower_bound(
    state: _State | None, t: float, increment: float, drift: float, upper: float
) -> float:
    shift = drift * math.sqrt(t)
    if not increment > 0:
        return -math.inf
    if state is None:
        return min(float(ndtri(increment)) + shift, upper)

    def excess(z: float) -> float:
        return _tail(state, t, z, drift, above=False) - increment

    if excess(min(upper, shift + REACH)) <= 0:  # futility would already meet efficacy
        return min(upper, shift + REACH)
    return bracketed_root(excess, shift - REACH - 30, min(upper, shift + REACH))
