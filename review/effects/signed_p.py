"""Test statistics behind p values whose sign tells the direction of the effect."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from review.effects.effects import FloatArray


def t_from_signed_p(p: FloatArray, df: FloatArray) -> FloatArray:
    """The t statistic that a two-sided p value belongs to.

    Parameters
    ----------
    p : (k,)
        Two-sided p value with the sign of the effect (metafor's ``pi``): -0.03 for an effect below
        zero.
    df : (k,)
        Degrees of freedom of the test.

    Returns
    -------
    ndarray, (k,)
        t with the sign of ``p``.

    Examples
    --------
    >>> t_from_signed_p(np.array([-0.05]), np.array([10.0])).round(3).tolist()
    [-2.228]
    """
    # the lower tail, for 1 - p/2 has lost its digits where p is small
    t: FloatArray = np.sign(p) * -stdtrit(df, np.abs(p) / 2.0)
    return t
