"""Studies given to people."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.extraction.models import Study
from review.history.withdrawal import Withdrawable, unique_while_standing
from review.people.models import Person


class Assignment(Withdrawable, Base):
    """That somebody is asked to enter a study; who is not asked may enter it all the same."""

    __tablename__ = "assignment"
    __table_args__ = (unique_while_standing("uq_assignment_person", "study_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(sa.ForeignKey("study.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(
        sa.ForeignKey("person.id", ondelete="RESTRICT"), index=True
    )
    assigned_at: Mapped[datetime]

    study: Mapped[Study] = relationship()
    person: Mapped[Person] = relationship()
