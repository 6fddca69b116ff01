"""Quadratic forms and traces of the random-effects model at given values of tau².

With weights w = 1/(v + t), W = diag(w) and P = W - W 1 1' W / sum(w), the model's score,
information and Q are built from y'Py, y'PPy, y'PPPy, tr P and tr PP (Viechtbauer 2005, eq. 9-16).
In the basis of contrasts P is diag(1/(lambda_j + t)) with fixed lambda_j between the smallest and
the largest v, so each of them, and each ratio of neighbours, falls monotonically in t: the search
for all maxima of the likelihood rests on that (see ``likelihood``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from review.arrays import Floats
from review.synthesis.blocks import Block

ROUNDING: Final = 1e-12
"""Residuals below this share of the effects are taken for rounding of a perfect fit."""


@dataclass(frozen=True, slots=True)
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

    @property
    def trace(self) -> Floats:
        """The trace of P."""
        return _trace(self.first, self.rest, self.rest2, self.total)

    @property
    def trace_pp(self) -> Floats:
        """The trace of PP."""
        return _trace_pp(self.first, self.rest, self.rest2, self.rest3, self.total)

    @property
    def total2(self) -> Floats:
        """The sum of squared weights."""
        return self.first * self.first + self.rest2


def down(x: Floats, y: Floats) -> Floats:
    """The sum of products over studies, the first axis; of lone analyses by numpy's quicker dot."""
    total: Floats = x @ y if x.ndim == 1 else np.einsum("i...,i...->...", x, y)
    return total


def fit_at(block: Block, tau2: Floats | float) -> Fit:
    """Weights' sums, mean and Q at ``tau2`` (n,) or one value for all."""
    w = 1.0 / (block.v + tau2)
    first, others = w[0], w[1:]
    rest = np.add.reduce(others, axis=0)
    total = first + rest
    mean = down(others, block.d[1:]) / total
    square = others * others
    rest2 = np.add.reduce(square, axis=0)
    rest3 = down(square, others)
    z = block.d - mean
    z *= z
    return Fit(total, mean, down(w, z), first, rest, rest2, rest3)


def slopes_at(block: Block, t: Floats, *, restricted: bool) -> Floats:
    """The likelihood equation's terms at ``t`` (n,) or, for g values of each analysis, (g, n).

    A lone analysis takes a number or (g,).

    Returns
    -------
    (4, n) or (4, g, n)
        a = y'PPy, b = y'PPPy, t and c; for REML t = tr P and c = tr PP, for ML t = sum(w) and
        c = sum(w²). The likelihood rises with tau² where a > t.
    """
    several = t.ndim == block.v.ndim
    d = block.d[:, None] if several else block.d
    w = (block.v[:, None] if several else block.v) + t
    np.divide(1.0, w, out=w)
    first, others = w[0], w[1:]
    rest = np.add.reduce(others, axis=0)
    total = first + rest
    mean = down(others, d[1:]) / total
    square = others * others
    rest2 = np.add.reduce(square, axis=0)
    out = np.empty((4, *t.shape))
    if restricted:
        rest3 = down(square, others)
        out[2] = _trace(first, rest, rest2, total)
        out[3] = _trace_pp(first, rest, rest2, rest3, total)
    else:
        out[2] = total
        out[3] = first * first + rest2
    z = d - mean
    z *= w  # Py
    out[0] = down(z, z)
    w *= z
    across = np.add.reduce(w, axis=0)
    out[1] = down(w, z) - across * across / total
    return out


def q_and_slope(block: Block, t: Floats) -> tuple[Floats, Floats]:
    """The generalised Q(t) = y'Py and -dQ/dt = y'PPy at ``t`` (n,)."""
    w = 1.0 / (block.v + t)
    residual = block.d - down(w, block.d) / np.add.reduce(w, axis=0)
    w *= residual
    return down(w, residual), down(w, w)


def _trace(first: Floats, rest: Floats, rest2: Floats, total: Floats) -> Floats:
    # sum w - sum w² / sum w, without the difference
    value: Floats = (2 * first * rest + (rest * rest - rest2)) / total
    return value


def _trace_pp(first: Floats, rest: Floats, rest2: Floats, rest3: Floats, total: Floats) -> Floats:
    # sum w² - 2 sum w³ / sum w + (sum w²)² / (sum w)², without the large differences
    inner = first * first * (rest * rest + 2 * rest2) + rest2 * rest2
    value: Floats = (inner + total * (total * rest2 - 2 * rest3)) / (total * total)
    return value
