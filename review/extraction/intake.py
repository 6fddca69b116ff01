"""Taking an extraction table into entries: single, blind or consensus."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from review.errors import FileError, Problem
from review.extraction.holdings import Holdings
from review.extraction.imported import ImportReport
from review.extraction.known_names import known_names
from review.extraction.past_imports import keep_import
from review.extraction.rows import NumberedRow
from review.extraction.rules import (
    UNNAMED,
)
from review.extraction.spelling import as_spelled
from review.extraction.stale import StaleFormError
from review.extraction.twins import Answers, as_answered, questions
from review.extraction.vocabulary import EntryKind
from review.extraction.writer import Writer
from review.history.queries import head
from review.protocol.models import Review


def import_extraction(
    session: Session,
    review: Review,
    rows: Sequence[NumberedRow],
    *,
    file: str,
    problems: Sequence[Problem] = (),
    person: str,
    kind: EntryKind | None = None,
    finished: datetime | None = None,
    adding: bool = False,
    answers: Answers | None = None,
) -> ImportReport:
    """Take a whole extraction table into entries of a review's studies.

    A row is recognised by study, arm, instrument, rater, timepoint and analysis set: a known one
    is corrected where it differs. A column that the file does not have, and an empty cell of a
    study or arm column, leave what is known. Nothing is removed by being absent.

    Parameters
    ----------
    session
        Of the caller's transaction, which is to be rolled back when this raises.
    review
        The review.
    rows
        As `review.extraction.files.read_extraction` returns them.
    file
        What problems call the file.
    problems
        What reading the rows found, to be said beside what is wrong with them here.
    person
        Whose entry a new one is; of blind entries, the only one that is seen or touched.
    kind
        None corrects a study's consensus where it has one and its single entry otherwise.
    finished
        When given, the blind entries of the file are finished at that time: ready to compare,
        and closed.
    adding
        Only add studies, arms and results that are missing; where a value of what is there
        differs, the stored one stays and is counted.
    answers
        What was said of new names that are nearly known ones (`review.extraction.twins`); None
        where nothing was, so that each of them is a problem of its row.

    Returns
    -------
    ImportReport

    Raises
    ------
    FileError
        With every problem of the rows.
    StaleFormError
        If rows carry versions and would overwrite changes made since.
    """
    first = head(session)[0] + 1
    answers = answers or Answers()
    known = known_names(session, review, person)
    spelled = list(
        as_spelled(
            as_answered((row for row in rows if row.row.study != UNNAMED), answers),
            studies=known.studies,
            arms=known.arms,
            timepoints=known.timepoints,
        )
    )
    writer = Writer(Holdings(session, review, spelled, person, kind), adding=adding)
    writer.write()
    found = [*problems, *writer.problems, *questions(spelled, known, answers)]
    if found:
        raise FileError(file, sorted(found, key=lambda problem: problem.line or 0))
    if writer.conflicts:
        raise StaleFormError(writer.conflicts)
    writer.describe_new_results()
    writer.report.entries = writer.held.finish(finished)
    keep_import(session, first=first, file=file, rows=len(rows))
    writer.report.lines = {result.id: line for line, result in writer.touched}
    return writer.summary()
