"""A table of results on its way in: read, taken into entries, and doubted at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from review.extraction import field_queries
from review.extraction.doubts import doubts_at_entry
from review.extraction.files import read_rows
from review.extraction.imported import ImportReport
from review.extraction.intake import import_extraction
from review.extraction.mending.naming import dismiss_twins
from review.extraction.rows import NumberedRow
from review.extraction.twins import Answers
from review.extraction.vocabulary import EntryKind
from review.protocol.models import Review
from review.tabular.table import Read


@dataclass(frozen=True, slots=True)
class How:
    """How a table is taken, by who sends it."""

    kind: EntryKind | None = None
    """None corrects a study's consensus where it has one, and its single entry otherwise."""
    draft: bool = False
    """Of a blind entry: it is not finished by this table."""
    sheet: str | None = None
    """Of a workbook with several."""
    answers: Answers = field(default_factory=Answers)
    """What was said of new names that are nearly known ones."""


def read_incoming(
    session: Session, review: Review, data: bytes, *, file: str, sheet: str | None = None
) -> Read[NumberedRow]:
    """Read a table by the fields of a review; what is wrong with rows comes back with them.

    Raises FileError for what is no table of this form at all.
    """
    return read_rows(
        data, field_queries.field_specs(session, review), file=file,
        earlier=field_queries.earlier_specs(session, review), sheet=sheet, refuse=False,
    )  # fmt: skip


def take_in(
    session: Session,
    review: Review,
    rows: Read[NumberedRow],
    *,
    file: str,
    how: How,
    person: str,
    actor: str,
    now: datetime,
) -> ImportReport:
    """Take a table that was read into entries, whole; say what is doubtful in it.

    Parameters
    ----------
    session
        Of the caller's transaction, which is to be rolled back when this raises.
    review
        The review.
    rows
        As `read_incoming` returns them.
    file
        What problems call the file.
    how
        Into which entries, and what was answered.
    person
        Whose entry a new one is.
    actor
        Who sends it.
    now
        When.

    Returns
    -------
    ImportReport
        With the doubts about what is new.

    Raises
    ------
    FileError
        With every problem of the rows.
    StaleFormError
        If rows carry versions and would overwrite changes made since.
    """
    blind = how.kind is EntryKind.BLIND
    report = import_extraction(
        session, review, rows, file=file, problems=rows.problems, person=person, kind=how.kind,
        finished=now if blind and not how.draft else None, answers=how.answers,
    )  # fmt: skip
    dismiss_twins(session, review, how.answers, person=actor, now=now)
    report.doubts = doubts_at_entry(session, review, report.lines, person=actor if blind else None)
    return report
