"""The table of what was asked for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base, CanonicalJson
from review.history.rules import Held
from review.people.models import Person


class Outcome(StrEnum):
    """How a task ended."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    """Its process ended without saying how, as when the machine was switched off."""


class Task(Base):
    """Work that takes longer than a page may: who asked for it, how far it is, what came of it.

    It is no part of the review, and the history does not follow it: what a re-pooling writes has
    events of its own.
    """

    __tablename__ = "task"
    __held__ = Held.WORKING

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), index=True
    )
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    kind: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    asked_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    """When its process was last heard of."""
    finished_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    message: Mapped[str | None]
    """What came of it, in a sentence."""
    step: Mapped[str | None]
    """What it does at the moment."""
    done: Mapped[int]
    total: Mapped[int]
    file: Mapped[str | None]
    """The name that a download has."""
    size: Mapped[int | None]
    goes_at: Mapped[datetime | None]
    """When the download is thrown away."""

    person: Mapped[Person] = relationship()
