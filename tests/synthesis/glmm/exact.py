"""Standard errors of mixed models of counts from likelihoods that share nothing with ours.

Each study's probability, by scipy's distributions, is summed over its effect on an even grid, which
is exact to the last digits (Trefethen & Weideman 2014, SIAM Rev 56:385); derivatives are central
differences of fourth order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import binom, hypergeom, norm, poisson

from review.arrays import Floats

Z: Final = np.linspace(-9, 9, 721)
"""Where a standard normal effect is summed: beyond lies less than 1e-18 of it."""

H: Final = 0.01
SLOPE: Final = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
"""A first derivative of fourth order: places and weights."""
CURVE: Final = ((-2, -1 / 12), (-1, 16 / 12), (0, -30 / 12), (1, 16 / 12), (2, -1 / 12))

LogChance = Callable[[Floats, float], Floats]
"""Of a study's counts, at effects and at its level."""


def chances(measure: str, model: str, counts: Sequence[Floats]) -> list[LogChance]:
    """Return the log-probability of each study's counts; studies that say nothing are left out."""
    rows = np.column_stack(counts)
    return [_study(measure, model, *map(float, row)) for row in rows if _says(measure, row)]


def _says(measure: str, row: Floats) -> bool:
    if measure in ("PLO", "IRLN"):
        return True
    events = row[0] + row[2] > 0
    return bool(events and (measure == "IRR" or row[1] + row[3] > 0))


def _logit(x: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-x))
    return found


def _log(of: Any, *at: Any) -> Floats:
    """Return the log-probabilities of one of scipy's distributions."""
    return np.asarray(of.logpmf(*at), dtype=float)


def _study(measure: str, model: str, a: float, b: float, c: float = 0, d: float = 0) -> LogChance:
    if measure == "PLO":
        return lambda eta, _: _log(binom, a, a + b, _logit(eta))
    if measure == "IRLN":
        return lambda eta, _: _log(poisson, a, b * np.exp(eta))
    if measure == "IRR" and model == "UM.FS":
        return lambda eta, level: (
            _log(poisson, a, b * np.exp(level + eta / 2))
            + _log(poisson, c, d * np.exp(level - eta / 2))
        )
    if measure == "OR" and model == "UM.FS":
        return lambda eta, level: (
            _log(binom, a, a + b, _logit(level + eta / 2))
            + _log(binom, c, c + d, _logit(level - eta / 2))
        )
    if measure == "IRR" or model == "CM.AL":  # of the events of both arms, those of the first
        ratio = b / d if measure == "IRR" else (a + b) / (c + d)
        return lambda eta, _: _log(binom, a, a + c, _logit(eta + np.log(ratio)))
    n1, n2, events = a + b, c + d, a + c
    seen = np.arange(max(0, events - n2), min(n1, events) + 1)
    ways = hypergeom.logpmf(seen, n1 + n2, n1, events)

    def given(eta: Floats, _: float) -> Floats:
        log = ways + np.multiply.outer(eta, seen)
        top = log.max(axis=-1, keepdims=True)
        total = np.log(np.exp(log - top).sum(axis=-1)) + top[..., 0]
        found: Floats = log[..., seen == a][..., 0] - total
        return found

    return given


def loglik(study: LogChance, mu: float, tau: float, level: float) -> float:
    """Return the log-likelihood of a study, its effect summed over."""
    if tau == 0:
        return float(study(np.array([mu]), level)[0])
    log = study(mu + tau * Z, level) + norm.logpdf(Z)
    top = log.max()
    return float(top + np.log(np.exp(log - top).sum() * (Z[1] - Z[0])))


def _derivative(of: Callable[[Floats], float], at: Floats, *along: int) -> float:
    """Return a first derivative, or a second one along two of the parameters."""
    total = 0.0
    if len(along) == 1:
        for step, weight in SLOPE:
            total += weight * of(at + step * H * np.eye(at.size)[along[0]])
        return total / H
    i, j = along
    if i == j:
        for step, weight in CURVE:
            total += weight * of(at + step * H * np.eye(at.size)[i])
        return total / H**2
    for one, w in SLOPE:
        for other, v in SLOPE:
            total += w * v * of(at + H * (one * np.eye(at.size)[i] + other * np.eye(at.size)[j]))
    return total / H**2


