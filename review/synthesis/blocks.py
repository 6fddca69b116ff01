"""Ragged analyses laid out as dense blocks, so that a sum over studies is one array operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from review.arrays import Floats, Ints
from review.errors import InvalidDataError
from review.synthesis.moments import Sums

BLOCK_CELLS = 131_072
"""Cells (studies x analyses) of a block, 1 MB an array: more leave the cache, fewer cost calls."""

MOST_FILLER = 3
"""Studies that the largest analysis of a block has more than the smallest, or a quarter of those:
small analyses cost numpy's calls rather than arithmetic, and of many sizes there are many calls."""

FARTHEST = 1e60
"""Largest effect or variance over the smallest variance; squares and cubes stay within a float."""


@dataclass(frozen=True, slots=True)
class Block:
    """Analyses of similar size as columns, their studies as rows.

    Each analysis stands in its own unit, a power of four of the smallest variance, so that results
    scale exactly with the data and no square or cube of a weight leaves the range of a float.
    Effects are differences from the most precise study, which is not among the rows: sums over the
    others then lose no digits when one study dominates.

    Attributes
    ----------
    k : (n,) number of studies.
    vmin, vmax : (n,) smallest and largest variance, in the analysis' unit.
    anchor : (n,) effect of the most precise study, as given.
    unit : (n,) the unit of effects, a power of two; that of variances is its square.
    rows : (n,) position of each analysis in the batch.
    v : (K-1, n) sampling variances of the other studies; infinity fills the columns below K.
    d : (K-1, n) their effects minus the anchor; 0 where filled.
    padded : whether any column is filled.
    room : (3 (K-1) n) or more for weights, their powers and products: memory that is asked for at
        each step of a search is given back to the system at each, which costs more than the sums.
    """

    k: Ints
    vmin: Floats
    vmax: Floats
    anchor: Floats
    unit: Floats
    rows: Ints
    v: Floats
    d: Floats
    padded: bool
    room: Floats

    @classmethod
    def of(cls, y: Floats, v: Floats, k: Ints, rows: Ints) -> Block:
        """Lay out effects and variances (K, n), which it takes over.

        Columns stand in the order of their ``k``; what fills one repeats a study of its own, so
        that it changes no extreme.
        """
        smallest, height = int(k[0]), int(k[-1])
        best = v.argmin(axis=0) * k.size + np.arange(k.size)
        anchor, vmin = y.take(best), v.take(best)
        y.reshape(-1)[best], v.reshape(-1)[best] = y[0], v[0]
        unit = np.ldexp(1.0, np.frexp(vmin)[1] // 2)
        per_unit = 1.0 / unit
        vmin = vmin * per_unit * per_unit  # the square of a unit may be beyond a float
        v, d = v[1:], y[1:]
        v *= per_unit
        v *= per_unit
        vmax = np.maximum(np.maximum.reduce(v, axis=0, initial=0.0), vmin)
        d -= anchor
        d *= per_unit
        if smallest < height:
            filler = np.arange(smallest, height)[:, None] >= k
            np.copyto(v[smallest - 1 :], np.inf, where=filler)
            np.copyto(d[smallest - 1 :], 0.0, where=filler)
        room = np.empty(3 * v.size)
        return cls(k, vmin, vmax, anchor, unit, rows, v, d, smallest < height, room)

    def take(self, columns: Ints, /) -> Block:
        """The block with the named columns only, each as often as it is named."""
        v = self.v.take(columns, axis=1)
        return Block(
            k=self.k.take(columns),
            vmin=self.vmin.take(columns),
            vmax=self.vmax.take(columns),
            anchor=self.anchor.take(columns),
            unit=self.unit.take(columns),
            rows=self.rows.take(columns),
            v=v,
            d=self.d.take(columns, axis=1),
            padded=self.padded,
            room=self.room if columns.size <= self.k.size else np.empty(3 * v.size),
        )

    def sums(self, tau2: Floats, /) -> Sums:
        """Sums over studies at ``tau2`` (n,)."""
        v, d, each = self.v, self.d, "ij,ij->j"
        w, p, q = self.room[: 3 * v.size].reshape(3, *v.shape)
        np.add(v, tau2, w)
        np.divide(1.0, w, w)
        np.multiply(w, w, p)
        total, total2, total3 = np.add.reduce(w), np.add.reduce(p), np.einsum(each, p, w)
        np.multiply(w, d, p)
        np.multiply(w, p, q)
        return Sums(
            first=1.0 / (self.vmin + tau2),
            w=total,
            w2=total2,
            w3=total3,
            wd=np.add.reduce(p),
            w2d=np.add.reduce(q),
            w3d=np.einsum(each, q, w),
            wdd=np.einsum(each, p, d),
            w2dd=np.einsum(each, p, p),
            w3dd=np.einsum(each, q, p),
        )

    def logs(self, tau2: Floats) -> Floats:
        """The sum over studies of log(v + tau²), (n,)."""
        vt = self.v + tau2
        if self.padded:
            np.copyto(vt, 1.0, where=np.isinf(vt))
        np.log(vt, out=vt)
        total: Floats = np.add.reduce(vt, axis=0) + np.log(self.vmin + tau2)
        return total

    def effects(self) -> tuple[Floats, Floats]:
        """Sums of the effects minus the anchor and of their squares, (n,) each."""
        return np.add.reduce(self.d, axis=0), np.einsum("ij,ij->j", self.d, self.d)

    def variances(self) -> tuple[Floats, Floats]:
        """Sums of the variances and of their squares, (n,) each."""
        v = np.where(np.isinf(self.v), 0.0, self.v) if self.padded else self.v
        squares = np.einsum("ij,ij->j", v, v) + self.vmin * self.vmin
        return np.add.reduce(v, axis=0) + self.vmin, squares


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
    least = v.item(v.argmin())
    limit = FARTHEST * least
    ends = y.item(y.argmin()), y.item(y.argmax())  # of an array with NaN both are NaN
    if least > 0 and v.item(v.argmax()) < limit and -limit < ends[0] and ends[1] < limit:
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


def spans(
    yi: Floats, vi: Floats, starts: Ints, counts: Ints, studies: Ints | None = None
) -> Iterator[Block]:
    """As :func:`blocks`, of analyses that may share studies.

    Parameters
    ----------
    yi, vi : (N,) effects and sampling variances.
    starts, counts : (m,) analysis i has the studies ``starts[i]:starts[i] + counts[i]``, or what
        stands at these places of ``studies`` where that is given.
    """
    if counts.size == 1 and counts[0]:
        yield _block(yi, vi, starts, counts, np.zeros(1, dtype=np.int64), studies)
        return
    few = counts.max(initial=0) < 65_536
    order = np.argsort(counts.astype(np.uint16) if few else counts, kind="stable")  # by digits
    sizes = counts.take(order)
    start = int(np.searchsorted(sizes, 1))
    while start < order.size:
        smallest = int(sizes[start])
        widest = smallest + (max(smallest // 4, MOST_FILLER) if smallest > 1 else 0)
        stop = int(np.searchsorted(sizes, widest, side="right"))
        stop = min(stop, start + max(1, BLOCK_CELLS // widest))
        yield _block(yi, vi, starts, counts, order[start:stop], studies)
        start = stop


def _block(
    yi: Floats, vi: Floats, starts: Ints, counts: Ints, rows: Ints, studies: Ints | None
) -> Block:
    k, first = counts.take(rows), starts.take(rows)
    smallest, height = int(k[0]), int(k[-1])
    index = first + np.arange(height)[:, None]
    filler = np.arange(smallest, height)[:, None] >= k
    np.copyto(index[smallest:], first, where=filler)
    if studies is not None:
        index = studies.take(index)
    return Block.of(yi.take(index), vi.take(index), k, rows)
