"""Studies, reports, arms, entries, results and notes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base, CanonicalJson, index_where
from review.extraction.fields import FieldKind, FieldLevel
from review.extraction.vocabulary import (
    ArmRole,
    EntryKind,
    Level,
    Positive,
    Randomised,
    Taken,
    Therapists,
)
from review.history.withdrawal import STANDS, Withdrawable, unique_while_standing
from review.people.models import Person
from review.protocol.models import Instrument
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater


class Study(Withdrawable, Base):
    """A trial; its reports, arms and numbers hang on it."""

    __tablename__ = "study"
    __table_args__ = (
        unique_while_standing("uq_study_label", "review_id", "label"),
        sa.CheckConstraint("year BETWEEN 1800 AND 2200", name="year"),
        sa.CheckConstraint("cluster_size >= 1", name="cluster_size"),
        sa.CheckConstraint("icc >= 0 AND icc <= 1", name="icc"),
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
    randomised: Mapped[Randomised | None]
    cluster_size: Mapped[float | None]
    """Mean number of participants in a cluster (group, site, therapist)."""
    icc: Mapped[float | None]
    """Intracluster correlation as the study reports it."""
    therapists: Mapped[Therapists | None]
    setting: Mapped[str | None]
    diagnosis: Mapped[str | None]
    funding: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 -- SQLAlchemy's own interface


class Report(Withdrawable, Base):
    """A publication of a study."""

    __tablename__ = "report"
    __table_args__ = (unique_while_standing("uq_report_citation", "study_id", "citation"),)

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


class Arm(Withdrawable, Base):
    """One arm of a study."""

    __tablename__ = "arm"
    __table_args__ = (
        unique_while_standing("uq_arm_label", "study_id", "label"),
        sa.CheckConstraint("n_randomised >= 0", name="n_randomised"),
        sa.CheckConstraint("sessions >= 0", name="sessions"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    label: Mapped[str]
    treatment: Mapped[str]
    delivery_mode: Mapped[DeliveryMode | None]
    n_randomised: Mapped[int | None]
    role: Mapped[ArmRole | None]
    sessions: Mapped[float | None]
    therapist_training: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 -- SQLAlchemy's own interface


class Entry(Withdrawable, Base):
    """One person's extraction of one study; no entry overwrites another.

    A study has any number of blind entries and at most one consensus and one single entry.
    """

    __tablename__ = "entry"
    __table_args__ = (
        unique_while_standing("uq_entry_person", "study_id", "person_id", "kind"),
        index_where(
            "uq_entry_decided",
            "study_id",
            "kind",
            unique=True,
            where=f"kind <> 'blind' AND {STANDS}",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    kind: Mapped[EntryKind]
    finished_at: Mapped[datetime | None]
    """Since when a blind entry may be compared, and a consensus counts."""

    study: Mapped[Study] = relationship()
    person: Mapped[Person] = relationship()


class Result(Withdrawable, Base):
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
        sa.CheckConstraint(
            "(level = 'association') = (with_instrument_id IS NOT NULL)", name="association"
        ),
        sa.CheckConstraint("weeks >= 0", name="weeks"),
        sa.CheckConstraint("ci_level > 0.5 AND ci_level < 1", name="ci_level"),
        sa.CheckConstraint("baseline_sd >= 0", name="baseline_sd"),
        sa.CheckConstraint("sd_change >= 0", name="sd_change"),
        sa.CheckConstraint("correlation >= -1 AND correlation <= 1", name="correlation"),
        sa.CheckConstraint("f >= 0", name="f"),
        sa.CheckConstraint("p >= 0 AND p <= 1", name="p"),
        sa.CheckConstraint("p_below > 0 AND p_below <= 1", name="p_below"),
        sa.CheckConstraint("df1 >= 1", name="df1"),
        sa.CheckConstraint("p_sides >= 1 AND p_sides <= 2", name="p_sides"),
        sa.CheckConstraint("residual_sd >= 0", name="residual_sd"),
        sa.CheckConstraint("r_squared >= 0 AND r_squared < 1", name="r_squared"),
        unique_while_standing(
            "uq_result_key",
            "entry_id",
            "arm_id",
            sa.text("coalesce(versus_arm_id, 0)"),
            "instrument_id",
            "rater",
            "timepoint",
            "analysis_set",
            sa.text("coalesce(with_instrument_id, 0)"),
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
    with_instrument_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("instrument.id", ondelete="RESTRICT")
    )
    """What an association relates `instrument` to."""
    weeks: Mapped[float | None]
    """Weeks from the start of treatment to the timepoint."""
    ci_level: Mapped[float | None]
    """Of the interval; 0.95 where it is not said."""
    median: Mapped[float | None]
    q1: Mapped[float | None]
    q3: Mapped[float | None]
    minimum: Mapped[float | None]
    maximum: Mapped[float | None]
    baseline_mean: Mapped[float | None]
    baseline_sd: Mapped[float | None]
    mean_change: Mapped[float | None]
    sd_change: Mapped[float | None]
    correlation: Mapped[float | None]
    """Of the two occasions of a change, or of the two periods of a crossover trial; of an adjusted
    result also of the outcome with its covariate."""
    t: Mapped[float | None]
    f: Mapped[float | None]
    """With one numerator degree of freedom, unless `df1` says otherwise."""
    p: Mapped[float | None]
    """Two-sided, unless `p_sides` says otherwise."""
    p_below: Mapped[float | None]
    """The threshold where the report gives no more, as 0.05 in ``p < 0.05``."""
    adjusted: Mapped[bool | None] = mapped_column(
        sa.Boolean(create_constraint=True, name="adjusted")
    )
    covariates: Mapped[str | None]
    clusters_analysed: Mapped[bool | None] = mapped_column(
        sa.Boolean(create_constraint=True, name="clusters_analysed")
    )
    """Whether the report's analysis took account of clusters."""
    favours: Mapped[str | None]
    """The arm that the report's words say did better."""
    not_reported: Mapped[list[str] | None] = mapped_column(CanonicalJson())
    """Columns looked for and not found, which differs from not looked for."""
    positive: Mapped[Positive | None]
    """What a positive estimate says of the arm; None: it scored higher."""
    df1: Mapped[int | None]
    """Numerator degrees of freedom of F."""
    p_sides: Mapped[int | None]
    """1 for a one-sided p."""
    residual_sd: Mapped[float | None]
    """The SD within arms that is left after adjustment; `sd` is of scores."""
    r_squared: Mapped[float | None]
    """Share of the variance within arms that the covariates explain."""

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 -- SQLAlchemy's own interface

    entry: Mapped[Entry] = relationship()
    arm: Mapped[Arm] = relationship(foreign_keys=[arm_id])
    versus_arm: Mapped[Arm | None] = relationship(foreign_keys=[versus_arm_id])
    instrument: Mapped[Instrument] = relationship(foreign_keys=[instrument_id])
    with_instrument: Mapped[Instrument | None] = relationship(foreign_keys=[with_instrument_id])
    report: Mapped[Report | None] = relationship()


