"""One effect a study from several dependent ones."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from review.arrays import Floats, Ints
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies

__all__ = ["DEFAULT_RHO", "Aggregated", "Weighting", "aggregate"]


DEFAULT_RHO = 0.6
"""Correlation of instruments of one construct; the default of metapsyTools since 2022."""


class Weighting(StrEnum):
    """Plain mean of a study's effects, or generalised least squares."""

    UNWEIGHTED = "unweighted"
    GLS = "gls"


@dataclass(frozen=True, slots=True)
class Aggregated:
    """Composite effects in the order in which studies first appear.

    Attributes
    ----------
    labels : tuple
        The studies.
    yi, vi : arrays (m,)
        Composite effect and sampling variance.
    k : array (m,) of int
        Effects that went in.
    rho, weighting : as asked for.
    outside : tuple
        Studies of which a part is weighed negatively, so that the composite may leave the range of
        its parts: generalised least squares does that at unequal variances and a high `rho`.
    """

    labels: tuple[Hashable, ...]
    yi: Floats
    vi: Floats
    k: Ints
    rho: float
    weighting: Weighting
    outside: tuple[Hashable, ...]


def aggregate(
    yi: ArrayLike,
    vi: ArrayLike,
    cluster: Sequence[Hashable],
    *,
    rho: float = DEFAULT_RHO,
    weighting: Weighting = Weighting.UNWEIGHTED,
) -> Aggregated:
    """Combine the effects of each study, sampling errors being correlated by `rho`.

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects and sampling variances.
    cluster : sequence (k,)
        The study of each effect.
    rho : float
        Correlation of sampling errors within a study, between -1 and 1 and such that no study's
        covariance has a negative direction; state it with the result.
    weighting : Weighting
        The plain mean by default.

    Returns
    -------
    Aggregated

    Raises
    ------
    InvalidDataError
        If lengths differ or `rho` is not possible.

    Notes
    -----
    S = D^(1/2) R D^(1/2) with R compound-symmetric. Unweighted: v = 1'S1 / p². GLS:
    v = 1 / 1'S^-1 1, from the closed inverse of R.

    References
    ----------
    Borenstein et al. 2009, ch. 24, eq. 24.6 (unweighted); Gleser & Olkin 2009 (GLS).

    Examples
    --------
    >>> a = aggregate([-0.20, -0.35, -0.05], [0.04, 0.04, 0.05], ["t"] * 3, rho=0.5)
    >>> round(float(a.yi[0]), 9), round(float(a.vi[0]), 8)
    (-0.2, 0.02882697)
    """
    y, v = checked_studies(yi, vi)
    weighting = Weighting(weighting)
    if len(cluster) != y.size or y.size == 0:
        raise InvalidDataError(f"{y.size} effects and {len(cluster)} studies do not fit together.")
    codes: dict[Hashable, int] = {}
    label = np.array([codes.setdefault(x, len(codes)) for x in cluster])
    k = np.bincount(label)
    gls = weighting is Weighting.GLS
    least = -1 / max(1, int(k.max()) - 1)
    if not least <= rho <= 1 or (gls and k.max() > 1 and not least < rho < 1):
        raise InvalidDataError(
            f"A correlation of {rho} cannot hold between {k.max()} effects of one study."
        )
    sd = np.sqrt(v)
    if gls and k.max() > 1:
        # R^-1 = {I - rho 11' / (1 + (p-1) rho)} / (1 - rho)
        shrink = rho / (1 + (k - 1) * rho)
        weight = (1 / sd - (shrink * np.bincount(label, 1 / sd))[label]) / sd / (1 - rho)
        total = np.bincount(label, weight)
        composite, variance = np.bincount(label, weight * y) / total, 1 / total
    else:
        weight = np.ones(y.size)
        composite = np.bincount(label, y) / k
        variance = ((1 - rho) * np.bincount(label, v) + rho * np.bincount(label, sd) ** 2) / k**2
    negative = np.bincount(label, weight < 0) > 0
    names = tuple(codes)
    return Aggregated(
        labels=names,
        yi=composite,
        vi=variance,
        k=k.astype(np.int64),
        rho=rho,
        weighting=weighting,
        outside=tuple(names[i] for i in np.flatnonzero(negative)),
    )
