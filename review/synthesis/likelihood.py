"""REML and ML estimates of tau² of a block: certainly the global maximum, zero included."""

from __future__ import annotations

from functools import partial

import numpy as np

from review.arrays import Floats
from review.synthesis.blocks import Block
from review.synthesis.moments import Fit, down, slopes_at
from review.synthesis.search import (
    Likelihood,
    Maximum,
    even_grid,
    highest_maximum,
    last_stationary_point,
    lone_maximum,
    no_maximum,
)

GRID = 8
"""Most points laid at first, one a doubling of tau² + scale; where more are needed, halving."""

FINE = 4
"""So many times finer for blocks of few cells, where a good start that saves a Newton step is
cheaper than the step."""

FEW_CELLS = 2048
"""Cells of a block (studies x analyses) up to which numpy's calls cost more than its arithmetic."""


def maximum_likelihood(block: Block, at_zero: Fit, *, restricted: bool) -> Maximum:
    """The tau² of highest (restricted) likelihood for every analysis of a block.

    Parameters
    ----------
    block : analyses, each of at least two studies.
    at_zero : the fit at tau² = 0.
    restricted : REML rather than ML.

    Returns
    -------
    Maximum
        ``modes`` counts the local maxima, a falling start at tau² = 0 included.
    """
    scale = (at_zero.trace / at_zero.trace_pp) if restricted else (at_zero.total / at_zero.total2)
    if block.survey is not None:
        at = block.survey.restricted if restricted else block.survey.full
        grid = block.survey.grid
        return highest_maximum(block, _likelihood(block, scale, grid, at, restricted=restricted))
    last = _last_stationary_point(block, restricted=restricted)
    if block.lone:
        return _lone(block, scale, last, restricted=restricted)
    searched = (last > 0).nonzero()[0]
    if searched.size == last.size:
        return _searched(block, scale, last, restricted=restricted)
    whole = no_maximum(block.k.shape)
    if searched.size:
        part = block.take(searched)
        found = _searched(part, scale[searched], last[searched], restricted=restricted)
        for values, some in zip(whole, found, strict=True):
            values[searched] = some
    return whole


def log_likelihood(block: Block, tau2: Floats, *, restricted: bool) -> Floats:
    """The log-likelihood at ``tau2`` (n,) in block units, without constants that k alone fixes."""
    vt = block.v + tau2
    w = 1.0 / vt
    total = w.sum(axis=0)
    residual = block.d - np.einsum("ij,ij->j", w, block.d) / total
    q = (w * residual * residual).sum(axis=0)
    value: Floats = -0.5 * (sum_of_logs(block, tau2) + q + (np.log(total) if restricted else 0.0))
    return value


def sum_of_logs(block: Block, tau2: Floats) -> Floats:
    """The sum over studies of log(v + tau²), fillers left out."""
    vt = block.v + tau2
    if block.padded:
        vt[np.isinf(vt)] = 1.0
    np.log(vt, out=vt)
    total: Floats = np.add.reduce(vt, axis=0)
    return total


def _last_stationary_point(block: Block, *, restricted: bool) -> Floats:
    k = block.k
    sum_d = np.add.reduce(block.d, axis=0)
    sum_d2 = down(block.d, block.d)
    # a bound: the sum of squares about the anchor cancels by 1e-15 of itself, so that is added
    spread = (sum_d2 * (1 + 1e-14) - sum_d * sum_d / k) / (k - 1 if restricted else k)
    return last_stationary_point(spread, block.v[0], block.vmax)


def _lone(block: Block, scale: Floats, last: Floats, *, restricted: bool) -> Maximum:
    if last <= 0:
        return no_maximum(())
    grid = even_grid(scale, last, most=GRID * FINE, fine=FINE)
    at = slopes_at(block, grid, restricted=restricted)
    found = lone_maximum(block, _likelihood(block, scale, grid, at, restricted=restricted))
    if found is not None:
        return found
    column, one = block.as_column(), np.reshape(scale, 1)
    several = _likelihood(column, one, grid[:, None], at[:, :, None], restricted=restricted)
    tau2, iterations, modes = highest_maximum(column, several)
    return Maximum(tau2.reshape(()), iterations.reshape(()), modes.reshape(()))


def _searched(block: Block, scale: Floats, last: Floats, *, restricted: bool) -> Maximum:
    fine = FINE if block.v.size <= FEW_CELLS else 1
    grid = even_grid(scale, last, most=GRID * fine, fine=fine)
    at = slopes_at(block, grid, restricted=restricted)
    return highest_maximum(block, _likelihood(block, scale, grid, at, restricted=restricted))


def _likelihood(
    block: Block, scale: Floats, grid: Floats, at: Floats, *, restricted: bool
) -> Likelihood[Block]:
    return Likelihood(
        slopes=partial(slopes_at, restricted=restricted),
        height=partial(log_likelihood, restricted=restricted),
        scale=scale,
        bend=block.vmax - 2 * block.v[0],
        grid=grid,
        at=at,
    )
