"""Passwords, sessions, tokens and failed attempts: what proves who somebody is.

These rows are no part of the review and change with every visit, so the history does not follow
them; the acts that matter (a password set, a token made) are recorded as steps.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from review.db import Base, CanonicalJson
from review.history.rules import Held
from review.people.accounts.rules import Scope
from review.people.models import Person


class Credential(Base):
    """A person's password, and the second factor, if they use one."""

    __tablename__ = "credential"
    __held__ = Held.WORKING

    person_id: Mapped[int] = mapped_column(
        sa.ForeignKey("person.id", ondelete="RESTRICT"), primary_key=True
    )
    password: Mapped[str]
    """Its argon2id hash, with its parameters."""
    changed_at: Mapped[datetime]
    code_secret: Mapped[str | None] = mapped_column(sa.String(64))
    """What the codes of the second factor are made of."""
    code_since: Mapped[datetime | None]
    """When the second factor was confirmed; it is asked for from then on."""
    code_step: Mapped[int | None]
    """The newest half minute whose code was used: no code works twice."""
    spare_codes: Mapped[list[Any] | None] = mapped_column(CanonicalJson)
    """Hashes of the codes for a lost telephone; each works once."""


class SignIn(Base):
    """A session of one browser."""

    __tablename__ = "sign_in"
    __held__ = Held.WORKING

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        sa.ForeignKey("person.id", ondelete="RESTRICT"), index=True
    )
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    form_token: Mapped[str] = mapped_column(sa.String(64))
    """What the forms of this session carry; it stays when the cookie is renewed."""
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    idle_seconds: Mapped[int | None]
    """After how long without a request it ends; None at one's own machine."""
    waits_for_code: Mapped[bool]
    """Whether the password was right, and the second factor is still to come."""
    renew: Mapped[bool]
    """Whether the next page brings a new cookie, as after a change of rights."""
    ended_at: Mapped[datetime | None]
    browser: Mapped[str]
    address: Mapped[str]

    person: Mapped[Person] = relationship()


class ApiToken(Base):
    """What a script shows instead of a password."""

    __tablename__ = "api_token"
    __held__ = Held.WORKING

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        sa.ForeignKey("person.id", ondelete="RESTRICT"), index=True
    )
    name: Mapped[str]
    scope: Mapped[Scope]
    secret_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    """The last use, to the hour."""
    ended_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class Attempt(Base):
    """A failed attempt to sign in, kept as long as a limit looks back."""

    __tablename__ = "sign_in_attempt"
    __held__ = Held.WORKING
    __table_args__ = (sa.Index("ix_sign_in_attempt_subject", "subject", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(sa.String(64))
    """What is limited (a name, an address, the program), hashed: people type passwords as names."""
