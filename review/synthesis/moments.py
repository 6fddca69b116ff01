"""Quadratic forms and traces of the random-effects model at given values of tau².

With weights w = 1/(v + t), W = diag(w) and P = W - W 1 1' W / sum(w), the model's score,
information and Q are built from y'Py, y'PPy, y'PPPy, tr P and tr PP (Viechtbauer 2005, eq. 9-16).
In the basis of contrasts P is diag(1/(lambda_j + t)) with fixed lambda_j between the smallest and
the largest v, so each of them, and each ratio of neighbours, falls monotonically in t: the search
for all maxima of the likelihood rests on that (see ``likelihood``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from review.synthesis.blocks import Block, Floats


@dataclass(frozen=True)  # no slots: traces are asked for several times and kept
class Fit:
    """The pooled mean and its company at one tau² an analysis; arrays ``(n,)`` in block units.

    ``total`` is sum(w), ``mean`` the pooled effect minus the anchor, ``q`` is y'Py; ``first`` is
    the largest weight, ``rest``, ``rest2`` and ``rest3`` are sums of powers of the others. Through
    them the traces keep all digits when one study is 1e8 times as precise as the rest.
    """

    total: Floats
    mean: Floats
    q: Floats
    first: Floats
    rest: Floats
    rest2: Floats
    rest3: Floats

    @cached_property
    def trace(self) -> Floats:
        """The trace of P."""
        return _trace(self.first, self.rest, self.rest2, self.total)

    @cached_property
    def trace_pp(self) -> Floats:
        """The trace of PP."""
        return _trace_pp(self.first, self.rest, self.rest2, self.rest3, self.total)

    @cached_property
    def total2(self) -> Floats:
        """The sum of squared weights."""
        return self.first * self.first + self.rest2


def fit_at(block: Block, tau2: Floats | float) -> Fit:
    """Weights' sums, mean and Q at ``tau2`` (n,) or one value for all."""
    w = 1.0 / (block.v + tau2)
    first, others = w[0], w[1:]
    rest = np.add.reduce(others, axis=0)
    total = first + rest
    mean = np.einsum("ij,ij->j", others, block.d[1:]) / total
    square = others * others
    rest2 = np.add.reduce(square, axis=0)
    rest3 = np.einsum("ij,ij->j", square, others)
    z = block.d - mean
    z *= z
    return Fit(total, mean, np.einsum("ij,ij->j", w, z), first, rest, rest2, rest3)


def slopes_at(block: Block, t: Floats, *, restricted: bool) -> Floats:
    """The likelihood equation's terms at ``t`` (n,) or, for g values of each analysis, (g, n).

    Returns
    -------
    (4, n) or (4, g, n)
        a = y'PPy, b = y'PPPy, t and c; for REML t = tr P and c = tr PP, for ML t = sum(w) and
        c = sum(w²). The likelihood rises with tau² where a > t.
    """
    if t.ndim == 1:
        w = block.v + t
        product, d = "ij,ij->j", block.d
    else:
        w = block.v[:, None, :] + t
        product, d = "igj,ij->gj", block.d[:, None, :]
    np.divide(1.0, w, out=w)
    first, others = w[0], w[1:]
    rest = np.add.reduce(others, axis=0)
    total = first + rest
    mean = np.einsum(product, others, block.d[1:]) / total
    same = "i...,i...->..."
    square = others * others
    rest2 = np.add.reduce(square, axis=0)
    out = np.empty((4, *t.shape))
    if restricted:
        rest3 = np.einsum(same, square, others)
        out[2] = _trace(first, rest, rest2, total)
        out[3] = _trace_pp(first, rest, rest2, rest3, total)
    else:
        out[2] = total
        out[3] = first * first + rest2
    z = d - mean
    z *= w  # Py
    out[0] = np.einsum(same, z, z)
    w *= z
    across = np.add.reduce(w, axis=0)
    out[1] = np.einsum(same, w, z) - across * across / total
    return out


def q_and_slope(block: Block, t: Floats) -> tuple[Floats, Floats]:
    """The generalised Q(t) = y'Py and -dQ/dt = y'PPy at ``t`` (n,)."""
    w = 1.0 / (block.v + t)
    residual = block.d - np.einsum("ij,ij->j", w, block.d) / np.add.reduce(w, axis=0)
    w *= residual
    return np.einsum("ij,ij->j", w, residual), np.einsum("ij,ij->j", w, w)


def _trace(first: Floats, rest: Floats, rest2: Floats, total: Floats) -> Floats:
    # sum w - sum w² / sum w, without the difference
    value: Floats = (2 * first * rest + (rest * rest - rest2)) / total
    return value


def _trace_pp(first: Floats, rest: Floats, rest2: Floats, rest3: Floats, total: Floats) -> Floats:
    # sum w² - 2 sum w³ / sum w + (sum w²)² / (sum w)², without the large differences
    inner = first * first * (rest * rest + 2 * rest2) + rest2 * rest2
    value: Floats = (inner + total * (total * rest2 - 2 * rest3)) / (total * total)
    return value
