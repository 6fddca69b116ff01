"""Lists of a review: its analyses with what each says now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from review.export.views.current import contents_of, current
from review.living.reports.sentence import conclusion_word
from review.living.runs.queries import newest_of_each
from review.living.runs.scales import scale_of_run
from review.protocol.models import Review
from review.protocol.queries import current_versions, plan_of


@dataclass(frozen=True, slots=True)
class AnalysisLine:
    """An analysis with what its newest run says."""

    analysis: str
    title: str
    outcome: str
    run: int | None
    created: datetime | None
    counts: str
    """What k is the number of: trials, or arms."""
    k: int | None
    measure: str
    estimate: str
    interval: str
    conclusion: str
    outdated: bool
    beside: str
    """What readers must know beside it, in a line; may be empty."""


@dataclass(frozen=True, slots=True)
class AnalysesView:
    """All analyses of a review, in order of their names."""

    review: str
    title: str
    analyses: tuple[AnalysisLine, ...]


def analyses_of(session: Session, review: Review) -> AnalysesView:
    """Return every analysis of a review with what its newest run says."""
    standing = current(session, review)
    runs = {run.version.analysis.slug: run for run in newest_of_each(session, review)}
    lines = []
    for version in current_versions(session, review):
        slug, plan = version.analysis.slug, plan_of(version)
        run, notices = runs.get(slug), standing.of(slug)
        if run is None:
            lines.append(
                AnalysisLine(
                    slug, plan.title, plan.outcome, None, None, "trials", None, "", "", "", "",
                    outdated=False, beside=notices.headline,
                )
            )  # fmt: skip
            continue
        inputs, results = contents_of(run)
        scale, line = scale_of_run(inputs), results.pooled
        word = conclusion_word(
            inputs.plan.kind, results.headline.conclusion, withheld=notices.withheld
        )
        lines.append(
            AnalysisLine(
                analysis=slug,
                title=plan.title,
                outcome=plan.outcome,
                run=run.number,
                created=run.created,
                counts=scale.counts,
                k=line.k,
                measure=scale.shown,
                estimate=scale.number(line.estimate, line.ci),
                interval=scale.interval(line.ci),
                conclusion=word or "",
                outdated=slug in standing.outdated,
                beside=notices.headline,
            )
        )
    return AnalysesView(review.slug, review.title, tuple(lines))
