"""Two finished entries of a trial side by side, cell by cell, with where each number stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.export.views.entering import counting_of, previews_of
from review.export.views.what_if import TrialPreview
from review.extraction import queries
from review.extraction.choices import choices_of
from review.extraction.comparison import Agreement, Cell, agreement_by_field
from review.extraction.consensus import Sides, as_if_decided, consensus_rows, results_of, sides
from review.extraction.doubts import findings_of
from review.extraction.drafts.evidence import evidence_of_rows
from review.extraction.drafts.settling import Choice, settle_cells
from review.extraction.fields import written
from review.extraction.models import Report, Resolution, Result, Study
from review.extraction.vocabulary import EntryKind
from review.protocol.models import Review

MOST_REASONS: Final = 6
"""Last reasons that are offered."""


@dataclass(frozen=True, slots=True)
class CellSource:
    """Where a number stands."""

    report: int | None
    citation: str | None
    pdf: str | None
    pdf_page: int | None
    page: str | None
    quote: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """How a cell was decided."""

    taken: str
    value: str | None
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ComparedCell:
    """One value in both entries, as text; nothing where an entry has none."""

    id: str
    place: str
    field: str
    first: str | None
    second: str | None
    state: str
    decided: Decided | None
    sources: Mapping[str, CellSource | None]
    """Of ``first`` and ``second``."""


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Two entries of a study to be agreed on."""

    study_id: int
    study: str
    first: str
    second: str
    agreed: bool
    tolerance: float
    cells: tuple[ComparedCell, ...]
    open: int
    reasons: tuple[str, ...]
    agreement: tuple[Agreement, ...]
    preview_ok: bool


def comparison_page(
    session: Session, review: Review, number: int, *, tolerance: float = 0.0
) -> ComparisonPage:
    """Return both entries of a study, compared.

    Raises InvalidDataError while not both have finished: nobody sees another's entry before that.
    """
    study = queries.study_numbered(session, review, number)
    found = sides(session, review, study.label, tolerance=tolerance)
    sources = _sources(session, found)
    return ComparisonPage(
        study_id=study.id,
        study=study.label,
        first=found.first.person,
        second=found.second.person,
        agreed=found.agreed,
        tolerance=tolerance,
        cells=tuple(_cell(cell, found, sources) for cell in found.comparison.cells),
        open=len(found.open),
        reasons=_reasons(session, review),
        agreement=agreement_by_field([found.comparison]),
        preview_ok=choices_of(session, review).previews(EntryKind.CONSENSUS),
    )


@dataclass(frozen=True, slots=True)
class AgreedOn:
    """How many cells were settled, and how many are open."""

    decided: int
    open: int


def decide(
    session: Session,
    review: Review,
    number: int,
    choices: Sequence[Choice],
    *,
    tolerance: float,
    person: str,
    now: datetime,
) -> AgreedOn:
    """Settle cells of a study, all or none; raise as `settle_cells` does."""
    study = queries.study_numbered(session, review, number)
    found = sides(session, review, study.label, tolerance=tolerance)
    done = settle_cells(session, review, found, choices, person=person, now=now)
    after = sides(session, review, study.label, tolerance=tolerance)
    return AgreedOn(done, len(after.open))


def _cell(
    cell: Cell, found: Sides, sources: Mapping[str, Mapping[str, Mapping[str, CellSource]]]
) -> ComparedCell:
    decided = found.decided.get(cell.id)
    of = sources.get(cell.place, {})
    return ComparedCell(
        id=cell.id,
        place=cell.place,
        field=cell.field,
        first=_text(cell.first),
        second=_text(cell.second),
        state=cell.state.value,
        decided=None
        if decided is None
        else Decided(
            decided.taken.value, _text(decided.value), decided.reason, decided.person.name,
            decided.decided_at,
        ),
        sources={
            side: here.get(cell.field, here.get("")) if (here := of.get(side)) else None
            for side in ("first", "second")
        },
    )  # fmt: skip


def _text(value: Any) -> str | None:
    return None if value is None else written(value)


def _sources(session: Session, found: Sides) -> dict[str, dict[str, dict[str, CellSource]]]:
    """Return by place, side and field where numbers stand; the field "" is all others."""
    pairs = {
        str(pair.key): (
            [s for k, s in ((pair.first_key, "first"), (pair.second_key, "second")) if k],
            results_of(found, pair),
        )
        for pair in found.comparison.pairs
    }
    ids = [number for _, numbers in pairs.values() for number in numbers]
    rows = {r.id: r for r in session.scalars(sa.select(Result).where(Result.id.in_(ids)))}
    both = (found.first.entry_id, found.second.entry_id)
    reports = {r.id: r for r in queries.reports(session, [found.study.id], both)}
    return {
        place: {
            side: _of_result(rows[number], reports)
            for side, number in zip(named, numbers, strict=True)
        }
        for place, (named, numbers) in pairs.items()
    }


def _of_result(result: Result, reports: Mapping[int, Report]) -> dict[str, CellSource]:
    report = reports.get(result.report_id or 0)
    citation = report.citation if report is not None else None
    whole = CellSource(
        result.report_id, citation, result.pdf, result.pdf_page, result.page, result.quote
    )
    own = {
        name: CellSource(
            result.report_id, one.get("report", citation), one.get("pdf", result.pdf),
            one.get("pdf_page", result.pdf_page), one.get("page", result.page),
            one.get("quote", result.quote),
        )
        for name, one in (result.sources or {}).items()
    }  # fmt: skip
    return {"": whole, **own}


def _reasons(session: Session, review: Review) -> tuple[str, ...]:
    rows = session.execute(
        sa.select(Resolution.reason, sa.func.max(Resolution.id).label("last"))
        .join(Study, Resolution.study_id == Study.id)
        .where(Study.review_id == review.id)
        .group_by(Resolution.reason)
        .order_by(sa.desc("last"))
        .limit(MOST_REASONS)
    )
    return tuple(row.reason for row in rows)


def consensus_previews(
    session: Session, review: Review, number: int, *, viewer: str, tolerance: float = 0.0
) -> Sequence[TrialPreview]:
    """Return what the consensus would do to each analysis; what is open counts as the first's.

    Nothing is stored. None where the review's choice hides it. Raises InvalidDataError where the
    decisions do not fit together.
    """
    if not choices_of(session, review).previews(EntryKind.CONSENSUS):
        return ()
    study = queries.study_numbered(session, review, number)
    found = as_if_decided(sides(session, review, study.label, tolerance=tolerance))
    rows = list(consensus_rows(session, review, found).values())
    counting = counting_of(session, review)
    items = evidence_of_rows(
        session, review, rows, viewer, kind=EntryKind.CONSENSUS, names=counting.names
    )
    raised = findings_of(items, counting.items)
    return previews_of(session, review, study, items, raised)
