"""Every run of an analysis: the estimate by version, and the classes of all analyses by job."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from review.export.drawings.axis import axis_label, direction, favours, notation
from review.figures.estimates import EstimateRow, Estimates
from review.living.reports.changes import ChangeReport, compare, conclusion_word
from review.living.runs.models import Run
from review.living.runs.queries import snapshot_of
from review.living.runs.results import Snapshot


def versions_of(runs: Sequence[Run]) -> Estimates:
    """Return the estimate of each run of one analysis, the oldest first.

    A line is in bold where the class changed, of the deciding margin or of another one.

    Parameters
    ----------
    runs : sequence of Run
        Of one analysis, in order, one or more.
    """
    snapshots = [snapshot_of(run) for run in runs]
    changes = [
        compare(None, snapshots[0]),
        *(compare(before, after) for before, after in pairwise(snapshots)),
    ]
    inputs, _ = snapshots[-1]
    plan = inputs.plan
    left, right = favours(plan)
    rows = tuple(
        _row(run, snapshot, change)
        for run, snapshot, change in zip(runs, snapshots, changes, strict=True)
    )
    measures = {(given.plan.measure, given.plan.effect) for given, _ in snapshots}
    mixed = " Not all runs are of one effect measure." if len(measures) > 1 else ""
    return Estimates(
        title=f"{plan.title}: by version",
        rows=rows,
        label_header="Run",
        before_headers=("Date", "Trials"),
        after_headers=("Conclusion", "What changed"),
        effect_label=axis_label(inputs),
        favours_left=left,
        favours_right=right,
        margin=plan.margin,
        note=f"In bold: the conclusion changed. Dates in UTC. {direction(inputs)}{mixed}",
        level=plan.level,
        notation=notation(inputs),
    )


def _row(run: Run, snapshot: Snapshot, change: ChangeReport) -> EstimateRow:
    inputs, results = snapshot
    line = results.pooled
    word = conclusion_word(inputs.plan.kind, results.headline.conclusion)
    return EstimateRow(
        label=str(run.number),
        estimate=line.estimate,
        ci_low=line.ci[0],
        ci_high=line.ci[1],
        before=(f"{run.created:%Y-%m-%d}", str(line.k)),
        after=(word or "", change.in_brief),
        strong=change.flipped,
    )
