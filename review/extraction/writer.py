"""Rows into entries: what they change, and all that is wrong with them. Nothing commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from review.errors import Problem
from review.extraction.conversion import unknown_metric
from review.extraction.fields import FieldLevel, written
from review.extraction.holdings import Holdings, Refusal, as_held
from review.extraction.imported import CorrectedValue, ImportReport
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
from review.extraction.rows import NumberedRow
from review.extraction.rules import (
    ARM_FACTS,
    RESULT_COLUMNS,
    STUDY_FACTS,
    VERSUS_FACTS,
    ExtractionRow,
)
from review.extraction.stale import Conflict
from review.extraction.vocabulary import EntryKind, Level
from review.measures import Measure


def _contradicts(column: str, value: Any, line: int, earlier: Any) -> Refusal:
    return Refusal(column, f"line {line} says {written(earlier)}, this one {written(value)}")


class Writer:
    """Rows on their way into entries of one review: what they change, and what to say of it.

    Files, forms and a consensus of two entries all write through it. All that is wrong with the
    rows is in `problems`, with their columns; what was written then is to be rolled back.
    """

    def __init__(self, held: Holdings, *, adding: bool = False):
        self.held = held
        self.session = held.session
        self.adding = adding
        self.report = ImportReport(rows=len(held.rows))
        self.seen: dict[tuple[Any, ...], int] = {}
        self.said: dict[tuple[Any, ...], tuple[int, Any]] = {}
        self.differing: set[tuple[Any, ...]] = set()
        self.problems: list[Problem] = []
        self.conflicts: list[Conflict] = []
        self.described: list[tuple[NumberedRow, Study, Entry, Result]] = []
        """New results with custom fields, which need the results' ids: one flush for all."""
        self.touched: list[tuple[int, Result]] = []
        """New and corrected results with the lines that say them."""

    def write(self) -> None:
        """Add, correct or leave what the rows say; gather what is wrong with them."""
        with self.session.no_autoflush:
            self.held.make()
            for numbered in self.held.rows:
                if self._known(numbered) and not numbered.bad:
                    try:
                        self._row(numbered)
                    except Refusal as refusal:
                        self._refuse(numbered, refusal.column, refusal.reason)

    def _refuse(self, numbered: NumberedRow, column: str | None, reason: str) -> None:
        self.problems.append(Problem(numbered.line, column, reason))

    def _known(self, numbered: NumberedRow) -> bool:
        """Whether the review knows the instruments of a row and can use its metric."""
        row = numbered.row
        named = (("instrument", row.instrument), ("with_instrument", row.with_instrument))
        before = len(self.problems)
        for column, slug in named:
            try:
                if slug is not None:
                    self.held.instrument(column, slug)
            except Refusal as refusal:
                self._refuse(numbered, column, refusal.reason)
        reason = self._useless_metric(row)
        if reason is not None:
            self._refuse(numbered, "metric", reason)
        return len(self.problems) == before

    def describe_new_results(self) -> None:
        """Add the custom fields of the results that the table adds."""
        self.session.flush()
        for numbered, study, entry, result in self.described:
            self._custom(numbered, entry, FieldLevel.RESULT, study, result, None)

    def summary(self) -> ImportReport:
        """Return what was done."""
        self.report.studies_added = self.held.studies_added
        self.report.arms_added = self.held.arms_added
        self.report.reports_added = self.held.reports_added
        self.report.differing = len(self.differing)
        return self.report

    def _row(self, numbered: NumberedRow) -> None:
        row, line = numbered.row, numbered.line
        study = self.held.study(row.study)
        says_more = row.arm is not None or any(v is not None for v in numbered.custom.values())
        entry = self.held.entry(study) if says_more or self.held.kind is EntryKind.BLIND else None
        self._facts(numbered, study, entry, study, STUDY_FACTS, row.study_version)
        self._custom(numbered, entry, FieldLevel.STUDY, study, study, row.study_version)
        report = self._publication(study, row)
        if report is not None and report.doi is not None and "doi" in numbered.cleared:
            self._corrected(study, f"report {report.citation}", "doi", report.doi, None)
            report.doi = None
        if row.arm is None:
            return
        assert entry is not None
        arm = self.held.arm(study, row.arm)
        self._facts(numbered, study, entry, arm, ARM_FACTS, row.arm_version)
        self._custom(numbered, entry, FieldLevel.ARM, study, arm, row.arm_version)
        versus = None
        if row.versus_arm is not None:
            versus = self.held.arm(study, row.versus_arm)
            if versus is arm:
                raise Refusal("versus_arm", f"{arm.label} against itself")
            self._facts(numbered, study, entry, versus, VERSUS_FACTS, None, prefix="versus_")
        if row.instrument is None:
            return
        other = None
        if row.with_instrument is not None:
            other = self.held.instrument("with_instrument", row.with_instrument)
        self.report.asides += [(line, told) for told in row.asides]
        found = Result(
            entry_id=entry.id,
            level=Level.CONTRAST if versus else Level.ASSOCIATION if other else Level.ARM,
            arm_id=arm.id,
            versus_arm_id=versus.id if versus else None,
            instrument_id=self.held.instrument("instrument", row.instrument).id,
            with_instrument_id=other.id if other else None,
            rater=row.rater,
            timepoint=row.timepoint,
            analysis_set=row.analysis_set,
        )
        key = natural_key(found)
        if key in self.seen:
            raise Refusal(
                None,
                f"the same arm, instrument, rater, timepoint and set as line {self.seen[key]}; "
                "leave one out, or write how they differ",
            )
        self.seen[key] = line
        self._result(found, numbered, study, entry, report)

    def _useless_metric(self, row: ExtractionRow) -> str | None:
        """Return why no planned measure of a contrast's outcome can use its metric, if so."""
        metric = row.numbers.metric
        if metric is None or row.versus_arm is None or row.numbers.estimate is None:
            return None
        measures = self.held.measures(row.instrument or "")
        reason = unknown_metric(metric) if Measure.GEN not in measures else None
        if reason is None or not (measures or "is it" in reason):
            return None
        planned = f"; planned are {', '.join(sorted(measures))}" if measures else ""
        return f"{reason}{planned}; an analysis with measure GEN pools any one metric"

    def _corrected(self, study: Study, what: str, name: str, old: Any, new: Any) -> None:
        self.report.corrections.append(CorrectedValue(study.label, what, name, old, new))

    def _closed(self, entry: Entry | None, study: Study) -> None:
        if entry is not None and entry.kind is EntryKind.BLIND and entry.finished_at is not None:
            raise Refusal(
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
            if value is None and prefix + name not in numbered.cleared:
                continue
            if value is None and name == "treatment":
                self._refuse(numbered, prefix + name, "an arm always has a treatment; write which")
                continue
            said = (type(holder), holder.id, name)
            line, earlier = self.said.setdefault(said, (numbered.line, value))
            if earlier != value:
                refusal = _contradicts(prefix + name, value, line, earlier)
                self._refuse(numbered, refusal.column, refusal.reason)
                continue
            what = "study" if holder is study else f"arm {holder.label}"
            if entry is not None and entry.kind is EntryKind.BLIND:
                arm = holder if isinstance(holder, Arm) else None
                self._value(numbered, study, entry, name, value, arm=arm, what=what)
                continue
            old = getattr(holder, name)
            if old == value:
                continue
            if self.adding and id(holder) in self.held.versions:
                self.differing.add((what, study.id, name))
                continue
            self._check_version(numbered, holder, version, (study, what, name, old, value))
            setattr(holder, name, value)
            if id(holder) in self.held.versions:
                self._corrected(study, what, name, old, value)

    def _custom(
        self,
        numbered: NumberedRow,
        entry: Entry | None,
        level: FieldLevel,
        study: Study,
        holder: Study | Arm | Result,
        version: int | None,
    ) -> None:
        for slug, given in numbered.custom.items():
            known = self.held.fields[slug]
            silent = given is None and slug not in numbered.cleared
            if known.level is not level or (silent and not isinstance(holder, Result)):
                continue
            assert entry is not None
            what = _what(holder, numbered.row)
            arm = holder if isinstance(holder, Arm) else None
            result = holder if isinstance(holder, Result) else None
            old = self.held.values.get(_at(entry, arm, result, slug))
            stored = old.value if old is not None else None
            value = as_held(slug, given, stored)
            if stored != value:
                self._check_version(numbered, holder, version, (study, what, slug, stored, value))
            changed = self._value(
                numbered, study, entry, slug, value, arm=arm, result=result, field=known, what=what
            )
            if changed and entry.kind is not EntryKind.BLIND and id(holder) in self.held.versions:
                # the form's version covers custom fields too, and rises once an import
                holder.version = self.held.versions[id(holder)] + 1

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
        known = self.held.values.get(place)
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
            self.held.values[place] = known
            self.said[place] = (numbered.line, value)
            self.report.values_added += 1
            return True
        line, earlier = self.said.setdefault(place, (numbered.line, value))
        if earlier != value:
            raise _contradicts(name, value, line, earlier)
        if known.value == value:
            return False
        self._closed(entry, study)
        self._corrected(study, what, name, known.value, value)
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
        stored = self.held.versions.get(id(holder))
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

    def _not_withdrawn(self, found: Result) -> None:
        """Refuse what a person withdrew: the same numbers do not come back with an old file."""
        for gone in self.held.withdrawn.get(natural_key(found), ()):
            if gone.numbers.given == found.numbers.given:
                raise Refusal(
                    None,
                    f"result {gone.id} with these numbers was withdrawn here: "
                    f"{gone.withdrawn_because}; leave the row out, or let it count again with: "
                    f"review extract reinstate {gone.id}",
                )

    def _publication(self, study: Study, row: ExtractionRow) -> Report | None:
        report = self.held.publication(study, row)
        if report is not None and row.doi not in (None, report.doi) and not self.adding:
            self._corrected(study, f"report {report.citation}", "doi", report.doi, row.doi)
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
        known = self.held.results.get(natural_key(found))
        what = _what(found, row)
        if known is None:
            self._closed(entry, study)
            for name in RESULT_COLUMNS:
                setattr(found, name, row.value(name))
            self._not_withdrawn(found)
            found.not_reported = list(row.not_reported) or None
            found.report_id = report.id if report else None
            self.session.add(found)
            self.held.results[natural_key(found)] = found
            self.report.results_added += 1
            self.touched.append((numbered.line, found))
            if any(value is not None for value in numbered.custom.values()):
                for slug, value in numbered.custom.items():
                    if self.held.fields[slug].level is FieldLevel.RESULT:
                        as_held(slug, value, None)
                self.described.append((numbered, study, entry, found))
            return
        before = (len(self.report.corrections), self.report.values_added)
        values: dict[str, Any] = {name: row.value(name) for name in RESULT_COLUMNS if row.has(name)}
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
            self._corrected(study, what, name, old, new)
            setattr(known, name, new)
        self._custom(numbered, entry, FieldLevel.RESULT, study, known, row.version)
        if (len(self.report.corrections), self.report.values_added) == before:
            self.report.results_unchanged += 1
        else:
            self.touched.append((numbered.line, known))


def _what(holder: Study | Arm | Result, row: ExtractionRow) -> str:
    if isinstance(holder, Study):
        return "study"
    if isinstance(holder, Arm):
        return f"arm {holder.label}"
    versus = f" against {row.versus_arm}" if row.versus_arm else ""
    return f"{row.arm}{versus}, {row.instrument}, {row.rater}, {row.timepoint}, {row.analysis_set}"


def _not_reported(known: Result, row: ExtractionRow) -> list[str] | None:
    kept = {name for name in known.not_reported or () if not row.has(name)}
    return sorted(kept | set(row.not_reported)) or None


def _at(entry: Entry, arm: Arm | None, result: Result | None, name: str) -> tuple[Any, ...]:
    return (entry.id, arm.id if arm else None, result.id if result else None, name)
