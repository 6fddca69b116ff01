"""One result: withdrawn, taken back in, or put where it belongs. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.errors import InvalidDataError, NotFoundError, Remedy
from review.extraction import queries
from review.extraction.known_names import known_names
from review.extraction.mending.absorbing import place_of
from review.extraction.mending.acts import Mended, keep_step, needs_reason
from review.extraction.mending.renaming import arm_called, new_name, results_of_study
from review.extraction.models import Entry, Result, Study, natural_key
from review.extraction.spelling import Spelling
from review.extraction.vocabulary import EntryKind, Level
from review.history.models import Event
from review.protocol.models import Review
from review.protocol.queries import instrument_called
from review.protocol.vocabulary import AnalysisSet, Rater
from review.wording import counted


def _result(session: Session, review: Review, number: int, person: str) -> tuple[Result, Study]:
    """Return a result that a person may change, with its study; raise NotFoundError."""
    row = session.execute(
        sa.select(Result, Entry, Study)
        .join(Entry, Result.entry_id == Entry.id)
        .join(Study, Entry.study_id == Study.id)
        .where(Study.review_id == review.id, Result.id == number)
        .execution_options(withdrawn=True)
    ).one_or_none()
    seen = row is not None and row[1] in queries.visible(
        queries.entries(session, [row[2].id]), person
    )
    if row is None or not seen:
        raise NotFoundError(
            f"review {review.slug} has no result {number}",
            remedy=Remedy("see their numbers with", "review extract trace STUDY"),
        )
    result, entry, study = row
    if entry.kind is EntryKind.BLIND and entry.person.handle != person:
        raise InvalidDataError(f"result {number} is {entry.person.handle}'s own blind entry")
    if entry.kind is EntryKind.BLIND and entry.finished_at is not None:
        raise InvalidDataError(
            f"your entry of {study.label} is finished and may have been compared",
            remedy=Remedy("to change it", f'review extract reopen "{study.label}" --reason TEXT'),
        )
    return result, study


def withdraw_result(
    session: Session, review: Review, *, number: int, person: str, reason: str
) -> Mended:
    """Take a result out for good: it stays with the reason, and no analysis or export has it.

    Raises NotFoundError, or InvalidDataError where it was withdrawn before.
    """
    result, study = _result(session, review, number, person)
    if result.withdrawn_because is not None:
        raise InvalidDataError(f"result {number} was withdrawn before: {result.withdrawn_because}")
    place = place_of(session, result)
    result.withdrawn_because = needs_reason(reason)
    return keep_step(
        session,
        "withdraw",
        entity="result",
        entity_id=number,
        mended=Mended(f"result {number} of {study.label} ({place}) was withdrawn"),
    )


def reinstate_result(
    session: Session, review: Review, *, number: int, person: str, reason: str
) -> Mended:
    """Take a withdrawn result in again; raise InvalidDataError where another one has its place."""
    needs_reason(reason)
    result, study = _result(session, review, number, person)
    if result.withdrawn_because is None:
        raise InvalidDataError(f"result {number} is not withdrawn")
    _place_is_free(session, study, result)
    place = place_of(session, result)
    result.withdrawn_because = None
    return keep_step(
        session,
        "reinstate",
        entity="result",
        entity_id=number,
        mended=Mended(f"result {number} of {study.label} ({place}) counts again"),
    )


def _place_is_free(session: Session, study: Study, result: Result) -> None:
    for other in results_of_study(session, study):
        if other.id != result.id and natural_key(other) == natural_key(result):
            raise InvalidDataError(
                f"result {other.id} of {study.label} stands there already "
                f"({place_of(session, other)}); withdraw or move that one first"
            )


@dataclass(frozen=True, slots=True)
class NewKey:
    """What of a result's key is wrong, and what is right; None leaves it."""

    arm: str | None = None
    versus_arm: str | None = None
    instrument: str | None = None
    rater: Rater | None = None
    timepoint: str | None = None
    analysis_set: AnalysisSet | None = None


