"""Taking an extraction table into entries: single, blind or consensus."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from review.errors import FileError, Problem
from review.extraction import queries
from review.extraction.fields import FieldLevel, written
from review.extraction.files import NumberedRow
from review.extraction.models import (
    Arm,
    Entry,
    EntryValue,
    FieldVersion,
    Report,
    Result,
    Study,
    natural_key,
)
from review.extraction.rules import (
    ARM_FACTS,
    NUMBER_COLUMNS,
    SOURCE_COLUMNS,
    STUDY_FACTS,
    VERSUS_FACTS,
    ExtractionRow,
)
from review.extraction.stale import Conflict, StaleFormError
from review.extraction.vocabulary import EntryKind, Level
from review.people.actions import person_called
from review.protocol.models import Instrument, Review
from review.protocol.queries import instruments


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
    arms_added: int = 0
    """To studies that were there already."""
    reports_added: int = 0
    """Of studies that were there already."""
    results_added: int = 0
    results_unchanged: int = 0
    corrections: list[Correction] = field(default_factory=list)
    values_added: int = 0
    """Of custom fields, and of what blind entries say of studies and arms."""
    differing: int = 0
    """Values that are stored otherwise and were left, because the import only adds."""
    entries: dict[str, int] = field(default_factory=dict)
    """How many studies the file has of each kind of entry."""

    @property
    def nothing_new(self) -> bool:
        """Whether the database already held all of it."""
        return not (
            self.studies_added
            or self.arms_added
            or self.reports_added
            or self.results_added
            or self.corrections
            or self.values_added
        )


class _Refusal(Exception):
    """A row that cannot be taken, and why."""

    def __init__(self, column: str | None, reason: str):
        self.column = column
        self.reason = reason


def _contradicts(column: str, value: Any, line: int, earlier: Any) -> _Refusal:
    return _Refusal(column, f"line {line} says {written(earlier)}, this one {written(value)}")


_RESULT_VALUES: Final = (*NUMBER_COLUMNS, *SOURCE_COLUMNS)


class _Import:
    """One table on its way into one review: what the review holds already, and what to say."""

    def __init__(
        self,
        session: Session,
        review: Review,
        rows: Sequence[NumberedRow],
        handle: str,
        kind: EntryKind | None,
        adding: bool,
    ):
        self.session = session
        self.review = review
        self.kind = kind
        self.adding = adding
        self.person = person_called(session, handle)
        self.instruments = {i.slug: i for i in instruments(session, review)}
        self.fields = {f.slug: f for f in queries.field_versions(session, review)}
        labels = {numbered.row.study for numbered in rows}
        self.studies = {s.label: s for s in queries.studies(session, review) if s.label in labels}
        ids = [study.id for study in self.studies.values()]
        self.arms = {(a.study_id, a.label): a for a in queries.arms(session, ids)}
        self.reports = {(r.study_id, r.citation): r for r in queries.reports(session, ids)}
        self.entries: dict[int, list[Entry]] = {}
        for entry in queries.entries(session, ids):
            self.entries.setdefault(entry.study_id, []).append(entry)
        every = [entry for found in self.entries.values() for entry in found]
        self.results = {natural_key(r): r for r in queries.results(session, every)}
        self.values = {_place(v): v for v in queries.entry_values(session, every)}
        holders: list[Study | Arm | Result] = [*self.studies.values(), *self.arms.values()]
        holders += self.results.values()
        self.versions = {id(holder): holder.version for holder in holders}
        self.report = ImportReport(rows=len(rows))
        self.new: set[str] = set()
        """Studies that this table adds."""
        self.seen: dict[tuple[Any, ...], int] = {}
        self.said: dict[tuple[Any, ...], tuple[int, Any]] = {}
        self.differing: set[tuple[Any, ...]] = set()
        self.conflicts: list[Conflict] = []
        self.described: list[tuple[NumberedRow, Study, Entry, Result]] = []
        """New results with custom fields, which need the results' ids: one flush for all."""

    def prepare(self, rows: Sequence[NumberedRow]) -> None:
        """Make what the rows name and the review lacks, in two flushes instead of one each."""
        for numbered in rows:
            self._study(numbered.row, flush=False)
        self.session.flush()
        for numbered in rows:
            study = self.studies[numbered.row.study]
            self._publication(study, numbered.row, flush=False)
            for label in (numbered.row.arm, numbered.row.versus_arm):
                if label is not None:
                    self._arm(study, label, flush=False)
            if numbered.row.arm is not None:
                with suppress(_Refusal):  # said of the row when it is taken
                    self._entry(study, flush=False)
        self.session.flush()

    def taken(self, numbered: NumberedRow) -> Problem | None:
        """Add, correct or leave what a row says; return what is wrong with it, if anything."""
        try:
            self._row(numbered)
        except _Refusal as refusal:
            return Problem(numbered.line, refusal.column, refusal.reason)
        return None

    def describe_new_results(self) -> None:
        """Add the custom fields of the results that the table adds."""
        self.session.flush()
        for numbered, study, entry, result in self.described:
            self._custom(numbered, entry, FieldLevel.RESULT, study, result, None)

    def _row(self, numbered: NumberedRow) -> None:
        row, line = numbered.row, numbered.line
        study = self._study(row)
        says_more = row.arm is not None or any(v is not None for v in numbered.custom.values())
        entry = self._entry(study) if says_more or self.kind is EntryKind.BLIND else None
        self._facts(numbered, study, entry, study, STUDY_FACTS, row.study_version)
        self._custom(numbered, entry, FieldLevel.STUDY, study, study, row.study_version)
        report = self._publication(study, row)
        if row.arm is None:
            return
        assert entry is not None
        arm = self._arm(study, row.arm)
        self._facts(numbered, study, entry, arm, ARM_FACTS, row.arm_version)
        self._custom(numbered, entry, FieldLevel.ARM, study, arm, row.arm_version)
        versus = None
        if row.versus_arm is not None:
            versus = self._arm(study, row.versus_arm)
            self._facts(numbered, study, entry, versus, VERSUS_FACTS, None, prefix="versus_")
        if row.instrument is None:
            return
        related = row.with_instrument
        found = Result(
            entry_id=entry.id,
            level=Level.CONTRAST if versus else Level.ASSOCIATION if related else Level.ARM,
            arm_id=arm.id,
            versus_arm_id=versus.id if versus else None,
            instrument_id=self._instrument("instrument", row.instrument).id,
            with_instrument_id=self._instrument("with_instrument", related).id if related else None,
            rater=row.rater,
            timepoint=row.timepoint,
            analysis_set=row.analysis_set,
        )
        key = natural_key(found)
        if key in self.seen:
            reason = f"the same arm, instrument, rater, timepoint and set as line {self.seen[key]}"
            raise _Refusal(None, reason)
        self.seen[key] = line
        self._result(found, numbered, study, entry, report)

    def _instrument(self, column: str, slug: str) -> Instrument:
        if slug not in self.instruments:
            known = ", ".join(sorted(self.instruments)) or "none"
            raise _Refusal(
                column, f"review {self.review.slug} has no instrument {slug!r} ({known})"
            )
        return self.instruments[slug]

    def _study(self, row: ExtractionRow, *, flush: bool = True) -> Study:
        study = self.studies.get(row.study)
        if study is None:
            study = Study(review_id=self.review.id, label=row.study)
            self.session.add(study)
            if flush:
                self.session.flush()
            self.studies[row.study] = study
            self.report.studies_added.append(row.study)
            self.new.add(row.study)
        return study

    def _arm(self, study: Study, label: str, *, flush: bool = True) -> Arm:
        arm = self.arms.get((study.id, label))
        if arm is None:
            arm = Arm(study_id=study.id, label=label, treatment=label)
            self.session.add(arm)
            if flush:
                self.session.flush()
            self.arms[study.id, label] = arm
            self.report.arms_added += study.label not in self.new
        return arm

    def _entry(self, study: Study, *, flush: bool = True) -> Entry:
        """Return the entry that rows of a study go into; raise _Refusal where none may."""
        there = self.entries.setdefault(study.id, [])
        kind = self.kind or (
            EntryKind.CONSENSUS if any(_agreed(e) for e in there) else EntryKind.SINGLE
        )
        found = [e for e in there if e.kind is kind]
        if kind is EntryKind.BLIND:
            found = [e for e in found if e.person_id == self.person.id]
        elif kind is EntryKind.SINGLE:
            if any(_agreed(e) for e in there):
                raise _Refusal("study", f"{study.label} has a consensus; add --entry consensus")
            if not found and there:
                raise _Refusal("study", f"{study.label} is being entered twice; add --entry blind")
        elif not any(_agreed(e) for e in found):
            raise _Refusal("study", f"{study.label} has no consensus to correct yet")
        if not found:
            found = [Entry(study_id=study.id, person_id=self.person.id, kind=kind)]
            self.session.add(found[0])
            if flush:
                self.session.flush()
            there.append(found[0])
        if flush:
            self.seen.setdefault(("entry", found[0].id), 0)
        return found[0]

    def _closed(self, entry: Entry | None, study: Study) -> None:
        if entry is not None and entry.kind is EntryKind.BLIND and entry.finished_at is not None:
            raise _Refusal(
                "study",
                f"your entry of {study.label} is finished and may have been compared; to change "
                f'it: review extract reopen "{study.label}" --reason TEXT',
            )

    def _facts(
        self,
        numbered: NumberedRow,
        study: Study,
        entry: Entry | None,
        holder: Study | Arm,
        names: Sequence[str],
        version: int | None,
        *,
        prefix: str = "",
    ) -> None:
        """Keep what a row says of a study or arm; an empty cell leaves what is known."""
        for name in names:
            value = getattr(numbered.row, prefix + name)
            if value is None:
                continue
            said = (type(holder), holder.id, name)
            line, earlier = self.said.setdefault(said, (numbered.line, value))
            if earlier != value:
                raise _contradicts(prefix + name, value, line, earlier)
            what = "study" if holder is study else f"arm {holder.label}"
            if entry is not None and entry.kind is EntryKind.BLIND:
                arm = holder if isinstance(holder, Arm) else None
                self._value(numbered, study, entry, name, value, arm=arm, what=what)
                continue
            old = getattr(holder, name)
            if old == value:
                continue
            if self.adding and id(holder) in self.versions:
                self.differing.add((what, study.id, name))
                continue
            self._check_version(numbered, holder, version, (study, what, name, old, value))
            setattr(holder, name, value)
            if id(holder) in self.versions:
                self.report.corrections.append(Correction(study.label, what, name, old, value))

    def _custom(
        self,
        numbered: NumberedRow,
        entry: Entry | None,
        level: FieldLevel,
        study: Study,
        holder: Study | Arm | Result,
        version: int | None,
    ) -> None:
        for slug, value in numbered.custom.items():
            known = self.fields[slug]
            if known.level is not level or (value is None and not isinstance(holder, Result)):
                continue
            assert entry is not None
            what = _what(holder, numbered.row)
            arm = holder if isinstance(holder, Arm) else None
            result = holder if isinstance(holder, Result) else None
            old = self.values.get(_at(entry, arm, result, slug))
            if (old.value if old is not None else None) != value:
                stored = old.value if old is not None else None
                self._check_version(numbered, holder, version, (study, what, slug, stored, value))
            changed = self._value(
                numbered, study, entry, slug, value, arm=arm, result=result, field=known, what=what
            )
            if changed and entry.kind is not EntryKind.BLIND and id(holder) in self.versions:
                # the form's version covers custom fields too, and rises once an import
                holder.version = self.versions[id(holder)] + 1

    def _value(
        self,
        numbered: NumberedRow,
        study: Study,
        entry: Entry,
        name: str,
        value: Any,
        *,
        what: str,
        arm: Arm | None = None,
        result: Result | None = None,
        field: FieldVersion | None = None,
    ) -> bool:
        place = _at(entry, arm, result, name)
        known = self.values.get(place)
        if known is None:
            if value is None:
                return False
            self._closed(entry, study)
            known = EntryValue(
                entry_id=entry.id,
                arm_id=arm.id if arm else None,
                result_id=result.id if result else None,
                name=name,
                value=value,
                field_id=field.id if field else None,
            )
            self.session.add(known)
            self.values[place] = known
            self.said[place] = (numbered.line, value)
            self.report.values_added += 1
            return True
        line, earlier = self.said.setdefault(place, (numbered.line, value))
        if earlier != value:
            raise _contradicts(name, value, line, earlier)
        if known.value == value:
            return False
        self._closed(entry, study)
        self.report.corrections.append(Correction(study.label, what, name, known.value, value))
        known.value = value
        known.field_id = field.id if field else None
        return True

    def _check_version(
        self,
        numbered: NumberedRow,
        holder: Study | Arm | Result,
        version: int | None,
        change: tuple[Study, str, str, Any, Any],
    ) -> None:
        stored = self.versions.get(id(holder))
        if version is not None and stored is not None and version != stored:
            study, what, name, old, new = change
            self.conflicts.append(
                Conflict(
                    place=f"{study.label}, {what}",
                    field=name,
                    form=new,
                    stored=old,
                    form_version=version,
                    stored_version=stored,
                    line=numbered.line,
                )
            )

    def _publication(
        self, study: Study, row: ExtractionRow, *, flush: bool = True
    ) -> Report | None:
        citation = row.citation or (f"doi:{row.doi}" if row.doi else None)
        if citation is None:
            return None
        report = self.reports.get((study.id, citation))
        if report is None:
            report = Report(study_id=study.id, citation=citation, doi=row.doi, year=row.year)
            self.session.add(report)
            if flush:
                self.session.flush()
            self.reports[study.id, citation] = report
            self.report.reports_added += study.label not in self.new
        elif row.doi is not None and report.doi != row.doi and not self.adding:
            what = f"report {citation}"
            self.report.corrections.append(
                Correction(study.label, what, "doi", report.doi, row.doi)
            )
            report.doi = row.doi
        return report

    def _result(
        self,
        found: Result,
        numbered: NumberedRow,
        study: Study,
        entry: Entry,
        report: Report | None,
    ) -> None:
        row = numbered.row
        known = self.results.get(natural_key(found))
        what = _what(found, row)
        if known is None:
            self._closed(entry, study)
            for name in _RESULT_VALUES:
                setattr(found, name, getattr(row, name))
            found.not_reported = list(row.not_reported) or None
            found.report_id = report.id if report else None
            self.session.add(found)
            self.results[natural_key(found)] = found
            self.report.results_added += 1
            if any(value is not None for value in numbered.custom.values()):
                self.described.append((numbered, study, entry, found))
            return
        before = (len(self.report.corrections), self.report.values_added)
        values: dict[str, Any] = {
            name: getattr(row, name) for name in _RESULT_VALUES if name in row.model_fields_set
        }
        values["not_reported"] = _not_reported(known, row)
        if report is not None and known.report_id != report.id:
            values["report_id"] = report.id
        for name, new in values.items():
            old = getattr(known, name)
            if old == new:
                continue
            if self.adding:
                self.differing.add((what, study.id, name))
                continue
            self._closed(entry, study)
            self._check_version(numbered, known, row.version, (study, what, name, old, new))
            self.report.corrections.append(Correction(study.label, what, name, old, new))
            setattr(known, name, new)
        self._custom(numbered, entry, FieldLevel.RESULT, study, known, row.version)
        if (len(self.report.corrections), self.report.values_added) == before:
            self.report.results_unchanged += 1


