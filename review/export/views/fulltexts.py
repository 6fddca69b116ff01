"""What pages show of full texts: sought, obtained or not, read, and the studies they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from review.citations.models import Record
from review.citations.rules import warning_of
from review.extraction.linking.queries import newest_link, suggestions
from review.extraction.linking.rules import Suggestion
from review.extraction.queries import studies
from review.protocol.models import Review
from review.screening import queries
from review.screening.guidance.queries import criteria
from review.screening.matching import Sought
from review.screening.pdfs import StoredPdf
from review.screening.standings import boxes, standing_in
from review.screening.views import Dossier, dossier
from review.screening.vocabulary import Box, RetrievalOutcome, Stage

STATES: Final = (
    (Box.AWAITING_RETRIEVAL, "sought"), (Box.AWAITING_ASSESSMENT, "to be read"),
    (Box.NOT_RETRIEVED, "not retrieved"), (Box.REPORT_EXCLUDED, "excluded"),
    (Box.INCLUDED, "included"),
)  # fmt: skip
"""Where reports that were sought stand, as the page calls it."""

AT_ONCE: Final = 50
"""Reports on a page."""


@dataclass(frozen=True, slots=True)
class SoughtReport:
    """A report that was sought."""

    record: int
    title: str | None
    warning: str | None
    authors: str
    year: int | None
    journal: str | None
    doi: str | None
    state: str
    missing_because: str | None
    pdf: str | None
    """The name that its PDF came under."""


@dataclass(frozen=True, slots=True)
class FullTexts:
    """The reports of a review that were sought, a page of them."""

    title: str
    counts: tuple[tuple[str, str, int], ...]
    """Key, words and number of each state."""
    state: str
    reports: tuple[SoughtReport, ...]
    next: int | None

    @property
    def sought(self) -> int:
        """How many were sought in all."""
        return sum(n for _, _, n in self.counts)


def full_texts_of(session: Session, review: Review, *, state: str, after: int = 0) -> FullTexts:
    """Return a page of the reports in a state, of all where it is empty."""
    counts = boxes(session, review)
    of_state = {
        record: words
        for box, words in STATES
        if state in ("", box.value)
        for record in standing_in(session, review, box)
    }
    rest = [record for record in sorted(of_state) if record > after]
    shown = rest[:AT_ONCE]
    known = queries.newest_retrievals(session, shown)
    return FullTexts(
        review.title,
        tuple((box.value, words, counts.get(box, 0)) for box, words in STATES),
        state,
        tuple(
            _line(record, of_state[record.id], known.get(record.id))
            for record in queries.records_numbered(session, review, shown)
        ),
        shown[-1] if len(rest) > AT_ONCE else None,
    )


def _line(record: Record, state: str, known: Any) -> SoughtReport:
    missing = known is not None and known.outcome is RetrievalOutcome.NOT_RETRIEVED
    held = known is not None and known.full_text_id is not None
    return SoughtReport(
        record.id, record.title, warning_of(record.notices),
        "; ".join(record.authors[:3]) + (" et al." if len(record.authors) > 3 else ""),
        record.year, record.journal, record.doi, state, known.reason if missing else None,
        (known.file or "PDF") if held else None,
    )  # fmt: skip


def sought_of(session: Session, review: Review) -> list[Sought]:
    """Return all reports that a PDF may be, in order of import."""
    ids = sorted({n for box, _ in STATES for n in standing_in(session, review, box)})
    return [
        Sought(record.id, record.title, record.doi, next(iter(record.authors), None), record.year)
        for record in queries.records_numbered(session, review, ids)
    ]


@dataclass(frozen=True, slots=True)
class FullTextPage:
    """A report to be read: its PDF, what decides on it, and the study it belongs to."""

    dossier: Dossier
    stage: str
    reasons: tuple[tuple[int, str], ...]
    """In the protocol's order; the first that applies counts."""
    criteria: Any
    state: str
    box: Box
    pdf: StoredPdf | None
    study: tuple[int, str] | None
    suggestions: tuple[Suggestion, ...]
    studies: tuple[str, ...]
    next: int | None
    """The next report that stands where this one does."""

    @property
    def is_included(self) -> bool:
        """Whether it belongs to a study."""
        return self.box is Box.INCLUDED


def full_text_of(session: Session, review: Review, record: int, *, viewer: str) -> FullTextPage:
    """Return a report to be read; raise NotFoundError."""
    found = dossier(session, review, record, stage=Stage.FULL_TEXT, handle=viewer)
    box = queries.ledger(session, review, only=[record]).box(record)
    known = queries.newest_retrievals(session, [record]).get(record)
    text = known.full_text if known is not None else None
    link = newest_link(session, record)
    study = link.study if link is not None else None
    included = box is Box.INCLUDED
    offered: Sequence[Suggestion] = suggestions(session, review) if included and not study else ()
    after = [other for other in standing_in(session, review, box) if other > record]
    return FullTextPage(
        found, Stage.FULL_TEXT.value,
        tuple((reason.place, reason.label) for reason in queries.reasons(session, review)),
        criteria(session, review), dict(STATES).get(box, "not sought"), box,
        StoredPdf(text.sha256, text.size, (known.file if known else None) or "report.pdf")
        if text is not None
        else None,
        (study.id, study.label) if study else None,
        tuple(one for one in offered if one.record == record)[:5],
        tuple(one.label for one in studies(session, review)) if included else (),
        after[0] if after else None,
    )  # fmt: skip
