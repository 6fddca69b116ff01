"""What the counts of each study say of its effect: log-likelihoods with their derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import expit, gammaln, logsumexp, xlogy

from review.arrays import Bools, Floats
from review.errors import InvalidDataError
from review.synthesis.glmm.models import CountMeasure, CountModel

LARGEST = 500.0
"""Of a logarithm whose exponential is taken: beyond, no count is likely."""

MOST_STEPS = 200
"""Of the search for the effect that makes a table likeliest; some ten are needed."""


class CountTerms(NamedTuple):
    """Log-likelihood of each study at effects (k, n), and its derivatives.

    ``e`` is the effect, ``a`` the study's own level, which conditional models do not have (0).
    """

    height: Floats
    e: Floats
    a: Floats
    ee: Floats
    ea: Floats
    aa: Floats


class Studies(NamedTuple):
    """The studies that say anything.

    Attributes
    ----------
    terms : log-likelihoods at effects (k, n) and levels (k, 1).
    best : (k,) the highest that each can be.
    effect : where to begin.
    levels : (k,) where to begin with each study's level; None where the model has none.
    informative : which of all studies these are.
    """

    terms: Callable[[Floats, Floats], CountTerms]
    best: Floats
    effect: float
    levels: Floats | None
    informative: Bools


def studies_of(measure: CountMeasure, model: CountModel, c: list[Floats]) -> Studies:
    """Return the likelihood of the studies that say anything; raise where it has no maximum.

    Of two arms UM.FS and UM.RS have the same likelihood given effect and level.
    """
    if measure in (CountMeasure.PLO, CountMeasure.IRLN):
        return _one_arm(measure, *c)
    x1, x2 = c[0], c[2]
    if measure is CountMeasure.OR:
        size1, size2 = c[0] + c[1], c[2] + c[3]
        told = (x1 + x2 > 0) & (c[1] + c[3] > 0) & (size1 > 0) & (size2 > 0)
    else:
        size1, size2 = c[1], c[3]
        told = x1 + x2 > 0
    _bounded(bool(told.any()))
    x1, x2, n1, n2 = x1[told], x2[told], size1[told], size2[told]
    _bounded(x1.sum() > 0 and x2.sum() > 0)
    if measure is CountMeasure.OR:
        _bounded((n1 - x1).sum() > 0 and (n2 - x2).sum() > 0)
    if model in (CountModel.UM_FS, CountModel.UM_RS):
        return _two_arms(measure, x1, x2, n1, n2, told)
    if measure is CountMeasure.OR and model is CountModel.CM_EL:
        return _hypergeometric(x1, n1, n2, x1 + x2, told)
    return _binomial(x1, x2, np.log(n1 / n2), told)


def _alone(height: Floats, e: Floats, ee: Floats) -> CountTerms:
    none = np.zeros(1)
    return CountTerms(height, e, none, ee, none, none)


def _one_arm(measure: CountMeasure, x: Floats, other: Floats) -> Studies:
    if measure is CountMeasure.PLO:
        told = x + other > 0
        x, other = x[told], other[told]
        _bounded(x.sum() > 0 and other.sum() > 0)
        return _binomial(x, other, np.zeros(x.size), told)
    _bounded(x.sum() > 0)
    xs, ts = x[:, None], other[:, None]

    def terms(eta: Floats, _: Floats) -> CountTerms:
        mean = ts * np.exp(np.minimum(eta, LARGEST))
        return _alone(xs * eta - mean, xs - mean, -mean)

    best = xlogy(x, np.where(x > 0, x / other, 1.0)) - x
    return Studies(terms, best, float(np.log(x.sum() / other.sum())), None, np.ones(x.size, bool))


def _binomial(x: Floats, other: Floats, offset: Floats, told: Bools) -> Studies:
    xs, n, o = x[:, None], (x + other)[:, None], offset[:, None]

    def terms(eta: Floats, _: Floats) -> CountTerms:
        p = expit(eta + o)
        height = xs * (eta + o) - n * np.logaddexp(0, eta + o)
        return _alone(height, xs - n * p, -n * p * (1 - p))

    best = np.asarray(
        xlogy(x, x / (x + other)) + xlogy(other, other / (x + other)), dtype=np.float64
    )
    start = np.log(x.sum() / other.sum()) - np.average(offset, weights=x + other)
    return Studies(terms, best, float(start), None, told)


def _two_arms(
    measure: CountMeasure, x1: Floats, x2: Floats, n1: Floats, n2: Floats, told: Bools
) -> Studies:
    """Each arm at the study's level, half the effect above or below it (metafor's coding)."""
    odds = measure is CountMeasure.OR

    def arm(x: Floats, n: Floats, eta: Floats) -> tuple[Floats, Floats, Floats]:
        if odds:
            p = expit(eta)
            return x * eta - n * np.logaddexp(0, eta), x - n * p, -n * p * (1 - p)
        mean = n * np.exp(np.minimum(eta, LARGEST))
        return x * eta - mean, x - mean, -mean

    one, other = (x1[:, None], n1[:, None]), (x2[:, None], n2[:, None])

    def terms(eta: Floats, level: Floats) -> CountTerms:
        (h1, s1, b1), (h2, s2, b2) = arm(*one, level + eta / 2), arm(*other, level - eta / 2)
        both = b1 + b2
        return CountTerms(h1 + h2, (s1 - s2) / 2, s1 + s2, both / 4, (b1 - b2) / 2, both)

    half = 0.5
    if odds:
        best = sum(xlogy(x, x / n) + xlogy(n - x, (n - x) / n) for x, n in ((x1, n1), (x2, n2)))
        share = [(x + half) / (n - x + half) for x, n in ((x1, n1), (x2, n2))]
        total = (x1.sum() / (n1 - x1).sum()) / (x2.sum() / (n2 - x2).sum())
    else:
        best = sum(xlogy(x, np.where(x > 0, x / n, 1.0)) - x for x, n in ((x1, n1), (x2, n2)))
        share = [(x + half) / n for x, n in ((x1, n1), (x2, n2))]
        total = (x1.sum() / n1.sum()) / (x2.sum() / n2.sum())
    levels = (np.log(share[0]) + np.log(share[1])) / 2
    return Studies(terms, np.asarray(best), float(np.log(total)), levels, told)


def _hypergeometric(a: Floats, n1: Floats, n2: Floats, s: Floats, told: Bools) -> Studies:
    low, high = np.maximum(0, s - n2), np.minimum(s, n1)
    _bounded(bool((a > low).any() and (a < high).any()))
    tables = []
    for i in range(a.size):
        j = np.arange(low[i], high[i] + 1)
        ways = -(gammaln(j + 1) + gammaln(n1[i] - j + 1))
        ways -= gammaln(s[i] - j + 1) + gammaln(n2[i] - s[i] + j + 1)
        tables.append((j - a[i], ways - ways.max()))

    most = max(j.size for j, _ in tables)  # the tables side by side, the shorter filled up
    at, chance = np.zeros((a.size, 1, most)), np.full((a.size, 1, most), -np.inf)
    for i, (j, ways) in enumerate(tables):
        at[i, 0, : j.size], chance[i, 0, : j.size] = j, ways

    def terms(eta: Floats, _: Floats) -> CountTerms:
        log = chance + np.broadcast_to(eta, (a.size, eta.shape[1]))[:, :, None] * at
        top = log.max(axis=2, keepdims=True)
        share = np.exp(log - top)
        total = share.sum(axis=2)
        mean = (share * at).sum(axis=2) / total
        square = (share * at**2).sum(axis=2) / total
        return _alone(-top[:, :, 0] - np.log(total), -mean, mean**2 - square)

    best = np.array([-_highest(j, ways) for j, ways in tables])
    half = 0.5
    odds = (a.sum() + half) * ((n2 - s + a).sum() + half)
    start = np.log(odds / (((n1 - a).sum() + half) * ((s - a).sum() + half)))
    return Studies(terms, best, float(start), None, told)


def _highest(j: Floats, ways: Floats) -> float:
    """The least, over all effects, of the logarithm that a study's likelihood is divided by."""
    if j[0] == 0 or j[-1] == 0:  # at an end of what the margins allow: an infinite effect
        return float(ways[j == 0][0])
    eta, moved, steps = 0.0, math.inf, 0
    while moved >= 1e-12 and steps < MOST_STEPS:
        steps += 1
        log = ways + eta * j
        share = np.exp(log - logsumexp(log))
        mean = float(share @ j)
        step = float(np.clip(mean / (share @ j**2 - mean**2), -1, 1))
        eta -= step
        moved = abs(step)
    return float(logsumexp(ways + eta * j))


def _bounded(holds: bool) -> None:
    if not holds:
        raise InvalidDataError(
            "All or none of the events are in one place: the likelihood has no maximum."
        )
