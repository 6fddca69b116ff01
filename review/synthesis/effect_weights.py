"""By what each effect enters the coefficients of a model of dependent effects."""

from __future__ import annotations

import numpy as np

from review.arrays import Floats
from review.synthesis.robust import WorkingModel

__all__ = ["hat", "weights"]


def hat(model: WorkingModel) -> Floats:
    """Return by what each effect enters each coefficient (p, k): b = H y.

    Parameters
    ----------
    model : WorkingModel

    Returns
    -------
    ndarray (p, k)

    Examples
    --------
    >>> from review.synthesis.robust import cluster_rows
    >>> rows = cluster_rows([1, 2])
    >>> m = WorkingModel(rows, (np.ones((2, 1, 1)),), np.zeros(2), np.ones((2, 1)), ("intrcpt",))
    >>> hat(m).tolist()
    [[0.5, 0.5]]
    """
    p = model.X.shape[1]
    information, weighted = np.zeros((p, p)), np.zeros((p, model.y.size))
    for rows, phi in zip(model.rows, model.phi, strict=True):
        wx = np.linalg.solve(phi, model.X[rows])
        information += np.einsum("jnp,jnq->pq", model.X[rows], wx)
        weighted[:, rows.ravel()] = wx.reshape(-1, p).T
    return np.linalg.solve(information, weighted).astype(np.float64)


def weights(model: WorkingModel, term: str | None = None) -> Floats:
    """Return the effects' weights (k,) in percent, by what they enter a coefficient.

    Parameters
    ----------
    model : WorkingModel
    term : str, optional
        The coefficient; the first where not given.

    Returns
    -------
    ndarray (k,)
        Of a plain mean row sums of the weight matrix; of one coefficient among several, shares of
        sizes, since others than its own effects enter by parts that add to nothing.

    Examples
    --------
    >>> from review.synthesis.robust import cluster_rows
    >>> rows = cluster_rows([1, 2])
    >>> m = WorkingModel(rows, (np.ones((2, 1, 1)),), np.zeros(2), np.ones((2, 1)), ("intrcpt",))
    >>> weights(m).tolist()
    [50.0, 50.0]
    """
    row = hat(model)[0 if term is None else model.columns.index(term)]
    if model.columns != ("intrcpt",):
        row = np.abs(row)
    found: Floats = 100 * row / row.sum()
    return found
