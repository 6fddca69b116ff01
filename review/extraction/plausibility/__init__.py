"""Doubts about extracted numbers: each with the numbers behind it, none of them a verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

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
    evidence: Iterable[Evidence],
    labels: Mapping[int, str] | None = None,
    *,
    only: Collection[int] | None = None,
) -> list[Finding]:
    """Return every doubt about the results of a review, by study.

    Parameters
    ----------
    evidence
        The results that count; comparisons with other studies use all of them, so a single study
        is checked by giving the whole review.
    labels
        All studies by id, also those without results; None takes those of the results.
    only
        Studies whose doubts are wanted, which are compared with the others: what is typed is
        checked at each key. Whether their names are nearly those of other studies is not asked.

    Returns
    -------
    list of Finding
        What cannot be (a mean outside its scale) before what is unlikely (an effect unlike the
        others'). Excluded studies are not checked.
    """
    items = [item for item in evidence if item.excluded_because is None]
    own = items if only is None else [item for item in items if item.study_id in only]
    within = (sign_findings, score_findings, contrast_findings, statistic_findings)
    among = (spread_findings, unusual_findings)
    found = {finding.key: finding for check in within for finding in check(own)}
    found |= {finding.key: finding for check in among for finding in check(items, only)}
    found |= {finding.key: finding for finding in duplicate_findings(items)}
    found |= {finding.key: finding for finding in name_findings(items, labels, only)}
    wanted = [f for f in found.values() if only is None or f.study_id in only]
    return sorted(wanted, key=lambda f: (f.study.casefold(), f.severity is Severity.DOUBT, f.place))
