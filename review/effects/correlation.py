"""Association of two variables: correlations, partial and semi-partial correlations.

``r`` correlations, ``n`` participants, (k,) each.
"""

from __future__ import annotations

import numpy as np
from scipy.special import hyp2f1

from review.arrays import Floats
from review.conventions import Variance
from review.effects.averages import size_weighted_mean
from review.effects.columns import Column, Domain
from review.effects.effects import Pair
from review.effects.specification import (
    Form,
    Options,
    Specification,
    as_given,
    by,
    through_t,
)
from review.measures import Measure

# A variance from three participants or fewer (four, for the corrected correlation) is no estimate:
# metafor gives none either.
_FEWEST = 4.0

# From here on Gauss' series needs few terms, while scipy's function (1.17) returns NaN for some
# larger parameters (r = 0.05, n = 300).
_SERIES_FROM = 20.0
_TERMS = 80


def correlation(r: Floats, n: Floats, *, vtype: Variance = Variance.LS) -> Pair:
    """Pearson correlation.

    Parameters
    ----------
    r, n : (k,)
        Correlation and participants.
    vtype
        ``LS``: (1 - r²)²/(n - 1) (Borenstein 2009, equation 12.27); ``AV``: the same at the
        average r, weighted by n.

    Returns
    -------
    yi, vi : (k,)
        vi is NaN where n < 4.
    """
    centre = size_weighted_mean(r, n) if vtype is Variance.AV else r
    return r, np.where(n >= _FEWEST, (1.0 - centre**2) ** 2 / (n - 1.0), np.nan)


def unbiased_correlation(r: Floats, n: Floats, *, vtype: Variance = Variance.LS) -> Pair:
    """Correlation corrected for its negative bias.

    Parameters
    ----------
    r, n : (k,)
        Correlation and participants, more than four.
    vtype
        ``LS``: (1 - y²)²/(n - 1) at the corrected correlation y; ``AV``: at the average y,
        weighted by n; ``UB``: unbiased, y² - 1 + (n-3)/(n-2) (1-r²) F(1, 1; n/2; 1-r²) (Hedges
        1989, with the exact series).

    Returns
    -------
    yi, vi : (k,)
        y = r F(1/2, 1/2; (n-2)/2; 1-r²). NaN where n <= 4.

    Notes
    -----
    Olkin & Pratt (1958), equation 2.3. F is Gauss' hypergeometric function.
    """
    enough = n > _FEWEST
    size = np.where(enough, n, 10.0)
    rest = 1.0 - r**2
    y = np.where(enough, r * _gauss(0.5, (size - 2.0) / 2.0, rest), np.nan)
    if vtype is Variance.UB:
        series = _gauss(1.0, size / 2.0, rest)
        # at r = -1 and 1 the sum is zero but for rounding, which must not make it negative
        vi = np.maximum(y**2 - 1.0 + (size - 3.0) / (size - 2.0) * rest * series, 0.0)
        return y, np.where(enough, vi, np.nan)
    centre = size_weighted_mean(y, n) if vtype is Variance.AV else y
    return y, np.where(enough, (1.0 - centre**2) ** 2 / (size - 1.0), np.nan)


def fisher_z(r: Floats, n: Floats) -> Pair:
    """Fisher's r-to-z transformed correlation; vi = 1/(n - 3), NaN where n < 4 or abs(r) = 1."""
    return np.arctanh(r), np.where(n >= _FEWEST, 1.0 / (n - 3.0), np.nan)


def partial_correlation(r: Floats, n: Floats, m: Floats) -> Pair:
    """Partial correlation of a predictor with the outcome, the other predictors held constant.

    Parameters
    ----------
    r, n, m : (k,)
        Partial correlation, participants, predictors in the model (the focal one included).

    Returns
    -------
    yi, vi : (k,)
        vi = (1 - r²)²/(n - m): that of a correlation from m - 1 fewer participants, as many as
        there are variables held constant (metafor since 4.4, where m counts the focal predictor).
    """
    return r, np.where(n > m, (1.0 - r**2) ** 2 / (n - m), np.nan)


