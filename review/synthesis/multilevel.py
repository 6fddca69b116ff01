"""Three-level and correlated-and-hierarchical-effects models for several effects a study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr, ndtri

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.design import Design, intercept_only
from review.synthesis.effect_weights import weights
from review.synthesis.estimable import redundancy
from review.synthesis.nested import evaluate, profile_limits, rotate, sampling_blocks, search
from review.synthesis.robust import (
    LOST_TO_ROUNDING,
    Correction,
    Robust,
    RobustWald,
    WorkingModel,
    cluster_robust,
    cluster_rows,
    robust_wald,
    well_conditioned,
)

__all__ = ["Multilevel", "multilevel"]


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

    def robust_wald(
        self, columns: Sequence[str] | None = None, correction: Correction = Correction.CR2
    ) -> RobustWald:
        """Test several coefficients jointly with robust errors; all but the intercept by default.

        Examples
        --------
        >>> fit = multilevel([0.1, 0.3, 0.2, 0.5], [0.1] * 4, ["a", "a", "b", "c"])
        >>> fit.robust_wald(["intrcpt"]).df
        1
        """
        chosen = [t for t in self.terms if t != "intrcpt"] if columns is None else list(columns)
        unknown = set(chosen) - set(self.terms)
        if unknown:
            raise InvalidDataError(f"The model has no coefficient {sorted(unknown)[0]!r}.")
        places = [self.terms.index(t) for t in chosen]
        return robust_wald(self.working, places, correction=correction)

    def weights(self, term: str | None = None) -> Floats:
        """Return the effects' weights (k,) in percent.

        Of a plain mean these are row sums of the weight matrix (metafor's ``weights(fit, type =
        "rowsum")``), by which effects enter it; they may be negative where errors correlate
        strongly. Of a coefficient among several, shares of the sizes of what each effect enters it
        by.

        Examples
        --------
        >>> fit = multilevel([0.1, 0.3, 0.2, 0.5], [0.1] * 4, ["a", "a", "b", "c"])
        >>> fit.weights().round(6).tolist()
        [25.0, 25.0, 25.0, 25.0]
        """
        return weights(self.working, term)

    def sigma2_ci(self) -> tuple[tuple[float, float], tuple[float, float] | None]:
        """Profile-likelihood limits of both variances at the model's level.

        Returns
        -------
        tuple
            Limits between studies, and within (None where every study has one effect).

        References
        ----------
        Viechtbauer 2007, Stat Med 26:37.

        Examples
        --------
        >>> fit = multilevel([0.1, 0.3, 0.2, 0.5], [0.1] * 4, ["a", "a", "b", "c"])
        >>> fit.sigma2_ci()[0][0]
        0.0
        """
        w = self.working
        between, within = self.sigma2
        sampling = tuple(phi - between - within * np.eye(phi.shape[-1]) for phi in w.phi)
        unit = _unit(np.concatenate([np.diagonal(s, axis1=1, axis2=2).ravel() for s in sampling]))
        flat = rotate(w.y / unit, np.linalg.qr(w.X)[0], w.rows, sampling, unit**2)
        inner = any(r.shape[1] > 1 for r in w.rows)
        drop = float(ndtri((1 + self.level) / 2)) ** 2 / 2
        at = np.array(self.sigma2) / unit**2
        found = [
            tuple(x * unit**2 for x in profile_limits(flat, at, i, (True, inner), drop))
            for i in range(1 + inner)
        ]
        first, second = found[0], found[1] if inner else None
        return (first[0], first[1]), None if second is None else (second[0], second[1])


@well_conditioned
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
    sampling = sampling_blocks(V, rows, rho)
    unit = _unit(np.diag(V) if V.ndim == 2 else V)
    basis, triangle = np.linalg.qr(X)
    if (np.abs(np.diag(triangle)) <= 1e-10 * np.sqrt((X * X).sum(axis=0))).any():
        raise redundancy(design)
    flat = rotate(y / unit, basis, rows, sampling, unit**2)
    inner = any(r.shape[1] > 1 for r in rows)
    sigma2, modes = search(flat, inner=inner)
    at, zero = evaluate(flat, sigma2), evaluate(flat, np.zeros(2))
    back = np.linalg.inv(triangle)
    beta = back @ at.gamma * unit
    vcov = back @ at.covariance @ back.T * unit**2
    if not (np.diag(vcov) > 0).all():
        raise InvalidDataError(LOST_TO_ROUNDING)
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


def _unit(variances: Floats) -> float:
    """A power of two near the smallest standard error, so that results scale exactly with data."""
    return float(np.ldexp(1.0, np.frexp(variances.min())[1] // 2))


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(x) for x in values)
