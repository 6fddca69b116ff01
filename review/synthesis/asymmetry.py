"""Small-study effects: tests of funnel plot asymmetry and the estimates that correct for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, stdtr, stdtrit

from review.arrays import Floats, Indices
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.design import design
from review.synthesis.methods import Method, Test
from review.synthesis.moderators import regress

Interval = tuple[float, float]

EXACT_UP_TO = 200
"""Studies up to which the exact distribution of Kendall's tau is summed; the normal one is then
right to four digits."""


class Regression(StrEnum):
    """Model of the regression test: mixed effects, or weighted with multiplicative dispersion."""

    RMA = "rma"
    LM = "lm"


class Predictor(StrEnum):
    """What stands for the size of a study; the last four need the sample sizes."""

    SEI = "sei"
    VI = "vi"
    NI = "ni"
    NINV = "ninv"
    SQRTNI = "sqrtni"
    SQRTNINV = "sqrtninv"


@dataclass(frozen=True, slots=True)
class Egger:
    """Regression test for asymmetry.

    Attributes
    ----------
    slope, se, stat, ddf, p : of the predictor; ``ddf`` None for a normal statistic. With two
        studies, or without any residual, there is no test: ``se``, ``stat`` and ``p`` are None.
    limit_estimate, limit_ci : the effect where the predictor is 0: of a study without error for
        ``sei``, ``vi``, ``ninv``, ``sqrtninv``; meaningless for ``ni`` and ``sqrtni`` and then
        None.
    """

    model: Regression
    predictor: Predictor
    slope: float
    se: float | None
    stat: float | None
    ddf: float | None
    p: float | None
    limit_estimate: float | None
    limit_ci: Interval | None


@dataclass(frozen=True, slots=True)
class Begg:
    """Rank correlation test: Kendall's tau-b, its p, and whether p is exact.

    None where a side has no order (all effects or all variances alike).
    """

    tau: float | None
    p: float | None
    exact: bool


@dataclass(frozen=True, slots=True)
class PetPeese:
    """Precision-effect test and estimate; each part is the estimate at infinite precision.

    ``conditional`` is PEESE's where PET's is above zero in the direction of the effect at one-sided
    0.05, else PET's (Stanley & Doucouliagos 2014, section 2).
    """

    pet: Egger
    peese: Egger
    conditional: Regression | str
    estimate: float
    ci: Interval | None


def egger(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    model: Regression | str = Regression.RMA,
    predictor: Predictor | str = Predictor.SEI,
    ni: ArrayLike | None = None,
    method: Method | str = Method.REML,
    test: Test | str = Test.Z,
    level: float = 0.95,
) -> Egger:
    """Regress effects on the standard error or another measure of a study's size.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances; k at least 3 (2 for ``lm``, without a test).
    model : ``rma`` a meta-regression; ``lm`` the classical test of Egger et al. 1997, weighted
        least squares with a dispersion factor and k-2 degrees of freedom.
    predictor : of the asymmetry. For standardised mean differences, whose standard error depends on
        the effect, ``sqrtninv`` is the better choice (Pustejovsky & Rodgers 2019).
    ni : (k,) sample sizes above zero, for the predictors that need them.
    method, test : of the mixed-effects model.
    level : of the interval of the limit estimate.

    Returns
    -------
    Egger

    Raises
    ------
    InvalidDataError
        Too few studies, a predictor that does not vary, missing sample sizes.

    Notes
    -----
    Sterne & Egger 2005, in Rothstein, Sutton & Borenstein, ch. 6; Egger et al. 1997, BMJ 315:629.

    Examples
    --------
    >>> egger([0.1, 0.4, 0.9], [0.01, 0.04, 0.16], model="lm").slope > 0
    True
    """
    y, v = checked_studies(yi, vi)
    model, predictor = Regression(model), Predictor(predictor)
    x = _predictor(predictor, v, ni)
    if y.size < (2 if model is Regression.LM else 3):
        raise InvalidDataError(f"The regression test needs more than {y.size} studies.")
    if np.ptp(x) <= 1e-12 * np.abs(x).max():
        raise InvalidDataError("All studies are of one size: there is no asymmetry to look for.")
    limit = predictor not in (Predictor.NI, Predictor.SQRTNI)
    if model is Regression.LM:
        return _weighted(y, v, x, predictor, level, limit=limit)
    fit = regress(
        y, v, design("x", {"x": x.tolist()}), method=Method(method), test=Test(test), level=level
    )
    return Egger(
        model=model,
        predictor=predictor,
        slope=fit.beta[1],
        se=fit.se[1],
        stat=fit.stat[1],
        ddf=fit.ddf,
        p=fit.p[1],
        limit_estimate=fit.beta[0] if limit else None,
        limit_ci=(fit.ci_low[0], fit.ci_high[0]) if limit else None,
    )


def begg(yi: ArrayLike, vi: ArrayLike) -> Begg:
    """Rank correlation of standardised effects with their variances.

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances, k at least 2.

    Returns
    -------
    Begg
        p is exact without ties up to 200 studies; with ties normal with Kendall's tie correction,
        without continuity correction, as R's ``cor.test``.

    Raises
    ------
    InvalidDataError
        Fewer than two studies.

    Notes
    -----
    Begg & Mazumdar 1994, Biometrics 50:1088-1101: effects minus the equal-effects mean over the
    square root of vi - 1/sum(1/vi). Ties: Kendall 1970, eq. 4.3.

    Examples
    --------
    >>> begg([0.1, 0.5, 0.3], [0.1, 0.3, 0.2]).tau
    1.0
    """
    y, v = checked_studies(yi, vi)
    k = y.size
    if k < 2:
        raise InvalidDataError("A rank correlation needs at least two studies.")
    best = int(v.argmin())
    w, d = v[best] / v, y - y[best]  # from the most precise study, so that its residual is exact
    others = w.sum() - w
    others[best] = np.delete(w, best).sum()
    residual = d - (w * d).sum() / w.sum()
    star = residual / np.sqrt(v * (others / w.sum()))
    score, untied = _concordance(star, v)
    if min(untied) == 0:
        return Begg(None, None, False)
    tau = score / np.sqrt(untied[0] * untied[1])
    pairs = k * (k - 1) / 2
    exact = untied == (pairs, pairs) and k <= EXACT_UP_TO
    p = _exact_p(score, k) if exact else _normal_p(score, star, v)
    return Begg(float(tau), p, exact)


def pet_peese(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    model: Regression | str = Regression.LM,
    level: float = 0.95,
) -> PetPeese:
    """Estimate of the effect of a study without error, by standard error (PET) or variance (PEESE).

    Parameters
    ----------
    yi, vi : (k,) effects and sampling variances, k at least 3.
    model : ``lm`` as Stanley & Doucouliagos 2014 have it, or ``rma`` with tau² by REML.
    level : of the intervals.

    Returns
    -------
    PetPeese

    Raises
    ------
    InvalidDataError
        Fewer than three studies, or all of one size.

    Notes
    -----
    Stanley & Doucouliagos 2014, Research Synthesis Methods 5:60-78. The direction of the effect is
    that of the equal-effects mean.

    Examples
    --------
    >>> round(pet_peese([0.1, 0.4, 0.9], [0.01, 0.04, 0.16]).pet.limit_estimate, 3)
    -0.171
    """
    y, v = checked_studies(yi, vi)
    if y.size < 3:
        raise InvalidDataError("PET-PEESE needs at least three studies.")
    pet = egger(y, v, model=model, predictor=Predictor.SEI, level=level)
    peese = egger(y, v, model=model, predictor=Predictor.VI, level=level)
    sign = 1.0 if (y / v).sum() >= 0 else -1.0
    at_ten = egger(y, v, model=model, predictor=Predictor.SEI, level=0.90)  # one-sided 0.05
    bounds = [sign * x for x in at_ten.limit_ci] if at_ten.limit_ci else [-np.inf]
    chosen, name = (peese, "PEESE") if min(bounds) > 0 else (pet, "PET")
    assert chosen.limit_estimate is not None
    return PetPeese(pet, peese, name, chosen.limit_estimate, chosen.limit_ci)


def _predictor(predictor: Predictor, v: Floats, ni: ArrayLike | None) -> Floats:
    if predictor is Predictor.SEI:
        return np.sqrt(v)
    if predictor is Predictor.VI:
        return v
    if ni is None:
        raise InvalidDataError(f"The predictor {predictor.value} needs the sample sizes.")
    n = np.asarray(ni, dtype=np.float64)
    if n.shape != v.shape or not np.isfinite(n).all() or (n <= 0).any():
        raise InvalidDataError("Sample sizes must be one number above zero for each study.")
    root = np.sqrt(n)
    return {
        Predictor.NI: n,
        Predictor.NINV: 1 / n,
        Predictor.SQRTNI: root,
        Predictor.SQRTNINV: 1 / root,
    }[predictor]


def _weighted(
    y: Floats, v: Floats, x: Floats, predictor: Predictor, level: float, *, limit: bool
) -> Egger:
    """Weighted least squares with weights 1/v and dispersion estimated from the residuals."""
    w = 1 / v
    w = w / w.sum()
    x_mean, y_mean = (w * x).sum(), y[0] + (w * (y - y[0])).sum()
    dx, dy = x - x_mean, y - y_mean
    sxx = (w * dx * dx).sum()
    slope = float((w * dx * dy).sum() / sxx)
    at_zero = float(y_mean - slope * x_mean)
    residual = dy - slope * dx
    df = y.size - 2
    left = float((w * residual * residual).sum())
    nothing = df == 0 or left <= 1e-24 * (w * (y * y)).sum()  # rounding, not scatter
    if nothing:
        return Egger(
            Regression.LM, predictor, slope, None, None, float(df), None,
            at_zero if limit else None, None,
        )  # fmt: skip
    se = float(np.sqrt(left / df / sxx))
    half = float(stdtrit(df, 0.5 + level / 2) * np.sqrt(left / df * (1 + x_mean**2 / sxx)))
    return Egger(
        model=Regression.LM,
        predictor=predictor,
        slope=slope,
        se=se,
        stat=slope / se,
        ddf=float(df),
        p=float(2 * stdtr(df, -abs(slope / se))),
        limit_estimate=at_zero if limit else None,
        limit_ci=(at_zero - half, at_zero + half) if limit else None,
    )


def _concordance(x: Floats, y: Floats) -> tuple[float, tuple[float, float]]:
    """Concordant minus discordant pairs, and the pairs that are not tied in x and in y."""
    order = np.lexsort((x, y))  # pairs tied in y then stand in the order of x, and count as none
    rank = np.unique(x, return_inverse=True)[1][order]
    pairs = x.size * (x.size - 1) / 2
    tied_x, tied_y, tied_both = (_pairs_tied(z) for z in (x, y, np.column_stack((x, y))))
    discordant = _out_of_order(rank)
    concordant = pairs - tied_x - tied_y + tied_both - discordant
    return concordant - discordant, (pairs - tied_x, pairs - tied_y)


def _pairs_tied(z: Floats) -> float:
    equal = np.unique(z, axis=0, return_counts=True)[1].astype(np.float64)
    return float((equal * (equal - 1) / 2).sum())


def _out_of_order(rank: Indices) -> float:
    """Pairs of which the first is larger: each at the highest bit in which the two differ."""
    found = 0
    for bit in range(int(rank.max()).bit_length()):
        alike = rank >> (bit + 1)  # the bits above
        order = np.argsort(alike, kind="stable")
        ones = rank[order] >> bit & 1
        before = np.cumsum(ones) - ones
        starts = np.flatnonzero(np.diff(alike[order], prepend=-1))
        sizes = np.diff(starts, append=rank.size)
        before -= np.repeat(before[starts], sizes)
        found += int(before[ones == 0].sum())
    return float(found)


def _exact_p(score: float, k: int) -> float:
    """Twice the smaller tail of the number of concordant pairs among all orders, at most 1."""
    chance = np.ones(1)
    for i in range(2, k + 1):  # inserting the i-th adds 0..i-1 concordant pairs
        chance = np.convolve(chance, np.full(i, 1 / i))
    concordant = round((score + k * (k - 1) / 2) / 2)
    lower, upper = chance[: concordant + 1].sum(), chance[concordant:].sum()
    return float(min(1.0, 2 * min(lower, upper)))


def _normal_p(score: float, x: Floats, y: Floats) -> float:
    k = x.size
    tx, ty = (np.unique(z, return_counts=True)[1].astype(np.float64) for z in (x, y))
    v0 = k * (k - 1) * (2 * k + 5)
    vt, vu = ((t * (t - 1) * (2 * t + 5)).sum() for t in (tx, ty))
    v1 = (tx * (tx - 1)).sum() * (ty * (ty - 1)).sum() / (2 * k * (k - 1))
    v2 = (tx * (tx - 1) * (tx - 2)).sum() * (ty * (ty - 1) * (ty - 2)).sum()
    v2 = v2 / (9 * k * (k - 1) * (k - 2)) if k > 2 else 0.0
    return float(2 * ndtr(-abs(score) / np.sqrt((v0 - vt - vu) / 18 + v1 + v2)))
