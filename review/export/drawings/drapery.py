"""A run as a drapery plot: every confidence interval of every trial at once."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.special import ndtri, stdtrit

from review.arrays import Floats
from review.export.drawings.axis import axis_label, measured, sides_of
from review.export.drawings.studies import model_note, of_one_comparison
from review.figures.drapery import Drapery, PValueFunction
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults

P: Final[Floats] = np.concatenate(
    [[0.0002, 0.0005], np.linspace(0.001, 0.1, 100), np.linspace(0.11, 1, 90)]
)
"""Where the curves are computed: densely at the foot, where they turn; 0.05 and 0.10 among them."""


def drapery_of(inputs: RunInputs, results: RunResults) -> Drapery:
    """Return the drapery plot of a run: normal functions of trials, the run's own of the pool."""
    of_one_comparison(inputs, "a drapery plot")
    plan, line = inputs.plan, results.pooled
    normal = np.asarray(-ndtri(P / 2), dtype=np.float64)
    own = normal
    if line.ddf is not None:
        own = np.asarray(-stdtrit(line.ddf, P / 2), dtype=np.float64)
    (left, right), (said, sign) = sides_of(inputs), measured(inputs)
    new = None
    if line.pi is not None:
        at_level = _quantile(line.ddf, line.level)
        new = _function(
            "Effect in a new study", sign * line.estimate, own, _half(line.pi) / at_level
        )
    return Drapery(
        title=f"{plan.title}: p-value functions",
        p=tuple(P.tolist()),
        studies=tuple(
            _function(effect.study, sign * effect.yi, normal, math.sqrt(effect.vi))
            for effect in results.effects
        ),
        pooled=_function("Pooled effect", sign * line.estimate, own, line.se),
        prediction=new,
        notation=said,
        null_line=plan.has_null,
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        note=(
            f"{model_note(results)} At the height p each curve is as wide as the interval of "
            "confidence 1 − p; where it crosses no effect, p is that of the two-sided test."
        ),
    )


def _quantile(ddf: float | None, level: float) -> float:
    """Return the two-sided quantile of t, or of the normal distribution without degrees."""
    tail = 0.5 + level / 2
    return float(ndtri(tail) if ddf is None else stdtrit(ddf, tail))


def _half(limits: tuple[float, float]) -> float:
    return (limits[1] - limits[0]) / 2


def _function(label: str, estimate: float, quantiles: Floats, se: float) -> PValueFunction:
    return PValueFunction(
        label,
        tuple((estimate - quantiles * se).tolist()),
        tuple((estimate + quantiles * se).tolist()),
    )
