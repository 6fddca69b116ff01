"""Mean and standard deviation from a median with quartiles or range of a skewed sample.

The rules of `review.effects.conversions_median` take the sample as normal. Here are three ways that
do without: approximate all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import log, sqrt
from typing import Final

import numpy as np
from scipy.special import betaincinv, gamma, gammaincinv, log_ndtr, ndtr, ndtri

from review.arrays import Floats
from review.conventions import Medians
from review.effects import checks
from review.effects.arms import Group
from review.effects.conversions_median import FEWEST, five_number_weights, widths
from review.effects.converted import Converted
from review.errors import InvalidDataError

POINTS: Final = 4001
"""On the transformed scale, of the integrals that go back from it."""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """What a report gives beside the median and n: quartiles, range, or both.

    Raises
    ------
    InvalidDataError
        If n is below 5, the numbers do not rise, or neither pair is there.
    """

    n: float
    median: float
    q1: float | None = None
    q3: float | None = None
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no sample has."""
        checks.size("n", self.n, FEWEST)
        checks.ascending(**self.reported)
        if not (self.has_quartiles or self.has_range):
            raise InvalidDataError("a median needs quartiles or the range beside it")

    @property
    def has_quartiles(self) -> bool:
        """Whether both quartiles are there."""
        return self.q1 is not None and self.q3 is not None

    @property
    def has_range(self) -> bool:
        """Whether both extremes are there."""
        return self.minimum is not None and self.maximum is not None

    @property
    def reported(self) -> dict[str, float]:
        """The numbers used, rising, by name."""
        names = ["q1", "median", "q3"] if self.has_quartiles else ["median"]
        if self.has_range:
            names = ["minimum", *names, "maximum"]
        return {name: float(getattr(self, name)) for name in names}

    @property
    def values(self) -> Floats:
        """(3,) or (5,)."""
        return np.array(list(self.reported.values()))

    @property
    def shares(self) -> Floats:
        """Shares of the distribution below the values; of extremes 1/n and 1 - 1/n."""
        inner = [0.25, 0.5, 0.75] if self.has_quartiles else [0.5]
        return np.array([1 / self.n, *inner, 1 - 1 / self.n] if self.has_range else inner)


def group_from_skewed(x: Quantiles, medians: Medians) -> Converted[Group]:
    """Mean and standard deviation from a median with quartiles, range or both.

    Parameters
    ----------
    x
        The reported numbers.
    medians
        ``qe``: the distribution (normal, log-normal, gamma, Weibull, beta of shares) whose
        quantiles are closest. ``bc``: normal after the Box-Cox transformation that makes the
        numbers symmetric. ``mln``: after the one of greatest likelihood.

    Returns
    -------
    Converted[Group]
        Marked approximate.

    Raises
    ------
    InvalidDataError
        If ``bc`` or ``mln`` is to transform numbers that are not above zero.

    Notes
    -----
    McGrath et al. (2020), Stat Methods Med Res 29:2520 (qe, bc); Cai, Zhou & Pan (2021), Stat
    Methods Med Res 30:2701 (mln). The R package estmeansd goes back from the transformed scale by
    random numbers, here it is integrated. Its ``mln`` leaves the Jacobian out of the likelihood, so
    that a change of unit changes its answer; here it is in. Its ``qe`` moves a zero to 0.01.
    """
    found = {Medians.QE: _by_quantiles, Medians.BC: _by_symmetry, Medians.MLN: _by_likelihood}
    mean, sd, recipe, assumed = found[medians](x)
    return Converted(
        Group(x.n, mean, sd),
        recipe,
        {"n": x.n, **x.reported},
        {"distribution": assumed},
        approximate=True,
    )


_Found = tuple[float, float, str, str]


def _lowest(f: Callable[[Floats], Floats], low: float, high: float) -> float:
    """Where a function of one variable is lowest: a grid that narrows around its lowest point."""
    for _ in range(8):
        grid = np.linspace(low, high, 65)
        values = f(grid)
        at = int(np.nanargmin(values))
        low, high = float(grid[max(at - 1, 0)]), float(grid[min(at + 1, 64)])
    return 0.5 * (low + high)


def _by_quantiles(x: Quantiles) -> _Found:
    values, shares = x.values, x.shares
    z = ndtri(shares)
    centred = z - z.mean()
    sd = float(centred @ values / (centred @ centred))
    mean = float(values.mean() - sd * z.mean())
    fits = [(_misfit(values, mean + sd * z), mean, sd, "normal")]
    if values[0] >= 0 < values[-1]:
        fits += [_scaled(values, shares, *family) for family in _FAMILIES]
        if values[-1] < 1:
            fits.append(_beta(values, shares))
    _, mean, sd, name = min(fits)
    return mean, sd, "quantile estimation (McGrath et al. 2020): the closest distribution", name


