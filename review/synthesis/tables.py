"""Pooling of two-by-two tables and person-time data without per-study variances."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr, ndtri

from review.arrays import Floats
from review.errors import InvalidDataError


class TableMeasure(StrEnum):
    """Measure of a two-by-two table; ratios are pooled and reported as logarithms."""

    OR = "OR"
    RR = "RR"
    RD = "RD"


class RateMeasure(StrEnum):
    """Measure of events over person-time; the ratio is pooled and reported as a logarithm."""

    IRR = "IRR"
    IRD = "IRD"


@dataclass(frozen=True, slots=True)
class PooledTables:
    """A stratified estimate, on the log scale for ratios.

    Attributes
    ----------
    k : trials that add to the estimate; for OR, RR, IRR and Peto a trial without events (or without
        non-events, OR and Peto) adds nothing.
    estimate, se, stat, p, ci : None where no trial is informative or the estimate is infinite.
    Q, Q_df, Q_p : heterogeneity of the trials' own effects about the estimate, inverse variance,
        1/2 added to the cells of trials with a zero cell (Peto: of (O - E)/V, nothing added).
    mh, mh_p : Cochran-Mantel-Haenszel chi² with one degree of freedom, with the continuity
        correction 1/2; OR only.
    ta, ta_df, ta_p : Tarone's test of homogeneous odds ratios; OR only.
    """

    measure: str
    k: int
    level: float
    estimate: float | None
    se: float | None
    stat: float | None
    p: float | None
    ci: tuple[float, float] | None
    Q: float
    Q_df: int
    Q_p: float
    mh: float | None = None
    mh_p: float | None = None
    ta: float | None = None
    ta_df: int | None = None
    ta_p: float | None = None


def mantel_haenszel(
    ai: ArrayLike,
    bi: ArrayLike,
    ci: ArrayLike,
    di: ArrayLike,
    *,
    measure: TableMeasure | str = TableMeasure.OR,
    level: float = 0.95,
) -> PooledTables:
    """Mantel-Haenszel estimate from two-by-two tables; nothing is added to any cell of it.

    Parameters
    ----------
    ai, bi : (k,) events and non-events with the intervention.
    ci, di : (k,) events and non-events in the control arm.
    measure : OR, RR (both reported as logarithms) or RD.
    level : of the interval.

    Returns
    -------
    PooledTables

    Raises
    ------
    InvalidDataError
        Counts that are negative, not finite, of different length, or an arm without persons.

    Notes
    -----
    Estimates Mantel & Haenszel 1959; variances OR Robins, Breslow & Greenland 1986, RR Greenland &
    Robins 1985, RD Sato, Greenland & Robins 1989. Tarone 1985 for the test of homogeneity.

    Examples
    --------
    >>> round(mantel_haenszel([4, 6], [119, 300], [11, 29], [128, 274]).estimate, 4)
    -1.4215
    """
    a, b, c, d = checked_tables(ai, bi, ci, di)
    measure = TableMeasure(measure)
    n1, n2 = a + b, c + d
    total = n1 + n2
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure is TableMeasure.OR:
            estimate, se = _odds_ratio(a, b, c, d)
        elif measure is TableMeasure.RR:
            r, s = (a * n2 / total).sum(), (c * n1 / total).sum()
            variance = (n1 * n2 * (a + c) / total**2 - a * c / total).sum() / (r * s)
            estimate, se = float(np.log(r / s)), float(np.sqrt(variance))
        else:
            weight = (n1 * n2 / total).sum()
            estimate = float(((a * n2 - c * n1) / total).sum() / weight)
            p_part = (c * (n1 / total) ** 2 - a * (n2 / total) ** 2).sum()
            p_part += (n1 * n2 * (n2 - n1) / (2 * total**2)).sum()
            q_part = ((a * (n2 - c) + c * (n1 - a)) / (2 * total)).sum()
            se = float(np.sqrt(estimate * p_part + q_part) / weight)
    informative = np.ones(a.size, dtype=np.bool_)
    if measure is not TableMeasure.RD:
        informative = a + c > 0
    if measure is TableMeasure.OR:
        informative &= b + d > 0
    own, variance = _own_effects(a, b, c, d, measure)
    # a trial without events, or with events only, has no effect of its own
    shown = (a + c > 0) & (b + d > 0)
    extra = _homogeneity(a, b, c, d, estimate) if measure is TableMeasure.OR else {}
    return _result(
        measure.value, informative, estimate, se, level, own[shown], variance[shown], **extra
    )


def mantel_haenszel_rates(
    x1i: ArrayLike,
    t1i: ArrayLike,
    x2i: ArrayLike,
    t2i: ArrayLike,
    *,
    measure: RateMeasure | str = RateMeasure.IRR,
    level: float = 0.95,
) -> PooledTables:
    """Mantel-Haenszel estimate from events and person-time.

    Parameters
    ----------
    x1i, t1i : (k,) events and person-time with the intervention, time above zero.
    x2i, t2i : (k,) events and person-time in the control arm.
    measure : IRR (reported as a logarithm) or IRD.
    level : of the interval.

    Returns
    -------
    PooledTables

    Raises
    ------
    InvalidDataError
        Negative counts, times not above zero, lists of different length.

    Notes
    -----
    Rothman, Greenland & Lash 2008, eq. 15-20 to 15-23; Greenland & Robins 1985.

    Examples
    --------
    >>> round(mantel_haenszel_rates([5, 8], [100, 200], [10, 20], [100, 210]).estimate, 4)
    -0.805
    """
    x1, t1, x2, t2 = _counts(x1i, t1i, x2i, t2i)
    measure = RateMeasure(measure)
    if (t1 == 0).any() or (t2 == 0).any():
        raise InvalidDataError("Person-time must be above zero.")
    total = t1 + t2
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure is RateMeasure.IRR:
            r, s = (x1 * t2 / total).sum(), (x2 * t1 / total).sum()
            estimate = float(np.log(r / s))
            se = float(np.sqrt(((x1 + x2) * t1 * t2 / total**2).sum() / (r * s)))
        else:
            weight = (t1 * t2 / total).sum()
            estimate = float(((x1 * t2 - x2 * t1) / total).sum() / weight)
            inner = (t1 * t2 / total) ** 2 * (x1 / t1**2 + x2 / t2**2)
            se = float(np.sqrt(inner.sum()) / weight)
    some = x1 + x2 > 0
    half = np.where((x1 == 0) | (x2 == 0), 0.5, 0.0)
    e1, e2 = x1 + half, x2 + half
    if measure is RateMeasure.IRR:
        own, variance = np.log(e1 / t1) - np.log(e2 / t2), 1 / e1 + 1 / e2
        informative = some
    else:
        own, variance = e1 / t1 - e2 / t2, e1 / t1**2 + e2 / t2**2
        informative = np.ones(x1.size, dtype=np.bool_)
    return _result(measure.value, informative, estimate, se, level, own[some], variance[some])


def peto(
    ai: ArrayLike,
    bi: ArrayLike,
    ci: ArrayLike,
    di: ArrayLike,
    *,
    level: float = 0.95,
) -> PooledTables:
    """Peto's one-step log odds ratio: sum(O - E) / sum(V).

    Parameters
    ----------
    ai, bi, ci, di : (k,) as in :func:`mantel_haenszel`.
    level : of the interval.

    Returns
    -------
    PooledTables

    Raises
    ------
    InvalidDataError
        As :func:`mantel_haenszel`.

    Notes
    -----
    Yusuf, Peto, Lewis, Collins & Sleight 1985, Prog Cardiovasc Dis 27:335-371, appendix. Biased for
    large effects or very unequal arms.

    Examples
    --------
    >>> round(peto([4, 6], [119, 300], [11, 29], [128, 274]).estimate, 4)
    -1.2401
    """
    a, b, c, d = checked_tables(ai, bi, ci, di)
    n1, n2 = a + b, c + d
    total = n1 + n2
    excess = a - n1 * (a + c) / total
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = n1 * n2 * (a + c) * (b + d) / (total**2 * (total - 1))
    variance = np.where(total > 1, variance, 0.0)
    some = variance > 0
    excess, variance = excess[some], variance[some]
    sum_v = variance.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, se = float(excess.sum() / sum_v), float(1 / np.sqrt(sum_v))
    return _result("PETO", some, estimate, se, level, excess / variance, 1 / variance)


UNEQUAL: Final = 2.0
"""Persons of the larger arm for one of the smaller from which on Peto's method is doubted: there a
true odds ratio of 0.5 comes out as 0.47, and with 4 to 1 as 0.43, however large the trials."""

LARGE: Final = 2.0
"""Odds ratio, or its inverse, beyond which Peto's method is doubted: with equal arms a true 2 comes
out as 1.95, and 4 as 3.3."""


@dataclass(frozen=True, slots=True)
class PetoCaution:
    """What biases Peto's odds ratio: positions of trials with unequal arms, and a large effect."""

    unequal: tuple[int, ...]
    large: bool


