"""Eligibility criteria, terms to mark, labels on records, notes to the team.

Criteria, labels and notes are rows that are never changed: the newest version or row counts. Labels
and notes are shown to others when the decisions on the record may be, so the history leaves out
what they say.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base, CanonicalJson
from review.history.rules import Omitted, omits
from review.people.models import Person
from review.screening.guidance.vocabulary import TermKind
from review.screening.vocabulary import Stage


class Eligibility(Base):
    """A version of the criteria by which records are judged; triggers forbid UPDATE and DELETE."""

    __tablename__ = "eligibility"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "number"),
        sa.CheckConstraint("number >= 1", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    number: Mapped[int]
    include: Mapped[list[str]] = mapped_column(CanonicalJson)
    """What a study must be, a sentence each."""
    exclude: Mapped[list[str]] = mapped_column(CanonicalJson)
    """What a study must not be, a sentence each."""
    since: Mapped[datetime]


class TermGroup(Base):
    """Terms that are marked in titles and abstracts, with what they speak for."""

    __tablename__ = "term_group"
    __table_args__ = (sa.UniqueConstraint("review_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    name: Mapped[str]
    kind: Mapped[TermKind]
    terms: Mapped[list[str]] = mapped_column(CanonicalJson)
    """As `review.screening.terms` reads them; a group without terms is not shown."""


class RecordLabel(Base):
    """A label that somebody put on a record, or took off it; the newest row of each counts."""

    __tablename__ = "record_label"
    __history_omits__ = omits(label=Omitted.PRIVATE, is_on=Omitted.PRIVATE)

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(
        sa.ForeignKey("record.id", ondelete="RESTRICT"), index=True
    )
    stage: Mapped[Stage]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    label: Mapped[str]
    is_on: Mapped[bool] = mapped_column(sa.Boolean(create_constraint=True, name="is_on"))
    put_at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class TeamNote(Base):
    """What somebody says to the team about a record, or in the discussion of a conflict."""

    __tablename__ = "team_note"
    __history_omits__ = omits(text=Omitted.PRIVATE)

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(
        sa.ForeignKey("record.id", ondelete="RESTRICT"), index=True
    )
    stage: Mapped[Stage]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    text: Mapped[str]
    noted_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
