"""Fail-safe N: how many unseen studies of no effect would undo a result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies


class FailSafeKind(StrEnum):
    """Whose fail-safe N."""

    ROSENTHAL = "Rosenthal"
    ORWIN = "Orwin"
    ROSENBERG = "Rosenberg"


@dataclass(frozen=True, slots=True)
class FailSafeN:
    """The count, and what it was computed from.

    Attributes
    ----------
    fsnum : studies, rounded up; 0 where there is nothing to undo.
    p : the observed one-sided (Rosenthal) or two-sided (Rosenberg) p; None for Orwin.
    average, target : Orwin's mean effect and the one it is to fall to; None for the others
        (Rosenberg's mean is given).
    """

    kind: FailSafeKind
    fsnum: int
    p: float | None
    average: float | None
    target: float | None


def fail_safe_n(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    kind: FailSafeKind | str = FailSafeKind.ROSENTHAL,
    alpha: float = 0.05,
    target: float | None = None,
    weighted: bool = True,
) -> FailSafeN:
    """Number of studies averaging no effect that would remove significance or halve the mean.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances.
    kind : Rosenthal 1979 (Stouffer's sum of z), Orwin 1983 (mean effect), Rosenberg 2005 (weighted
        mean, equal effects).
    alpha : level; one-sided for Rosenthal, two-sided for Rosenberg.
    target : Orwin's smallest effect of interest, of the mean's sign and not zero; by default half
        the mean.
    weighted : whether Orwin's mean is the equal-effects one (metafor 5) or the plain mean.

    Returns
    -------
    FailSafeN

    Raises
    ------
    InvalidDataError
        No studies, alpha outside 0 to 1, a target of zero.

    Notes
    -----
    Rosenthal: (sum z)² / z_alpha² - k. Orwin: k (mean - target) / target. Rosenberg, eq. 5:
    (k / sum w) ((sum w y)² / z_(alpha/2)² - sum w). Kept for readers who ask; the number says
    little (Becker 2005).

    Examples
    --------
    >>> fail_safe_n([0.5, 0.7, 0.4], [0.04, 0.05, 0.02]).fsnum
    24
    """
    y, v = checked_studies(yi, vi)
    kind = FailSafeKind(kind)
    if y.size == 0:
        raise InvalidDataError("There are no studies to count against.")
    if not 0 < alpha < 1:
        raise InvalidDataError(f"alpha lies between 0 and 1, not at {alpha}.")
    k, w = y.size, 1 / v
    if kind is FailSafeKind.ROSENTHAL:
        total = abs(float((y / np.sqrt(v)).sum()))
        p = float(ndtr(-total / math.sqrt(k)))
        count = total**2 / float(ndtri(alpha)) ** 2 - k
        return FailSafeN(kind, _up(count if p < alpha else 0.0), p, None, None)
    mean = float((w * y).sum() / w.sum())
    if kind is FailSafeKind.ROSENBERG:
        p = float(2 * ndtr(-abs(mean) * math.sqrt(w.sum())))
        count = k / w.sum() * ((w * y).sum() ** 2 / float(ndtri(alpha / 2)) ** 2 - w.sum())
        return FailSafeN(kind, _up(count if p < alpha else 0.0), p, mean, None)
    mean = mean if weighted else float(y.mean())
    aim = mean / 2 if target is None else float(target)
    if not math.isfinite(aim) or (aim == 0 and mean != 0):
        raise InvalidDataError("Orwin's target effect must be a number other than zero.")
    reached = mean == 0 or mean * aim < 0 or abs(mean) <= abs(aim)
    count = 0.0 if reached else k * (mean - aim) / aim
    return FailSafeN(kind, _up(count), None, mean, aim)


def _up(count: float) -> int:
    nearest = round(count)
    return nearest if abs(count - nearest) <= 1e-9 * max(1.0, abs(count)) else math.ceil(count)
