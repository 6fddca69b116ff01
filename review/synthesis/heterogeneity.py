"""Estimators of the between-study variance, their standard errors and intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtri

from review.arrays import Bools, Floats, Ints
from review.synthesis.blocks import Block
from review.synthesis.likelihood import FEW_CELLS, maximum_likelihood
from review.synthesis.methods import Method
from review.synthesis.moments import Fit, fit_at, q_and_slope
from review.synthesis.search import solve_q


class Heterogeneity(NamedTuple):
    """tau² of each analysis ``(n,)`` in the block's unit, how it was found, and its standard error.

    ``initial`` is Sidik and Jonkman's starting value, needed by their standard error, else zero.
    """

    tau2: Floats
    iterations: Ints
    modes: Ints
    initial: Floats


def estimate_tau2(block: Block, method: Method, at_zero: Fit) -> Heterogeneity:
    """The between-study variance by any method; every analysis has at least two studies.

    Moment estimators are truncated at zero. Formulas: DL DerSimonian & Laird 1986 eq. 8; HE Hedges
    1983; HS and HSk Viechtbauer, Lopez-Lopez, Sanchez-Meca & Marin-Martinez 2015 eq. 10 and
    Brannick, Potter, Benitez & Morris 2019; SJ Sidik & Jonkman 2005 eq. 3.4; PM Paule & Mandel
    1982, whose solution EB shares (Veroniki et al. 2016, section 3.2); PMM Viechtbauer 2021, Q at
    its median.
    """
    k = block.k
    zero, one, none = np.zeros(k.shape), np.ones(k.shape, np.int64), np.zeros(k.shape, np.int64)
    if method is Method.EE:
        return Heterogeneity(zero, none, one, zero)
    if method in (Method.REML, Method.ML):
        top = maximum_likelihood(block, at_zero, restricted=method is Method.REML)
        return Heterogeneity(top.tau2, top.iterations, top.modes, zero)
    if method in (Method.PM, Method.EB, Method.PMM):
        column = block.as_column()
        target = _quantile(column, 0.5) if method is Method.PMM else np.asarray(column.k - 1.0)
        tau2, steps = solve_q(column, q_and_slope, np.reshape(at_zero.q, -1), target)
        if block.lone:
            tau2, steps = tau2[0], steps[0]
        return Heterogeneity(tau2, steps, one, zero)
    initial = zero
    if method is Method.DL:
        tau2 = (at_zero.q - (k - 1)) / at_zero.trace
    elif method is Method.HS:
        tau2 = (at_zero.q - k) / at_zero.total
    elif method is Method.HSK:
        tau2 = (k / (k - 1) * at_zero.q - k) / at_zero.total
    elif method is Method.HE:
        tau2 = _spread(block) / (k - 1) - _sum(block, block.v) / k
    else:
        initial = _spread(block) / k
        tau2 = initial * fit_at(block, initial).q / (k - 1)
    return Heterogeneity(np.maximum(tau2, 0.0), none, one, initial)


def standard_error(
    block: Block, method: Method, found: Heterogeneity, at_zero: Fit, fit: Fit
) -> Floats:
    """Standard error of tau² (block's unit) by the estimator's own theory.

    ML and REML: inverse expected information (Viechtbauer 2005, eq. 19, 20). A moment estimator is
    a multiple of a quadratic form y'Ay, whose variance is 2 tr(A S A S) with S = diag(v + tau²).
    EB, PM and PMM: metafor's form for the empirical Bayes estimator, sqrt(2 k² / (k-1)) / sum(w).
    """
    k = block.k.astype(np.float64)
    tau2 = found.tau2
    if method is Method.REML:
        return np.sqrt(2.0 / fit.trace_pp)
    if method is Method.ML:
        return np.sqrt(2.0 / fit.total2)
    if method in (Method.EB, Method.PM, Method.PMM):
        return np.sqrt(2.0 * k * k / (k - 1)) / fit.total
    if method in (Method.DL, Method.HS, Method.HSK):
        form = 2 * (k - 1) + 4 * tau2 * at_zero.trace + 2 * tau2 * tau2 * at_zero.trace_pp
        divisor = at_zero.trace if method is Method.DL else at_zero.total
        factor = k / (k - 1) if method is Method.HSK else 1.0
        return factor * np.sqrt(form) / divisor
    if method is Method.SJ:
        start = fit_at(block, found.initial)
        shift = tau2 - found.initial  # S = diag(1/w) + shift, w the starting weights
        form = 2 * (k - 1) + 4 * shift * start.trace + 2 * shift * shift * start.trace_pp
        return found.initial / (k - 1) * np.sqrt(form)
    sum_v, sum_v2 = _sum(block, block.v), _sum(block, block.v * block.v)  # HE: A = I - 11'/k
    form = sum_v2 * (1 - 2 / k) + (sum_v / k) ** 2 + 2 * tau2 * sum_v * (1 - 1 / k)
    return np.sqrt(2 * (form + tau2 * tau2 * (k - 1))) / (k - 1)


def q_profile(block: Block, q_at_zero: Floats, level: float) -> tuple[Floats, Floats, Bools]:
    """Q-profile limits of tau² (Viechtbauer 2007, section 3.6) in the block's unit.

    Returns
    -------
    low, high : (n,) zero where Q(0) lies below the quantile that the limit belongs to.
    empty : (n,) Q(0) lies below both: no tau² >= 0 is compatible with so homogeneous effects. The
        limits are then [0, 0], as metafor reports them.
    """
    alpha, block, q_at_zero = 1 - level, block.as_column(), np.reshape(q_at_zero, -1)
    upper, lower = _quantile(block, alpha / 2), _quantile(block, 1 - alpha / 2)
    n = block.k.size
    if block.v.size <= FEW_CELLS:  # both limits in one go: calls cost more than their arithmetic
        twice = np.tile(np.arange(n), 2)
        both, _ = solve_q(
            block.take(twice), q_and_slope, q_at_zero[twice], np.concatenate([upper, lower])
        )
        low, high = both[:n], both[n:]
    else:
        low, _ = solve_q(block, q_and_slope, q_at_zero, upper)
        high, _ = solve_q(block, q_and_slope, q_at_zero, lower)
    return low, high, q_at_zero < lower


def _quantile(block: Block, tail: float) -> Floats:
    """Upper quantile of chi² with k - 1 degrees of freedom, (n,)."""
    df = block.k - 1.0
    sizes = df[:1] if block.k[0] == block.k[-1] else df  # a block is sorted by size
    return np.broadcast_to(np.asarray(chdtri(sizes, tail), dtype=np.float64), df.shape)


def _spread(block: Block) -> Floats:
    mean = block.d.sum(axis=0) / block.k
    centred = block.d - mean
    return _sum(block, centred * centred)


def _sum(block: Block, values: Floats) -> Floats:
    """Sum over studies, fillers left out."""
    total: Floats = (np.where(np.isinf(block.v), 0.0, values) if block.padded else values).sum(
        axis=0
    )
    return total
