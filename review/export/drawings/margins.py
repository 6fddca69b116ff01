"""The pooled estimate of a run against every noninferiority margin."""

from __future__ import annotations

from typing import Final

from review.errors import InvalidDataError
from review.export.drawings.axis import WITHHELD_NOTE, axis_label, direction, notation
from review.export.runs import model_words
from review.figures.margins import Margins, PlannedMargin
from review.living.reports.sentence import WITHHELD
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.synthesis.noninferiority import margin_curve, noninferiority_p

STEPS: Final = 400
"""Points of the curve: an arc of a few hundred is smooth in print."""


def margins_of(inputs: RunInputs, results: RunResults, *, withheld: bool = False) -> Margins:
    """Return the margin curve of a run, with the planned margins on it.

    The curve ends well beyond both the largest planned margin and the smallest at which
    noninferiority is shown.

    Raises
    ------
    InvalidDataError
        If the analysis is no contrast of two arms, or has no margin.
    """
    plan, line = inputs.plan, results.pooled
    if not plan.compares:
        raise InvalidDataError(f'"{plan.title}" compares no two arms; it has no margin')
    if not plan.margins:
        raise InvalidDataError(
            f'"{plan.title}" has no margin, and so no margin curve; plan one before the data are '
            "seen (review analysis revise, margin: in its plan), or draw a forest plot"
        )
    smallest = max(0.0, -line.ci[0])
    end = 1.25 * max([*plan.margins, smallest, 0.4 * (line.ci[1] - line.ci[0])])
    grid = tuple(end * i / STEPS for i in range(1, STEPS + 1))
    curve = margin_curve(line.estimate, line.se, line.ddf, grid, level=line.level)
    at_zero = noninferiority_p(line.estimate, line.se, 0.0, line.ddf)
    planned = tuple(
        PlannedMargin(r.margin, r.noninferiority_p, WITHHELD if withheld else r.conclusion.value)
        for r in results.readings
        if r.margin is not None and r.noninferiority_p is not None
    )
    return Margins(
        title=f"{plan.title}: margins of noninferiority",
        margins=(0.0, *curve.margins),
        p=(at_zero, *curve.p),
        planned=planned,
        alpha=(1 - line.level) / 2,
        smallest=curve.smallest,
        effect_label=axis_label(inputs),
        notation=notation(inputs),
        note=f"k = {line.k}; {model_words(line)}. {direction(inputs)}"
        f"{f' {WITHHELD_NOTE}' if withheld else ''}",
    )