def rekey_result(
    session: Session, review: Review, *, number: int, key: NewKey, person: str, reason: str
) -> Mended:
    """Put a result where it belongs: another timepoint, rater, instrument, set or arm.

    Its numbers stay, and the history keeps where it was.

    Raises
    ------
    NotFoundError
        For an unknown result, arm or instrument.
    InvalidDataError
        Where nothing would change, or a result stands there already.
    """
    needs_reason(reason)
    result, study = _result(session, review, number, person)
    if result.withdrawn_because is not None:
        raise InvalidDataError(f"result {number} was withdrawn: {result.withdrawn_because}")
    was = place_of(session, result)
    own = [result.entry_id]
    with session.no_autoflush:
        if key.arm is not None:
            result.arm_id = arm_called(session, study, key.arm, own).id
        if key.versus_arm is not None:
            if result.level is not Level.CONTRAST:
                raise InvalidDataError(f"result {number} is of one arm, not of one against another")
            result.versus_arm_id = arm_called(session, study, key.versus_arm, own).id
        if result.arm_id == result.versus_arm_id:
            raise InvalidDataError("a contrast is of two arms, not of one against itself")
        if key.instrument is not None:
            result.instrument_id = instrument_called(session, review, key.instrument).id
        if key.rater is not None:
            result.rater = key.rater
        if key.timepoint is not None:
            known = known_names(session, review, person).timepoints
            result.timepoint = Spelling(known).of(new_name(key.timepoint))
        if key.analysis_set is not None:
            result.analysis_set = key.analysis_set
        if not sa.inspect(result).modified:
            raise InvalidDataError(f"result {number} is there already ({was})")
        now = place_of(session, result)
        if now == was:
            raise InvalidDataError(f"result {number} is there already ({was})")
        _place_is_free(session, study, result)
    return keep_step(
        session,
        "rekey",
        entity="result",
        entity_id=number,
        mended=Mended(f"result {number} of {study.label} is of {now} (it was of {was})"),
    )


def rename_timepoint(
    session: Session,
    review: Review,
    *,
    name: str,
    to: str,
    person: str,
    study: str | None = None,
) -> Mended:
    """Call a timepoint otherwise in every result (of one study) that a person may see.

    Blind entries that they may not see yet keep their names. Raises NotFoundError where no other
    result has it, InvalidDataError where a result stands at the new one already.
    """
    found = [
        queries.study_called(session, review, study)
    ] if study is not None else queries.studies(session, review)  # fmt: skip
    wanted = new_name(to)
    if wanted == name:
        raise InvalidDataError(f"the timepoint is called {name} already")
    seen = {e.id for e in queries.visible_entries(session, [one.id for one in found], person)}
    moved: list[tuple[Study, Result]] = [
        (one, result)
        for one in found
        for result in results_of_study(session, one)
        if result.timepoint == name and result.entry_id in seen
    ]
    if not moved:
        known = ", ".join(known_names(session, review, person).timepoints)
        raise NotFoundError(f"no result has the timepoint {name!r} (there is: {known})")
    with session.no_autoflush:
        for _, result in moved:
            result.timepoint = wanted
        for one, result in moved:
            _place_is_free(session, one, result)
    studies = dict.fromkeys(one.label for one, _ in moved)
    return keep_step(
        session,
        "rename",
        entity="review",
        entity_id=review.id,
        mended=Mended(
            f"timepoint {name} is now called {wanted} ({counted(len(moved), 'result')})",
            tuple(studies),
        ),
    )


def timepoints(session: Session, review: Review, viewer: str | None) -> dict[str, int]:
    """Return the timepoints of the results that a person may see, with how many have each."""
    studies = [study.id for study in queries.studies(session, review)]
    seen = [entry.id for entry in queries.visible_entries(session, studies, viewer)]
    rows = session.execute(
        sa.select(Result.timepoint, sa.func.count(Result.id))
        .where(Result.entry_id.in_(seen))
        .group_by(Result.timepoint)
        .order_by(Result.timepoint)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A result that was withdrawn, by whom, when and why."""

    result: int
    study: str
    place: str
    by: str | None
    at: datetime | None
    because: str


def withdrawn_results(session: Session, review: Review, *, person: str) -> list[Withdrawn]:
    """Return what was withdrawn of a review, but for what went with an undone import."""
    rows = session.execute(
        sa.select(Result, Entry, Study.label)
        .join(Entry, Result.entry_id == Entry.id)
        .join(Study, Entry.study_id == Study.id)
        .where(Study.review_id == review.id, Result.withdrawn_because.is_not(None))
        .order_by(Study.label, Result.id)
        .execution_options(withdrawn=True)
    ).all()
    events = _withdrawals(session, [row[0].id for row in rows])
    found = []
    for result, entry, label in rows:
        hidden = entry.kind is EntryKind.BLIND and entry.person.handle != person
        because = result.withdrawn_because or ""
        if hidden or because.startswith(queries.UNDONE):
            continue
        event = events.get(result.id)
        found.append(
            Withdrawn(
                result=result.id,
                study=label,
                place=place_of(session, result),
                by=event.actor if event else None,
                at=event.at if event else None,
                because=because,
            )
        )
    return found


def _withdrawals(session: Session, ids: Sequence[int]) -> dict[int, Event]:
    """Return the newest event that withdrew each result."""
    events = session.scalars(
        sa.select(Event)
        .where(Event.entity == "result", Event.entity_id.in_(ids), Event.action == "update")
        .order_by(Event.seq)
    )

    def withdraws(new: dict[str, Any] | None) -> bool:
        return bool((new or {}).get("withdrawn_because"))

    return {e.entity_id: e for e in events if e.entity_id is not None and withdraws(e.new)}
