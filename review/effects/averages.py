"""Averages over studies that some variance formulas plug in."""

from __future__ import annotations

import numpy as np

from review.arrays import Floats


def size_weighted_mean(values: Floats, sizes: Floats) -> float:
    """Mean of the values, weighted by sample size, over the rows that have both.

    Parameters
    ----------
    values, sizes : (k,)
        NaN or infinite where a row has none.

    Returns
    -------
    float
        NaN if no row has both.

    Examples
    --------
    >>> size_weighted_mean(np.array([1.0, 2.0, np.nan]), np.array([30.0, 10.0, 50.0]))
    1.25
    """
    known = np.isfinite(values) & np.isfinite(sizes)
    if not known.any():
        return float("nan")
    return float(np.average(values[known], weights=sizes[known]))
