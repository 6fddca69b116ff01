"""Random intercepts beside random effects: two normals a study integrated out (UM.RS)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from scipy.special import logsumexp

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.glmm.integrals import AT_ZERO, STARTS
from review.synthesis.glmm.likelihoods import Studies

STEP: Final = 1e-3
"""Of central differences of the log-likelihood, whose modes are found to 1e-11."""

POLISH: Final = 8
"""Newton steps after the search; two or three are needed."""

MODE_STEPS: Final = 200
"""Of the search for each study's mode, where the quadrature is centered."""

_Function = Callable[[Floats], float]


class PlanePeak(NamedTuple):
    """Where the likelihood is highest, its height, and the information on the effect there."""

    effect: float
    tau: float
    sigma: float
    loglik: float
    information: float


def maximum(studies: Studies, points: int) -> PlanePeak:
    """Return the highest maximum over effect, tau, mean and SD of the intercepts.

    Parameters
    ----------
    studies : k of them, with levels.
    points : of the adaptive quadrature in each of the two directions; 1 is Laplace's approximation.

    Raises
    ------
    InvalidDataError
        The likelihood has no maximum that a test rests on.
    """
    from scipy.optimize import minimize  # a third of the start of every command that pools

    assert studies.levels is not None
    spread = max(float(np.std(studies.levels)), 0.1)
    begin = np.array([studies.effect, 0.0, float(np.mean(studies.levels)), spread])
    k = studies.best.size
    if k < 2:
        raise InvalidDataError("One study has no distribution of intercepts: take model UM.FS.")

    def fall(at: Floats) -> float:
        return -_loglik(studies, at, points)

    found = []
    for tau in STARTS:
        begin[1] = tau
        fit = minimize(fall, begin, method="BFGS", options={"gtol": 1e-6})
        found.append(_polished(fall, np.asarray(fit.x)))
    at, height = min(found, key=lambda one: one[1])
    free = [0, 2] + [i for i in (1, 3) if abs(at[i]) > AT_ZERO]
    if len(free) < 4:  # a variance of nought is no parameter of the test
        at = np.where(np.isin(np.arange(4), free), at, 0.0)
        at, height = _polished(fall, at, free)
    size, way = np.linalg.eigh(_curvature(fall, at, free)[1])
    with np.errstate(divide="ignore", invalid="ignore"):  # flat: no information on the effect
        information = float(1 / (way[0] ** 2 / size).sum())
    return PlanePeak(float(at[0]), abs(float(at[1])), abs(float(at[3])), -height, information)


def _polished(fall: _Function, at: Floats, free: list[int] | None = None) -> tuple[Floats, float]:
    height = fall(at)
    free = [0, 1, 2, 3] if free is None else free
    moved, steps = math.inf, 0
    while moved >= 1e-8 and steps < POLISH:
        steps += 1
        slope, bend = _curvature(fall, at, free)
        size, way = np.linalg.eigh(bend)
        step = way @ ((way.T @ slope) / np.maximum(np.abs(size), 1e-6))
        tried = at.copy()
        tried[free] -= np.clip(step, -0.5, 0.5)
        new = fall(tried)
        if new > height + 1e-9 * abs(height):
            break
        at, height = tried, new
        moved = np.abs(step).max()
    return at, height


def _curvature(fall: _Function, at: Floats, free: list[int]) -> tuple[Floats, Floats]:
    """Gradient and curvature by central differences, in the free parameters."""
    steps = np.array([min(STEP, abs(at[i]) / 4) if i in (1, 3) and at[i] else STEP for i in free])
    moves = np.zeros((len(free), at.size))
    moves[np.arange(len(free)), free] = steps
    top = fall(at)
    up = np.array([fall(at + move) for move in moves])
    down = np.array([fall(at - move) for move in moves])
    bend = np.diag((up - 2 * top + down) / steps**2)
    for i in range(len(free)):
        for j in range(i):
            one, other = moves[i], moves[j]
            four = (
                fall(at + one + other) - fall(at + one - other)
                - fall(at - one + other) + fall(at - one - other)
            )  # fmt: skip
            bend[i, j] = bend[j, i] = four / (4 * steps[i] * steps[j])
    return (up - down) / (2 * steps), bend


def _loglik(studies: Studies, at: Floats, points: int) -> float:
    mu, tau, alpha, sigma = map(float, at)
    k = studies.best.size
    z, w = np.zeros((k, 1)), np.zeros((k, 1))
    moved, steps = math.inf, 0
    while moved >= 1e-11 and steps < MODE_STEPS:
        steps += 1
        t = studies.terms(mu + tau * z, alpha + sigma * w)
        a, b, c = 1 - tau**2 * t.ee, 1 - sigma**2 * t.aa, -tau * sigma * t.ea
        g, h = tau * t.e - z, sigma * t.a - w
        size = a * b - c * c
        dz, dw = (b * g - c * h) / size, (a * h - c * g) / size
        share = np.minimum(1, 2 / np.maximum(np.maximum(np.abs(dz), np.abs(dw)), 1e-300))
        z += share * dz
        w += share * dw
        moved = max(np.abs(dz).max(), np.abs(dw).max())
    t = studies.terms(mu + tau * z, alpha + sigma * w)
    a, b, c = 1 - tau**2 * t.ee, 1 - sigma**2 * t.aa, -tau * sigma * t.ea
    if points == 1:
        found = t.height - (z**2 + w**2) / 2 - 0.5 * np.log(a * b - c * c)
        return float(found.sum())
    node, weight = np.polynomial.hermite.hermgauss(points)
    log = np.log(weight) + node**2
    # the lower root of the inverse curvature carries the nodes to each study's own ellipse
    first = 1 / np.sqrt(a - c * c / b)
    along = -c / b * first
    second = 1 / np.sqrt(b)
    root = math.sqrt(2)
    zi = (z + root * first * node)[:, :, None]
    wi = w[:, :, None] + root * ((along * node)[:, :, None] + (second * node)[:, None])
    zi, wi = (x.reshape(k, -1) for x in np.broadcast_arrays(zi, wi))
    height = studies.terms(mu + tau * zi, alpha + sigma * wi).height
    weights = np.add.outer(log, log).ravel()
    total = logsumexp(height - (zi**2 + wi**2) / 2 + weights, axis=1, keepdims=True)
    found = total + np.log(2 * first * second)
    return float(found.sum()) - k * math.log(2 * math.pi)
