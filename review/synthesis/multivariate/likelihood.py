"""The likelihood of effects with any covariance, block by block, its gradient, and its maximum."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from review.arrays import Bools, Floats, Indices, Ints
from review.errors import InvalidDataError
from review.synthesis.multivariate.structures import Levels
from review.synthesis.robust import cluster_rows

__all__ = ["Laid", "Summit", "evaluate", "highest", "lay_out"]

STARTS = ((0.1, 0.0), (1.0, 0.5), (0.5, 0.9))
"""From where a maximum is sought: share of the effects' variance, correlation."""

MOST_STEPS = 60
"""Newton steps from where the quasi-Newton search ends; about four are needed."""

SHARES = tuple(0.5**n for n in range(40))
"""Of a step of Newton: the first by which the likelihood does not fall."""


class Laid(NamedTuple):
    """A model's data in its unit, in blocks that no covariance joins."""

    y: Floats
    X: Floats
    """Orthonormal columns (k, p)."""
    rows: tuple[Ints, ...]
    sampling: tuple[Floats, ...]
    terms: tuple[Levels, ...]
    restricted: bool

    @property
    def sizes(self) -> tuple[int, ...]:
        """Count of the parameters of each term."""
        return tuple(term.size for term in self.terms)


class Summit(NamedTuple):
    """The model at given parameters."""

    theta: Floats
    height: float
    gradient: Floats
    gamma: Floats
    covariance: Floats
    q: float
    phi: tuple[Floats, ...]


def lay_out(
    y: Floats, X: Floats, V: Floats, terms: Sequence[Levels], *, restricted: bool, unit: float
) -> Laid:
    """Return a model in blocks: effects that a sampling covariance or a random effect joins.

    Parameters
    ----------
    y : ndarray (k,)
    X : ndarray (k, p)
        Orthonormal columns.
    V : ndarray (k, k)
        Sampling covariance.
    terms : sequence of Levels
    restricted : bool
        REML, else ML.
    unit : float
        By which effects are divided.

    Raises
    ------
    InvalidDataError
        If the sampling covariance is not positive definite.

    Examples
    --------
    >>> lay_out(np.zeros(2), np.ones((2, 1)), np.eye(2), (), restricted=True, unit=1.0).rows
    (array([[0],
           [1]]),)
    """
    joined = V != 0
    for term in terms:
        joined |= term.group[:, None] == term.group
    rows = cluster_rows(_parts(joined).tolist())
    sampling = tuple(V[r[:, :, None], r[:, None, :]] / unit**2 for r in rows)
    for S in sampling:
        values = np.linalg.eigvalsh(S)
        if (values <= 1e-12 * values[:, -1:]).any():
            raise InvalidDataError(
                "The sampling covariance of effects that belong together is not positive definite: "
                "assume a smaller correlation, or look for an effect that is there twice."
            )
    return Laid(y / unit, X, rows, sampling, tuple(terms), restricted)


def _parts(joined: Bools) -> Ints:
    """Return for each effect (k,) the first of those that it is joined with, through others too."""
    label = np.arange(len(joined))
    while True:
        lowest = np.where(joined, label, len(joined)).min(axis=1)
        if np.array_equal(lowest, label):
            return label
        label = lowest


