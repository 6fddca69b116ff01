"""Network meta-analysis: all treatments of one outcome from all trials at once.

A trial of m arms gives m-1 contrasts. Rotated into the eigenvectors of their covariance they are
independent, and a variance tau² of every difference between treatments adds to each of them alike
(Higgins & Whitehead 1996, Stat Med 15:2733, eq. 11; Lu & Ades 2004). The network is then a
meta-regression without intercept, so that its estimators of tau², tests and limits are those of
`review.synthesis.moderators.regress`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.design import Design
from review.synthesis.methods import Method, Test
from review.synthesis.moderators import PERFECT_FIT, regress, weighted_fit
from review.synthesis.moments import ROUNDING
from review.synthesis.network.studies import NetworkStudy, basis, differences

__all__ = ["Difference", "Network", "network"]

NO_TAU2: Final = (
    "tau² cannot be estimated: no difference is measured more often than the network needs, so "
    "that the common-effect model stands here."
)
FEW: Final = 5
"""Trials below which one difference may decide what tau² is."""


class Difference(NamedTuple):
    """A treatment against another: effect, its error, test, interval and that of a new trial.

    `p` is None where a perfect fit leaves no Hartung-Knapp error to test by.
    """

    treatment: str
    versus: str
    estimate: float
    se: float
    p: float | None
    ci: tuple[float, float]
    pi: tuple[float, float] | None

    def certainty(self, ddf: float | None) -> float:
        """Return how sure it is that the effect is above zero: one less the one-sided p."""
        if self.se > 0:
            return _below(self.estimate / self.se, ddf)
        return 0.5 if self.estimate == 0 else float(self.estimate > 0)


@dataclass(frozen=True, slots=True)
class Layout:
    """Trials as rows of a regression.

    `y`, `v` (r,) independent contrasts and variances; `arms` (r, t) how much of each treatment is
    in a row; `of` (r,) the trial of each row.
    """

    studies: tuple[NetworkStudy, ...]
    treatments: tuple[str, ...]
    y: Floats
    v: Floats
    arms: Floats
    of: tuple[int, ...]


class Solved(NamedTuple):
    """A regression of a layout: coefficients, covariance, tau² and what is left."""

    beta: Floats
    vcov: Floats
    tau2: float
    tau2_ci: tuple[float, float] | None
    q: float
    df: int
    ddf: float | None
    estimated: bool


@dataclass(frozen=True, slots=True)
class Network:
    """A fitted network, on the scale of its effects.

    Attributes
    ----------
    treatments : in alphabetical order; `reference` is one of them and changes no difference.
    effects, vcov : (t,) and (t, t), against the reference.
    tau2, tau2_ci : variance between trials, common to all differences, and Q-profile limits.
    q, q_df, q_p, i2 : test of homogeneity and consistency together; I² from it, percent.
    notes : what a reader must know, in words.
    """

    k: int
    arms: int
    treatments: tuple[str, ...]
    reference: str
    method: Method
    test: Test
    level: float
    effects: tuple[float, ...]
    vcov: tuple[tuple[float, ...], ...]
    tau2: float
    tau2_ci: tuple[float, float] | None
    q: float
    q_df: int
    q_p: float | None
    i2: float | None
    ddf: float | None
    notes: tuple[str, ...]
    layout: Layout

    def difference(self, treatment: str, versus: str) -> Difference:
        """Return the network's effect of one treatment against another.

        Raises InvalidDataError for a treatment that is not in the network.
        """
        i, j = (self._place(name) for name in (treatment, versus))
        V = self.vcov
        variance = V[i][i] + V[j][j] - 2 * V[i][j]
        estimate = self.effects[i] - self.effects[j]
        if abs(estimate) <= ROUNDING * max(abs(effect) for effect in self.effects):
            estimate = 0.0
        return difference_of(
            treatment,
            versus,
            estimate,
            variance,
            self.ddf,
            self.level,
            self.tau2 if self.q_df and self.method is not Method.EE else None,
        )

    def league(self) -> tuple[Difference, ...]:
        """Return every pair of treatments once, in alphabetical order."""
        names = self.treatments
        return tuple(self.difference(a, b) for i, a in enumerate(names) for b in names[i + 1 :])

    def p_scores(self, *, higher_is_better: bool) -> dict[str, float]:
        """Return of each treatment the mean certainty that it is better than another, best first.

        No measure of how much better: a treatment of one small trial may stand first by chance.
        Rücker & Schwarzer 2015, BMC Med Res Methodol 15:58, eq. 6.
        """
        above = {
            a: float(
                np.mean(
                    [self.difference(a, b).certainty(self.ddf) for b in self.treatments if b != a]
                )
            )
            for a in self.treatments
        }
        found = above if higher_is_better else {a: 1 - score for a, score in above.items()}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def _place(self, name: str) -> int:
        if name not in self.treatments:
            raise InvalidDataError(
                f"{name} is not in the network; it has {', '.join(self.treatments)}."
            )
        return self.treatments.index(name)


def network(
    studies: Iterable[NetworkStudy],
    *,
    reference: str | None = None,
    method: Method | str = Method.REML,
    test: Test | str = Test.ADHOC,
    level: float = 0.95,
) -> Network:
    """Fit the treatments of all trials at once.

    Parameters
    ----------
    studies : iterable of NetworkStudy
        From `from_arms`, `from_means` or `from_contrasts`; each study once.
    reference : str or None
        What `effects` are against; the most frequent treatment where nothing is said.
    method, test, level
        As of `pool`. Degrees of freedom are rows less differences estimated.

    Returns
    -------
    Network

    Raises
    ------
    InvalidDataError
        If there are no trials, the network falls apart, or the reference is not in it.

    References
    ----------
    Salanti 2012, Res Synth Methods 3:80; Rücker 2012, Res Synth Methods 3:312; metafor's ``rma.mv``
    with ``random = ~ treatment | study, rho = 0.5`` has the same likelihood.

    Examples
    --------
    >>> from review.synthesis.network.studies import Contrast, from_contrasts
    >>> trials = [Contrast("1", "b", "a", 1.0, 0.1), Contrast("2", "c", "b", 1.0, 0.1)]
    >>> found = network(from_contrasts(trials), test="z").difference("c", "a")
    >>> found.estimate, round(found.se**2, 9)
    (2.0, 0.2)
    """
    method, test = Method(method), Test(test)
    if not 0 < level < 1:
        raise InvalidDataError(f"A confidence level of {level} is not between 0 and 1.")
    lay = laid_out(tuple(studies))
    counts = [sum(t in s.treatments for s in lay.studies) for t in lay.treatments]
    if reference is None:
        reference = lay.treatments[int(np.argmax(counts))]
    if reference not in lay.treatments:
        raise InvalidDataError(
            f"{reference} is not in the network; it has {', '.join(lay.treatments)}."
        )
    others = [i for i, t in enumerate(lay.treatments) if t != reference]
    solved = solve(lay, lay.arms[:, others], method, test, level)
    effects, V = np.zeros(len(lay.treatments)), np.zeros((len(lay.treatments),) * 2)
    effects[others] = solved.beta
    V[np.ix_(others, others)] = solved.vcov
    q, df = solved.q, solved.df
    notes = [] if solved.estimated or method is Method.EE else [NO_TAU2]
    if solved.estimated and method is not Method.EE and df < FEW:
        notes.append(f"tau² rests on {df} degree{'s' if df > 1 else ''} of freedom.")
    if solved.estimated and not solved.vcov.any():
        notes.append(f"{PERFECT_FIT[0].upper()}{PERFECT_FIT[1:]}.")
    return Network(
        k=len(lay.studies),
        arms=sum(len(s.treatments) for s in lay.studies),
        treatments=lay.treatments,
        reference=reference,
        method=method,
        test=test,
        level=level,
        effects=tuple(effects.tolist()),
        vcov=tuple(tuple(row) for row in V.tolist()),
        tau2=solved.tau2,
        tau2_ci=solved.tau2_ci,
        q=q,
        q_df=df,
        q_p=float(chdtrc(df, q)) if df else None,
        i2=(max(0.0, 100 * (q - df) / q) if q > 0 else 0.0) if df else None,
        ddf=solved.ddf,
        notes=tuple(notes),
        layout=lay,
    )


def laid_out(studies: Sequence[NetworkStudy]) -> Layout:
    """Return trials as independent rows; raise InvalidDataError where they are no network."""
    if not studies:
        raise InvalidDataError("There are no trials to make a network of.")
    names = [s.study for s in studies]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InvalidDataError(f"{twice} is there twice; a network takes each trial once.")
    parts = connected(studies)
    if len(parts) > 1:
        told = "; ".join(", ".join(part) for part in parts)
        raise InvalidDataError(
            f"The network falls into {len(parts)} parts that no trial joins: {told}. Analyse each "
            "by itself, or merge treatments."
        )
    treatments = tuple(parts[0])
    place = {t: i for i, t in enumerate(treatments)}
    y, v, arms, of = [], [], [], []
    for number, study in enumerate(studies):
        effects, S = differences(study)
        Q = basis(len(study.treatments))
        if effects.size > 1:
            lam, E = np.linalg.eigh(S)
            effects, Q = E.T @ effects, Q @ E
        else:
            lam = S[0]
        rows = np.zeros((effects.size, len(treatments)))
        rows[:, [place[t] for t in study.treatments]] = Q.T
        y.append(effects)
        v.append(lam)
        arms.append(rows)
        of += [number] * effects.size
    return Layout(
        tuple(studies),
        treatments,
        np.concatenate(y),
        np.concatenate(v),
        np.concatenate(arms),
        tuple(of),
    )


def connected(studies: Sequence[NetworkStudy]) -> list[list[str]]:
    """Return the treatments that trials join, a sorted list for each part of the network."""
    parts: list[set[str]] = []
    for study in studies:
        joined = set(study.treatments)
        for part in [p for p in parts if p & joined]:
            parts.remove(part)
            joined |= part
        parts.append(joined)
    return sorted(sorted(part) for part in parts)


def solve(lay: Layout, X: Floats, method: Method, test: Test, level: float) -> Solved:
    """Fit columns to a layout; the common effect where no row is left to estimate tau² by."""
    k, p = X.shape
    if k > p:
        names = tuple(str(i) for i in range(p))
        fit = regress(
            lay.y,
            lay.v,
            Design(X, names, (), (0,) * p, ()),
            method=method,
            test=test,
            level=level,
        )
        return Solved(
            np.asarray(fit.beta),
            np.asarray(fit.vcov),
            fit.tau2,
            fit.tau2_ci,
            fit.q,
            fit.q_df,
            fit.ddf,
            True,
        )
    beta, cov = weighted_fit(lay.y, lay.v, X)
    return Solved(beta, cov, 0.0, None, 0.0, 0, None, False)


def difference_of(
    treatment: str,
    versus: str,
    estimate: float,
    variance: float,
    ddf: float | None,
    level: float,
    tau2: float | None,
) -> Difference:
    if treatment == versus:
        return Difference(treatment, versus, 0.0, 0.0, 1.0, (0.0, 0.0), None)
    se = float(np.sqrt(max(variance, 0.0)))
    crit = float(ndtri((1 + level) / 2) if ddf is None else stdtrit(ddf, (1 + level) / 2))
    wide = None if tau2 is None else crit * math.hypot(se, math.sqrt(tau2))
    p = 2 * _below(-abs(estimate) / se, ddf) if se > 0 else None
    return Difference(
        treatment,
        versus,
        estimate,
        se,
        p,
        (estimate - crit * se, estimate + crit * se),
        None if wide is None else (estimate - wide, estimate + wide),
    )


def _below(stat: float, ddf: float | None) -> float:
    return float(ndtr(stat) if ddf is None else stdtr(ddf, stat))
