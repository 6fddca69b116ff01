"""Deciding, adjudicating, retrieving and removing on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from review.db import Database
from review.errors import InvalidDataError, NotAllowedError, ReviewError
from review.history.actions import writing
from review.history.models import Event
from review.people.actions import join_review, leave_review, person_called
from review.people.rules import Role
from review.screening import queries, standings, views
from review.screening.actions import adjudicate, decide
from review.screening.choices import Choice
from review.screening.conduct import close_pilot, open_pilot, set_stage
from review.screening.models import Adjudication, Decision, FullText, Retrieval
from review.screening.retrieval import Pdf, note_retrieval, remove
from review.screening.vocabulary import Box, RemovalCause, RetrievalOutcome, Stage, State, Verdict
from tests.conftest import NOW, Prepared
from tests.joining import joined
from tests.screening.builders import (
    attributed,
    import_records,
    link_duplicates,
    make_review,
    say,
    the_review,
)

I, E, M = Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.MAYBE  # noqa: E741 -- the keys reviewers press
ABSTRACT, FULL = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT
FROZEN = (
    "decision", "adjudication", "retrieval", "removal", "ranking", "full_text",
    "previous_version", "report_link",
)  # fmt: skip


@pytest.fixture
def records(database: Database, prepared: Prepared[list[int]]) -> list[int]:
    def make() -> list[int]:
        make_review(database)
        return import_records(database, [f"Title {i}" for i in range(6)])

    return prepared(make)


def state_of(database: Database, record: int, stage: Stage = ABSTRACT) -> State:
    with database.reading() as session:
        return queries.ledger(session, the_review(session)).standing(stage, record).state


def box_of(database: Database, record: int) -> Box:
    with database.reading() as session:
        return queries.ledger(session, the_review(session)).box(record)


def settle(database: Database, who: str, verdict: Verdict, record: int, **more: object) -> bool:
    with writing(database, attributed(who)) as session:
        joined(session, the_review(session), who)
        choice = Choice(record, verdict, more.get("reason"))  # type: ignore[arg-type]
        stage = more.get("stage", ABSTRACT)
        return adjudicate(
            session, the_review(session), choice, stage=stage, handle=who, now=NOW  # type: ignore[arg-type]
        )  # fmt: skip


def retrieve(database: Database, *records: int, **more: object) -> int:
    values = {"outcome": RetrievalOutcome.RETRIEVED, "handle": "anna", "now": NOW, **more}
    with writing(database, attributed("anna")) as session:
        joined(session, the_review(session), "anna")
        return note_retrieval(session, the_review(session), records, **values)  # type: ignore[arg-type]


def rows(database: Database, table: type) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_retry_decides_once_and_a_change_is_kept_beside_the_first(
    database: Database, records: list[int]
) -> None:
    assert say(database, "anna", I, records[0]).decided == (records[0],)
    assert say(database, "anna", I, records[0]).unchanged == (records[0],)
    assert say(database, "anna", E, records[0]).changed == (records[0],)
    assert rows(database, Decision) == 2
    say(database, "ben", E, records[0])
    assert state_of(database, records[0]) is State.EXCLUDED


def test_a_named_request_decides_once_even_after_a_change(
    database: Database, records: list[int]
) -> None:
    first = Choice(records[0], I, request="form-1")

    def send(choice: Choice) -> None:
        with writing(database, attributed("anna")) as session:
            joined(session, the_review(session), "anna")
            decide(session, the_review(session), [choice], stage=ABSTRACT, handle="anna", now=NOW)

    send(first)
    send(Choice(records[0], E, request="form-2"))
    send(first)  # arrives again, late
    assert rows(database, Decision) == 2
    say(database, "ben", E, records[0])
    assert state_of(database, records[0]) is State.EXCLUDED


def test_a_third_reviewer_is_refused_and_nothing_of_the_batch_is_kept(
    database: Database, records: list[int]
) -> None:
    say(database, "anna", I, records[0])
    say(database, "ben", I, records[0])
    with pytest.raises(InvalidDataError, match="2 decisions from other reviewers"):
        say(database, "cleo", I, records[1], records[0])
    assert rows(database, Decision) == 2


@pytest.mark.parametrize("stage", [ABSTRACT, FULL])
def test_a_reason_belongs_to_an_exclusion(
    database: Database, records: list[int], stage: Stage
) -> None:
    record = records[0]
    say(database, "anna", I, record)
    say(database, "ben", I, record)
    retrieve(database, record)
    if stage is FULL:
        with pytest.raises(InvalidDataError, match="1 wrong population; 2 wrong comparator"):
            say(database, "anna", E, record, stage=FULL)
        with pytest.raises(InvalidDataError, match="no exclusion reason 'boredom'"):
            say(database, "anna", E, record, stage=FULL, reason="boredom")
        say(database, "anna", E, record, stage=FULL, reason="2")
        say(database, "ben", E, record, stage=FULL, reason="Wrong Population")
        with database.reading() as session:
            ledger = queries.ledger(session, the_review(session))
        assert ledger.standing(FULL, record).reason == 1
    else:
        with pytest.raises(InvalidDataError, match="belongs to an exclusion"):
            say(database, "anna", M, record, reason="1")


def test_a_conflict_is_settled_by_a_third_person_and_kept_apart(
    database: Database, records: list[int]
) -> None:
    record = records[0]
    with pytest.raises(InvalidDataError, match="has no conflict"):
        settle(database, "cleo", I, record)
    say(database, "anna", I, record)
    with pytest.raises(InvalidDataError, match="has no conflict"):
        settle(database, "cleo", I, record)
    say(database, "ben", E, record)
    assert state_of(database, record) is State.CONFLICT
    with database.reading() as session:
        (conflict,) = views.conflicts(session, the_review(session), stage=ABSTRACT)
    assert [(s.who, s.verdict) for s in conflict.said] == [("anna", I), ("ben", E)]
    with pytest.raises(NotAllowedError, match="third person"):
        settle(database, "ben", E, record)
    with pytest.raises(InvalidDataError, match="include or exclude"):
        settle(database, "cleo", M, record)
    assert settle(database, "cleo", I, record)
    assert not settle(database, "cleo", I, record)  # a retry
    assert state_of(database, record) is State.INCLUDED
    with pytest.raises(InvalidDataError, match="adjudicated"):
        say(database, "anna", E, record)
    assert settle(database, "cleo", E, record)
    assert state_of(database, record) is State.EXCLUDED
    assert (rows(database, Decision), rows(database, Adjudication)) == (2, 2)


def test_full_text_follows_title_abstract_and_retrieval(
    database: Database, records: list[int]
) -> None:
    one, other, *_ = records
    with pytest.raises(InvalidDataError, match="not included on title"):
        retrieve(database, one)
    for who in ("anna", "ben"):
        say(database, who, I, one, other)
    assert box_of(database, one) is Box.AWAITING_RETRIEVAL
    with pytest.raises(InvalidDataError, match="not retrieved"):
        say(database, "anna", I, one, stage=FULL)
    with pytest.raises(InvalidDataError, match="needs a reason"):
        retrieve(database, one, outcome=RetrievalOutcome.NOT_RETRIEVED)
    missing = {"outcome": RetrievalOutcome.NOT_RETRIEVED, "reason": "no answer from authors"}
    assert retrieve(database, one, **missing) == 1
    assert retrieve(database, one, **missing) == 0
    assert box_of(database, one) is Box.NOT_RETRIEVED
    assert retrieve(database, one) == 1  # it came after all
    say(database, "anna", I, one, stage=FULL)
    with pytest.raises(InvalidDataError, match="read already"):
        retrieve(database, one, **missing)
    say(database, "ben", I, one, stage=FULL)
    assert box_of(database, one) is Box.INCLUDED
    assert rows(database, Retrieval) == 2


def test_a_pdf_is_kept_once_by_its_content(database: Database, records: list[int]) -> None:
    for who in ("anna", "ben"):
        say(database, who, I, *records[:2])
    pdf = Pdf("a.pdf", b"%PDF-1.7\nsome pages")
    assert retrieve(database, records[0], pdf=pdf) == 1
    assert retrieve(database, records[1], pdf=Pdf("b.pdf", pdf.content)) == 1
    assert retrieve(database, records[1], pdf=Pdf("b.pdf", pdf.content)) == 0
    assert rows(database, FullText) == 1
    with pytest.raises(InvalidDataError, match="is no PDF"):
        retrieve(database, records[0], pdf=Pdf("c.pdf", b"<html>please sign in</html>"))
    with database.reading() as session:
        kept = session.scalars(sa.select(FullText)).one()
        assert (kept.content, len(kept.sha256)) == (pdf.content, 64)


def test_a_reviewer_who_leaves_orphans_nothing(database: Database, records: list[int]) -> None:
    say(database, "anna", I, *records)
    with writing(database, attributed()) as session:
        leave_review(session, the_review(session).id, "anna", actor="tester")
    with pytest.raises(NotAllowedError, match="anna is viewer"):
        say(database, "anna", E, records[0])
    with database.reading() as session:
        waiting = queries.queue(session, the_review(session), stage=ABSTRACT, handle="dora")
    assert waiting == records
    say(database, "dora", I, *records)
    assert state_of(database, records[0]) is State.INCLUDED


def test_viewers_do_not_screen(database: Database, records: list[int]) -> None:
    with writing(database, attributed()) as session:
        person = person_called(session, "guest")
        join_review(session, review_id=the_review(session).id, person=person, role=Role.VIEWER)
    with pytest.raises(NotAllowedError, match="guest is viewer"):
        say(database, "guest", I, records[0])


def test_duplicates_are_not_screened_and_their_decisions_stay(
    database: Database, records: list[int]
) -> None:
    say(database, "anna", I, records[3])
    link_duplicates(database, [(records[0], records[3])])
    with pytest.raises(InvalidDataError, match=f"duplicate of record {records[0]}"):
        say(database, "ben", I, records[3])
    with database.reading() as session:
        assert standings.decided_copies(session, the_review(session)) == [records[3]]
        assert records[3] not in queries.queue(
            session, the_review(session), stage=ABSTRACT, handle="ben"
        )


def test_removed_records_come_back_and_screened_ones_cannot_be_removed(
    database: Database, records: list[int]
) -> None:
    def take_out(*some: int, cause: RemovalCause) -> int:
        with writing(database, attributed()) as session:
            return remove(
                session, the_review(session), some, cause=cause, reason="before 1990",
                handle="tester", now=NOW,
            )  # fmt: skip

    assert take_out(*records[:2], cause=RemovalCause.OTHER) == 2
    assert take_out(records[0], cause=RemovalCause.OTHER) == 0
    assert box_of(database, records[0]) is Box.OTHER
    with pytest.raises(InvalidDataError, match="removed before screening"):
        say(database, "anna", I, records[0])
    assert take_out(records[0], cause=RemovalCause.RESTORED) == 1
    say(database, "anna", I, records[0])
    with pytest.raises(InvalidDataError, match="has been screened"):
        take_out(records[0], cause=RemovalCause.AUTOMATION_TOOL)


@pytest.mark.usefixtures("records")
def test_pilot_rounds_come_first_and_ask_all(database: Database) -> None:
    with writing(database, attributed()) as session:
        review = the_review(session)
        pilot = open_pilot(session, review, stage=ABSTRACT, size=2, reviewers=3, seed=5, now=NOW)
        drawn = list(pilot.record_ids)
        with pytest.raises(InvalidDataError, match="is open"):
            open_pilot(session, review, stage=ABSTRACT, size=2, reviewers=3, seed=5, now=NOW)
    for who in ("anna", "ben", "cleo"):
        with database.reading() as session:
            review = the_review(session)
            assert queries.queue(session, review, stage=ABSTRACT, handle=who) == drawn
        assert state_of(database, drawn[0]) is State.AWAITING
        say(database, who, I, *drawn)
    assert state_of(database, drawn[0]) is State.INCLUDED
    with writing(database, attributed()) as session:
        close_pilot(session, the_review(session), stage=ABSTRACT, now=NOW)
    with database.reading() as session:
        pilots = session.scalars(sa.select(Decision.pilot_id)).all()
    assert len(pilots) == 6
    assert None not in pilots


def test_one_reviewer_where_the_protocol_says_so(database: Database, records: list[int]) -> None:
    with writing(database, attributed()) as session:
        set_stage(session, the_review(session), ABSTRACT, required=1, blind=True)
    say(database, "anna", E, records[0])
    assert state_of(database, records[0]) is State.EXCLUDED
    with pytest.raises(InvalidDataError, match="has its decision from other reviewers"):
        say(database, "ben", I, records[0])


def test_the_history_keeps_a_seal_and_not_the_verdict(
    database: Database, records: list[int]
) -> None:
    say(database, "anna", I, records[0])
    with database.reading() as session:
        event = session.scalars(sa.select(Event).where(Event.entity == "decision")).one()
        decision = session.scalars(sa.select(Decision)).one()
        assert event.new is not None
        assert event.new["seal"] == decision.seal == queries.seal_of(decision)
        assert {"verdict", "reason_id", "note", "nonce"} & set(event.new) == set()
        assert queries.broken_seals(session, the_review(session)) == []
        decision.verdict = E  # what an edit of the file would do
        assert queries.seal_of(decision) != decision.seal
        session.expunge_all()


def test_a_decision_that_was_turned_is_not_what_was_sealed(
    database: Database, records: list[int]
) -> None:
    say(database, "anna", I, *records[:2])
    with database.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER decision_no_update")
        else:
            connection.exec_driver_sql("ALTER TABLE decision DISABLE TRIGGER ALL")
        connection.exec_driver_sql(
            f"UPDATE decision SET verdict = 'maybe' WHERE record_id = {records[1]}"
        )
    with database.reading() as session:
        (broken,) = queries.broken_seals(session, the_review(session))
        turned = session.get(Decision, broken)
        assert turned is not None
        assert turned.record_id == records[1]
        anew = queries.seal_of(turned)
    with database.engine.begin() as connection:  # and sealed anew: the history knows better
        connection.exec_driver_sql(f"UPDATE decision SET seal = '{anew}' WHERE id = {broken}")
    with database.reading() as session:
        assert queries.broken_seals(session, the_review(session)) == [broken]


@pytest.mark.parametrize("table", FROZEN)
def test_what_was_decided_is_never_changed(database: Database, table: str) -> None:
    inspector = sa.inspect(database.engine)
    with database.engine.connect() as connection:
        if database.is_sqlite:
            found = connection.exec_driver_sql(
                "SELECT count(*) FROM sqlite_master "
                f"WHERE type = 'trigger' AND tbl_name = '{table}'"
            ).scalar_one()
            assert found == 2
        else:
            found = connection.exec_driver_sql(
                f"SELECT count(*) FROM pg_trigger WHERE tgrelid = '{table}'::regclass "
                "AND NOT tgisinternal"
            ).scalar_one()
            assert found == 1
    assert inspector.has_table(table)


def test_raw_sql_cannot_change_a_decision(database: Database, records: list[int]) -> None:
    say(database, "anna", I, records[0])
    for statement in ("UPDATE decision SET verdict = 'exclude'", "DELETE FROM decision"):
        with (
            pytest.raises(sa.exc.DBAPIError, match="rows of decision are never changed"),
            database.engine.begin() as connection,
        ):
            connection.exec_driver_sql(statement)
    assert rows(database, Decision) == 1


def test_of_many_at_once_two_reviewers_a_record_and_no_more(
    database: Database, records: list[int]
) -> None:
    people = [f"reviewer{i}" for i in range(6)]
    refusals: list[str] = []

    def work(who: str) -> int:
        done = 0
        for record in records:
            try:
                done += len(say(database, who, I, record).decided)
            except ReviewError as error:
                refusals.append(str(error))
        return done

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(work, people))
    assert sum(done) == rows(database, Decision) == 2 * len(records)
    assert len(refusals) == 4 * len(records)
    assert all("decisions from other reviewers" in refusal for refusal in refusals)
    with database.reading() as session:
        ledger = queries.ledger(session, the_review(session))
    assert {len(ledger.cast(ABSTRACT, record)) for record in records} == {2}