def evaluate(laid: Laid, theta: Floats) -> Summit:
    """Return the log-likelihood (less 2 pi), its gradient and the fit at parameters (n,).

    References
    ----------
    Harville 1977, J Am Stat Assoc 72:320, eq. 5.1.

    Examples
    --------
    >>> laid = lay_out(np.array([0., 3.]), np.ones((2, 1)) / 2**0.5, np.eye(2), (),
    ...                restricted=True, unit=1.0)
    >>> round(evaluate(laid, np.zeros(0)).q, 9)
    4.5
    """
    cut = np.cumsum([0, *laid.sizes])
    at = [term.at(theta[i:j]) for term, i, j in zip(laid.terms, cut[:-1], cut[1:], strict=True)]
    phi = marginal(laid, [found.covariance for found in at])
    p = laid.X.shape[1]
    information, weighted, inverses, logdet = np.zeros((p, p)), [], [], 0.0
    score = np.zeros(p)
    for r, M in zip(laid.rows, phi, strict=True):
        lower = np.linalg.cholesky(M)
        logdet += 2 * float(np.log(np.diagonal(lower, axis1=1, axis2=2)).sum())
        W = np.linalg.inv(M)
        wx = W @ laid.X[r]
        information += np.einsum("jnp,jnq->pq", laid.X[r], wx)
        score += np.einsum("jnp,jn->p", wx, laid.y[r])
        inverses.append(W)
        weighted.append(wx)
    covariance = np.linalg.inv(information).astype(np.float64)
    gamma = covariance @ score
    residual = laid.y - laid.X @ gamma
    if laid.restricted:
        logdet += float(np.linalg.slogdet(information)[1])
    q, moved = 0.0, [np.zeros((len(t.names),) * 2) for t in laid.terms]
    for r, W, wx in zip(laid.rows, inverses, weighted, strict=True):
        wr = (W @ residual[r][..., None])[..., 0]
        q += float((wr * residual[r]).sum())
        A = wr[:, :, None] * wr[:, None, :] - W
        if laid.restricted:
            A += np.einsum("jnp,pq,jmq->jnm", wx, covariance, wx)
        for term, T in zip(laid.terms, moved, strict=True):
            _gather(T, term, r, A)
    gradient = [
        0.5 * np.einsum("nab,ab->n", found.slopes, T) for found, T in zip(at, moved, strict=True)
    ]
    flat = np.concatenate([*gradient, np.zeros(0)])
    return Summit(theta, -0.5 * (logdet + q), flat, gamma, covariance, q, phi)


def marginal(laid: Laid, covariances: Sequence[Floats]) -> tuple[Floats, ...]:
    """Return the covariance of the effects of each block, in the unit."""
    found = []
    for r, S in zip(laid.rows, laid.sampling, strict=True):
        M = S.copy()
        for term, C in zip(laid.terms, covariances, strict=True):
            level, group = term.level[r], term.group[r]
            same = group[:, :, None] == group[:, None, :]
            M += C[level[:, :, None], level[:, None, :]] * same
        found.append(M)
    return tuple(found)


def _gather(T: Floats, term: Levels, rows: Ints, A: Floats) -> None:
    """Add up what two levels of a term share in one group."""
    q = len(term.names)
    level, group = term.level[rows], term.group[rows]
    same = group[:, :, None] == group[:, None, :]
    pair = level[:, :, None] * q + level[:, None, :]
    T += np.bincount(pair[same], weights=A[same], minlength=q * q).reshape(q, q)


def highest(laid: Laid) -> Summit:
    """Return the highest of the maxima that a search from several starts reaches.

    Each search is quasi-Newton (L-BFGS-B), then Newton by differences of the gradient, so that the
    result does not depend on where the search stopped.

    Examples
    --------
    >>> laid = lay_out(np.array([0., 3.]), np.ones((2, 1)) / 2**0.5, np.eye(2), (),
    ...                restricted=True, unit=1.0)
    >>> highest(laid).theta.size
    0
    """
    from scipy.optimize import Bounds, minimize  # a third of the start of what pools

    if not laid.terms:
        return evaluate(laid, np.zeros(0))
    spread = _spread(laid)
    tops = []
    lowest = np.concatenate([term.lowest for term in laid.terms])
    for share, correlation in STARTS:
        variance = share * spread / len(laid.terms)
        start = np.concatenate([term.start(variance, correlation) for term in laid.terms])
        rough = minimize(
            partial(_falling, laid), start, jac=True, method="L-BFGS-B",
            bounds=Bounds(lowest, np.full(lowest.size, np.inf)),
            options={"gtol": 1e-7, "ftol": 1e-13, "maxiter": 1000},
        )  # fmt: skip
        tops.append(polished(laid, np.asarray(rough.x, dtype=np.float64), lowest))
    return max(tops, key=lambda top: top.height)


