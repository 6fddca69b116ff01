"""Location-scale models: heterogeneity that depends on characteristics, as effects do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.design import Design, Values, design, intercept_only
from review.synthesis.estimable import redundancy
from review.synthesis.location_scale.search import (
    ENDED,
    Data,
    Link,
    curvature,
    evaluate,
    highest,
    linked,
)
from review.synthesis.methods import Method, Test
from review.synthesis.robust import well_conditioned

__all__ = ["LocationScale", "ScaleTest", "location_scale", "subgroup_tau2"]


@dataclass(frozen=True, slots=True)
class ScaleTest:
    """Likelihood ratio against one tau² for all: chi² on the scale's further coefficients."""

    stat: float
    df: int
    p: float
    tau2: float
    """The one tau²."""


@dataclass(frozen=True, slots=True)
class LocationScale:
    """A fitted location-scale model, on the scale of the effects.

    Attributes
    ----------
    terms, beta, se, stat, p, ci_low, ci_high : tuples (p,)
        Of the mean effects.
    scale_terms, alpha, alpha_se, alpha_stat, alpha_p, alpha_low, alpha_high : tuples (q,)
        Of log tau², or of tau² with the identity link; errors from the observed information.
        `alpha_se` and what follows are None where a tau² lies at zero, its limit.
    ddf : int or None
        k - p for t and F of the means; None for normal tests. Those of the scale have k - q.
    qs, qs_df, qs_p : Wald test of the scale's coefficients but its intercept; None without any.
    tau2 : tuple (k,)
        Of each study.
    zero : float
        A tau² up to here is taken for zero.
    q, q_df, q_p : residual heterogeneity test by inverse-variance weights.
    loglik : float
        Restricted for REML, with all constants.
    heteroscedasticity : ScaleTest or None
        None where the scale is a constant.
    """

    k: int
    method: Method
    link: Link
    test: Test
    level: float
    ddf: int | None
    terms: tuple[str, ...]
    beta: tuple[float, ...]
    se: tuple[float, ...]
    stat: tuple[float, ...]
    p: tuple[float, ...]
    ci_low: tuple[float, ...]
    ci_high: tuple[float, ...]
    scale_terms: tuple[str, ...]
    alpha: tuple[float, ...]
    alpha_se: tuple[float, ...] | None
    alpha_stat: tuple[float, ...] | None
    alpha_p: tuple[float, ...] | None
    alpha_low: tuple[float, ...] | None
    alpha_high: tuple[float, ...] | None
    qs: float | None
    qs_df: int
    qs_p: float | None
    tau2: tuple[float, ...]
    zero: float
    q: float
    q_df: int
    q_p: float
    loglik: float
    heteroscedasticity: ScaleTest | None
    notes: tuple[str, ...]
    scale: Design

    def tau2_at(self, columns: Mapping[str, Values]) -> Floats:
        """Return tau² (m,) at values of the characteristics that the scale has.

        Examples
        --------
        >>> y, v = [0.1, 0.9, -0.4, 0.2, 0.8, 0.25], [0.01] * 6
        >>> x = {"arm": ["a", "a", "a", "b", "b", "b"]}
        >>> fit = location_scale(y, v, scale=design("0 + arm", x))
        >>> abs(fit.tau2_at({"arm": ["a"]})[0] - fit.tau2[0]) < 1e-12
        np.True_
        """
        found: Floats = linked(self.link, self.scale.rows(columns) @ np.asarray(self.alpha))
        return found


