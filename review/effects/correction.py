"""The small-sample correction of standardized mean differences."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from review.arrays import Floats

# Above this number of degrees of freedom the difference of two log gammas (each of the order
# m log m) loses more digits than the asymptotic series below leaves out: both err by 1e-13 here.
_SERIES_FROM = 300.0

# Gamma(z + 1/2) / (Gamma(z) sqrt(z)) in powers of 1/z: DLMF 5.11.13 with a = 1/2, b = 0.
_SERIES = (1.0, -1 / 8, 1 / 128, 5 / 1024, -21 / 32768, -399 / 262144, 869 / 4194304)


def hedges_correction(m: ArrayLike) -> Floats:
    """J(m), the factor that makes a standardized mean difference unbiased.

    Parameters
    ----------
    m : (k,)
        Degrees of freedom of the standard deviation that standardizes.

    Returns
    -------
    ndarray, (k,)
        Between 0 and 1; NaN where m <= 1, for there the expectation does not exist.

    Notes
    -----
    J(m) = Gamma(m/2) / (sqrt(m/2) Gamma((m-1)/2)), Hedges (1981); not the
    approximation 1 - 3/(4m - 1), which is 1.3 % off at m = 2.

    Examples
    --------
    >>> float(hedges_correction(18).round(6))
    0.957646
    """
    m = np.asarray(m, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        exists = m > 1.0
        large = m >= _SERIES_FROM
    small = np.where(exists & ~large, m, 2.0)
    exact = np.exp(gammaln(small / 2.0) - gammaln((small - 1.0) / 2.0)) / np.sqrt(small / 2.0)
    big = np.where(large, m, _SERIES_FROM)
    series = np.polynomial.polynomial.polyval(2.0 / (big - 1.0), _SERIES)
    asymptotic = np.sqrt((big - 1.0) / big) * series
    return np.asarray(np.where(exists, np.where(large, asymptotic, exact), np.nan))
