"""A fitted multivariate model, and what can be asked of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from review.arrays import Floats, Ints
from review.errors import InvalidDataError
from review.synthesis.effect_weights import hat, weights
from review.synthesis.methods import Method
from review.synthesis.multivariate.structures import Structure
from review.synthesis.robust import (
    Correction,
    Robust,
    WorkingModel,
    cluster_robust,
    cluster_rows,
)

__all__ = ["Combination", "Component", "JointTest", "LikelihoodRatio", "Multivariate", "ratio_test"]


@dataclass(frozen=True, slots=True)
class Component:
    """One random term as estimated.

    Attributes
    ----------
    name, structure, levels
        `structure` is None for one effect a group.
    groups : int
    seen : tuple of int (q,)
        Groups that have each level.
    tau2 : tuple of float (q,)
        Variance of the true effects of each level.
    correlations : (q, q)
        None where there is nothing to tell it from.
    notes
        Variances and correlations at their limits.
    """

    name: str
    structure: Structure | None
    levels: tuple[str, ...]
    groups: int
    seen: tuple[int, ...]
    tau2: tuple[float, ...]
    correlations: tuple[tuple[float | None, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Combination:
    """A linear combination of coefficients, as a difference of two outcomes."""

    estimate: float
    se: float
    stat: float
    ddf: float | None
    p: float | None
    """None of a robust test with fewer than four degrees of freedom."""
    ci: tuple[float, float]


@dataclass(frozen=True, slots=True)
class JointTest:
    """Whether several combinations are all zero: chi² on `df`, or F on `df` and `ddf`."""

    stat: float
    df: int
    ddf: float | None
    p: float


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """Twice the difference of two log-likelihoods, by chi² on the difference of parameters."""

    stat: float
    df: int
    p: float


@dataclass(frozen=True, slots=True)
class Multivariate:
    """A fitted multivariate model, on the scale of the effects.

    Attributes
    ----------
    k : int
        Effects.
    method, level, ddf
        `ddf` is None for normal tests.
    terms, beta, se, stat, p, ci_low, ci_high : tuples (p,)
    vcov : (p, p)
        Of the coefficients.
    components : tuple of Component
        In the order in which the random effects were given.
    parameters : int
        Of the random effects.
    q, q_df, q_p : residual heterogeneity test; `q_p` is None on no degrees of freedom.
    loglik, aic, bic : float
        Restricted for REML, else full (of EE too, as in metafor), with all constants.
    notes : tuple of str
    working : WorkingModel
    """

    k: int
    method: Method
    level: float
    ddf: int | None
    terms: tuple[str, ...]
    beta: tuple[float, ...]
    se: tuple[float, ...]
    stat: tuple[float, ...]
    p: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    vcov: tuple[tuple[float, ...], ...]
    components: tuple[Component, ...]
    parameters: int
    q: float
    q_df: int
    q_p: float | None
    loglik: float
    aic: float
    bic: float
    notes: tuple[str, ...]
    working: WorkingModel

    def combination(self, factors: Mapping[str, float]) -> Combination:
        """Return a combination of coefficients, as ``{"therapist": 1, "client": -1}``.

        Raises
        ------
        InvalidDataError
            If the model has no such coefficient, or all factors are zero.

        Examples
        --------
        >>> from review.synthesis.multivariate import RandomEffect, multivariate
        >>> fit = multivariate([0.1, 0.5], [0.1, 0.1], [RandomEffect(["a", "b"])])
        >>> round(fit.combination({"intrcpt": 2}).estimate, 9)
        0.6
        """
        L = self._row(factors)
        estimate = float(L @ np.asarray(self.beta))
        se = math.sqrt(float(L @ np.asarray(self.vcov) @ L))
        stat = estimate / se
        if self.ddf is None:
            p, crit = 2 * float(ndtr(-abs(stat))), float(ndtri((1 + self.level) / 2))
        else:
            p = 2 * float(stdtr(self.ddf, -abs(stat)))
            crit = float(stdtrit(self.ddf, (1 + self.level) / 2))
        return Combination(
            estimate, se, stat, self.ddf, p, (estimate - crit * se, estimate + crit * se)
        )

    def joint_test(self, rows: Sequence[Mapping[str, float]]) -> JointTest:
        """Test whether several combinations are all zero; raises as `combination`.

        Examples
        --------
        >>> from review.synthesis.multivariate import RandomEffect, multivariate
        >>> fit = multivariate([0.1, 0.5], [0.1, 0.1], [RandomEffect(["a", "b"])])
        >>> abs(fit.joint_test([{"intrcpt": 1}]).p - fit.p[0]) < 1e-12
        True
        """
        L = np.array([self._row(row) for row in rows])
        beta, vcov = L @ np.asarray(self.beta), L @ np.asarray(self.vcov) @ L.T
        if np.linalg.matrix_rank(vcov, hermitian=True) < len(rows):
            raise InvalidDataError("One of the combinations follows from the others.")
        stat, df = float(beta @ np.linalg.solve(vcov, beta)), len(rows)
        if self.ddf is None:
            return JointTest(stat, df, None, float(chdtrc(df, stat)))
        return JointTest(stat / df, df, self.ddf, float(fdtrc(df, self.ddf, stat / df)))

    def prediction(self, term: str, tau2: float) -> tuple[float, float]:
        """Return where the true effect of a new group lies whose effects vary by `tau2`.

        Examples
        --------
        >>> from review.synthesis.multivariate import RandomEffect, multivariate
        >>> fit = multivariate([0.1, 0.5], [0.1, 0.1], [RandomEffect(["a", "b"])])
        >>> [round(x, 4) for x in fit.prediction("intrcpt", 0.0)]
        [-0.1383, 0.7383]
        """
        place = self.terms.index(term)
        half = (self.ci_high[place] - self.beta[place]) / self.se[place]
        half *= math.sqrt(self.se[place] ** 2 + tau2)
        return self.beta[place] - half, self.beta[place] + half

    def coefficients(self) -> Floats:
        """Return by what each effect enters each coefficient (p, k); b = H y.

        Examples
        --------
        >>> from review.synthesis.multivariate import RandomEffect, multivariate
        >>> fit = multivariate([0.1, 0.5], [0.1, 0.1], [RandomEffect(["a", "b"])])
        >>> fit.coefficients().round(9).tolist()
        [[0.5, 0.5]]
        """
        return hat(self.working)

    def weights(self, term: str | None = None) -> Floats:
        """Return the effects' weights (k,) in percent.

        Of a plain mean these are row sums of the weight matrix (metafor's ``weights(fit, type =
        "rowsum")``); of a coefficient among several, shares of the sizes of what each effect enters
        it by.

        Examples
        --------
        >>> from review.synthesis.multivariate import RandomEffect, multivariate
        >>> fit = multivariate([0.1, 0.5], [0.1, 0.1], [RandomEffect(["a", "b"])])
        >>> fit.weights().round(9).tolist()
        [50.0, 50.0]
        """
        return weights(self.working, term)

    def robust(self, cluster: Sequence[object], correction: Correction = Correction.CR2) -> Robust:
        """Robust errors with this model as the working model.

        Parameters
        ----------
        cluster : sequence (k,)
            The study of each effect; no covariance of the model may reach across.
        correction : Correction

        Raises
        ------
        InvalidDataError
            If it does, or there are too few clusters.

        Examples
        --------
        >>> from review.synthesis.multivariate import RandomEffect, multivariate
        >>> studies = ["a", "a", "b", "c"]
        >>> fit = multivariate([0.1, 0.3, 0.2, 0.5], [0.1] * 4, [RandomEffect(studies)])
        >>> fit.robust(studies).clusters
        3
        """
        return cluster_robust(clustered(self.working, cluster), correction=correction,
                              level=self.level)  # fmt: skip

    def robust_combination(
        self,
        factors: Mapping[str, float],
        cluster: Sequence[object],
        correction: Correction = Correction.CR2,
    ) -> Combination:
        """Return a combination with its robust error; as `combination` and `robust`.

        Examples
        --------
        >>> from review.synthesis.multivariate import RandomEffect, multivariate
        >>> studies = ["a", "a", "b", "c"]
        >>> fit = multivariate([0.1, 0.3, 0.2, 0.5], [0.1] * 4, [RandomEffect(studies)])
        >>> fit.robust_combination({"intrcpt": 1}, studies).se == fit.robust(studies).se[0]
        True
        """
        L = self._row(factors)
        turn = np.eye(L.size)
        turn[int(np.abs(L).argmax())] = L
        model = clustered(self.working, cluster)
        turned = replace(model, X=model.X @ np.linalg.inv(turn))
        found = cluster_robust(turned, correction=correction, level=self.level)
        at = int(np.abs(L).argmax())
        return Combination(
            found.beta[at], found.se[at], found.stat[at], found.df[at], found.p[at],
            (found.ci_low[at], found.ci_high[at]),
        )  # fmt: skip

    def _row(self, factors: Mapping[str, float]) -> Floats:
        unknown = set(factors) - set(self.terms)
        if unknown:
            raise InvalidDataError(f"The model has no coefficient {sorted(unknown)[0]!r}.")
        L = np.array([float(factors.get(term, 0.0)) for term in self.terms])
        if not L.any():
            raise InvalidDataError("A combination of coefficients needs a factor that is not zero.")
        return L


def ratio_test(larger: Multivariate, smaller: Multivariate) -> LikelihoodRatio:
    """Test whether a model with more variances and correlations fits better than one within it.

    Parameters
    ----------
    larger, smaller : Multivariate
        Of the same effects, method and (for REML) coefficients; the caller vouches that one is a
        case of the other.

    Returns
    -------
    LikelihoodRatio
        p is too large where the smaller model puts a variance at zero.

    Raises
    ------
    InvalidDataError
        If the models are not comparable.

    References
    ----------
    Self & Liang 1987, J Am Stat Assoc 82:605 (parameters at their limits).

    Examples
    --------
    >>> from review.synthesis.multivariate import RandomEffect, multivariate
    >>> y, v, s = [0.1, 0.9, 0.2, 0.3], [0.01] * 4, ["a", "a", "b", "b"]
    >>> each = [RandomEffect(s), RandomEffect([1, 2, 3, 4], name="effect")]
    >>> test = ratio_test(multivariate(y, v, each), multivariate(y, v, each[1:]))
    >>> test.df, test.stat >= 0
    (1, True)
    """
    same = larger.k == smaller.k and larger.method is smaller.method
    if not same or (larger.method is Method.REML and larger.terms != smaller.terms):
        raise InvalidDataError(
            "Only models of the same effects and method are held against each other; of REML also "
            "with the same coefficients (take ML where they differ)."
        )
    df = larger.parameters + len(larger.terms) - smaller.parameters - len(smaller.terms)
    if df < 1:
        raise InvalidDataError("The first model must have more parameters than the second.")
    stat = max(0.0, 2 * (larger.loglik - smaller.loglik))
    return LikelihoodRatio(stat, df, float(chdtrc(df, stat)))


def clustered(model: WorkingModel, cluster: Sequence[object]) -> WorkingModel:
    """Return a working model with its effects in other, coarser blocks."""
    k = model.y.size
    if len(cluster) != k:
        raise InvalidDataError(f"{len(cluster)} clusters do not go with {k} effects.")
    codes: dict[object, int] = {}
    label: Ints = np.array([codes.setdefault(c, len(codes)) for c in cluster], dtype=np.int64)
    whole = np.zeros((k, k))
    for rows, phi in zip(model.rows, model.phi, strict=True):
        whole[rows[:, :, None], rows[:, None, :]] = phi
    across = (whole != 0) & (label[:, None] != label)
    if across.any():
        raise InvalidDataError(
            "The model joins effects of different clusters: take clusters that hold all effects of "
            "each group of its random effects."
        )
    blocks = cluster_rows(cluster)
    inside = tuple(whole[r[:, :, None], r[:, None, :]] for r in blocks)
    return replace(model, rows=blocks, phi=inside)