@well_conditioned
def location_scale(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    scale: Design,
    location: Design | None = None,
    link: Link | str = Link.LOG,
    method: Method | str = Method.REML,
    test: Test | str = Test.Z,
    level: float = 0.95,
) -> LocationScale:
    """Fit y_i = x_i b + u_i + e_i, where u_i has variance exp(z_i a), or z_i a.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects and sampling variances.
    scale : Design
        Of log tau², or of tau² (`link`).
    location : Design, optional
        Of the mean effect; else one mean.
    link : Link or str
    method : Method or str
        REML or ML.
    test : Test or str
    level : float
        Of all intervals.

    Returns
    -------
    LocationScale

    Raises
    ------
    InvalidDataError
        If shapes differ, a design has a column too many, studies are too few, the effects say
        nothing of a coefficient of the scale, or another method is asked for.

    Notes
    -----
    With the log link tau² may run to zero for a part of the studies; the search then stops where
    nothing changes any more, and a note says so.

    References
    ----------
    Viechtbauer & López-López 2022, Res Synth Methods 13:697.

    Examples
    --------
    >>> y, v = [0.1, 0.9, -0.4, 0.2, 0.3, 0.25], [0.01] * 6
    >>> x = {"year": [1, 2, 3, 4, 5, 6]}
    >>> fit = location_scale(y, v, scale=design("year", x))
    >>> fit.scale_terms, fit.alpha[1] < 0
    (('intrcpt', 'year'), True)
    """
    y, v = checked_studies(yi, vi)
    location = location or intercept_only(y.size)
    method, test, link = Method(method), Test(test), Link(link)
    _check(y, location, scale, method, level)
    basis, triangle = np.linalg.qr(location.matrix)
    unit = float(np.ldexp(1.0, np.frexp(v.min())[1] // 2))
    center, spread = _coding(scale.matrix)
    Z = (scale.matrix - center) / spread
    data = Data(y / unit, v / unit**2, basis, Z, link, method is Method.REML)
    alpha, ended = highest(data)
    at = evaluate(data, alpha)
    tau2 = linked(link, Z @ alpha) * unit**2
    p, q, k = basis.shape[1], Z.shape[1], y.size
    back = np.linalg.inv(triangle)
    factor = 1.0
    if test in (Test.KNHA, Test.ADHOC):
        factor = at.rss / (k - p)
        factor = max(1.0, factor) if test is Test.ADHOC else factor
    beta, vcov = back @ at.gamma * unit, back @ at.covariance @ back.T * unit**2 * factor
    se = np.sqrt(np.diag(vcov))
    ddf = None if test is Test.Z else k - p
    turn = _turn(center, spread, link, unit)
    a = turn @ alpha
    if link is Link.LOG:
        a[_constant(scale)] += math.log(unit**2)
    found = None if ended else _errors(data, alpha, turn, scale.columns)
    tested = _wald(beta, se, ddf, level)
    scaled = None if found is None else _wald(
        a, np.sqrt(np.diag(found)), None if ddf is None else k - q, level
    )  # fmt: skip
    qs, qs_p, free = _omnibus(a, found, scale, None if ddf is None else k - q)
    plain = _q(data)
    count = k - p if data.restricted else k
    loglik = at.height - 0.5 * count * math.log(2 * math.pi * unit**2)
    return LocationScale(
        k=k,
        method=method,
        link=link,
        test=test,
        level=level,
        ddf=ddf,
        terms=location.columns,
        beta=_floats(beta),
        se=_floats(se),
        stat=tested[0],
        p=tested[1],
        ci_low=tested[2],
        ci_high=tested[3],
        scale_terms=scale.columns,
        alpha=_floats(a),
        alpha_se=None if found is None else _floats(np.sqrt(np.diag(found))),
        alpha_stat=scaled[0] if scaled else None,
        alpha_p=scaled[1] if scaled else None,
        alpha_low=scaled[2] if scaled else None,
        alpha_high=scaled[3] if scaled else None,
        qs=qs,
        qs_df=free,
        qs_p=qs_p,
        tau2=_floats(tau2),
        zero=ENDED * float(v.min()),
        q=plain,
        q_df=k - p,
        q_p=float(chdtrc(k - p, plain)),
        loglik=loglik,
        heteroscedasticity=_against_one(data, at.height, unit) if q > 1 else None,
        notes=(AT_ZERO,) if ended else (),
        scale=scale,
    )


AT_ZERO = (
    "tau² of some studies is estimated as zero, its limit: errors and tests of the scale's "
    "coefficients are not given; the likelihood ratio is"
)


def subgroup_tau2(
    yi: ArrayLike,
    vi: ArrayLike,
    group: Sequence[str],
    *,
    method: Method | str = Method.REML,
) -> tuple[Mapping[str, float], ScaleTest]:
    """Return tau² of each subgroup, and the test whether they differ; each has a mean of its own.

    Parameters
    ----------
    yi, vi : array_like (k,)
    group : sequence of str (k,)
        Each with two studies at least.
    method : Method or str
        REML or ML.

    Raises
    ------
    InvalidDataError
        If there is one subgroup only, or one has a single study.

    Examples
    --------
    >>> tau2, test = subgroup_tau2([0.1, 0.9, -0.4, 0.2, 0.3, 0.25], [0.01] * 6, list("aaabbb"))
    >>> round(tau2["a"], 4), tau2["b"] < 1e-6, test.df
    (0.42, True, 1)
    """
    names = list(dict.fromkeys(group))
    single = [name for name in names if list(group).count(name) < 2]
    if len(names) < 2 or single:
        told = f"{single[0]!r} has one study" if single else "there is one subgroup only"
        raise InvalidDataError(
            f"Heterogeneity of subgroups cannot be compared: {told}. Join it with another, or "
            "leave it out."
        )
    coded = design("0 + factor(group)", {"group": list(group)})
    fit = location_scale(yi, vi, scale=coded, location=coded, method=method)
    assert fit.heteroscedasticity is not None
    places = {name: list(group).index(name) for name in names}
    return {name: fit.tau2[places[name]] for name in names}, fit.heteroscedasticity


def _check(y: Floats, location: Design, scale: Design, method: Method, level: float) -> None:
    if method not in (Method.REML, Method.ML):
        raise InvalidDataError(f"A location-scale model is fitted by REML or ML, not {method}.")
    if not 0 < level < 1:
        raise InvalidDataError(f"A confidence level of {level} is not between 0 and 1.")
    for one in (location, scale):
        if one.matrix.shape[0] != y.size:
            raise InvalidDataError(
                f"{y.size} effects do not go with a design of {one.matrix.shape[0]} rows."
            )
        if np.linalg.matrix_rank(one.matrix) < one.matrix.shape[1]:
            raise redundancy(one)
    needed = location.matrix.shape[1] + scale.matrix.shape[1]
    if y.size < needed:
        raise InvalidDataError(
            f"{y.size} studies cannot carry {location.matrix.shape[1]} coefficient(s) of the mean "
            f"and {scale.matrix.shape[1]} of the heterogeneity; leave some out."
        )


def _coding(Z: Floats) -> tuple[Floats, Floats]:
    """Center and spread (q,) by which columns are coded; a constant column, if there, stays."""
    constant = (Z[0] == Z).all(axis=0)
    spread = np.where(constant, 1.0, Z.std(axis=0))
    center = np.where(constant, 0.0, Z.mean(axis=0)) if constant.any() else np.zeros(Z.shape[1])
    return center, spread


def _constant(scale: Design) -> list[int]:
    """The columns whose coefficients the unit of the effects shifts."""
    Z = scale.matrix
    factors = np.linalg.lstsq(Z, np.ones(Z.shape[0]), rcond=None)[0]
    if not np.allclose(Z @ factors, 1.0, atol=1e-9):
        raise InvalidDataError(
            "The heterogeneity's formula has neither a constant nor all levels of a category, so "
            "that its results would change with the unit of the effects: leave out the `0 +`."
        )
    return [int(i) for i in np.flatnonzero(np.abs(factors) > 1e-9)]


def _turn(center: Floats, spread: Floats, link: Link, unit: float) -> Floats:
    """The matrix (q, q) that takes coded coefficients to those of the columns as given."""
    turn = np.diag(1 / spread)
    constant = np.flatnonzero(center == 0)
    if center.any():
        turn[constant[0]] -= center / spread
    return turn * (unit**2 if link is Link.IDENTITY else 1.0)


FLAT = 1e-8
"""Of the largest curvature: one below it is rounding of the differences it is taken by."""


def _errors(data: Data, alpha: Floats, turn: Floats, names: Sequence[str]) -> Floats:
    observed = -curvature(data, alpha)
    size, way = np.linalg.eigh(observed)
    if size[0] <= FLAT * size[-1]:
        named = names[int(np.abs(turn @ way[:, 0]).argmax())]
        raise InvalidDataError(
            f"The effects say nothing of the heterogeneity's coefficient {named!r}: every value is "
            "as likely. Leave it out, or join its studies with others."
        )
    found: Floats = turn @ np.linalg.inv(observed) @ turn.T
    return found


def _wald(
    b: Floats, se: Floats, ddf: int | None, level: float
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    stat = b / se
    p = 2 * (ndtr(-np.abs(stat)) if ddf is None else stdtr(ddf, -np.abs(stat)))
    crit = float(ndtri((1 + level) / 2) if ddf is None else stdtrit(ddf, (1 + level) / 2))
    return _floats(stat), _floats(p), _floats(b - crit * se), _floats(b + crit * se)


def _omnibus(
    a: Floats, vcov: Floats | None, scale: Design, ddf: int | None
) -> tuple[float | None, float | None, int]:
    free = np.flatnonzero(np.asarray(scale.assign) != -1)
    if free.size == 0 or vcov is None:
        return None, None, free.size
    stat = float(a[free] @ np.linalg.solve(vcov[np.ix_(free, free)], a[free]))
    if ddf is None:
        return stat, float(chdtrc(free.size, stat)), free.size
    stat /= free.size
    return stat, float(fdtrc(free.size, ddf, stat)), free.size


def _q(data: Data) -> float:
    w = 1 / data.v
    gamma = np.linalg.solve(data.X.T @ (data.X * w[:, None]), data.X.T @ (w * data.y))
    return float(w @ (data.y - data.X @ gamma) ** 2)


def _against_one(data: Data, height: float, unit: float) -> ScaleTest:
    one = data._replace(Z=np.ones((data.y.size, 1)), link=Link.LOG)
    alpha, ended = highest(one)
    lowest = evaluate(one, np.array([-700.0])).height if ended else -np.inf
    smaller = max(evaluate(one, alpha).height, lowest)
    stat, df = max(0.0, 2 * (height - smaller)), data.Z.shape[1] - 1
    tau2 = 0.0 if ended else float(np.exp(alpha[0])) * unit**2
    return ScaleTest(stat, df, float(chdtrc(df, stat)), tau2)


def _floats(values: Floats) -> tuple[float, ...]:
    return tuple(float(x) for x in values)
