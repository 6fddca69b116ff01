"""Ragged analyses laid out as dense blocks, so that a sum over studies is one array operation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import numpy as np

from review.arrays import Floats, Ints
from review.errors import InvalidDataError

BLOCK_CELLS = 32_768
"""Cells (studies x analyses) of a block: 256 KB an array, so that a block's work stays in cache."""


FARTHEST = 1e60
"""Largest effect or variance over the smallest variance; squares and cubes stay within a float."""


class Survey(NamedTuple):
    """Terms of the likelihood equation on a grid of tau² that leaves out no stationary point.

    ``grid`` (g, n) in the block's unit, from 0; ``restricted`` and ``full`` (4, g, n) as
    ``moments.slopes_at`` gives them for REML and ML.
    """

    grid: Floats
    restricted: Floats
    full: Floats


@dataclass(frozen=True, slots=True)
class Block:
    """Analyses of similar size as columns, their studies as rows.

    Each analysis stands in its own unit, a power of four of the smallest variance, so that results
    scale exactly with the data and no square or cube of a weight leaves the range of a float. Row 0
    is the most precise study and effects are differences from it: sums over the other rows then
    lose no digits when one study dominates.

    A lone analysis (see :func:`lone_block`) has no axis of columns: ``v`` and ``d`` are (K,), all
    else single numbers, and so are the results that a function draws from it. numpy handles a
    number in a fraction of the time of an array of one.

    Attributes
    ----------
    v : (K, n) sampling variances in the analysis' unit; infinity fills the columns below K studies.
    d : (K, n) effects minus the anchor, in the unit; 0 where filled.
    k : (n,) number of studies.
    vmax : (n,) largest variance of each analysis, in the unit.
    anchor : (n,) effect of the most precise study, as given.
    unit : (n,) the unit of effects, a power of two; that of variances is its square.
    rows : (n,) position of each analysis in the batch.
    padded : whether any column is filled.
    survey : the likelihood equation's terms, where they were had cheaply beforehand.
    """

    v: Floats
    d: Floats
    k: Ints
    vmax: Floats
    anchor: Floats
    unit: Floats
    rows: Ints | slice
    padded: bool
    survey: Survey | None = None

    @property
    def lone(self) -> bool:
        """Whether this is one analysis without an axis of columns."""
        return self.v.ndim == 1

    def as_column(self) -> Block:
        """A lone analysis as a block of one column; any other block as it is."""
        if not self.lone:
            return self
        return replace(
            self,
            v=self.v[:, None],
            d=self.d[:, None],
            k=np.reshape(self.k, 1),
            vmax=np.reshape(self.vmax, 1),
            anchor=np.reshape(self.anchor, 1),
            unit=np.reshape(self.unit, 1),
            rows=np.zeros(1, dtype=np.int64),
        )

    def take(self, columns: Ints, /) -> Block:
        """The block with the named columns only, each as often as it is named."""
        assert not isinstance(self.rows, slice)  # a lone analysis has no columns
        return Block(
            v=self.v.take(columns, axis=1),
            d=self.d.take(columns, axis=1),
            k=self.k[columns],
            vmax=self.vmax[columns],
            anchor=self.anchor[columns],
            unit=self.unit[columns],
            rows=self.rows[columns],
            padded=self.padded,
        )


def checked_studies(yi: object, vi: object) -> tuple[Floats, Floats]:
    """Effects and variances as float arrays, or a sentence on what is wrong with them."""
    try:
        y = np.asarray(yi, dtype=np.float64)
        v = np.array(vi, dtype=np.float64)  # a copy: results keep it for their weights
    except (TypeError, ValueError) as error:
        raise InvalidDataError(
            "Effects and variances must be numbers; drop missing rows."
        ) from error
    if y.ndim != 1 or v.ndim != 1 or y.size != v.size:
        raise InvalidDataError(
            f"Effects and variances must be two lists of one length, not {y.shape} and {v.shape}."
        )
    if v.size == 0:
        return y, v
    least = float(v.min())
    limit = FARTHEST * least
    if least > 0 and v.max() < limit and y.max() < limit and y.min() > -limit:
        return y, v  # comparisons with NaN are false
    if not np.isfinite(y).all() or not np.isfinite(v).all():
        raise InvalidDataError("Effects and variances must be finite; drop missing rows first.")
    if least <= 0:
        raise InvalidDataError(
            f"Sampling variances must be above zero; study {int(v.argmin()) + 1} has {least:g}."
        )
    raise InvalidDataError(
        f"An effect or variance is {FARTHEST:g} times the smallest variance: not data."
    )


