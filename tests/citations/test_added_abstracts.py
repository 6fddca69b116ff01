"""A record whose file has no abstract is given one; the record stays as its file has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result

from review.citations import actions, queries
from review.citations.actions import LONGEST_ABSTRACT
from review.citations.duplicates import link_records, undo_pair
from review.citations.models import AddedAbstract, Record
from review.citations.pair_queries import judged_pairs
from review.db import Database
from review.errors import InvalidDataError
from review.history.actions import Attribution, writing
from review.history.queries import verify
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
        actions.add_abstract(
            session, the_review(session), record, text, source=source, person=by.actor, now=NOW
        )


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
        assert [(card.abstract, card.abstract_from) for card in shown] == [
            ("Adults by  video.", "added from the publisher's page"), ("Of the file.", None),
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
    assert "Sixty adults, by video.\n(not in the file: added from PubMed)" in screen


def test_the_abstract_of_a_copy_is_read_where_the_file_has_none(
    database: Database, by: Attribution
) -> None:
    make_review(database)
    first = import_records(database, ["One", "Two"], abstracts=[None, None], source="PsycINFO")
    second = import_records(database, ["One", "Two"], abstracts=[None, None], source="Scopus")
    third = import_records(database, ["One", "Two"], abstracts=["Of the copy.", "Other."])
    with writing(database, by) as session:
        review = the_review(session)
        for one, other in ((first[0], second[0]), (second[0], third[0]), (first[1], third[1])):
            link_records(session, review, records=(one, other), person="ben", now=NOW)
        (pair,) = (one for one in judged_pairs(session, review) if one.later_id == third[1])
        undo_pair(session, review, pair=pair.id, person="ben", now=NOW)
    with database.reading() as session:
        shown = cards(
            session, the_review(session), first, stage=Stage.TITLE_ABSTRACT, handle="anna"
        )
    assert [(card.abstract, card.abstract_from) for card in shown] == [
        ("Of the copy.", f"from its copy, record {third[0]} (PubMed)"), (None, None),
    ]  # fmt: skip
