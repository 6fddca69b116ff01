"""Studies, reports, arms, entries, results and notes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Mapped, MappedColumn, mapped_column, relationship

from review.db import Base, CanonicalJson, CleanText, Real, closed_choice, index_where
from review.extraction.fields import FieldKind, FieldLevel
from review.extraction.numbers import ABOUT, ReportedNumbers, bounds, types_of
from review.extraction.vocabulary import (
    ArmRole,
    EntryKind,
    Level,
    Positive,
    Preview,
    Randomised,
    Taken,
    Therapists,
)
from review.history.withdrawal import STANDS, Withdrawable, unique_while_standing
from review.people.models import Person
from review.protocol.models import Instrument
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater
from review.screening.models import FullText

OWN = sa.text("coalesce(entry_id, 0)")
"""What belongs to a blind entry has its names for itself."""


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
    __table_args__ = (unique_while_standing("uq_report_citation", "study_id", "citation", OWN),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    citation: Mapped[str]
    doi: Mapped[str | None] = mapped_column(index=True)
    year: Mapped[int | None]
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("entry.id", ondelete="RESTRICT"))
    """The blind entry that names it, to which it belongs; None for what is everybody's."""
    entry: Mapped[Entry | None] = relationship()


class ReportPdf(Base):
    """A PDF of a report: the article, a supplement; its content is kept once, as of retrievals."""

    __tablename__ = "report_pdf"
    __table_args__ = (sa.UniqueConstraint("report_id", "full_text_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("report.id", ondelete="RESTRICT"))
    full_text_id: Mapped[int] = mapped_column(sa.ForeignKey("full_text.id", ondelete="RESTRICT"))
    name: Mapped[str]
    """Of the file that it came as."""
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    added_at: Mapped[datetime]

    full_text: Mapped[FullText] = relationship()


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
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("entry.id", ondelete="RESTRICT"))
    """As of a report."""


class Arm(Withdrawable, Base):
    """One arm of a study."""

    __tablename__ = "arm"
    __table_args__ = (
        unique_while_standing("uq_arm_label", "study_id", "label", OWN),
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
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("entry.id", ondelete="RESTRICT"))
    """As of a report."""
    entry: Mapped[Entry | None] = relationship()
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
        sa.CheckConstraint("ci_low <= ci_high", name="ci"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint(
            "(level = 'association') = (with_instrument_id IS NOT NULL)", name="association"
        ),
        sa.CheckConstraint("weeks >= 0", name="weeks"),
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
    covariates: Mapped[str | None]
    clusters_analysed: Mapped[bool | None] = mapped_column(
        sa.Boolean(create_constraint=True, name="clusters_analysed")
    )
    """Whether the report's analysis took account of clusters."""
    favours: Mapped[str | None]
    """The arm that the report's words say did better."""
    not_reported: Mapped[list[str] | None] = mapped_column(CanonicalJson())
    """Columns looked for and not found, which differs from not looked for."""
    pdf: Mapped[str | None] = mapped_column(sa.String(64))
    """SHA-256 of the PDF that the numbers were read from."""
    pdf_page: Mapped[int | None]
    """Its page, counted from 1, whatever is printed on it."""
    sources: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson())
    """By column, where a number is from elsewhere: ``pdf``, ``pdf_page``, ``page``, ``quote``."""

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 -- SQLAlchemy's own interface

    @property
    def numbers(self) -> ReportedNumbers:
        """What the report gives; a column of each field is made from its rule, below."""
        return ReportedNumbers(**{name: getattr(self, name) for name in ABOUT})

    @numbers.setter
    def numbers(self, given: ReportedNumbers) -> None:
        for name in ABOUT:
            setattr(self, name, getattr(given, name))

    entry: Mapped[Entry] = relationship()
    arm: Mapped[Arm] = relationship(foreign_keys=[arm_id])
    versus_arm: Mapped[Arm | None] = relationship(foreign_keys=[versus_arm_id])
    instrument: Mapped[Instrument] = relationship(foreign_keys=[instrument_id])
    with_instrument: Mapped[Instrument | None] = relationship(foreign_keys=[with_instrument_id])
    report: Mapped[Report | None] = relationship()


def _column(name: str) -> MappedColumn[Any]:
    kinds = types_of(name) - {type(None)}
    if kinds == {bool}:
        return mapped_column(sa.Boolean(create_constraint=True, name=name), nullable=True)
    if kinds == {Positive}:
        return mapped_column(closed_choice(Positive), nullable=True)
    kind = sa.Integer() if kinds == {int} else Real() if kinds == {float} else CleanText()
    return mapped_column(kind, nullable=True)


def reported_column(name: str) -> InstrumentedAttribute[Any]:
    """Return the column of a reported field, for queries."""
    column: InstrumentedAttribute[Any] = getattr(Result, name)
    return column


for _name in ABOUT:
    setattr(Result, _name, _column(_name))
    if _rule := " AND ".join(f"{_name} {sign} {bound:g}" for sign, bound in bounds(_name).items()):
        _rule += " AND (events <= n OR person_years IS NOT NULL)" if _name == "events" else ""
        Base.metadata.tables["result"].append_constraint(sa.CheckConstraint(_rule, name=_name))


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
    help: Mapped[str | None]
    """What is meant, for whoever fills it in."""
    place: Mapped[int | None]
    """Where it stands among the fields of its level; those without one stand last, as made."""


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
    __table_args__ = (sa.Index("uq_dismissal_study_id_key", "study_id", "key", OWN, unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    key: Mapped[str] = mapped_column(sa.String(12))
    kind: Mapped[str]
    message: Mapped[str]
    reason: Mapped[str]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    dismissed_at: Mapped[datetime]
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("entry.id", ondelete="RESTRICT"))
    """The blind entry whose numbers it is about; as of a report."""

    person: Mapped[Person] = relationship()


class ExtractionChoices(Base):
    """What a review chose about entering trials; without a row the defaults hold."""

    __tablename__ = "extraction_choices"
    __table_args__ = (sa.UniqueConstraint("review_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    preview: Mapped[Preview] = mapped_column(default=Preview.DEFAULT)
    arms_first: Mapped[bool] = mapped_column(
        sa.Boolean(create_constraint=True, name="arms_first"), default=False
    )
    """Whether the arms of a trial are agreed before anybody enters it blind."""
