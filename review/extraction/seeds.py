"""Seeds: shipped data files, loaded through the same actions as a user's data."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from review.config import shipped
from review.errors import NotFoundError
from review.extraction import actions, queries
from review.extraction.actions import ImportReport
from review.extraction.files import read_extraction
from review.extraction.rows import NumberedRow
from review.protocol.actions import take_protocol
from review.protocol.files import read_protocol
from review.protocol.models import Review
from review.protocol.queries import reviews
from review.protocol.specs import ProtocolFile


@dataclass(frozen=True, slots=True)
class Seed:
    """One shipped review: ``protocol.yaml`` and the tables beside it."""

    name: str
    folder: Path
    protocol: ProtocolFile

    @property
    def rows(self) -> list[NumberedRow]:
        """The rows of its extraction tables."""
        tables = (self.folder / name for name in ("studies.csv", "results.csv"))
        return [row for table in tables if table.exists() for row in read_extraction(table)]

    def table(self, name: str) -> Iterator[dict[str, str]]:
        """Yield the rows of another table, none when the seed does not have it."""
        path = self.folder / name
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                yield from csv.DictReader(file)


def seeds() -> list[Seed]:
    """Return the shipped seeds by name."""
    return [
        Seed(path.parent.name, path.parent, read_protocol(path))
        for path in sorted(shipped("seeds").glob("*/protocol.yaml"))
    ]


def seed_called(name: str) -> Seed:
    """Return a seed; raise NotFoundError with the names there are."""
    found = {seed.name: seed for seed in seeds()}
    if name not in found:
        raise NotFoundError(f"there is no seed {name!r} (there is: {', '.join(found)})")
    return found[name]


def load_seed(
    session: Session, seed: Seed, *, until: int | None, person: str, now: datetime
) -> ImportReport:
    """Load a seed, or what of it is not there yet; `until` keeps to studies of that year or before.

    The protocol is taken when the review is new and left as it is otherwise, and so is every value
    that somebody corrected since.
    """
    slug = seed.protocol.review.slug
    review = next((r for r in reviews(session) if r.slug == slug), None)
    if review is None:
        review = take_protocol(session, seed.protocol, owner=person, now=now)
    rows = seed.rows
    if until is not None:
        arrived = {r.row.study for r in rows if r.row.year is not None and r.row.year <= until}
        rows = [row for row in rows if row.row.study in arrived]
    report = actions.import_extraction(
        session, review, rows, file=seed.name, person=person, adding=True
    )
    _annotate(session, seed, review, set(report.studies_added))
    return report


def _annotate(session: Session, seed: Seed, review: Review, added: set[str]) -> None:
    studies = {study.label: study for study in queries.studies(session, review)}
    for note in seed.table("notes.csv"):
        if note["study"] in added:
            actions.add_note(
                session,
                studies[note["study"]],
                topic=note["topic"],
                text=note["text"],
                source=note["source"],
                certainty=note["certainty"],
            )
    for row in seed.table("excluded.csv"):
        if row["study"] in added:
            actions.exclude_study(session, review, label=row["study"], reason=row["reason"])
