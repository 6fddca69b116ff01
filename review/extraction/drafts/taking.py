"""A form taken over whole into the entry of its kind. Nothing here commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from review.errors import InvalidDataError, ReviewError
from review.extraction import queries
from review.extraction.actions import add_note, dismiss
from review.extraction.doubts import doubts
from review.extraction.drafts.errors import FormError, OvertakenError
from review.extraction.drafts.form import Form, Place, Source, Stored
from review.extraction.drafts.lines import Line, Wrong, called, checked, located
from review.extraction.drafts.merging import Change, Merged, merged
from review.extraction.drafts.queries import (
    closed_because,
    field_versions,
    own_entry,
    stored_of,
)
from review.extraction.holdings import Holdings
from review.extraction.imported import ImportReport
from review.extraction.mending.renaming import new_name, rename_arm, rename_report
from review.extraction.mending.results import NewKey, rekey_result, withdraw_result
from review.extraction.models import Arm, Entry, Report, Result, Study
from review.extraction.rows import NumberedRow
from review.extraction.rules import CHOICES
from review.extraction.vocabulary import EntryKind
from review.extraction.writer import Writer
from review.protocol.models import Review
from review.wording import counted

WHILE_ENTERING = "put right while entering"
"""The reason of a step within a form for which nobody gave another."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What taking a draft over did."""

    study: int
    entry: int | None
    report: ImportReport
    changes: tuple[Change, ...]
    notes: int
    dismissed: int
    unused_ticks: int
    """Ticks of doubts that the numbers no longer raise."""
    finished: bool = False
    keys: Mapping[int, str] = field(default_factory=dict)
    """The row of the form by result."""

    @property
    def said(self) -> str:
        """A sentence for the person."""
        parts = [
            counted(number, name)
            for number, name in (
                (self.report.results_added, "new result"),
                (self.report.arms_added, "new arm"),
                (len(self.changes), "changed cell"),
                (self.notes, "note"),
                (self.dismissed, "doubt set aside"),
            )
            if number
        ]
        told = ", ".join(parts) if parts else "nothing was new"
        return f"Saved: {told}" + (", and your entry is finished." if self.finished else ".")


def take_form(
    session: Session,
    review: Review,
    study: Study,
    kind: EntryKind,
    form: Form,
    was: Stored,
    person: str,
    now: datetime,
    reason: str,
) -> Saved:
    """Take a form into the entry of its kind; raise as `take_over` does."""
    entries = queries.entries(session, [study.id])
    closed = closed_because(study, entries, kind, person)
    if closed is not None:
        raise InvalidDataError(closed)
    entry = own_entry(entries, kind, person)
    stored = stored_of(session, study, kind, entry)
    found = merged(form, was, stored, study.label)
    if found.clashes:
        raise OvertakenError(found.clashes, stored)
    rows, wrong = checked(form, found.lines, field_versions(session, review))
    if wrong:
        raise FormError(wrong)
    _rename(session, review, study, kind, entry, found, wrong)
    by_number = {line.number: line for line in found.lines}
    parts = [row for row in rows if by_number[row.line].what != "row"]
    if found.rekeyed:  # their new arms must be there before
        _write(session, review, parts, by_number, kind, person)
    _mend(session, review, found, person, reason, wrong)
    if wrong:
        raise FormError(wrong)
    writer = _write(session, review, rows, by_number, kind, person, sources=(form, was))
    keys = {result.id: by_number[line].key or "" for line, result in writer.touched}
    own = own_entry(queries.entries(session, [study.id]), kind, person)
    notes = _add_notes(session, study, form, own if kind is EntryKind.BLIND else None)
    dismissed, unused = _tick(session, review, study, kind, form, person, now)
    return Saved(
        study.id, own.id if own is not None else None, writer.summary(), tuple(found.changes),
        notes, dismissed, unused, keys=keys,
    )  # fmt: skip


def _write(
    session: Session,
    review: Review,
    rows: Sequence[NumberedRow],
    lines: dict[int, Line],
    kind: EntryKind,
    person: str,
    *,
    sources: tuple[Form, Stored] | None = None,
) -> Writer:
    writer = Writer(Holdings(session, review, rows, person, kind))
    writer.write()
    if sources is not None:
        _keep_sources(session, *sources, list(lines.values()), writer)
    if not writer.problems:
        writer.describe_new_results()
    if writer.problems:
        raise FormError(
            [
                Wrong(at, (called(at, p.column),) if p.column else (), p.reason)
                for p in writer.problems
                if (at := located(lines[p.line or 1], p.column))
            ]
        )
    session.flush()
    return writer


def _rename(
    session: Session,
    review: Review,
    study: Study,
    kind: EntryKind,
    entry: Entry | None,
    found: Merged,
    wrong: list[Wrong],
) -> None:
    """Rename arms and reports; what a blind entry named is its own, what all see is not."""
    keys = {(line.what, line.id): line.place for line in found.lines if line.id is not None}
    for number, label in found.arms_renamed.items():
        arm = session.get_one(Arm, number)
        place = keys["arm", number]
        if kind is not EntryKind.BLIND:
            with _said_of(place, "label", wrong):
                rename_arm(session, review, study=study.label, label=arm.label, to=label)
        elif entry is None or arm.entry_id != entry.id:
            message = f"{arm.label} is everybody's arm, and is not renamed in a blind entry"
            wrong.append(Wrong(place, ("label",), message))
        else:
            old, arm.label = arm.label, new_name(label)
            for result in queries.results(session, [entry]):
                if result.favours == old:
                    result.favours = arm.label
    for number, citation in found.reports_renamed.items():
        report = session.get_one(Report, number)
        place = keys["report", number]
        if kind is not EntryKind.BLIND:
            with _said_of(place, "citation", wrong):
                rename_report(
                    session, review, study=study.label, citation=report.citation, to=citation
                )
        elif entry is None or report.entry_id != entry.id:
            message = "this is everybody's report, and is not renamed in a blind entry"
            wrong.append(Wrong(place, ("citation",), message))
        else:
            report.citation = new_name(citation)
    session.flush()


