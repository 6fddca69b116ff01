"""Whether the trials of a network agree: direct against indirect, and design against design."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import chdtrc

from review.arrays import Floats
from review.synthesis.methods import Method, Test
from review.synthesis.moderators import weighted_fit
from review.synthesis.network.fit import Difference, Network, Solved, difference_of, solve
from review.synthesis.pooled import Pooled
from review.synthesis.pooling import pool

PERFECT: Final = "a perfect fit has no test"
"""Where Hartung-Knapp errors are zero."""

__all__ = ["PERFECT", "Comparison", "Interaction", "compare", "interaction"]


class Comparison(NamedTuple):
    """What is known of one pair of treatments, and whence.

    `direct` and `indirect` come from one model in which they may differ by `split`, and tau² is
    estimated anew; both None where the pair is in no loop. `pairwise` pools the trials that compare
    the pair, alone, with a tau² of their own; None where `k` is zero.
    """

    treatment: str
    versus: str
    k: int
    network: Difference
    pairwise: Pooled | None
    direct: Difference | None
    indirect: Difference | None
    split: Difference | None
    split_tau2: float | None

    @property
    def why_no_split(self) -> str | None:
        """Why direct and indirect evidence are not tested against each other; None if they are."""
        if self.split is not None:
            return PERFECT if self.split.p is None else None
        return "all evidence is direct" if self.k else "all evidence is indirect"


class Interaction(NamedTuple):
    """Cochran's Q of the common-effect model in two parts, and the test of inconsistency.

    `within`: trials of one design (the same set of treatments) disagree; `between`: designs do.
    `wald` allows for heterogeneity within designs, `wald_tau2`; None where no design has two
    trials, so that heterogeneity and inconsistency cannot be told apart. All None but `designs`
    where there is no loop.
    """

    designs: int
    within: float
    within_df: int
    within_p: float | None
    between: float
    between_df: int
    between_p: float | None
    wald: float | None
    wald_p: float | None
    wald_tau2: float | None

    @property
    def assessable(self) -> bool:
        """Whether designs could disagree at all: a star has no loop."""
        return self.between_df > 0


def compare(found: Network) -> tuple[Comparison, ...]:
    """Set direct, indirect and network estimates of every pair side by side.

    Parameters
    ----------
    found : Network

    Returns
    -------
    tuple of Comparison
        A pair once, in the order of `Network.league`.

    Notes
    -----
    Side-splitting: trials of a pair differ from the rest by one parameter, half of it on either
    arm, so that the order of treatments changes nothing (White 2015, Stata J 15:951, symmetric;
    Dias et al. 2010, Stat Med 29:932, section 3.3).

    Examples
    --------
    >>> from review.synthesis.network.studies import Contrast, from_contrasts
    >>> from review.synthesis.network.fit import network
    >>> trials = [Contrast("1", "b", "a", 1.0, 0.1), Contrast("2", "c", "b", 1.0, 0.1),
    ...           Contrast("3", "c", "a", 1.0, 0.2)]
    >>> pair = compare(network(from_contrasts(trials), method="EE", test="z"))[1]
    >>> pair.treatment, pair.versus, round(pair.split.estimate, 9), round(pair.split.se**2, 9)
    ('a', 'c', 1.0, 0.4)
    """
    return tuple(_compared(found, d) for d in found.league())


def _compared(found: Network, d: Difference) -> Comparison:
    lay, pair = found.layout, (d.treatment, d.versus)
    yi, vi, extra = [], [], np.zeros(lay.y.size)
    places = [lay.treatments.index(t) for t in pair]
    of = np.asarray(lay.of)
    for number, study in enumerate(lay.studies):
        if not set(pair) <= set(study.treatments):
            continue
        i, j = (study.treatments.index(t) for t in pair)
        S = study.covariance
        yi.append(study.estimates[i] - study.estimates[j])
        vi.append(S[i][i] + S[j][j] - S[i][j] - S[j][i])
        rows = of == number
        extra[rows] = 0.5 * (lay.arms[rows][:, places] @ [1.0, -1.0])
    if not yi:
        return Comparison(*pair, 0, d, None, None, None, None, None)
    alone = pool(yi, vi, method=found.method, test=found.test, level=found.level)
    base = [i for i in range(len(lay.treatments)) if i != places[1]]
    X = np.column_stack([lay.arms[:, base], extra])
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return Comparison(*pair, len(yi), d, alone, None, None, None, None)
    fit = solve(lay, X, found.method, found.test, found.level)
    here = base.index(places[0])
    indirect, direct, split = np.zeros((3, X.shape[1]))
    indirect[here] = direct[here] = direct[-1] = split[-1] = 1.0
    told = [_combined(found, fit, d, weights) for weights in (direct, indirect, split)]
    return Comparison(*pair, len(yi), d, alone, told[0], told[1], told[2], fit.tau2)


def _combined(found: Network, fit: Solved, d: Difference, weights: Floats) -> Difference:
    estimate, variance = float(weights @ fit.beta), float(weights @ fit.vcov @ weights)
    return difference_of(d.treatment, d.versus, estimate, variance, fit.ddf, found.level, None)


def interaction(found: Network) -> Interaction:
    """Test whether designs disagree (design-by-treatment interaction).

    Parameters
    ----------
    found : Network

    Returns
    -------
    Interaction

    References
    ----------
    Higgins et al. 2012, Res Synth Methods 3:98; Krahn, Binder & König 2013, BMC Med Res Methodol
    13:35, eq. 6 to 9.
    """
    lay = found.layout
    of = np.asarray(lay.of)
    designs: dict[frozenset[str], list[int]] = {}
    for number, study in enumerate(lay.studies):
        designs.setdefault(frozenset(study.treatments), []).append(number)
    columns = []
    for treatments, numbers in designs.items():
        inside = np.isin(of, numbers)
        columns += [
            np.where(inside, lay.arms[:, lay.treatments.index(t)], 0.0)
            for t in sorted(treatments)[1:]
        ]
    full, reduced = np.column_stack(columns), lay.arms[:, 1:]
    within_df, between_df = lay.y.size - full.shape[1], full.shape[1] - reduced.shape[1]
    within = left(lay.y, lay.v, full) if within_df else 0.0
    between = max(0.0, left(lay.y, lay.v, reduced) - within)
    wald = tau2 = None
    if between_df and within_df:
        tau2 = solve(lay, full, found.method, Test.Z, found.level).tau2
        wald = max(0.0, left(lay.y, lay.v + tau2, reduced) - left(lay.y, lay.v + tau2, full))
    elif between_df and found.method is Method.EE:
        wald, tau2 = between, 0.0
    return Interaction(
        designs=len(designs),
        within=within,
        within_df=within_df,
        within_p=float(chdtrc(within_df, within)) if within_df else None,
        between=between if between_df else 0.0,
        between_df=between_df,
        between_p=float(chdtrc(between_df, between)) if between_df else None,
        wald=wald,
        wald_p=None if wald is None else float(chdtrc(between_df, wald)),
        wald_tau2=tau2,
    )


def left(y: Floats, v: Floats, X: Floats) -> float:
    """Return the weighted sum of squares that columns leave."""
    beta, _ = weighted_fit(y, v, X)
    rest = y - X @ beta
    return float((rest * rest / v).sum())
