"""Trial sequential analysis: a cumulative z against boundaries on the information scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.boundaries import Spending, efficacy_boundaries, futility_boundaries
from review.synthesis.evidence import cumulative_sets
from review.synthesis.information import InformationSize, fewest_trials, information_size
from review.synthesis.methods import Method, Test
from review.synthesis.pooled import PooledMany
from review.synthesis.pooling import pool_many

__all__ = ["Look", "LookStatus", "SequentialAnalysis", "trial_sequential", "z_equivalent"]


class LookStatus(StrEnum):
    """What became of an update in the sequential analysis."""

    ANALYSED = "analysed"
    SKIPPED = "skipped: information fell, none of the error allowed is used"
    UNCOVERED = "error allowed is used up; this update is not covered"


@dataclass(frozen=True, slots=True)
class Look:
    """One update on the information scale.

    `bound` and `ci` are None unless the look was analysed; an infinite bound means that nothing
    could be spent yet. `futility` is the lower bound, None where futility was not asked for;
    `crossed` tells whether |z| (one-sided: z) reached the bound, `futile` whether it stayed at or
    under the lower one.
    """

    k: int
    information: float
    fraction: float
    tau2: float
    estimate: float
    se: float
    z: float
    status: LookStatus
    bound: float | None
    futility: float | None
    ci: tuple[float, float] | None
    crossed: bool
    futile: bool


@dataclass(frozen=True, slots=True)
class SequentialAnalysis:
    """A trial sequential analysis.

    Attributes
    ----------
    looks : tuple of Look
    size : InformationSize
        What was required.
    null : float
        The effect that z is measured from: -margin, or zero.
    two_sided : bool
    crossed_at : int or None
        Number of trials at the first crossing.
    alpha_spent : bool
        Whether the required information was reached: later updates have no error budget.
    notes : tuple of str
        Printed with the panel.
    """

    looks: tuple[Look, ...]
    size: InformationSize
    null: float
    two_sided: bool
    method: Method
    test: Test
    spending: Spending
    crossed_at: int | None
    alpha_spent: bool
    notes: tuple[str, ...]


def z_equivalent(stat: ArrayLike, ddf: ArrayLike) -> Floats:
    """The z with the same tail probability as a t statistic; NaN degrees of freedom leave it.

    Parameters
    ----------
    stat : array_like
    ddf : array_like
        Degrees of freedom, NaN for a statistic that is normal already.

    Returns
    -------
    ndarray

    References
    ----------
    Living updating, section 1.3, rule v.

    Examples
    --------
    >>> round(float(z_equivalent(2.0, 1e9)), 6), round(float(z_equivalent(2.0, np.nan)), 1)
    (2.0, 2.0)
    """
    t, df = np.broadcast_arrays(np.asarray(stat, dtype=float), np.asarray(ddf, dtype=float))
    with np.errstate(invalid="ignore"):
        size = -ndtri(stdtr(np.where(np.isnan(df), 1.0, df), -np.abs(t)))
    return np.where(np.isnan(df), t, np.copysign(size, t))


def trial_sequential(
    yi: ArrayLike,
    vi: ArrayLike,
    updates: Sequence[int],
    *,
    margin: float | None,
    delta: float | None = None,
    hoped: float = 0.0,
    alpha: float = 0.025,
    beta: float = 0.10,
    method: Method = Method.REML,
    test: Test = Test.ADHOC,
    spending: Spending = Spending.OBRIEN_FLEMING,
    futility: bool = True,
    planned: bool = False,
) -> SequentialAnalysis:
    """Follow a review against Lan-DeMets boundaries.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects (positive favours the intervention) and variances in order of entry.
    updates : sequence of int
        How many trials each update had; increasing, from three.
    margin : float or None
        For noninferiority, one-sided; None for superiority, two-sided.
    delta : float, optional
        For superiority the effect to detect, fixed before the data; never the observed effect.
    hoped : float
        For noninferiority the effect hoped for; the distance is `margin` + `hoped`.
    alpha, beta : float
        One-sided (per side) error and one minus power.
    method, test : Method, Test
        The statistic is the pooled one's z, or the z-equivalent of its t.
    spending : Spending
    futility : bool
        Add non-binding futility bounds for looks before full information.
    planned : bool
        Whether protocol and boundaries were frozen before the data; else labelled retrospective.

    Returns
    -------
    SequentialAnalysis

    Raises
    ------
    InvalidDataError
        If a setting cannot be right.

    Notes
    -----
    Information is sum 1/(v + tau²), whatever the test. An update whose information does not exceed
    that of the last analysed one is skipped; at the first fraction >= 1 all alpha is spent. Limits
    are estimate -/+ c se, with the t quantile that has the boundary's tail where the test is a t.

    References
    ----------
    Wetterslev et al. 2008, J Clin Epidemiol 61:64; Lan & DeMets 1983; living updating, section 1.3.

    Examples
    --------
    >>> y = [-0.45, -0.20, -0.85, 0.0, -0.12]
    >>> v = [0.1244, 0.0935, 0.1180, 0.0318, 0.0393]
    >>> tsa = trial_sequential(y, v, [4, 5], margin=0.5, method=Method.DL, test=Test.Z)
    >>> [round(look.bound, 4) for look in tsa.looks], tsa.crossed_at
    ([2.5063, 2.0159], 5)
    """
    y, v = checked_studies(yi, vi)
    distance = _distance(margin, delta, hoped)
    size = information_size(distance, alpha=alpha, beta=beta)
    null, two_sided = (0.0, True) if margin is None else (-margin, False)
    flat_y, flat_v, offsets = cumulative_sets(y, v, updates)
    many = pool_many(flat_y, flat_v, offsets, method=method, test=test)
    w = 1 / (flat_v + np.repeat(many.tau2, np.diff(offsets)))
    information = np.add.reduceat(w, offsets[:-1])
    if (many.se == 0).any():
        raise InvalidDataError("The pooled error is zero under this test; use adhoc or z.")
    z = z_equivalent((many.estimate - null) / many.se, many.ddf)
    status = _statuses(information, size.required)
    used = [i for i, s in enumerate(status) if s is LookStatus.ANALYSED]
    fractions = [float(information[i] / size.required) for i in used]
    bounds = efficacy_boundaries(fractions, alpha=alpha, spending=spending, two_sided=two_sided)
    lower = _futility(fractions, bounds, alpha, beta, spending) if futility else None
    at = {i: n for n, i in enumerate(used)}
    looks = []
    for i, k in enumerate(updates):
        n = at.get(i)
        bound = None if n is None else bounds[n]
        low = None if n is None or lower is None else lower[n]
        reached = abs(z[i]) if two_sided else z[i]
        crossed = bound is not None and bool(reached >= bound)
        looks.append(
            Look(
                k=int(k),
                information=float(information[i]),
                fraction=float(information[i] / size.required),
                tau2=float(many.tau2[i]),
                estimate=float(many.estimate[i]),
                se=float(many.se[i]),
                z=float(z[i]),
                status=status[i],
                bound=bound,
                futility=low,
                ci=None if bound is None else _adjusted(many, i, bound),
                crossed=crossed,
                futile=low is not None and bool(reached <= low) and not crossed,
            )
        )
    crossings = [look.k for look in looks if look.crossed]
    return SequentialAnalysis(
        looks=tuple(looks),
        size=size,
        null=null,
        two_sided=two_sided,
        method=Method(method),
        test=Test(test),
        spending=Spending(spending),
        crossed_at=crossings[0] if crossings else None,
        alpha_spent=fractions[-1] >= 1,
        notes=_notes(looks, size, Test(test), planned),
    )


def _distance(margin: float | None, delta: float | None, hoped: float) -> float:
    if margin is None:
        if delta is None:
            raise InvalidDataError("Superiority needs the effect to detect, fixed before the data.")
        return delta
    if delta is not None or not margin > 0:
        raise InvalidDataError("Noninferiority needs a positive margin; its distance follows.")
    return margin + hoped


def _statuses(information: Floats, required: float) -> list[LookStatus]:
    found = []
    last = 0.0
    for now in information:
        if last >= required:
            found.append(LookStatus.UNCOVERED)
        elif now <= last:
            found.append(LookStatus.SKIPPED)
        else:
            found.append(LookStatus.ANALYSED)
            last = now
    return found


def _futility(
    fractions: Sequence[float],
    bounds: Sequence[float],
    alpha: float,
    beta: float,
    spending: Spending,
) -> list[float]:
    """Lower bounds of the looks so far, the last look being planned at full information."""
    early = [t for t in fractions if t < 1]
    if not early:
        return list(bounds)
    planned = futility_boundaries([*early, 1.0], alpha=alpha, beta=beta, spending=spending)
    return [*planned.lower[:-1], *bounds[len(early) :]]


def _adjusted(many: PooledMany, i: int, bound: float) -> tuple[float, float]:
    if math.isinf(bound):
        return (-math.inf, math.inf)
    df = float(many.ddf[i])
    crit = bound if math.isnan(df) else -float(stdtrit(df, float(ndtr(-bound))))
    half = crit * float(many.se[i])
    return (float(many.estimate[i]) - half, float(many.estimate[i]) + half)


def _notes(
    looks: Sequence[Look], size: InformationSize, test: Test, planned: bool
) -> tuple[str, ...]:
    last = looks[-1]
    notes = [] if planned else ["retrospective: boundaries were not fixed before the data"]
    least = fewest_trials(size, last.tau2, test=test)
    if least > last.k:
        notes.append(f"at this heterogeneity no fewer than {least} trials can be enough")
    if any(look.status is LookStatus.UNCOVERED for look in looks):
        notes.append("the error allowed is used up; later updates are not covered")
    return tuple(notes)
