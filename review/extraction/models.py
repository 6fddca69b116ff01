"""Studies, reports, arms, entries, results and notes."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.people.models import Person
from review.protocol.models import Instrument
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater


class EntryKind(StrEnum):
    """What an entry is: one of two blind ones, the consensus of both, or the only one."""

    SINGLE = "single"
    BLIND = "blind"
    CONSENSUS = "consensus"


class Level(StrEnum):
    """What a result is about."""

    ARM = "arm"
    CONTRAST = "contrast"


class Study(Base):
    """A trial; its reports, arms and numbers hang on it."""

    __tablename__ = "study"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "label"),
        sa.CheckConstraint("year BETWEEN 1800 AND 2200", name="year"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    label: Mapped[str]
    year: Mapped[int | None]
    registration: Mapped[str | None]
    design: Mapped[str | None]
    country: Mapped[str | None]
    population: Mapped[str | None]
    excluded_because: Mapped[str | None]
    """Set when a study leaves the review, for instance by retraction; its numbers stay."""


class Report(Base):
    """A publication of a study."""

    __tablename__ = "report"
    __table_args__ = (sa.UniqueConstraint("study_id", "citation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    citation: Mapped[str]
    doi: Mapped[str | None] = mapped_column(index=True)
    year: Mapped[int | None]


class Note(Base):
    """What a source says about a study that is no number to pool."""

    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(
        sa.ForeignKey("study.id", ondelete="RESTRICT"), index=True
    )
    topic: Mapped[str]
    text: Mapped[str]
    source: Mapped[str]
    certainty: Mapped[str]


class Arm(Base):
    """One arm of a study."""

    __tablename__ = "arm"
    __table_args__ = (
        sa.UniqueConstraint("study_id", "label"),
        sa.CheckConstraint("n_randomised >= 0", name="n_randomised"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    label: Mapped[str]
    treatment: Mapped[str]
    delivery_mode: Mapped[DeliveryMode | None]
    n_randomised: Mapped[int | None]


class Entry(Base):
    """One person's extraction of one study; no entry overwrites another.

    A study has any number of blind entries and at most one consensus and one single entry.
    """

    __tablename__ = "entry"
    __table_args__ = (
        sa.UniqueConstraint("study_id", "person_id", "kind"),
        sa.Index(
            "uq_entry_decided",
            "study_id",
            "kind",
            unique=True,
            sqlite_where=sa.text("kind <> 'blind'"),
            postgresql_where=sa.text("kind <> 'blind'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    kind: Mapped[EntryKind]

    study: Mapped[Study] = relationship()
    person: Mapped[Person] = relationship()


class Result(Base):
    """The numbers a report gives for one arm, or for one contrast of two arms, as reported.

    A row without numbers says that the report does not give them, which is not zero. What follows
    from the numbers (an SD from an SE, an effect and its variance) is computed by a named recipe
    when it is needed, and kept with the run that used it.
    """

    __tablename__ = "result"
    __table_args__ = (
        sa.CheckConstraint("(level = 'contrast') = (versus_arm_id IS NOT NULL)", name="versus"),
        sa.CheckConstraint("arm_id <> versus_arm_id", name="two_arms"),
        sa.CheckConstraint("n >= 1", name="n"),
        sa.CheckConstraint("versus_n >= 1", name="versus_n"),
        sa.CheckConstraint("sd >= 0", name="sd"),
        sa.CheckConstraint("se > 0", name="se"),
        sa.CheckConstraint("variance > 0", name="variance"),
        sa.CheckConstraint("events >= 0 AND events <= n", name="events"),
        sa.CheckConstraint("ci_low <= ci_high", name="ci"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.Index(
            "uq_result_key",
            "entry_id",
            "arm_id",
            sa.text("coalesce(versus_arm_id, 0)"),
            "instrument_id",
            "rater",
            "timepoint",
            "analysis_set",
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("entry.id", ondelete="RESTRICT"))
    level: Mapped[Level]
    arm_id: Mapped[int] = mapped_column(sa.ForeignKey("arm.id", ondelete="RESTRICT"), index=True)
    versus_arm_id: Mapped[int | None] = mapped_column(sa.ForeignKey("arm.id", ondelete="RESTRICT"))
    instrument_id: Mapped[int] = mapped_column(
        sa.ForeignKey("instrument.id", ondelete="RESTRICT"), index=True
    )
    rater: Mapped[Rater]
    timepoint: Mapped[str]
    analysis_set: Mapped[AnalysisSet]
    metric: Mapped[str | None]
    """What `estimate` is an estimate of, such as ``standardized mean change`` or ``SMD``."""
    n: Mapped[int | None]
    versus_n: Mapped[int | None]
    mean: Mapped[float | None]
    sd: Mapped[float | None]
    events: Mapped[int | None]
    estimate: Mapped[float | None]
    se: Mapped[float | None]
    variance: Mapped[float | None]
    ci_low: Mapped[float | None]
    ci_high: Mapped[float | None]
    report_id: Mapped[int | None] = mapped_column(sa.ForeignKey("report.id", ondelete="RESTRICT"))
    page: Mapped[str | None]
    quote: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 -- SQLAlchemy's own interface

    entry: Mapped[Entry] = relationship()
    arm: Mapped[Arm] = relationship(foreign_keys=[arm_id])
    versus_arm: Mapped[Arm | None] = relationship(foreign_keys=[versus_arm_id])
    instrument: Mapped[Instrument] = relationship()
    report: Mapped[Report | None] = relationship()
