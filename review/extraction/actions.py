"""Writing studies and entries. Actions never commit."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError
from review.extraction import field_queries, queries
from review.extraction.fields import FieldLevel, FieldSpec
from review.extraction.imported import CorrectedValue, ImportReport
from review.extraction.intake import import_extraction
from review.extraction.models import Dismissal, Entry, FieldVersion, Note, Result, Study
from review.extraction.plausibility import Finding
from review.extraction.rules import COLUMNS, FORM_COLUMNS
from review.extraction.vocabulary import EntryKind
from review.people.actions import person_called
from review.protocol.models import Review

__all__ = [
    "CorrectedValue",
    "ImportReport",
    "add_note",
    "define_field",
    "dismiss",
    "exclude_study",
    "finish_entry",
    "import_extraction",
    "order_fields",
    "readmit_study",
    "reopen_entry",
    "retire_field",
]


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
    session: Session,
    study: Study,
    *,
    topic: str,
    text: str,
    source: str,
    certainty: str,
    owner: Entry | None = None,
) -> Note:
    """Keep what a source says about a study; of a blind entry, with it."""
    known = session.scalar(
        sa.select(Note).where(
            Note.study_id == study.id, Note.topic == topic, Note.text == text,
            Note.entry_id == (owner.id if owner is not None else None),
        )
    )  # fmt: skip
    if known is not None:
        return known
    note = Note(
        study_id=study.id, topic=topic, text=text, source=source, certainty=certainty,
        entry_id=owner.id if owner is not None else None,
    )  # fmt: skip
    session.add(note)
    session.flush()
    return note


def define_field(
    session: Session, review: Review, spec: FieldSpec, *, now: datetime
) -> FieldVersion:
    """Add a custom field to a review's form, or a new version of it; entries stay as they are.

    A version without a place stands where the one before did.

    Raises InvalidDataError for the name of a built-in column, a change of what the field describes,
    or a version that says nothing new.
    """
    if spec.slug in {*COLUMNS, *FORM_COLUMNS}:
        raise InvalidDataError(f"{spec.slug} is a column of every review already")
    known = {field.slug: field for field in field_queries.field_versions(session, review)}.get(
        spec.slug
    )
    if known is not None and known.level is not spec.level:
        raise InvalidDataError(
            f"field {spec.slug} describes each {known.level}; take another name for {spec.level}"
        )
    if known is not None and spec.place is None:
        spec = dataclasses.replace(spec, place=known.place)
    if known is not None and field_queries.field_spec(known) == spec:
        raise InvalidDataError(f"field {spec.slug} is like that already")
    version = FieldVersion(
        review_id=review.id,
        slug=spec.slug,
        number=known.number + 1 if known is not None else 1,
        level=FieldLevel(spec.level),
        label=spec.label,
        kind=spec.kind,
        choices=list(spec.choices),
        lowest=spec.lowest,
        highest=spec.highest,
        retired=spec.retired,
        help=spec.help,
        place=spec.place,
        made_at=now,
    )
    session.add(version)
    session.flush()
    return version


def retire_field(
    session: Session, review: Review, *, slug: str, now: datetime, retired: bool = True
) -> FieldVersion:
    """Take a field off the form, or ask for it again; what was entered stays.

    Raises NotFoundError.
    """
    for known in field_queries.field_versions(session, review):
        if known.slug == slug:
            spec = dataclasses.replace(field_queries.field_spec(known), retired=retired)
            return define_field(session, review, spec, now=now)
    raise NotFoundError(f"review {review.slug} has no custom field {slug!r}")


def order_fields(session: Session, review: Review, slugs: Sequence[str], *, now: datetime) -> int:
    """Put the fields of a level in an order; return how many stand elsewhere now.

    Parameters
    ----------
    slugs
        Fields of one level; those of it that are not named follow in the order they had.

    Raises
    ------
    NotFoundError
        For an unknown field.
    InvalidDataError
        For fields of several levels, or one that is named twice.
    """
    known = {
        v.slug: field_queries.field_spec(v) for v in field_queries.field_versions(session, review)
    }
    for slug in slugs:
        if slug not in known:
            raise NotFoundError(f"review {review.slug} has no custom field {slug!r}")
    levels = {known[slug].level for slug in slugs}
    if len(levels) != 1 or len(set(slugs)) != len(slugs):
        raise InvalidDataError("an order is of the fields of one level, each once")
    rest = [slug for slug, spec in known.items() if spec.level in levels and slug not in slugs]
    moved = 0
    for place, slug in enumerate([*slugs, *rest], 1):
        if known[slug].place != place:
            spec = dataclasses.replace(known[slug], place=place)
            define_field(session, review, spec, now=now)
            moved += 1
    return moved


def _own_blind(session: Session, review: Review, label: str, person: str) -> Entry:
    study = queries.study_called(session, review, label)
    for entry in queries.entries(session, [study.id]):
        if entry.kind is EntryKind.BLIND and entry.person.name == person:
            return entry
    raise NotFoundError(f"{person} has no blind entry of {label}")


def finish_entry(
    session: Session, review: Review, *, study: str, person: str, now: datetime
) -> Entry:
    """Say that a person's blind entry is complete: it may be compared, and no longer changed."""
    entry = _own_blind(session, review, study, person)
    if entry.finished_at is not None:
        raise InvalidDataError(f"the entry of {study} by {person} is finished already")
    entry.finished_at = now
    session.flush()
    return entry


def reopen_entry(session: Session, review: Review, *, study: str, person: str) -> Entry:
    """Let a person change a finished blind entry; not after the consensus was reached."""
    entry = _own_blind(session, review, study, person)
    if entry.finished_at is None:
        raise InvalidDataError(f"the entry of {study} by {person} is open")
    if any(
        other.kind is EntryKind.CONSENSUS and other.finished_at is not None
        for other in queries.entries(session, [entry.study_id])
    ):
        raise InvalidDataError(f"{study} has a consensus; correct that (--entry consensus) instead")
    entry.finished_at = None
    session.flush()
    return entry


def dismiss(
    session: Session, study: Study, finding: Finding, *, person: str, reason: str, now: datetime
) -> Dismissal:
    """Keep why a doubt does not matter; it comes back when its numbers change."""
    if not reason.strip():
        raise InvalidDataError("say why the doubt does not matter; the reason is kept")
    owner = _blind_owner(session, finding)
    known = session.scalar(
        sa.select(Dismissal).where(
            Dismissal.study_id == study.id,
            Dismissal.key == finding.key,
            Dismissal.entry_id == owner,
        )
    )
    if known is not None:
        raise InvalidDataError(f"doubt {finding.key} is dismissed already: {known.reason}")
    dismissal = Dismissal(
        study_id=study.id,
        key=finding.key,
        kind=finding.kind.value,
        message=finding.message,
        reason=reason.strip(),
        person_id=person_called(session, person).id,
        dismissed_at=now,
        entry_id=owner,
    )
    session.add(dismissal)
    session.flush()
    return dismissal


def _blind_owner(session: Session, finding: Finding) -> int | None:
    """Return the blind entry that a doubt is about: what is said of it is its author's."""
    return session.scalar(
        sa.select(Entry.id)
        .join(Result, Result.entry_id == Entry.id)
        .where(Result.id.in_(finding.results), Entry.kind == EntryKind.BLIND)
        .limit(1)
    )
