"""Persons, memberships and invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base
from review.history.rules import RENAMED, Omitted, omits
from review.people.rules import Role


class Person(Base):
    """Somebody, or a job, that changes the review.

    Somebody who was known by two names is one person once the names are merged: what the second
    name did stays as it was written, and counts as the first's.
    """

    __tablename__ = "person"
    __table_args__ = (sa.CheckConstraint("merged_into_id <> id", name="merged"),)
    __history_omits__ = omits(email=Omitted.PRIVATE)
    """An address can be asked to be forgotten, and the history forgets nothing."""

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(unique=True)
    """The name that history and entries show; the account name unless told otherwise."""
    email: Mapped[str | None]
    merged_into_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("person.id", ondelete="RESTRICT")
    )
    """Who this person is; never somebody who is merged into another in turn."""
    display_name: Mapped[str | None]
    """The name in full, where a page has room for it."""
    orcid: Mapped[str | None] = mapped_column(sa.String(19))
    """``0000-0002-1825-0097``."""
    disabled_because: Mapped[str | None]
    """Why the person does nothing any more, in no review; None while they may."""

    merged_into: Mapped[Person | None] = relationship(remote_side="Person.id")

    @property
    def name(self) -> str:
        """What the person is called: the handle, or that of the person whom they turned out to be.

        Outputs print it, and whoever asks who did something compares it.
        """
        return self.handle if self.merged_into is None else self.merged_into.handle

    @property
    def identity(self) -> int:
        """The id that all of a person's names share."""
        return self.id if self.merged_into_id is None else self.merged_into_id


identity: Final[sa.ColumnElement[int]] = sa.func.coalesce(Person.merged_into_id, Person.id)
"""`Person.identity` in SQL."""


class Membership(Base):
    """A person's role in a review."""

    __tablename__ = "membership"
    __table_args__ = (sa.UniqueConstraint("review_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id", ondelete="RESTRICT"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    role: Mapped[Role] = mapped_column(info={RENAMED: {"owner": "lead"}})


class Invitation(Base):
    """A link that works once: it makes somebody a member of a review, or opens an account.

    Without a review it belongs to a person that there is already, who sets a password with it.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        sa.CheckConstraint(
            "(review_id IS NULL) = (role IS NULL) AND (review_id IS NULL) <> (for_id IS NULL)",
            name="to_a_review_or_for_a_person",
        ),
    )
    __history_omits__ = omits(secret_hash=Omitted.PRIVATE, note=Omitted.PRIVATE)

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("review.id", ondelete="RESTRICT"), index=True
    )
    role: Mapped[Role | None]
    for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    note: Mapped[str | None]
    """For whom it is meant, as whoever made it wrote it down."""
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="RESTRICT"))
    withdrawn_at: Mapped[datetime | None]
