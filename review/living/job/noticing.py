"""Reading the notices of the analyses that a job was about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from review.living.job import staleness
from review.living.job.report import AnalysisName, RepoolReport
from review.living.reports.notices import Notices
from review.living.reports.noticing import notices_of
from review.protocol.queries import current_versions, review_called

MOST_TOLD: Final = 40
"""Analyses whose notices a job tells at once; of the others it says how to ask."""


@dataclass(frozen=True, slots=True)
class JobNotices:
    """The notices of the analyses that a job was about."""

    told: Mapping[AnalysisName, Notices]
    untold: int
    """Analyses that were not looked at, because there are very many."""


def notices_of_job(session: Session, report: RepoolReport, review: str | None) -> JobNotices:
    """Return the notices of every analysis in a job's scope, recomputed or not.

    Where there are more than `MOST_TOLD`, those of the analyses that the job recomputed, could not
    pool or left waiting come first, and the rest is counted.
    """
    scope = review_called(session, review) if review is not None else None
    total = staleness.count_analyses(session, scope)
    names = [item.name for item in report.recomputed]
    names += [item.name for item in (*report.failed, *report.waiting)]
    if total <= MOST_TOLD:
        names = [
            AnalysisName(version.analysis.review.slug, version.analysis.slug)
            for version in current_versions(session, scope)
        ]
    by_review: dict[str, list[str]] = defaultdict(list)
    for name in list(dict.fromkeys(names))[:MOST_TOLD]:
        by_review[name.review].append(name.analysis)
    told = {
        AnalysisName(slug, analysis): found
        for slug, analyses in by_review.items()
        for analysis, found in notices_of(session, review_called(session, slug), analyses).items()
    }
    return JobNotices(told, total - len(told))
