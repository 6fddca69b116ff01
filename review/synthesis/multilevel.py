"""Three-level and correlated-and-hierarchical-effects models for several effects a study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr, ndtri

from review.errors import InvalidDataError
from review.synthesis.design import Design, intercept_only
from review.synthesis.robust import Correction, Robust, WorkingModel, cluster_robust, cluster_rows

__all__ = ["Multilevel", "multilevel"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GRID = (0.0, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Variance components first tried, as shares of the effects' variance; all pairs are compared."""

MOST_STEPS = 100
"""Newton steps; about eight are needed."""


@dataclass(frozen=True, slots=True)
class Multilevel:
    """A fitted multilevel model, on the scale of the effects; tests are normal (Wald).

    Attributes
    ----------
    k, clusters : int
        Effects and studies.
    rho : float or None
        Assumed correlation of sampling errors within a study; None where a matrix was given.
    terms, beta, se, stat, p, ci_low, ci_high : tuples (p,)
    sigma2 : tuple of float
        Variance between studies and between effects within a study (REML).
    i2, i2_levels : float, tuple
        Percent of variance that is heterogeneity, in all and by level.
    pi : tuple of float or None
        Where a new effect of a new study lies; None with moderators.
    q, q_df, q_p : residual heterogeneity test.
    qm, qm_df, qm_p : omnibus test of the moderators; None without.
    loglik : float
        Restricted log-likelihood with all constants.
    modes : int
        Local maxima found; the highest is reported.
    boundary : bool
        Whether a variance component is zero.
    working : WorkingModel
        What `robust` needs.
    """

    k: int
    clusters: int
    rho: float | None
    level: float
    terms: tuple[str, ...]
    beta: tuple[float, ...]
    se: tuple[float, ...]
    stat: tuple[float, ...]
    p: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    sigma2: tuple[float, float]
    i2: float
    i2_levels: tuple[float, float]
    pi: tuple[float, float] | None
    q: float
    q_df: int
    q_p: float
    qm: float | None
    qm_df: int
    qm_p: float | None
    loglik: float
    modes: int
    boundary: bool
    notes: tuple[str, ...]
    working: WorkingModel

    def robust(self, correction: Correction = Correction.CR2) -> Robust:
        """Robust errors with this model as the working model.

        Examples
        --------
        >>> fit = multilevel([0.1, 0.3, 0.2, 0.5], [0.1] * 4, ["a", "a", "b", "c"])
        >>> fit.robust().clusters
        3
        """
        return cluster_robust(self.working, correction=correction, level=self.level)


