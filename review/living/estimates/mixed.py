"""Counts pooled by a mixed model, in the form of every pooled estimate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from review.arrays import Floats
from review.effects import escalc
from review.measures import Measure
from review.synthesis import Glmm, Method, Pooled, Test, glmm
from review.wording import counted

COLUMNS = {
    Measure.OR: ("ai", "bi", "ci", "di"),
    Measure.IRR: ("x1i", "t1i", "x2i", "t2i"),
    Measure.PLO: ("xi", "mi"),
    Measure.IRLN: ("xi", "ti"),
}
"""The counts of each measure by metafor's names, in the order of `review.synthesis.glmm`."""


def pool_mixed(
    counts: Sequence[ArrayLike],
    model: str,
    measure: Measure,
    *,
    level: float,
    sign: float = 1.0,
    sides: str = "the first arm against the second",
    points: int | None = None,
) -> Pooled:
    """Return counts pooled by a mixed model.

    Parameters
    ----------
    counts : (k,) each, in the order of `COLUMNS`.
    model, measure : as in `review.measures.MIXED`.
    level : of the intervals.
    sign : -1 where fewer events are better.
    sides : what is compared, for the note of the events as counted.
    points : of the quadrature, as in :func:`review.synthesis.glmm`.

    Returns
    -------
    Pooled
        tau² by maximum likelihood without an interval of its own; ``Q`` is the likelihood ratio
        statistic; I² and H² follow tau² and the typical sampling variance of the studies' own
        effects, as in rma.glmm, and so do the weights, which the model itself does not have.

    Raises
    ------
    InvalidDataError
        As :func:`review.synthesis.glmm`.
    """
    columns = [np.asarray(column, dtype=np.float64) for column in counts]
    found = glmm(measure.value, *columns, model=model, level=level, points=points)
    told = np.array(found.informative)
    own = escalc(measure, dict(zip(COLUMNS[measure], columns, strict=True)))
    weights = np.where(told, 1.0 / (own.vi + found.tau2), 0.0)
    typical = _typical(1.0 / own.vi[told])
    low, high = sorted(sign * limit for limit in found.ci)
    half = float(ndtri((1 + level) / 2)) * (found.se**2 + found.tau2) ** 0.5
    centre = sign * found.estimate
    k = int(told.size)
    return Pooled(
        k=k,
        method=Method.ML,
        test=Test.Z,
        level=level,
        estimate=centre,
        se=found.se,
        stat=sign * found.stat,
        ddf=None,
        p=found.p,
        ci=(low, high),
        pi=(centre - half, centre + half) if found.k > 1 else None,
        tau2=found.tau2,
        se_tau2=None,
        tau2_ci=None,
        I2=100 * found.tau2 / (typical + found.tau2),
        I2_ci=None,
        H2=1 + found.tau2 / typical if typical else 1.0,
        H2_ci=None,
        Q=found.Q,
        Q_df=found.Q_df,
        Q_p=found.Q_p if found.Q_p is not None else 1.0,
        weights=100 * weights / weights.sum(),
        loglik=found.loglik,
        iterations=0,
        boundary=found.tau2 == 0,
        modes=1,
        I2_q=100 * max(0.0, 1 - found.Q_df / found.Q) if found.Q > 0 else 0.0,
        notes=tuple(_notes(measure, found, k, sides)),
    )


def _typical(w: Floats) -> float:
    """The typical sampling variance (Higgins & Thompson 2002, eq. 9); of one study its own."""
    if w.size == 1:
        return float(1 / w[0])
    return float((w.size - 1) * w.sum() / (w.sum() ** 2 - (w**2).sum()))


def _notes(measure: Measure, found: Glmm, k: int, sides: str) -> Iterator[str]:
    natural = measure.facts.natural
    back = natural.back if natural is not None else exp
    name = natural.name if natural is not None else measure.value
    value, low, high = (back(x) for x in (found.estimate, *found.ci))
    yield f"Events as counted, {sides}: {name} {value:.7f} ({low:.7f}, {high:.7f})."
    silent = k - found.k
    only = "" if measure is Measure.IRR else ", or with events only,"
    if silent:
        yield (
            f"{counted(silent, 'trial')} without events in either arm{only} "
            f"{'adds' if silent == 1 else 'add'} nothing to the estimate."
        )
    if found.sigma2 is not None:
        how = "Laplace's approximation" if found.points == 1 else f"{found.points}² points"
        yield f"Variance of the intercepts {found.sigma2:.4f}; likelihood by {how}."
    if found.k == 1:
        yield "One trial says anything: it has no variance between trials."
