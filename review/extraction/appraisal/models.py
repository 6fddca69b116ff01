"""Tools as adopted, appraisals with their answers and judgements, and ratings of certainty.

Triggers forbid UPDATE and DELETE on all of them but the setting: what an assessor changes is a new
appraisal, what a tool's authors change a new version, and the newest counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base, CanonicalJson
from review.extraction.appraisal.vocabulary import Answer, Consideration, Design, Kind
from review.extraction.appraisal.vocabulary import Certainty as Level
from review.extraction.models import Study
from review.history.rules import Held, Omitted, omits
from review.people.models import Person
from review.protocol.models import AnalysisVersion, Instrument, Outcome


class AppraisalTool(Base):
    """A tool as a review uses it, whole, so that later versions change nothing."""

    __tablename__ = "appraisal_tool"
    __table_args__ = (sa.UniqueConstraint("review_id", "slug", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    slug: Mapped[str]
    family: Mapped[str]
    version: Mapped[str]
    definition: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    adopted_at: Mapped[datetime]


class AppraisalSetting(Base):
    """How many assess each result of a review; two where there is no row."""

    __tablename__ = "appraisal_setting"
    __table_args__ = (sa.CheckConstraint("assessors BETWEEN 1 AND 5", name="assessors"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), unique=True
    )
    assessors: Mapped[int]


class AppraisalRow(Base):
    """One person's appraisal of one target, or the consensus on it; complete, or not there.

    The history shows `seal` at once. What was judged is left out of it, for the history is open to
    the assessor who has not judged yet; the seal proves later that nothing was altered, answers and
    domains included.
    """

    __tablename__ = "appraisal"
    __history_omits__ = omits(
        overall=Omitted.SEALED,
        overall_proposed=Omitted.SEALED,
        overall_support=Omitted.SEALED,
        nonce=Omitted.SEALED,
    )
    __table_args__ = (
        sa.CheckConstraint(
            "outcome_id IS NOT NULL OR (instrument_id IS NULL AND timepoint IS NULL)", name="target"
        ),
        sa.CheckConstraint("kind = 'assessor' OR reason IS NOT NULL", name="reason"),
        sa.CheckConstraint(
            "overall_support IS NOT NULL OR "
            "(overall_proposed IS NOT NULL AND overall_proposed = overall)",
            name="support",
        ),
        sa.Index("ix_appraisal_study_id_tool_id", "study_id", "tool_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("appraisal_tool.id", ondelete="RESTRICT"))
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    outcome_id: Mapped[int | None] = mapped_column(sa.ForeignKey("outcome.id", ondelete="RESTRICT"))
    instrument_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("instrument.id", ondelete="RESTRICT")
    )
    timepoint: Mapped[str | None]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    kind: Mapped[Kind]
    overall: Mapped[str]
    overall_proposed: Mapped[str | None]
    overall_support: Mapped[str | None]
    reason: Mapped[str | None]
    """Why a consensus is what it is."""
    judged_at: Mapped[datetime]
    nonce: Mapped[str] = mapped_column(sa.String(32))
    seal: Mapped[str] = mapped_column(sa.String(64))

    tool: Mapped[AppraisalTool] = relationship()
    study: Mapped[Study] = relationship()
    outcome: Mapped[Outcome | None] = relationship()
    instrument: Mapped[Instrument | None] = relationship()
    person: Mapped[Person] = relationship()


class AppraisalDraft(Base):
    """What a person has typed of an appraisal and not handed in, as it was typed.

    Its author alone sees it; handing in takes it over whole and removes it. It is in no history:
    nothing in it counts, and nobody else may learn that it is there.
    """

    __held__ = Held.WORKING
    __tablename__ = "appraisal_draft"
    __table_args__ = (
        sa.Index(
            "uq_appraisal_draft_of",
            "person_id",
            "tool_id",
            "study_id",
            sa.text("coalesce(outcome_id, 0)"),
            sa.text("coalesce(instrument_id, 0)"),
            sa.text("coalesce(timepoint, '')"),
            "kind",
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tool_id: Mapped[int] = mapped_column(sa.ForeignKey("appraisal_tool.id", ondelete="RESTRICT"))
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    outcome_id: Mapped[int | None] = mapped_column(sa.ForeignKey("outcome.id", ondelete="RESTRICT"))
    instrument_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("instrument.id", ondelete="RESTRICT")
    )
    timepoint: Mapped[str | None]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    kind: Mapped[Kind]
    given: Mapped[dict[str, str]] = mapped_column(CanonicalJson)
    """What stands in each field that is not empty, by the field's name."""
    saved_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 -- SQLAlchemy's own interface


class AppraisalAnswer(Base):
    """The answer to one signalling question; the appraisal's seal covers it."""

    __held__ = Held.SEAL
    __sealed_by__ = "appraisal"
    __tablename__ = "appraisal_answer"
    __table_args__ = (sa.UniqueConstraint("appraisal_id", "question"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    appraisal_id: Mapped[int] = mapped_column(sa.ForeignKey("appraisal.id", ondelete="RESTRICT"))
    question: Mapped[str]
    answer: Mapped[Answer]
    support: Mapped[str | None]

    appraisal: Mapped[AppraisalRow] = relationship()


class AppraisalJudgement(Base):
    """The judgement of one domain, and the algorithm's; the appraisal's seal covers it."""

    __held__ = Held.SEAL
    __sealed_by__ = "appraisal"
    __tablename__ = "appraisal_judgement"
    __table_args__ = (
        sa.UniqueConstraint("appraisal_id", "domain"),
        sa.CheckConstraint(
            "support IS NOT NULL OR (proposed IS NOT NULL AND proposed = judgement)",
            name="support",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appraisal_id: Mapped[int] = mapped_column(sa.ForeignKey("appraisal.id", ondelete="RESTRICT"))
    domain: Mapped[str]
    judgement: Mapped[str]
    proposed: Mapped[str | None]
    support: Mapped[str | None]

    appraisal: Mapped[AppraisalRow] = relationship()


class CertaintyRating(Base):
    """GRADE for one analysis; the level is computed from where it starts and its steps."""

    __tablename__ = "certainty_rating"
    __table_args__ = (
        sa.CheckConstraint("design = 'nonrandomised' OR start = 'high'", name="start"),
        sa.CheckConstraint("run_number >= 1", name="run_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("analysis_version.id", ondelete="RESTRICT"), index=True
    )
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    design: Mapped[Design]
    start: Mapped[Level]
    run_number: Mapped[int | None]
    """The run that was judged; a later run asks for another look."""
    note: Mapped[str | None]
    rated_at: Mapped[datetime]

    version: Mapped[AnalysisVersion] = relationship()
    person: Mapped[Person] = relationship()


class CertaintyStep(Base):
    """What one consideration does to the certainty, and why."""

    __tablename__ = "certainty_step"
    __table_args__ = (
        sa.UniqueConstraint("rating_id", "consideration"),
        sa.CheckConstraint("levels BETWEEN -3 AND 2", name="levels"),
        sa.CheckConstraint("levels = 0 OR reason IS NOT NULL", name="reason"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rating_id: Mapped[int] = mapped_column(
        sa.ForeignKey("certainty_rating.id", ondelete="RESTRICT")
    )
    consideration: Mapped[Consideration]
    levels: Mapped[int]
    reason: Mapped[str | None]

    rating: Mapped[CertaintyRating] = relationship()
