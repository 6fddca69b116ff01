"""Whether the next trial will change the conclusion: the pipeline rerun on what it may find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Floats, Indices
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.foreseen import (
    Forecast,
    Region,
    Standing,
    TrialForecast,
    checked_variances,
    foresee,
    meeting,
    smallest_size,
)
from review.synthesis.methods import Method, Model, Test
from review.synthesis.noninferiority import classify_many
from review.synthesis.pooling import pool, pool_many
from review.synthesis.prediction import predictive

__all__ = [
    "Forecast",
    "Region",
    "Thresholds",
    "TrialForecast",
    "forecast",
    "smd_variance",
    "thresholds",
    "trial_size",
]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Effects of the next trial at which a limit meets a line, tau² held fixed.

    Above `noninferior` the lower limit exceeds -margin, above `superior` it exceeds zero; below
    `worse` the upper limit falls under zero.
    """

    v_new: float
    noninferior: float
    superior: float
    worse: float


def smd_variance(n_per_arm: float, effect: float = 0.0) -> float:
    """Sampling variance of a standardised mean difference with `n_per_arm` in each arm.

    References
    ----------
    Hedges & Olkin 1985, eq. 5.14 (large sample).

    Examples
    --------
    >>> smd_variance(50)
    0.04
    """
    if not n_per_arm > 0:
        raise InvalidDataError(f"A trial with {n_per_arm} participants an arm has no variance.")
    return 2 / n_per_arm + effect * effect / (4 * n_per_arm)


def thresholds(
    estimate: float,
    information: float,
    v_new: float,
    *,
    margin: float,
    tau2: float,
    level: float = 0.95,
) -> Thresholds:
    """Where the next effect would move a normal limit onto a line (extended funnel contours).

    Parameters
    ----------
    estimate, information : float
        The pooled effect now and sum 1/(v + tau²).
    v_new : float
        Variance of the next trial.
    margin : float
    tau2 : float
        Zero for the common-effect contour.
    level : float

    Returns
    -------
    Thresholds

    References
    ----------
    Langan et al. 2012, J Clin Epidemiol 65:511.

    Examples
    --------
    >>> t = thresholds(-0.3004927661, 28.0761897705, 0.04, margin=0.5, tau2=0.0617026966)
    >>> round(t.noninferior, 6)
    0.157621
    """
    if not (information > 0 and v_new > 0 and tau2 >= 0 and margin > 0 and 0 < level < 1):
        raise InvalidDataError("Information, variance, margin and level must be above zero.")
    places = [
        meeting(estimate, information, v_new, line, tau2, level, side)
        for line, side in ((-margin, 1), (0.0, 1), (0.0, -1))
    ]
    return Thresholds(v_new, *places)


def forecast(
    yi: ArrayLike,
    vi: ArrayLike,
    v_new: Sequence[float],
    *,
    margin: float | None,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    level: float = 0.95,
    fixed_tau2: bool = False,
) -> Forecast:
    """Predict the conclusion after one more trial by re-running the analysis on what it may find.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects (positive favours the intervention) and variances of the trials so far.
    v_new : sequence of float
        Variance of the next trial, one forecast each (see `smd_variance`).
    margin : float or None
        None reads the interval against zero alone.
    method, test, level : as for `pool`.
    fixed_tau2 : bool
        Predict as if tau² were its estimate: too sure with few trials that differ.

    Returns
    -------
    Forecast

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    The next effect is y_new ~ N(mu, 1/I + tau² + v_new), I = sum 1/(v + tau²), mixed over what tau²
    may be (`review.synthesis.prediction`). 8,001 values are pooled in one batch; where the class
    changes between two of them the place is bisected, all places at once.

    References
    ----------
    Living updating, section 3.3; Ferreira et al. 2012, BMJ 345:e5913 (simulated updates).

    Examples
    --------
    >>> from review.synthesis.noninferiority import Conclusion
    >>> y, v = [-0.45, -0.20, -0.85, 0.0], [0.1244, 0.0935, 0.1180, 0.0318]
    >>> f = forecast(y, v, [0.04], margin=0.5, method=Method.DL, test=Test.Z)
    >>> round(f.trials[0].probability(Conclusion.NONINFERIOR), 4)
    0.2507
    """
    y, v = checked_studies(yi, vi)
    new = checked_variances(v_new)
    model = Model.of(method, test, level)
    fit = pool(y, v, **model.settings)

    def classes_at(values: Floats, variances: Floats) -> Indices:
        return _reclassified(y, v, values, variances, margin, model)

    return foresee(
        Standing(fit.estimate, float(1 / (1 / (v + fit.tau2)).sum()), fit.tau2, fit.ci),
        predictive(y, v, method=Method.EE if fixed_tau2 else model.method, tau2=fit.tau2),
        new,
        classes_at,
        margin=margin,
        model=model,
    )


def trial_size(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    margin: float | None,
    probability: float = 0.8,
    most: int = 5000,
    variance: Callable[[float], float] = smd_variance,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    level: float = 0.95,
) -> int | None:
    """Participants an arm with which the next trial probably shows noninferiority.

    Without a margin: superiority.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects and variances of the trials so far.
    margin : float or None
    probability : float
        Wanted of a class in which noninferiority is shown, as `forecast` predicts it.
    most : int
        Largest trial considered.
    variance : callable
        Sampling variance of a trial by its participants an arm; by default of a standardised mean
        difference.
    method, test, level : as for `pool`.

    Returns
    -------
    int or None
        None if no trial up to `most` suffices: with heterogeneity a single trial often cannot.

    Raises
    ------
    InvalidDataError
        If a number cannot be right.

    Notes
    -----
    Sixteen sizes between 5 and `most` are forecast in one batch; the first that suffices is refined
    by bisection. The probability need not rise throughout: a size in between may suffice as well.

    Examples
    --------
    >>> trial_size([0.0, 0.1, -0.1], [0.3] * 3, margin=0.5, test=Test.Z)
    103
    """

    def forecast_at(variances: Sequence[float]) -> Forecast:
        return forecast(yi, vi, variances, margin=margin, method=method, test=test, level=level)

    return smallest_size(forecast_at, variance, probability=probability, most=most)


def _reclassified(
    y: Floats,
    v: Floats,
    effects: Floats,
    variances: Floats,
    margin: float | None,
    model: Model,
) -> Indices:
    """Class after each possible effect (n,) of a trial with its variance, refits in one batch."""
    count, k = effects.size, y.size + 1
    table = np.empty((2, count, k))
    table[0, :, :-1], table[1, :, :-1] = y, v
    table[0, :, -1], table[1, :, -1] = effects, variances
    offsets = np.arange(count + 1) * k
    many = pool_many(table[0].ravel(), table[1].ravel(), offsets, **model.settings)
    return classify_many(many.ci[:, 0], many.ci[:, 1], margin)
