"""A record whose file has no abstract is given one; the record stays as its file has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result

from review.citations import actions, queries
from review.citations.actions import LONGEST_ABSTRACT
from review.citations.models import AddedAbstract, Record
from review.db import Database
from review.errors import InvalidDataError
from review.history.actions import Attribution, writing
from review.history.queries import verify
from review.people.actions import person_called
from review.screening.views import cards
from review.screening.vocabulary import Stage
from tests.conftest import NOW
from tests.screening.builders import import_records, make_review, the_review

Cli = Callable[..., Result]


@pytest.fixture
def records(database: Database) -> list[int]:
    """Two records; the file has the abstract of the second alone."""
    make_review(database)
    return import_records(database, ["One", "Two"], abstracts=[None, "Of the file."])


def _add(database: Database, by: Attribution, record: int, text: str, source: str) -> None:
    with writing(database, by) as session:
        found = queries.record_numbered(session, the_review(session), record)
        person = person_called(session, by.actor)
        actions.add_abstract(session, found, text, source=source, person=person, now=NOW)


def test_the_newest_is_read_found_and_written_while_the_record_stays(
    database: Database, by: Attribution, records: list[int]
) -> None:
    one, two = records
    _add(database, by, one, "  A first text.\r\nOn two lines. ", "  PubMed ")
    _add(database, by, one, "Adults by  video.", "the publisher's page")
    _add(database, by, one, "Adults by  video.", "the publisher's page")  # changes nothing
    with database.reading() as session:
        review = the_review(session)
        shown = cards(session, review, records, stage=Stage.TITLE_ABSTRACT, handle="anna")
        assert [(card.abstract, card.added_from) for card in shown] == [
            ("Adults by  video.", "the publisher's page"), ("Of the file.", None),
        ]  # fmt: skip
        kept = session.scalars(sa.select(AddedAbstract.text).order_by(AddedAbstract.id)).all()
        assert kept == ["A first text.\nOn two lines.", "Adults by  video."]
        found = queries.listed_records(session, review, containing="by  VIDEO")
        assert [(listed.record.id, listed.record.abstract) for listed in found] == [(one, None)]
        assert queries.entry_of(found[0].record).abstract == "Adults by  video."
        asked = sa.select(Record.id, Record.abstract_known).order_by(Record.id)
        assert session.execute(asked).all() == [(one, "Adults by  video."), (two, "Of the file.")]
        assert verify(session).intact


@pytest.mark.parametrize(
    ("text", "source", "said"),
    [
        (" \n ", "PubMed", "an abstract has 1 to 20,000 letters; this has 0"),
        ("x" * (LONGEST_ABSTRACT + 1), "PubMed", "this has 20,001"),
        ("An abstract.", " ", "the source of an abstract has 1 to 500 letters"),
        ("An abstract.", "x" * 501, "this has 501"),
        ("half \ud800", "PubMed", "half a character"),
    ],
)
def test_what_says_nothing_or_too_much_is_refused(
    database: Database, by: Attribution, records: list[int], text: str, source: str, said: str
) -> None:
    with pytest.raises(InvalidDataError, match=said):
        _add(database, by, records[0], text, source)


def test_the_abstract_of_a_file_is_never_replaced(
    database: Database, by: Attribution, records: list[int]
) -> None:
    with pytest.raises(InvalidDataError, match=f"record {records[1]} has an abstract in its file"):
        _add(database, by, records[1], "Another.", "PubMed")


@pytest.mark.usefixtures("records")
def test_by_command_and_shown_while_screening(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "abstract.txt").write_text("Sixty adults, by video.\n")
    told = cli("records", "abstract", "1", tmp_path / "abstract.txt", "--source", "PubMed")
    assert "Added the abstract of record 1, from PubMed." in told.output
    shown = cli("records", "show", "1").output
    assert "abstract: Sixty adults, by video.\nabstract added from: PubMed" in shown
    screen = cli("screen", "next").output
    assert "Sixty adults, by video.\n(the file has no abstract: added from PubMed)" in screen
