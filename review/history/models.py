"""The event table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base, CanonicalJson
from review.history.rules import Held


class Event(Base):
    """One change of one row: who, when, what, old, new, why; chained to the event before it.

    Triggers forbid UPDATE and DELETE. `seq` has no gaps, so that a missing event shows.
    """

    __tablename__ = "event"
    __held__ = Held.CHAIN
    __table_args__ = (sa.Index("ix_event_entity", "entity", "entity_id"),)

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    """``insert``, ``update``, or the name of a step of work such as ``repool``."""
    entity: Mapped[str]
    entity_id: Mapped[int | None]
    review: Mapped[str | None] = mapped_column(index=True)
    old: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    new: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    reason: Mapped[str | None]
    software: Mapped[str]
    role: Mapped[str | None]
    """What the actor was in the review at the time; events before 0018 do not say it."""
    request: Mapped[str | None]
    """The number of the request that a page sent, as it stands in the log; else, of values that may
    be sealed, a random one."""
    previous: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))
