"""Trim and fill: how many studies a lopsided funnel seems to lack, and the pool with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.asymmetry import egger
from review.synthesis.blocks import checked_studies
from review.synthesis.methods import Method, Test
from review.synthesis.pooled import Pooled
from review.synthesis.pooling import pool


class Side(StrEnum):
    """Where studies are missing."""

    LEFT = "left"
    RIGHT = "right"


class Estimator(StrEnum):
    """Of the number missing: L0 by the rank sum, R0 by the rightmost run."""

    L0 = "L0"
    R0 = "R0"


@dataclass(frozen=True, slots=True)
class TrimFill:
    """Result of trim and fill.

    Attributes
    ----------
    side, estimator : as used; the side may have been found by the regression test.
    k0 : studies filled in.
    fit : the pool of the given studies and the filled ones.
    filled_yi, filled_vi : (k0,) the studies filled in, mirror images of the outermost ones.
    settled : False where the rounds came back to a count that they had left.
    """

    side: Side
    estimator: Estimator
    k0: int
    fit: Pooled
    filled_yi: Floats
    filled_vi: Floats
    settled: bool


def trim_and_fill(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    side: Side | str | None = None,
    estimator: Estimator | str = Estimator.L0,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
) -> TrimFill:
    """Trim the funnel to symmetry, count what was trimmed, and fill in its mirror image.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances.
    side : where studies are missing; by default left where the regression test's slope is positive
        (small studies have larger effects), else right. It needs three studies of differing size;
        without them the side must be given.
    estimator : L0 or R0 of Duval & Tweedie 2000; their Q0 is left out, it can be imaginary.
    method, test, level : of every fit, as in :func:`review.synthesis.pool`.

    Returns
    -------
    TrimFill

    Raises
    ------
    InvalidDataError
        No studies, a side that cannot be told, or data that cannot be pooled.

    Notes
    -----
    Duval & Tweedie 2000, JASA 95:89-98, section 4: effects centred at the pool of the untrimmed are
    ranked by size, T is the rank sum of the positive ones; L0 = (4T - k(k+1)) / (2k - 1), R0 one
    less than the run of positive ones at the top, both rounded and at least 0. Equal sizes rank in
    the order of the effects. Meant as a sensitivity analysis, not as a corrected estimate.

    Examples
    --------
    >>> y, v = [0.0, 0.1, 0.2, 0.9, 1.0], [0.01, 0.01, 0.02, 0.2, 0.2]
    >>> trim_and_fill(y, v, side="left").k0
    2
    """
    y, v = checked_studies(yi, vi)
    if y.size == 0:
        raise InvalidDataError("There are no studies to pool.")
    estimator = Estimator(estimator)
    side = _side(y, v) if side is None else Side(side)
    sign = 1.0 if side is Side.LEFT else -1.0
    order = np.argsort(sign * y, kind="stable")
    effects, variances = sign * y[order], v[order]
    k, k0, settled = y.size, 0, False
    centre = 0.0
    tried: set[int] = set()
    while not settled and k0 not in tried:
        tried.add(k0)
        kept = slice(0, k - k0)
        fit = pool(effects[kept], variances[kept], method=method, test=Test.Z, tau2_ci=False)
        centre = fit.estimate
        count = _missing(_centred(effects, centre), estimator)
        count = min(count, k - 1)  # one study must be left to centre on
        settled, k0 = count == k0, count
    outer = slice(k - k0, k)
    filled_yi, filled_vi = sign * (2 * centre - effects[outer]), variances[outer]
    fit = pool(
        np.concatenate([y, filled_yi]),
        np.concatenate([v, filled_vi]),
        method=method,
        test=test,
        level=level,
    )
    return TrimFill(side, estimator, k0, fit, filled_yi, filled_vi, settled)


def _side(y: Floats, v: Floats) -> Side:
    try:
        slope = egger(y, v).slope
    except InvalidDataError as error:
        raise InvalidDataError(f"Name the side on which studies are missing. {error}") from error
    return Side.LEFT if slope > 0 else Side.RIGHT


def _centred(effects: Floats, centre: float) -> Floats:
    d = effects - centre
    d[np.abs(d) <= 1e-14 * max(abs(centre), float(np.abs(effects).max()))] = 0.0  # rounding
    return d


def _missing(d: Floats, estimator: Estimator) -> int:
    k = d.size
    ranks = np.empty(k)
    ranks[np.argsort(np.abs(d), kind="stable")] = np.arange(1, k + 1)
    if estimator is Estimator.L0:
        rank_sum = ranks[d > 0].sum()
        count = (4 * rank_sum - k * (k + 1)) / (2 * k - 1)
    else:
        below = ranks[d <= 0]
        count = k - (below.max() if below.size else 0) - 1
    return max(0, round(float(count)))