def checked_offsets(offsets: object, length: int) -> Ints:
    """Offsets ``(m+1,)`` that start at 0, never fall, and end at the number of studies."""
    off = np.asarray(offsets)
    if off.ndim != 1 or off.size < 1 or off.dtype.kind not in "iu":
        raise InvalidDataError("Offsets must be a list of whole numbers, one more than analyses.")
    off = off.astype(np.int64)
    if off[0] != 0 or off[-1] != length or (off[1:] < off[:-1]).any():
        raise InvalidDataError(
            f"Offsets must start at 0, never fall and end at {length}, the number of studies."
        )
    return off


def blocks(yi: Floats, vi: Floats, offsets: Ints) -> Iterator[Block]:
    """The analyses of a ragged batch in blocks of similar size; those without studies are left out.

    Parameters
    ----------
    yi, vi : (N,) effects and sampling variances of all analyses, one after the other.
    offsets : (m+1,) analysis i has the studies ``offsets[i]:offsets[i+1]``.
    """
    return spans(yi, vi, offsets[:-1], offsets[1:] - offsets[:-1])


def spans(yi: Floats, vi: Floats, starts: Ints, counts: Ints) -> Iterator[Block]:
    """As :func:`blocks`, of analyses that may share studies.

    Parameters
    ----------
    yi, vi : (N,) effects and sampling variances.
    starts, counts : (m,) analysis i has the studies ``starts[i]:starts[i] + counts[i]``.
    """
    if counts.size == 1 and counts[0]:
        yield _block(yi, vi, starts, counts, np.zeros(1, dtype=np.int64))
        return
    order = np.argsort(counts, kind="stable")
    sizes = counts[order]
    start = int(np.searchsorted(sizes, 1))
    while start < order.size:
        smallest = int(sizes[start])
        widest = smallest + smallest // 8  # at most an eighth of a column is filler
        stop = int(np.searchsorted(sizes, widest, side="right"))
        stop = min(stop, start + max(1, BLOCK_CELLS // widest))
        yield _block(yi, vi, starts, counts, order[start:stop])
        start = stop


def lone_block(yi: Floats, vi: Floats) -> Block:
    """One analysis without an axis of columns.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances.
    """
    best = vi.argmin()
    y, v = yi.copy(), vi.copy()
    y[0], y[best] = yi[best], yi[0]
    v[0], v[best] = vi[best], vi[0]
    anchor, unit = y[0], math.ldexp(1.0, math.frexp(v[0])[1] // 2)
    y -= anchor
    y /= unit
    v /= unit * unit
    return Block(
        v=v,
        d=y,
        k=cast(Ints, np.int64(v.size)),
        vmax=v.max(),
        anchor=anchor,
        unit=cast(Floats, np.float64(unit)),
        rows=slice(0, 1),
        padded=False,
    )


def _block(yi: Floats, vi: Floats, starts: Ints, counts: Ints, rows: Ints) -> Block:
    k = counts[rows]
    height = int(k[-1])
    padded = bool(k[0] != height)
    index = starts[rows] + np.arange(height)[:, None]
    if padded:
        filler = np.arange(height)[:, None] >= k
        index = np.where(filler, starts[rows], index)
        y, v = yi[index], vi[index]
        v[filler] = np.inf
        vmax = np.where(filler, 0.0, v).max(axis=0)
    else:
        y, v = yi[index], vi[index]
        vmax = v.max(axis=0)
    columns = np.arange(rows.size)
    best = v.argmin(axis=0)
    anchor = y[best, columns]
    vmin = v[best, columns]
    y[best, columns], v[best, columns] = y[0], v[0]
    y[0], v[0] = anchor, vmin
    unit = np.ldexp(1.0, np.frexp(vmin)[1] // 2)
    d = y - anchor
    if padded:
        d[filler] = 0.0
    d /= unit
    v /= unit * unit
    return Block(v, d, k, vmax / (unit * unit), anchor, unit, rows, padded)
