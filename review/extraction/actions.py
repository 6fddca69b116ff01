"""Writing studies and results. Actions never commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import FileError, InvalidDataError, Problem
from review.extraction import queries
from review.extraction.files import NumberedRow
from review.extraction.models import Arm, Entry, EntryKind, Level, Note, Report, Result, Study
from review.extraction.rules import NUMBER_COLUMNS, SOURCE_COLUMNS, ExtractionRow
from review.people.actions import person_called
from review.protocol.models import Instrument, Review
from review.protocol.queries import instruments
from review.protocol.vocabulary import DeliveryMode


@dataclass(frozen=True, slots=True)
class Correction:
    """One value that an import changed."""

    study: str
    what: str
    field: str
    old: Any
    new: Any


@dataclass
class ImportReport:
    """What an import did."""

    rows: int
    studies_added: list[str] = field(default_factory=list)
    results_added: int = 0
    results_unchanged: int = 0
    corrections: list[Correction] = field(default_factory=list)

    @property
    def nothing_new(self) -> bool:
        """Whether the database already held all of it."""
        return not (self.studies_added or self.results_added or self.corrections)


class _Import:
    """One table on its way into one review: what the review holds already, and what to say."""

    def __init__(self, session: Session, review: Review, rows: Sequence[NumberedRow], handle: str):
        self.session = session
        self.review = review
        self.person = person_called(session, handle)
        self.instruments = {i.slug: i for i in instruments(session, review)}
        labels = {numbered.row.study for numbered in rows}
        self.studies = {s.label: s for s in queries.studies(session, review) if s.label in labels}
        ids = [study.id for study in self.studies.values()]
        self.arms = {(a.study_id, a.label): a for a in queries.arms(session, ids)}
        self.reports = {(r.study_id, r.citation): r for r in queries.reports(session, ids)}
        self.entries = {e.study_id: e for e in queries.single_entries(session, ids)}
        self.results = {
            _key(r.entry_id, r): r for r in queries.results(session, list(self.entries.values()))
        }
        self.report = ImportReport(rows=len(rows))
        self.seen: dict[tuple[Any, ...], int] = {}

    def correct(self, row: Any, study: str, what: str, values: dict[str, Any]) -> bool:
        """Set what differs; an empty cell of a study or arm column leaves what is known."""
        changed = False
        for name, new in values.items():
            old = getattr(row, name)
            if old != new:
                setattr(row, name, new)
                self.report.corrections.append(Correction(study, what, name, old, new))
                changed = True
        return changed

    def study(self, row: ExtractionRow) -> Study:
        given = {
            name: value
            for name in ("year", "registration", "design", "country", "population")
            if (value := getattr(row, name)) is not None
        }
        study = self.studies.get(row.study)
        if study is None:
            study = Study(review_id=self.review.id, label=row.study, **given)
            self.session.add(study)
            self.session.flush()
            self.studies[row.study] = study
            self.report.studies_added.append(row.study)
        else:
            self.correct(study, study.label, "study", given)
        return study

    def publication(self, study: Study, row: ExtractionRow) -> Report | None:
        citation = row.citation or (f"doi:{row.doi}" if row.doi else None)
        if citation is None:
            return None
        report = self.reports.get((study.id, citation))
        if report is None:
            report = Report(study_id=study.id, citation=citation, doi=row.doi, year=row.year)
            self.session.add(report)
            self.session.flush()
            self.reports[study.id, citation] = report
        elif row.doi is not None:
            self.correct(report, study.label, f"report {citation}", {"doi": row.doi})
        return report

    def arm(
        self,
        study: Study,
        label: str,
        treatment: str | None,
        mode: DeliveryMode | None,
        n_randomised: int | None,
    ) -> Arm:
        given = {"treatment": treatment, "delivery_mode": mode, "n_randomised": n_randomised}
        stated = {name: value for name, value in given.items() if value is not None}
        arm = self.arms.get((study.id, label))
        if arm is None:
            arm = Arm(study_id=study.id, label=label, **{"treatment": label, **stated})
            self.session.add(arm)
            self.session.flush()
            self.arms[study.id, label] = arm
        else:
            self.correct(arm, study.label, f"arm {label}", stated)
        return arm

    def entry(self, study: Study) -> Entry:
        entry = self.entries.get(study.id)
        if entry is None:
            entry = Entry(study_id=study.id, person_id=self.person.id, kind=EntryKind.SINGLE)
            self.session.add(entry)
            self.session.flush()
            self.entries[study.id] = entry
        return entry

    def result(self, numbered: NumberedRow) -> Problem | None:
        """Add, correct or leave one result; return what is wrong with the row, if anything."""
        row = numbered.row
        study = self.study(row)
        report = self.publication(study, row)
        if row.arm is None:
            return None
        arm = self.arm(study, row.arm, row.treatment, row.delivery_mode, row.n_randomised)
        versus = row.versus_arm and self.arm(
            study,
            row.versus_arm,
            row.versus_treatment,
            row.versus_delivery_mode,
            row.versus_n_randomised,
        )
        if row.instrument is None:
            return None
        instrument = self.instruments.get(row.instrument)
        if instrument is None:
            known = ", ".join(sorted(self.instruments)) or "none"
            reason = f"review {self.review.slug} has no instrument {row.instrument!r} ({known})"
            return Problem(numbered.line, "instrument", reason)
        found = Result(
            entry_id=self.entry(study).id,
            level=Level.CONTRAST if versus else Level.ARM,
            arm_id=arm.id,
            versus_arm_id=versus.id if versus else None,
            instrument_id=instrument.id,
            rater=row.rater,
            timepoint=row.timepoint,
            analysis_set=row.analysis_set,
        )
        key = _key(found.entry_id, found)
        if key in self.seen:
            return Problem(
                numbered.line,
                None,
                f"the same arm, instrument, rater, timepoint and set as line {self.seen[key]}",
            )
        self.seen[key] = numbered.line
        return self.keep(found, key, row, instrument, report, numbered.line)

    def keep(
        self,
        found: Result,
        key: tuple[Any, ...],
        row: ExtractionRow,
        instrument: Instrument,
        report: Report | None,
        line: int,
    ) -> Problem | None:
        problem = _outside_range(row, instrument)
        if problem is not None:
            return Problem(line, "mean", problem)
        values = {name: getattr(row, name) for name in (*NUMBER_COLUMNS, *SOURCE_COLUMNS)}
        known = self.results.get(key)
        if known is None:
            for name, value in values.items():
                setattr(found, name, value)
            found.report_id = report.id if report else None
            self.session.add(found)
            self.results[key] = found
            self.report.results_added += 1
            return None
        if report is not None and known.report_id != report.id:
            known.report_id = report.id
        if not self.correct(known, row.study, f"{row.arm}, {instrument.name}", values):
            self.report.results_unchanged += 1
        return None


def _key(entry_id: int, result: Result) -> tuple[Any, ...]:
    return (
        entry_id,
        result.arm_id,
        result.versus_arm_id,
        result.instrument_id,
        result.rater,
        result.timepoint,
        result.analysis_set,
    )


def _outside_range(row: ExtractionRow, instrument: Instrument) -> str | None:
    if row.mean is None or row.metric is not None:
        return None
    if instrument.lowest is not None and row.mean < instrument.lowest:
        return f"{row.mean} is below the lowest score of {instrument.name} ({instrument.lowest})"
    if instrument.highest is not None and row.mean > instrument.highest:
        return f"{row.mean} is above the highest score of {instrument.name} ({instrument.highest})"
    return None


def import_extraction(
    session: Session, review: Review, rows: Sequence[NumberedRow], *, file: str, person: str
) -> ImportReport:
    """Take a whole extraction table into the single entries of a review's studies.

    A row is recognised by study, arm, instrument, rater, timepoint and analysis set: a known one
    is corrected where it differs. Nothing is removed by being absent. Raises FileError with every
    problem; the caller's transaction is then to be rolled back.
    """
    taking = _Import(session, review, rows, person)
    with session.no_autoflush:
        problems = [
            problem for numbered in rows if (problem := taking.result(numbered)) is not None
        ]
    if problems:
        raise FileError(file, problems)
    session.flush()
    return taking.report


def exclude_study(session: Session, review: Review, *, label: str, reason: str) -> Study:
    """Take a study out of the review, for instance after a retraction; its numbers stay."""
    study = queries.study_called(session, review, label)
    if study.excluded_because is not None:
        raise InvalidDataError(f"{label} is already excluded: {study.excluded_because}")
    study.excluded_because = reason
    session.flush()
    return study


def readmit_study(session: Session, review: Review, *, label: str) -> Study:
    """Take an excluded study back."""
    study = queries.study_called(session, review, label)
    if study.excluded_because is None:
        raise InvalidDataError(f"{label} is not excluded")
    study.excluded_because = None
    session.flush()
    return study


def add_note(
    session: Session, study: Study, *, topic: str, text: str, source: str, certainty: str
) -> Note:
    """Keep what a source says about a study."""
    known = session.scalar(
        sa.select(Note).where(Note.study_id == study.id, Note.topic == topic, Note.text == text)
    )
    if known is not None:
        return known
    note = Note(study_id=study.id, topic=topic, text=text, source=source, certainty=certainty)
    session.add(note)
    session.flush()
    return note