def _agreed(entry: Entry) -> bool:
    return entry.kind is EntryKind.CONSENSUS and entry.finished_at is not None


def _what(holder: Study | Arm | Result, row: ExtractionRow) -> str:
    if isinstance(holder, Study):
        return "study"
    if isinstance(holder, Arm):
        return f"arm {holder.label}"
    versus = f" against {row.versus_arm}" if row.versus_arm else ""
    return f"{row.arm}{versus}, {row.instrument}, {row.rater}, {row.timepoint}, {row.analysis_set}"


def _not_reported(known: Result, row: ExtractionRow) -> list[str] | None:
    kept = {name for name in known.not_reported or () if name not in row.model_fields_set}
    return sorted(kept | set(row.not_reported)) or None


def _at(entry: Entry, arm: Arm | None, result: Result | None, name: str) -> tuple[Any, ...]:
    return (entry.id, arm.id if arm else None, result.id if result else None, name)


def _place(value: EntryValue) -> tuple[Any, ...]:
    return (value.entry_id, value.arm_id, value.result_id, value.name)


def import_extraction(
    session: Session,
    review: Review,
    rows: Sequence[NumberedRow],
    *,
    file: str,
    person: str,
    kind: EntryKind | None = None,
    finished: datetime | None = None,
    adding: bool = False,
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
    taking = _Import(session, review, rows, person, kind, adding)
    with session.no_autoflush:
        taking.prepare(rows)
        problems = [p for numbered in rows if (p := taking.taken(numbered)) is not None]
    if problems:
        raise FileError(file, problems)
    if taking.conflicts:
        raise StaleFormError(taking.conflicts)
    taking.describe_new_results()
    touched = [
        entry
        for entries in taking.entries.values()
        for entry in entries
        if ("entry", entry.id) in taking.seen
    ]
    for entry in touched:
        name = entry.kind.value
        taking.report.entries[name] = taking.report.entries.get(name, 0) + 1
        if finished is not None and entry.kind is EntryKind.BLIND and entry.finished_at is None:
            entry.finished_at = finished
    session.flush()
    taking.report.differing = len(taking.differing)
    return taking.report
