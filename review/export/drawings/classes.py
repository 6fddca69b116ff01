"""What every run concluded: of one analysis by margin and variant, or of all by job."""

from __future__ import annotations

from collections.abc import Sequence

from review.figures.classes import ClassStrip, StripRow
from review.living.runs.contents import RunInputs
from review.living.runs.digests import Digest
from review.living.runs.past import PastRun
from review.living.runs.scales import EffectScale, scale_of_run
from review.synthesis.noninferiority import Conclusion


def classes_of_analysis(past: Sequence[PastRun], newest: RunInputs) -> ClassStrip:
    """Return the classes of one analysis: a column a run, a row a margin or variant.

    The estimates without each trial are a figure of their own.

    Parameters
    ----------
    past : sequence of PastRun
        Of one analysis, in order, one or more.
    newest : RunInputs
        What entered the newest of them: its plan names the margins.
    """
    digests = [run.digest for run in past]
    margins = list(dict.fromkeys(r.margin for digest in digests for r in digest.readings))
    deciding = digests[-1].readings[0].margin
    margins.sort(key=lambda m: (m != deciding, m is None, m or 0.0))
    variants = list(
        dict.fromkeys((one.variant, one.label) for digest in digests for one in digest.variants)
    )
    scale = scale_of_run(newest)
    rows = [
        StripRow(_margin_label(scale, margin, deciding), tuple(_at(d, margin) for d in digests))
        for margin in margins
    ]
    rows += [
        StripRow(label, tuple(_variant(digest, variant, label) for digest in digests))
        for variant, label in variants
    ]
    return ClassStrip(
        title=f"{newest.plan.title}: conclusions by run",
        columns=tuple((str(run.number), f"{run.created:%Y-%m-%d}") for run in past),
        rows=tuple(rows),
        note="Variants are read against the deciding margin, or against no effect without one.",
    )


def _margin_label(scale: EffectScale, margin: float | None, deciding: float | None) -> str:
    if margin is None:
        return "Against no effect"
    return f"Margin {scale.margin_text(margin)}{', deciding' if margin == deciding else ''}"


def _at(digest: Digest, margin: float | None) -> Conclusion | None:
    return next((r.conclusion for r in digest.readings if r.margin == margin), None)


def _variant(digest: Digest, variant: str, label: str) -> Conclusion | None:
    for one in digest.variants:
        if (one.variant, one.label) == (variant, label) and one.conclusion is not None:
            return Conclusion(one.conclusion)
    return None


def classes_of_review(title: str, past: Sequence[PastRun]) -> ClassStrip:
    """Return the class of every analysis after each job that made a run: the deciding margin.

    An analysis that a job had nothing new for keeps the class of its run before.
    """
    jobs: dict[int, str] = {}
    analyses: dict[str, dict[int, Digest]] = {}
    for run in sorted(past, key=lambda run: run.run_id):
        jobs.setdefault(run.job_id, f"{run.created:%Y-%m-%d}")
        analyses.setdefault(run.analysis, {})[run.job_id] = run.digest
    rows = []
    for slug in sorted(analyses):
        made = analyses[slug]
        newest: Digest | None = None
        cells: list[Conclusion | None] = []
        for job in jobs:
            newest = made.get(job, newest)
            cells.append(newest.readings[0].conclusion if newest is not None else None)
        rows.append(StripRow(newest.title if newest else slug, tuple(cells)))
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
