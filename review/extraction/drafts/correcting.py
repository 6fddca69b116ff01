"""Correcting one result that counts, with the reason why. Actions never commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError
from review.extraction import queries
from review.extraction.drafts.form import Form, Source, Stored, StoredThing
from review.extraction.drafts.queries import form_of, stored_of
from review.extraction.drafts.taking import Saved, take_form
from review.extraction.entered import ResultKey
from review.extraction.fields import written
from review.extraction.models import Entry, Result, Study
from review.extraction.rules import RESULT_COLUMNS
from review.extraction.vocabulary import EntryKind
from review.history.models import Event
from review.protocol.models import Review

ARMS = ("arm", "versus_arm")


@dataclass(frozen=True, slots=True)
class ToCorrect:
    """A result that counts, and the form in which it stands alone with what is to change."""

    study: Study
    kind: EntryKind
    form: Form
    made_from: Stored


def to_correct(
    session: Session,
    review: Review,
    number: int,
    *,
    version: int,
    cells: Mapping[str, str],
    source: Source | None = None,
    key: Mapping[str, str] | None = None,
) -> ToCorrect:
    """Return a result that counts as a form that changes some of its cells.

    Parameters
    ----------
    number, version
        The result, and which version of it the person saw.
    cells
        What they are to say, by column.
    source
        Where they stand, if that changes; its report by key.
    key
        Parts of what the result is of; arms by their labels.

    Raises
    ------
    NotFoundError
        For a result that does not count, or that nobody may see.
    """
    row = session.execute(
        sa.select(Result, Entry, Study)
        .join(Entry, Result.entry_id == Entry.id)
        .join(Study, Entry.study_id == Study.id)
        .where(Study.review_id == review.id, Result.id == number)
    ).one_or_none()
    if row is None or row[1].kind is EntryKind.BLIND:
        raise NotFoundError(f"review {review.slug} has no result {number} that counts")
    result, entry, study = row
    counted = queries.counting(queries.entries(session, [study.id]))
    if counted is None or counted.id != entry.id:
        raise NotFoundError(f"result {number} does not count; {study.label} has another entry")
    stored = stored_of(session, study, entry.kind, entry)
    form = form_of(stored)
    blocks = []
    parts = {name: text for name, text in (key or {}).items() if text is not None}
    unknown = parts.keys() - set(ResultKey._fields)
    if unknown:
        raise InvalidDataError(f"no part of a result's key: {', '.join(sorted(unknown))}")
    arms = {arm.label: arm.key for arm in form.arms}
    for block in form.blocks:
        for one in block.rows:
            if one.result == number:
                changed = one.model_copy(
                    update={
                        "cells": {**one.cells, **cells},
                        "source": (source or Source()).over(one.source or block.source),
                        **{n: arms.get(parts[n], parts[n]) for n in ARMS if n in parts},
                    }
                )
                rest = {name: text for name, text in parts.items() if name not in ARMS}
                blocks.append(block.model_copy(update={"rows": (changed,), **rest}))
    bare = [arm.model_copy(update={"cells": {}}) for arm in form.arms]
    alone = form.model_copy(update={"blocks": tuple(blocks), "arms": tuple(bare)})
    before = _as_it_was(session, result, stored.results[number], version)
    made_from = stored.model_copy(update={"results": {**stored.results, number: before}})
    study_part = alone.study.model_copy(update={"cells": {}})
    return ToCorrect(study, entry.kind, alone.model_copy(update={"study": study_part}), made_from)


def _as_it_was(session: Session, result: Result, now: StoredThing, version: int) -> StoredThing:
    """Return a result's cells as they were at a version of it, by the events since."""
    if result.version == version:
        return now
    cells = dict(now.cells)
    events = session.scalars(
        sa.select(Event)
        .where(Event.entity == "result", Event.entity_id == result.id, Event.action == "update")
        .order_by(Event.seq.desc())
    )
    for event in events:
        old = event.old or {}
        if old.get("version", version) < version:
            break
        cells |= {name: written(value) for name, value in old.items() if name in RESULT_COLUMNS}
    return now.model_copy(update={"cells": cells, "version": version})


def correct(
    session: Session,
    review: Review,
    number: int,
    found: ToCorrect,
    *,
    person: str,
    reason: str,
    now: datetime,
) -> Saved:
    """Correct a result; what was computed before stays as it is.

    Raises InvalidDataError where nothing would change, OvertakenError where somebody changed the
    same cells since, FormError for cells that cannot be.
    """
    saved = take_form(
        session, review, found.study, found.kind, found.form, found.made_from, person, now, reason
    )
    if not saved.changes:
        raise InvalidDataError(f"result {number} says that already")
    return saved
