"""Every run of an analysis: the estimate by version."""

from __future__ import annotations

from collections.abc import Sequence

from review.export.drawings.axis import axis_label, direction, favours, notation
from review.figures.estimates import EstimateRow, Estimates
from review.living.reports.sentence import conclusion_word
from review.living.runs.contents import RunInputs
from review.living.runs.past import PastRun
from review.protocol.vocabulary import AnalysisKind


def versions_of(past: Sequence[PastRun], newest: RunInputs) -> Estimates:
    """Return the estimate of each run of one analysis, the oldest first.

    A line is in bold where the class changed, of the deciding margin or of another one.

    Parameters
    ----------
    past : sequence of PastRun
        Of one analysis, in order, one or more.
    newest : RunInputs
        What entered the newest of them: its plan names the axis.
    """
    plan = newest.plan
    left, right = favours(plan)
    measures = {(run.digest.measure, run.digest.effect) for run in past}
    mixed = " Not all runs are of one effect measure." if len(measures) > 1 else ""
    return Estimates(
        title=f"{plan.title}: by version",
        rows=tuple(_row(run, plan.kind) for run in past),
        label_header="Run",
        before_headers=("Date", "Trials"),
        after_headers=("Conclusion", "What changed"),
        effect_label=axis_label(newest),
        favours_left=left,
        favours_right=right,
        margin=plan.margin,
        null_line=plan.has_null,
        note=f"In bold: the conclusion changed. Dates in UTC. {direction(newest)}{mixed}",
        level=plan.level,
        notation=notation(newest),
    )


def _row(run: PastRun, kind: AnalysisKind) -> EstimateRow:
    digest = run.digest
    word = conclusion_word(kind, digest.readings[0].conclusion)
    return EstimateRow(
        label=str(run.number),
        estimate=digest.estimate,
        ci_low=digest.ci[0],
        ci_high=digest.ci[1],
        before=(f"{run.created:%Y-%m-%d}", str(digest.k)),
        after=(word or "", digest.changed or ""),
        strong=digest.flipped,
    )
