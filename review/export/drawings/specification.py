"""All combinations of choices of an analysis as a specification curve."""

from __future__ import annotations

from typing import Final

from review.export.drawings.axis import axis_label, notation
from review.figures.specification import SpecificationCurve, Specified
from review.living.estimates.multiverse import Multiverse, SpecifiedLine
from review.living.runs.contents import RunInputs

WITHOUT: Final = "without influential trials"
"""How `living.estimates.multiverse` ends the words on trials where influential ones are out."""

TESTS: Final = {"z": "normal", "t": "t", "knha": "Hartung-Knapp", "adhoc": "Hartung-Knapp, floored"}


def specification_of(inputs: RunInputs, found: Multiverse) -> SpecificationCurve:
    """Return the curve of what could be pooled; the note counts what could not."""
    plan = inputs.plan
    pooled = [_specified(line) for line in found.lines]
    return SpecificationCurve(
        title=f"{plan.title}: specification curve",
        families=("trials", "model", "influential trials or not"),
        specified=tuple(one for one in pooled if one is not None),
        margin=plan.margin,
        null_line=plan.has_null,
        level=plan.level,
        effect_label=axis_label(inputs),
        notation=notation(inputs),
        note=" ".join(found.sentences),
    )


def _specified(line: SpecifiedLine) -> Specified | None:
    if line.estimate is None or line.ci is None:
        return None
    without = line.trials.endswith(WITHOUT)
    method, test = line.model.split(", ")
    return Specified(
        estimate=line.estimate,
        low=line.ci[0],
        high=line.ci[1],
        choices=(
            line.trials.removesuffix(f", {WITHOUT}"),
            f"{method}, {TESTS[test]}",
            "influential left out" if without else "influential kept",
        ),
        planned=line.planned,
    )
