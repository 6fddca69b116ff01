"""Estimators of the between-study variance, their standard errors and intervals."""

from __future__ import annotations

from typing import NamedTuple, cast

from review.arrays import Bools, Floats, Ints
from review.synthesis.elementary import larger, sqrt
from review.synthesis.likelihood import maximum_likelihood
from review.synthesis.lone import Lone, lone_root_of_q
from review.synthesis.methods import Method
from review.synthesis.moments import Batch, Fit, degrees_of_freedom, fit_at, q_and_slope
from review.synthesis.quantiles import chi2_quantile
from review.synthesis.search import ONE_ZERO, no_maximum, solve_q


class Heterogeneity(NamedTuple):
    """tau² of each analysis ``(n,)`` in the block's unit, how it was found, and its standard error.

    ``initial`` is Sidik and Jonkman's starting value, needed by their standard error, else zero.
    """

    tau2: Floats
    iterations: Ints
    modes: Ints
    initial: Floats


def estimate_tau2(analyses: Lone | Batch, method: Method, at_zero: Fit) -> Heterogeneity:
    """The between-study variance by any method; every analysis has at least two studies.

    Moment estimators are truncated at zero. Formulas: DL DerSimonian & Laird 1986 eq. 8; HE Hedges
    1983; HS and HSk Viechtbauer, Lopez-Lopez, Sanchez-Meca & Marin-Martinez 2015 eq. 10 and
    Brannick, Potter, Benitez & Morris 2019; SJ Sidik & Jonkman 2005 eq. 3.4; PM Paule & Mandel
    1982, whose solution EB shares (Veroniki et al. 2016, section 3.2); PMM Viechtbauer 2021, Q at
    its median.
    """
    k = analyses.k
    if method in (Method.REML, Method.ML):
        top = maximum_likelihood(analyses, at_zero, restricted=method is Method.REML)
        return Heterogeneity(top.tau2, top.iterations, top.modes, top.tau2)
    lone = isinstance(analyses, Lone)
    zero, none, one = ONE_ZERO if lone else no_maximum(at_zero.total.shape)
    if method is Method.EE:
        return Heterogeneity(zero, none, one, zero)
    if method in (Method.PM, Method.EB, Method.PMM):
        df = degrees_of_freedom(analyses)
        target = chi2_quantile(df, 0.5) if method is Method.PMM else df
        tau2, steps = _where_q_is(analyses, at_zero.q, target)
        return Heterogeneity(tau2, steps, one, zero)
    initial = zero
    if method is Method.DL:
        tau2 = (at_zero.q - (k - 1)) / at_zero.trace
    elif method is Method.HS:
        tau2 = (at_zero.q - k) / at_zero.total
    elif method is Method.HSK:
        tau2 = (k / (k - 1) * at_zero.q - k) / at_zero.total
    elif method is Method.HE:
        tau2 = _spread(analyses) / (k - 1) - analyses.variances()[0] / k
    else:
        initial = _spread(analyses) / k
        tau2 = initial * fit_at(analyses, initial).q / (k - 1)
    return Heterogeneity(larger(tau2, 0.0), none, one, initial)


def standard_error(
    analyses: Lone | Batch, method: Method, found: Heterogeneity, at_zero: Fit, fit: Fit
) -> Floats:
    """Standard error of tau² (block's unit) by the estimator's own theory.

    ML and REML: inverse expected information (Viechtbauer 2005, eq. 19, 20). A moment estimator is
    a multiple of a quadratic form y'Ay, whose variance is 2 tr(A S A S) with S = diag(v + tau²).
    EB, PM and PMM: metafor's form for the empirical Bayes estimator, sqrt(2 k² / (k-1)) / sum(w).
    """
    k = cast(Floats, analyses.k * 1.0)
    tau2 = found.tau2
    if method is Method.REML:
        return sqrt(2.0 / fit.trace_pp)
    if method is Method.ML:
        return sqrt(2.0 / fit.total2)
    if method in (Method.EB, Method.PM, Method.PMM):
        return sqrt(2.0 * k * k / (k - 1)) / fit.total
    if method in (Method.DL, Method.HS, Method.HSK):
        form = 2 * (k - 1) + 4 * tau2 * at_zero.trace + 2 * tau2 * tau2 * at_zero.trace_pp
        divisor = at_zero.trace if method is Method.DL else at_zero.total
        factor = k / (k - 1) if method is Method.HSK else 1.0
        return factor * sqrt(form) / divisor
    if method is Method.SJ:
        start = fit_at(analyses, found.initial)
        shift = tau2 - found.initial  # S = diag(1/w) + shift, w the starting weights
        form = 2 * (k - 1) + 4 * shift * start.trace + 2 * shift * shift * start.trace_pp
        return found.initial / (k - 1) * sqrt(form)
    sum_v, sum_v2 = analyses.variances()  # HE: A = I - 11'/k
    form = sum_v2 * (1 - 2 / k) + (sum_v / k) ** 2 + 2 * tau2 * sum_v * (1 - 1 / k)
    return sqrt(2 * (form + tau2 * tau2 * (k - 1))) / (k - 1)


def q_profile(
    analyses: Lone | Batch, q_at_zero: Floats, level: float
) -> tuple[Floats, Floats, Bools]:
    """Q-profile limits of tau² (Viechtbauer 2007, section 3.6) in the block's unit.

    Returns
    -------
    low, high : (n,) zero where Q(0) lies below the quantile that the limit belongs to.
    empty : (n,) Q(0) lies below both: no tau² >= 0 is compatible with so homogeneous effects. The
        limits are then [0, 0], as metafor reports them.
    """
    alpha, df = 1 - level, degrees_of_freedom(analyses)
    upper, lower = chi2_quantile(df, alpha / 2), chi2_quantile(df, 1 - alpha / 2)
    low, _ = _where_q_is(analyses, q_at_zero, upper)
    high, _ = _where_q_is(analyses, q_at_zero, lower)
    return low, high, q_at_zero < lower


def _where_q_is(analyses: Lone | Batch, q_at_zero: Floats, target: Floats) -> tuple[Floats, Ints]:
    """The tau² at which Q equals ``target``, zero where it starts below, and the steps."""
    if isinstance(analyses, Lone):
        return lone_root_of_q(lambda tau2: q_and_slope(analyses, tau2), q_at_zero, target)
    return solve_q(analyses, q_and_slope, q_at_zero, target)


def _spread(analyses: Lone | Batch) -> Floats:
    """The sum of squares of the effects around their mean; see ``moments`` on its digits."""
    d, dd = analyses.effects()
    return dd - d * d / analyses.k
