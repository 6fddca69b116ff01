"""What the process of a task does with files that somebody sent: look at them, import them.

Files lie in a folder of their own under numbers; their names are kept with the task. Whatever a
file does to its reader, it does to this process, not to the one that answers pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.citations import queries
from review.citations.actions import SearchSpec, add_search
from review.citations.dedupe.finding import FoundPair
from review.citations.dedupe.fingerprint import Fingerprint
from review.citations.duplicates import (
    coming,
    coming_ids,
    compare_new_records,
    foresee,
    store_comparisons,
)
from review.citations.files import CitationFile, citation_file
from review.citations.formats.entry import Entry
from review.citations.formats.reading import Reading
from review.citations.intake import (
    FileReport,
    Told,
    known_as,
    reading_of,
    report_known,
    report_of,
    report_refused,
    store,
)
from review.citations.models import Record, Search
from review.citations.vocabulary import Band, SourceKind
from review.db import Database, in_parts
from review.errors import BusyError, FileError, InvalidDataError
from review.history.actions import writing
from review.people.rules import Deed
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.tasks.models import Outcome
from review.tasks.sent import by, keep_rejects, permitted, sent_file, told_of
from review.wording import counted

REJECTS: Final = 500
"""Entries that could not be read which a page lists of each file; a table beside it has all."""

SHOWN: Final = 20
"""Pairs of duplicates that are shown before an import, of each kind."""

Ended = dict[str, Any]


def _opened(database: Database, options: Mapping[str, Any], at: int) -> CitationFile:
    name, data = sent_file(database, options, at)
    return citation_file(data, name=name)


def _told(options: Mapping[str, Any]) -> Told:
    return Told(encoding=options.get("encoding"), columns=options.get("columns", {}))


class _Coming:
    """The records that files would bring, as far as they are compared and shown."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.prints: list[Fingerprint] = []
        self.places: list[tuple[str, int, str | None]] = []
        """File, line and title of each."""

    def add(self, reading: Reading, file: str) -> None:
        for item in reading.items:
            if isinstance(item, Entry):
                self.prints.append(coming(item, self.first + len(self.prints)))
                self.places.append((file, item.line, item.title))


def check(database: Database, number: int, review_slug: str, told: dict[str, Any]) -> Ended:
    """Look at files as an import would, and store nothing of them."""
    options = told_of(database, number)
    how, seen = _told(options), dict[str, str]()
    reports: list[FileReport] = []
    with database.reading() as session:
        soon = _Coming(coming_ids(session))
    told["total"] = len(options["files"]) + 1
    for at in range(len(options["files"])):
        file = _opened(database, options, at)
        told["step"] = f"reading {file.name}"
        reports.append(_looked_at(database, review_slug, file, how, seen, soon))
        seen.setdefault(file.sha256, file.name)
        told["done"] = at + 1
    keep_rejects(
        database, options, ((one.file, reject) for one in reports for reject in one.rejects)
    )
    told["step"] = f"comparing {counted(len(soon.prints), 'record')} with those there are"
    with database.reading() as session:
        found = foresee(session, review_called(session, review_slug), soon.prints)
        titles = _titles(session, [*found.certain[:SHOWN], *found.possible[:SHOWN]], soon)
    stored = sum(report.stored for report in reports)
    return {
        "outcome": Outcome.DONE,
        "message": f"{counted(stored, 'record')} can be imported",
        "found": {
            "reports": [_shown(report) for report in reports],
            "foreseen": {
                "removed": found.removed,
                "possible": len(found.possible),
                "certain_pairs": [_pair(one, titles) for one in found.certain[:SHOWN]],
                "possible_pairs": [_pair(one, titles) for one in found.possible[:SHOWN]],
            },
        },
    }


def _looked_at(
    database: Database,
    slug: str,
    file: CitationFile,
    how: Told,
    seen: Mapping[str, str],
    soon: _Coming,
) -> FileReport:
    if file.sha256 in seen:
        return report_refused(
            file.name, file,
            InvalidDataError(f"it is the same file as {seen[file.sha256]}, which is read once"),
        )  # fmt: skip
    try:
        with database.reading() as session:
            known = known_as(session, review_called(session, slug), file, how)
            if known is not None:
                return report_known(file.name, known)
        reading = reading_of(file, how, called=file.name)
    except (FileError, InvalidDataError) as error:
        return report_refused(file.name, file, error)
    soon.add(reading, file.name)
    return report_of(reading, file=file, called=file.name)


