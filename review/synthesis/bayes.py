"""The Bayesian normal-normal model by quadrature: no simulation, the same digits every time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from review.arrays import Floats
from review.conventions import TauFamily
from review.errors import InvalidDataError
from review.synthesis.blocks import checked_studies
from review.synthesis.quadrature import gauss_legendre
from review.synthesis.roots import bracketed_root

__all__ = ["DEFAULT_TAU", "MuPrior", "Posterior", "TauFamily", "TauPrior", "posterior"]


NODES = 400
"""Gauss-Legendre nodes; 200 give nine digits, the rest is for very unequal precision."""


@dataclass(frozen=True, slots=True)
class TauPrior:
    """Prior of tau: a family and its scale in units of the effect."""

    family: TauFamily
    scale: float


@dataclass(frozen=True, slots=True)
class MuPrior:
    """Normal prior of the mean effect; use None in its place for a flat one."""

    mean: float = 0.0
    sd: float = 1.0


DEFAULT_TAU = TauPrior(TauFamily.HALF_NORMAL, 0.5)
"""Weakly informative for standardised mean differences (Roever et al. 2021, RSM 12:448)."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """What the model says after the data; probabilities need no correction for repeated looks.

    That does not make "P above .975 at any look" an error-controlled claim.

    Attributes
    ----------
    mean, sd, median, ci : of the mean effect; `ci` the central credible interval at `level`.
    pi : tuple of float
        Central interval of a new study's effect.
    tau_mean, tau_median, tau_ci : of the heterogeneity standard deviation.
    shrunken, shrunken_sd : tuples (k,)
        Posterior mean and standard deviation of each study's own effect.
    nodes, weight, centre, spread : arrays
        The mixture over tau: values of tau, their probability, and mean and sd of the mean effect.
    """

    k: int
    level: float
    tau_prior: TauPrior
    mu_prior: MuPrior | None
    mean: float
    sd: float
    median: float
    ci: tuple[float, float]
    pi: tuple[float, float]
    tau_mean: float
    tau_median: float
    tau_ci: tuple[float, float]
    shrunken: tuple[float, ...]
    shrunken_sd: tuple[float, ...]
    nodes: Floats
    weight: Floats
    centre: Floats
    spread: Floats

    def probability_above(self, value: float) -> float:
        """Posterior probability that the mean effect exceeds `value`.

        Examples
        --------
        >>> post = posterior([0.0, 0.0], [0.1, 0.1])
        >>> round(post.probability_above(0.0), 9)
        0.5
        """
        return float(self.weight @ ndtr((self.centre - value) / self.spread))

    def probability_new_above(self, value: float) -> float:
        """Posterior probability that a new study's effect exceeds `value`.

        Examples
        --------
        >>> post = posterior([0.0, 0.0], [0.1, 0.1])
        >>> round(post.probability_new_above(0.0), 9)
        0.5
        """
        return float(self.weight @ ndtr((self.centre - value) / np.hypot(self.spread, self.nodes)))


def posterior(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau_prior: TauPrior = DEFAULT_TAU,
    mu_prior: MuPrior | None = MuPrior(),
    level: float = 0.95,
) -> Posterior:
    """Posterior of y_i ~ N(mu, v_i + tau²).

    Parameters
    ----------
    yi, vi : array_like (k,)
        Effects and sampling variances, k >= 1.
    tau_prior : TauPrior
        Half-normal(0.5) by default.
    mu_prior : MuPrior or None
        N(0, 1) by default, None for flat.
    level : float
        Of all intervals.

    Returns
    -------
    Posterior

    Raises
    ------
    InvalidDataError
        If a scale is not positive or the data cannot be read.

    Notes
    -----
    Given tau the mean effect is normal with precision P = sum w + 1/s0² and mean
    M = (sum w y + m0/s0²)/P; tau = s u/(1-u) is integrated over u by Gauss-Legendre.

    References
    ----------
    Roever 2020, J Stat Softw 93(6), section 2 (marginal likelihood of tau); Gelman 2006 (half-t).

    Examples
    --------
    >>> post = posterior([-0.45, -0.20, -0.85, 0.0], [0.1244, 0.0935, 0.1180, 0.0318])
    >>> round(post.mean, 8), round(post.probability_above(-0.5), 8)
    (-0.28261442, 0.85395638)
    """
    y, v = checked_studies(yi, vi)
    if y.size == 0:
        raise InvalidDataError("There are no studies to pool.")
    if not tau_prior.scale > 0 or (mu_prior is not None and not mu_prior.sd > 0):
        raise InvalidDataError("The scale of a prior must be above zero.")
    if not 0 < level < 1:
        raise InvalidDataError(f"A level of {level} is not between 0 and 1.")
    tau_prior = TauPrior(TauFamily(tau_prior.family), tau_prior.scale)
    stretch = min(tau_prior.scale, float(np.sqrt(np.median(v)) + y.std()))
    tau, logp = _log_density(y, v, tau_prior, mu_prior, stretch, 1.0)
    density = np.exp(logp - logp.max())
    weight = density / density.sum()
    centre, spread = _given_tau(y, v, mu_prior, tau)
    mean = float(weight @ centre)
    sd = float(np.sqrt(weight @ (spread**2 + (centre - mean) ** 2)))
    tails = ((1 - level) / 2, 0.5, (1 + level) / 2)
    low, median, high = (_quantile(q, weight, centre, spread) for q in tails)
    wide = np.hypot(spread, tau)
    peak = float(logp.max())

    def below(u: float, q: float) -> float:
        part = _log_density(y, v, tau_prior, mu_prior, stretch, u)[1]
        return float(np.exp(part - peak).sum() / density.sum()) - q

    shares = (bracketed_root(partial(below, q=q), 1e-12, 1 - 1e-9) for q in tails)
    tau_low, tau_median, tau_high = (stretch * u / (1 - u) for u in shares)
    own, own_sd = _shrunken(y, v, tau, weight, centre, spread)
    return Posterior(
        k=y.size,
        level=level,
        tau_prior=tau_prior,
        mu_prior=mu_prior,
        mean=mean,
        sd=sd,
        median=median,
        ci=(low, high),
        pi=(_quantile(tails[0], weight, centre, wide), _quantile(tails[2], weight, centre, wide)),
        tau_mean=float(weight @ tau),
        tau_median=tau_median,
        tau_ci=(tau_low, tau_high),
        shrunken=own,
        shrunken_sd=own_sd,
        nodes=tau,
        weight=weight,
        centre=centre,
        spread=spread,
    )


def _given_tau(y: Floats, v: Floats, prior: MuPrior | None, tau: Floats) -> tuple[Floats, Floats]:
    """Mean and sd of the mean effect at each tau."""
    w = 1 / (v + (tau**2)[:, None])
    precision, weighted = w.sum(axis=1), w @ y
    if prior is not None:
        precision = precision + prior.sd**-2
        weighted = weighted + prior.mean / prior.sd**2
    return weighted / precision, precision**-0.5


def _log_density(
    y: Floats, v: Floats, prior: TauPrior, mu: MuPrior | None, stretch: float, upto: float
) -> tuple[Floats, Floats]:
    """Nodes of tau for u in (0, `upto`), and the log of density times quadrature weight."""
    node, share = gauss_legendre(NODES)
    u = 0.5 * upto * (node + 1)
    tau = stretch * u / (1 - u)
    centre, spread = _given_tau(y, v, mu, tau)
    w = 1 / (v + (tau**2)[:, None])
    ratio = tau / prior.scale
    log_prior = -0.5 * ratio**2 if prior.family is TauFamily.HALF_NORMAL else -np.log1p(ratio**2)
    logp = log_prior + 0.5 * np.log(w).sum(axis=1) + np.log(spread)
    logp -= 0.5 * (w * (y - centre[:, None]) ** 2).sum(axis=1)
    if mu is not None:
        logp -= 0.5 * ((centre - mu.mean) / mu.sd) ** 2
    # dtau = stretch / (1-u)² du
    return tau, logp + np.log(0.5 * upto * share * stretch) - 2 * np.log1p(-u)


def _below(x: float, q: float, weight: Floats, centre: Floats, spread: Floats) -> float:
    return float(weight @ ndtr((x - centre) / spread)) - q


def _quantile(q: float, weight: Floats, centre: Floats, spread: Floats) -> float:
    """Quantile of a mixture of normals; it lies between the extremes of the parts' quantiles."""
    used = weight > 1e-300
    parts = centre[used] + spread[used] * float(ndtri(q))
    low, high = float(parts.min()), float(parts.max())
    if high - low <= 1e-14 * max(abs(low), abs(high)):
        return low
    f = partial(_below, q=q, weight=weight[used], centre=centre[used], spread=spread[used])
    return bracketed_root(f, low, high)


def _shrunken(
    y: Floats, v: Floats, tau: Floats, weight: Floats, centre: Floats, spread: Floats
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Each study's effect drawn towards the mean: y B + mu (1 - B), B = tau²/(tau² + v)."""
    t2 = (tau**2)[:, None]
    kept = t2 / (t2 + v)
    means = kept * y + (1 - kept) * centre[:, None]
    variance = kept * v + ((1 - kept) * spread[:, None]) ** 2
    mean = weight @ means
    sd = np.sqrt(weight @ (variance + (means - mean) ** 2))
    return tuple(float(x) for x in mean), tuple(float(x) for x in sd)
