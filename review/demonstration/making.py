"""Make the demonstration: three reviews in a fresh database."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from review.db import Database
from review.demonstration import delivery, invented
from review.demonstration.queries import MADE
from review.demonstration.steps import Story
from review.extraction.seeds import load_seed, seed_called
from review.history.actions import Attribution, record_step, writing

FOUNDING = "founding"


def make(database: Database, *, person: str, today: datetime, releases: Path) -> None:
    """Fill a migrated, empty database; `person` is lead of its reviews.

    Parameters
    ----------
    database
        Without any review.
    person
        Whose it is.
    today
        What was done lies up to 240 days before it.
    releases
        A folder for what is released.
    """
    with writing(database, Attribution(actor=person, at=today - timedelta(days=241))) as session:
        record_step(session, MADE, entity="database", said="demonstration data")
    delivery.tell(Story(database, delivery.NAME, person, today))
    founding = Story(database, FOUNDING, person, today)
    with founding.making(60, "the founding review") as (session, now):
        load_seed(session, seed_called(FOUNDING), until=None, person=person, now=now)
    invented.tell(Story(database, invented.NAME, person, today), releases / "invented-1.0")
