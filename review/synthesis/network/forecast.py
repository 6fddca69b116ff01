"""What one more trial of two treatments would do to a network's comparison of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from scipy.special import ndtri, stdtrit

from review.arrays import Floats, Indices
from review.errors import InvalidDataError
from review.synthesis import projection
from review.synthesis.foreseen import (
    Ahead,
    Forecast,
    Standing,
    checked_variances,
    foresee,
)
from review.synthesis.methods import Method, Model, Test
from review.synthesis.moderators import heterogeneity, weighted_fit
from review.synthesis.network.fit import Network
from review.synthesis.noninferiority import classify_many
from review.synthesis.prediction import Predictive, over_tau2

__all__ = ["NetworkAhead"]

GRID: Final = 801
"""Points on the next effect, 0.017 standard deviations apart in the middle; where the class changes
between two of them the place is bisected."""

AT_ONCE: Final = 2000
"""Networks that are fitted in one batch: some 50 MB."""


class NetworkAhead(Ahead):
    """A network, and what trials to come would do to one comparison of it.

    Parameters
    ----------
    fitted : Network
    treatment, versus : str
        The comparison that decides.

    Raises
    ------
    InvalidDataError
        If one of them is not in the network, or nothing tells how much trials differ.

    Examples
    --------
    >>> from review.synthesis.network import from_arms, network
    >>> trials = from_arms("aabbcc", "xyyzxz", [0.1, 0.0, 0.3, 0.1, 0.4, 0.0], [0.02] * 6)
    >>> ahead = NetworkAhead(network(trials), "x", "y")
    >>> round(ahead.forecast([0.04], margin=0.5).trials[0].change, 3)
    0.722
    """

    def __init__(self, fitted: Network, treatment: str, versus: str):
        self.fitted = fitted
        self.now = fitted.difference(treatment, versus)
        if fitted.q_df == 0 and fitted.method is not Method.EE:
            raise InvalidDataError(
                "tau² cannot be estimated, so that nothing tells how far trials to come may lie "
                "from these"
            )
        lay = fitted.layout
        self.others = [name for name in lay.treatments if name != fitted.reference]
        self.X = lay.arms[:, [lay.treatments.index(name) for name in self.others]]

    def forecast(self, v_new: Sequence[float], *, margin: float | None) -> Forecast:
        """Predict the conclusion after one more trial of the two treatments.

        Parameters
        ----------
        v_new : sequence of float
            Its sampling variance, one forecast each.
        margin : float or None

        Returns
        -------
        Forecast

        Raises
        ------
        InvalidDataError
            If a variance is not above zero.

        Notes
        -----
        As `review.synthesis.forecast`: the network is fitted anew with each effect that the trial
        may have, which is distributed about the network's estimate with tau² uncertain: the
        generalised Q of the whole network at the true tau² is chi² on its degrees of freedom. Of
        two treatments it is that forecast.
        """
        new, row = checked_variances(v_new), self._row(self.now.treatment, self.now.versus)
        fitted = self.fitted
        model = Model(fitted.method, fitted.test, fitted.level)

        def classes_at(effects: Floats, variances: Floats) -> Indices:
            return self._classes(row, effects, variances, margin)

        variance = float(row @ self._bread @ row)
        return foresee(
            Standing(self.now.estimate, variance, fitted.tau2, self.now.ci),
            self.predictive(self.now.treatment, self.now.versus),
            new,
            classes_at,
            margin=margin,
            model=model,
            grid=GRID,
        )

    def predictive(self, treatment: str, versus: str) -> Predictive:
        """The distribution of the effect of one treatment against another in trials to come."""
        row, lay = self._row(treatment, versus), self.fitted.layout
        weights, tau2 = self._over_tau2
        beta, cov = weighted_fit(lay.y, lay.v + tau2[:, None], self.X)
        return Predictive(weights, beta @ row, np.einsum("jpq,p,q->j", cov, row, row), tau2)

    def left_by(self, treatment: str, versus: str, v_new: float) -> float:
        """Share of the width of the deciding interval that a trial of two treatments leaves.

        tau² stays as it is estimated, and quantiles as they are; `v_new` is its sampling variance.
        """
        own, row = self._row(self.now.treatment, self.now.versus), self._row(treatment, versus)
        mine, shared = float(own @ self._bread @ own), float(own @ self._bread @ row)
        total = float(row @ self._bread @ row) + self.fitted.tau2 + v_new
        return math.sqrt(1 - shared**2 / (mine * total))

    def _row(self, treatment: str, versus: str) -> Floats:
        return np.array([float(name == treatment) - float(name == versus) for name in self.others])

    @cached_property
    def _bread(self) -> Floats:
        """Covariance of the effects against the reference, before any Hartung-Knapp factor."""
        lay = self.fitted.layout
        return weighted_fit(lay.y, lay.v + self.fitted.tau2, self.X)[1]

    @cached_property
    def _over_tau2(self) -> tuple[Floats, Floats]:
        fitted, lay = self.fitted, self.fitted.layout
        if fitted.method is Method.EE:
            return np.ones(1), np.zeros(1)
        unit = _unit(lay.v)
        s = projection.project(lay.y[None] / unit, lay.v / unit**2, self.X[None])

        def where_q_is(target: Floats) -> Floats:
            many = s.take(np.zeros(target.size, dtype=np.int64))
            return unit**2 * projection.tau2_where_q_is(many, target)

        return over_tau2(fitted.q_df, fitted.q, where_q_is)

    def _classes(
        self, row: Floats, effects: Floats, variances: Floats, margin: float | None
    ) -> Indices:
        """Classes after trials of some effects (n,) and variances (n,)."""
        found = np.empty(effects.size, dtype=np.int64)
        for variance in np.unique(variances).tolist():
            which = np.flatnonzero(variances == variance)
            for part in np.array_split(which, -(-which.size // AT_ONCE)):
                low, high = self._limits(row, effects[part], variance)
                found[part] = classify_many(low, high, margin)
        return found

    def _limits(self, row: Floats, effects: Floats, variance: float) -> tuple[Floats, Floats]:
        """Limits of the comparison after trials of some effects (n,) and one variance."""
        fitted, lay = self.fitted, self.fitted.layout
        v = np.append(lay.v, variance)
        unit = _unit(v)
        X, s2 = np.vstack([self.X, row]), v / unit**2
        y = np.empty((effects.size, v.size))
        y[:, :-1], y[:, -1] = lay.y / unit, effects / unit
        s = projection.project(y, s2, X[None])
        tau2 = heterogeneity(s, fitted.method, y).tau2
        beta, cov = weighted_fit(y, s2 + tau2[:, None], X)
        scaled = projection.terms_at(s, tau2).q / s.df
        of_test = {Test.KNHA: scaled, Test.ADHOC: np.maximum(1.0, scaled)}
        factor = of_test.get(fitted.test, np.ones(effects.size))
        se = np.sqrt(np.einsum("npq,p,q->n", cov, row, row) * factor)
        upper = (1 + fitted.level) / 2
        crit = ndtri(upper) if fitted.test is Test.Z else stdtrit(float(s.df), upper)
        estimate = beta @ row
        return unit * (estimate - crit * se), unit * (estimate + crit * se)


def _unit(v: Floats) -> float:
    """A power of two near the smallest standard error: results scale with the data exactly."""
    return float(np.ldexp(1.0, np.frexp(v.min())[1] // 2))
