"""Meta-regression: effects explained by study characteristics, with what remains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, chdtri, fdtrc, ndtr, ndtri, stdtr, stdtrit

from review.arrays import Floats, Indices
from review.errors import InvalidDataError
from review.synthesis import projection
from review.synthesis.blocks import checked_studies
from review.synthesis.design import Design, Values
from review.synthesis.estimable import redundancy
from review.synthesis.methods import Method, Test
from review.synthesis.moments import ROUNDING
from review.synthesis.search import Maximum

__all__ = ["MetaRegression", "Prediction", "TermTest", "regress"]


@dataclass(frozen=True, slots=True)
class TermTest:
    """Joint test of the coefficients of one term: chi² (`ddf` None) or F on `df` and `ddf`."""

    term: str
    stat: float
    df: int
    ddf: float | None
    p: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """The mean effect at given moderator values, its interval and the interval of a new study."""

    estimate: float
    se: float
    ci: tuple[float, float]
    pi: tuple[float, float]


PERFECT_FIT: Final = (
    "the model fits the effects perfectly: the Hartung-Knapp standard errors are zero, so that "
    "there is no test and the intervals are points; adhoc, with its floor, has both"
)


@dataclass(frozen=True, slots=True)
class MetaRegression:
    """A mixed-effects meta-regression; all on the scale of the effects, percentages where said.

    Attributes
    ----------
    terms : tuple of str
        Names of the p coefficients, as `beta`, `se`, `stat`, `p`, `ci_low` and `ci_high` list them.
    ddf : float or None
        Degrees of freedom of t and F; None for normal and chi².
    vcov : tuple of tuples
        Covariance of the coefficients, scaled by Hartung and Knapp's factor where the test has it.
    tau2, tau2_ci : float, tuple
        Residual heterogeneity and its Q-profile limits (empty sets give zero and zero).
    i2, h2 : float
        From tau² and the typical sampling variance, for EE from `q`; `i2` in percent.
    r2 : float or None
        Share of tau² explained, percent, floored at zero, and zero where there was nothing to
        explain; None without intercept or without a tau².
    q, q_p : residual heterogeneity test (QE) on k - p degrees of freedom.
    qm, qm_df, qm_p : the omnibus test of all coefficients but the intercept; None without any.
    tests : tuple of TermTest
        The joint test of each term of the formula.
    modes : int
        Local maxima of the likelihood; the reported one is the highest.
    """

    k: int
    method: Method
    test: Test
    level: float
    terms: tuple[str, ...]
    beta: tuple[float, ...]
    se: tuple[float, ...]
    stat: tuple[float, ...]
    ddf: float | None
    p: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    vcov: tuple[tuple[float, ...], ...]
    tau2: float
    tau2_ci: tuple[float, float] | None
    i2: float
    h2: float
    r2: float | None
    q: float
    q_df: int
    q_p: float
    qm: float | None
    qm_df: tuple[int, float | None]
    qm_p: float | None
    tests: tuple[TermTest, ...]
    loglik: float
    modes: int
    boundary: bool
    design: Design

    @property
    def tested(self) -> bool:
        """Whether there are standard errors to test by; else `PERFECT_FIT` says what is missing."""
        return min(self.se) > 0

    def predict(self, columns: Mapping[str, Values]) -> tuple[Prediction, ...]:
        """Predict mean effects at new values of the moderators.

        Parameters
        ----------
        columns : mapping of name to m values
            Every variable of the formula.

        Returns
        -------
        tuple of Prediction, length m
            The interval of a new study uses the same distribution, as metafor's ``predict``.

        Raises
        ------
        InvalidDataError
            If a variable is missing or a level unknown.

        References
        ----------
        Higgins, Thompson & Spiegelhalter 2009, J R Stat Soc A 172:137, section 3.3.

        Examples
        --------
        >>> from review.synthesis.design import design
        >>> d = design("x", {"x": [0, 1, 2, 3]})
        >>> fit = regress([0.0, 0.1, 0.2, 0.3], [0.1] * 4, d)
        >>> round(fit.predict({"x": [4]})[0].estimate, 9)
        0.4
        """
        X = self.design.rows(columns)
        mean = X @ np.asarray(self.beta)
        variance = np.einsum("ij,jk,ik->i", X, np.asarray(self.vcov), X)
        crit = _quantile(self.level, self.ddf)
        found = []
        for m, v in zip(mean, variance, strict=True):
            half, wide = crit * np.sqrt(v), crit * np.sqrt(v + self.tau2)
            found.append(
                Prediction(
                    float(m),
                    float(np.sqrt(v)),
                    (float(m - half), float(m + half)),
                    (float(m - wide), float(m + wide)),
                )
            )
        return tuple(found)


def regress(
    yi: ArrayLike,
    vi: ArrayLike,
    design: Design,
    *,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    level: float = 0.95,
) -> MetaRegression:
    """Fit a meta-regression.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects and their sampling variances.
    design : Design
        From `design`, with k rows; k must exceed the number of coefficients.
    method : Method
        Of tau²; EE gives the common-effect regression.
    test : Test
        z, t, Hartung-Knapp, or Hartung-Knapp with the factor floored at one.
    level : float
        Of all intervals.

    Returns
    -------
    MetaRegression

    Raises
    ------
    InvalidDataError
        If rows do not match, coefficients are redundant or k is too small.

    Notes
    -----
    The likelihood is searched for all its maxima. The omnibus test is F on k-p denominator degrees
    of freedom unless `test` is z.

    References
    ----------
    Viechtbauer et al. 2015, Psychol Methods 20:360; Knapp & Hartung 2003, Stat Med 22:2693, eq. 8
    to 10; Raudenbush 2009 eq. 16.33 (R²); Higgins & Thompson 2002 eq. 9 (typical variance).

    Examples
    --------
    >>> from review.synthesis.design import design
    >>> d = design("x", {"x": [0, 1, 2, 3]})
    >>> fit = regress([0.0, 0.1, 0.2, 0.3], [0.1] * 4, d)
    >>> [round(b, 9) for b in fit.beta], fit.tau2
    ([0.0, 0.1], 0.0)
    """
    method, test = Method(method), Test(test)
    y, v = checked_studies(yi, vi)
    X = design.matrix
    if X.shape[0] != y.size:
        raise InvalidDataError(f"{y.size} effects do not go with a design of {X.shape[0]} rows.")
    if not 0 < level < 1:
        raise InvalidDataError(f"A confidence level of {level} is not between 0 and 1.")
    k, p = X.shape
    if k == 0:
        raise InvalidDataError("There are no studies to regress.")
    if k > p and np.linalg.matrix_rank(X / np.abs(X).max(axis=0, initial=1e-300)) < p:
        raise redundancy(design)
    unit = float(np.ldexp(1.0, np.frexp(v.min())[1] // 2))  # exact: results scale with the data
    z, s2 = y / unit, v / unit**2
    s = projection.project(z[None], s2, X[None])
    found = heterogeneity(s, method, z)
    tau2 = float(found.tau2[0])
    beta, cov = weighted_fit(z, s2 + tau2, X)
    at_zero = projection.terms_at(s, np.zeros(1))
    at_tau2 = projection.terms_at(s, found.tau2)
    q = float(at_tau2.q[0])
    if q <= ROUNDING**2 * float((z * z / s2).sum()):  # a perfect fit: what is left is rounding
        q = 0.0
        beta = np.where(np.abs(beta) * np.abs(X).max(axis=0) <= ROUNDING * np.abs(z).max(), 0, beta)
    scaled = q / (k - p)
    factor = {Test.KNHA: scaled, Test.ADHOC: max(1.0, scaled)}.get(test, 1.0)
    ddf = None if test is Test.Z else float(k - p)
    vcov = cov * factor
    se = np.sqrt(np.diag(vcov))
    with np.errstate(divide="ignore", invalid="ignore"):
        stat = np.where(beta == 0, 0.0, beta / se)  # a perfect fit has no Hartung-Knapp error
    crit = _quantile(level, ddf)
    qe = float(at_zero.q[0])
    i2, h2 = _inconsistency(method, tau2, qe, k - p, float(at_zero.trace[0]))
    tests = tuple(
        joint_test(term, np.flatnonzero(np.asarray(design.assign) == i), beta, cov, factor, ddf)
        for i, term in enumerate(design.terms)
        if i in design.assign
    )
    free = np.flatnonzero(np.asarray(design.assign) != -1)
    omnibus = joint_test("", free, beta, cov, factor, ddf) if free.size else None
    return MetaRegression(
        k=k,
        method=method,
        test=test,
        level=level,
        terms=design.columns,
        beta=_floats(beta * unit),
        se=_floats(se * unit),
        stat=_floats(stat),
        ddf=ddf,
        p=_two_sided(stat, ddf),
        ci_low=_floats((beta - crit * se) * unit),
        ci_high=_floats((beta + crit * se) * unit),
        vcov=tuple(_floats(row) for row in vcov * unit**2),
        tau2=tau2 * unit**2,
        tau2_ci=None if method is Method.EE else _q_profile(s, level, unit),
        i2=i2,
        h2=h2,
        r2=_explained(z, s2, method, tau2) if design.intercept and free.size else None,
        q=qe,
        q_df=k - p,
        q_p=float(chdtrc(k - p, qe)),
        qm=omnibus.stat if omnibus else None,
        qm_df=(omnibus.df, ddf) if omnibus else (0, ddf),
        qm_p=omnibus.p if omnibus else None,
        tests=tests,
        loglik=_loglik(at_tau2, s2 + tau2, s.df, unit, restricted=method is Method.REML),
        modes=int(found.modes[0]),
        boundary=tau2 == 0 and method is not Method.EE,
        design=design,
    )


def heterogeneity(s: projection.Projection, method: Method, y: Floats) -> Maximum:
    """tau² of a batch by any method; `y` (k,) or (n, k) starts Sidik and Jonkman's.

    Examples
    --------
    >>> y = np.array([0., 2.])
    >>> s = projection.project(y[None], np.ones(2), np.ones((1, 2, 1)))
    >>> float(heterogeneity(s, Method.SJ, y).tau2[0].round(9))
    1.0
    """
    if method is Method.SJ:
        return projection.sidik_jonkman(s, np.broadcast_to(y.var(axis=-1), (s.size,)))
    return projection.estimate_tau2(s, method)


def weighted_fit(y: Floats, variance: Floats, X: Floats) -> tuple[Floats, Floats]:
    """Weighted least squares over a batch: coefficients (..., p) and covariance (..., p, p).

    Solved by QR of the weighted design, which loses half the digits that normal equations would.

    Examples
    --------
    >>> b, c = weighted_fit(np.array([0., 2.]), np.ones(2), np.ones((2, 1)))
    >>> float(b[0].round(9)), float(c[0, 0].round(9))
    (1.0, 0.5)
    """
    root = 1 / np.sqrt(variance)
    q, r = np.linalg.qr(X * root[..., None])
    inverse = np.linalg.inv(r)
    coordinates = np.einsum("...kp,...k->...p", q, y * root)
    beta = np.einsum("...pq,...q->...p", inverse, coordinates)
    return beta, inverse @ np.swapaxes(inverse, -1, -2)


def joint_test(
    term: str,
    which: Indices,
    beta: Floats,
    cov: Floats,
    factor: float,
    ddf: float | None,
) -> TermTest:
    """Return the Wald test of some coefficients, their covariance being `cov` times `factor`."""
    part = beta[which]
    wald = float(part @ np.linalg.solve(cov[np.ix_(which, which)], part))
    wald = 0.0 if wald == 0 else math.inf if factor == 0 else wald / factor
    return chi2_or_f(term, wald, which.size, ddf)


def _explained(y: Floats, v: Floats, method: Method, tau2: float) -> float | None:
    if method is Method.EE:
        return None
    s = projection.project(y[None], v, np.ones((1, y.size, 1)))
    total = float(heterogeneity(s, method, y).tau2[0])
    return 0.0 if total == 0 else max(0.0, 100 * (total - tau2) / total)


def _inconsistency(
    method: Method, tau2: float, qe: float, df: int, trace: float
) -> tuple[float, float]:
    if method is Method.EE:
        return (max(0.0, 100 * (qe - df) / qe) if qe > 0 else 0.0), qe / df
    typical = df / trace
    return 100 * tau2 / (tau2 + typical), tau2 / typical + 1


def _q_profile(s: projection.Projection, level: float, unit: float) -> tuple[float, float]:
    low, high = (float(chdtri(s.df, a)) for a in ((1 - level) / 2, (1 + level) / 2))
    scale = unit**2
    return (
        float(projection.tau2_where_q_is(s, low)[0]) * scale,
        float(projection.tau2_where_q_is(s, high)[0]) * scale,
    )


def _loglik(
    at: projection.Terms, variance: Floats, df: int, unit: float, *, restricted: bool
) -> float:
    """Log-likelihood with all constants, on the data's own scale.

    Restricted: log det K'(V + tau²)K = log det(V + tau²) + log det X'WX - log det X'X, so that the
    contrasts' own density is metafor's restricted likelihood.
    """
    if restricted:
        count, log_det = df, float(at.log_det[0])
    else:
        count, log_det = variance.size, float(np.log(variance).sum())
    return float(-0.5 * (count * math.log(2 * math.pi * unit**2) + log_det + at.q[0]))


def _quantile(level: float, ddf: float | None) -> float:
    upper = (1 + level) / 2
    return float(ndtri(upper) if ddf is None else stdtrit(ddf, upper))


def _two_sided(stat: Floats, ddf: float | None) -> tuple[float, ...]:
    size = -np.abs(stat)
    return tuple(float(2 * (ndtr(x) if ddf is None else stdtr(ddf, x))) for x in size)


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(x) for x in values)


def chi2_or_f(term: str, chi2: float, df: int, ddf: float | None) -> TermTest:
    """Return the test by chi² on `df`, or by F = chi² / `df` where `ddf` says how far."""
    if ddf is None:
        return TermTest(term, chi2, df, None, float(chdtrc(df, chi2)))
    return TermTest(term, chi2 / df, df, ddf, float(fdtrc(df, ddf, chi2 / df)))
