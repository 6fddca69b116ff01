"""Statistical information: how much there is, how much is needed, and what more would be worth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import nctdtr, ndtr, ndtri, stdtrit

from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.methods import Test

__all__ = [
    "InformationSize",
    "diversity",
    "evpi",
    "evsi",
    "fewest_trials",
    "information_size",
    "probability_wrong",
]


@dataclass(frozen=True, slots=True)
class InformationSize:
    """How much information a conclusion needs.

    Attributes
    ----------
    required : float
        I_max, in units of 1/variance of the pooled effect.
    participants : float
        The same in participants of two equal arms, for a standardised mean difference and without
        heterogeneity (4 I_max).
    delta, alpha, beta : float
        The distance to detect, one-sided error and one minus power.
    """

    required: float
    participants: float
    delta: float
    alpha: float
    beta: float


def information_size(delta: float, *, alpha: float = 0.025, beta: float = 0.10) -> InformationSize:
    """Information that gives power 1 - `beta` at distance `delta` from the null value.

    Parameters
    ----------
    delta : float
        For superiority the effect to detect; for noninferiority margin plus the effect hoped for.
    alpha : float
        One-sided error (0.025 goes with a two-sided 95 % interval).
    beta : float

    Returns
    -------
    InformationSize

    Raises
    ------
    InvalidDataError
        If `delta` is not positive or an error rate is not between 0 and 0.5.

    References
    ----------
    Wetterslev et al. 2009, BMC Med Res Methodol 9:86; living updating, section 1.2.

    Examples
    --------
    >>> size = information_size(0.5)
    >>> round(size.required, 6), round(size.participants, 1)
    (42.029692, 168.1)
    """
    if not (math.isfinite(delta) and delta > 0):
        raise InvalidDataError(f"A distance of {delta} to detect is not above zero.")
    if not (0 < alpha < 0.5 and 0 < beta < 1):
        raise InvalidDataError("Error rates must lie above 0, alpha below 0.5 and beta below 1.")
    required = float((ndtri(1 - alpha) + ndtri(1 - beta)) / delta) ** 2
    return InformationSize(required, 4 * required, delta, alpha, beta)


def diversity(vi: ArrayLike, tau2: float) -> float:
    """Share of the random-effects variance that heterogeneity adds: D² = 1 - I_random / I_fixed.

    It serves to print participants (fixed size / (1 - D²)); never apply it to random-effects
    information, which has it in already.

    Parameters
    ----------
    vi : array_like (k,)
        Sampling variances.
    tau2 : float
        Between-study variance, at least zero.

    Returns
    -------
    float
        In [0, 1), at least I².

    Raises
    ------
    InvalidDataError
        If variances or `tau2` cannot be right.

    References
    ----------
    Wetterslev et al. 2009, eq. 2.5.

    Examples
    --------
    >>> diversity([0.1, 0.1], 0.1)
    0.5
    """
    _, v = checked_studies(vi, vi)
    if v.size == 0 or not tau2 >= 0:
        raise InvalidDataError("Diversity needs studies and a tau² of at least zero.")
    return float(1 - (1 / (v + tau2)).sum() / (1 / v).sum())


def fewest_trials(size: InformationSize, tau2: float, *, test: Test | str = Test.Z) -> int:
    """The least number of trials of any size with which a test has the power that was planned.

    k infinitely large trials have a mean of variance tau²/k and tell tau² by k - 1 degrees of
    freedom only.

    Parameters
    ----------
    size : InformationSize
        The distance to detect, one-sided error and power.
    tau2 : float
        Between-study variance.
    test : Test
        The test of the plan. With ``z`` tau² counts as known; ``t``, ``knha`` and ``adhoc`` are
        Student's test of the trials' own effects then, the variance factor being 1.

    Returns
    -------
    int
        One where `tau2` is zero.

    Raises
    ------
    InvalidDataError
        If `tau2` is negative or not finite, or the test is unknown.

    References
    ----------
    Kulinskaya & Wood 2014, Res Synth Methods 5:212 (normal test); Student's test by the noncentral
    t distribution, as R's ``power.t.test(type = "one.sample", alternative = "one.sided")``.

    Examples
    --------
    >>> size = information_size(0.5)
    >>> [fewest_trials(size, 0.0617027, test=test) for test in ("z", "knha")]
    [3, 5]
    """
    if not (math.isfinite(tau2) and tau2 >= 0):
        raise InvalidDataError("Between-study variance is a number of at least zero.")
    known = math.floor(tau2 * size.required) + 1
    if tau2 == 0 or Test(test) is Test.Z:
        return known
    k = max(known, 2)
    while _power_of_t(size, tau2, k) < 1 - size.beta:
        k += 1
    return k


def _power_of_t(size: InformationSize, tau2: float, k: int) -> float:
    """Power of Student's one-sided test of k values of variance tau²."""
    critical = -float(stdtrit(k - 1, size.alpha))
    return 1 - float(nctdtr(k - 1, size.delta * math.sqrt(k / tau2), critical))


