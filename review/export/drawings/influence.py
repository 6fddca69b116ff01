"""A run as a Baujat plot and as an influence panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.special import chdtri, ndtri

from review.arrays import Floats, Ints
from review.canonical import number
from review.export.drawings.axis import by_year, direction
from review.export.drawings.studies import effects_of, method_of, model_note, require
from review.figures.baujat import Baujat, BaujatPoint
from review.figures.influence import InfluenceMeasure, InfluencePanel
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.synthesis import Influence, baujat, influence
from review.wording import counted

FEWEST: Final = 3
"""With two studies each moves the estimate to the other, which says nothing of either."""

MOST_NAMED: Final = 10
"""Names in a Baujat plot; all studies have theirs up to that many."""

FEWEST_NAMED: Final = 3

MOST_SHOWN: Final = 40
"""Trials in an influence panel where not every one is asked for: what one page holds."""

WITH_NORMAL_ERRORS: Final = "Standard errors of the diagnostics are normal, as metafor's."


def baujat_of(inputs: RunInputs, results: RunResults) -> Baujat:
    """Return the Baujat plot of a run.

    Raises
    ------
    InvalidDataError
        For fewer than three trials, or a plan that pools counts.
    """
    method = method_of(inputs, "a Baujat plot")
    require(inputs, results, FEWEST, "a Baujat plot")
    found = baujat(*effects_of(results.effects), method=method)
    named = _outlying(found.x, found.y)
    which = (
        "All trials are named."
        if len(named) == found.x.size
        else "The most outlying trials are named."
    )
    return Baujat(
        title=f"{inputs.plan.title}: heterogeneity and influence",
        points=tuple(
            BaujatPoint(effect.study, float(x), float(y), i in named)
            for i, (effect, x, y) in enumerate(zip(results.effects, found.x, found.y, strict=True))
        ),
        note=f"{model_note(results)} {WITH_NORMAL_ERRORS} {which} {direction(inputs)}",
    )


def _outlying(x: Floats, y: Floats) -> frozenset[int]:
    """The foremost three, and those beyond Tukey's inner fence (1.5 IQR) in a coordinate."""
    if x.size <= MOST_NAMED:
        return frozenset(range(x.size))
    beyond = np.zeros(x.size, dtype=bool)
    for values in (x, y):
        lower, upper = np.quantile(values, [0.25, 0.75])
        beyond |= values > upper + 1.5 * (upper - lower)
    order = np.argsort(-(x / (x.max() or 1.0) + y / (y.max() or 1.0)), kind="stable")
    chosen = [int(i) for i in order if beyond[i]] + [int(i) for i in order[:FEWEST_NAMED]]
    return frozenset(list(dict.fromkeys(chosen))[:MOST_NAMED])


def influence_of(inputs: RunInputs, results: RunResults, *, every: bool = False) -> InfluencePanel:
    """Return the influence panel of a run, trials in order of year and name.

    The trials marked are those that the variant "without influential trials" leaves out. Of more
    than `MOST_SHOWN` trials those with the largest Cook's distances are shown, and every one that
    is marked; what the others come to is said. With `every`, all are shown.

    Raises
    ------
    InvalidDataError
        For fewer than three trials, or a plan that pools counts.
    """
    method = method_of(inputs, "an influence panel")
    require(inputs, results, FEWEST, "an influence panel")
    studies, k = [effect for effect, _ in by_year(inputs, results)], len(results.effects)
    found = influence(*effects_of(studies), method=method)
    line = results.pooled
    chosen = np.arange(k)
    if k > MOST_SHOWN and not every:
        foremost = np.argsort(-found.cook_d, kind="stable")[:MOST_SHOWN]
        chosen = np.flatnonzero(found.influential | np.isin(chosen, foremost))
    dffits, outer = 3 * math.sqrt(1 / (k - 1)), float(ndtri(0.975))

    def measure(
        name: str, values: Floats, reference: float | None, cut_offs: Sequence[float] = ()
    ) -> InfluenceMeasure:
        told = tuple(values[chosen].tolist())
        return InfluenceMeasure(name, told, reference, tuple(cut_offs), HEADERS[name])

    return InfluencePanel(
        title=f"{inputs.plan.title}: influence of each trial",
        labels=tuple(studies[i].study for i in chosen),
        measures=(
            measure("rstudent", found.rstudent, 0.0, (-outer, outer)),
            measure("dffits", found.dffits, 0.0, (-dffits, dffits)),
            measure("cook.d", found.cook_d, 0.0, (float(chdtri(1, 0.5)),)),
            measure("cov.r", found.cov_r, 1.0),
            *((measure("tau2.del", found.tau2_del, line.tau2),) if line.tau2 is not None else ()),
            measure("QE.del", found.Q_del, line.Q),
            measure("hat", found.hat, 1 / k, (3 / k,)),
            measure("weight", found.weight, 100 / k),
        ),
        influential=tuple(bool(x) for x in found.influential[chosen]),
        note=f"{model_note(results)} {_marked(int(found.influential.sum()))} "
        f"{_others(found, chosen)}"
        f"{LEGEND if line.tau2 is not None else LEGEND.replace('τ² and ', '')} "
        f"{WITH_NORMAL_ERRORS} {direction(inputs)}",
    )


HEADERS: Final = {
    "rstudent": "Residual", "dffits": "DFFITS", "cook.d": "Cook’s distance", "cov.r": "Cov. ratio",
    "tau2.del": "τ² without", "QE.del": "Q without", "hat": "Hat value", "weight": "Weight, %",
}  # fmt: skip
"""What readers call the measures, by their names in metafor."""

LEGEND: Final = (
    "Residual: externally studentized; cov. ratio: of covariances without and with the trial. "
    "Broken lines: no influence (first four), τ² and Q of all trials, equal weights (hat value, "
    "weight). Dotted lines: cut-offs of the residual (1.96), DFFITS, Cook’s distance, hat "
    "value; beyond the last three, or with |DFBETAS| above 1, a trial counts as influential."
)


def _others(found: Influence, shown: Ints) -> str:
    """Return how far the trials that are not shown reach; nothing where all are."""
    rest = np.setdiff1d(np.arange(found.cook_d.size), shown)
    if not rest.size:
        return ""
    far = ", ".join(
        f"{name} up to {number(float(np.abs(values[rest]).max()), 3)}"
        for name, values in (
            ("a Cook’s distance", found.cook_d), ("a residual", found.rstudent),
            ("DFFITS", found.dffits),
        )
    )  # fmt: skip
    others = counted(int(rest.size), "other has", "others have")
    return (
        f"Shown are the {shown.size} of {found.cook_d.size} trials with the largest Cook’s "
        f"distances or a mark; the {others} {far}. "
    )


def _marked(count: int) -> str:
    if not count:
        return "No trial is influential."
    trials = counted(count, "influential trial is", "influential trials are")
    return f"{trials} marked (diamond, bold)."
