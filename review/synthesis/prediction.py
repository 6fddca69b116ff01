"""What a new trial would find, tau² uncertain: a mixture over its confidence distribution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike
from scipy.special import gammainc, gammaincinv, ndtr

from review.arrays import Floats
from review.synthesis.blocks import blocks
from review.synthesis.methods import Method
from review.synthesis.moments import NO_TAU2, fit_at, q_and_slope
from review.synthesis.roots import bracketed_root
from review.synthesis.search import solve_q

__all__ = ["Predictive", "over_tau2", "predictive"]

NODES: Final = 64
"""Values of tau²: with four times as many no probability moves by 1e-7 (tests)."""

FARTHEST: Final = 1e9
"""Of a quantile, in standard deviations: one degree of freedom has 1e-9 of its tail beyond."""


@dataclass(frozen=True, slots=True)
class Predictive:
    """A mixture of normal distributions of the mean effect and of effects around it.

    Attributes
    ----------
    weights : (J,)
        Of the values of tau²; they sum to one.
    means, variances : (J,)
        Of the mean effect at each of them.
    tau2 : (J,)
    """

    weights: Floats
    means: Floats
    variances: Floats
    tau2: Floats

    def probability_below(self, effect: ArrayLike, v_new: float) -> Floats:
        """Probability that a trial of sampling variance `v_new` finds less; v = 0 is its truth."""
        sd = np.sqrt(self.variances + self.tau2 + v_new)
        x = np.asarray(effect, dtype=np.float64)[..., None]
        below: Floats = ndtr((x - self.means) / sd) @ self.weights
        return below

    def probability_above(self, effect: ArrayLike, v_new: float) -> Floats:
        """One minus `probability_below`, with the digits of a small tail."""
        sd = np.sqrt(self.variances + self.tau2 + v_new)
        x = np.asarray(effect, dtype=np.float64)[..., None]
        above: Floats = ndtr((self.means - x) / sd) @ self.weights
        return above

    def interval(self, v_new: float, level: float = 0.95) -> tuple[float, float]:
        """The central interval of a new trial's estimate (of its true effect with v = 0)."""
        tail = (1 - level) / 2
        centre = float(self.weights @ self.means)
        unit = float(np.sqrt(np.min(self.variances + self.tau2 + v_new)))

        def end(side: int) -> float:
            beyond = self.probability_below if side < 0 else self.probability_above

            def excess(steps: float) -> float:
                return float(beyond(centre + side * unit * steps, v_new)) - tail

            return centre + side * unit * bracketed_root(excess, -FARTHEST, FARTHEST)

        return end(-1), end(1)


def predictive(yi: Floats, vi: Floats, *, method: Method, tau2: float) -> Predictive:
    """The distribution of effects to come, given some trials.

    Parameters
    ----------
    yi, vi : (k,)
        Effects and sampling variances, checked.
    method : Method
        A common effect has no tau²; other methods share this distribution.
    tau2 : float
        The estimate, which stands alone where nothing tells how uncertain it is: one trial, and a
        common effect.

    Notes
    -----
    The generalised Q at the true tau² is chi² with k-1 degrees of freedom, so that the probability
    1 - F(Q(t)) is a confidence distribution of tau² (Viechtbauer 2007, whose Q-profile interval has
    its quantiles); what lies below zero counts as zero. Given tau² the mean is normal, as are the
    effects around it (Nagashima, Noma & Furukawa 2019 draw from the same mixture by another Q).
    With equal variances and none at zero it is t with k-1 degrees of freedom. Coverage by
    simulation: docs/keep-it-alive.md.
    """
    if yi.size < 2 or method is Method.EE:
        information = float((1 / (vi + tau2)).sum())
        mean = float((yi / (vi + tau2)).sum()) / information
        one = np.ones(1)
        return Predictive(one, one * mean, one / information, one * tau2)
    block = next(blocks(yi, vi, np.array([0, yi.size])))
    unit = float(block.unit[0])
    at_zero = fit_at(block, NO_TAU2)

    def where_q_is(target: Floats) -> Floats:
        inner = block.take(np.zeros(target.size, dtype=np.int64))
        return solve_q(inner, q_and_slope, np.repeat(at_zero.q, target.size), target)[0]

    weights, found = over_tau2(yi.size - 1, float(at_zero.q[0]), where_q_is)
    fit = fit_at(block.take(np.zeros(found.size, dtype=np.int64)), found)
    return Predictive(
        weights,
        float(block.anchor[0]) + unit * fit.mean,
        unit**2 / fit.total,
        unit**2 * found,
    )


def over_tau2(
    df: int, q_at_zero: float, where_q_is: Callable[[Floats], Floats]
) -> tuple[Floats, Floats]:
    """Return weights (J,) and values of tau² (J,) by which its confidence distribution is summed.

    Parameters
    ----------
    df : int
        Of the generalised Q.
    q_at_zero : float
    where_q_is : callable
        The tau² (j,) at which Q has fallen to some values (j,) below that at zero.

    Examples
    --------
    >>> weights, tau2 = over_tau2(1, 0.0, lambda target: target)
    >>> float(weights.sum()), float(tau2.max())
    (1.0, 0.0)
    """
    above = float(gammainc(0.5 * df, 0.5 * q_at_zero))  # probability of a tau² above zero
    at, width = leggauss(NODES)
    share = 0.5 * (at + 1)
    weights = np.append(above * 1.5 * width * share**2, 1 - above)
    # Q is small, tau² large and curved, where the cube is near zero
    target = 2.0 * np.asarray(gammaincinv(0.5 * df, above * share**3), dtype=np.float64)
    found = np.zeros(NODES + 1)
    if above > 0:
        found[:-1] = where_q_is(target)
    return weights, found
