"""The form of a review as its builder shows it: fields in order, their versions, what they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError
from review.extraction.field_queries import field_spec, field_specs
from review.extraction.fields import FieldKind, FieldLevel, FieldSpec, changes, parsed, written
from review.extraction.models import Entry, EntryValue, FieldVersion, Study
from review.extraction.queries import counting, entries, studies
from review.protocol.models import Review

KINDS: Final[Mapping[FieldKind, str]] = {
    FieldKind.TEXT: "text",
    FieldKind.NUMBER: "a number",
    FieldKind.CHOICE: "one of some choices",
    FieldKind.MULTIPLE: "any of some choices",
    FieldKind.DATE: "a date",
}
LEVELS: Final[Mapping[FieldLevel, str]] = {
    FieldLevel.STUDY: "Of each study",
    FieldLevel.ARM: "Of each arm",
    FieldLevel.RESULT: "Of each result",
}


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version of a field."""

    number: int
    made_at: datetime
    changed: tuple[str, ...]
    """What it changed; nothing for the first."""


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field of the form."""

    spec: FieldSpec
    version: int
    holds: str
    values: int
    """That count and stand in it; blind entries tell nothing here."""
    versions: tuple[VersionLine, ...]
    outgrown: tuple[str, ...]
    """Values that count and that the newest version would not take, with their study."""


@dataclass(frozen=True, slots=True)
class LevelLines:
    """The fields that describe one thing, in the order of the form."""

    level: FieldLevel
    words: str
    fields: tuple[FieldLine, ...]
    retired: tuple[FieldLine, ...]


@dataclass(frozen=True, slots=True)
class FormView:
    """All of a review's form that is its own."""

    levels: tuple[LevelLines, ...]

    def field(self, slug: str) -> FieldLine:
        """Return a field by its name; raise NotFoundError."""
        for level in self.levels:
            for one in (*level.fields, *level.retired):
                if one.spec.slug == slug:
                    return one
        raise NotFoundError(f"there is no custom field {slug!r}")


def form_view(session: Session, review: Review) -> FormView:
    """Return the custom fields of a review with their versions and how much they hold."""
    rows = session.scalars(
        sa.select(FieldVersion)
        .where(FieldVersion.review_id == review.id)
        .order_by(FieldVersion.number, FieldVersion.id)
    ).all()
    every: dict[str, list[FieldVersion]] = defaultdict(list)
    for row in rows:
        every[row.slug].append(row)
    values = counting_values(session, review)
    lines = [_line(versions, values.get(slug, ())) for slug, versions in every.items()]
    lines.sort(key=lambda line: (line.spec.place is None, line.spec.place or 0))
    return FormView(
        tuple(
            LevelLines(
                level,
                words,
                tuple(x for x in lines if x.spec.level is level and not x.spec.retired),
                tuple(x for x in lines if x.spec.level is level and x.spec.retired),
            )
            for level, words in LEVELS.items()
        )
    )


def _line(versions: Sequence[FieldVersion], values: Sequence[tuple[str, Any]]) -> FieldLine:
    specs = [field_spec(version) for version in versions]
    told = [(), *(tuple(changes(a, b)) for a, b in pairwise(specs))]
    spec = specs[-1]
    return FieldLine(
        spec=spec,
        version=versions[-1].number,
        holds=holds(spec),
        values=len(values),
        versions=tuple(
            VersionLine(version.number, version.made_at, changed)
            for version, changed in zip(versions, told, strict=True)
            if changed or version.number == 1
        ),
        outgrown=unfit(spec, values),
    )


def holds(spec: FieldSpec) -> str:
    """Return what a field takes, in words."""
    words = KINDS[spec.kind]
    if spec.choices:
        return f"{words}: {'; '.join(spec.choices)}"
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("from", spec.lowest), ("to", spec.highest))
        if bound is not None
    ]
    return " ".join([words, *bounds])


def counting_values(session: Session, review: Review) -> dict[str, list[tuple[str, Any]]]:
    """Return the values that count of each custom field, with their studies.

    What stands in an unfinished or a blind entry is not there: a number of values would tell
    whoever enters the same study blind what the other found.
    """
    label = {study.id: study.label for study in studies(session, review)}
    of_study: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries(session, list(label)):
        of_study[entry.study_id].append(entry)
    counted = {e.id: e.study_id for found in of_study.values() if (e := counting(found))}
    found: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    rows = session.execute(
        sa.select(EntryValue.entry_id, EntryValue.name, EntryValue.value)
        .join(Entry, EntryValue.entry_id == Entry.id)
        .join(Study, Entry.study_id == Study.id)
        .where(Study.review_id == review.id, EntryValue.field_id.is_not(None))
        .order_by(EntryValue.id)
    )
    for entry_id, name, value in rows:
        if entry_id in counted and value not in (None, "", []):
            found[name].append((label[counted[entry_id]], value))
    return dict(found)


def unfit(spec: FieldSpec, values: Sequence[tuple[str, Any]]) -> tuple[str, ...]:
    """Return the values that a field would not take, with their studies; they stay all the same."""
    found = []
    for study, value in values:
        try:
            parsed(spec, written(value))
        except InvalidDataError as error:
            found.append(f"{study}: {error}")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class FieldPreview:
    """What a field, or a new version of one, would change."""

    spec: FieldSpec
    holds: str
    changed: tuple[str, ...]
    outgrown: tuple[str, ...]


def previewed(session: Session, review: Review, spec: FieldSpec) -> FieldPreview:
    """Return what a version of a field would change; nothing is stored."""
    before = {s.slug: s for s in field_specs(session, review)}.get(spec.slug)
    values = counting_values(session, review).get(spec.slug, ())
    changed = tuple(changes(before, spec)) if before else ("a new field",)
    return FieldPreview(spec, holds(spec), changed, unfit(spec, values))
