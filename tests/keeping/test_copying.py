"""A copy holds what the original holds, and goes on counting where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result

from review.db import Database, database_at
from review.errors import AlreadyExistsError
from review.history.actions import Attribution, writing
from review.keeping.copying import contents, copy_database
from review.keeping.verifying import verify_all
from review.people.actions import person_called
from review.people.models import Person
from review.protocol.actions import new_review
from review.protocol.specs import ReviewSpec

Cli = Callable[..., Result]


def test_there_and_back_again_is_the_same(
    database: Database, tmp_path: Path, by: Attribution
) -> None:
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug="r", title="T"), owner="ada")
        person_called(session, "zoe").merged_into_id = person_called(session, "ada").id
        assert review.id == 1
    with writing(database, by) as session:  # who refers to a later row of the same table
        later = person_called(session, "late")
        session.flush()
        first = session.get_one(Person, 1)
        first.merged_into_id = later.id
    there = database_at(f"sqlite:///{tmp_path / 'there.db'}")
    held = copy_database(database, there)
    with there.reading() as session:
        found = verify_all(session, viewer=None)
        assert found.sound, found.problems
        assert contents(session) == held
    with pytest.raises(AlreadyExistsError, match="nothing is written over"):
        copy_database(database, there)
    there.close()


def test_a_copy_goes_on_counting(whole: Database, database: Database, by: Attribution) -> None:
    copy_database(whole, database)
    with writing(database, by) as session:
        newest = person_called(session, "newcomer").id
        session.flush()
    with database.reading() as session:
        assert newest == max(session.scalars(sa.select(Person.id)))
        assert verify_all(session, viewer=None).sound
