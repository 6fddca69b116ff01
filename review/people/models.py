"""Persons and memberships."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from review.db import Base


class Role(StrEnum):
    """What a person may do in a review."""

    OWNER = "owner"
    REVIEWER = "reviewer"
    ADJUDICATOR = "adjudicator"
    STATISTICIAN = "statistician"
    VIEWER = "viewer"


class Person(Base):
    """Somebody, or a job, that changes the review."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(unique=True)
    """The name that history and entries show; the account name unless told otherwise."""
    email: Mapped[str | None]


class Membership(Base):
    """A person's role in a review."""

    __tablename__ = "membership"
    __table_args__ = (sa.UniqueConstraint("review_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    role: Mapped[Role]
