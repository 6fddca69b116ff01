"""Doubts about a review's numbers, and which of them somebody set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from review.errors import NotFoundError, Remedy
from review.extraction import queries
from review.extraction.evidence import Evidence
from review.extraction.evidence_queries import evidence, evidence_of
from review.extraction.formats.unsettled import release_findings
from review.extraction.imported import EntryDoubt
from review.extraction.plausibility import Finding, findings
from review.extraction.vocabulary import EntryKind
from review.protocol.models import Review


@dataclass(frozen=True, slots=True)
class Doubt:
    """A finding, and why it was dismissed, if it was."""

    finding: Finding
    dismissal: str | None
    dismissed_by: str | None

    @property
    def plain(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "doubt": self.finding.key,
            **asdict(self.finding),
            "dismissed_because": self.dismissal,
            "dismissed_by": self.dismissed_by,
        }


def doubts(
    session: Session, review: Review, *, study: str | None = None, person: str | None = None
) -> list[Doubt]:
    """Return the doubts about what counts, or about a person's own blind entries.

    Parameters
    ----------
    session, review
        The review.
    study
        One study alone; it is still compared with the others. Raises NotFoundError.
    person
        Whose blind entries to check, beside what counts of other studies; None checks what counts.
    """
    if study is not None:
        queries.study_called(session, review, study)
    studies = queries.studies(session, review)
    ids = [s.id for s in studies]
    checked = [item for _, item in evidence(session, [review.id])]
    blind = [e for e in queries.entries(session, ids) if e.kind is EntryKind.BLIND]
    if person is None:
        labels = {s.id: s.label for s in studies if s.excluded_because is None}
        raised = [*findings(checked, labels), *release_findings(session, review)]
        settled = {item.study_id for item in checked if item.entry_kind == EntryKind.CONSENSUS}
        own = [e.id for e in blind if e.study_id in settled]
    else:
        mine = [e for e in blind if e.person.name == person]
        raised = findings_of(evidence_of(session, mine), checked)
        own = [e.id for e in mine]
    dismissed = {(d.study_id, d.key): d for d in queries.dismissals(session, ids, own)}
    found = []
    for finding in raised:
        if study is None or finding.study == study:
            dismissal = dismissed.get((finding.study_id, finding.key))
            found.append(
                Doubt(
                    finding,
                    dismissal.reason if dismissal else None,
                    dismissal.person.name if dismissal else None,
                )
            )
    return found


def findings_of(items: Sequence[Evidence], counting: Sequence[Evidence]) -> list[Finding]:
    """Return what is doubted of some results beside what counts of other studies."""
    studies = {item.study_id for item in items}
    others = [item for item in counting if item.study_id not in studies]
    ids = {item.result_id for item in items}
    return [
        finding
        for finding in findings([*items, *others], only=studies)
        if not finding.results or ids & set(finding.results)
    ]


def doubt_called(session: Session, review: Review, key: str, *, person: str) -> Finding:
    """Return a doubt by its key, of what counts or of one's own entries; raise NotFoundError."""
    for whose in (None, person):
        for doubt in doubts(session, review, person=whose):
            if doubt.finding.key == key:
                return doubt.finding
    raise NotFoundError(
        f"review {review.slug} has no doubt {key!r}",
        remedy=Remedy("see them with", "review extract check"),
    )


def doubts_at_entry(
    session: Session, review: Review, lines: Mapping[int, int], *, person: str | None = None
) -> list[EntryDoubt]:
    """Return the open doubts about results that were just entered, by line.

    Parameters
    ----------
    session, review
        The review.
    lines
        The line of the file by the id of each new or corrected result.
    person
        Whose blind entries they are; None for what counts.
    """
    if not lines:
        return []
    found = []
    for doubt in doubts(session, review, person=person):
        about = doubt.finding
        at = [lines[result] for result in about.results if result in lines]
        if at and doubt.dismissal is None:
            found.append(
                EntryDoubt(
                    min(at), about.study, about.place, about.kind.value, about.message, about.key
                )
            )
    return sorted(found, key=lambda d: (d.line, d.key))
