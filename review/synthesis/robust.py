"""Cluster-robust standard errors with small-sample corrections, for any working model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtr, stdtrit

from review.arrays import Floats, Ints
from review.errors import InvalidDataError

__all__ = [
    "LEAST_DF",
    "Correction",
    "Robust",
    "RobustWald",
    "WorkingModel",
    "cluster_robust",
    "cluster_rows",
    "robust_wald",
]


LEAST_DF = 4.0
"""With fewer degrees of freedom the t approximation fails; no p is given then (Tipton 2015)."""


LOST_TO_ROUNDING = (
    "The effects lie so many standard errors apart that the model of clusters is lost to rounding; "
    "look at the effects and their variances."
)


_NOTHING = 1e-8
"""Of a standard error (and, doubly strict, of a variance): beyond rounding, it is zero."""


FunctionT = TypeVar("FunctionT", bound=Callable[..., object])


def well_conditioned(function: FunctionT) -> FunctionT:
    """Refuse by InvalidDataError what is lost to rounding, in whatever step that shows."""

    @wraps(function)
    def computed(*given: object, **named: object) -> object:
        try:
            with np.errstate(divide="raise", invalid="raise", over="raise"):
                return function(*given, **named)
        except (np.linalg.LinAlgError, FloatingPointError, ZeroDivisionError):
            raise InvalidDataError(LOST_TO_ROUNDING) from None

    return cast("FunctionT", computed)


class Correction(StrEnum):
    """Correction for few clusters: none; J/(J-1); bias-reduced linearisation (CR2)."""

    CR0 = "CR0"
    CR1 = "CR1"
    CR2 = "CR2"


@dataclass(frozen=True, slots=True)
class WorkingModel:
    """Data with the covariance that a model supposes, cluster by cluster.

    Attributes
    ----------
    rows : tuple of int arrays
        For each size of cluster the positions of its effects, (clusters, size).
    phi : tuple of arrays
        Marginal covariance of the effects, (clusters, size, size), in the same order.
    y, X : arrays (k,), (k, p)
    columns : tuple of str
        Names of the coefficients.
    """

    rows: tuple[Ints, ...]
    phi: tuple[Floats, ...]
    y: Floats
    X: Floats
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Robust:
    """Coefficients with robust errors; `p` and limits by t on Satterthwaite degrees of freedom.

    `p` is None where `df` is below four: the interval is then to be printed greyed. A coefficient
    whose error these clusters cannot tell (one cluster alone has it, or nothing scatters) has
    NaN for all but `beta`. Each of these says why in `notes`.
    """

    correction: Correction
    clusters: int
    terms: tuple[str, ...]
    beta: tuple[float, ...]
    se: tuple[float, ...]
    stat: tuple[float, ...]
    df: tuple[float, ...]
    p: tuple[float | None, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    vcov: tuple[tuple[float, ...], ...]
    level: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RobustWald:
    """A joint robust test: F on `df` and `ddf`; `p` is None where `ddf` is below four."""

    stat: float
    df: int
    ddf: float
    p: float | None


def cluster_rows(cluster: Sequence[object] | NDArray[np.generic]) -> tuple[Ints, ...]:
    """Sort positions into clusters and clusters by size.

    Parameters
    ----------
    cluster : sequence (k,)
        A label for each effect, in any order.

    Returns
    -------
    tuple of int arrays (clusters of a size, size)

    Examples
    --------
    >>> [rows.tolist() for rows in cluster_rows(["a", "b", "a"])]
    [[[1]], [[0, 2]]]
    """
    codes: dict[object, int] = {}
    label = np.array([codes.setdefault(x, len(codes)) for x in cluster], dtype=np.int64)
    size = np.bincount(label)
    order = np.argsort(label, kind="stable")
    start = np.cumsum(size) - size
    return tuple(order[start[size == n][:, None] + np.arange(n)] for n in np.unique(size) if n > 0)


@well_conditioned
def cluster_robust(
    model: WorkingModel, *, correction: Correction = Correction.CR2, level: float = 0.95
) -> Robust:
    """Standard errors that hold whatever the true covariance within clusters is.

    Parameters
    ----------
    model : WorkingModel
        Of at least two clusters.
    correction : Correction
        CR2 is exactly unbiased if the working model holds.
    level : float
        Of the intervals.

    Returns
    -------
    Robust

    Raises
    ------
    InvalidDataError
        With fewer than two clusters or fewer clusters than coefficients need.

    Notes
    -----
    With Phi_j the working covariance of cluster j, M = (X'Phi^-1 X)^-1 and U'U = Phi_j:
    A_j = U' {U (Phi_j - X_j M X_j') U'}^(-1/2) U, s_j = X_j'Phi_j^-1 A_j e_j and
    V = M sum(s_j s_j') M.
    For a coefficient c, h_j = A_j'Phi_j^-1 X_j M c, G = h'(Phi - XMX')h, df = tr(G)² / sum G_ij².

    References
    ----------
    Bell & McCaffrey 2002; Tipton 2015, Psychol Methods 20:375; Pustejovsky & Tipton 2018, J Bus
    Econ Stat 36:672, eq. 6, 8 and 12.

    Examples
    --------
    >>> rows = cluster_rows([1, 1, 2, 3])
    >>> phi = tuple(np.broadcast_to(np.eye(r.shape[1]), (*r.shape, r.shape[1])) for r in rows)
    >>> m = WorkingModel(rows, phi, np.array([1., 2., 4., 0.]), np.ones((4, 1)), ("intrcpt",))
    >>> round(cluster_robust(m, correction=Correction.CR0).se[0], 6)
    0.72349
    """
    correction = Correction(correction)
    if not 0 < level < 1:
        raise InvalidDataError(f"A confidence level of {level} is not between 0 and 1.")
    parts = _parts(model, correction)
    beta, vcov = parts.beta, parts.vcov
    carried = parts.expected / parts.model_variance
    se = np.sqrt(np.diag(vcov))
    alone, still = carried <= _NOTHING, se <= _NOTHING * np.sqrt(parts.model_variance)
    se = np.where(alone | still, np.nan, se)
    df = np.where(np.isnan(se), np.nan, _satterthwaite(parts))
    stat = beta / se
    crit = stdtrit(df, (1 + level) / 2)
    p_values = 2 * stdtr(df, -np.abs(stat))
    given = df >= LEAST_DF
    return Robust(
        correction=correction,
        clusters=parts.phi_h.shape[0],
        terms=model.columns,
        beta=_floats(beta),
        se=_floats(se),
        stat=_floats(stat),
        df=_floats(df),
        p=tuple(float(x) if tell else None for x, tell in zip(p_values, given, strict=True)),
        ci_low=_floats(beta - crit * se),
        ci_high=_floats(beta + crit * se),
        vcov=tuple(_floats(row) for row in vcov),
        level=level,
        notes=tuple(
            note
            for i, term in enumerate(model.columns)
            if (
                note := _note(
                    term,
                    float(df[i]),
                    alone=bool(alone[i]),
                    still=bool(still[i]),
                    part=correction is Correction.CR2 and carried[i] < 1 - 1e-6,
                )
            )
        ),
    )


def _note(term: str, df: float, *, alone: bool, still: bool, part: bool) -> str | None:
    """Return why a coefficient has no robust error or p, or what its error leaves out."""
    if alone:
        return (
            f"{term}: no robust error, since one cluster alone carries it; clusters cannot show "
            "how far such effects scatter"
        )
    if still:
        return f"{term}: no robust error, since the effects do not scatter about the model"
    told = []
    if part:
        told.append(
            "the robust error is too small, since one cluster alone carries a level that it is "
            "compared with"
        )
    if df < LEAST_DF:
        told.append(f"p withheld, {df:.1f} degrees of freedom are fewer than {LEAST_DF:g}")
    return f"{term}: {'; '.join(told)}" if told else None


@well_conditioned
def robust_wald(
    model: WorkingModel,
    columns: Sequence[int],
    *,
    correction: Correction = Correction.CR2,
) -> RobustWald:
    """Test that several coefficients are zero, with an approximate Hotelling distribution.

    Parameters
    ----------
    model : WorkingModel
    columns : sequence of int
        Positions of the coefficients.
    correction : Correction

    Returns
    -------
    RobustWald

    Raises
    ------
    InvalidDataError
        If a position is not in the model or there are too few clusters.

    Notes
    -----
    With Q the Wald statistic of q coefficients and eta = q (q+1) / sum Var(d_st), D the robust
    covariance standardised by its expectation under the working model, (eta - q + 1) Q / (eta q) is
    referred to F(q, eta - q + 1). For one coefficient that is the Satterthwaite t test.

    References
    ----------
    Tipton & Pustejovsky 2015, J Educ Behav Stat 40:604, eq. 16 (the test called HTZ or AHT).

    Examples
    --------
    >>> rows = cluster_rows(range(6))
    >>> phi = (np.ones((6, 1, 1)),)
    >>> y = np.array([1., 2., 4., 0., 3., 2.])
    >>> m = WorkingModel(rows, phi, y, np.ones((6, 1)), ("intrcpt",))
    >>> round(robust_wald(m, [0]).ddf, 6)
    5.0
    """
    which = list(columns)
    q = len(which)
    if q == 0 or len(set(which)) < q or not all(0 <= i < model.X.shape[1] for i in which):
        raise InvalidDataError("A joint test needs coefficients of the model, each named once.")
    parts = _parts(model, Correction(correction))
    beta, vcov = parts.beta[which], parts.vcov[np.ix_(which, which)]
    phi_h, x_h = parts.phi_h[:, which][:, :, which], parts.x_h[:, which]
    inside = phi_h - np.einsum("jaq,qr,jbr->jab", x_h, parts.M, x_h)
    expected, size = inside.sum(axis=0), np.sqrt(parts.model_variance[which])
    scaled = [np.linalg.eigvalsh(V / np.outer(size, size))[0] for V in (expected, vcov)]
    if scaled[0] <= _NOTHING or scaled[1] <= _NOTHING**2:
        raise InvalidDataError(
            "The robust covariance of these coefficients is singular: one cluster alone carries "
            "one of them, or the effects do not scatter about the model."
        )
    value, vector = np.linalg.eigh(expected)
    root = vector / np.sqrt(value)  # any square root of the inverse serves
    phi_h = root.T @ phi_h @ root
    x_h = np.einsum("ab,jaq->jbq", root, x_h)
    g = -np.einsum("iaq,qr,jbr->abij", x_h, parts.M, x_h)
    index = np.arange(g.shape[-1])
    g[:, :, index, index] += phi_h.transpose(1, 2, 0)
    spread = np.einsum("aaij,bbij->", g, g) + np.einsum("abij,baij->", g, g)
    eta = q * (q + 1) / float(spread)
    ddf = eta - q + 1
    wald = float(beta @ np.linalg.solve(vcov, beta))
    stat = ddf / (eta * q) * wald
    reliable = ddf >= LEAST_DF
    return RobustWald(stat, q, ddf, float(fdtrc(q, ddf, stat)) if reliable else None)


def _sizes(model: WorkingModel) -> list[tuple[Ints, Floats]]:
    return list(zip(model.rows, model.phi, strict=True))


def _adjusted(phi: Floats, X: Floats, wx: Floats, M: Floats, correction: Correction) -> Floats:
    """A_j' Phi_j^-1 X_j of each cluster."""
    if correction is not Correction.CR2:
        return wx
    lower = np.linalg.cholesky(phi)
    upper = np.swapaxes(lower, -1, -2)
    inner = upper @ (phi - np.einsum("jnp,pq,jmq->jnm", X, M, X)) @ lower
    values, vectors = np.linalg.eigh(inner)
    # a cluster that alone carries a coefficient leaves a zero eigenvalue: pseudo-inverse
    small = values <= 1e-12 * values[..., -1:]
    root = np.where(small, 0.0, 1 / np.sqrt(np.where(small, 1.0, values)))
    half = (vectors * root[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    adjusted: Floats = lower @ half @ upper @ wx
    return adjusted


class _Parts(NamedTuple):
    """What the tests of one model share; M is of X's orthonormal basis, the rest of X itself.

    `expected` and `model_variance` (p,) are the variances of the coefficients that the robust
    estimator has on average, and that they have, if the working model holds.
    `phi_h` is h'Phi h (J, p, p) and `x_h` h'X (J, p, p) with h = A'Phi^-1 X (X'Phi^-1 X)^-1: the
    scores of two clusters have covariance [i = j] phi_h - x_h M x_h'.
    """

    beta: Floats
    vcov: Floats
    phi_h: Floats
    x_h: Floats
    M: Floats
    expected: Floats
    model_variance: Floats


def _parts(model: WorkingModel, correction: Correction) -> _Parts:
    count = sum(rows.shape[0] for rows in model.rows)
    p = model.X.shape[1]
    if count < 2 or count <= p:
        raise InvalidDataError(
            f"{count} cluster(s) cannot carry a robust error of {p} coefficient(s)."
        )
    _, basis = np.linalg.qr(model.X)
    back = np.linalg.inv(basis)  # coefficients of X from those of its orthonormal basis
    X = model.X @ back
    weighted = [np.linalg.solve(phi, X[rows]).astype(np.float64) for rows, phi in _sizes(model)]
    information = np.zeros((p, p))
    for rows, wx in zip(model.rows, weighted, strict=True):
        information += np.einsum("jnp,jnq->pq", X[rows], wx)
    M = np.linalg.inv(information).astype(np.float64)
    if not (np.diag(back @ M @ back.T) > 0).all():
        raise InvalidDataError(LOST_TO_ROUNDING)
    gamma = M @ sum(
        np.einsum("jnp,jn->p", wx, model.y[rows])
        for rows, wx in zip(model.rows, weighted, strict=True)
    )
    residual = model.y - X @ gamma
    scores, phi_h, x_h = [], [], []
    for (rows, phi), wx in zip(_sizes(model), weighted, strict=True):
        h = _adjusted(phi, X[rows], wx, M, correction) @ M @ back.T  # (clusters, size, p)
        scores.append(np.einsum("jnp,jn->jp", h, residual[rows]))
        phi_h.append(np.swapaxes(h, -1, -2) @ phi @ h)
        x_h.append(np.swapaxes(h, -1, -2) @ X[rows])
    score = np.concatenate(scores)
    vcov = score.T @ score
    if correction is Correction.CR1:
        vcov = vcov * count / (count - 1)
    all_phi, all_x = np.concatenate(phi_h), np.concatenate(x_h)
    expected = np.einsum("jpp->p", all_phi) - np.einsum("jpq,qr,jpr->p", all_x, M, all_x)
    return _Parts(
        back @ gamma, vcov, all_phi, all_x, M, expected, np.diag(back @ M @ back.T).copy()
    )


def _satterthwaite(parts: _Parts) -> Floats:
    """Degrees of freedom (p,) of each coefficient, without the J x J matrices G."""
    phi_h = np.einsum("jpp->jp", parts.phi_h)
    inner = np.einsum("jpq,qr,jpr->jp", parts.x_h, parts.M, parts.x_h)
    cross = np.einsum("jpq,jpr->pqr", parts.x_h, parts.x_h) @ parts.M
    squares = np.einsum("pqr,prq->p", cross, cross)
    trace = (phi_h - inner).sum(axis=0)
    total = (phi_h * (phi_h - 2 * inner)).sum(axis=0) + squares
    df: Floats = np.divide(trace**2, total, out=np.full_like(trace, np.nan), where=total > 0)
    return df


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(x) for x in values)