def _misfit(values: Floats, fitted: Floats) -> float:
    return float(((values - fitted) ** 2).sum())


_Moments = Callable[[float], tuple[float, float]]


def _lognormal(shares: Floats, shape: Floats) -> Floats:
    found: Floats = np.exp(shape[:, None] * ndtri(shares))
    return found


def _gamma(shares: Floats, shape: Floats) -> Floats:
    return np.asarray(gammaincinv(shape[:, None], shares), dtype=np.float64)


def _weibull(shares: Floats, shape: Floats) -> Floats:
    found: Floats = (-np.log1p(-shares)) ** (1 / shape[:, None])
    return found


def _lognormal_moments(s: float) -> tuple[float, float]:
    return float(np.exp(s * s / 2)), float(np.exp(s * s / 2) * np.sqrt(np.expm1(s * s)))


def _weibull_moments(s: float) -> tuple[float, float]:
    mean = float(gamma(1 + 1 / s))
    return mean, sqrt(max(float(gamma(1 + 2 / s)) - mean**2, 0.0))


_FAMILIES: Final[
    tuple[tuple[str, Callable[[Floats, Floats], Floats], _Moments, float, float], ...]
] = (
    ("log-normal", _lognormal, _lognormal_moments, 1e-3, 5.0),
    ("gamma", _gamma, lambda s: (s, sqrt(s)), 1e-2, 1e4),
    ("Weibull", _weibull, _weibull_moments, 0.1, 100.0),
)
"""Name, quantiles and moments of unit scale by shape, and which shapes are tried."""


def _scaled(
    values: Floats,
    shares: Floats,
    name: str,
    quantiles: Callable[[Floats, Floats], Floats],
    moments: _Moments,
    low: float,
    high: float,
) -> tuple[float, float, float, str]:
    """Fit a family by its shape; the scale that fits best is linear in the quantiles."""

    def scale_of(unit: Floats) -> Floats:
        found: Floats = (unit @ values) / (unit * unit).sum(axis=1)
        return found

    def misfit(log_shape: Floats) -> Floats:
        unit = quantiles(shares, np.exp(log_shape))
        error: Floats = ((values - scale_of(unit)[:, None] * unit) ** 2).sum(axis=1)
        return error

    with np.errstate(over="ignore", invalid="ignore"):
        shape = float(np.exp(_lowest(misfit, log(low), log(high))))
    unit = quantiles(shares, np.array([shape]))
    scale = float(scale_of(unit)[0])
    mean, sd = moments(shape)
    return _misfit(values, scale * unit[0]), scale * mean, scale * sd, name


def _beta(values: Floats, shares: Floats) -> tuple[float, float, float, str]:
    centre, reach = np.zeros(2), np.full(2, 6.0)
    steps = np.stack(np.meshgrid(*[np.linspace(-1, 1, 15)] * 2), axis=-1).reshape(-1, 2)
    for _ in range(24):
        a, b = np.exp(centre + reach * steps).T
        error = ((betaincinv(a[:, None], b[:, None], shares) - values) ** 2).sum(axis=1)
        centre = centre + reach * steps[int(np.nanargmin(error))]
        reach = reach / 2
    a, b = np.exp(centre)
    mean, total = float(a / (a + b)), float(a + b)
    fitted = betaincinv(a, b, shares)
    return _misfit(values, fitted), mean, sqrt(mean * (1 - mean) / (total + 1)), "beta"


def _positive(x: Quantiles, name: str) -> Floats:
    if x.values[0] <= 0:
        raise InvalidDataError(f"{name} transforms its numbers, which must be above zero")
    return x.values


def _box_cox(values: Floats, power: float) -> Floats:
    return np.log(values) if power < 1e-8 else (values**power - 1) / power


def _normal_start(x: Quantiles, y: Floats) -> tuple[float, float]:
    """Mean by Luo et al. (2018) and SD by Wan et al. (2014) of transformed numbers."""
    mean = float(five_number_weights(x.n, range_=x.has_range, quartiles=x.has_quartiles) @ y)
    of_range, of_quartiles = widths(x.n)
    sds = []
    if x.has_range:
        sds.append((y[-1] - y[0]) / of_range)
    if x.has_quartiles:
        sds.append((y[-2] - y[1] if x.has_range else y[-1] - y[0]) / of_quartiles)
    return mean, float(np.mean(sds))


