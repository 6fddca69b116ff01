"""Restricted likelihood of effects nested in studies, at the cost of one pass over the effects.

Each study's sampling covariance is diagonalised once, S = E diag(lambda) E'. The marginal
covariance is then diag(lambda + s_e) + s_u o o' with o = E'1. Its inverse and determinant are
closed (Sherman-Morrison), so that the likelihood and its gradient at any (s_u, s_e) are sums over
effects. Gradient: Harville 1977, J Am Stat Assoc 72:320, eq. 5.1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from review.arrays import Floats, Indices, Ints
from review.errors import InvalidDataError
from review.synthesis.roots import bracketed_root

__all__ = [
    "Nested",
    "NestedFit",
    "climb",
    "evaluate",
    "profile_limits",
    "rotate",
    "sampling_blocks",
    "search",
]


GRID = (0.0, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Variance components first tried, as shares of the effects' variance; all pairs are compared."""

MOST_STEPS = 100
"""Newton steps; about eight are needed."""


class Nested(NamedTuple):
    """All clusters in a row, each in the eigenvectors of its sampling covariance."""

    lam: Floats  # eigenvalues (k,)
    one: Floats  # the vector of ones, rotated (k,)
    y: Floats
    X: Floats
    start: Ints  # where each cluster begins
    cluster: Ints  # cluster of each row


class NestedFit(NamedTuple):
    """The model at given variance components."""

    height: float
    gradient: Floats
    gamma: Floats
    covariance: Floats
    q: float
    trace: float


def sampling_blocks(V: Floats, rows: tuple[Ints, ...], rho: float) -> tuple[Floats, ...]:
    """Sampling covariance of each cluster, by size of cluster.

    Parameters
    ----------
    V : ndarray (k,) or (k, k)
        Variances, or their whole covariance matrix.
    rows : tuple of int arrays
        From `cluster_rows`.
    rho : float
        Correlation within clusters, where `V` is a list.

    Returns
    -------
    tuple of ndarray (clusters of a size, size, size)

    Raises
    ------
    InvalidDataError
        If a matrix joins clusters.

    Examples
    --------
    >>> from review.synthesis.robust import cluster_rows
    >>> sampling_blocks(np.array([1., 4.]), cluster_rows("aa"), 0.5)[0][0].tolist()
    [[1.0, 1.0], [1.0, 4.0]]
    """
    if V.ndim == 1:
        found = []
        for r in rows:
            sd = np.sqrt(V[r])
            S = rho * sd[:, :, None] * sd[:, None, :]
            index = np.arange(r.shape[1])
            S[:, index, index] = V[r]
            found.append(S)
        return tuple(found)
    inside = np.zeros(V.shape, dtype=bool)
    for r in rows:
        inside[r[:, :, None], r[:, None, :]] = True
    if (V[~inside] != 0).any():
        raise InvalidDataError("The covariance matrix joins effects of different studies.")
    return tuple(V[r[:, :, None], r[:, None, :]] for r in rows)


def rotate(
    y: Floats, X: Floats, rows: tuple[Ints, ...], sampling: tuple[Floats, ...], scale: float
) -> Nested:
    """Lay out a model in the eigenvectors of its sampling covariances.

    Parameters
    ----------
    y : ndarray (k,)
        Effects, in their unit.
    X : ndarray (k, p)
        Design with orthonormal columns.
    rows : tuple of int arrays
        From `cluster_rows`.
    sampling : tuple of arrays
        From `sampling_blocks`, divided by `scale` here.
    scale : float
        Square of the unit.

    Returns
    -------
    Nested

    Raises
    ------
    InvalidDataError
        If a covariance is not positive definite.

    Examples
    --------
    >>> from review.synthesis.robust import cluster_rows
    >>> f = rotate(np.zeros(2), np.ones((2, 1)), cluster_rows("aa"), (np.eye(2)[None],), 1.0)
    >>> f.lam.tolist()
    [1.0, 1.0]
    """
    parts = []
    for r, S in zip(rows, sampling, strict=True):
        lam, e = np.linalg.eigh(S / scale)
        if (lam <= 1e-12 * lam[:, -1:]).any():
            raise InvalidDataError("The covariance of a study's effects is not positive definite.")
        turn = np.swapaxes(e, -1, -2)
        parts.append(
            (
                lam.ravel(),
                turn.sum(axis=-1).ravel(),
                (turn @ y[r][..., None]).ravel(),
                (turn @ X[r]).reshape(-1, X.shape[1]),
                np.full(r.shape[0], r.shape[1]),
            )
        )
    lam_, one, y_, X_, sizes = (np.concatenate(x) for x in zip(*parts, strict=True))
    start = np.cumsum(sizes) - sizes
    return Nested(lam_, one, y_, X_, start, np.repeat(np.arange(sizes.size), sizes))


