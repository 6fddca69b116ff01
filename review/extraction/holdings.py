"""What a review holds of the studies that a table names, and what the table adds to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from review.extraction import field_queries, queries
from review.extraction.choices import choices_of
from review.extraction.fields import Outgrown, written
from review.extraction.models import Arm, Entry, EntryValue, Report, Result, Study, natural_key
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.spelling import as_spelled, identity
from review.extraction.vocabulary import EntryKind
from review.measures import Measure
from review.people.actions import person_called
from review.protocol.models import Instrument, Review
from review.protocol.queries import current_versions, instruments, plan_of

_AGREED: Final = "send this as a correction of what was agreed (--entry consensus)"
_BLIND: Final = "send this as your own blind entry (--entry blind)"


class Refusal(Exception):
    """A row that cannot be taken, and why."""

    def __init__(self, column: str | None, reason: str):
        self.column = column
        self.reason = reason


def as_held(column: str, given: Any, stored: Any) -> Any:
    """Return the value of a custom cell, as it is stored where the cell still says the same.

    What was entered before the form changed may stand; raises Refusal where it is new.
    """
    if stored is not None and written(stored) == written(given):
        return stored
    if isinstance(given, Outgrown):
        raise Refusal(column, given.reason)
    return given


class Holdings:
    """Studies, arms, reports and entries: found, or made where a row names one that is not there.

    Parameters
    ----------
    session, review
        The review.
    rows
        The table.
    handle
        Whose entry a new one is.
    kind
        Of the entries that the table goes into; None takes a study's consensus where it has one
        and its single entry otherwise.
    """

    def __init__(
        self,
        session: Session,
        review: Review,
        rows: Sequence[NumberedRow],
        handle: str,
        kind: EntryKind | None,
    ):
        self.session = session
        self.review = review
        self.kind = kind
        self.person = (
            queries.extractor(session, review, handle)
            if kind in (EntryKind.BLIND, EntryKind.CONSENSUS)
            else person_called(session, handle)
        )
        self.fields = {f.slug: f for f in field_queries.field_versions(session, review)}
        self._measures: dict[str, set[Measure]] | None = None
        self._instruments = {i.slug: i for i in instruments(session, review)}
        named = {identity(numbered.row.study) for numbered in rows}
        there = [s for s in queries.studies(session, review) if identity(s.label) in named]
        self._studies = {study.label: study for study in there}
        label_of = {study.id: study.label for study in there}
        self._entries: dict[int, list[Entry]] = {}
        for entry in queries.entries(session, list(label_of)):
            self._entries.setdefault(entry.study_id, []).append(entry)
        every = [entry for found in self._entries.values() for entry in found]
        own = [e.id for e in every if kind is EntryKind.BLIND and self._is_own(e)]
        arms_of = queries.arms(session, list(label_of), own)
        self._arms = {(a.study_id, a.label): a for a in arms_of}
        reports = queries.reports(session, list(label_of), own)
        self._reports = {(r.study_id, r.citation): r for r in reports}
        self.arms_first = choices_of(session, review).arms_first
        self.results = {natural_key(r): r for r in queries.results(session, every)}
        self.withdrawn: dict[tuple[Any, ...], list[Result]] = {}
        """What persons withdrew, by the key that it had."""
        for gone in queries.withdrawn_results(session, every):
            self.withdrawn.setdefault(natural_key(gone), []).append(gone)
        self.values = {place_of(v): v for v in queries.entry_values(session, every)}
        holders: list[Study | Arm | Result] = [*there, *self._arms.values(), *self.results.values()]
        self.versions = {id(holder): holder.version for holder in holders}
        """Of what was there before, by identity."""
        self.studies_added: list[str] = []
        self.arms_added = 0
        """To studies that were there already."""
        self.reports_added = 0
        """Of studies that were there already."""
        self._touched: dict[int, Entry] = {}
        """The entries that the table goes into, by id."""
        arms: dict[str, list[str]] = {}
        for arm in self._arms.values():
            arms.setdefault(label_of[arm.study_id], []).append(arm.label)
        seen = {e.id for e in queries.visible_entries(session, list(label_of), self.person.name)}
        times = dict.fromkeys(r.timepoint for r in self.results.values() if r.entry_id in seen)
        self.rows = list(
            as_spelled(rows, studies=self._studies, arms=arms, timepoints=["post", *times])
        )
        """The table with every name as it is known."""

    def measures(self, instrument: str) -> frozenset[Measure]:
        """Return the measures that analyses of an instrument's outcome are planned with."""
        found = self._instruments.get(instrument)
        if found is None:
            return frozenset()
        if self._measures is None:
            self._measures = {}
            for version in current_versions(self.session, self.review):
                plan = plan_of(version)
                for outcome in plan.measured:
                    self._measures.setdefault(outcome, set()).add(plan.measure)
        return frozenset(self._measures.get(found.outcome.slug, ()))

    def make(self) -> None:
        """Make what the rows name and the review lacks, in two flushes instead of one each."""
        for numbered in self.rows:
            self.study(numbered.row.study, flush=False)
        self.session.flush()
        for numbered in self.rows:
            study = self._studies[numbered.row.study]
            self.publication(study, numbered.row, flush=False)
            with suppress(Refusal):  # said of the row when it is taken
                if numbered.row.arm is not None:
                    self._entry(study, flush=False)
                for label in (numbered.row.arm, numbered.row.versus_arm):
                    if label is not None:
                        self.arm(study, label, flush=False)
        self.session.flush()

    def instrument(self, column: str, slug: str) -> Instrument:
        """Return an instrument of the review; raise Refusal."""
        if slug not in self._instruments:
            known = ", ".join(sorted(self._instruments)) or "none"
            raise Refusal(column, f"review {self.review.slug} has no instrument {slug!r} ({known})")
        return self._instruments[slug]

    def study(self, label: str, *, flush: bool = True) -> Study:
        """Return a study."""
        study = self._studies.get(label)
        if study is None:
            study = Study(review_id=self.review.id, label=label)
            self._add(study, flush)
            self._studies[label] = study
            self.studies_added.append(label)
        return study

    def arm(self, study: Study, label: str, *, flush: bool = True) -> Arm:
        """Return an arm of a study; raise Refusal for a new one where arms are agreed first."""
        arm = self._arms.get((study.id, label))
        if arm is None:
            if self.arms_first and self.kind is EntryKind.BLIND:
                known = ", ".join(name for at, name in self._arms if at == study.id) or "none yet"
                raise Refusal(
                    "arm",
                    f"{study.label} has no arm {label!r}, and this review agrees on the arms "
                    f"before trials are entered blind (there is: {known})",
                )
            arm = Arm(study_id=study.id, label=label, treatment=label, entry=self._owner(study))
            self._add(arm, flush)
            self._arms[study.id, label] = arm
            self.arms_added += id(study) in self.versions
        return arm

    def publication(self, study: Study, row: ExtractionRow, *, flush: bool = True) -> Report | None:
        """Return the report that a row is from, if it says so."""
        citation = row.citation or (f"doi:{row.doi}" if row.doi else None)
        if citation is None:
            return None
        report = self._reports.get((study.id, citation))
        if report is None:
            report = Report(
                study_id=study.id, citation=citation, doi=row.doi, year=row.year,
                entry=self._owner(study),
            )  # fmt: skip
            self._add(report, flush)
            self._reports[study.id, citation] = report
            self.reports_added += id(study) in self.versions
        return report

    def entry(self, study: Study) -> Entry:
        """Return the entry that rows of a study go into; raise Refusal where none may."""
        entry = self._entry(study, flush=True)
        self._touched[entry.id] = entry
        return entry

    def finish(self, at: datetime | None) -> dict[str, int]:
        """Finish the blind entries that the table went into, if a time is given.

        Returns
        -------
        dict
            How many entries of each kind the table went into.
        """
        for entry in self._touched.values():
            if at is not None and entry.kind is EntryKind.BLIND and entry.finished_at is None:
                entry.finished_at = at
        return dict(Counter(entry.kind.value for entry in self._touched.values()))

    def _is_own(self, entry: Entry) -> bool:
        return entry.kind is EntryKind.BLIND and entry.person_id == self.person.id

    def _owner(self, study: Study) -> Entry | None:
        """Return the entry that what it names belongs to, None for what is everybody's."""
        return self._entry(study, flush=False) if self.kind is EntryKind.BLIND else None

    def _entry(self, study: Study, *, flush: bool) -> Entry:
        there = self._entries.setdefault(study.id, [])
        agreed = any(_agreed(e) for e in there)
        kind = self.kind or (EntryKind.CONSENSUS if agreed else EntryKind.SINGLE)
        found = [e for e in there if e.kind is kind]
        if kind is EntryKind.BLIND:
            found = [e for e in found if e.person_id == self.person.id]
        elif kind is EntryKind.SINGLE:
            if agreed:
                raise Refusal("study", f"{study.label} has a consensus: {_AGREED}")
            if not found and there:
                raise Refusal("study", f"{study.label} is being entered twice: {_BLIND}")
        elif not any(_agreed(e) for e in found):
            raise Refusal("study", f"{study.label} has no consensus to correct yet")
        if not found:
            found = [Entry(study_id=study.id, person_id=self.person.id, kind=kind)]
            self._add(found[0], flush)
            there.append(found[0])
        return found[0]

    def _add(self, row: Study | Arm | Report | Entry, flush: bool) -> None:
        self.session.add(row)
        if flush:
            self.session.flush()


def _agreed(entry: Entry) -> bool:
    return entry.kind is EntryKind.CONSENSUS and entry.finished_at is not None


def place_of(value: EntryValue) -> tuple[Any, ...]:
    """Return where a value stands: entry, arm, result and name."""
    return (value.entry_id, value.arm_id, value.result_id, value.name)
