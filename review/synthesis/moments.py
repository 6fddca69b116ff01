"""Quadratic forms and traces of the random-effects model at given values of tau².

With weights w = 1/(v + t), W = diag(w) and P = W - W 1 1' W / sum(w), the model's score,
information and Q are built from y'Py, y'PPy, y'PPPy, tr P and tr PP (Viechtbauer 2005, eq. 9-16).
In the basis of contrasts P is diag(1/(lambda_j + t)) with fixed lambda_j between the smallest and
the largest v: the search for all maxima of the likelihood rests on that (see ``search``).

All of them follow from ten sums over studies, so that an analysis is what gives these sums: studies
in columns (``blocks``), one analysis (``lone``), all but one of many studies (``deletion``).

Effects d are differences from the most precise study's, whose weight is the largest and whose d is
0. Hence y'Py >= max(w) mean², and a sum of w d² is at most k + 1 times the y'Py that is taken from
it: the differences below lose the digits of k and no more.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol, Self, cast

from review.arrays import Floats, Ints

ROUNDING: Final = 1e-12
"""Residuals below this share of the effects are taken for rounding of a perfect fit."""


NO_TAU2 = cast(Floats, 0.0)
"""tau² of zero, for all analyses."""


class Sums(NamedTuple):
    """Sums over studies at one tau² an analysis; arrays ``(n,)`` in block units, or numbers.

    ``first`` is the weight of the most precise study. The others' sums: ``w`` of weights, ``wd`` of
    weights times effects, ``wdd`` of weights times squared effects; ``w2`` and ``w3`` with the
    square and the cube of the weights.
    """

    first: Floats
    w: Floats
    w2: Floats
    w3: Floats
    wd: Floats
    w2d: Floats
    w3d: Floats
    wdd: Floats
    w2dd: Floats
    w3dd: Floats


class Summed(Protocol):
    """Analyses as sums over their studies."""

    @property
    def k(self) -> Ints:
        """Number of studies."""
        ...

    def sums(self, tau2: Floats, /) -> Sums:
        """Sums over studies at ``tau2``, a value for each analysis or one for all."""
        ...


class Batch(Summed, Protocol):
    """Any number of analyses; see :class:`review.synthesis.blocks.Block`."""

    @property
    def vmin(self) -> Floats:
        """The smallest variance, (n,)."""
        ...

    @property
    def vmax(self) -> Floats:
        """The largest variance, (n,)."""
        ...

    @property
    def anchor(self) -> Floats:
        """The effect of the most precise study, (n,)."""
        ...

    @property
    def unit(self) -> Floats:
        """The unit of effects, (n,)."""
        ...

    @property
    def rows(self) -> Ints:
        """Positions in the batch, (n,)."""
        ...

    def take(self, columns: Ints, /) -> Self:
        """The named analyses only, each as often as it is named."""
        ...

    def logs(self, tau2: Floats) -> Floats:
        """The sum over studies of log(v + tau²), (n,)."""
        ...

    def effects(self) -> tuple[Floats, Floats]:
        """Sums of the effects minus the anchor and of their squares, (n,) each."""
        ...

    def variances(self) -> tuple[Floats, Floats]:
        """Sums of the variances and of their squares, (n,) each."""
        ...


class Fit(NamedTuple):
    """What the model gives at one tau² an analysis; arrays ``(n,)`` in block units, or numbers.

    ``total`` is sum(w), ``mean`` the pooled effect minus the anchor. Traces are taken from the
    largest weight and the sums of the others, so that they keep all digits when one study is 1e8
    times as precise as the rest.
    """

    sums: Sums
    total: Floats
    mean: Floats

    @property
    def q(self) -> Floats:
        """y'Py, the generalised Q."""
        return self.sums.wdd - self.mean * self.sums.wd

    @property
    def a(self) -> Floats:
        """y'PPy, which is -dQ/dtau²."""
        s, mean = self.sums, self.mean
        return s.w2dd - mean * (2 * s.w2d - mean * (s.w2 + s.first * s.first))

    @property
    def trace(self) -> Floats:
        """The trace of P: sum w - sum w² / sum w, without the difference."""
        s = self.sums
        return ((s.first + self.total) * s.w - s.w2) / self.total

    @property
    def trace_pp(self) -> Floats:
        """The trace of PP: sum w² - 2 sum w³ / sum w + (sum w²)² / (sum w)², likewise."""
        s, total = self.sums, self.total
        inner = s.first * s.first * (s.w * s.w + 2 * s.w2) + s.w2 * s.w2
        return (inner + total * (total * s.w2 - 2 * s.w3)) / (total * total)

    @property
    def total2(self) -> Floats:
        """The sum of squared weights."""
        return self.sums.first * self.sums.first + self.sums.w2

    def slopes(self, *, restricted: bool) -> tuple[Floats, Floats, Floats, Floats]:
        """The likelihood equation's terms.

        Returns
        -------
        a, b, t, c
            y'PPy, y'PPPy, t and c; for REML t = tr P and c = tr PP, for ML t = sum(w) and
            c = sum(w²). The likelihood rises with tau² where a > t.
        """
        s, mean, square = self.sums, self.mean, self.sums.first * self.sums.first
        w2 = s.w2 + square
        across = s.w2d - mean * w2
        a = s.w2dd - mean * (s.w2d + across)
        b = s.w3dd - mean * (2 * s.w3d - mean * (s.w3 + square * s.first))
        b -= across * across / self.total
        if restricted:
            return a, b, self.trace, self.trace_pp
        return a, b, self.total, w2


def degrees_of_freedom(analyses: Summed) -> Floats:
    """One less than k, as numbers that functions of any degrees of freedom take."""
    return cast(Floats, analyses.k - 1.0)


def fit_at(analyses: Summed, tau2: Floats) -> Fit:
    """The model at ``tau2``, a value for each analysis or one for all."""
    sums = analyses.sums(tau2)
    total = sums.first + sums.w
    return Fit(sums, total, sums.wd / total)


def q_and_slope(analyses: Summed, t: Floats) -> tuple[Floats, Floats]:
    """The generalised Q(t) = y'Py and -dQ/dt = y'PPy at ``t``."""
    fit = fit_at(analyses, t)
    return fit.q, fit.a
