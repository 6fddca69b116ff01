"""Taking a release of another program's file into a review. Actions never commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError, Remedy
from review.extraction.formats import queries
from review.extraction.formats.comparison import compare, facing
from review.extraction.formats.models import ImportedRelease, SourceLine, SourceResult
from review.extraction.formats.reading import ReadFile
from review.extraction.formats.registry import FORMATS
from review.extraction.formats.report import ReleaseReport
from review.extraction.formats.signs import LEGACY
from review.extraction.formats.source import (
    Directions,
    Flag,
    Place,
    SourceTable,
    StudyFacts,
    Values,
    same_value,
)
from review.extraction.models import Arm, Entry, Report, Result, Study, natural_key
from review.extraction.past_imports import keep_import
from review.extraction.spelling import identity
from review.extraction.vocabulary import EntryKind, Format, Level, Positive
from review.history.actions import record_step, rows_told
from review.history.queries import head
from review.people.actions import person_called
from review.protocol.actions import add_instrument, add_outcome
from review.protocol.models import Instrument, Review
from review.protocol.queries import instruments, outcomes
from review.protocol.specs import InstrumentSpec, OutcomeSpec
from review.protocol.vocabulary import AnalysisSet

FACTS: Final = ("year", "registration", "country", "population")
WITHDRAWN: Final = "not in release"
"""How the reason of a study begins that a later release no longer has."""


def import_release(
    session: Session,
    review: Review,
    read: ReadFile,
    *,
    source: str,
    person: str,
    directions: Directions,
    now: datetime,
) -> ReleaseReport:
    """Take a file as the next release of its source; a file that is the newest changes nothing.

    Rows are matched with those of the release before by their natural key. What the file changed
    since then is changed here; what a person changed here since then is kept and flagged. Results
    that no row states any more lose their numbers, studies that no row names leave the review;
    the history keeps what they were.

    Parameters
    ----------
    source : what the file is a release of; a review may take from several databases.
    directions : for instruments that do not say so yet, and for signs that the file does not prove.

    Raises
    ------
    InvalidDataError
        If no row of the file is in the release before: it is a release of another source.
    """
    first = head(session)[0] + 1
    taking = _Taking(session, review, read, source, person, directions, now)
    report = taking.run()
    keep_import(session, first=first, file=read.file, rows=len(read.table.rows))
    return report


def reread_release(
    session: Session,
    review: Review,
    *,
    source: str,
    person: str,
    directions: Directions,
    now: datetime,
) -> tuple[ReadFile, ReleaseReport]:
    """Read the kept rows of a source's newest release again, as its file would be read now.

    Raises
    ------
    NotFoundError
        If the review has no release of this source.
    """
    release = queries.newest_release(session, review, source)
    if release is None:
        raise NotFoundError(
            f"review {review.slug} has no release of {source}",
            remedy=Remedy("see them with", "review extract releases"),
        )
    rows = tuple(queries.rows_of(session, release))
    table = SourceTable(release.format, tuple(release.columns), rows)
    read = ReadFile(release.file, release.sha256, table)
    better = directions.better if directions.better is not None else release.better
    said = replace(directions, better=better)
    return read, import_release(
        session, review, read, source=source, person=person, directions=said, now=now
    )


@dataclass(frozen=True, slots=True)
class _Former:
    """How the release before was read."""

    directions: Directions
    reading: Mapping[str, Any] | None

    @classmethod
    def of(cls, release: ImportedRelease | None) -> _Former:
        if release is None:
            return cls(Directions(), None)
        if release.reading is None:
            legacy = release.format is Format.METAPSY
            return cls(Directions(release.better, legacy=legacy), LEGACY if legacy else None)
        said = Directions(release.better, positive=Positive(release.reading["positive"]))
        return cls(said, release.reading)


def _is_legacy(release: ImportedRelease | None) -> bool:
    return release is not None and _Former.of(release).directions.legacy


def _positive(reading: Mapping[str, Any] | None) -> str | None:
    return None if reading is None else str(reading["positive"])


class _Taking:
    """One file on its way into one review."""

    def __init__(
        self,
        session: Session,
        review: Review,
        read: ReadFile,
        source: str,
        person: str,
        directions: Directions,
        now: datetime,
    ):
        self.session, self.review, self.read, self.source = session, review, read, source
        self.directions, self.now = directions, now
        self.person = person_called(session, person)
        self.reading = FORMATS[read.table.format]
        self.previous = queries.newest_release(session, review, source)
        self.old_rows = queries.rows_of(session, self.previous) if self.previous else []
        former = _Former.of(self.previous)
        self.new = self.reading.content(read.table.rows, directions, former.reading)
        self.same = (
            self.previous is not None
            and self.previous.sha256 == read.sha256
            and _positive(self.new.reading) == _positive(self.previous.reading)
        )
        self.old = self.reading.content(self.old_rows, former.directions, None)
        self.number = (self.previous.number if self.previous else 0) + 1
        self.where = f"{WITHDRAWN} {self.number} of {source} ({Path(read.file).name})"
        self.report = ReleaseReport(
            read.file, read.table.format, source, read.sha256, read=len(read.table.rows)
        )
        self.studies: dict[str, Study] = {}
        self.arms: dict[tuple[int, str], Arm] = {}
        self.instruments: dict[str, Instrument] = {}
        self.entries: dict[int, Entry] = {}
        self.agreed: set[int] = set()
        self.results: dict[tuple[Any, ...], Result] = {}

    def run(self) -> ReleaseReport:
        self._measurements()
        self.report.pools = list(self.read.table.pools)
        if self.previous is not None and self.same:
            self.report.release = self.previous.number
            self.report.unchanged = len(self.read.table.rows)
            return self.report
        self._compare()
        self.report.signs = self.new.signs
        self.new = facing(self.new, self.old)
        self._known()
        mended = self._mended()
        self._studies()
        self._arms()
        places = {place: self._kept(place, values) for place, values in self.new.results.items()}
        for place, values in self.old.results.items():
            if place not in self.new.results and place not in mended:
                self._withdraw(place, values)
        self._leaving()
        self.session.flush()
        self._store(places)
        return self.report

    def _compare(self) -> None:
        found = compare(
            self.old_rows, self.read.table.rows, self.reading.columns, self.reading.flags
        )
        if self.old_rows and not found.pairs:
            raise InvalidDataError(
                f"no row of {self.read.file} is in release {self.number - 1} of {self.source}; "
                "for another database or review give it a name with --source"
            )
        report = self.report
        report.release = self.number
        report.added, report.removed = len(found.added), len(found.removed)
        report.unchanged, report.corrected = found.unchanged, found.corrected
        report.corrections = list(found.corrections)
        report.additions, report.removals = list(found.added), list(found.removed)
        if self.previous is None:
            report.additions = []
        else:
            report.columns_added = list(found.columns_added)
            report.columns_removed = list(found.columns_removed)
        known = {(f.kind, f.study, f.column, f.new) for f in self.old.flags}
        report.flags = [
            *found.flags,
            *(f for f in self.new.flags if (f.kind, f.study, f.column, f.new) not in known),
        ]

    def _measurements(self) -> None:
        session, review = self.session, self.review
        known = {outcome.slug for outcome in outcomes(session, review)}
        self.instruments = {i.slug: i for i in instruments(session, review)}
        for found in self.new.measurements.values():
            instrument = self.instruments.get(found.instrument)
            if instrument is None and found.instrument in self.old.measurements:
                former = queries.formerly(session, review, Instrument, found.instrument)
                instrument = next(iter(former), None)
                if instrument is not None:
                    self.instruments[found.instrument] = instrument
            if instrument is None:
                if found.outcome not in known:
                    add_outcome(
                        session,
                        review,
                        OutcomeSpec(slug=found.outcome, name=_line(found.outcome_name)),
                    )
                    known.add(found.outcome)
                spec = InstrumentSpec(
                    slug=found.instrument,
                    name=_line(found.instrument_name),
                    outcome=found.outcome,
                    higher_is_better=found.higher_is_better,
                )
                instrument = add_instrument(session, review, spec)
                self.instruments[found.instrument] = instrument
            elif instrument.higher_is_better is None and found.higher_is_better is not None:
                instrument.higher_is_better = found.higher_is_better
            elif found.higher_is_better is not None:
                self._turn(instrument, found.higher_is_better)
        self.report.without_direction = sorted(
            slug
            for slug in self.new.measurements
            if slug in self.instruments and self.instruments[slug].higher_is_better is None
        )

    def _turn(self, instrument: Instrument, better: bool) -> None:
        """Correct a direction that an earlier import gave to events as if they were scores."""
        given = self.old.measurements.get(instrument.slug)
        wrong = given is not None and given.higher_is_better not in (None, better)
        if wrong and _is_legacy(self.previous) and instrument.higher_is_better is not better:
            instrument.higher_is_better = better
            self.report.directions_turned[instrument.slug] = "higher" if better else "lower"

    def _known(self) -> None:
        """Read what the review holds of the studies of both releases."""
        wanted = {*self.new.studies, *self.old.studies}
        everything = self.session.scalars(
            sa.select(Study).where(Study.review_id == self.review.id).order_by(Study.id)
        )
        self.studies = {identity(s.label): s for s in everything if identity(s.label) in wanted}
        self._read(self.studies.values())

    def _read(self, studies: Iterable[Study]) -> None:
        ids = [study.id for study in studies]
        for arm in self.session.scalars(sa.select(Arm).where(Arm.study_id.in_(ids))):
            self.arms[arm.study_id, arm.label] = arm
        single = sa.select(Entry).where(Entry.study_id.in_(ids), Entry.kind == EntryKind.SINGLE)
        entries = {entry.study_id: entry for entry in self.session.scalars(single)}
        self.entries |= entries
        agreed = sa.select(Entry.study_id).where(
            Entry.study_id.in_(ids), Entry.kind == EntryKind.CONSENSUS
        )
        self.agreed |= set(self.session.scalars(agreed))
        of = [entry.id for entry in entries.values()]
        for result in self.session.scalars(sa.select(Result).where(Result.entry_id.in_(of))):
            self.results[natural_key(result)] = result

    def _mended(self) -> set[Place]:
        """Leave what a person renamed, moved, merged or withdrew here since the release before.

        A release knows it by the name that it had; taken as new it would be here twice. A study
        that is called otherwise by now is known by the rows that its results were made from.
        """
        missing = self.old.studies.keys() - self.studies.keys()
        if missing and self.previous is not None:
            lines = queries.studies_by_line(self.session, self.previous)
            for place, rows in self.old.origins.items():
                found = next((lines[row.line] for row in rows if row.line in lines), None)
                if place.study in missing and found is not None:
                    self.studies[place.study] = found
            self._read(study for key, study in self.studies.items() if key in missing)
        for key, label in self.old.arms:
            study = self.studies.get(key)
            if study is not None and (study.id, label) not in self.arms:
                for arm in queries.formerly(self.session, self.review, Arm, label):
                    if arm.study_id == study.id:
                        self.arms[study.id, label] = arm
        mended = {place for place in self.old.results if not self._is_here(place)}
        arms = {
            (place.study, label)
            for place in mended
            for label in (place.arm, place.versus)
            if label is not None
        }
        kept = {place: v for place, v in self.new.results.items() if place not in mended}
        needed = {(p.study, label) for p in kept for label in (p.arm, p.versus)}
        self.new = replace(
            self.new,
            results=kept,
            arms={n: arm for n, arm in self.new.arms.items() if n not in arms or n in needed},
        )
        for place in sorted(mended, key=str):
            study = self.studies.get(place.study)
            label = study.label if study is not None else place.study
            what = f"{place.arm}, {place.instrument}, {place.timepoint}"
            self._edited(label, None, "result", "renamed, moved, merged or withdrawn here", what)
        return mended

    def _is_here(self, place: Place) -> bool:
        study = self.studies.get(place.study)
        if (
            study is None
            or study.id not in self.entries
            or place.instrument not in self.instruments
        ):
            return False
        if any(
            label is not None and (study.id, label) not in self.arms
            for label in (place.arm, place.versus)
        ):
            return False
        return natural_key(self._result_at(place)) in self.results

    def _studies(self) -> None:
        added: list[Study] = []
        for key, facts in self.new.studies.items():
            given = {name: getattr(facts, name) for name in FACTS}
            study = self.studies.get(key)
            if study is None:
                study = Study(review_id=self.review.id, label=facts.label, **given)
                added.append(study)
                self.studies[key] = study
                self.report.studies_added.append(facts.label)
                continue
            before = self.old.studies.get(key)
            for name, value in (("label", facts.label), *given.items()):
                self._fact(study, name, value, before)
            if (study.excluded_because or "").startswith(WITHDRAWN):
                study.excluded_because = None
        self.session.add_all(added)
        self.session.flush()
        self._publications()
        for study in (self.studies[key] for key in self.new.studies):
            if study.id not in self.entries:
                entry = Entry(study_id=study.id, person_id=self.person.id, kind=EntryKind.SINGLE)
                self.session.add(entry)
                self.entries[study.id] = entry
        self.session.flush()

    def _fact(self, study: Study, name: str, value: Any, before: StudyFacts | None) -> None:
        """Take a fact that the file changed; leave what is known where the file says nothing."""
        current = getattr(study, name)
        stated = getattr(before, name) if before else None
        if value is None or value in (current, stated):
            return
        if current is None or current == stated:
            setattr(study, name, value)
        elif name != "label":
            self._edited(study.label, None, name, current, value)

    def _publications(self) -> None:
        ids = [self.studies[key].id for key in self.new.studies]
        known = {
            (report.study_id, report.citation): report
            for report in self.session.scalars(sa.select(Report).where(Report.study_id.in_(ids)))
        }
        for key, facts in self.new.studies.items():
            citation = facts.citation or (f"doi:{facts.doi}" if facts.doi else None)
            study = self.studies[key]
            if citation is not None and (study.id, citation) not in known:
                report = Report(
                    study_id=study.id, citation=citation, doi=facts.doi, year=facts.year
                )
                self.session.add(report)
                known[study.id, citation] = report

    def _arms(self) -> None:
        for (key, label), name in self.new.arms.items():
            study = self.studies[key]
            if (study.id, label) not in self.arms:
                arm = Arm(study_id=study.id, label=label, treatment=name.treatment)
                self.session.add(arm)
                self.arms[study.id, label] = arm
        self.session.flush()

    def _kept(self, place: Place, values: Values) -> Result:
        """Add, correct or leave the result at a place."""
        found = self._result_at(place)
        wanted = values.columns
        line = self.new.origins[place][0].line
        page = f"{Path(self.read.file).name}, line {line}"
        if self.results.get(natural_key(found)) is None:
            for name, value in wanted.items():
                setattr(found, name, value)
            found.page = page
            self.session.add(found)
            self.results[natural_key(found)] = found
            self.report.results_added += 1
            self._outranked(place, line)
            return found
        before = self.old.results.get(place)
        stated = (before or Values()).columns
        restored = before is None and not found.numbers.given
        changed = turned = False
        for name, value in wanted.items():
            current, base = getattr(found, name), stated[name]
            if same_value(value, current) or (before is not None and same_value(value, base)):
                continue
            turning = name == "positive" and not restored
            if turning and not same_value(found.numbers.estimate, stated["estimate"]):
                continue  # the estimate was changed here: its sign is as the person wants it
            if restored or same_value(current, base):
                setattr(found, name, value)
                changed = True
                turned |= turning
            else:
                study = self.studies[place.study].label
                self._edited(study, line, name, current, value)
        self.report.results_turned += turned
        if changed:
            found.page = page
            self.report.results_corrected += 1
            self._outranked(place, line)
        return found

    def _outranked(self, place: Place, line: int) -> None:
        study = self.studies[place.study]
        if study.id in self.agreed:
            reason = "the study has a consensus, which counts and is not touched; settle it there"
            self.report.flags.append(Flag("consensus_stands", study.label, line, None, reason))

    def _result_at(self, place: Place) -> Result:
        study = self.studies[place.study]
        versus = self.arms[study.id, place.versus] if place.versus is not None else None
        made = Result(
            entry_id=self.entries[study.id].id,
            level=Level.CONTRAST if versus else Level.ARM,
            arm_id=self.arms[study.id, place.arm].id,
            versus_arm_id=versus.id if versus else None,
            instrument_id=self.instruments[place.instrument].id,
            rater=place.rater,
            timepoint=place.timepoint,
            analysis_set=AnalysisSet.NOT_REPORTED,
        )
        return self.results.get(natural_key(made), made)

    def _withdraw(self, place: Place, stated: Values) -> None:
        """Take the numbers off a result that no row states any more."""
        found = self._result_at(place)
        current, base = Values(found.numbers, found.weeks).columns, stated.columns
        if self.results.get(natural_key(found)) is None or not found.numbers.given:
            return
        if any(not same_value(value, base[name]) for name, value in current.items()):
            study = self.studies[place.study].label
            self._edited(study, None, "result", f"{place.arm}, {place.instrument}", None)
            return
        for name in current:
            setattr(found, name, None)
        found.page = self.where
        self.report.results_withdrawn += 1

    def _leaving(self) -> None:
        """Take studies out that no row names any more, unless they hold numbers of other origin."""
        holding = {r.entry_id for r in self.results.values() if r.numbers.given}
        for key in self.old.studies:
            study = self.studies.get(key)
            if key in self.new.studies or study is None or study.excluded_because is not None:
                continue
            entry = self.entries.get(study.id)
            if entry is not None and entry.id in holding:
                continue
            study.excluded_because = self.where
            self.report.studies_withdrawn.append(study.label)

    def _edited(self, study: str, line: int | None, column: str, here: Any, there: Any) -> None:
        reason = "it was changed here since the release before; what stands here is kept"
        self.report.flags.append(
            Flag(
                "edited_here",
                study,
                line,
                column,
                reason,
                None if here is None else str(here),
                None if there is None else str(there),
            )
        )

    def _store(self, places: Mapping[Place, Result]) -> None:
        table = self.read.table
        release = ImportedRelease(
            review_id=self.review.id,
            person_id=self.person.id,
            source=self.source,
            format=table.format,
            number=self.number,
            file=Path(self.read.file).name,
            sha256=self.read.sha256,
            columns=list(table.columns),
            rows=len(table.rows),
            better=self.directions.better,
            reading=dict(self.new.reading) if self.new.reading is not None else None,
            imported_at=self.now,
        )
        self.session.add(release)
        self.session.flush()
        lines = {
            id(row): SourceLine(
                release_id=release.id, line=row.line, key=dict(row.key), cells=dict(row.cells)
            )
            for row in table.rows
        }
        self.session.add_all(lines.values())
        self.session.flush()
        links = {
            (lines[id(row)].id, result.id)
            for place, result in places.items()
            for row in self.new.origins[place]
        }
        self.session.add_all(
            SourceResult(source_line_id=line, result_id=result) for line, result in sorted(links)
        )
        mine = SourceLine.release_id == release.id
        ids = sa.select(SourceLine.id).where(mine).scalar_subquery()
        told = rows_told(
            self.session, source_line=mine, source_result=SourceResult.source_line_id.in_(ids)
        )
        record_step(self.session, "read", entity="imported_release", entity_id=release.id, **told)


def _line(name: str) -> str:
    """Return a name as one line that a protocol accepts."""
    return " ".join(name.split())[:500] or "unnamed"