def exact_error(
    studies: Sequence[LogChance], mu: float, tau: float, *, levels: bool
) -> tuple[float, float, float]:
    """Return the standard error of the effect at a maximum, and how steep it is there (0, 0).

    Parameters
    ----------
    studies : their log-probabilities.
    mu, tau : where the maximum is said to be; at tau 0 it is no parameter.
    levels : whether each study has a level of its own, which is maximised over.

    Returns
    -------
    se, slope of mu, slope of tau
        Slopes in units of one standard error of the effect.
    """
    free = [0] if tau == 0 else [0, 1]
    information = np.zeros((len(free), len(free)))
    slopes = np.zeros(2)
    for study in studies:
        level = 0.0
        if levels:
            level = float(
                minimize_scalar(
                    lambda x, study=study: -loglik(study, mu, tau, x),
                    bracket=(-6, 0), tol=1e-12,
                ).x
            )  # fmt: skip

        def of(at: Floats, study: LogChance = study) -> float:
            return loglik(study, at[0], at[1], at[2])

        at = np.array([mu, tau, level])
        slopes += [_derivative(of, at, 0), _derivative(of, at, 1) if tau else 0.0]
        own = -np.array([[_derivative(of, at, i, j) for j in free] for i in free])
        if levels:
            cross = -np.array([_derivative(of, at, i, 2) for i in free])
            own -= np.outer(cross, cross) / -_derivative(of, at, 2, 2)
        information += own
    se = float(np.sqrt(np.linalg.inv(information)[0, 0]))
    return se, float(slopes[0] * se), float(slopes[1] * se)


LogLik = Callable[[Floats], float]
"""Of all studies at effect, tau, mean and SD of the levels."""


def laplace(measure: str, counts: Sequence[Floats]) -> LogLik:
    """Return Laplace's approximation of the likelihood with two random effects, of two arms."""
    rows = [tuple(map(float, row)) for row in np.column_stack(counts) if _says(measure, row)]
    return lambda where: sum(_laplace(measure, row, where) for row in rows)


def summed(measure: str, counts: Sequence[Floats], *, points: int = 81) -> LogLik:
    """Return the likelihood with two random effects, each trial summed over both on a grid."""
    studies = chances(measure, "UM.FS", counts)
    z = np.linspace(-8, 8, points)
    normal, width = norm.logpdf(z), z[1] - z[0]

    def of(study: LogChance, where: Floats) -> float:
        mu, tau, mean, sigma = where
        effects, levels = np.array([mu]), np.array([mean])
        density = np.zeros((1, 1))
        if tau:
            effects, density = mu + tau * z, density + normal + np.log(width)
        if sigma:
            levels, density = mean + sigma * z, density + normal[:, None] + np.log(width)
        log = density + np.array([study(effects, level) for level in levels])
        top = log.max()
        return float(top + np.log(np.exp(log - top).sum()))

    return lambda where: sum(of(study, where) for study in studies)


def error_of_two(loglik: LogLik, effect: float, tau: float, sigma: float) -> float:
    """Return the standard error of the effect at a maximum, over the mean of the levels too.

    A tau or sigma of 0 is no parameter.
    """
    mean = minimize_scalar(
        lambda x: -loglik(np.array([effect, tau, x, sigma])), bracket=(-4, -1), tol=1e-10
    ).x
    place = np.array([effect, tau, mean, sigma])
    free = [i for i in range(4) if i in (0, 2) or place[i]]
    information = -np.array([[_derivative(loglik, place, i, j) for j in free] for i in free])
    return float(np.sqrt(np.linalg.inv(information)[0, 0]))


def _laplace(measure: str, row: tuple[float, ...], where: Floats) -> float:
    mu, tau, mean, sigma = where
    a, b, c, d = row
    turn = np.array([[tau / 2, sigma], [-tau / 2, sigma]])
    events, others = np.array([a, c]), np.array([b, d])
    u = np.zeros(2)
    for _ in range(100):
        eta = np.array([mean + mu / 2, mean - mu / 2]) + turn @ u
        if measure == "OR":
            n, p = events + others, _logit(eta)
            height, slope, bend = events * eta - n * np.logaddexp(0, eta), events - n * p, n * p
            bend = bend * (1 - p)
        else:
            bend = others * np.exp(eta)
            height, slope = events * eta - bend, events - bend
        curve = turn.T @ (bend[:, None] * turn) + np.eye(2)
        step = np.linalg.solve(curve, turn.T @ slope - u)
        if np.abs(step).max() < 1e-13:
            break
        u = u + step / max(1.0, np.abs(step).max())
    return float(height.sum() - u @ u / 2 - np.linalg.slogdet(curve)[1] / 2)
