"""Exclusion reasons, stage settings, decisions, adjudications, retrieval, removals, rankings.

Everything that is decided is a row of its own that is never changed: triggers forbid UPDATE and
DELETE, the newest row counts, and what rows amount to is counted (`review.screening.rules`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.citations.models import Record
from review.db import Base, CanonicalJson
from review.history.rules import Held, Omitted, omits
from review.people.models import Person
from review.screening.vocabulary import Box, RemovalCause, RetrievalOutcome, Stage, State, Verdict

SEALED: Final = omits(
    verdict=Omitted.SEALED, reason_id=Omitted.SEALED, note=Omitted.SEALED, nonce=Omitted.SEALED
)
"""What the seal of a decision covers, and the history leaves out."""


def _record_key() -> Mapped[int]:
    return mapped_column(sa.ForeignKey("record.id", ondelete="RESTRICT"), index=True)


def _person_key() -> Mapped[int]:
    return mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))


class ExclusionReason(Base):
    """One of the protocol's reasons to exclude a report; the first that applies is given."""

    __tablename__ = "exclusion_reason"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "place"),
        sa.UniqueConstraint("review_id", "label"),
        sa.CheckConstraint("place >= 1", name="place"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    place: Mapped[int]
    label: Mapped[str]
    """As the flow diagram prints it."""


class StageSetting(Base):
    """How a stage is screened where it differs from two blind reviewers."""

    __tablename__ = "stage_setting"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "stage"),
        sa.CheckConstraint("required BETWEEN 1 AND 20", name="required"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    stage: Mapped[Stage]
    required: Mapped[int]
    blind: Mapped[bool] = mapped_column(sa.Boolean(create_constraint=True, name="blind"))


class StageScreener(Base):
    """What a stage asks of one person where it differs from the others."""

    __tablename__ = "stage_screener"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "stage", "person_id"),
        sa.CheckConstraint("share > 0 AND share <= 1", name="share"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    stage: Mapped[Stage]
    person_id: Mapped[int] = _person_key()
    is_core: Mapped[bool] = mapped_column(sa.Boolean(create_constraint=True, name="is_core"))
    """Whether one of those who are must be among the reviewers of each record."""
    share: Mapped[float | None]
    """Of the records, how many the person is offered; None for all."""

    person: Mapped[Person] = relationship()


class Pilot(Base):
    """A pilot round: some records that a number of reviewers screen to see whether they agree."""

    __tablename__ = "pilot"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "stage", "number"),
        sa.CheckConstraint("reviewers BETWEEN 2 AND 20", name="reviewers"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    stage: Mapped[Stage]
    number: Mapped[int]
    reviewers: Mapped[int]
    seed: Mapped[int]
    record_ids: Mapped[list[int]] = mapped_column(CanonicalJson)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Ranking(Base):
    """One order of the records of a stage, with what it was learned from."""

    __tablename__ = "ranking"
    __table_args__ = (sa.UniqueConstraint("review_id", "key"),)
    __history_omits__ = omits(places="places_sha256")

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    stage: Mapped[Stage]
    made_at: Mapped[datetime]
    model: Mapped[str]
    software: Mapped[str]
    seed: Mapped[int]
    random_share: Mapped[float]
    learned_included: Mapped[int]
    learned_excluded: Mapped[int]
    key: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of texts, labels, seed, share and model: the same input makes no second ranking."""
    places: Mapped[list[Any]] = mapped_column(CanonicalJson)
    """``[record, score, at random]`` in order; the SHA-256 of it is `places_sha256`."""
    places_sha256: Mapped[str] = mapped_column(sa.String(64))


class Decision(Base):
    """What one reviewer said of one record at one stage; a reviewer's newest decision counts.

    The history shows `seal` at once. What was said is left out of it, for the history is open to
    the reviewer who has not decided yet; the seal proves later that it was not altered.
    """

    __tablename__ = "decision"
    __table_args__ = (
        sa.Index("ix_decision_record_id_stage", "record_id", "stage"),
        sa.Index("ix_decision_person_id_stage", "person_id", "stage", "id"),
        sa.CheckConstraint(
            "stage <> 'full_text' OR verdict <> 'exclude' OR reason_id IS NOT NULL", name="reason"
        ),
        sa.CheckConstraint("verdict = 'exclude' OR reason_id IS NULL", name="no_reason"),
        sa.UniqueConstraint("person_id", "request"),
    )
    __history_omits__ = SEALED

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(sa.ForeignKey("record.id", ondelete="RESTRICT"))
    stage: Mapped[Stage]
    person_id: Mapped[int] = _person_key()
    verdict: Mapped[Verdict]
    reason_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("exclusion_reason.id", ondelete="RESTRICT")
    )
    note: Mapped[str | None]
    decided_at: Mapped[datetime]
    pilot_id: Mapped[int | None] = mapped_column(sa.ForeignKey("pilot.id", ondelete="RESTRICT"))
    ranking_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ranking.id", ondelete="RESTRICT"))
    """The ranking the record was served from, if any."""
    rank: Mapped[int | None]
    """Its place in that ranking, from 1."""
    at_random: Mapped[bool | None] = mapped_column(
        sa.Boolean(create_constraint=True, name="at_random")
    )
    """Whether that ranking drew it at random."""
    request: Mapped[str | None]
    """What the sender calls this request, so that sending it twice decides once."""
    nonce: Mapped[str] = mapped_column(sa.String(32))
    seal: Mapped[str] = mapped_column(sa.String(64))

    record: Mapped[Record] = relationship()
    person: Mapped[Person] = relationship()
    reason: Mapped[ExclusionReason | None] = relationship()


class LateDecision(Base):
    """What somebody said of a record that had all its decisions by then; kept, and never counted.

    It was handed to them, and others decided while they read. Sealed as decisions are.
    """

    __tablename__ = "late_decision"
    __table_args__ = (
        sa.CheckConstraint("verdict = 'exclude' OR reason_id IS NULL", name="reason"),
    )
    __history_omits__ = SEALED

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = _record_key()
    stage: Mapped[Stage]
    person_id: Mapped[int] = _person_key()
    verdict: Mapped[Verdict]
    reason_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("exclusion_reason.id", ondelete="RESTRICT")
    )
    note: Mapped[str | None]
    decided_at: Mapped[datetime]
    nonce: Mapped[str] = mapped_column(sa.String(32))
    seal: Mapped[str] = mapped_column(sa.String(64))

    person: Mapped[Person] = relationship()
    reason: Mapped[ExclusionReason | None] = relationship()


class Withdrawal(Base):
    """That somebody took a decision of theirs back: they are undecided, and it stays as it was."""

    __tablename__ = "decision_withdrawal"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(
        sa.ForeignKey("decision.id", ondelete="RESTRICT"), unique=True
    )
    record_id: Mapped[int] = _record_key()
    after_id: Mapped[int]
    """The newest decision of all at that time: what was independent until then stays so."""
    withdrawn_at: Mapped[datetime]

    decision: Mapped[Decision] = relationship()


class Adjudication(Base):
    """How a third person settled a conflict; the newest counts."""

    __tablename__ = "adjudication"
    __table_args__ = (
        sa.CheckConstraint("verdict <> 'maybe'", name="settles"),
        sa.CheckConstraint(
            "stage <> 'full_text' OR verdict <> 'exclude' OR reason_id IS NOT NULL", name="reason"
        ),
        sa.CheckConstraint("verdict = 'exclude' OR reason_id IS NULL", name="no_reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = _record_key()
    stage: Mapped[Stage]
    person_id: Mapped[int] = _person_key()
    verdict: Mapped[Verdict]
    reason_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("exclusion_reason.id", ondelete="RESTRICT")
    )
    note: Mapped[str | None]
    decided_at: Mapped[datetime]

    record: Mapped[Record] = relationship()
    person: Mapped[Person] = relationship()
    reason: Mapped[ExclusionReason | None] = relationship()


class FullText(Base):
    """A PDF, known by its content; kept in the database so that one backup holds all."""

    __tablename__ = "full_text"
    __table_args__ = (sa.CheckConstraint("size > 0", name="size"),)
    __history_omits__ = omits(content="sha256")

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)


class Retrieval(Base):
    """What became of the search for a report's full text; the newest row counts."""

    __tablename__ = "retrieval"
    __table_args__ = (
        sa.CheckConstraint("(outcome = 'not_retrieved') = (reason IS NOT NULL)", name="reason"),
        sa.CheckConstraint("outcome = 'retrieved' OR full_text_id IS NULL", name="full_text"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = _record_key()
    person_id: Mapped[int] = _person_key()
    outcome: Mapped[RetrievalOutcome]
    reason: Mapped[str | None]
    full_text_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("full_text.id", ondelete="RESTRICT")
    )
    file: Mapped[str | None]
    """The name the PDF came under."""
    noted_at: Mapped[datetime]

    full_text: Mapped[FullText | None] = relationship()


class Removal(Base):
    """A record taken out before screening, or put back; the newest row counts."""

    __tablename__ = "removal"

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = _record_key()
    person_id: Mapped[int] = _person_key()
    cause: Mapped[RemovalCause]
    reason: Mapped[str]
    noted_at: Mapped[datetime]


class PreviousVersion(Base):
    """Studies of a previous version whose screening is not in this ledger; the newest counts."""

    __tablename__ = "previous_version"
    __table_args__ = (sa.CheckConstraint("studies >= 0 AND reports >= studies", name="counts"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), index=True
    )
    citation: Mapped[str]
    studies: Mapped[int]
    reports: Mapped[int]
    noted_at: Mapped[datetime]


class Place(Base):
    """What a record's decisions amount to at a stage; made from the ledger, and made anew at will.

    Nothing is decided by it, so that no history is kept of it: see `review.screening.places`.
    """

    __tablename__ = "place"
    __held__ = Held.DERIVED
    __table_args__ = (
        sa.Index(
            "ix_place_queue",
            "review_id",
            "stage",
            "turn",
            "position",
            "record_id",
            "deciders",
            "judged",
        ),
        sa.Index("ix_place_state", "review_id", "stage", "judged", "state"),
    )

    record_id: Mapped[int] = mapped_column(
        sa.ForeignKey("record.id", ondelete="RESTRICT"), primary_key=True
    )
    stage: Mapped[Stage] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id", ondelete="RESTRICT"))
    judged: Mapped[bool] = mapped_column(sa.Boolean(create_constraint=True, name="judged"))
    """Whether the stage is about the record."""
    state: Mapped[State]
    reason: Mapped[int | None]
    """Place of the exclusion reason in the protocol's list."""
    deciders: Mapped[str]
    """Persons who decided, as ``,3,7,``; empty where nobody did."""
    missing: Mapped[int]
    """Decisions that are still wanted."""
    turn: Mapped[int]
    """1 for a record that somebody began and others are to decide, 2 for one that nobody has
    touched, 0 for one that wants nothing: queues offer them in this order."""
    position: Mapped[int]
    """Of untouched records in the newest ranking; those alike come in order of import."""
    piloted: Mapped[bool] = mapped_column(sa.Boolean(create_constraint=True, name="piloted"))
    """Whether an open pilot round has it."""
    ruled: Mapped[bool] = mapped_column(sa.Boolean(create_constraint=True, name="ruled"))
    """Whether it was adjudicated."""
    box: Mapped[Box]
    """Where the record stands in the review; the same at both stages."""


class PlaceMark(Base):
    """Up to which event the places of a review were made."""

    __tablename__ = "place_mark"
    __held__ = Held.DERIVED

    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), primary_key=True
    )
    seq: Mapped[int]


class Hold(Base):
    """A record that somebody is reading now; over after a while, and no decision of any kind."""

    __tablename__ = "hold"
    __held__ = Held.WORKING

    record_id: Mapped[int] = mapped_column(
        sa.ForeignKey("record.id", ondelete="RESTRICT"), primary_key=True
    )
    stage: Mapped[Stage] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        sa.ForeignKey("person.id", ondelete="RESTRICT"), primary_key=True
    )
    until: Mapped[datetime]
