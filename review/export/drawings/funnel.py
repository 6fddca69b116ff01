"""A run as a funnel plot, with trim and fill where asked for."""

from __future__ import annotations

import math

from scipy.special import ndtri

from review.export.drawings.axis import axis_label, measured, sides_of
from review.export.drawings.studies import (
    effects_of,
    method_of,
    model_note,
    of_one_comparison,
    require,
)
from review.figures.funnel import Funnel, FunnelPoint
from review.figures.numbers import fixed, p_words
from review.figures.scale import Written
from review.living.estimates.asymmetry import FEW, FEWEST_FOR_TEST, asymmetry_of, by
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.synthesis import Test, TrimFill, trim_and_fill
from review.wording import counted


def funnel_of(inputs: RunInputs, results: RunResults, *, trim_fill: bool = False) -> Funnel:
    """Return the funnel plot of a run.

    Raises
    ------
    InvalidDataError
        For trim and fill of fewer than three trials, of trials of one size, or of counts.
    """
    of_one_comparison(inputs, "a funnel plot")
    plan, line = inputs.plan, results.pooled
    filled = _filled(inputs, results) if trim_fill else None
    (left, right), (said, sign) = sides_of(inputs), measured(inputs)
    notes = [model_note(results), _test_of_asymmetry(inputs, results)]
    if filled is not None:
        notes.append(_words(filled, said, sign))
    return Funnel(
        title=f"{plan.title}: funnel plot",
        points=tuple(FunnelPoint(e.study, sign * e.yi, math.sqrt(e.vi)) for e in results.effects),
        estimate=sign * line.estimate,
        filled=()
        if filled is None
        else tuple(
            FunnelPoint(f"filled {i + 1}", sign * float(y), math.sqrt(v))
            for i, (y, v) in enumerate(zip(filled.filled_yi, filled.filled_vi, strict=True))
        ),
        adjusted=sign * filled.fit.estimate if filled is not None and filled.k0 else None,
        level=line.level,
        quantile=float(ndtri(0.5 + line.level / 2)),
        null_line=plan.has_null,
        notation=said,
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        note=" ".join(notes),
    )


def _filled(inputs: RunInputs, results: RunResults) -> TrimFill:
    figure = "a funnel plot with trim and fill"
    method = method_of(inputs, figure)
    require(inputs, results, 3, figure)
    yi, vi = effects_of(results.effects)
    plan = inputs.plan
    return trim_and_fill(yi, vi, method=method, test=Test(plan.test), level=plan.level)


def _words(found: TrimFill, written: Written, sign: float) -> str:
    if not found.k0:
        return f"Trim and fill ({found.estimator.value}): no study is missing."
    low, high = sorted(sign * limit for limit in found.fit.ci)
    sides = {"left": "right", "right": "left"}
    side = sides.get(found.side.value, found.side.value) if sign < 0 else found.side.value
    unsettled = "" if found.settled else "; the count did not settle"
    return (
        f"Trim and fill ({found.estimator.value}): "
        f"{counted(found.k0, 'study', 'studies')} filled in on the "
        f"{side}, {written.text(sign * found.fit.estimate, low, high)}"
        f"{unsettled}; a sensitivity analysis, not a corrected estimate."
    )


def _test_of_asymmetry(inputs: RunInputs, results: RunResults) -> str:
    found = asymmetry_of(inputs, results)
    if found == FEW:
        return (
            f"With fewer than {FEWEST_FOR_TEST} trials the shape of a funnel says little: chance "
            "alone makes it look lopsided, and asymmetry is not tested (Sterne 2011)."
        )
    if isinstance(found, str):
        return f"No test of asymmetry{by(inputs.plan.asymmetry)}: {found}."
    return f"Egger's test{found.by}: t({found.ddf:g}) = {fixed(found.stat, 2)}, {p_words(found.p)}."
