"""Releases of other programs' files, their rows, and the results made from them. All frozen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base, CanonicalJson, open_choice
from review.extraction.vocabulary import Format
from review.history.rules import Held
from review.history.withdrawal import Revocable, Withdrawable, unique_while_standing


class ImportedRelease(Withdrawable, Base):
    """One version of a file that was taken in. Its number counts the versions of its source."""

    __tablename__ = "imported_release"
    __table_args__ = (
        unique_while_standing("uq_imported_release_number", "review_id", "source", "number"),
        sa.CheckConstraint("number >= 1", name="number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    source: Mapped[str]
    """What the versions are versions of; a review may take from several databases."""
    format: Mapped[Format] = mapped_column(open_choice(Format))
    number: Mapped[int]
    file: Mapped[str]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    columns: Mapped[list[str]] = mapped_column(CanonicalJson)
    rows: Mapped[int]
    better: Mapped[bool | None] = mapped_column(sa.Boolean(create_constraint=True, name="better"))
    """Which way the importing person said is better for instruments that the file brought."""
    imported_at: Mapped[datetime]
    reading: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    """How signs and directions were read; None for releases taken before they were looked at."""


class SourceLine(Revocable, Base):
    """One row of a release with all its cells; triggers forbid UPDATE and DELETE.

    Not audited row by row: one event of the import holds the number of rows and the file's hash.
    """

    __tablename__ = "source_line"
    __held__ = Held.ROWS
    __told_by__ = ("imported_release",)

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[int] = mapped_column(
        sa.ForeignKey("imported_release.id", ondelete="RESTRICT"), index=True
    )
    line: Mapped[int]
    key: Mapped[dict[str, str]] = mapped_column(CanonicalJson)
    cells: Mapped[dict[str, str]] = mapped_column(CanonicalJson)

    @classmethod
    def stands(cls) -> sa.ColumnElement[bool]:
        """Return the condition that its release was not withdrawn."""
        table = ImportedRelease.__table__
        withdrawn = sa.select(table.c.id).where(table.c.withdrawn_because.is_not(None))
        return cls.release_id.not_in(withdrawn)


class SourceResult(Base):
    """Which row of a release states a result."""

    __tablename__ = "source_result"
    __table_args__ = (sa.UniqueConstraint("source_line_id", "result_id"),)
    __held__ = Held.ROWS
    __told_by__ = ("imported_release",)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_line_id: Mapped[int] = mapped_column(
        sa.ForeignKey("source_line.id", ondelete="RESTRICT")
    )
    result_id: Mapped[int] = mapped_column(
        sa.ForeignKey("result.id", ondelete="RESTRICT"), index=True
    )
