"""Mixed-effects models with moderators: what their estimators need, in O(k p²) at each tau².

With weights w = 1/(v + t), t = tau², and M = I - QQ', Q an orthonormal basis of W^½X, the matrix
P = W - WX(X'WX)^-1 X'W of Viechtbauer 2005 (eq. 9) is W^½ M W^½. With e = M W^½ y and h the
diagonal of QQ' (the leverages)

    y'Py = e'e,   Py = W^½ e,   y'PPPy = |M W e|²,   tr P = sum w (1 - h),
    tr PP = sum over i, j of w_i w_j M_ij².

A study that dominates has 1 - h near zero and M_ij that are small: there 1 - h is taken as
sum M_ij² / h over the others (M is idempotent), and its row of M in full, so that no difference of
near-equal numbers remains. Studies stand in the order of their precision and columns in that of
their weighted size, with which Householder's QR keeps the digits of every row however unequal the
weights (Cox & Higham 1998, in Griffiths, Higham & Watson, Numerical Analysis 1997, p. 57). Leading
axes are a batch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtri

from review.arrays import Floats, Ints
from review.errors import InvalidDataError
from review.synthesis.methods import Method
from review.synthesis.search import (
    Likelihood,
    Maximum,
    highest_maximum,
    last_stationary_point,
    no_maximum,
    solve_q,
)

HEAVY = 0.5
"""Leverage beyond which 1 - h is had from the other studies; fewer than 2p studies have it."""


class Projection(NamedTuple):
    """A batch of n models of the same studies, the most precise study first.

    ``v`` (k,) variances, ``basis`` (n, k, p) orthonormal columns that span each design,
    ``residual`` (n, k) effects minus their fit at tau² = 0, which no result depends on.
    """

    v: Floats
    basis: Floats
    residual: Floats

    @property
    def size(self) -> int:
        """The number of models."""
        return len(self.residual)

    @property
    def df(self) -> int:
        """Residual degrees of freedom, k - p."""
        k, p = self.basis.shape[1:]
        return int(k - p)

    def take(self, columns: Ints, /) -> Projection:
        """The models at the named positions, each as often as it is named."""
        return Projection(self.v, self.basis[columns], self.residual[columns])


class Terms(NamedTuple):
    """What P gives at some tau² (..., n).

    ``q`` y'Py, ``a`` y'PPy, ``b`` y'PPPy, ``trace`` tr P, ``trace_pp`` tr PP, ``log_det`` the log
    determinant of K'(V + tau²)K for an orthonormal basis K of the contrasts (K'X = 0).
    """

    q: Floats
    a: Floats
    b: Floats
    trace: Floats
    trace_pp: Floats
    log_det: Floats


def project(yi: Floats, vi: Floats, X: Floats) -> Projection:
    """Lay out a batch of models.

    Parameters
    ----------
    yi : (n, k) or (1, k) effects.
    vi : (k,) sampling variances.
    X : (n, k, p) or (1, k, p) designs of full rank, k > p.

    Returns
    -------
    Projection

    Raises
    ------
    InvalidDataError
        If columns of a design are redundant or k <= p.

    Examples
    --------
    >>> s = project(np.array([[0., 2.]]), np.ones(2), np.ones((1, 2, 1)))
    >>> s.residual.round(9).tolist()
    [[-1.0, 1.0]]
    """
    k, p = X.shape[-2:]
    if k <= p:
        raise InvalidDataError(f"{k} effects cannot carry {p} coefficients and a residual.")
    order = np.argsort(vi, kind="stable")
    v, y, X = vi[order], yi[:, order], X[:, order]
    basis, r = np.linalg.qr(X)
    size = np.sqrt((X * X).sum(axis=-2))
    diagonal = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
    if (diagonal <= 1e-10 * size).any():
        raise InvalidDataError("The moderators are redundant: one is a combination of the others.")
    if (X[..., 0] == 1).all():
        y = y - y[:, :1]  # an intercept takes up any shift
    root = 1 / np.sqrt(v)
    u, size, turn = np.linalg.svd(root[:, None] * basis, full_matrices=False)
    basis = basis @ np.swapaxes(turn, -1, -2)
    for _ in range(2):  # the second pass removes what rounding left of the first
        part = np.einsum("...kp,...k->...p", u, root * y) / size
        y = y - np.einsum("...kp,...p->...k", basis, part)
    return Projection(v, np.broadcast_to(basis, (y.shape[0], k, p)), y)


def terms_at(s: Projection, tau2: Floats) -> Terms:
    """The quadratic forms and traces at ``tau2`` (n,) or (g, n).

    Examples
    --------
    >>> s = project(np.array([[0., 2.]]), np.ones(2), np.ones((1, 2, 1)))
    >>> found = terms_at(s, np.array([1.]))
    >>> [float(x[0].round(6)) for x in found]
    [1.0, 0.5, 0.25, 0.5, 0.25, 0.693147]
    """
    w = 1 / (s.v + tau2[..., None])
    root = np.sqrt(w)
    hat = _Hat(root[..., None] * s.basis)
    e = hat.residual(root * s.residual)
    we = w * e
    p_y = hat.residual(we)
    return Terms(
        q=_dot(e, e),
        a=_dot(we, e),
        b=_dot(p_y, p_y),
        trace=_dot(w, hat.slack),
        trace_pp=hat.trace_pp(w),
        log_det=2 * np.log(hat.diagonal).sum(axis=-1) - np.log(w).sum(axis=-1),
    )


def estimate_tau2(s: Projection, method: Method) -> Maximum:
    """Residual heterogeneity by any method but Sidik and Jonkman's; likelihoods' global maxima.

    Parameters
    ----------
    s : Projection
    method : Method
        EE gives zero; moment estimators are truncated at zero.

    Returns
    -------
    Maximum

    References
    ----------
    Raudenbush 2009 (DL, HE with moderators); Viechtbauer et al. 2015, Psychol Methods 20:360 (HS,
    EB, REML, ML with moderators); Paule & Mandel 1982; Viechtbauer 2021 (PMM).

    Examples
    --------
    >>> s = project(np.array([[0., 2.]]), np.ones(2), np.ones((1, 2, 1)))
    >>> float(estimate_tau2(s, Method.REML).tau2[0].round(9))
    1.0
    """
    if method is Method.EE:
        return _settled(np.zeros(s.size))
    if method in (Method.REML, Method.ML):
        return _maximum(s, restricted=method is Method.REML)
    if method in (Method.PM, Method.EB, Method.PMM):
        target = float(chdtri(s.df, 0.5)) if method is Method.PMM else float(s.df)
        return _settled(tau2_where_q_is(s, target))
    zero = terms_at(s, np.zeros(s.size))
    k, total = s.v.size, (1 / s.v).sum()
    if method is Method.DL:
        tau2 = (zero.q - s.df) / zero.trace
    elif method is Method.HS:
        tau2 = (zero.q - k) / total
    elif method is Method.HSK:
        tau2 = (k / s.df * zero.q - k) / total
    elif method is Method.HE:
        hat = _Hat(s.basis)
        e = hat.residual(s.residual)
        tau2 = (_dot(e, e) - hat.slack @ s.v) / s.df
    else:
        raise InvalidDataError(f"{method} is not defined with moderators here; REML or PM are.")
    return _settled(np.maximum(tau2, 0.0))


def sidik_jonkman(s: Projection, start: Floats) -> Maximum:
    """Sidik and Jonkman's tau² from the variance of the effects around their mean (n,).

    References
    ----------
    Sidik & Jonkman 2005, Appl Stat 54:367, eq. 3.4.

    Examples
    --------
    >>> s = project(np.array([[0., 2.]]), np.ones(2), np.ones((1, 2, 1)))
    >>> float(sidik_jonkman(s, np.array([1.])).tau2[0].round(9))
    1.0
    """
    return _settled(start * terms_at(s, start).q / s.df)


def tau2_where_q_is(s: Projection, target: float | Floats) -> Floats:
    """The tau² (n,) at which y'Py falls to `target`, one or (n,); zero where it starts below.

    References
    ----------
    Paule & Mandel 1982; Viechtbauer 2007, Stat Med 26:37 (Q-profile).

    Examples
    --------
    >>> s = project(np.array([[0., 2.]]), np.ones(2), np.ones((1, 2, 1)))
    >>> float(tau2_where_q_is(s, 0.5)[0].round(9))
    3.0
    """
    at_zero, _ = _q_and_slope(s, np.zeros(s.size))
    return solve_q(s, _q_and_slope, at_zero, np.broadcast_to(target, (s.size,)))[0]


class _Hat:
    """Q, the leverages and their complements for weighted designs ``B`` (..., k, p).

    ``slack`` (..., k) is 1 - h. ``heavy`` are the studies of high leverage in any model of the
    batch, ``rows`` (..., k, heavy) their rows of M.
    """

    def __init__(self, B: Floats):
        self.q, r = np.linalg.qr(B)
        self.diagonal = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
        self.leverage = np.einsum("...kp,...kp->...k", self.q, self.q)
        self.slack = 1 - self.leverage
        self.heavy = np.flatnonzero((self.leverage > HEAVY).reshape(-1, B.shape[-2]).any(axis=0))
        if self.heavy.size:
            self._without_differences()

    def _without_differences(self) -> None:
        """Take the heavy studies' M_ii and M_ij from the other entries of their rows.

        As M = MM, M_ij (1 - M_ii - M_jj) is the sum of M_il M_lj over all l but i and j, and
        M_ii (1 - M_ii) that of M_il² over all l but i.
        """
        own = np.arange(self.heavy.size)
        rows = -self.q @ np.swapaxes(self.q[..., self.heavy, :], -1, -2)
        rows[..., self.heavy, own] = 0.0
        within = np.swapaxes(rows, -1, -2) @ rows
        part = self.leverage[..., self.heavy]
        sums = within[..., own, own]
        slack = np.where(part > HEAVY, sums / np.maximum(part, HEAVY), 1 - part)
        rest = 1 - slack[..., :, None] - slack[..., None, :]
        small = rest > HEAVY
        pairs = np.where(small, within / np.where(small, rest, 1.0), rows[..., self.heavy, :])
        pairs[..., own, own] = slack
        rows[..., self.heavy, :] = pairs
        self.rows, self.slack[..., self.heavy] = rows, slack

    def residual(self, x: Floats) -> Floats:
        """Mx for ``x`` (..., k)."""
        left: Floats = x - np.einsum(
            "...kp,...p->...k", self.q, np.einsum("...kp,...k->...p", self.q, x)
        )
        if self.heavy.size:
            left[..., self.heavy] = np.einsum("...kh,...k->...h", self.rows, x)
        return left

    def trace_pp(self, w: Floats) -> Floats:
        """Sum over i, j of w_i w_j M_ij², split so that no term is below zero."""
        q, square = self.q, w * w * (1 - 2 * self.leverage)
        if self.heavy.size:
            q = q.copy()
            q[..., self.heavy, :] = 0.0
            square[..., self.heavy] = 0.0
        inner = np.einsum("...kp,...kr->...pr", q * w[..., None], q)
        total: Floats = square.sum(axis=-1) + (inner * inner).sum(axis=(-2, -1))
        if self.heavy.size:
            twice = 2 * w  # M_ij and M_ji; among the heavy ones both are in `rows`
            twice[..., self.heavy] = w[..., self.heavy]
            column = np.einsum("...k,...kh->...h", twice, self.rows * self.rows)
            total += _dot(w[..., self.heavy], column)
        return total


def _q_and_slope(s: Projection, tau2: Floats) -> tuple[Floats, Floats]:
    w = 1 / (s.v + tau2[..., None])
    root = np.sqrt(w)
    e = _Hat(root[..., None] * s.basis).residual(root * s.residual)
    return _dot(e, e), _dot(w * e, e)


def _maximum(s: Projection, *, restricted: bool) -> Maximum:
    hat = _Hat(s.basis)
    e = hat.residual(s.residual)
    spread = _dot(e, e) * (1 + 1e-12) / (s.df if restricted else s.v.size)  # a bound: see search
    last = last_stationary_point(spread, s.v[:1], s.v[-1:])
    found = no_maximum((s.size,))
    searched = np.flatnonzero(last > 0)
    if searched.size == 0:
        return found
    part = s.take(searched)

    def slopes(models: Projection, tau2: Floats) -> Floats:
        here = terms_at(models, tau2)
        if restricted:
            return np.stack([here.a, here.b, here.trace, here.trace_pp])
        w = 1 / (models.v + tau2[..., None])
        return np.stack([here.a, here.b, w.sum(axis=-1), (w * w).sum(axis=-1)])

    def height(models: Projection, tau2: Floats) -> Floats:
        here = terms_at(models, tau2)
        log_det = here.log_det
        if not restricted:
            log_det = np.log(models.v + tau2[..., None]).sum(axis=-1)
        value: Floats = -0.5 * (here.q + log_det)
        return value

    at_zero = slopes(part, np.zeros(searched.size))
    scale = at_zero[2] / at_zero[3]
    vmax, end = np.broadcast_to(s.v[-1], scale.shape), last[searched]
    top = highest_maximum(part, Likelihood[Projection](slopes, height, scale, vmax, at_zero, end))
    for values, some in zip(found, top, strict=True):
        values[searched] = some
    return found


def _settled(tau2: Floats) -> Maximum:
    """A value that took no search."""
    return no_maximum(tau2.shape)._replace(tau2=tau2)


def _dot(x: Floats, y: Floats) -> Floats:
    product: Floats = np.einsum("...k,...k->...", x, y)
    return product
