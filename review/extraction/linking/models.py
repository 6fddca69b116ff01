"""Links from records to studies."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.citations.models import Record
from review.db import Base
from review.extraction.models import Report, Study


class ReportLink(Base):
    """The study a record's report belongs to, or none; the newest row of a record counts.

    Triggers forbid UPDATE and DELETE. A report stays when it is unlinked, for numbers may cite it.
    """

    __tablename__ = "report_link"
    __table_args__ = (
        sa.CheckConstraint("(study_id IS NULL) = (report_id IS NULL)", name="both_or_neither"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(
        sa.ForeignKey("record.id", ondelete="RESTRICT"), index=True
    )
    study_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("study.id", ondelete="RESTRICT"), index=True
    )
    """None takes the record from the study it was linked to."""
    report_id: Mapped[int | None] = mapped_column(sa.ForeignKey("report.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    reason: Mapped[str | None]
    linked_at: Mapped[datetime]

    record: Mapped[Record] = relationship()
    study: Mapped[Study | None] = relationship()
    report: Mapped[Report | None] = relationship()
