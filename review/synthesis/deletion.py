"""All leave-one-out analyses of one data set as blocks, with their likelihoods surveyed beforehand.

The k analyses share all but one study each, so sums of weights and effects over a grid of tau² are
taken once and one study's part subtracted: k analyses are surveyed for the price of one. The survey
only brackets the maxima; each is then found from the analysis' own studies.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from review.arrays import Floats, Ints
from review.synthesis.blocks import Block, Survey

COLUMNS = 64
"""Analyses a block: enough for long inner loops, few enough for a block to stay in cache."""

POINTS_A_DOUBLING = 4

MOST_POINTS = 256

CHUNK = 2048
"""Studies whose terms are summed at a time: at most 34 MB on the longest grid."""

DOMINANT = 1 - 1e-5
"""Share of one study in any sum beyond which subtracting it leaves fewer than ten digits: such data
are surveyed analysis by analysis."""


def deleted_blocks(yi: Floats, vi: Floats) -> Iterator[Block]:
    """Blocks of the k analyses that lack one study each; ``rows`` is the study that is lacking.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances, k at least 3.
    """
    k = yi.size
    order = np.argsort(vi, kind="stable")  # so that row 0 is the most precise of any analysis
    unit = float(np.ldexp(1.0, int(np.frexp(vi[order[0]])[1]) // 2))
    y, v = yi[order], vi[order] / unit**2
    anchor = np.where(np.arange(k) == 0, y[1], y[0])
    vmax = np.where(np.arange(k) == k - 1, v[-2], v[-1])
    sums = _Sums(y / unit, v)
    place = np.arange(k - 1)[:, None]
    for start in range(0, k, COLUMNS):
        lacking = np.arange(start, min(start + COLUMNS, k))
        after = place >= lacking
        d = np.where(after, y[1:, None], y[:-1, None])
        d -= anchor[lacking]
        d /= unit
        yield Block(
            v=np.where(after, v[1:, None], v[:-1, None]),
            d=d,
            k=np.full(lacking.size, k - 1),
            vmax=vmax[lacking],
            anchor=anchor[lacking],
            unit=np.full(lacking.size, unit),
            rows=order[lacking],
            padded=False,
            survey=sums.without(lacking) if sums.safe else None,
        )


class _Sums:
    """Sums of w^a d^b over all studies on a grid of tau², w = 1/(v + tau²), d about the median.

    ``safe`` says that no study makes up nearly all of a sum and that no variance is the difference
    of two much larger numbers, so that at least ten digits survive the subtraction.
    """

    def __init__(self, y: Floats, v: Floats):
        w = 1 / v
        self.d = y - np.median(y)
        self.v = v
        scale = w.sum() / (w * w).sum()
        # beyond this no analysis has a stationary point: (v0 + tau²)² = S² (vmax + tau²)
        spread = (self.d**2).sum() / max(v.size - 2, 1)
        last = 0.5 * (spread + np.sqrt(spread * (spread + 4 * (v[-1] - v[0])))) - v[0]
        doublings = np.log2(1 + max(float(last), 0.0) / scale)
        points = min(MOST_POINTS, 2 + int(POINTS_A_DOUBLING * doublings))
        self.grid = scale * (np.exp2(doublings * np.arange(points) / (points - 1)) - 1)
        positive = [0, 1, 2, 6, 7]
        self.all, largest = np.zeros((8, points)), np.zeros((len(positive), points))
        for start in range(0, v.size, CHUNK):
            terms = self._terms(slice(start, start + CHUNK))
            self.all += terms.sum(axis=2)
            np.maximum(largest, terms[positive].max(axis=2), out=largest)
        s10, s20, _, s11, s21, _, s22, _ = self.all
        mean = s11 / s10
        about_mean = s22 - 2 * mean * s21 + mean * mean * s20
        self.safe = bool(
            (largest <= DOMINANT * self.all[positive]).all()
            and ((1 - DOMINANT) * s22 <= about_mean).all()
        )

    def _terms(self, studies: Ints | slice) -> Floats:
        """The eight products (8, g, n) of the named studies."""
        w = 1 / (self.v[studies] + self.grid[:, None])
        d = self.d[studies]
        w2 = w * w
        w3 = w2 * w
        return np.stack([w, w2, w3, w * d, w2 * d, w3 * d, w2 * d * d, w3 * d * d])

    def without(self, lacking: Ints) -> Survey:
        """The likelihood equation's terms of the analyses that lack one study each."""
        s = self.all[:, :, None] - self._terms(lacking)
        s10, s20, s30, s11, s21, s31, s22, s32 = s
        mean, share = s11 / s10, s20 / s10
        a = s22 - 2 * mean * s21 + mean * mean * s20
        across = s21 - mean * s20
        b = s32 - 2 * mean * s31 + mean * mean * s30 - across * across / s10
        trace, trace_pp = s10 - share, s20 - 2 * s30 / s10 + share * share
        grid = np.broadcast_to(self.grid[:, None], a.shape)
        return Survey(grid, np.stack([a, b, trace, trace_pp]), np.stack([a, b, s10, s20]))
