"""Counts pooled by a mixed model: the door."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr, ndtri

from review.arrays import Floats
from review.errors import InvalidDataError
from review.synthesis.glmm import integrals, intercepts
from review.synthesis.glmm.likelihoods import studies_of
from review.synthesis.glmm.models import MODELS, CountMeasure, CountModel, Glmm

POINTS: Final = 25
"""Of the quadrature in one dimension; lme4's own limit."""

MOST_POINTS: Final = 101

LAPLACE: Final = 1
"""Points in two dimensions, where lme4 (and with it metafor) has no others."""


def glmm(
    measure: CountMeasure | str,
    *counts: ArrayLike,
    model: CountModel | str | None = None,
    level: float = 0.95,
    points: int | None = None,
) -> Glmm:
    """Pool counts by a mixed model with one normal random effect a study.

    Parameters
    ----------
    measure : OR, IRR (two arms), PLO or IRLN (one).
    counts : arrays (k,)
        OR: ai, bi, ci, di. IRR: x1i, t1i, x2i, t2i. PLO: xi, mi (events and non-events).
        IRLN: xi, ti. Whole numbers, times above zero.
    model : one of `MODELS` of the measure; the first, metafor's default, if None.
    level : of the interval.
    points : of the adaptive quadrature; 25 if None, of two arms with UM.RS 1 in each of the two
        directions (Laplace, as lme4 and metafor have it).

    Returns
    -------
    Glmm

    Raises
    ------
    InvalidDataError
        Counts that are none, other columns or models than the measure has, no study that says
        anything, or events in one arm alone (all or none): the likelihood then has no maximum. One
        study with UM.RS of two arms.

    Notes
    -----
    One study has its own estimate and tau² = 0. Random effects and intercepts of UM.RS are not
    correlated (metafor's ``cor = FALSE``), and the effect is split between the arms by halves
    (``coding = 1/2``).

    References
    ----------
    Stijnen, Hamza & Ozdemir 2010, Stat Med 29:3046; Jackson et al. 2018, Stat Med 37:1059 (models 4
    and 5); Pinheiro & Bates 1995, J Comput Graph Stat 4:12 (adaptive quadrature).

    Examples
    --------
    >>> fit = glmm("PLO", [10, 10], [10, 10])
    >>> abs(round(fit.estimate, 6)), fit.tau2
    (0.0, 0.0)
    """
    measure = CountMeasure(measure)
    chosen = MODELS[measure][0] if model is None else CountModel(model)
    if chosen not in MODELS[measure]:
        named = ", ".join(one.value for one in MODELS[measure])
        raise InvalidDataError(f"{measure.value} has no model {chosen.value}, but {named}.")
    if not 0 < level < 1:
        raise InvalidDataError(f"A confidence level of {level} is not between 0 and 1.")
    two = len(MODELS[measure]) > 1
    plane = two and chosen is CountModel.UM_RS
    points = (LAPLACE if plane else POINTS) if points is None else points
    if not 1 <= points <= MOST_POINTS:
        raise InvalidDataError(f"A quadrature has 1 to {MOST_POINTS} points, not {points}.")
    studies = studies_of(measure, chosen, _checked(measure, counts))
    best = integrals.maximum(studies, points) if not plane else None
    wide = intercepts.maximum(studies, points) if plane else None
    found = best or wide
    assert found is not None
    if not found.information > 0 or not math.isfinite(found.information):
        raise InvalidDataError("The likelihood of the counts has no maximum that a test rests on.")
    k = int(studies.best.size)
    common = best if best is not None and best.tau == 0 else None
    common = common or integrals.maximum(studies, points, common=True)
    q = max(2 * (float(studies.best.sum()) - common.loglik), 0.0)
    mu, se = found.effect, 1 / math.sqrt(found.information)
    half = float(ndtri((1 + level) / 2)) * se
    return Glmm(
        measure=measure,
        model=chosen,
        k=k,
        informative=tuple(studies.informative.tolist()),
        estimate=mu,
        se=se,
        stat=mu / se,
        p=float(2 * ndtr(-abs(mu / se))),
        ci=(mu - half, mu + half),
        level=level,
        tau2=found.tau**2,
        sigma2=wide.sigma**2 if wide else None,
        loglik=found.loglik,
        Q=q,
        Q_df=k - 1,
        Q_p=float(chdtrc(k - 1.0, q)) if k > 1 else None,
        points=points,
    )


def _checked(measure: CountMeasure, counts: tuple[ArrayLike, ...]) -> list[Floats]:
    wanted = 2 if measure in (CountMeasure.PLO, CountMeasure.IRLN) else 4
    if len(counts) != wanted:
        raise InvalidDataError(f"{measure} has {wanted} columns of counts, not {len(counts)}.")
    found = [np.asarray(c, dtype=np.float64) for c in counts]
    if any(c.ndim != 1 or c.size != found[0].size for c in found):
        raise InvalidDataError("The columns of counts differ in length.")
    timed = measure in (CountMeasure.IRR, CountMeasure.IRLN)
    for place, c in enumerate(found):
        time = timed and place % 2 == 1
        if not np.isfinite(c).all() or (c < 0).any() or (time and (c == 0).any()):
            raise InvalidDataError("Counts are zero or more, and times above zero.")
        if not time and (c != np.round(c)).any():
            raise InvalidDataError("Counts are whole numbers.")
    return found