def evaluate(f: Nested, sigma2: Floats) -> NestedFit:
    """Restricted log-likelihood (less 2 pi), its gradient, and the fit.

    Parameters
    ----------
    f : Nested
    sigma2 : ndarray (2,)
        Variance between and within studies, in the unit of `f`.

    Returns
    -------
    NestedFit

    Examples
    --------
    >>> from review.synthesis.robust import cluster_rows
    >>> f = rotate(np.array([0., 3.]), np.ones((2, 1)) / 2**0.5, cluster_rows("ab"),
    ...            (np.ones((2, 1, 1)),), 1.0)
    >>> round(evaluate(f, np.zeros(2)).q, 9)
    4.5
    """
    between, within = sigma2
    w = 1 / (f.lam + within)
    ow = f.one * w
    a = np.add.reduceat(f.one * ow, f.start)
    shrink = between / (1 + between * a)

    def solve(Z: Floats) -> Floats:
        inside = np.add.reduceat(ow[:, None] * Z, f.start)
        solved: Floats = w[:, None] * Z - ow[:, None] * (shrink[:, None] * inside)[f.cluster]
        return solved

    wx = solve(f.X)
    information = f.X.T @ wx
    covariance = np.linalg.inv(information).astype(np.float64)
    gamma = covariance @ (wx.T @ f.y)
    residual = f.y - f.X @ gamma
    py = solve(residual[:, None])[:, 0]
    q = float(residual @ py)
    one_wx = np.add.reduceat(f.one[:, None] * wx, f.start)
    one_py = np.add.reduceat(f.one * py, f.start)
    trace_between = (a / (1 + between * a)).sum() - np.sum(covariance * (one_wx.T @ one_wx))
    trace = (
        w.sum()
        - (shrink * np.add.reduceat(ow * ow, f.start)).sum()
        - np.sum(covariance * (wx.T @ wx))
    )
    logdet = -np.log(w).sum() + np.log1p(between * a).sum() + np.linalg.slogdet(information)[1]
    gradient = 0.5 * np.array([(one_py**2).sum() - trace_between, py @ py - trace])
    return NestedFit(-0.5 * (float(logdet) + q), gradient, gamma, covariance, q, float(trace))


def search(f: Nested, *, inner: bool) -> tuple[Floats, int]:
    """Find the highest of the maxima that climbs from all peaks of a grid reach.

    Parameters
    ----------
    f : Nested
    inner : bool
        Whether effects vary within studies too.

    Returns
    -------
    tuple of ndarray (2,) and int
        Variance between and within studies, and how many maxima there are.

    Examples
    --------
    >>> from review.synthesis.robust import cluster_rows
    >>> f = rotate(np.array([0., 3.]), np.ones((2, 1)) / 2**0.5, cluster_rows("ab"),
    ...            (np.ones((2, 1, 1)),), 1.0)
    >>> search(f, inner=False)[1]
    1
    """
    spread = max(float(np.var(f.y - f.X @ (f.X.T @ f.y))), float(np.median(f.lam)))
    first = np.array(GRID) * spread
    second = first if inner else np.zeros(1)
    height = np.array([[evaluate(f, np.array([b, w])).height for w in second] for b in first])
    padded = np.pad(height, 1, constant_values=-np.inf)
    around = [
        padded[1 + i : 1 + i + height.shape[0], 1 + j : 1 + j + height.shape[1]]
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
        if (i, j) != (0, 0)
    ]
    peaks = np.argwhere(height >= np.max(around, axis=0))
    tops = [climb(f, np.array([first[i], second[j]]), (True, inner)) for i, j in peaks]
    tops.sort(key=lambda top: -top[1])
    places = [sigma2 for sigma2, _ in tops]
    modes = sum(
        all(np.abs(place - other).max() > 1e-5 * spread for other in places[:i])
        for i, place in enumerate(places)
    )
    return places[0], modes


