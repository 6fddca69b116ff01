"""Whether a database is a demonstration."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from review.db import Database, Session
from review.history.models import Event

MADE: Final = "demonstrate"
"""The first step in the history of a demonstration."""


def is_demonstration(session: Session) -> bool:
    """Return whether `review demo` made the database."""
    first = session.execute(sa.select(Event.action).order_by(Event.seq).limit(1)).scalar()
    return first == MADE


def holds_demonstration(database: Database) -> bool:
    """Return the same of what may be no database, or none of ours."""
    try:
        with database.reading() as session:
            return is_demonstration(session)
    except sa.exc.DatabaseError:
        return False