def probability_wrong(estimate: float, se: float, margin: float) -> float:
    """Probability that "above -margin" is the wrong side, the estimate being normal, prior flat.

    Examples
    --------
    >>> round(probability_wrong(-0.3004927661, 0.1887256437, 0.5), 7)
    0.1452265
    """
    _check(estimate, se)
    return float(ndtr(-abs(estimate + margin) / se))


def evpi(estimate: float, se: float, margin: float) -> float:
    """Expected value of perfect information on the decision "offer as equal if mu > -margin".

    Parameters
    ----------
    estimate, se : float
        Pooled effect and its standard error.
    margin : float
        Of the decision; the loss is linear in the distance of mu from -margin.

    Returns
    -------
    float
        Effect units per patient. Approximate: tau² is held fixed and the prior is flat.

    Raises
    ------
    InvalidDataError
        If the standard error is not positive.

    References
    ----------
    Raiffa & Schlaifer 1961, ch. 5; Claxton 1999, J Health Econ 18:341 (unit normal loss).

    Examples
    --------
    >>> round(evpi(-0.3004927661, 0.1887256437, 0.5), 7)
    0.0140863
    """
    _check(estimate, se)
    return se * _unit_loss(abs(estimate + margin) / se)


def evsi(estimate: float, se: float, margin: float, *, v_new: float, tau2: float) -> float:
    """Expected value of the sample information of one more trial.

    Parameters
    ----------
    estimate, se, margin : float
        As for `evpi`; `se` is the Wald standard error, 1/sqrt(information).
    v_new : float
        Sampling variance of the new trial (2/n for a standardised mean difference with n an arm).
    tau2 : float
        Between-study variance, held fixed.

    Returns
    -------
    float
        Between zero and `evpi`.

    Raises
    ------
    InvalidDataError
        If a variance cannot be right.

    References
    ----------
    Ades, Lu & Claxton 2004, Med Decis Making 24:207 (normal case).

    Examples
    --------
    >>> found = evsi(-0.3004927661, 0.1887256437, 0.5, v_new=2 / 50, tau2=0.0617026966)
    >>> round(found, 9)
    0.000664708
    """
    _check(estimate, se)
    if not (v_new > 0 and tau2 >= 0):
        raise InvalidDataError("A new trial has a variance above zero, tau² is at least zero.")
    information = se**-2
    learnt = math.sqrt(se**2 - 1 / (information + 1 / (v_new + tau2)))
    return learnt * _unit_loss(abs(estimate + margin) / learnt)


def _unit_loss(x: float) -> float:
    """The unit normal loss phi(x) - x {1 - Phi(x)}."""
    loss = math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi) - x * float(ndtr(-x))
    return max(0.0, loss)


def _check(estimate: float, se: float) -> None:
    if not (np.isfinite(estimate) and np.isfinite(se) and se > 0):
        raise InvalidDataError(f"An estimate {estimate} with standard error {se} cannot be read.")
