"""What a review holds of the trials of two releases, by the names that these have for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.extraction.formats import queries
from review.extraction.formats.models import ImportedRelease
from review.extraction.formats.source import Content, Place
from review.extraction.models import Arm, Entry, Result, Study, natural_key
from review.extraction.spelling import identity
from review.extraction.vocabulary import EntryKind, Level
from review.protocol.models import Instrument, Review
from review.protocol.queries import instruments
from review.protocol.vocabulary import AnalysisSet


class Known:
    """Studies, arms, instruments, entries and results that a release meets."""

    def __init__(self, session: Session, review: Review):
        self.session, self.review = session, review
        self.studies: dict[str, Study] = {}
        self.arms: dict[tuple[int, str], Arm] = {}
        self.instruments: dict[str, Instrument] = {i.slug: i for i in instruments(session, review)}
        self.entries: dict[int, Entry] = {}
        self.agreed: set[int] = set()
        """Studies that have a consensus."""
        self.results: dict[tuple[Any, ...], Result] = {}

    def find(self, wanted: Collection[str]) -> None:
        """Read what the review holds of studies, by the names that releases have for them."""
        everything = self.session.scalars(
            sa.select(Study).where(Study.review_id == self.review.id).order_by(Study.id)
        )
        self.studies = {identity(s.label): s for s in everything if identity(s.label) in wanted}
        self.read(self.studies.values())

    def read(self, studies: Iterable[Study]) -> None:
        """Read the arms, entries and results of some studies."""
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

    def find_renamed(
        self, old: Content, previous: ImportedRelease | None, missing: Collection[str]
    ) -> None:
        """Find studies and arms that are called otherwise here since the release before.

        A study is known by the rows that its results were made from, an arm by its history.
        """
        if missing and previous is not None:
            lines = queries.studies_by_line(self.session, previous)
            for place, rows in old.origins.items():
                found = next((lines[row.line] for row in rows if row.line in lines), None)
                if place.study in missing and found is not None:
                    self.studies[place.study] = found
            self.read(study for key, study in self.studies.items() if key in missing)
        for key, label in old.arms:
            study = self.studies.get(key)
            if study is not None and (study.id, label) not in self.arms:
                for arm in queries.formerly(self.session, self.review, Arm, label):
                    if arm.study_id == study.id:
                        self.arms[study.id, label] = arm

    def is_here(self, place: Place) -> bool:
        """Whether the review has a result at a place."""
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
        return natural_key(self.result_at(place)) in self.results

    def result_at(self, place: Place) -> Result:
        """Return the result at a place; where there is none, one that was not added yet."""
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
