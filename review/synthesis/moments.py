"""Quadratic forms and traces of the random-effects model at given values of tau².

With weights w = 1/(v + t), W = diag(w) and P = W - W 1 1' W / sum(w), the model's score, information
and Q are built from y'Py, y'PPy, y'PPPy, tr P and tr PP (Viechtbauer 2005, eq. 9-16). In the basis of
contrasts P is diag(1/(lambda_j + t)) with fixed lambda_j between the smallest and the largest v, so
each of them, and each ratio of neighbours, falls monotonically in t: the search for all maxima of the
likelihood rests on that (see ``likelihood``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from review.synthesis.blocks import Block, Floats


class Fit(NamedTuple):
    """The pooled mean and its company at one tau² an analysis; arrays ``(n,)`` in the block's unit.

    ``total`` is sum(w), ``mean`` the pooled effect minus the anchor, ``q`` is y'Py, ``trace`` tr P and
    ``trace_pp`` tr PP, ``total2`` sum(w²).
    """

    total: Floats
    mean: Floats
    q: Floats
    trace: Floats
    trace_pp: Floats
    total2: Floats


class Slopes(NamedTuple):
    """What the likelihood equation needs at given t; arrays shaped like t.

    The likelihood rises with t where ``a > t``: a = y'PPy, b = y'PPPy; for REML t = tr P and
    c = tr PP, for ML t = sum(w) and c = sum(w²).
    """

    a: Floats
    b: Floats
    t: Floats
    c: Floats


def fit_at(block: Block, tau2: Floats | float) -> Fit:
    """Weights' sums, mean and Q at ``tau2`` (n,) or one value for all.

    Row 0 has the largest weight; its share of tr P and tr PP is written through the sum of the other
    weights, which keeps all digits when that one study is 1e8 times as precise as the rest.
    """
    w = 1.0 / (block.v + tau2)
    first, others = w[0].copy(), w[1:]
    rest = others.sum(axis=0)
    total = first + rest
    mean = np.einsum("i...,i...->...", others, block.d[1:]) / total
    square = others * others
    rest2 = square.sum(axis=0)
    rest3 = np.einsum("i...,i...->...", square, others)
    residual = block.d - mean
    w *= residual
    q = np.einsum("i...,i...->...", w, residual)
    return Fit(
        total,
        mean,
        q,
        _trace(first, rest, rest2, total),
        _trace_pp(first, rest, rest2, rest3, total),
        first * first + rest2,
    )


def slopes_at(block: Block, t: Floats, *, restricted: bool) -> Slopes:
    """The likelihood equation's terms at ``t`` (n,) or, for several values at once, (g, n)."""
    v, d = (block.v, block.d) if t.ndim == 1 else (block.v[:, None, :], block.d[:, None, :])
    w = 1.0 / (v + t)
    first, others = w[0], w[1:]
    rest = others.sum(axis=0)
    total = first + rest
    mean = np.einsum("i...,i...->...", others, np.broadcast_to(d[1:], others.shape)) / total
    square = others * others
    rest2 = square.sum(axis=0)
    z = d - mean
    z *= w  # Py
    a = np.einsum("i...,i...->...", z, z)
    wz = w * z
    across = wz.sum(axis=0)
    b = np.einsum("i...,i...->...", wz, z) - across * across / total
    if not restricted:
        return Slopes(a, b, total, first * first + rest2)
    rest3 = np.einsum("i...,i...->...", square, others)
    trace = _trace(first, rest, rest2, total)
    return Slopes(a, b, trace, _trace_pp(first, rest, rest2, rest3, total))


def q_and_slope(block: Block, t: Floats) -> tuple[Floats, Floats]:
    """The generalised Q(t) = y'Py and -dQ/dt = y'PPy at ``t`` (n,)."""
    w = 1.0 / (block.v + t)
    mean = np.einsum("i...,i...->...", w[1:], block.d[1:]) / w.sum(axis=0)
    residual = block.d - mean
    z = w * residual
    return np.einsum("i...,i...->...", z, residual), np.einsum("i...,i...->...", z, z)


def _trace(first: Floats, rest: Floats, rest2: Floats, total: Floats) -> Floats:
    # sum w - sum w² / sum w, without the difference
    return (2 * first * rest + (rest * rest - rest2)) / total


def _trace_pp(first: Floats, rest: Floats, rest2: Floats, rest3: Floats, total: Floats) -> Floats:
    # sum w² - 2 sum w³ / sum w + (sum w²)² / (sum w)², without the large differences
    inner = first * first * (rest * rest + 2 * rest2) + rest2 * rest2
    return (inner + total * (total * rest2 - 2 * rest3)) / (total * total)
