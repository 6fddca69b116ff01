"""What a person sees of records while screening: enough for a page, and no more than they may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from review.db import Database, Session
from review.history.actions import writing
from review.people.models import Person
from review.people.queries import person_known
from review.screening import conduct, views
from review.screening.actions import adjudicate, withdraw
from review.screening.choices import Choice
from review.screening.lists import Said
from review.screening.vocabulary import Stage, State, Verdict
from tests.conftest import NOW
from tests.joining import joined
from tests.screening.builders import (
    REASONS,
    attributed,
    import_records,
    link_duplicates,
    make_review,
    say,
    the_review,
)

ABSTRACT = Stage.TITLE_ABSTRACT
RETRACTED = [["retracted", "Retraction in: A journal 2021"]]


@pytest.fixture
def records(database: Database) -> list[int]:
    """Three records, the second of a retracted work; anna, ben and cleo screen."""
    make_review(database)
    found = import_records(database, ["One"])
    found += import_records(database, ["Two"], source="Later", notices=RETRACTED)
    found += import_records(database, ["Three"], source="Last")
    with writing(database, attributed()) as session:
        for who in ("anna", "ben", "cleo"):
            joined(session, the_review(session), who)
    return found


def _person(session: Session, who: str) -> Person:
    person = person_known(session, who)
    assert person is not None
    return person


def _read(database: Database, who: str, **asked: object) -> views.Reading:
    with writing(database, attributed(who)) as session:
        return views.next_to_read(
            session, the_review(session), _person(session, who), stage=ABSTRACT, now=NOW,
            **asked,  # type: ignore[arg-type] # the options of one function, passed on
        )  # fmt: skip


def _mine(
    database: Database, who: str, *, limit: int = 50, before: int | None = None
) -> list[views.MyDecision]:
    with database.reading() as session:
        return views.my_decisions(
            session, the_review(session), _person(session, who), stage=ABSTRACT, limit=limit,
            before=before,
        )  # fmt: skip


def test_what_is_skipped_is_given_back_and_what_is_undone_is_read_again(
    database: Database, records: list[int]
) -> None:
    one, two, three = records
    first = _read(database, "anna")
    assert [card.record for card in first.cards] == [one]
    assert (first.left, first.elsewhere) == (3, ())
    second = _read(database, "anna", apart_from={one})
    assert [card.heading for card in second.cards] == ["[RETRACTED] Two"]
    assert [card.record for card in _read(database, "anna", apart_from={one, two}).cards] == [three]
    for who in ("ben", "cleo"):  # anna skipped the first, so that two others may read it
        assert [card.record for card in _read(database, who).cards] == [one]
    say(database, "anna", Verdict.EXCLUDE, *records)
    nothing = _read(database, "anna")
    assert (nothing.cards, nothing.left) == ((), 0)
    assert "still wait for other reviewers" in nothing.elsewhere[0]
    again = _read(database, "anna", again=two)
    assert [card.mine and card.mine.verdict for card in again.cards] == [Verdict.EXCLUDE]


def test_a_persons_decisions_come_in_pages_the_last_first_each_record_once(
    database: Database, records: list[int]
) -> None:
    one, two, three = records
    say(database, "anna", Verdict.EXCLUDE, one, two, reason=REASONS[1])
    say(database, "anna", Verdict.MAYBE, three, at=NOW + timedelta(minutes=1))
    say(database, "anna", Verdict.INCLUDE, one, at=NOW + timedelta(minutes=2))
    say(database, "ben", Verdict.INCLUDE, *records, at=NOW + timedelta(minutes=3))
    mine = _mine(database, "anna")
    assert [(one.record, one.said.verdict.value) for one in mine] == [
        (one, "include"), (three, "maybe"), (two, "exclude"),
    ]  # fmt: skip
    assert mine[2].heading == "[RETRACTED] Two"
    assert mine[2].said == Said("anna", Verdict.EXCLUDE, REASONS[1], None)
    assert {said.said.who for said in mine} == {"anna"}
    page = _mine(database, "anna", before=mine[0].id, limit=1)
    assert page == mine[1:2]
    with writing(database, attributed("anna", NOW + timedelta(minutes=4))) as session:
        withdraw(
            session, the_review(session), three, stage=ABSTRACT, handle="anna",
            now=NOW + timedelta(minutes=4),
        )  # fmt: skip
    assert [said.record for said in _mine(database, "anna")] == [one, two]


def test_a_decision_says_why_it_can_be_changed_no_more(
    database: Database, records: list[int]
) -> None:
    one, two, _ = records
    say(database, "anna", Verdict.INCLUDE, one, two)
    say(database, "ben", Verdict.EXCLUDE, one)
    with writing(database, attributed("cleo")) as session:
        adjudicate(
            session, the_review(session), Choice(one, Verdict.INCLUDE), stage=ABSTRACT,
            handle="cleo", now=NOW,
        )  # fmt: skip
    mine = {said.record: said.settled_because for said in _mine(database, "anna")}
    assert mine[two] is None
    assert "was adjudicated" in (mine[one] or "")


def test_conflicts_come_with_warnings_and_what_each_said_last(
    database: Database, records: list[int]
) -> None:
    _, two, three = records
    say(database, "anna", Verdict.INCLUDE, two, three)
    say(database, "ben", Verdict.EXCLUDE, two, three, reason=REASONS[0])
    say(database, "anna", Verdict.MAYBE, two, at=NOW + timedelta(minutes=1))
    with database.reading() as session:
        review = the_review(session)
        both = views.conflicts(session, review, stage=ABSTRACT)
        assert both[1:] == views.conflicts(session, review, stage=ABSTRACT, after=two)
        assert both[:1] == views.conflicts(session, review, stage=ABSTRACT, limit=1)
    assert [one.heading for one in both] == ["[RETRACTED] Two", "Three"]
    assert [(said.who, said.verdict.value, said.reason) for said in both[0].said] == [
        ("ben", "exclude", REASONS[0]), ("anna", "maybe", None),
    ]  # fmt: skip


def test_status_names_copies_that_were_decided_on_before(
    database: Database, records: list[int]
) -> None:
    one, two, _ = records
    for who, verdict in (("anna", Verdict.INCLUDE), ("ben", Verdict.INCLUDE)):
        say(database, who, verdict, two)
        say(database, who, Verdict.EXCLUDE, one)
    link_duplicates(database, [(one, two)], at=NOW + timedelta(hours=1))
    with database.reading() as session:
        found = views.status(session, the_review(session))
    assert found.decided_copies == (two,)
    assert found.late_links == ((ABSTRACT, one, two),)
    assert found.stages[0].states[State.CONFLICT] == 1
    assert {share.who: share.decided for share in found.stages[0].reviewers} == {
        "anna": 1, "ben": 1, "cleo": 0, "tester": 0,
    }  # fmt: skip


def test_while_a_stage_is_blind_a_record_shows_nobody_elses_decision(
    database: Database, records: list[int]
) -> None:
    one = records[0]
    say(database, "anna", Verdict.INCLUDE, one)
    with database.reading() as session:
        review = the_review(session)
        hidden = views.dossier(session, review, one, stage=ABSTRACT, handle="ben")
        own = views.dossier(session, review, one, stage=ABSTRACT, handle="anna")
    assert (hidden.hidden, hidden.others, hidden.card.mine) == (True, (), None)
    assert own.card.mine is not None
    with writing(database, attributed()) as session:
        conduct.set_stage(session, the_review(session), ABSTRACT, required=2, blind=False)
    with database.reading() as session:
        seen = views.dossier(session, the_review(session), one, stage=ABSTRACT, handle="ben")
    assert [said.who for said in seen.others] == ["anna"]
