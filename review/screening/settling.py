"""Conflicts and how a stage stands, as pages show them to those who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from review.errors import NotFoundError, StaleError
from review.independent.judgement import newest
from review.people.models import Person
from review.people.queries import members
from review.people.rules import Deed, may
from review.protocol.models import Review
from review.screening import queries
from review.screening.desk import Sheet, sheets, terms_of
from review.screening.guidance import queries as guidance
from review.screening.guidance.queries import Note
from review.screening.models import Pilot
from review.screening.progress import StageProgress
from review.screening.screeners import AskedScreener, screeners_asked
from review.screening.standings import left_for, progress, to_settle, waiting_for_nobody
from review.screening.views import Conflict, Dossier, conflicts, conflicts_on, dossier
from review.screening.vocabulary import STAGE_WORDS, Stage, State

PAGE = 25


@dataclass(frozen=True, slots=True)
class ConflictLine:
    """A conflict in a list, with what a person may do about it."""

    conflict: Conflict
    mine: bool
    """Whether they decided on it: they read it, and a third person settles it."""
    notes: int


@dataclass(frozen=True, slots=True)
class Conflicts:
    """A page of the conflicts of a stage."""

    stage: Stage
    words: str
    total: int
    to_settle: int
    lines: tuple[ConflictLine, ...]
    next: int | None


def conflicts_page(
    session: Session, review: Review, viewer: Person, *, stage: Stage, after: int = 0
) -> Conflicts:
    """Return a page of the records that reviewers disagree on, in order of import."""
    found = conflicts(session, review, stage=stage, after=after, limit=PAGE + 1)
    shown = found[:PAGE]
    settles = set(to_settle(session, review, stage=stage, person=viewer.id))
    total = progress(session, review, stage, screeners=frozenset()).states[State.CONFLICT]
    discussed = guidance.notes_counted(session, [one.record for one in shown], stage)
    return Conflicts(
        stage=stage,
        words=STAGE_WORDS[stage],
        total=total,
        to_settle=len(settles),
        lines=tuple(
            ConflictLine(one, one.record not in settles, discussed.get(one.record, 0))
            for one in shown
        ),
        next=shown[-1].record if len(found) > PAGE else None,
    )


@dataclass(frozen=True, slots=True)
class Settling:
    """A conflict with the record, what was said, the discussion, and who may settle it."""

    sheet: Sheet
    dossier: Dossier
    conflict: Conflict | None
    """None once it is settled."""
    refusal: str | None
    """Why this person may not settle it."""
    able: tuple[str, ...]
    """Who may, of those who screen now."""
    notes: tuple[Note, ...]
    reasons: tuple[tuple[int, str], ...]
    next: int | None
    """The next conflict that this person may settle."""
    settled: bool
    words: str


def settling(
    session: Session, review: Review, viewer: Person, number: int, *, stage: Stage
) -> Settling:
    """Return a conflict; raise NotFoundError for a record that has none and had none.

    What reviewers said is shown, for all have decided. Who decided reads it, and does not settle.
    """
    queries.records_numbered(session, review, [number])
    ledger = queries.ledger(session, review, only=[number])
    key = (stage, number)
    is_open = ledger.standing(stage, number).state is State.CONFLICT
    if not is_open and key not in ledger.rulings:
        raise NotFoundError(f"record {number} has no conflict on {STAGE_WORDS[stage]}")
    deciders = newest(ledger.cast(stage, number))
    screeners = [p for p, m in members(session, review.id) if may(m.role, Deed.SCREEN)]
    able = [person for person in screeners if person.identity not in deciders]
    refusal = None
    if viewer.identity in deciders:
        refusal = "You decided on this record, so somebody else settles it."
    elif viewer.identity not in {person.identity for person in screeners}:
        refusal = "Your role does not screen."
    (sheet,) = sheets(
        session, review, viewer, [number], stage=stage, terms=terms_of(session, review)
    )
    others = to_settle(session, review, stage=stage, person=viewer.id)
    shown = conflicts_on(session, review, [number], stage=stage) if is_open else []
    return Settling(
        sheet=sheet,
        dossier=dossier(session, review, number, stage=stage, handle=viewer.handle),
        conflict=shown[0] if shown else None,
        refusal=refusal,
        able=tuple(person.name for person in able),
        notes=tuple(
            guidance.notes_on(
                session, number, stage, viewer=viewer,
                shows_others=ledger.shows_others(stage, number),
            )
        ),
        reasons=tuple((r.place, r.label) for r in queries.reasons(session, review)),
        next=_after(others, number),
        words=STAGE_WORDS[stage],
        settled=not is_open,
    )  # fmt: skip


def not_settled_since(session: Session, record: int, stage: Stage, seen: int) -> None:
    """Raise StaleError where somebody settled a conflict since a person was shown it.

    `seen` is how many adjudications of it they were shown.
    """
    made = queries.adjudications_on(session, record, stage)
    if len(made) != seen:
        raise StaleError(
            f"{made[-1].person.name} settled record {record} since you opened it, as "
            f"{made[-1].verdict.value}; nothing of yours was stored"
        )


def _after(records: Sequence[int], number: int) -> int | None:
    """Return the record after one, or the first of the others."""
    others = [record for record in records if record != number]
    return next((record for record in others if record > number), min(others, default=None))


@dataclass(frozen=True, slots=True)
class StageDesk:
    """A stage on the page of all screening: what it waits for, and whom."""

    stage: Stage
    words: str
    progress: StageProgress
    left: int
    """Records that want this person's decision."""
    to_settle: int
    stuck: int
    """Records that want more decisions than there are people left to give them."""
    unsettled: int
    """Conflicts that nobody of those who screen may settle."""
    ranked: bool
    pilots: tuple[Pilot, ...]
    asked: tuple[AskedScreener, ...]


def stages_of(session: Session, review: Review, viewer: Person | None) -> list[StageDesk]:
    """Return how each stage stands, and what of it waits for a person."""
    screeners = frozenset(
        person.identity
        for person, member in members(session, review.id)
        if may(member.role, Deed.SCREEN)
    )
    asked = screeners_asked(session, review)
    mine = viewer is not None and viewer.identity in screeners
    found = []
    for stage in Stage:
        stands = progress(session, review, stage, screeners=screeners)
        number = viewer.identity if viewer is not None else -1
        found.append(
            StageDesk(
                stage=stage,
                words=STAGE_WORDS[stage],
                progress=stands,
                left=left_for(session, review, stage=stage, person=number, in_share=True)
                if mine
                else 0,
                to_settle=len(to_settle(session, review, stage=stage, person=number))
                if mine
                else 0,
                stuck=waiting_for_nobody(session, review, stage, screeners=screeners),
                unsettled=_for_nobody(session, review, stage, screeners, stands),
                ranked=queries.newest_ranking(session, review, stage) is not None,
                pilots=tuple(p for p in queries.pilots(session, review) if p.stage is stage),
                asked=tuple(one for one in asked if one.stage is stage),
            )
        )
    return found


def _for_nobody(
    session: Session,
    review: Review,
    stage: Stage,
    screeners: frozenset[int],
    stands: StageProgress,
) -> int:
    """Return how many conflicts have been decided on by everybody who may screen."""
    if not stands.states[State.CONFLICT]:
        return 0
    able: Sequence[set[int]] = [
        set(to_settle(session, review, stage=stage, person=person)) for person in sorted(screeners)
    ]
    return stands.states[State.CONFLICT] - len(set().union(*able))
