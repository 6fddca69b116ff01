"""Profile likelihood interval of the between-study variance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtri

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.blocks import Block, blocks, checked_studies
from review.synthesis.likelihood import log_likelihood, maximum_likelihood
from review.synthesis.methods import Method
from review.synthesis.moments import NO_TAU2, fit_at

FIRST_GRID = 512
"""Points on which crossings are looked for; a hump narrower than 1/20 of a doubling has no bearing
on the interval's ends beyond that."""

HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Profile:
    """tau² of highest likelihood and its profile likelihood interval."""

    method: Method
    level: float
    tau2: float
    ci: tuple[float, float]


def profile_likelihood(
    yi: ArrayLike, vi: ArrayLike, *, method: Method | str = Method.REML, level: float = 0.95
) -> Profile:
    """All tau² whose log-likelihood is within half a chi² quantile of the maximum.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances, k at least 2.
    method : REML or ML.
    level : of the interval.

    Returns
    -------
    Profile
        The lower limit is 0 where tau² = 0 belongs to the set. Should the likelihood have several
        maxima, the interval runs from the lowest to the highest value of the set.

    Raises
    ------
    InvalidDataError
        Fewer than two studies, another method, a level outside 0 to 1.

    Notes
    -----
    Hardy & Thompson 1996, Statistics in Medicine 15:619-629; Viechtbauer 2007, section 3.2. Against
    the Q-profile interval it needs large k, but it is never empty.

    Examples
    --------
    >>> profile_likelihood([0.3, 0.3, 0.3], [0.04, 0.09, 0.02]).ci[0]
    0.0
    """
    y, v = checked_studies(yi, vi)
    method = Method(method)
    if y.size < 2:
        raise InvalidDataError("The profile likelihood needs at least two studies.")
    if method not in (Method.ML, Method.REML):
        raise InvalidDataError(
            f"A profile likelihood belongs to ML or REML, not to {method.value}."
        )
    if not 0 < level < 1:
        raise InvalidDataError(f"The level of an interval lies between 0 and 1, not at {level}.")
    restricted = method is Method.REML
    block = next(blocks(y, v, np.array([0, y.size])))
    at_zero = fit_at(block, NO_TAU2)
    top = maximum_likelihood(block, at_zero, restricted=restricted).tau2[0]
    scale = float((at_zero.trace / at_zero.trace_pp)[0])

    def height(tau2: Floats) -> Floats:
        return log_likelihood(_repeated(block, tau2.size), tau2, restricted=restricted)

    cut = float(height(np.array([top]))[0]) - 0.5 * float(chdtri(1.0, 1 - level))
    far = 2 * top + scale
    while height(np.array([far]))[0] >= cut:
        far *= 4
    grid = scale * (np.exp2(np.linspace(0, np.log2(1 + far / scale), FIRST_GRID)) - 1)
    grid = np.sort(np.append(grid, top))
    within = np.flatnonzero(height(grid) >= cut)
    first, last = int(within[0]), int(within[-1])
    low = 0.0 if first == 0 else _crossing(height, cut, grid[first - 1], grid[first])
    high = _crossing(height, cut, grid[last + 1], grid[last])
    area = float(block.unit[0] ** 2)
    return Profile(method, level, float(top) * area, (low * area, high * area))


def _repeated(block: Block, times: int) -> Block:
    return block.take(np.zeros(times, dtype=np.int64))


def _crossing(
    height: Callable[[Floats], Floats], cut: float, outside: float, inside: float
) -> float:
    for _ in range(HALVINGS):
        middle = 0.5 * (outside + inside)
        if height(np.array([middle]))[0] >= cut:
            inside = middle
        else:
            outside = middle
    return 0.5 * (outside + inside)
