"""Doubts about extracted numbers: each with the numbers behind it, none of them a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from review.extraction.evidence import Evidence
from review.extraction.plausibility.contrasts import contrast_findings
from review.extraction.plausibility.duplicates import duplicate_findings
from review.extraction.plausibility.finding import WITHHOLDING, Finding, Kind, Severity
from review.extraction.plausibility.names import name_findings
from review.extraction.plausibility.scores import score_findings
from review.extraction.plausibility.signs import sign_findings
from review.extraction.plausibility.spread import spread_findings
from review.extraction.plausibility.statistics import statistic_findings
from review.extraction.plausibility.unusual import unusual_findings

__all__ = ["WITHHOLDING", "Finding", "Kind", "Severity", "findings"]


def findings(
    evidence: Iterable[Evidence], labels: Mapping[int, str] | None = None
) -> list[Finding]:
    """Return every doubt about the results of a review, by study.

    Parameters
    ----------
    evidence
        The results that count; comparisons with other studies use all of them, so a single study
        is checked by giving the whole review.
    labels
        All studies by id, also those without results; None takes those of the results.

    Returns
    -------
    list of Finding
        What cannot be (a mean outside its scale) before what is unlikely (an effect unlike the
        others'). Excluded studies are not checked.
    """
    items = [item for item in evidence if item.excluded_because is None]
    checks = (
        sign_findings,
        spread_findings,
        score_findings,
        contrast_findings,
        unusual_findings,
        statistic_findings,
        duplicate_findings,
    )
    found = {finding.key: finding for check in checks for finding in check(items)}
    found |= {finding.key: finding for finding in name_findings(items, labels)}
    return sorted(
        found.values(), key=lambda f: (f.study.casefold(), f.severity is Severity.DOUBT, f.place)
    )
