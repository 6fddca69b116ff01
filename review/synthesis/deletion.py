"""All leave-one-out analyses of many studies, for the price of a few.

The k analyses share all but one study each. The sums of all studies are smooth functions of tau²,
interpolated once; an analysis' sums are those less its missing study's, so that a step of the
search costs O(1) an analysis instead of O(k).

In x = log(tau² + min v) every summand is analytic but at x = log(v - min v) + i pi. On a piece of
one doubling the ellipse of Chebyshev's series to that pole has a sum of half axes of 18: 16 terms
leave less than 1e-17 (Trefethen 2013, Approximation Theory and Approximation Practice, th. 8.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from review.arrays import Floats, Ints
from review.synthesis.blocks import BLOCK_CELLS, Block
from review.synthesis.lone import Lone
from review.synthesis.moments import Sums

SHARED_FROM: Final = 100
"""Studies from which sharing is cheaper than refitting each analysis from its own."""

TERMS: Final = 16

WEIGHTY: Final = 1 / 16
"""Share of a sum, at each doubling of tau² + min v, from which a study is left out by refitting. In
between a sum falls to an eighth at most: no study that is subtracted is more than half of any."""

NODES: Final = np.cos((np.arange(TERMS) + 0.5) * np.pi / TERMS)

SERIES: Final = (
    np.cos(np.outer(np.arange(TERMS), np.arccos(NODES))) * (2 - (np.arange(TERMS) == 0))[:, None]
) / TERMS
"""Coefficients of Chebyshev's series from values at the nodes."""


def deleted(yi: Floats, vi: Floats) -> Iterator[Block | Lacking]:
    """The k analyses that lack one study each; ``rows`` is the study that is lacking.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances, k at least 2.
    """
    k = yi.size
    refitted = np.arange(k)
    if k >= SHARED_FROM:
        whole = Whole(yi, vi)
        best = int(vi.argmin())
        study = refitted.copy()
        study[0], study[best] = best, 0  # as one analysis is laid out
        weighty = whole.weighty()
        light = np.delete(refitted, weighty)
        refitted = study[weighty]
        lone, n = whole.lone, light.size
        largest, second = np.argmax(whole.v), np.partition(whole.v, -2)[-2]
        yield Lacking(
            k=np.full(n, k - 1),
            vmin=np.full(n, lone.vmin),
            vmax=np.where(light == largest, second, whole.v[largest]),
            anchor=np.full(n, lone.anchor),
            unit=np.full(n, lone.unit),
            rows=study[light],
            v=whole.v[light],
            d=whole.d[light],
            whole=whole,
        )
    place, step = np.arange(k - 1)[:, None], max(1, BLOCK_CELLS // k)
    for start in range(0, refitted.size, step):
        lacking = refitted[start : start + step]
        others = place + (place >= lacking)
        yield Block.of(yi.take(others), vi.take(others), np.full(lacking.size, k - 1), lacking)


def total_weights(yi: Floats, vi: Floats, tau2: Floats) -> Floats:
    """The sum of all weights under each study's ``tau2``, (k,) like effects and variances."""
    total: Floats
    if yi.size < SHARED_FROM:
        total = (1 / (vi + tau2[:, None])).sum(axis=1)
    else:
        whole = Whole(yi, vi)
        area = whole.lone.unit**2
        at = tau2 / area
        total = (whole.at(at)[0] + 1 / (whole.v[0] + at)) / area
    return total


class Whole:
    """The sums of all studies but the most precise one at any tau², and which studies weigh much.

    ``v`` (k,) are variances in the unit, the smallest first, ``d`` (k,) effects minus the first's.
    """

    def __init__(self, yi: Floats, vi: Floats):
        self.lone = Lone.of(yi, vi)
        self.v = np.append(self.lone.vmin, self.lone.v)
        self.d = np.append(0.0, self.lone.powers[:, 1])
        self.pieces: dict[int, Floats] = {}

    def weighty(self) -> Ints:
        """Places of the studies that make up much of a sum; the first always does."""
        v, dd = self.v[1:], self.d[1:] ** 2
        much = np.zeros(v.size, dtype=np.bool_)
        tau2, farthest = 0.0, self.v.max()
        while True:
            w = 1 / (v + tau2)
            for terms in (w, w**2, w**3, w * dd, w**2 * dd, w**3 * dd):
                much |= terms > WEIGHTY * terms.sum()
            if tau2 > farthest:
                return np.append(0, np.flatnonzero(much) + 1)
            tau2 = 2 * tau2 + self.v[0]

    def at(self, tau2: Floats) -> Floats:
        """The nine sums of :class:`Sums` and that of logarithms, (10, n) at ``tau2`` (n,)."""
        doublings = np.log2(1 + tau2 / self.v[0])
        piece = doublings.astype(np.int64)
        found = np.empty((10, tau2.size))
        for number in np.unique(piece).tolist():
            here = piece == number
            angle = np.arccos(np.clip(2 * (doublings[here] - number) - 1, -1, 1))
            found[:, here] = self._piece(number) @ np.cos(np.arange(TERMS)[:, None] * angle)
        return found

    def _piece(self, number: int) -> Floats:
        if number not in self.pieces:
            values = np.empty((TERMS, 10))
            for value, node in zip(values, NODES, strict=True):
                tau2 = self.v[0] * (2 ** (number + (node + 1) / 2) - 1)
                value[:9] = self.lone.sums(tau2)[1:]
                value[9] = self.lone.logs(tau2)
            self.pieces[number] = (SERIES @ values).T
        return self.pieces[number]


@dataclass(frozen=True, slots=True)
class Lacking:
    """Analyses that lack one study each; see :class:`review.synthesis.blocks.Block`.

    Attributes
    ----------
    k, vmin, vmax, anchor, unit, rows : as a block's; ``rows`` is the study that is lacking.
    v, d : (n,) variance and effect of that study, as a block's.
    whole : the sums of all studies.
    """

    k: Ints
    vmin: Floats
    vmax: Floats
    anchor: Floats
    unit: Floats
    rows: Ints
    v: Floats
    d: Floats
    whole: Whole

    def take(self, columns: Ints, /) -> Lacking:
        """The named analyses only, each as often as it is named."""
        names = ("k", "vmin", "vmax", "anchor", "unit", "rows", "v", "d")
        return replace(self, **{name: getattr(self, name).take(columns) for name in names})

    def sums(self, tau2: Floats, /) -> Sums:
        """Sums over studies at ``tau2`` (n,)."""
        tau2 = np.broadcast_to(tau2, self.v.shape)
        w = 1 / (self.v + tau2)
        powers = np.stack([w, w * w, w * w * w])
        effects = np.stack([np.ones(w.size), self.d, self.d * self.d])
        own = (effects[:, None] * powers).reshape(9, -1)
        return Sums(1 / (self.vmin + tau2), *(self.whole.at(tau2)[:9] - own))

    def logs(self, tau2: Floats) -> Floats:
        """The sum over studies of log(v + tau²), (n,)."""
        all_: Floats = self.whole.at(tau2)[9]
        return all_ - np.log(self.v + tau2)

    def effects(self) -> tuple[Floats, Floats]:
        """Sums of the effects minus the anchor and of their squares, (n,) each."""
        d, dd = self.whole.lone.effects()
        return d - self.d, dd - self.d * self.d

    def variances(self) -> tuple[Floats, Floats]:
        """Sums of the variances and of their squares, (n,) each."""
        v, squares = self.whole.lone.variances()
        return v - self.v, squares - self.v * self.v
