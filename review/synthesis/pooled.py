"""Results of pooling: one analysis, and many side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias, TypeVar, cast

import numpy as np
from scipy.special import chdtrc, ndtr, stdtr

from review.arrays import Bools, Floats, Ints
from review.synthesis.elementary import larger
from review.synthesis.methods import Method, Model, Test

Interval = tuple[float, float]
Limits = tuple[Floats, Floats]
Values = TypeVar("Values", Floats, Ints, Bools)

TAU2_CI_EMPTY: Final = (
    "Q-profile interval of tau² empty: the effects are more alike than any tau² makes likely "
    "(Q below its lower quantile)"
)
"""The note of an analysis whose Q-profile set holds no tau² of zero or more."""


FEW_FOR_NORMAL: Final = 10
"""Studies below which a normal interval of a random-effects model is said to be too narrow."""


def few_for_normal(k: int, tau2: float | None) -> bool:
    """Return whether a normal interval is too narrow: few studies that differ.

    It takes tau² as known (Partlett & Riley 2017, Stat Med 36:301). A common effect, tau² None, and
    one study have no such.
    """
    return tau2 is not None and tau2 > 0 and 1 < k < FEW_FOR_NORMAL


@dataclass(frozen=True, slots=True)
class Pooled:
    """One pooled analysis, on the scale of its effects.

    Attributes
    ----------
    k : number of studies.
    method, test, level : as asked for; with k = 1 the test is z, as in metafor.
    estimate, se, stat, p, ci : pooled effect, two-sided test and interval. Where identical effects
        leave Hartung and Knapp a standard error of zero they are metafor's (an infinite statistic);
        `tested` says that this is no test.
    ddf : degrees of freedom of the test; None where it is normal.
    pi : prediction interval for the effect of a new study; None for EE, k = 1, or no degrees of
        freedom.
    tau2, se_tau2, tau2_ci : between-study variance, its standard error and Q-profile interval. An
        empty set has the limits that metafor gives it, 0 to 0; `tau2_ci_empty` tells it.
    I2, H2 : percent and ratio, from tau² and the typical sampling variance (Higgins & Thompson
        2002, eq. 9); for EE from Q. ``I2_q`` is always 100 max(0, (Q - df) / Q).
    Q, Q_df, Q_p : Cochran's test of homogeneity.
    weights : (k,) percent, in the order given.
    loglik : log-likelihood as metafor reports it: restricted for REML, else full.
    iterations, boundary, modes : how tau² was found; whether it is 0; local maxima of the
        likelihood.
    notes : what a reader must know about this result, in words.
    """

    k: int
    method: Method
    test: Test
    level: float
    estimate: float
    se: float
    stat: float
    ddf: float | None
    p: float
    ci: Interval
    pi: Interval | None
    tau2: float
    se_tau2: float | None
    tau2_ci: Interval | None
    I2: float
    I2_ci: Interval | None
    H2: float
    H2_ci: Interval | None
    Q: float
    Q_df: int
    Q_p: float
    weights: Floats
    loglik: float
    iterations: int
    boundary: bool
    modes: int
    I2_q: float
    notes: tuple[str, ...]

    @property
    def tau2_ci_empty(self) -> bool:
        """Whether no tau² of zero or more is compatible with so homogeneous effects."""
        return TAU2_CI_EMPTY in self.notes

    @property
    def tested(self) -> bool:
        """Whether there is a standard error to test by."""
        return self.se > 0


class TauLimits(NamedTuple):
    """Q-profile limits of tau², I² and H², and where the set is empty; as :class:`Found`."""

    tau2: Limits
    I2: Limits
    H2: Limits
    empty: Bools


class Found(NamedTuple):
    """What pooling finds: numbers of one analysis, or arrays ``(n,)`` of several.

    Names as in :class:`Pooled`; NaN where that has None, and no ``profile`` unless it is asked for.
    """

    estimate: Floats
    se: Floats
    ddf: Floats
    ci: Limits
    pi: Limits
    tau2: Floats
    se_tau2: Floats
    I2: Floats
    H2: Floats
    Q: Floats
    loglik: Floats
    iterations: Ints
    modes: Ints
    hk_narrower: Bools
    profile: TauLimits | None

    def pooled(self, model: Model, vi: Floats) -> Pooled:
        """The one analysis, of studies with sampling variances ``vi`` (k,)."""
        method, test, level = model
        k, estimate, se, ddf = vi.size, float(self.estimate), float(self.se), _or_none(self.ddf)
        stat, tau2, q, df = _statistic(estimate, se), float(self.tau2), float(self.Q), max(k - 1, 0)
        profile = self.profile
        return Pooled(
            k=k,
            method=method,
            test=Test.Z if k == 1 else test,
            level=level,
            estimate=estimate,
            se=se,
            stat=stat,
            ddf=ddf,
            p=2 * float(ndtr(-abs(stat)) if ddf is None else stdtr(ddf, -abs(stat))),
            ci=(float(self.ci[0]), float(self.ci[1])),
            pi=_interval(self.pi),
            tau2=tau2,
            se_tau2=_or_none(self.se_tau2),
            tau2_ci=None if profile is None else _interval(profile.tau2),
            I2=float(self.I2),
            I2_ci=None if profile is None else _interval(profile.I2),
            H2=float(self.H2),
            H2_ci=None if profile is None else _interval(profile.H2),
            Q=q,
            Q_df=df,
            Q_p=1.0 if k == 1 else float(chdtrc(df, q)),
            weights=percent(vi, tau2),
            loglik=float(self.loglik),
            iterations=int(self.iterations),
            boundary=tau2 == 0,
            modes=int(self.modes),
            I2_q=float(i2_from_q(q, df)),
            notes=tuple(self._notes(method, test, k)),
        )

    def _notes(self, method: Method, test: Test, k: int) -> Iterator[str]:
        if k == 0:
            yield "k = 0: nothing to pool"
            return
        if k == 1:
            yield "k = 1: no pooling; the study's own effect with a normal interval"
            return
        if self.hk_narrower:
            yield "Hartung-Knapp interval narrower than the Wald interval"
        if test is Test.KNHA and self.se == 0:
            yield (
                "identical effects: the Hartung-Knapp standard error is zero, so that there is no "
                "test and the interval is a point; adhoc, with its floor, has both"
            )
        if self.profile is not None and self.profile.empty:
            yield TAU2_CI_EMPTY
        if self.modes > 1:
            yield f"likelihood with {int(self.modes)} maxima; the highest is reported"
        if method is not Method.EE and math.isnan(self.pi[0]):
            yield "no prediction interval: too few studies for its degrees of freedom"


@dataclass(frozen=True, slots=True)
class Ragged:
    """Sampling variances of m analyses one after the other: i has ``offsets[i]:offsets[i+1]``."""

    vi: Floats
    offsets: Ints

    @property
    def k(self) -> Ints:
        """Number of studies of each analysis, (m,)."""
        return self.offsets[1:] - self.offsets[:-1]

    def of(self, i: int) -> Floats:
        """Sampling variances of analysis ``i``."""
        return self.vi[self.offsets[i] : self.offsets[i + 1]]


@dataclass(frozen=True, slots=True)
class Deleted:
    """Sampling variances of k analyses that lack one study each, which k² numbers would repeat."""

    vi: Floats

    @property
    def k(self) -> Ints:
        """Number of studies of each analysis, (k,)."""
        return np.full(self.vi.size, self.vi.size - 1)

    def of(self, i: int) -> Floats:
        """Sampling variances of analysis ``i``."""
        return np.delete(self.vi, i)


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Sampling variances of k analyses of the first 1, 2, ..., k studies, laid out once."""

    vi: Floats

    @property
    def k(self) -> Ints:
        """Number of studies of each analysis, (k,)."""
        return np.arange(1, self.vi.size + 1)

    def of(self, i: int) -> Floats:
        """Sampling variances of analysis ``i``."""
        return self.vi[: i + 1]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Sampling variances of m analyses of subsets of the same studies; ``k`` are their sizes."""

    vi: Floats
    members: Bools
    k: Ints

    def of(self, i: int) -> Floats:
        """Sampling variances of analysis ``i``."""
        chosen: Floats = self.vi[self.members[i]]
        return chosen


Variances: TypeAlias = Ragged | Deleted | Prefixes | Chosen


@dataclass(frozen=True, slots=True)
class PooledMany:
    """Many pooled analyses; every array ``(m,)``, intervals ``(m, 2)``; NaN where Pooled has None.

    ``many[i]`` is the :class:`Pooled` of analysis i. ``hk_narrower`` marks analyses whose
    Hartung-Knapp interval is narrower than the Wald interval, ``tau2_ci_empty`` those whose
    Q-profile set is empty. ``tau2_ci``, ``I2_ci`` and ``H2_ci`` are None unless asked for.
    """

    method: Method
    test: Test
    level: float
    k: Ints
    estimate: Floats
    se: Floats
    ddf: Floats
    ci: Floats
    pi: Floats
    tau2: Floats
    se_tau2: Floats
    tau2_ci: Floats | None
    I2: Floats
    I2_ci: Floats | None
    H2: Floats
    H2_ci: Floats | None
    Q: Floats
    loglik: Floats
    iterations: Ints
    modes: Ints
    hk_narrower: Bools
    tau2_ci_empty: Bools
    variances: Variances

    def __len__(self) -> int:
        return self.k.size

    def __iter__(self) -> Iterator[Pooled]:
        return (self[i] for i in range(len(self)))

    @property
    def Q_df(self) -> Ints:
        """Degrees of freedom of Q, k - 1, and 0 without studies."""
        return np.maximum(self.k - 1, 0)

    @property
    def stat(self) -> Floats:
        """Statistics of the tests of the pooled effects, (m,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.estimate / self.se
        return np.where((self.se == 0) & (self.estimate == 0), 0.0, ratio)

    @property
    def p(self) -> Floats:
        """Two-sided p of the pooled effects, (m,); worked out when it is read, as Q_p is."""
        tail = -np.abs(self.stat)
        normal = np.isnan(self.ddf)
        both: Floats = 2 * np.where(normal, ndtr(tail), stdtr(self.ddf, tail))
        return both

    @property
    def Q_p(self) -> Floats:
        """The p of Cochran's test, (m,); 1 with one study."""
        return np.where(self.k == 1, 1.0, chdtrc(self.k - 1.0, self.Q))

    @property
    def I2_q(self) -> Floats:
        """I² from Q in percent, (m,)."""
        return i2_from_q(self.Q, self.Q_df)

    @property
    def boundary(self) -> Bools:
        """Where the estimate of tau² is zero."""
        at_zero: Bools = self.tau2 == 0
        return at_zero

    def weights(self, i: int) -> Floats:
        """Weights of analysis ``i`` in percent, in the order of its studies."""
        return percent(self.variances.of(i), self.tau2[i])

    def __getitem__(self, i: int) -> Pooled:
        i = range(len(self))[i]
        profile = None
        if self.tau2_ci is not None and self.I2_ci is not None and self.H2_ci is not None:
            limits = _limits(self.tau2_ci, i), _limits(self.I2_ci, i), _limits(self.H2_ci, i)
            profile = TauLimits(*limits, _number(self.tau2_ci_empty, i))
        found = Found(
            estimate=_number(self.estimate, i),
            se=_number(self.se, i),
            ddf=_number(self.ddf, i),
            ci=_limits(self.ci, i),
            pi=_limits(self.pi, i),
            tau2=_number(self.tau2, i),
            se_tau2=_number(self.se_tau2, i),
            I2=_number(self.I2, i),
            H2=_number(self.H2, i),
            Q=_number(self.Q, i),
            loglik=_number(self.loglik, i),
            iterations=_number(self.iterations, i),
            modes=_number(self.modes, i),
            hk_narrower=_number(self.hk_narrower, i),
            profile=profile,
        )
        return found.pooled(Model(self.method, self.test, self.level), self.variances.of(i))


def percent(vi: Floats, tau2: float) -> Floats:
    """Weights in percent of studies with sampling variances ``vi`` (k,) at ``tau2``."""
    w = vi + tau2
    np.reciprocal(w, w)
    w /= np.add.reduce(w)
    w *= 100.0
    return w


def i2_from_q(q: Floats | float, df: Floats | Ints | int) -> Floats:
    """I² from Cochran's Q in percent, 0 where Q is at most its degrees of freedom."""
    excess = larger(cast(Floats, q - df), 0.0)  # above zero only where Q is above one
    return 100 * excess / larger(q, 1.0)


def _statistic(estimate: float, se: float) -> float:
    if se == 0:  # identical effects and the Hartung-Knapp variance
        return math.copysign(math.inf, estimate) if estimate else 0.0
    return estimate / se


def _or_none(x: Floats) -> float | None:
    return None if math.isnan(x) else float(x)


def _interval(limits: Limits) -> Interval | None:
    low, high = limits
    return None if math.isnan(low) else (float(low), float(high))


def _number(values: Values, i: int) -> Values:
    return cast(Values, values.item(i))


def _limits(values: Floats, i: int) -> Limits:
    return cast(Limits, (values.item(i, 0), values.item(i, 1)))
