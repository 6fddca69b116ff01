"""Reviews, outcomes, instruments, planned analyses and published pooled lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base, CanonicalJson, open_choice
from review.history.withdrawal import Withdrawable, unique_while_standing
from review.protocol.vocabulary import English


class Review(Base):
    """One question, kept alive."""

    __tablename__ = "review"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    question: Mapped[str]
    english: Mapped[English | None] = mapped_column(open_choice(English))
    """The spelling of what is printed; None is British."""


class Outcome(Base):
    """A construct, such as the working alliance."""

    __tablename__ = "outcome"
    __table_args__ = (sa.UniqueConstraint("review_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str]


class Instrument(Withdrawable, Base):
    """What measures an outcome, and which way is better."""

    __tablename__ = "instrument"
    __table_args__ = (
        unique_while_standing("uq_instrument_slug", "review_id", "slug"),
        sa.CheckConstraint("lowest < highest", name="range"),
        sa.CheckConstraint("step > 0", name="step"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    outcome_id: Mapped[int] = mapped_column(
        sa.ForeignKey("outcome.id", ondelete="RESTRICT"), index=True
    )
    slug: Mapped[str]
    name: Mapped[str]
    higher_is_better: Mapped[bool | None] = mapped_column(
        sa.Boolean(create_constraint=True, name="higher_is_better")
    )
    lowest: Mapped[float | None]
    highest: Mapped[float | None]
    step: Mapped[float | None]
    """The least difference of two persons' scores: 1 for a sum of items, 1/items for their mean."""

    outcome: Mapped[Outcome] = relationship()


class Analysis(Base):
    """A planned analysis; what it plans stands in its versions."""

    __tablename__ = "analysis"
    __table_args__ = (sa.UniqueConstraint("review_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    slug: Mapped[str]

    review: Mapped[Review] = relationship()


class AnalysisVersion(Base):
    """A frozen plan; triggers forbid UPDATE and DELETE, a change is a new version."""

    __tablename__ = "analysis_version"
    __table_args__ = (sa.UniqueConstraint("analysis_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_id: Mapped[int] = mapped_column(sa.ForeignKey("analysis.id", ondelete="RESTRICT"))
    number: Mapped[int]
    plan: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    frozen_at: Mapped[datetime]

    analysis: Mapped[Analysis] = relationship()


class PublishedResult(Base):
    """A pooled line of another review."""

    __tablename__ = "published_result"
    __table_args__ = (
        sa.UniqueConstraint("outcome_id", "label"),
        sa.CheckConstraint("ci_low <= estimate AND estimate <= ci_high", name="interval"),
        sa.CheckConstraint("k >= 1", name="k"),
        sa.CheckConstraint("p >= 0 AND p <= 1", name="p"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    outcome_id: Mapped[int] = mapped_column(sa.ForeignKey("outcome.id", ondelete="RESTRICT"))
    label: Mapped[str]
    doi: Mapped[str | None]
    measure: Mapped[str]
    estimate: Mapped[float]
    ci_low: Mapped[float]
    ci_high: Mapped[float]
    level: Mapped[float]
    k: Mapped[int | None]
    p: Mapped[float | None]
    direction: Mapped[str]
    margins: Mapped[list[float]] = mapped_column(CanonicalJson)
    source: Mapped[str]
    note: Mapped[str]

    outcome: Mapped[Outcome] = relationship()
