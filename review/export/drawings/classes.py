"""What every run concluded: of one analysis by margin and variant, or of all by job."""

from __future__ import annotations

from collections.abc import Sequence

from review.figures.classes import ClassStrip, StripRow
from review.living.runs.models import Run
from review.living.runs.queries import snapshot_of
from review.living.runs.results import RunResults, Snapshot
from review.living.runs.scales import EffectScale, scale_of_run
from review.protocol.vocabulary import Variant
from review.synthesis.noninferiority import Conclusion


def classes_of_analysis(runs: Sequence[Run]) -> ClassStrip:
    """Return the classes of one analysis: a column a run, a row a margin or variant.

    The estimates without each trial are a figure of their own.
    """
    snapshots = [snapshot_of(run) for run in runs]
    margins = list(dict.fromkeys(r.margin for _, res in snapshots for r in res.readings))
    deciding = snapshots[-1][1].headline.margin
    margins.sort(key=lambda m: (m != deciding, m is None, m or 0.0))
    variants = list(
        dict.fromkeys(
            (line.variant, line.label)
            for _, results in snapshots
            for line in results.variants
            if line.variant != Variant.LEAVE_ONE_OUT
        )
    )
    scale = scale_of_run(snapshots[-1][0])
    rows = [
        StripRow(_margin_label(scale, margin, deciding), tuple(_at(s, margin) for s in snapshots))
        for margin in margins
    ]
    rows += [
        StripRow(label, tuple(_variant(results, variant, label) for _, results in snapshots))
        for variant, label in variants
    ]
    return ClassStrip(
        title=f"{snapshots[-1][0].plan.title}: conclusions by run",
        columns=tuple((str(run.number), f"{run.created:%Y-%m-%d}") for run in runs),
        rows=tuple(rows),
        note="Variants are read against the deciding margin, or against no effect without one.",
    )


def _margin_label(scale: EffectScale, margin: float | None, deciding: float | None) -> str:
    if margin is None:
        return "Against no effect"
    return f"Margin {scale.margin_text(margin)}{', deciding' if margin == deciding else ''}"


def _at(snapshot: Snapshot, margin: float | None) -> Conclusion | None:
    return next((r.conclusion for r in snapshot[1].readings if r.margin == margin), None)


def _variant(results: RunResults, variant: str, label: str) -> Conclusion | None:
    for line in results.variants:
        if (line.variant, line.label) == (variant, label) and line.conclusion is not None:
            return Conclusion(line.conclusion)
    return None


def classes_of_review(title: str, runs: Sequence[Run]) -> ClassStrip:
    """Return the class of every analysis after each job that made a run: the deciding margin.

    An analysis that a job had nothing new for keeps the class of its run before.
    """
    jobs: dict[int, str] = {}
    analyses: dict[str, dict[int, Snapshot]] = {}
    for run in sorted(runs, key=lambda run: run.id):
        jobs.setdefault(run.job_id, f"{run.created:%Y-%m-%d}")
        analyses.setdefault(run.version.analysis.slug, {})[run.job_id] = snapshot_of(run)
    rows = []
    for slug in sorted(analyses):
        made = analyses[slug]
        newest: Snapshot | None = None
        cells: list[Conclusion | None] = []
        for job in jobs:
            newest = made.get(job, newest)
            cells.append(newest[1].headline.conclusion if newest is not None else None)
        rows.append(StripRow(newest[0].plan.title if newest else slug, tuple(cells)))
    return ClassStrip(
        title=f"{title}: conclusions by job",
        columns=tuple((str(job), date) for job, date in jobs.items()),
        rows=tuple(rows),
        column_header="Job",
        note=(
            "Each analysis by its deciding margin, or against no effect without one. A job that "
            "had nothing new for an analysis leaves its class as it was."
        ),
    )