def peto_caution(n1i: ArrayLike, n2i: ArrayLike, estimate: float | None) -> PetoCaution:
    """Return what speaks against Peto's method.

    Parameters
    ----------
    n1i, n2i : (k,) persons of the arms.
    estimate : the pooled log odds ratio; None where there is none.

    Notes
    -----
    Greenland & Salvan 1990, Stat Med 9:247; Bradburn et al. 2007, Stat Med 26:53; Cochrane Handbook
    10.4.4.1. The figures at `UNEQUAL` and `LARGE` are the limits of (O - E)/V for rare events.

    Examples
    --------
    >>> peto_caution([100, 400], [100, 100], 0.2)
    PetoCaution(unequal=(1,), large=False)
    """
    n1, n2 = np.asarray(n1i, dtype=np.float64), np.asarray(n2i, dtype=np.float64)
    unequal = np.flatnonzero(np.maximum(n1, n2) >= UNEQUAL * np.minimum(n1, n2))
    large = estimate is not None and abs(estimate) > math.log(LARGE)
    return PetoCaution(tuple(int(i) for i in unequal), large)


def checked_tables(
    ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return two-by-two tables as arrays of one length; raise InvalidDataError."""
    a, b, c, d = _counts(ai, bi, ci, di)
    if (a + b == 0).any() or (c + d == 0).any():
        raise InvalidDataError("Every arm must have at least one person.")
    return a, b, c, d


def _counts(*columns: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    try:
        arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    except (TypeError, ValueError) as error:
        raise InvalidDataError("Counts must be numbers; drop missing rows.") from error
    if arrays[0].ndim != 1 or any(x.shape != arrays[0].shape for x in arrays):
        raise InvalidDataError("Counts must be lists of one length.")
    if arrays[0].size == 0:
        raise InvalidDataError("There are no trials to pool.")
    if any(not np.isfinite(x).all() or (x < 0).any() for x in arrays):
        raise InvalidDataError("Counts must be finite and not negative; drop missing rows.")
    return arrays[0], arrays[1], arrays[2], arrays[3]


def _odds_ratio(a: Floats, b: Floats, c: Floats, d: Floats) -> tuple[float, float]:
    total = a + b + c + d
    r, s = a * d / total, b * c / total
    p, q = (a + d) / total, (b + c) / total
    sum_r, sum_s = r.sum(), s.sum()
    variance = (
        (p * r).sum() / (2 * sum_r**2)
        + (p * s + q * r).sum() / (2 * sum_r * sum_s)
        + (q * s).sum() / (2 * sum_s**2)
    )
    return float(np.log(sum_r / sum_s)), float(np.sqrt(variance))


def _own_effects(
    a: Floats, b: Floats, c: Floats, d: Floats, measure: TableMeasure
) -> tuple[Floats, Floats]:
    """Each trial's effect and variance, 1/2 added to the cells where one of them is zero."""
    half = np.where((a == 0) | (b == 0) | (c == 0) | (d == 0), 0.5, 0.0)
    a, b, c, d = a + half, b + half, c + half, d + half
    n1, n2 = a + b, c + d
    if measure is TableMeasure.OR:
        return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    if measure is TableMeasure.RR:
        return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2
    return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3


def _homogeneity(
    a: Floats, b: Floats, c: Floats, d: Floats, log_ratio: float
) -> dict[str, float | int]:
    """Cochran-Mantel-Haenszel's test, and Tarone's of homogeneous odds ratios."""
    some = (a + c > 0) & (b + d > 0)
    a, b, c, d = a[some], b[some], c[some], d[some]
    n1, n2, events, total = a + b, c + d, a + c, a + b + c + d
    if not some.any():
        return {}
    variance = n1 * n2 * events * (b + d) / (total * total * (total - 1))
    excess = max(0.0, abs(float((a - n1 * events / total).sum())) - 0.5)
    mh = excess**2 / float(variance.sum())
    found: dict[str, float | int] = {"mh": mh, "mh_p": float(chdtrc(1.0, mh))}
    if not math.isfinite(log_ratio) or a.size < 2:
        return found
    cells = _cell_under(n1, n2, events, math.exp(log_ratio))
    spread = 1 / (1 / cells + 1 / (n1 - cells) + 1 / (events - cells) + 1 / (n2 - events + cells))
    left = a - cells
    ta = float((left**2 / spread).sum() - left.sum() ** 2 / spread.sum())
    df = a.size - 1
    return found | {"ta": ta, "ta_df": df, "ta_p": float(chdtrc(float(df), max(ta, 0.0)))}


def _cell_under(n1: Floats, n2: Floats, events: Floats, ratio: float) -> Floats:
    """The event count of the first arm that gives the odds ratio within the margins.

    The root of x (n2 - events + x) = ratio (n1 - x) (events - x), written without a difference of
    near-equal numbers.
    """
    a = 1 - ratio
    b = n2 - events + ratio * (n1 + events)
    c = -ratio * n1 * events
    root = np.sqrt(np.maximum(b * b - 4 * a * c, 0.0))
    cell: Floats = -2 * c / (b + root)
    return cell


def _result(
    measure: str,
    informative: np.ndarray,
    estimate: float,
    se: float,
    level: float,
    own: Floats,
    variance: Floats,
    **extra: float | int,
) -> PooledTables:
    if not 0 < level < 1:
        raise InvalidDataError(f"The level of an interval lies between 0 and 1, not at {level}.")
    df = max(own.size - 1, 0)
    known = math.isfinite(estimate) and math.isfinite(se) and se > 0
    # one effect alone is compared with none: what it differs by is what was added to its cells
    q = float(((own - estimate) ** 2 / variance).sum()) if known and df else 0.0
    half = -float(ndtri((1 - level) / 2)) * se
    return PooledTables(
        measure=measure,
        k=int(informative.sum()),
        level=level,
        estimate=estimate if known else None,
        se=se if known else None,
        stat=estimate / se if known else None,
        p=float(2 * ndtr(-abs(estimate / se))) if known else None,
        ci=(estimate - half, estimate + half) if known else None,
        Q=q,
        Q_df=df,
        Q_p=float(chdtrc(float(df), q)) if df else 1.0,
        **extra,  # type: ignore[arg-type]
    )
