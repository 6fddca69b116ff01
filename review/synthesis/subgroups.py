"""Pooled effects by subgroup and the test of whether they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, fdtrc, ndtri, stdtrit

from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.design import design
from review.synthesis.methods import Method, Model, Test
from review.synthesis.moderators import regress
from review.synthesis.pooling import pool, pool_many

__all__ = ["Subgroup", "Subgroups", "subgroup_analysis"]

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The pooled effect of one subgroup; `pi` is None where none can be given."""

    label: str
    k: int
    estimate: float
    se: float
    ddf: float | None
    p: float
    ci: Interval
    pi: Interval | None
    tau2: float


@dataclass(frozen=True, slots=True)
class Subgroups:
    """All subgroups, and the test that their effects are equal.

    Attributes
    ----------
    groups : tuple of Subgroup
        In the order in which labels first appear.
    common_tau2 : bool
        Whether all subgroups share one tau².
    q_between, df, ddf, p : the test of difference: chi² on `df`, or F on `df` and `ddf`.
    r2 : float or None
        Percent of tau² that the subgroups explain; with a common tau² only.
    """

    groups: tuple[Subgroup, ...]
    method: Method
    test: Test
    level: float
    common_tau2: bool
    q_between: float
    df: int
    ddf: float | None
    p: float
    r2: float | None


def subgroup_analysis(
    yi: ArrayLike,
    vi: ArrayLike,
    groups: Sequence[str],
    *,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    level: float = 0.95,
    common_tau2: bool = False,
) -> Subgroups:
    """Pool each subgroup and test the difference between them.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects and sampling variances.
    groups : sequence of str (k,)
        The subgroup of each effect; at least two.
    method, test, level : as for `pool`.
    common_tau2 : bool
        One tau² for all (a meta-regression on the groups, which steadies small groups) instead of
        one a group.

    Returns
    -------
    Subgroups

    Raises
    ------
    InvalidDataError
        If lengths differ or there is one group only.

    Notes
    -----
    Separate tau²: Q = sum of (group estimate - weighted mean)² / se² on groups - 1 degrees of
    freedom, with each group's standard error as printed.
    Common tau²: the omnibus test of the regression.

    References
    ----------
    Borenstein et al. 2009, ch. 19, methods 2 and 3; Cochrane Handbook 10.11.3.1.

    Examples
    --------
    >>> s = subgroup_analysis([0.1, 0.2, 0.8, 0.9], [0.1] * 4, ["a", "a", "b", "b"], test=Test.Z)
    >>> round(s.q_between, 6), s.df, [round(g.estimate, 6) for g in s.groups]
    (4.9, 1, [0.15, 0.85])
    """
    model = Model.of(method, test, level)
    y, v = checked_studies(yi, vi)
    names = list(dict.fromkeys(groups))
    if len(groups) != y.size:
        raise InvalidDataError(f"{y.size} effects and {len(groups)} group labels do not fit.")
    if len(names) < 2:
        raise InvalidDataError("A comparison needs at least two subgroups.")
    if common_tau2:
        return _common(y, v, list(groups), names, model)
    code = np.array([names.index(g) for g in groups])
    order = np.argsort(code, kind="stable")
    count = np.bincount(code)
    offsets = np.concatenate([[0], np.cumsum(count)])
    many = pool_many(y[order], v[order], offsets, **model.settings)
    found = []
    for i, name in enumerate(names):
        one = many[i]
        found.append(
            Subgroup(name, one.k, one.estimate, one.se, one.ddf, one.p, one.ci, one.pi, one.tau2)
        )
    if (many.se == 0).any():
        raise InvalidDataError("A subgroup's error is zero under this test; use adhoc or z.")
    apart = pool(many.estimate, many.se**2, method=Method.EE, test=Test.Z)
    return Subgroups(tuple(found), *model, False, apart.Q, apart.Q_df, None, apart.Q_p, None)


def _common(
    y: np.ndarray,
    v: np.ndarray,
    groups: list[str],
    names: list[str],
    model: Model,
) -> Subgroups:
    labels = {"group": [f"{names.index(g):06d}" for g in groups]}  # sorted as they first appear
    means = regress(y, v, design("0 + factor(group)", labels), **model.settings)
    difference = regress(y, v, design("factor(group)", labels), **model.settings)
    upper = (1 + model.level) / 2
    crit = float(ndtri(upper) if means.ddf is None else stdtrit(means.ddf, upper))
    found = []
    for i, name in enumerate(names):
        wide = crit * float(np.sqrt(means.se[i] ** 2 + means.tau2))
        m = means.beta[i]
        found.append(
            Subgroup(
                label=name,
                k=groups.count(name),
                estimate=m,
                se=means.se[i],
                ddf=means.ddf,
                p=means.p[i],
                ci=(means.ci_low[i], means.ci_high[i]),
                pi=None if model.method is Method.EE else (m - wide, m + wide),
                tau2=means.tau2,
            )
        )
    df, ddf = difference.qm_df
    stat = difference.qm or 0.0
    p = float(chdtrc(df, stat) if ddf is None else fdtrc(df, ddf, stat))
    return Subgroups(tuple(found), *model, True, stat, df, ddf, p, difference.r2)