def natural_key(result: Result) -> tuple[Any, ...]:
    """Return what the unique index ``uq_result_key`` recognises a result by."""
    return (
        result.entry_id,
        result.arm_id,
        result.versus_arm_id,
        result.instrument_id,
        result.rater,
        result.timepoint,
        result.analysis_set,
        result.with_instrument_id,
    )


class FieldVersion(Base):
    """A custom field of a review's form as it was from some moment on; the newest number counts.

    Triggers forbid UPDATE and DELETE, so that a value can be read by the form it was entered with.
    """

    __tablename__ = "field_version"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "slug", "number"),
        sa.CheckConstraint("number >= 1", name="number"),
        sa.CheckConstraint("lowest < highest", name="range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    slug: Mapped[str]
    number: Mapped[int]
    level: Mapped[FieldLevel]
    label: Mapped[str]
    kind: Mapped[FieldKind]
    choices: Mapped[list[str]] = mapped_column(CanonicalJson())
    lowest: Mapped[float | None]
    highest: Mapped[float | None]
    retired: Mapped[bool] = mapped_column(sa.Boolean(create_constraint=True, name="retired"))
    made_at: Mapped[datetime]


class EntryValue(Withdrawable, Base):
    """One value of an entry that is no column of a result.

    Custom fields of every entry, and of blind and consensus entries also what they say of the study
    and its arms, so that a blind entry shows and touches nothing that others see.
    """

    __tablename__ = "entry_value"
    __table_args__ = (
        sa.CheckConstraint("arm_id IS NULL OR result_id IS NULL", name="one_place"),
        sa.CheckConstraint("version >= 1", name="version"),
        unique_while_standing(
            "uq_entry_value_place",
            "entry_id",
            sa.text("coalesce(arm_id, 0)"),
            sa.text("coalesce(result_id, 0)"),
            "name",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("entry.id", ondelete="RESTRICT"))
    arm_id: Mapped[int | None] = mapped_column(sa.ForeignKey("arm.id", ondelete="RESTRICT"))
    result_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("result.id", ondelete="RESTRICT"), index=True
    )
    name: Mapped[str]
    value: Mapped[Any] = mapped_column(CanonicalJson(), nullable=True)
    field_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("field_version.id", ondelete="RESTRICT")
    )
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 -- SQLAlchemy's own interface


class Resolution(Base):
    """What was decided of a cell in which two entries differ; triggers forbid UPDATE and DELETE.

    It holds for the two values it names: where one of them changes, the cell is open again.
    """

    __tablename__ = "resolution"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(
        sa.ForeignKey("study.id", ondelete="RESTRICT"), index=True
    )
    cell: Mapped[str] = mapped_column(sa.String(12))
    place: Mapped[str]
    field: Mapped[str]
    first_entry_id: Mapped[int] = mapped_column(sa.ForeignKey("entry.id", ondelete="RESTRICT"))
    second_entry_id: Mapped[int] = mapped_column(sa.ForeignKey("entry.id", ondelete="RESTRICT"))
    first: Mapped[Any] = mapped_column(CanonicalJson(), nullable=True)
    second: Mapped[Any] = mapped_column(CanonicalJson(), nullable=True)
    taken: Mapped[Taken]
    value: Mapped[Any] = mapped_column(CanonicalJson(), nullable=True)
    reason: Mapped[str]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    decided_at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class Dismissal(Base):
    """A doubt that a person looked into and set aside; triggers forbid UPDATE and DELETE.

    The key covers the numbers of the doubt: when they change, it is raised again.
    """

    __tablename__ = "dismissal"
    __table_args__ = (sa.UniqueConstraint("study_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    key: Mapped[str] = mapped_column(sa.String(12))
    kind: Mapped[str]
    message: Mapped[str]
    reason: Mapped[str]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    dismissed_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
