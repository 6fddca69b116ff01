"""All analyses as studies come in one after the other, for the price of a few.

The first k studies have the sums of the first k - 1 and one study more: at one tau² the sums of all
analyses are running sums. Each analysis is at its own tau², so that they are taken at the nodes of
Chebyshev's series (``deletion`` has the proof) and interpolated: a step of the search costs O(1) an
analysis instead of O(k).

The anchor need not be the most precise study: one a quarter as precise makes the bound of
``moments`` four times as large. There are then at most as many anchors as the variances span powers
of four.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from review.arrays import Floats, Ints
from review.synthesis.blocks import Block, spans
from review.synthesis.deletion import NODES, SERIES, SHARED_FROM, TERMS
from review.synthesis.moments import Sums

ANCHOR_HOLDS: Final = 1 / 4
"""Share of the anchor's variance below which a study becomes the anchor."""


def growing(yi: Floats, vi: Floats) -> Iterator[Block | Growing]:
    """The k analyses of the first 1, 2, ..., k studies; ``rows`` is the last study of each.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances in the order in which studies enter.
    """
    least = np.minimum.accumulate(vi)
    start, alone = 0, []
    while start < vi.size:
        below = int(np.searchsorted(-least, -ANCHOR_HOLDS * vi[start], side="right"))
        first = max(start, SHARED_FROM)
        if below - first < SHARED_FROM:
            first = below
        alone.append(np.arange(start, first))
        if first < below:
            yield Growing.of(yi[:below], vi[:below], anchor=start, rows=np.arange(first, below))
        start = below
    rows = np.concatenate(alone)
    for block in spans(yi, vi, np.zeros(rows.size, dtype=np.int64), rows + 1):
        yield replace(block, rows=rows[block.rows])


@dataclass(frozen=True, slots=True)
class Growing:
    """Analyses of the first studies; see :class:`review.synthesis.blocks.Block`.

    Attributes
    ----------
    k, vmin, vmax, anchor, unit, rows : as a block's; ``rows`` is the last study of each.
    own : variance of the anchor, in the unit.
    v, d : (K,) variances and effects of all studies in turn, as a block's; infinity and 0 for the
        anchor, which the sums are without.
    """

    k: Ints
    vmin: Floats
    vmax: Floats
    anchor: Floats
    unit: Floats
    rows: Ints
    own: float
    v: Floats
    d: Floats

    @classmethod
    def of(cls, yi: Floats, vi: Floats, *, anchor: int, rows: Ints) -> Growing:
        """Lay out analyses that end with the studies ``rows`` (n,); the anchor is in all."""
        unit = float(np.ldexp(1.0, np.frexp(vi[anchor])[1] // 2))
        v, d = vi / unit / unit, (yi - yi[anchor]) / unit
        own = float(v[anchor])
        vmin, vmax = np.minimum.accumulate(v)[rows], np.maximum.accumulate(v)[rows]
        v[anchor] = np.inf
        alike = np.ones(rows.size)
        return cls(rows + 1, vmin, vmax, yi[anchor] * alike, unit * alike, rows, own, v, d)

    def take(self, columns: Ints, /) -> Growing:
        """The named analyses only, each as often as it is named."""
        names = ("k", "vmin", "vmax", "anchor", "unit", "rows")
        return replace(self, **{name: getattr(self, name).take(columns) for name in names})

    def sums(self, tau2: Floats, /) -> Sums:
        """Sums over studies at ``tau2``, (n,) or one for all."""

        def terms(vt: Floats) -> Floats:
            found = np.empty((9, vt.size))
            d = self.d[: vt.size]
            np.divide(1.0, vt, found[0])
            np.multiply(found[0], found[0], found[1])
            np.multiply(found[1], found[0], found[2])
            np.multiply(found[:3], d, found[3:6])
            np.multiply(found[3:6], d, found[6:])
            return found

        return Sums(1 / (self.own + tau2), *self._running(terms, tau2))

    def logs(self, tau2: Floats) -> Floats:
        """The sum over studies of log(v + tau²), (n,)."""

        def terms(vt: Floats) -> Floats:
            return np.log(np.where(np.isinf(vt), 1.0, vt))[None]

        others: Floats = self._running(terms, tau2)[0]
        return others + np.log(self.own + tau2)

    def effects(self) -> tuple[Floats, Floats]:
        """Sums of the effects minus the anchor and of their squares, (n,) each."""
        return self.d.cumsum()[self.rows], (self.d * self.d).cumsum()[self.rows]

    def variances(self) -> tuple[Floats, Floats]:
        """Sums of the variances and of their squares, (n,) each."""
        v = np.where(np.isinf(self.v), self.own, self.v)
        return v.cumsum()[self.rows], (v * v).cumsum()[self.rows]

    def _running(self, terms: Callable[[Floats], Floats], tau2: Floats) -> Floats:
        """Sums (c, n) of the ``terms`` (c, K) that v + tau² (K,) gives, each to its last study."""
        if np.ndim(tau2) == 0:
            summed: Floats = terms(self.v + tau2).cumsum(axis=1)[:, self.rows]
            return summed
        least = min(self.own, float(self.v.min()))
        doublings = np.log2(1 + tau2 / least)
        piece = doublings.astype(np.int64)
        order = np.argsort(piece, kind="stable")
        numbers, starts = np.unique(piece[order], return_index=True)
        parts = [
            self._piece(terms, least, number, doublings[here] - number, self.rows[here])
            for number, here in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True)
        ]
        found = np.empty((len(parts[0]), tau2.size))
        found[:, order] = np.concatenate(parts, axis=1)
        return found

    def _piece(
        self,
        terms: Callable[[Floats], Floats],
        least: float,
        number: int,
        part: Floats,
        last: Ints,
    ) -> Floats:
        """Those sums (c, m) whose tau² lies in one doubling, at a ``part`` of it (m,)."""
        angle = np.arccos(np.clip(2 * part - 1, -1, 1))
        shares = SERIES.T @ np.cos(np.arange(TERMS)[:, None] * angle)
        v = self.v[: int(last.max()) + 1]
        found = np.zeros(1)
        for node, share in zip(NODES, shares, strict=True):
            tau2 = least * (2 ** (number + (node + 1) / 2) - 1)
            found = found + share * terms(v + tau2).cumsum(axis=1)[:, last]
        return found