@contextmanager
def _said_of(place: Place, name: str, wrong: list[Wrong]) -> Iterator[None]:
    """Say what an act refuses beside its part of the form."""
    try:
        yield
    except ReviewError as error:
        wrong.append(Wrong(place, (name,) if name else (), str(error)))


def _mend(
    session: Session,
    review: Review,
    found: Merged,
    person: str,
    reason: str,
    wrong: list[Wrong],
) -> None:
    """Withdraw results, and put those whose key was wrong where they belong."""
    for number, (place, why) in found.withdrawn.items():
        with _said_of(place, "", wrong):
            withdraw_result(session, review, number=number, person=person, reason=why)
    lines = {line.id: line for line in found.lines if line.what == "row"}
    for number, parts in found.rekeyed.items():
        line = lines[number]
        if "with_instrument" in parts or not line.cells["arm"]:
            message = "this changes what the result is; withdraw it, and enter it anew"
            wrong.append(Wrong(line.place, tuple(parts), message))
            continue
        with _said_of(line.place, "", wrong):
            rekey_result(
                session, review, number=number, key=_new_key(parts), person=person, reason=reason
            )


def _new_key(parts: dict[str, str]) -> NewKey:
    read: dict[str, Any] = {}
    for name, text in parts.items():
        plain = " ".join(text.split())
        if name in CHOICES:
            read[name] = CHOICES[name](plain.lower() or "not_reported")
        elif name == "instrument":
            read[name] = plain.lower()
        else:
            read[name] = plain or ("post" if name == "timepoint" else None)
    return NewKey(**read)


def _keep_sources(
    session: Session, form: Form, was: Stored, lines: Sequence[Line], writer: Writer
) -> None:
    """Keep from which PDF and page results are, and cells where that differs."""
    new = dict(writer.touched)
    cited = {report.key: report.citation or report.doi for report in form.reports}
    for line in lines:
        if line.what != "row":
            continue
        result = new.get(line.number)
        if result is None and line.id is not None:
            result = session.get(Result, line.id)
        if result is None:
            continue
        before = was.results.get(line.id or 0)
        told = {"pdf": line.source.pdf, "pdf_page": line.source.pdf_page}
        if before is None or (before.source or Source()) != line.source:
            for name, value in told.items():
                if getattr(result, name) != value:
                    setattr(result, name, value)
        if before is None or dict(before.sources) != dict(line.sources):
            kept = {name: _kept_source(one, cited) for name, one in line.sources.items()}
            kept = {name: one for name, one in kept.items() if one}
            if (result.sources or {}) != kept:
                result.sources = kept or None


def _kept_source(source: Source, cited: dict[str, str]) -> dict[str, Any]:
    told = source.model_dump(exclude_none=True)
    if "report" in told:
        told["report"] = cited.get(told["report"], "")
    return {name: value for name, value in told.items() if value not in ("", None)}


def _add_notes(session: Session, study: Study, form: Form, owner: Entry | None) -> int:
    told = [note for note in form.notes if note.text.strip()]
    for note in told:
        add_note(
            session, study, topic=note.topic.strip(), text=note.text.strip(),
            source=note.source.strip(), certainty=note.certainty.strip() or "reported",
            owner=owner,
        )  # fmt: skip
    return len(told)


def _whose(kind: EntryKind, person: str) -> str | None:
    return person if kind is EntryKind.BLIND else None


def _tick(
    session: Session,
    review: Review,
    study: Study,
    kind: EntryKind,
    form: Form,
    person: str,
    now: datetime,
) -> tuple[int, int]:
    """Keep why doubts do not matter; return how many were kept, and how many are none any more."""
    ticks = {tick.key: tick.reason for tick in form.doubts if tick.reason.strip()}
    if not ticks:
        return 0, 0
    raised = doubts(session, review, study=study.label, person=_whose(kind, person))
    open_ = {doubt.finding.key: doubt.finding for doubt in raised if doubt.dismissal is None}
    known = {doubt.finding.key for doubt in raised}
    for key in ticks.keys() & open_.keys():
        dismiss(session, study, open_[key], person=person, reason=ticks[key], now=now)
    return len(ticks.keys() & open_.keys()), len(ticks.keys() - known)


def no_open_doubts(
    session: Session,
    review: Review,
    study: Study,
    kind: EntryKind,
    person: str,
    keys: Mapping[int, str],
) -> None:
    """Refuse to finish while a doubt about an entry has neither a correction nor a reason.

    `keys` are the rows of the form by result. Raises FormError.
    """
    entry = own_entry(queries.entries(session, [study.id]), kind, person)
    mine = {r.id for r in queries.results(session, [entry])} if entry is not None else set()
    wrong = []
    for doubt in doubts(session, review, study=study.label, person=_whose(kind, person)):
        about = [number for number in doubt.finding.results if number in mine]
        if doubt.dismissal is None and (about or not doubt.finding.results):
            place = (
                Place(at="row", key=keys.get(about[0], f"x{about[0]}"))
                if about
                else Place(at="study")
            )
            message = f"{doubt.finding.message}: correct it, or tick the doubt and say why"
            wrong.append(Wrong(place, (), message))
    if wrong:
        raise FormError(wrong)
