"""Gauss-Legendre nodes, computed once a size."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from review.arrays import Floats

__all__ = ["gauss_legendre"]


@lru_cache(maxsize=64)
def gauss_legendre(n: int) -> tuple[Floats, Floats]:
    """Nodes and weights of Gauss-Legendre quadrature on (-1, 1).

    Parameters
    ----------
    n : int
        Number of nodes.

    Returns
    -------
    tuple of ndarray (n,)
        Read-only, as they are shared between calls.

    References
    ----------
    Golub & Welsch 1969, Math Comp 23:221; numpy's ``leggauss`` computes them.

    Examples
    --------
    >>> node, weight = gauss_legendre(3)
    >>> round(float(weight @ node**2), 12)
    0.666666666667
    """
    node, weight = np.polynomial.legendre.leggauss(n)
    node.flags.writeable = weight.flags.writeable = False
    return node, weight
