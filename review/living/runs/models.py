"""Jobs, runs and failures."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base, CanonicalJson
from review.history.rules import Held, Omitted, omits
from review.protocol.models import AnalysisVersion


class JobOutcome(StrEnum):
    """How a re-pooling job ended."""

    RUNNING = "running"
    RECOMPUTED = "recomputed"
    NOTHING_NEW = "nothing_new"
    FAILED = "failed"


class Job(Base):
    """One call of ``review repool``: the record a scheduler can be checked against."""

    __tablename__ = "job"
    __held__ = Held.WORKING

    id: Mapped[int] = mapped_column(primary_key=True)
    actor: Mapped[str]
    review: Mapped[str | None]
    started: Mapped[datetime]
    finished: Mapped[datetime | None]
    outcome: Mapped[JobOutcome]
    message: Mapped[str | None]
    watermark: Mapped[int | None]
    """The newest event this job had seen when it ended well; the next one starts from there."""


class Run(Base):
    """An immutable snapshot of a planned analysis: inputs, results, versions.

    `key` is the SHA-256 of the inputs' fingerprint and the key of the run before it. UNIQUE on it
    lets two jobs at once make one run, while data that go back to an earlier state make a new one.
    Triggers forbid UPDATE and DELETE.
    """

    __tablename__ = "run"
    __table_args__ = (sa.UniqueConstraint("analysis_id", "number"),)
    __history_omits__ = omits(inputs=Omitted.DIGEST, results=Omitted.DIGEST)

    id: Mapped[int] = mapped_column(primary_key=True)
    analysis_id: Mapped[int] = mapped_column(sa.ForeignKey("analysis.id", ondelete="RESTRICT"))
    version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("analysis_version.id", ondelete="RESTRICT"), index=True
    )
    number: Mapped[int]
    job_id: Mapped[int] = mapped_column(sa.ForeignKey("job.id", ondelete="RESTRICT"), index=True)
    created: Mapped[datetime]
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the plan and of the numbers that entered, provenance left out."""
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    inputs: Mapped[dict[str, Any]] = mapped_column(
        CanonicalJson, deferred=True, deferred_group="contents"
    )
    """Read, with the results, when somebody asks for them: most runs are listed and not shown."""
    results: Mapped[dict[str, Any]] = mapped_column(
        CanonicalJson, deferred=True, deferred_group="contents"
    )
    software: Mapped[dict[str, str]] = mapped_column(CanonicalJson)
    history_seq: Mapped[int]
    history_hash: Mapped[str] = mapped_column(sa.String(64))
    """Head of the event chain when the inputs were read: an anchor for ``review verify``."""

    version: Mapped[AnalysisVersion] = relationship()


class Kept(Base):
    """What was worked out of a run once, so that nothing works it out again.

    It follows from the run alone, and could be thrown away: no event tells of it.
    """

    __tablename__ = "kept"
    __held__ = Held.DERIVED
    __table_args__ = (sa.UniqueConstraint("run_id", "what"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("run.id", ondelete="RESTRICT"))
    what: Mapped[str] = mapped_column(sa.String(40))
    engine: Mapped[str]
    """The version of this software; another one works it out again."""
    content: Mapped[Any] = mapped_column(CanonicalJson)


class Failure(Base):
    """Why a job could not pool one analysis."""

    __tablename__ = "failure"
    __held__ = Held.WORKING
    __table_args__ = (sa.UniqueConstraint("job_id", "analysis_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(sa.ForeignKey("job.id", ondelete="RESTRICT"))
    analysis_id: Mapped[int] = mapped_column(sa.ForeignKey("analysis.id", ondelete="RESTRICT"))
    reason: Mapped[str]


class LivingStatus(StrEnum):
    """Whether a review is kept up to date."""

    LIVING = "living"
    PAUSED = "paused"
    RETIRED = "retired"


class LivingMode(Base):
    """How a review is kept alive: its status and why, what prompts an update, when it retires."""

    __tablename__ = "living_mode"

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), unique=True
    )
    status: Mapped[LivingStatus]
    because: Mapped[str | None]
    update_when: Mapped[str | None]
    retire_when: Mapped[str | None]


class SearchInterval(Base):
    """How often a source is searched for a review, and when it was searched last."""

    __tablename__ = "search_interval"
    __table_args__ = (
        sa.UniqueConstraint("review_id", "source"),
        sa.CheckConstraint("days >= 1", name="days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    source: Mapped[str]
    days: Mapped[int]
    searched: Mapped[datetime | None]


class Notification(Base):
    """A message of a job: sent, waiting to be sent (again), or given up."""

    __tablename__ = "notification"
    __held__ = Held.WORKING

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(sa.ForeignKey("job.id", ondelete="RESTRICT"), index=True)
    channel: Mapped[str]
    target: Mapped[str]
    """Where it goes, without secrets."""
    at: Mapped[datetime]
    """When it was tried last; before that, when it was written."""
    problem: Mapped[str | None]
    """Why the last try failed."""
    message: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    """What it says; None for messages from before they were kept."""
    attempts: Mapped[int] = mapped_column(default=1, server_default="1")
    next_at: Mapped[datetime | None]
    """When it is tried next; None for what was sent, and what was given up."""
    sent_at: Mapped[datetime | None]


class Release(Base):
    """A version of a review that was given out; triggers forbid UPDATE and DELETE.

    `manifest` lists every file with its SHA-256, the searches, plans and runs; `sha256` is that of
    the manifest.
    """

    __tablename__ = "release"
    __table_args__ = (sa.UniqueConstraint("review_id", "version"),)
    __history_omits__ = omits(manifest="sha256")

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    version: Mapped[str]
    created: Mapped[datetime]
    because: Mapped[str]
    manifest: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    history_seq: Mapped[int]
    history_hash: Mapped[str] = mapped_column(sa.String(64))
