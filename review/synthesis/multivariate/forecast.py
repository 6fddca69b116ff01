"""What one more trial of one outcome would do to a model of several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.special import ndtri, stdtrit

from review.arrays import Floats, Indices
from review.errors import InvalidDataError
from review.synthesis.foreseen import (
    Ahead,
    Forecast,
    Standing,
    checked_variances,
    foresee,
)
from review.synthesis.methods import Method, Model, Test
from review.synthesis.multivariate.fitted import Multivariate
from review.synthesis.noninferiority import classify_many
from review.synthesis.prediction import Predictive, predictive

__all__ = ["OutcomesAhead"]


class OutcomesAhead(Ahead):
    """A model of several outcomes, and what trials to come would do to one of them.

    Parameters
    ----------
    fitted : Multivariate
        Of one random effect of outcomes within trials (or of none), a mean each (`outcome_means`).
    outcome : str
        That decides.

    Raises
    ------
    InvalidDataError
        If it is not in the model, or the model is no such one.

    Notes
    -----
    A trial of one outcome alone is asked about. How the outcome's true effects vary is uncertain
    before it, by the confidence distribution that its own trials give
    (`review.synthesis.prediction`); means follow from the model with that variance in it. After it
    variances and correlations stay as they were estimated, for a model of several outcomes is
    searched, not solved: a trial that is too good does not raise them here.

    Examples
    --------
    >>> from review.synthesis.multivariate import RandomEffect, multivariate, outcome_means
    >>> studies, raters = ["a", "a", "b", "b", "c"], ["client", "therapist"] * 2 + ["client"]
    >>> fit = multivariate([0.5, 0.2, 0.9, 0.1, 0.6], [0.1] * 5, [RandomEffect(studies, raters)],
    ...                    design=outcome_means(raters))
    >>> ahead = OutcomesAhead(fit, "client")
    >>> round(ahead.forecast([0.04], margin=None).trials[0].change, 3)
    0.029
    """

    def __init__(self, fitted: Multivariate, outcome: str):
        if outcome not in fitted.terms:
            raise InvalidDataError(f"The model has no outcome {outcome!r}.")
        if len(fitted.components) > 1 or not np.isin(fitted.working.X, (0.0, 1.0)).all():
            raise InvalidDataError("Only models of means of outcomes within trials are forecast.")
        self.fitted, self.outcome = fitted, outcome

    def forecast(self, v_new: Sequence[float], *, margin: float | None) -> Forecast:
        """Predict the conclusion after one more trial of the deciding outcome alone.

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
        """
        fitted, place = self.fitted, self.fitted.terms.index(self.outcome)
        estimate, variance = fitted.beta[place], fitted.vcov[place][place]
        tau2, upper = self.tau2(self.outcome), (1 + fitted.level) / 2
        crit = float(ndtri(upper) if fitted.ddf is None else stdtrit(fitted.ddf + 1, upper))

        def classes_at(effects: Floats, variances: Floats) -> Indices:
            share = variance / (variance + tau2 + variances)
            middle = estimate + share * (effects - estimate)
            half = crit * np.sqrt(variance * (1 - share))
            return classify_many(middle - half, middle + half, margin)

        return foresee(
            Standing(estimate, variance, tau2, (fitted.ci_low[place], fitted.ci_high[place])),
            self.predictive(self.outcome),
            checked_variances(v_new),
            classes_at,
            margin=margin,
            model=Model(fitted.method, Test.Z if fitted.ddf is None else Test.T, fitted.level),
        )

    def left_by(self, outcome: str, v_new: float) -> float:
        """Share of the width of the deciding interval that a trial of an outcome alone leaves.

        `v_new` is its sampling variance; quantiles stay as they are.
        """
        vcov, terms = self.fitted.vcov, self.fitted.terms
        own, other = terms.index(self.outcome), terms.index(outcome)
        total = vcov[other][other] + self.tau2(outcome) + v_new
        return math.sqrt(1 - vcov[own][other] ** 2 / (vcov[own][own] * total))

    def tau2(self, outcome: str) -> float:
        """The variance of an outcome's true effects as estimated; zero of a common effect."""
        if not self.fitted.components:
            return 0.0
        component = self.fitted.components[0]
        return component.tau2[component.levels.index(outcome)]

    def predictive(self, outcome: str) -> Predictive:
        """The distribution of effects of an outcome in trials to come."""
        fitted, place, tau2 = self.fitted, self.fitted.terms.index(outcome), self.tau2(outcome)
        own = fitted.working.X[:, place] == 1
        alone = predictive(
            fitted.working.y[own],
            np.diag(self._covariance)[own] - tau2,
            method=fitted.method if fitted.components else Method.EE,
            tau2=tau2,
        )
        found = [self._mean_if(place, t) for t in alone.tau2.tolist()]
        means, variances = (np.array(one) for one in zip(*found, strict=True))
        return Predictive(alone.weights, means, variances, alone.tau2)

    def _mean_if(self, place: int, tau2: float) -> tuple[float, float]:
        """An outcome's mean and its variance, did its true effects vary by `tau2`."""
        y, X = self.fitted.working.y, self.fitted.working.X
        W = np.linalg.inv(self._covariance + self._change(place, tau2))
        bread = np.linalg.inv(X.T @ W @ X)
        return float(bread[place] @ X.T @ W @ y), float(bread[place, place])

    def _change(self, place: int, tau2: float) -> Floats:
        """What another variance of an outcome adds to the effects' covariance (k, k)."""
        X, own = self.fitted.working.X, self.fitted.working.X[:, place]
        change = np.zeros(X.shape[1])
        if self.fitted.components:
            component = self.fitted.components[0]
            at = [component.levels.index(term) for term in self.fitted.terms]
            was = component.tau2[at[place]]
            for i, level in enumerate(at):
                r = component.correlations[at[place]][level] or 0.0
                between = r * math.sqrt(was * component.tau2[level])
                change[i] = (math.sqrt(tau2 / was) - 1) * between if was > 0 else 0.0
            change[place] = tau2 - was
        with_others = np.outer(own, X @ change)
        both = np.outer(own, own) * change[place]
        found: Floats = (with_others + with_others.T - both) * self._together
        return found

    @cached_property
    def _together(self) -> Floats:
        """Which effects are of one trial (k, k)."""
        working = self.fitted.working
        found = np.zeros((working.y.size,) * 2)
        for rows in working.rows:
            found[rows[:, :, None], rows[:, None, :]] = 1.0
        return found

    @cached_property
    def _covariance(self) -> Floats:
        """Marginal covariance of the effects (k, k)."""
        working = self.fitted.working
        found = np.zeros((working.y.size,) * 2)
        for rows, phi in zip(working.rows, working.phi, strict=True):
            found[rows[:, :, None], rows[:, None, :]] = phi
        return found
