"""Mixed-effects models in the basis where the residual covariance is diagonal.

For a design X of rank p take an orthonormal basis K of the contrasts (K'X = 0) and diagonalise
K' diag(v) K = E diag(lambda) E'. With u = E'K'y the matrix P = W - WX(X'WX)^-1 X'W of Viechtbauer
2005 (eq. 9) becomes diag(1 / (lambda + t)) for every tau² = t, so that

    y'Py = sum u²/(lambda+t),  tr P = sum 1/(lambda+t),  y'PPy = sum u²/(lambda+t)², ...

and each step of an estimator costs O(k) for any number of moderators. Leading axes are a batch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from review.errors import InvalidDataError
from review.synthesis.methods import Method

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_STEPS = 200
"""Enough halvings to separate neighbouring floats; Newton needs about six."""

FIRST_GRID = 10
"""Intervals laid on tau² before any is halved; a speed choice without influence on the result."""


class Spectrum(NamedTuple):
    """Contrasts of a batch: eigenvalues `lam` (B, k-p), squares `u2` of u, variances `v` (B, k)."""

    lam: Floats
    u2: Floats
    v: Floats


class Estimate(NamedTuple):
    """tau² of each model (B,) and how many local maxima its likelihood has (1 if it has none)."""

    tau2: Floats
    modes: Ints


def decompose(yi: Floats, vi: Floats, X: Floats) -> Spectrum:
    """Rotate a batch of models into their contrasts.

    Parameters
    ----------
    yi, vi : (B, k) effects and sampling variances.
    X : (B, k, p) designs of full rank, k > p.

    Returns
    -------
    Spectrum

    Raises
    ------
    InvalidDataError
        If columns of a design are redundant or k <= p.

    References
    ----------
    Viechtbauer 2005, J Educ Behav Stat 30:261, eq. 9; Patterson & Thompson 1971 (contrasts).

    Examples
    --------
    >>> s = decompose(np.array([[0., 2.]]), np.ones((1, 2)), np.ones((1, 2, 1)))
    >>> s.lam.round(9).tolist(), s.u2.round(9).tolist()
    ([[1.0]], [[2.0]])
    """
    k, p = X.shape[-2:]
    if k <= p:
        raise InvalidDataError(f"{k} effects cannot carry {p} coefficients and a residual.")
    q, r = np.linalg.qr(X, mode="complete")
    size = np.sqrt((X * X).sum(axis=-2))
    diagonal = np.abs(np.diagonal(r, axis1=-2, axis2=-1))
    if (diagonal <= 1e-10 * size).any():
        raise InvalidDataError("The moderators are redundant: one is a combination of the others.")
    contrasts = q[..., p:]
    # singular values of the square root: half the digits of small eigenvalues would be lost else
    root = np.sqrt(vi)[..., None] * contrasts
    _, size, turn = np.linalg.svd(root, full_matrices=False)
    lam, e = size[..., ::-1] ** 2, np.swapaxes(turn, -1, -2)[..., ::-1]
    # interlacing: no contrast is more or less precise than the effects it is made of
    lam = np.clip(lam, vi.min(axis=-1)[..., None], vi.max(axis=-1)[..., None])
    centred = yi - yi.mean(axis=-1, keepdims=True) if _spans_constant(X) else yi
    u = np.einsum("...kr,...k->...r", contrasts @ e, centred)
    batch = u.shape[:-1]
    return Spectrum(np.broadcast_to(lam, u.shape), u * u, np.broadcast_to(vi, (*batch, k)))


def estimate_tau2(s: Spectrum, method: Method) -> Estimate:
    """Residual heterogeneity by any method; likelihood methods give the global maximum.

    Parameters
    ----------
    s : Spectrum
    method : Method
        EE gives zero; moment estimators are truncated at zero.

    Returns
    -------
    Estimate

    References
    ----------
    Raudenbush 2009 (DL, HE with moderators); Viechtbauer et al. 2015, Psychol Methods 20:360 (HS,
    SJ, EB, REML, ML with moderators); Paule & Mandel 1982; Viechtbauer 2021 (PMM).

    Examples
    --------
    >>> s = decompose(np.array([[0., 2.]]), np.ones((1, 2)), np.ones((1, 2, 1)))
    >>> float(estimate_tau2(s, Method.REML).tau2[0].round(9))
    1.0
    """
    count, df = s.lam.shape[:-1], s.lam.shape[-1]
    k = s.v.shape[-1]
    one = np.ones(count, dtype=np.int64)
    if method is Method.EE:
        return Estimate(np.zeros(count), one)
    if method in (Method.REML, Method.ML):
        return _maximum(s, restricted=method is Method.REML)
    if method in (Method.PM, Method.EB, Method.PMM):
        target = float(chdtri(df, 0.5)) if method is Method.PMM else float(df)
        return Estimate(solve_q(s, target), one)
    q0 = (s.u2 / s.lam).sum(axis=-1)
    total = (1 / s.v).sum(axis=-1)
    if method is Method.DL:
        tau2 = (q0 - df) / (1 / s.lam).sum(axis=-1)
    elif method is Method.HS:
        tau2 = (q0 - k) / total
    elif method is Method.HSK:
        tau2 = (k / df * q0 - k) / total
    elif method is Method.HE:
        tau2 = (s.u2.sum(axis=-1) - s.lam.sum(axis=-1)) / df
    else:
        raise InvalidDataError(f"{method} is not defined with moderators here; REML or PM are.")
    return Estimate(np.maximum(tau2, 0.0), one)


def sidik_jonkman(s: Spectrum, start: Floats) -> Estimate:
    """Sidik and Jonkman's tau² from the variance of the effects around their mean (B,).

    References
    ----------
    Sidik & Jonkman 2005, Appl Stat 54:367, eq. 3.4.

    Examples
    --------
    >>> s = decompose(np.array([[0., 2.]]), np.ones((1, 2)), np.ones((1, 2, 1)))
    >>> float(sidik_jonkman(s, np.array([1.])).tau2[0].round(9))
    1.0
    """
    q = (s.u2 / (s.lam + start[..., None])).sum(axis=-1)
    return Estimate(start * q / s.lam.shape[-1], np.ones(start.shape, dtype=np.int64))


def solve_q(s: Spectrum, target: float) -> Floats:
    """The tau² at which y'Py falls to `target`, zero where it starts below.

    1/Q is increasing and concave in tau², so that Newton steps from zero never pass the root.

    References
    ----------
    Paule & Mandel 1982; Viechtbauer 2007, Stat Med 26:37 (Q-profile).

    Examples
    --------
    >>> s = decompose(np.array([[0., 2.]]), np.ones((1, 2)), np.ones((1, 2, 1)))
    >>> float(solve_q(s, 0.5)[0].round(9))
    3.0
    """
    t = np.zeros(s.lam.shape[:-1])
    active = (s.u2 / s.lam).sum(axis=-1) > target
    for _ in range(MOST_STEPS):
        d = 1 / (s.lam + t[..., None])
        q, slope = (s.u2 * d).sum(axis=-1), (s.u2 * d * d).sum(axis=-1)
        step = np.where(active, (q / target - 1) * q / np.where(active, slope, 1.0), 0.0)
        t = np.maximum(t + step, 0.0)
        if (np.abs(step) <= 1e-14 * (t + s.lam[..., 0])).all():
            break
    return t


def restricted_terms(s: Spectrum, tau2: Floats) -> tuple[Floats, Floats]:
    """Q = y'Py and log det K'(V + tau²)K at `tau2` (B,): what a restricted likelihood is made of.

    Examples
    --------
    >>> s = decompose(np.array([[0., 2.]]), np.ones((1, 2)), np.ones((1, 2, 1)))
    >>> q, logdet = restricted_terms(s, np.array([1.]))
    >>> float(q[0].round(9)), float(logdet[0].round(6))
    (1.0, 0.693147)
    """
    d = s.lam + tau2[..., None]
    return (s.u2 / d).sum(axis=-1), np.log(d).sum(axis=-1)


def _spans_constant(X: Floats) -> bool:
    """Whether the first column is an intercept; then the effects may be centred without loss."""
    return bool((X[..., 0] == 1).all())


class _Slopes(NamedTuple):
    """Terms of the likelihood equation a = t: y'PPy, y'PPPy, tr P (ML: sum w), tr PP (sum w²)."""

    a: Floats
    b: Floats
    t: Floats
    c: Floats


def _slopes(s: Spectrum, tau2: Floats, *, restricted: bool) -> _Slopes:
    d = 1 / (s.lam + tau2[..., None])
    square = d * d
    w = d if restricted else 1 / (s.v + tau2[..., None])
    return _Slopes(
        (s.u2 * square).sum(axis=-1),
        (s.u2 * square * d).sum(axis=-1),
        w.sum(axis=-1),
        (w * w).sum(axis=-1),
    )


def _maximum(s: Spectrum, *, restricted: bool) -> Estimate:
    """Every local maximum by halving until each interval is decided; the highest wins.

    All of a, b, t, c and the ratios b/a and c/t fall in tau² (Cauchy-Schwarz), which decides on an
    interval [l, u] whether the likelihood rises, falls, or has one stationary point at most. None
    lies above max(u² - lambda).
    """
    flat = Spectrum(*(x.reshape(-1, x.shape[-1]) for x in s))
    count = flat.lam.shape[0]
    last = (flat.u2 - flat.lam).max(axis=-1)
    tau2, modes = np.zeros(count), np.ones(count, dtype=np.int64)
    open_ = np.flatnonzero(last > 0)
    if open_.size:
        column, low, high = _brackets(flat, open_, last[open_], restricted=restricted)
        top = _root(_rows(flat, column), low, high, restricted=restricted)
        start = _slopes(_rows(flat, open_), np.zeros(open_.size), restricted=restricted)
        falling = open_[start.a <= start.t]
        candidates = np.concatenate([falling, column])
        values = np.concatenate([np.zeros(falling.size), top])
        height = _height(_rows(flat, candidates), values, restricted=restricted)
        order = np.lexsort((-values, height, candidates))  # the last of each model wins
        tau2[candidates[order]] = values[order]
        modes[open_] = np.maximum(np.bincount(candidates, minlength=count)[open_], 1)
    shape = s.lam.shape[:-1]
    return Estimate(tau2.reshape(shape), modes.reshape(shape))


def _rows(s: Spectrum, rows: Ints) -> Spectrum:
    return Spectrum(s.lam[rows], s.u2[rows], s.v[rows])


def _height(s: Spectrum, tau2: Floats, *, restricted: bool) -> Floats:
    q, logdet = restricted_terms(s, tau2)
    if not restricted:
        logdet = np.log(s.v + tau2[..., None]).sum(axis=-1)
    height: Floats = -0.5 * (q + logdet)
    return height


def _brackets(
    s: Spectrum, rows: Ints, last: Floats, *, restricted: bool
) -> tuple[Ints, Floats, Floats]:
    """One interval around each interior maximum: model, lower and upper end."""
    unit = s.lam[rows, 0]
    share = np.arange(FIRST_GRID + 1)[:, None] / FIRST_GRID
    grid = unit * np.expm1(np.log1p(last / unit) * share)
    column = np.tile(rows, FIRST_GRID)
    low, high = grid[:-1].ravel(), grid[1:].ravel()
    found: list[tuple[Ints, Floats, Floats]] = []
    for _ in range(MOST_STEPS):
        part = _rows(s, column)
        left = _slopes(part, low, restricted=restricted)
        right = _slopes(part, high, restricted=restricted)
        one_way = (right.a > left.t) | (left.a < right.t)
        bends_down = 2 * right.b * left.t > left.c * right.a
        monotone = bends_down | (2 * left.b * right.t < right.c * left.a)
        settled = one_way | monotone | (high - low <= 1e-13 * (low + s.lam[column, 0]))
        peak = settled & (left.a > left.t) & (right.a <= right.t)
        found.append((column[peak], low[peak], high[peak]))
        if settled.all():
            break
        wide = ~settled
        column, low, high = column[wide], low[wide], high[wide]
        size = s.lam[column, 0]
        middle = np.clip(np.sqrt((low + size) * (high + size)) - size, low, high)
        column = np.concatenate([column, column])
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    c, lo, hi = zip(*found, strict=True)
    return np.concatenate(c), np.concatenate(lo), np.concatenate(hi)


def _root(s: Spectrum, low: Floats, high: Floats, *, restricted: bool) -> Floats:
    """Safeguarded Newton on log(a/t) against log(tau² + scale), where it is nearly straight."""
    if low.size == 0:
        return low
    unit = s.lam[:, 0]
    at = np.sqrt((low + unit) * (high + unit)) - unit
    for _ in range(MOST_STEPS):
        here = _slopes(s, at, restricted=restricted)
        rising = here.a > here.t
        low, high = np.where(rising, at, low), np.where(rising, high, at)
        slope = (at + unit) * (here.c / here.t - 2 * here.b / here.a)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            new = (at + unit) * np.exp(-np.log(here.a / here.t) / slope) - unit
        inside = (new >= low) & (new <= high)
        new = np.where(inside, new, np.sqrt((low + unit) * (high + unit)) - unit)
        new = np.clip(new, low, high)
        done = np.abs(new - at) <= 1e-14 * (new + unit)
        at = new
        if done.all():
            break
    return at
