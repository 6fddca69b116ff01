"""Drafts of trials."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base, CanonicalJson
from review.extraction.vocabulary import EntryKind
from review.history.rules import Held


class Draft(Base):
    """What one person is typing of a study; gone once it is taken over.

    It is no part of the review: only its author sees it, no analysis reads it, and the history
    follows no keystrokes.
    """

    __tablename__ = "draft"
    __held__ = Held.WORKING
    __table_args__ = (
        sa.UniqueConstraint("study_id", "person_id"),
        sa.CheckConstraint("version >= 1", name="version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(
        sa.ForeignKey("person.id", ondelete="RESTRICT"), index=True
    )
    kind: Mapped[EntryKind]
    """Of the entry that it goes to."""
    form: Mapped[dict[str, Any]] = mapped_column(CanonicalJson())
    """The cells as typed (`review.extraction.drafts.form.Form`)."""
    made_from: Mapped[dict[str, Any]] = mapped_column(CanonicalJson())
    """What was stored when the form was opened (`review.extraction.drafts.form.Stored`)."""
    saved_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    """Rises with each saving: the form of another tab is told by it."""

    __mapper_args__ = {  # noqa: RUF012 -- SQLAlchemy's own interface
        "version_id_col": version,
        # begins anywhere, so that a window with a draft that is gone never takes the next for it
        "version_id_generator": lambda before: (before or secrets.randbelow(2**30)) + 1,
    }