def _spread(laid: Laid) -> float:
    """Variance of the effects about the model, or the usual sampling variance if that is more."""
    residual = laid.y - laid.X @ (laid.X.T @ laid.y)
    sampling = np.concatenate([np.diagonal(S, axis1=1, axis2=2).ravel() for S in laid.sampling])
    return max(float(np.var(residual)), float(np.median(sampling)))


def _falling(laid: Laid, theta: Floats) -> tuple[float, Floats]:
    at = tried(laid, theta)
    return -at.height, -at.gradient


def tried(laid: Laid, theta: Floats) -> Summit:
    """Return the model at parameters (n,) that a search steps to.

    So far out that a covariance cannot be told from a singular one its height is minus infinity.

    Examples
    --------
    >>> laid = lay_out(np.array([0., 3.]), np.ones((2, 1)) / 2**0.5, np.eye(2), (),
    ...                restricted=True, unit=1.0)
    >>> tried(laid, np.zeros(0)).height == evaluate(laid, np.zeros(0)).height
    True
    """
    try:
        return evaluate(laid, theta)
    except np.linalg.LinAlgError:
        none = np.zeros(0)
        return Summit(theta, -np.inf, np.zeros(theta.size), none, none, np.inf, ())


def polished(laid: Laid, theta: Floats, lowest: Floats) -> Summit:
    """Return the model where Newton's steps from parameters (n,) end: nowhere lower.

    Examples
    --------
    >>> from review.synthesis.multivariate.structures import RandomEffect, levels_of
    >>> laid = lay_out(np.array([0., 3.]), np.ones((2, 1)) / 2**0.5, np.eye(2),
    ...                [levels_of(RandomEffect(["a", "b"]), 2)], restricted=True, unit=1.0)
    >>> round(polished(laid, np.ones(1), np.full(1, -np.inf)).theta[0] ** 2, 6)
    np.float64(3.5)
    """
    at = evaluate(laid, theta)
    scale = float(np.sqrt(_spread(laid)))
    moved, steps = np.inf, 0
    while moved > 1e-10 * scale and steps < MOST_STEPS:
        steps += 1
        moving = np.flatnonzero((at.theta > lowest) | (at.gradient > 0))
        step = _newton(laid, at, scale, moving)
        floor = at.height - 1e-13 * abs(at.height)
        ways = (tried(laid, np.maximum(at.theta + size * step, lowest)) for size in SHARES)
        trial = next((way for way in ways if way.height >= floor), at)
        moved = float(np.abs(trial.theta - at.theta).max())
        slopes = np.abs(trial.gradient[moving]), np.abs(at.gradient[moving])
        smaller = slopes[0].max() < slopes[1].max()
        if trial.height >= at.height or smaller:
            at = trial
    return at


def _newton(laid: Laid, at: Summit, scale: float, moving: Indices) -> Floats:
    """Return the step (n,) of Newton in the parameters that move."""
    curvature = np.empty((moving.size, moving.size))
    width = 1e-5 * scale
    for column, i in enumerate(moving):
        ahead, behind = at.theta.copy(), at.theta.copy()
        ahead[i] += width
        behind[i] -= width
        slope = evaluate(laid, ahead).gradient - evaluate(laid, behind).gradient
        curvature[:, column] = slope[moving] / (2 * width)
    values, vectors = np.linalg.eigh(0.5 * (curvature + curvature.T))
    size = np.abs(values)
    # directions in which the likelihood is flat are not followed
    damped = np.where(size > 1e-9 * size.max() + 1e-300, size, np.inf)
    step = np.zeros(at.theta.size)
    step[moving] = vectors @ ((vectors.T @ at.gradient[moving]) / damped)
    return step
