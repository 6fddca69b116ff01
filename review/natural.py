"""The scales that people read transformed numbers on, and the ways back to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final


@dataclass(frozen=True, slots=True)
class Natural:
    """The scale that people read a transformed number on, and the way back to it."""

    name: str
    back: Callable[[float], float]
    r: str
    """The function that goes back, in R."""
    python: str
    """The same of numpy."""
    forth: Callable[[float], float]
    """Back to the transformed scale; infinite where there is no number."""


def _expit(logit: float) -> float:
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    odds = math.exp(logit)
    return odds / (1.0 + odds)


def _exp(x: float) -> float:
    return math.exp(x) if x < LARGEST_LOG else math.inf


def _from_arcsine(angle: float) -> float:
    """Back from the arcsine of the root of a share; what lies outside is 0 or 1, as in metafor."""
    return math.sin(min(max(angle, 0.0), math.pi / 2)) ** 2


def _squared(root: float) -> float:
    return max(root, 0.0) ** 2


def _logit(share: float) -> float:
    if 0 < share < 1:
        return math.log(share / (1 - share))
    return -math.inf if share <= 0 else math.inf


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


LARGEST_LOG: Final = 709.0
"""Beyond, the exponential is no double."""


def from_double_arcsine(angle: float, size: float) -> float:
    """Back from Freeman and Tukey's double arcsine of a share of `size` persons (Miller 1978).

    What lies outside the angles of no and of all events is 0 or 1, as in metafor. Of a pooled angle
    the harmonic mean of the sizes stands for `size`, which can mislead where sizes differ much
    (Schwarzer et al. 2019, Res Synth Meth 10:476).

    Examples
    --------
    >>> low, high = math.asin(math.sqrt(4 / 21)), math.asin(math.sqrt(5 / 21))
    >>> round(from_double_arcsine((low + high) / 2, 20), 12)
    0.2
    """
    none = math.asin(math.sqrt(1 / (size + 1))) / 2
    if angle <= none:
        return 0.0
    if angle >= math.pi / 2 - none:
        return 1.0
    sine = math.sin(2 * angle)
    under = 1 - (sine + (sine - 1 / sine) / size) ** 2
    return 0.5 * (1 - math.copysign(1, math.cos(2 * angle)) * math.sqrt(max(under, 0.0)))


def _double_arcsine(share: float, size: float) -> float:
    events = min(max(share, 0.0), 1.0) * size
    low, high = (math.asin(math.sqrt(x / (size + 1))) for x in (events, events + 1))
    return (low + high) / 2


def from_double_root(root: float, time: float) -> float:
    """Back from Freeman and Tukey's double root of a rate over `time`, as metafor goes.

    What lies below the root of no events is a rate of 0.

    Examples
    --------
    >>> round(from_double_root((math.sqrt(4 / 20) + math.sqrt(5 / 20)) / 2, 20), 12)
    0.2
    """
    if root <= math.sqrt(1 / time) / 2:
        return 0.0
    return (root - 1 / (4 * root * time)) ** 2


def _double_root(rate: float, time: float) -> float:
    rate = max(rate, 0.0)
    return (math.sqrt(rate) + math.sqrt(rate + 1 / time)) / 2


def harmonic_mean(sizes: Sequence[float | None]) -> float | None:
    """Return the harmonic mean of sizes above 0; None where one is not known, or there are none.

    Examples
    --------
    >>> harmonic_mean([20.0, 60.0]), harmonic_mean([20.0, None])
    (30.0, None)
    """
    whole = [size for size in sizes if size]
    return (
        len(whole) / sum(1 / size for size in whole) if whole and len(whole) == len(sizes) else None
    )


R: Final = Natural(
    "r", math.tanh, "tanh", "np.tanh", lambda r: math.atanh(r) if abs(r) < 1 else r * math.inf
)
PROPORTION: Final = Natural(
    "proportion", _expit, "plogis", "lambda x: 1 / (1 + np.exp(-x))", _logit
)
LOG_PROPORTION: Final = Natural("proportion", _exp, "exp", "np.exp", _log)
RATE: Final = Natural("rate", _exp, "exp", "np.exp", _log)
MEAN: Final = Natural("geometric mean", _exp, "exp", "np.exp", _log)
ARCSINE: Final = Natural(
    "proportion", _from_arcsine, "transf.iarcsin",
    "lambda x: np.sin(np.clip(x, 0, np.pi / 2)) ** 2",
    lambda share: math.asin(math.sqrt(min(max(share, 0.0), 1.0))),
)  # fmt: skip
SQUARED_RATE: Final = Natural(
    "rate", _squared, "transf.isqrt", "lambda x: np.maximum(x, 0) ** 2",
    lambda rate: math.sqrt(max(rate, 0.0)),
)  # fmt: skip


_SIZED: Final = {"proportion": ("sizes", "PLO"), "rate": ("times", "IRLN")}


def by_mean_of_sizes(name: str, sizes: Sequence[float]) -> str:
    """Return the caution about a pooled number that goes back by the harmonic mean of sizes."""
    what, instead = _SIZED[name]
    return (
        f"the pooled {name} goes back by the harmonic mean of the {what} ({min(sizes):g} to "
        f"{max(sizes):g}); where they differ much it misleads (Schwarzer et al. 2019): measure "
        f"{instead} with method UM.RS needs none"
    )


OWN_SIZES: Final = "Studies' numbers go back by their own sizes, the axis as the pooled one."
"""What a figure says beside that caution."""


def double_arcsine(size: float) -> Natural:
    """Return the way from double arcsines to proportions of so many persons."""
    return Natural(
        "proportion", partial(from_double_arcsine, size=size),
        "function(x) transf.ipft.hm(x, targs = list(ni = dat$size))",
        "lambda x: from_double_arcsine(x, harmonic_mean(dat))",
        partial(_double_arcsine, size=size),
    )  # fmt: skip


def double_root(time: float) -> Natural:
    """Return the way from double roots to rates over so much time."""
    return Natural(
        "rate", partial(from_double_root, time=time),
        "function(x) transf.iirft(x, 1 / mean(1 / dat$size))",
        "lambda x: from_double_root(x, harmonic_mean(dat))",
        partial(_double_root, time=time),
    )  # fmt: skip