def multilevel(
    yi: ArrayLike,
    vi: ArrayLike,
    cluster: Sequence[object] | NDArray[np.generic],
    *,
    design: Design | None = None,
    rho: float = 0.0,
    level: float = 0.95,
) -> Multilevel:
    """Fit y_ij = X_ij b + u_i + e_ij + s_ij by restricted maximum likelihood.

    Parameters
    ----------
    yi : array_like (k,)
        Effects.
    vi : array_like (k,) or (k, k)
        Sampling variances, or their whole covariance matrix (zero between clusters).
    cluster : sequence (k,)
        The study of each effect; at least two studies.
    design : Design, optional
        Moderators; else one mean.
    rho : float
        Correlation of sampling errors within a study, 0 <= rho < 1. Zero is the three-level model,
        above zero the correlated-and-hierarchical-effects model. Leave at zero with a matrix.
    level : float
        Of all intervals.

    Returns
    -------
    Multilevel

    Raises
    ------
    InvalidDataError
        If shapes differ, a covariance is not positive definite or reaches across clusters, or there
        is one cluster only.

    Notes
    -----
    Each cluster's sampling covariance is diagonalised once; the study effect is then a rank-one
    change, and a likelihood costs O(k). Where every study has one effect, the two variances cannot
    be told apart: all heterogeneity is put between studies, with a note.

    References
    ----------
    Konstantopoulos 2011, Res Synth Methods 2:61; Van den Noortgate et al. 2013; Pustejovsky &
    Tipton 2022, Prev Sci 23:425, eq. 3 (CHE). Harville 1977 (REML).

    Examples
    --------
    >>> fit = multilevel([0.1, 0.3, 0.2, 0.5], [0.1] * 4, ["a", "a", "b", "c"], rho=0.6)
    >>> fit.sigma2, round(fit.beta[0], 6)
    ((0.0, 0.0), 0.292308)
    """
    y, V = _checked(yi, vi, cluster, rho)
    design = design or intercept_only(y.size)
    X = design.matrix
    if X.shape[0] != y.size:
        raise InvalidDataError(f"{y.size} effects do not go with a design of {X.shape[0]} rows.")
    if y.size <= X.shape[1]:
        raise InvalidDataError(f"{y.size} effects cannot carry {X.shape[1]} coefficients.")
    if not 0 < level < 1:
        raise InvalidDataError(f"A confidence level of {level} is not between 0 and 1.")
    rows = cluster_rows(cluster)
    sampling = _sampling(V, rows, rho)
    unit = float(np.ldexp(1.0, np.frexp(np.diag(V).min() if V.ndim == 2 else V.min())[1] // 2))
    basis, triangle = np.linalg.qr(X)
    if (np.abs(np.diag(triangle)) <= 1e-10 * np.sqrt((X * X).sum(axis=0))).any():
        raise InvalidDataError("The moderators are redundant: one is a combination of the others.")
    flat = _rotate(y / unit, basis, rows, sampling, unit**2)
    inner = any(r.shape[1] > 1 for r in rows)
    sigma2, modes = _search(flat, inner=inner)
    at, zero = _evaluate(flat, sigma2), _evaluate(flat, np.zeros(2))
    back = np.linalg.inv(triangle)
    beta = back @ at.gamma * unit
    vcov = back @ at.covariance @ back.T * unit**2
    se = np.sqrt(np.diag(vcov))
    crit = float(ndtri((1 + level) / 2))
    stat = beta / se
    typical = (y.size - X.shape[1]) / zero.trace
    heterogeneity = float(sigma2.sum())
    free = np.flatnonzero(np.asarray(design.assign) != -1)
    qm = float(beta[free] @ np.linalg.solve(vcov[np.ix_(free, free)], beta[free]))
    wide = crit * math.sqrt(vcov[0, 0] + heterogeneity * unit**2)
    between, within = (float(s) * unit**2 for s in sigma2)
    phi = tuple(
        s + between + within * np.eye(r.shape[1]) for r, s in zip(rows, sampling, strict=True)
    )
    count = y.size - X.shape[1]
    return Multilevel(
        k=y.size,
        clusters=sum(r.shape[0] for r in rows),
        rho=None if V.ndim == 2 else rho,
        level=level,
        terms=design.columns,
        beta=_floats(beta),
        se=_floats(se),
        stat=_floats(stat),
        p=tuple(float(2 * ndtr(-abs(x))) for x in stat),
        ci_low=_floats(beta - crit * se),
        ci_high=_floats(beta + crit * se),
        sigma2=(between, within),
        i2=100 * heterogeneity / (heterogeneity + typical),
        i2_levels=(
            float(100 * sigma2[0] / (heterogeneity + typical)),
            float(100 * sigma2[1] / (heterogeneity + typical)),
        ),
        pi=None if free.size else (float(beta[0] - wide), float(beta[0] + wide)),
        q=zero.q,
        q_df=count,
        q_p=float(chdtrc(count, zero.q)),
        qm=qm if free.size else None,
        qm_df=free.size,
        qm_p=float(chdtrc(free.size, qm)) if free.size else None,
        loglik=at.height - 0.5 * count * math.log(2 * math.pi * unit**2),
        modes=modes,
        boundary=bool((sigma2[: 1 + inner] == 0).any()),
        notes=() if inner else ("one effect a study: no variance within studies can be told",),
        working=WorkingModel(rows, phi, y, X, design.columns),
    )


class _Flat(NamedTuple):
    """All clusters in a row, each in the eigenvectors of its sampling covariance."""

    lam: Floats  # eigenvalues (k,)
    one: Floats  # the vector of ones, rotated (k,)
    y: Floats
    X: Floats
    start: Ints  # where each cluster begins
    cluster: Ints  # cluster of each row


class _At(NamedTuple):
    """The model at given variance components."""

    height: float
    gradient: Floats
    gamma: Floats
    covariance: Floats
    q: float
    trace: float


def _checked(
    yi: ArrayLike, vi: ArrayLike, cluster: Sequence[object] | NDArray[np.generic], rho: float
) -> tuple[Floats, Floats]:
    try:
        y, V = np.asarray(yi, dtype=np.float64), np.asarray(vi, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError("Effects and variances must be numbers.") from error
    if y.ndim != 1 or V.shape not in ((y.size,), (y.size, y.size)) or len(cluster) != y.size:
        raise InvalidDataError(
            f"{y.shape} effects, {V.shape} variances, {len(cluster)} studies: shapes do not fit."
        )
    if not (np.isfinite(y).all() and np.isfinite(V).all()):
        raise InvalidDataError("Effects and variances must be finite; drop missing rows first.")
    if y.size == 0 or (np.diag(V) if V.ndim == 2 else V).min() <= 0:
        raise InvalidDataError("Sampling variances must be above zero.")
    if not 0 <= rho < 1:
        raise InvalidDataError(f"A correlation of sampling errors of {rho} is not in [0, 1).")
    if V.ndim == 2 and (rho != 0 or not np.allclose(V, V.T, rtol=1e-10, atol=0)):
        raise InvalidDataError("A covariance matrix must be symmetric and comes without a rho.")
    if len(set(cluster)) < 2:
        raise InvalidDataError("All effects come from one study: nothing varies between studies.")
    return y, V


def _sampling(V: Floats, rows: tuple[Ints, ...], rho: float) -> tuple[Floats, ...]:
    """Sampling covariance of each cluster, by size of cluster."""
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


def _rotate(
    y: Floats, X: Floats, rows: tuple[Ints, ...], sampling: tuple[Floats, ...], scale: float
) -> _Flat:
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
    return _Flat(lam_, one, y_, X_, start, np.repeat(np.arange(sizes.size), sizes))


def _evaluate(f: _Flat, sigma2: Floats) -> _At:
    """Restricted log-likelihood (less 2 pi), its gradient, and the fit, at (between, within)."""
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
    return _At(-0.5 * (float(logdet) + q), gradient, gamma, covariance, q, float(trace))


def _search(f: _Flat, *, inner: bool) -> tuple[Floats, int]:
    """The highest of the maxima that a climb from every peak of the grid reaches."""
    spread = max(float(np.var(f.y - f.X @ (f.X.T @ f.y))), float(np.median(f.lam)))
    first = np.array(GRID) * spread
    second = first if inner else np.zeros(1)
    height = np.array([[_evaluate(f, np.array([b, w])).height for w in second] for b in first])
    padded = np.pad(height, 1, constant_values=-np.inf)
    around = [
        padded[1 + i : 1 + i + height.shape[0], 1 + j : 1 + j + height.shape[1]]
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
        if (i, j) != (0, 0)
    ]
    peaks = np.argwhere(height >= np.max(around, axis=0))
    tops = [_climb(f, np.array([first[i], second[j]]), inner=inner) for i, j in peaks]
    tops.sort(key=lambda top: -top[1])
    distinct: list[Floats] = []
    for sigma2, _ in tops:
        if all(np.abs(sigma2 - other).max() > 1e-5 * spread for other in distinct):
            distinct.append(sigma2)
    return distinct[0], len(distinct)


def _climb(f: _Flat, sigma2: Floats, *, inner: bool) -> tuple[Floats, float]:
    """Newton with differenced curvature, kept above zero and rising."""
    at = _evaluate(f, sigma2)
    free = np.array([True, inner])
    small = float(np.median(f.lam))
    for _ in range(MOST_STEPS):
        moving = np.flatnonzero(free & ((sigma2 > 0) | (at.gradient > 0)))
        if moving.size == 0:
            break
        step = np.zeros(2)
        step[moving] = _newton(f, sigma2, at.gradient, moving, small)
        size = 1.0
        for _ in range(60):
            trial = np.maximum(sigma2 + size * step, 0.0)
            found = _evaluate(f, trial)
            if found.height >= at.height - 1e-13 * abs(at.height):
                break
            size /= 2
        moved = np.abs(trial - sigma2)
        sigma2, at = trial, found
        if (moved <= 1e-11 * (sigma2 + 1e-3 * small)).all():
            break
    return sigma2, at.height


def _newton(
    f: _Flat, sigma2: Floats, gradient: Floats, moving: NDArray[np.intp], small: float
) -> Floats:
    curvature = np.empty((moving.size, moving.size))
    for column, i in enumerate(moving):
        width = 1e-5 * (sigma2[i] + 0.1 * small)
        ahead = sigma2.copy()
        ahead[i] += width
        slope = _evaluate(f, ahead).gradient
        curvature[:, column] = (slope - gradient)[moving] / width
    values, vectors = np.linalg.eigh(0.5 * (curvature + curvature.T))
    # away from a maximum the curvature may have either sign: its size still scales the step
    damped = np.maximum(np.abs(values), 1e-8 * np.abs(values).max() + 1e-300)
    step: Floats = vectors @ ((vectors.T @ gradient[moving]) / damped)
    return step


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(x) for x in values)
