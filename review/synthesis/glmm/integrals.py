"""One normal effect a study integrated out, and the maximum over what is left."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from scipy.special import logsumexp

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.glmm.likelihoods import Studies

AT_ZERO: Final = 1e-4
"""A tau below this is given as zero: the likelihood no longer tells it from none."""

STARTS: Final = (0.1, 0.6)
"""Values of tau to begin with: the likelihood may have two maxima."""

STEPS: Final = 200
"""Of the search for a maximum; some ten are needed."""

MODE_STEPS: Final = 100
"""Of the search for each study's mode, where the quadrature is centered."""

SHARP: Final = 1e-10
"""Of the last step: the estimates then have eight digits at least."""

ROUNDING: Final = 1e-9
"""Of the information on the effect with tau known: what is left of less, tau unknown, is none."""


class Peak(NamedTuple):
    """Where the likelihood is highest, its height, and the information on the effect there."""

    effect: float
    tau: float
    loglik: float
    information: float


class _At(NamedTuple):
    """Log-likelihood with gradient and curvature of (effect, tau), the levels maximised over."""

    loglik: float
    slope: Floats
    bend: Floats
    levels_slope: Floats
    levels_bend: Floats
    cross: Floats


def maximum(studies: Studies, points: int, *, common: bool = False) -> Peak:
    """Return the highest maximum of the likelihood, over every study's level too.

    Parameters
    ----------
    studies : k of them.
    points : of the adaptive Gauss-Hermite quadrature.
    common : hold tau at zero: one effect of all.

    Raises
    ------
    InvalidDataError
        A search did not end in `STEPS` steps.

    Notes
    -----
    Newton's method on effect, tau and levels together, whose curvature is an arrow: the levels are
    solved for study by study. Derivatives are means over each study's distribution of its effect
    given its counts (Louis 1982, JRSS B 44:226).
    """
    node, weight = np.polynomial.hermite.hermgauss(points)
    rule = (node, np.log(weight) + node**2)
    k = studies.best.size
    at_zero = _climb(studies, rule, np.array([studies.effect, 0.0]))
    if common or k < 2:
        return at_zero
    found = [_climb(studies, rule, np.array([at_zero.effect, tau])) for tau in STARTS]
    best = max(found, key=lambda one: one.loglik)
    return best if best.tau > AT_ZERO and best.loglik > at_zero.loglik else at_zero


def _climb(studies: Studies, rule: tuple[Floats, Floats], common: Floats) -> Peak:
    k = studies.best.size
    levels = studies.levels
    nuisance = np.zeros(k) if levels is None else levels.copy()
    free = levels is not None
    now = _at(studies, rule, common, nuisance, free)
    moved, steps = math.inf, 0
    while moved >= SHARP and steps < STEPS:
        steps += 1
        held = common[1] == 0
        curve = -now.bend
        if held:
            curve = np.array([[curve[0, 0], 0], [0, 1.0]])
        size, way = np.linalg.eigh(curve)
        step = way @ ((way.T @ now.slope) / np.maximum(np.abs(size), 1e-8))
        own = (now.levels_slope + now.cross @ step) / -now.levels_bend if free else np.zeros(k)
        share = 1 / max(1, np.abs(step).max(), np.abs(own).max() / 2)  # shorter, the same way
        while True:
            tried, tried_levels = common + share * step, nuisance + share * own
            new = _at(studies, rule, tried, tried_levels, free)
            if new.loglik >= now.loglik - 1e-12 * abs(now.loglik) or share < 1e-6:
                break
            share /= 2
        common, nuisance, now = tried, tried_levels, new
        if 0 < abs(common[1]) < AT_ZERO:
            return Peak(float(common[0]), 0.0, -math.inf, math.nan)  # it is that at zero
        moved = max(np.abs(step).max(), np.abs(own).max()) * share
    if moved >= SHARP:
        raise InvalidDataError(
            f"The likelihood of the counts has no maximum that {STEPS} steps reach: pool them by "
            "another model, or give the quadrature more points."
        )
    curve = -now.bend
    information = curve[0, 0]
    if common[1] != 0:
        information -= curve[0, 1] ** 2 / curve[1, 1] if curve[1, 1] > 0 else math.inf
    told = float(information) if information > ROUNDING * curve[0, 0] else 0.0
    return Peak(float(common[0]), abs(float(common[1])), now.loglik, told)


def _at(
    studies: Studies, rule: tuple[Floats, Floats], common: Floats, levels: Floats, free: bool
) -> _At:
    mu, tau = float(common[0]), float(common[1])
    level = levels[:, None]
    k = levels.size
    if tau == 0:
        t = studies.terms(np.full((k, 1), mu), level)
        z = np.zeros((k, 1))
        share = np.ones((k, 1))
        loglik = float(t.height.sum())
    else:
        node, log_weight = rule
        u = np.zeros((k, 1))
        moved, steps = math.inf, 0
        while moved >= 1e-10 and steps < MODE_STEPS:
            steps += 1
            mode = studies.terms(mu + tau * u, level)
            step = (tau * mode.e - u) / (1 - tau**2 * mode.ee)
            u += np.clip(step, -1, 1)
            moved = np.abs(step).max()
        width = math.sqrt(2) / np.sqrt(1 - tau**2 * studies.terms(mu + tau * u, level).ee)
        z = u + width * node
        t = studies.terms(mu + tau * z, level)
        log = t.height - z**2 / 2 + log_weight
        total = logsumexp(log, axis=1, keepdims=True)
        share = np.exp(log - total)
        loglik = float((total + np.log(width)).sum()) - 0.5 * k * math.log(2 * math.pi)

    def mean(of: Floats) -> Floats:
        found: Floats = (share * of).sum(axis=1)
        return found

    one, two = mean(t.e), mean(z * t.e)
    slope = np.array([one.sum(), two.sum()])
    b11 = mean(t.ee + t.e**2) - one**2
    b12 = mean(z * (t.ee + t.e**2)) - one * two
    b22 = mean(z**2 * (t.ee + t.e**2)) - two**2
    bend = np.array([[b11.sum(), b12.sum()], [b12.sum(), b22.sum()]])
    none = np.zeros(k)
    if not free:
        return _At(loglik, slope, bend, none, none, np.zeros((k, 2)))
    own = mean(t.a)
    curved = mean(t.aa + t.a**2) - own**2
    cross = np.column_stack(
        (mean(t.ea + t.e * t.a) - one * own, mean(z * (t.ea + t.e * t.a)) - two * own)
    )
    return _At(
        loglik,
        slope - cross.T @ (own / curved),
        bend - cross.T @ (cross / curved[:, None]),
        own,
        curved,
        cross,
    )