def _shown(report: FileReport) -> dict[str, Any]:
    """Return a report with as many rejects and notices as a page lists."""
    values = asdict(report)
    values["rejects"] = report.rejects[:REJECTS]
    values["notices"] = report.notices[:REJECTS]
    values["notes"] = list(report.notes[:REJECTS])
    cut = {name: max(0, len(getattr(report, name)) - REJECTS) for name in _LISTED}
    return {**values, "not_shown": cut}


_LISTED: Final = ("rejects", "notices", "notes")


def _titles(session: Session, pairs: Sequence[FoundPair], soon: _Coming) -> dict[int, str]:
    ids = sorted({number for pair in pairs for number in (pair.earlier_id, pair.later_id)})
    found = {
        n: f"{soon.places[n - soon.first][2] or 'no title'} "
        f"({soon.places[n - soon.first][0]}, line {soon.places[n - soon.first][1]})"
        for n in ids
        if n >= soon.first
    }
    for some in in_parts([n for n in ids if n < soon.first]):
        rows = session.execute(sa.select(Record.id, Record.title).where(Record.id.in_(some)))
        found.update({row.id: f"{row.title or 'no title'} (record {row.id})" for row in rows})
    return found


def _pair(pair: FoundPair, titles: Mapping[int, str]) -> dict[str, str]:
    return {
        "coming": titles[pair.later_id],
        "known": titles[pair.earlier_id],
        "rule": pair.comparison.rule,
    }


def bring_in(database: Database, number: int, review_slug: str, told: dict[str, Any]) -> Ended:
    """Import files that were looked at, all or none, and compare their records."""
    options = told_of(database, number)
    how = _told(options)
    told["total"] = len(options["take"]) + 2
    ready: list[tuple[CitationFile, Reading]] = []
    for at in options["take"]:
        file = _opened(database, options, at)
        told["step"] = f"reading {file.name}"
        ready.append((file, reading_of(file, how, called=file.name)))
        told["done"] += 1
    told["step"] = "storing"
    reports = _stored(database, review_slug, ready, options, how)
    told["done"] += 1
    told["step"] = "comparing the records with those there are"
    new = [report for report in reports if not report.already_imported]
    records = counted(sum(report.stored for report in new), "record")
    said = f"{records} of {counted(len(new), 'file')} imported; {_compared(database, review_slug)}"
    return {
        "outcome": Outcome.DONE,
        "message": said,
        "found": {"reports": [_shown(report) for report in reports]},
    }


def _stored(
    database: Database,
    slug: str,
    ready: Sequence[tuple[CitationFile, Reading]],
    options: Mapping[str, Any],
    how: Told,
) -> list[FileReport]:
    now = datetime.now(UTC)
    with writing(database, by(slug, f"import of {', '.join(f.name for f, _ in ready)}")) as session:
        review = permitted(session, slug, Deed.COLLECT)
        search = _search(session, review, options["search"], now)
        reports = [
            store(
                session, review, reading, file=file, called=file.name, search=search, told=how,
                now=now,
            )
            for file, reading in ready
        ]  # fmt: skip
        if all(report.already_imported for report in reports):
            raise InvalidDataError("somebody has imported these files meanwhile; nothing was added")
    return reports


def _search(
    session: Session, review: Review, said: Mapping[str, Any] | None, now: datetime
) -> Search | None:
    if said is None:
        return None
    if "id" in said:
        return queries.search_numbered(session, review, said["id"])
    spec = SearchSpec(**{**said, "kind": SourceKind(said["kind"])})
    return add_search(session, review, spec, now=now)


def _compared(database: Database, slug: str) -> str:
    """Compare the new records of a review; return what was found, in words."""
    with database.reading() as session:
        found = compare_new_records(session, review_called(session, slug))
    try:
        with writing(database, by(slug, "comparison of new records")) as session:
            store_comparisons(
                session, permitted(session, slug, Deed.COLLECT), found, now=datetime.now(UTC)
            )
    except BusyError as error:
        return f"not compared with the others yet: {error}"
    bands = [pair.comparison.band for pair in found.pairs]
    certain = bands.count(Band.CERTAIN)
    return (
        f"{counted(certain, 'pair')} of certain duplicates linked, "
        f"{counted(len(bands) - certain, 'pair')} for a person to look at"
    )


def compare(database: Database, number: int, review_slug: str, told: dict[str, Any]) -> Ended:
    """Compare the new records of a review with all others."""
    del number
    told["step"] = "comparing the records"
    return {"outcome": Outcome.DONE, "message": _compared(database, review_slug)}


DOING: Final[Mapping[str, Callable[[Database, int, str, dict[str, Any]], Ended]]] = {
    "check": check, "import": bring_in, "compare": compare,
}  # fmt: skip
"""What is done for a kind of task, by its name."""