def _back(mean: float, sd: float, power: float) -> tuple[float, float]:
    """Mean and SD on the scale of the report, of a normal cut where that ends at zero.

    On both sides, as estmeansd does, so that its mean stays. Points are close where it ends: there
    the way back is steep.
    """
    if power < 1e-8:
        return float(np.exp(mean + sd**2 / 2)), float(
            np.exp(mean + sd**2 / 2) * np.sqrt(np.expm1(sd**2))
        )
    end = min(10.0, (mean + 1 / power) / sd)
    t = np.linspace(0, 1, POINTS)
    z = end * (2 * t**3 - 1)
    density = t**2 * np.exp(-(z**2) / 2)
    density[-1] /= 2  # trapezoids
    density /= density.sum()
    there = np.maximum(power * (mean + sd * z) + 1, 0.0) ** (1 / power)
    centre = float(density @ there)
    return centre, sqrt(float(density @ (there - centre) ** 2))


def _by_symmetry(x: Quantiles) -> _Found:
    values = _positive(x, "the Box-Cox method")
    pairs = [(i, values.size - 1 - i) for i in range(values.size // 2)]
    middle = values.size // 2

    def lopsided(powers: Floats) -> Floats:
        found = []
        for power in powers:
            y = _box_cox(values / x.median, max(float(power), 0.0))
            sides = ((y[j] - y[middle]) / (y[middle] - y[i]) - 1 for i, j in pairs)
            found.append(sum(side**2 for side in sides))
        return np.array(found)

    with np.errstate(divide="ignore", invalid="ignore"):
        power = _lowest(lopsided, 0.0, 3.0)
    power = power if power > 1e-6 else 0.0
    unit = x.median
    mean, sd = _back(*_normal_start(x, _box_cox(values / unit, power)), power)
    recipe = "Box-Cox method (McGrath et al. 2020): symmetric after transformation"
    return unit * mean, unit * sd, recipe, f"normal after Box-Cox, power {power:.3g}"


def _log_likelihood(x: Quantiles, y: Floats, mean: Floats, sd: Floats) -> Floats:
    """Log-likelihood of order statistics (J, m) of normal samples, constants left out; (J,)."""
    z = (y - mean[:, None]) / sd[:, None]
    ranks = [np.floor(share * x.n + 1) for share in (0.25, 0.5, 0.75)]
    if not x.has_quartiles:
        ranks = ranks[1:2]
    found: Floats = -(z**2).sum(axis=1) / 2 - z.shape[1] * np.log(sd)
    if x.has_range:
        ranks = [1.0, *ranks, x.n]
    else:
        found += (ranks[0] - 1) * log_ndtr(z[:, 0]) + (x.n - ranks[-1]) * log_ndtr(-z[:, -1])
    between = np.maximum(np.diff(ranks) - 1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found += (between * np.log(np.diff(ndtr(z), axis=1))).sum(axis=1)
    return np.where(np.isnan(found), -np.inf, found)


def _by_likelihood(x: Quantiles) -> _Found:
    values = _positive(x, "the method for unknown non-normal distributions")
    scaled = values / x.median
    jacobian = float(np.log(scaled).sum())

    def unlikely(powers: Floats) -> Floats:
        y = np.array([_box_cox(scaled, float(power)) for power in powers])
        starts = np.array([_normal_start(x, row) for row in y])
        found: Floats = -_log_likelihood(x, y, *starts.T) - (powers - 1) * jacobian
        return found

    power = _lowest(unlikely, 0.0, 10.0)
    power = power if power > 1e-6 else 0.0
    y = _box_cox(scaled, power)
    mean, sd = _normal_start(x, y)

    def worse(means: Floats | float, sds: Floats | float) -> Floats:
        each = np.broadcast_arrays(*np.atleast_1d(means, sds))
        return -_log_likelihood(x, y, *each)

    for _ in range(40):  # one parameter after the other: they hardly depend on each other
        before = mean, sd
        mean = _lowest(partial(worse, sds=sd), mean - 2 * sd, mean + 2 * sd)
        sd = _lowest(partial(worse, mean), sd / 2, sd * 2)
        if abs(mean - before[0]) + abs(sd - before[1]) < 1e-9 * sd:
            break
    mean, sd = _back(mean, sd, power)
    recipe = "method for unknown non-normal distributions (Cai, Zhou & Pan 2021)"
    return x.median * mean, x.median * sd, recipe, f"normal after Box-Cox, power {power:.3g}"
