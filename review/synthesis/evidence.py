"""Anytime-valid evidence: confidence sequences and e-values for a review that never ends.

A confidence sequence covers the mean effect at all updates at once, however often one looks and
whatever made one look. Here an e-value is a betting score against a null hypothesis (Ville: it
ever reaches 1/a with probability at most a); it has nothing to do with VanderWeele's E-value for
unmeasured confounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr

from review.arrays import Floats, Ints
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.methods import Method, Test
from review.synthesis.noninferiority import Conclusion, classify
from review.synthesis.pooling import pool_many
from review.synthesis.roots import bracketed_root

__all__ = [
    "LEAST_TRIALS",
    "TAU2_FLOOR",
    "ConfidenceSequence",
    "MarginEvidence",
    "SequenceUpdate",
    "confidence_sequence",
    "cumulative_sets",
    "log_e_fixed",
    "log_e_mixture",
    "mixture_radius",
    "one_sided_radius",
    "tuned_rho",
]


TAU2_FLOOR = 0.04
"""Working tau² is never below 0.2²: so the simulated error stays at 2 % up to a tau of 0.3."""

LEAST_TRIALS = 3
"""No sequential panel is shown below so many trials."""


@dataclass(frozen=True, slots=True)
class MarginEvidence:
    """Evidence at one margin: log e-values, the anytime-valid p and the class of the interval.

    `log_e` speaks for noninferiority (against mu <= -margin), `log_e_inferior` for an effect below
    -margin. `p` is 1 / (largest e so far), at most one.
    """

    margin: float
    log_e: float
    log_e_inferior: float
    p: float
    conclusion: Conclusion


@dataclass(frozen=True, slots=True)
class SequenceUpdate:
    """One update: all trials up to `k`, weighted with the working tau²."""

    k: int
    tau2: float
    tau2_work: float
    information: float
    estimate: float
    ci: tuple[float, float]
    log_e_superior: float
    margins: tuple[MarginEvidence, ...]


@dataclass(frozen=True, slots=True)
class ConfidenceSequence:
    """A confidence sequence at 1 - `alpha`, two-sided; e-values are one-sided mixtures."""

    updates: tuple[SequenceUpdate, ...]
    alpha: float
    rho: float
    tau2_floor: float | None
    notes: tuple[str, ...]


def tuned_rho(information: float, *, alpha: float = 0.05) -> float:
    """The mixture parameter that makes the sequence (nearly) tightest at `information`.

    Parameters
    ----------
    information : float
        Above zero; by default the I_max of the protocol. Freeze the result with the protocol.
    alpha : float
        Two-sided.

    Returns
    -------
    float

    References
    ----------
    Howard et al. 2021, Ann Stat 49:1055, section 3.5.

    Examples
    --------
    >>> round(tuned_rho(100), 6)
    12.600561
    """
    if not (math.isfinite(information) and information > 0 and 0 < alpha < 1):
        raise InvalidDataError("Information is above zero and alpha between 0 and 1.")
    log = 2 * math.log(1 / alpha)
    return information / (log + math.log1p(log))


def mixture_radius(information: ArrayLike, rho: float, *, alpha: float = 0.05) -> Floats:
    """Two-sided boundary u(V) of |S|; the interval is estimate -/+ u(V) / V.

    Parameters
    ----------
    information : array_like
        V, the sum of the weights.
    rho : float
        Precision of the normal mixture.
    alpha : float

    Returns
    -------
    ndarray, same shape

    References
    ----------
    Robbins 1970, Ann Math Stat 41:1397; Howard et al. 2021, eq. 14.

    Examples
    --------
    >>> round(float(mixture_radius(100, 12.6005609793)), 6)
    30.35209
    """
    V = np.asarray(information, dtype=np.float64)
    return np.sqrt((V + rho) * (np.log((V + rho) / rho) + 2 * math.log(1 / alpha)))


def one_sided_radius(information: float, rho: float, *, alpha: float = 0.025) -> float:
    """One-sided boundary of S by the half-normal mixture.

    Parameters
    ----------
    information, rho, alpha : float
        As for `mixture_radius`; alpha one-sided.

    Returns
    -------
    float

    References
    ----------
    Howard et al. 2021, eq. 16.

    Examples
    --------
    >>> round(one_sided_radius(100, 12.6005609793), 6)
    30.359929
    """
    if not (information > 0 and rho > 0 and 0 < alpha < 1):
        raise InvalidDataError("Information and rho are above zero, alpha between 0 and 1.")
    top = 2 * float(mixture_radius(information, rho, alpha=alpha))

    def excess(s: float) -> float:
        return log_e_mixture(s, information, rho) - math.log(1 / alpha)

    return bracketed_root(excess, 0.0, top)


def log_e_mixture(
    score: float, information: float, rho: float, *, two_sided: bool = False
) -> float:
    """Log e-value of the normal mixture (two-sided) or half-normal mixture (for S > 0).

    Parameters
    ----------
    score : float
        S = sum w (y - null value).
    information : float
        V = sum w.
    rho : float
    two_sided : bool

    Returns
    -------
    float

    Notes
    -----
    One-sided it is a supermartingale for every mean at or below the null value, thus valid for
    noninferiority's composite null. Valid for every true tau² up to the working one.

    References
    ----------
    Robbins 1970; Howard et al. 2021, propositions 5 and 6; ter Schure & Grunwald 2022 (ALL-IN).

    Examples
    --------
    >>> round(math.exp(log_e_mixture(20.0, 100.0, 12.6005609793)), 4)
    3.8347
    """
    total = information + rho
    log_e = 0.5 * math.log(rho / total) + score * score / (2 * total)
    if two_sided:
        return log_e
    return log_e + math.log(2) + float(log_ndtr(score / math.sqrt(total)))


def log_e_fixed(score: float, information: float, effect: float) -> float:
    """Log e-value against one alternative, `effect` above the null value.

    Examples
    --------
    >>> log_e_fixed(2.0, 4.0, 0.5)
    0.5
    """
    return effect * score - effect * effect * information / 2


def cumulative_sets(yi: Floats, vi: Floats, updates: Sequence[int]) -> tuple[Floats, Floats, Ints]:
    """Lay out the first k trials for each k of `updates` as one ragged batch.

    Raises
    ------
    InvalidDataError
        If updates do not increase, pass the data, or start below three trials.

    Examples
    --------
    >>> y, v, offsets = cumulative_sets(np.arange(4.0), np.ones(4), [3, 4])
    >>> y.tolist(), offsets.tolist()
    ([0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 3.0], [0, 3, 7])
    """
    k = np.asarray(updates, dtype=np.int64)
    if k.ndim != 1 or k.size == 0 or (np.diff(k) <= 0).any() or k[-1] > yi.size:
        raise InvalidDataError("Updates are increasing numbers of trials, none above those given.")
    if k[0] < LEAST_TRIALS:
        raise InvalidDataError(f"A sequential panel needs {LEAST_TRIALS} trials at least.")
    offsets = np.concatenate([[0], np.cumsum(k)])
    index = np.arange(offsets[-1]) - np.repeat(offsets[:-1], k)
    return yi[index], vi[index], offsets


def confidence_sequence(
    yi: ArrayLike,
    vi: ArrayLike,
    updates: Sequence[int],
    *,
    rho: float,
    margins: Sequence[float] = (0.5, 0.25, 0.3),
    alpha: float = 0.05,
    method: Method = Method.REML,
    tau2_floor: float = TAU2_FLOOR,
    tau2: float | None = None,
) -> ConfidenceSequence:
    """Follow a review with an interval that is valid at every update.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects (positive favours the intervention) and variances in the order in which trials
        entered the database.
    updates : sequence of int
        How many trials each update had; increasing, from three.
    rho : float
        From `tuned_rho`, frozen with the protocol.
    margins : sequence of float, all positive
    alpha : float
        Two-sided.
    method : Method
        Of tau², re-estimated at each update.
    tau2_floor : float
        Least working tau².
    tau2 : float, optional
        A fixed working tau² instead, for sensitivity.

    Returns
    -------
    ConfidenceSequence

    Raises
    ------
    InvalidDataError
        If a setting cannot be right.

    Notes
    -----
    The sequence excludes -margin exactly when the matching two-sided e-value reaches 1/alpha. With
    tau² estimated it is an asymptotic sequence. A correction of earlier data is not an observation:
    compute anew and do not intersect with earlier intervals.

    References
    ----------
    Living updating, sections 1.6 and 1.7; Howard et al. 2021; Waudby-Smith et al. 2024, Ann Stat.

    Examples
    --------
    >>> y, v = [-0.45, -0.20, -0.85, 0.0], [0.1244, 0.0935, 0.1180, 0.0318]
    >>> seq = confidence_sequence(y, v, [4], rho=5.2959770008, method=Method.DL)
    >>> [round(limit, 6) for limit in seq.updates[0].ci]
    [-0.876326, 0.275341]
    """
    y, v = checked_studies(yi, vi)
    if not (math.isfinite(rho) and rho > 0 and 0 < alpha < 1 and tau2_floor >= 0):
        raise InvalidDataError("rho is above zero, alpha between 0 and 1, the floor not negative.")
    if tau2 is not None and not tau2 >= 0:
        raise InvalidDataError(f"A working tau² of {tau2} is below zero.")
    flat_y, flat_v, offsets = cumulative_sets(y, v, updates)
    many = pool_many(flat_y, flat_v, offsets, method=method, test=Test.Z)
    work = np.maximum(many.tau2, tau2_floor) if tau2 is None else np.full(many.tau2.shape, tau2)
    w = 1 / (flat_v + np.repeat(work, np.diff(offsets)))
    V = np.add.reduceat(w, offsets[:-1])
    mean = np.add.reduceat(w * flat_y, offsets[:-1]) / V
    half = mixture_radius(V, rho, alpha=alpha) / V
    best = dict.fromkeys(margins, -math.inf)
    found = []
    for i, k in enumerate(updates):
        ci = (float(mean[i] - half[i]), float(mean[i] + half[i]))
        each = []
        for m in margins:
            score = float(V[i] * (mean[i] + m))
            log_e = log_e_mixture(score, float(V[i]), rho)
            best[m] = max(best[m], log_e)
            each.append(
                MarginEvidence(
                    margin=m,
                    log_e=log_e,
                    log_e_inferior=log_e_mixture(-score, float(V[i]), rho),
                    p=min(1.0, math.exp(-best[m])) if best[m] > -700 else 1.0,
                    conclusion=classify(ci, m),
                )
            )
        found.append(
            SequenceUpdate(
                k=int(k),
                tau2=float(many.tau2[i]),
                tau2_work=float(work[i]),
                information=float(V[i]),
                estimate=float(mean[i]),
                ci=ci,
                log_e_superior=log_e_mixture(float(V[i] * mean[i]), float(V[i]), rho),
                margins=tuple(each),
            )
        )
    notes = (
        "trials in the order in which they entered the database",
        "tau² is estimated, so that it holds for many trials and roughly for few"
        if tau2 is None
        else "tau² is held fixed",
        "trials that were never published are not allowed for",
    )
    return ConfidenceSequence(tuple(found), alpha, rho, tau2_floor if tau2 is None else None, notes)