def climb(f: Nested, sigma2: Floats, free: tuple[bool, bool]) -> tuple[Floats, float]:
    """Climb to the next maximum over the free components: Newton, kept above zero and rising.

    Parameters
    ----------
    f : Nested
    sigma2 : ndarray (2,)
        Start.
    free : tuple of bool
        Which component may move.

    Returns
    -------
    tuple of ndarray (2,) and float
        The maximum and its height.

    Examples
    --------
    >>> from review.synthesis.robust import cluster_rows
    >>> f = rotate(np.array([0., 3.]), np.ones((2, 1)) / 2**0.5, cluster_rows("ab"),
    ...            (np.ones((2, 1, 1)),), 1.0)
    >>> climb(f, np.zeros(2), (True, False))[0].round(6).tolist()
    [3.5, 0.0]
    """
    at = evaluate(f, sigma2)
    small = float(np.median(f.lam))
    steps, still = 0, False
    while not still and steps < MOST_STEPS:
        steps += 1
        moving = np.flatnonzero(np.array(free) & ((sigma2 > 0) | (at.gradient > 0)))
        step = np.zeros(2)
        if moving.size:
            step[moving] = _newton(f, sigma2, at.gradient, moving, small)
        trial = np.maximum(sigma2 + step, 0.0)
        found = evaluate(f, trial)
        while found.height < at.height - 1e-13 * abs(at.height):  # a step of zero does not fall
            step /= 2
            trial = np.maximum(sigma2 + step, 0.0)
            found = evaluate(f, trial)
        still = bool((np.abs(trial - sigma2) <= 1e-11 * (trial + 1e-3 * small)).all())
        sigma2, at = trial, found
    return sigma2, at.height


def profile_limits(
    f: Nested, sigma2: Floats, component: int, free: tuple[bool, bool], drop: float
) -> tuple[float, float]:
    """Values of one component at which the profile likelihood has fallen by `drop`.

    Parameters
    ----------
    f : Nested
    sigma2 : ndarray (2,)
        The maximum.
    component : int
        0 between, 1 within studies.
    free : tuple of bool
        Which components the model has.
    drop : float
        Half a chi² quantile on one degree of freedom.

    Returns
    -------
    tuple of float
        Lower limit zero where the fall at zero is smaller.

    References
    ----------
    Viechtbauer 2007, Stat Med 26:37, section 2 (profile likelihood).

    Examples
    --------
    >>> from review.synthesis.robust import cluster_rows
    >>> f = rotate(np.array([0., 3.]), np.ones((2, 1)) / 2**0.5, cluster_rows("ab"),
    ...            (np.ones((2, 1, 1)),), 1.0)
    >>> low, high = profile_limits(f, np.array([3.5, 0.0]), 0, (True, False), 1.92)
    >>> low, high > 100
    (0.0, True)
    """
    top = evaluate(f, sigma2).height
    other = (free[0] and component == 1, free[1] and component == 0)
    spread = max(float(np.var(f.y - f.X @ (f.X.T @ f.y))), float(np.median(f.lam)))
    starts = np.array([sigma2[1 - component], *np.multiply(GRID, spread)])

    def fall(value: float) -> float:
        at = np.empty(2)
        at[component] = value
        heights = []
        for start in starts if any(other) else starts[:1]:
            at[1 - component] = start
            heights.append(evaluate(f, at).height)
        at[1 - component] = starts[int(np.argmax(heights))]
        best = climb(f, at, other)[1] if any(other) else max(heights)
        return top - best - drop

    estimate = float(sigma2[component])
    low = 0.0
    if estimate > 0 and fall(0.0) > 0:
        low = bracketed_root(fall, 0.0, estimate, tolerance=1e-11)
    high = 2 * estimate + spread
    while fall(high) < 0 and high < 1e12 * spread:
        high *= 4
    return low, bracketed_root(fall, estimate, high, tolerance=1e-11)


def _newton(f: Nested, sigma2: Floats, gradient: Floats, moving: Indices, small: float) -> Floats:
    curvature = np.empty((moving.size, moving.size))
    for column, i in enumerate(moving):
        width = 1e-5 * (sigma2[i] + 0.1 * small)
        ahead = sigma2.copy()
        ahead[i] += width
        slope = evaluate(f, ahead).gradient
        curvature[:, column] = (slope - gradient)[moving] / width
    values, vectors = np.linalg.eigh(0.5 * (curvature + curvature.T))
    # away from a maximum the curvature may have either sign: its size still scales the step
    damped = np.maximum(np.abs(values), 1e-8 * np.abs(values).max() + 1e-300)
    step: Floats = vectors @ ((vectors.T @ gradient[moving]) / damped)
    return step