def fisher_z_partial_correlation(r: Floats, n: Floats, m: Floats) -> Pair:
    """Fisher's transformation of a partial correlation; vi = 1/(n - m - 2)."""
    return np.arctanh(r), np.where(n > m + 2.0, 1.0 / (n - m - 2.0), np.nan)


def semipartial_correlation(r: Floats, n: Floats, r_squared: Floats) -> Pair:
    """Correlation of the outcome with the part of a predictor that the others do not explain.

    Parameters
    ----------
    r, n, r_squared : (k,)
        Semi-partial correlation, participants, R² of the whole model.

    Returns
    -------
    yi, vi : (k,)
        vi = (R⁴ - 2R² + Q + 1 - Q²)/n with Q = R² - r², the R² without the focal predictor.

    Notes
    -----
    Aloe & Becker (2012).
    """
    without = r_squared - r**2
    return r, (r_squared**2 - 2.0 * r_squared + without + 1.0 - without**2) / n


def fisher_z_semipartial_correlation(r: Floats, n: Floats, r_squared: Floats) -> Pair:
    """Fisher's transformation of a semi-partial correlation, its variance by the delta method."""
    yi, vi = semipartial_correlation(r, n, r_squared)
    return np.arctanh(yi), vi / (1.0 - yi**2) ** 2


def _gauss(a: float, c: Floats, x: Floats) -> Floats:
    """Gauss' hypergeometric function F(a, a; c; x) for c > 1 and 0 <= x <= 1."""
    large = np.maximum(c, _SERIES_FROM)
    term = np.ones_like(x)
    total = np.ones_like(x)
    for k in range(_TERMS):  # DLMF 15.2.1
        term = term * (a + k) ** 2 / ((large + k) * (1.0 + k)) * x
        total = total + term
    small = np.minimum(c, _SERIES_FROM)
    return np.where(c >= _SERIES_FROM, total, hyp2f1(a, a, small, x))


_RI = Column("ri", Domain.CORRELATION)
_TI = Column("ti", Domain.REAL)
_PI = Column("pi", Domain.SIGNED_P)
_NI = Column("ni", Domain.SIZE)
_MI = Column("mi", Domain.SIZE)
_R2I = Column("r2i", Domain.SHARE)


def _r_from_t(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    t, n = values
    return t / np.sqrt(t**2 + n - 2.0), n


def _partial_from_t(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    t, n, m = values
    return t / np.sqrt(t**2 + n - m - 1.0), n, m


def _semipartial_from_t(values: tuple[Floats, ...], _: Options) -> tuple[Floats, ...]:
    t, n, m, r_squared = values
    return t * np.sqrt((1.0 - r_squared) / (n - m - 1.0)), n, r_squared


_SIMPLE = (
    Form((_RI, _NI), as_given),
    Form((_TI, _NI), _r_from_t),
    Form((_PI, _NI), through_t(_r_from_t, lambda n: n - 2.0)),
)
_PARTIAL = (
    Form((_RI, _NI, _MI), as_given),
    Form((_TI, _NI, _MI), _partial_from_t),
    Form((_PI, _NI, _MI), through_t(_partial_from_t, lambda n, m: n - m - 1.0)),
)
_SEMIPARTIAL = (
    Form((_RI, _NI, _R2I), as_given),
    Form((_TI, _NI, _MI, _R2I), _semipartial_from_t),
    Form((_PI, _NI, _MI, _R2I), through_t(_semipartial_from_t, lambda n, m, _: n - m - 1.0)),
)

MEASURES: dict[Measure, Specification] = {
    Measure.COR: Specification(_SIMPLE, by(correlation, "vtype"), (Variance.LS, Variance.AV)),
    Measure.UCOR: Specification(
        _SIMPLE, by(unbiased_correlation, "vtype"), (Variance.LS, Variance.UB, Variance.AV)
    ),
    Measure.ZCOR: Specification(_SIMPLE, by(fisher_z)),
    Measure.PCOR: Specification(_PARTIAL, by(partial_correlation)),
    Measure.ZPCOR: Specification(_PARTIAL, by(fisher_z_partial_correlation)),
    Measure.SPCOR: Specification(_SEMIPARTIAL, by(semipartial_correlation)),
    Measure.ZSPCOR: Specification(_SEMIPARTIAL, by(fisher_z_semipartial_correlation)),
}
