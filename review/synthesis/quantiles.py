"""Upper quantiles of the normal, t and chi² distributions, of one analysis or of many.

A quantile costs as much as all sums over ten studies, and batches have few sizes: each is asked of
scipy once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import cast

import numpy as np
from scipy.special import chdtri, ndtri, stdtrit

from review.arrays import Floats

__all__ = ["chi2_quantile", "normal_quantile", "t_quantile"]


@lru_cache(maxsize=256)
def normal_quantile(tail: float) -> float:
    """The normal quantile with ``tail`` above it."""
    return -float(ndtri(tail))


def t_quantile(df: Floats | float, tail: float) -> Floats:
    """The t quantiles with ``tail`` above them; NaN without degrees of freedom.

    Examples
    --------
    >>> t_quantile(np.array([0.0, 1.0, 1.0]), 0.25).round(9).tolist()
    [nan, 1.0, 1.0]
    """
    return cast(Floats, _t(df, tail)) if isinstance(df, float) else _of_each(_t, df, tail)


def chi2_quantile(df: Floats | float, tail: float) -> Floats:
    """The chi² quantiles with ``tail`` above them.

    Examples
    --------
    >>> chi2_quantile(np.array([2.0, 2.0]), 0.5).round(6).tolist()
    [1.386294, 1.386294]
    """
    return cast(Floats, _chi2(df, tail)) if isinstance(df, float) else _of_each(_chi2, df, tail)


@lru_cache(maxsize=4096)
def _t(df: float, tail: float) -> float:
    return -float(stdtrit(df, tail)) if df > 0 else np.nan


@lru_cache(maxsize=4096)
def _chi2(df: float, tail: float) -> float:
    return float(chdtri(df, tail))


def _of_each(quantile: Callable[[float, float], float], df: Floats, tail: float) -> Floats:
    """One value for each run of equal degrees of freedom: a batch stands in the order of size."""
    starts = np.flatnonzero(np.append(True, df[1:] != df[:-1]))
    values = [quantile(size, tail) for size in df[starts].tolist()]
    return np.repeat(values, np.diff(np.append(starts, df.size)))
