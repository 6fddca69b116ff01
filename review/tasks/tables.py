"""What the process of a task does with tables of results: look at them, take them in.

Looking at them does all that taking them in does, in one transaction that is taken back; so what
is said beforehand is what happens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from review.config import settings
from review.db import Database
from review.errors import FileError, InvalidDataError, Problem, ReviewError
from review.extraction.fields import written
from review.extraction.imported import ImportReport
from review.extraction.incoming import How, read_incoming, take_in
from review.extraction.past_imports import past_imports
from review.extraction.rows import NumberedRow
from review.extraction.stale import StaleFormError
from review.extraction.twins import Answers, NameQuestion
from review.extraction.vocabulary import EntryKind
from review.history.actions import writing
from review.people.rules import Deed
from review.protocol.models import Review
from review.protocol.queries import review_called
from review.tabular.reading import MAX_BYTES
from review.tabular.table import Read
from review.tasks.models import Outcome
from review.tasks.sent import by, keep_rejects, permitted, sent_file, told_of
from review.wording import counted

LISTED: Final = 200
"""Rejects, corrections, remarks and doubts of a table that a page lists."""

Ended = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TableReport:
    """What a table holds, what is wrong with it, and what it adds and corrects."""

    file: str
    error: str | None = None
    """Why it is not taken, in a sentence."""
    seen: int = 0
    """Rows."""
    rejected: int = 0
    """Rows with something wrong; one of them, and the table is not taken."""
    rejects: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    """New names that are nearly known ones, each with its line."""
    conflicts: list[tuple[str, ...]] = field(default_factory=list)
    """Values that somebody changed after the table was taken from the review: place, field, what
    the table says, what the review says, line."""
    added: dict[str, int] = field(default_factory=dict)
    studies: list[str] = field(default_factory=list)
    """New ones."""
    corrections: list[tuple[str, ...]] = field(default_factory=list)
    """Study, what of it, field, old and new value."""
    nothing_new: bool = False
    remarks: list[dict[str, Any]] = field(default_factory=list)
    """What was converted, skipped or guessed."""
    doubts: list[dict[str, Any]] = field(default_factory=list)
    imported: int | None = None
    """The number by which it is undone."""

    @property
    def read(self) -> int:
        """Rows with nothing wrong."""
        return self.seen - self.rejected


@dataclass(frozen=True, slots=True)
class _Table:
    """A table that was read, or why not."""

    file: str
    rows: Read[NumberedRow] | None
    refused: ReviewError | None = None


class _Looked(Exception):
    """Nothing of it is to be kept."""


def how_of(options: Mapping[str, Any]) -> How:
    """Return how tables are taken, as the page that sends them says."""
    said = options.get("how", {})
    kind = said.get("entry")
    return How(
        EntryKind(kind) if kind else None, draft=bool(said.get("draft")), sheet=said.get("sheet"),
        answers=Answers.of(said.get("distinct", ()), said.get("same", {})),
    )  # fmt: skip


def _read(
    database: Database,
    slug: str,
    options: Mapping[str, Any],
    told: dict[str, Any],
    places: Sequence[int],
) -> list[_Table]:
    """Read tables before anything is written: a damaged one holds up nobody else."""
    how, seen, tables = how_of(options), dict[str, str](), list[_Table]()
    told["total"] = len(places) + 1
    for at in places:
        name, data = sent_file(database, options, at)
        told["step"] = f"reading {name}"
        digest = hashlib.sha256(data).hexdigest()
        try:
            if digest in seen:
                raise InvalidDataError(f"it is the same file as {seen[digest]}, which is read once")
            if len(data) > MAX_BYTES:
                raise InvalidDataError(f"it is larger than {MAX_BYTES // 1024**2} MiB")
            with database.reading() as session:
                review = review_called(session, slug)
                rows = read_incoming(session, review, data, file=name, sheet=how.sheet)
            tables.append(_Table(name, rows))
        except ReviewError as error:
            tables.append(_Table(name, None, error))
        seen.setdefault(digest, name)
        told["done"] += 1
    return tables


def check(database: Database, number: int, review_slug: str, told: dict[str, Any]) -> Ended:
    """Do with tables all that taking them in does, and take it back."""
    options = told_of(database, number)
    tables = _read(database, review_slug, options, told, range(len(options["files"])))
    told["step"] = "holding them against what the review has"
    reports: list[TableReport] = []
    with suppress(_Looked), writing(database, by(review_slug, "looked at")) as session:
        review = permitted(session, review_slug, Deed.EXTRACT)
        reports = [_tried(session, review, table, how_of(options)) for table in tables]
        raise _Looked
    keep_rejects(
        database, options, ((one.file, reject) for one in reports for reject in one.rejects)
    )
    can = [one for one in reports if not one.error]
    return {
        "outcome": Outcome.DONE,
        "message": f"{counted(len(can), 'table')} of {len(reports)} can be taken in",
        "found": {"tables": [_shown(one) for one in reports]},
    }


def _tried(session: Session, review: Review, table: _Table, how: How) -> TableReport:
    """Take one table in; where it is refused, what it began is taken back, the others stand."""
    if table.rows is None:
        assert table.refused is not None
        return _refused(table, table.refused)
    try:
        with session.begin_nested():
            return _taken(session, review, table, how)
    except ReviewError as error:
        return _refused(table, error)


def _taken(session: Session, review: Review, table: _Table, how: How) -> TableReport:
    assert table.rows is not None
    actor = settings().actor
    report = take_in(
        session, review, table.rows, file=table.file, how=how, person=actor, actor=actor,
        now=datetime.now(UTC),
    )  # fmt: skip
    imported = None if report.nothing_new else past_imports(session, review)[0].number
    return TableReport(
        table.file,
        seen=len(table.rows),
        added=_added(report),
        studies=report.studies_added,
        corrections=[
            (c.study, c.what, c.field, _cell(c.old), _cell(c.new)) for c in report.corrections
        ],
        nothing_new=report.nothing_new,
        remarks=[
            *({"where": _where(one), "remark": one.reason} for one in table.rows.remarks),
            *({"where": f"line {line}", "remark": remark} for line, remark in report.asides),
        ],
        doubts=[{"line": d.line, "study": d.study, "why": d.why} for d in report.doubts],
        imported=imported,
    )  # fmt: skip


def _added(report: ImportReport) -> dict[str, int]:
    return {
        "study": len(report.studies_added), "arm": report.arms_added,
        "report": report.reports_added, "result": report.results_added,
        "other value": report.values_added, "unchanged": report.results_unchanged,
        "once": report.entries.get("single", 0),
    }  # fmt: skip


def _cell(value: Any) -> str:
    return "" if value is None else written(value)


def _where(problem: Problem) -> str:
    """Return the place of a problem alone: ``line 3, column sd``."""
    whole = replace(problem, reason="")
    return str(whole).removesuffix(": ")


def _refused(table: _Table, error: ReviewError) -> TableReport:
    seen = len(table.rows) if table.rows is not None else 0
    if isinstance(error, StaleFormError):
        return TableReport(
            table.file, "somebody changed values after this table was taken from the review", seen,
            len({one.line for one in error.conflicts}),
            conflicts=[
                (one.place, one.field, _cell(one.form), _cell(one.stored), str(one.line or ""))
                for one in error.conflicts
            ],
        )  # fmt: skip
    if not isinstance(error, FileError):
        return TableReport(table.file, str(error), seen)
    asked = [one for one in error.problems if isinstance(one, NameQuestion)]
    wrong = [one for one in error.problems if not isinstance(one, NameQuestion)]
    rejected = len({one.line for one in wrong if one.line is not None})
    words = "something of it is wrong" if wrong else "some of its names are nearly known ones"
    return TableReport(
        table.file, words, seen, min(rejected, seen),
        rejects=[
            {"line": one.line, "where": _where(one), "reason": one.reason} for one in wrong
        ],
        questions=[
            {"line": one.line, "kind": one.kind, "study": one.study, "name": one.name,
             "other": one.other}
            for one in asked
        ],
    )  # fmt: skip


def _shown(report: TableReport) -> dict[str, Any]:
    """Return a report with as many lines of each kind as a page lists."""
    lists = ("rejects", "corrections", "conflicts", "remarks", "doubts")
    cut = {name: max(0, len(getattr(report, name)) - LISTED) for name in lists}
    listed = {name: getattr(report, name)[:LISTED] for name in lists}
    return {**asdict(report), **listed, "read": report.read, "not_shown": cut}


def bring_in(database: Database, number: int, review_slug: str, told: dict[str, Any]) -> Ended:
    """Take in the tables that were looked at and had nothing wrong, all or none."""
    options = told_of(database, number)
    tables = _read(database, review_slug, options, told, options["take"])
    told["step"] = "storing"
    files = ", ".join(one.file for one in tables)
    with writing(database, by(review_slug, options["reason"] or f"import of {files}")) as session:
        review = permitted(session, review_slug, Deed.EXTRACT)
        reports = [_stored(session, review, one, how_of(options)) for one in tables]
        found = [_changes(_shown(one)) for one in reports]
        if found != [*map(_changes, options["promised"])]:
            raise InvalidDataError(
                "the review changed since these tables were looked at, and they would add or "
                "correct something else now; nothing was stored: look at them again"
            )
    done = {name: sum(one.added[name] for one in reports) for name in ("study", "result")}
    corrected = sum(len(one.corrections) for one in reports)
    return {
        "outcome": Outcome.DONE,
        "message": f"{counted(len(reports), 'table')} taken in: "
        f"{counted(done['study'], 'study', 'studies')} and {counted(done['result'], 'result')} "
        f"added, {counted(corrected, 'value')} corrected",
        "found": {"tables": [_shown(one) for one in reports]},
    }


def _stored(session: Session, review: Review, table: _Table, how: How) -> TableReport:
    if table.refused is not None:
        raise table.refused
    return _taken(session, review, table, how)


def _changes(shown: Mapping[str, Any]) -> tuple[Any, ...]:
    corrections = [tuple(one) for one in shown["corrections"]]  # JSON has lists
    return shown["added"], shown["studies"], corrections, shown["not_shown"]["corrections"]


DOING: Final[Mapping[str, Callable[[Database, int, str, dict[str, Any]], Ended]]] = {
    "check-tables": check, "take-tables": bring_in,
}  # fmt: skip
"""What is done for a kind of task, by its name."""
