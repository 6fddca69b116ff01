"""Places say what the ledger says, after any sequence of changes, on both databases."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from review.citations.queries import notices_of, records
from review.citations.vocabulary import NoticeKind
from review.db import Database, Session
from review.errors import InvalidDataError
from review.export.flow.model import Flow, FlowDoesNotCloseError
from review.export.flow.prisma import flow_of
from review.extraction.linking.warnings import OF_A_WORK, records_warned
from review.history.actions import writing
from review.history.queries import events
from review.independent.judgement import newest
from review.people.actions import merge_persons
from review.people.queries import handles, person_known
from review.screening import conduct, places, queries, serving, standings, views
from review.screening.actions import adjudicate, decide, withdraw
from review.screening.agreeing import cast_at
from review.screening.choices import Choice
from review.screening.comparison import agreement_at
from review.screening.fates import fates_of
from review.screening.models import Hold, LateDecision
from review.screening.progress import progress_at
from review.screening.retrieval import note_retrieval, remove
from review.screening.screeners import ask_of
from review.screening.vocabulary import RemovalCause, RetrievalOutcome, Stage, State, Verdict
from tests.conftest import NOW
from tests.joining import joined
from tests.screening.builders import (
    attributed,
    import_records,
    link_duplicates,
    make_review,
    say,
    the_review,
)
from tests.tiers import WHOLE, seeds

EVERY = 4 if WHOLE else 8
"""Steps between two looks."""

PEOPLE = ("anna", "ben", "cleo", "dora")


def assert_as_the_ledger_says(session: Session) -> None:
    review = the_review(session)
    assert places.are_current(session, review)
    now = queries.ledger(session, review)
    known = handles(session)
    screeners = frozenset(known)
    people = [queries.person_of(session, who) for who in (*PEOPLE, "nobody yet")]
    for stage in Stage:
        conflicts = [
            r for r in now.to_judge(stage) if now.standing(stage, r).state is State.CONFLICT
        ]
        ranked = queries.ranks(session, review, stage)
        for number in people:
            queue = now.queue(stage, number, ranked)
            assert standings.wanted(session, review, stage=stage, person=number) == queue
            assert (
                standings.wanted(session, review, stage=stage, person=number, limit=3) == queue[:3]
            )
            assert standings.left_for(session, review, stage=stage, person=number) == len(queue)
            if number is not None:
                theirs_decided = sum(
                    number in newest(now.cast(stage, r)) for r in now.to_judge(stage)
                )
                by_places = standings.decided_by(session, review, stage=stage, person=number)
                assert by_places == theirs_decided
                theirs = [r for r in conflicts if number not in newest(now.cast(stage, r))]
                assert standings.to_settle(session, review, stage=stage, person=number) == theirs
        assert standings.conflicting(session, review, stage=stage) == conflicts
        cast, alike = cast_at(session, review, stage)
        for final in (False, True):
            agreed = agreement_at(now, known, stage, final=final)
            assert agreement_at(cast, known, stage, final=final, alike=alike) == agreed
        page = views.conflicts(session, review, stage=stage, after=3, limit=1)
        assert [one.record for one in page] == [record for record in conflicts if record > 3][:1]
        counted = standings.progress(session, review, stage, screeners=screeners)
        assert counted == progress_at(now, known, screeners, stage)
        some = frozenset(sorted(screeners)[:2])
        waits = standings.waiting_for_nobody(session, review, stage, screeners=some)
        assert waits == sum(
            (stage, r) not in now.rulings
            and 0 < now.required(stage, r) - len(by) > len(some.difference(by))
            for r in now.to_judge(stage)
            if (by := newest(now.cast(stage, r))) is not None
        )
    boxes: dict[object, int] = {}
    for record in now.records:
        boxes[now.box(record)] = boxes.get(now.box(record), 0) + 1
    assert standings.boxes(session, review) == boxes
    from_places, from_ledger = standings.fates(session, review), fates_of(now)
    assert from_places.groups == from_ledger.groups
    assert list(from_places.late_links) == list(from_ledger.late_links)
    warned = records_warned(session, review)
    assert {record: tuple(said) for record, said in warned.items()} == {
        record.id: found
        for record in records(session, review)
        if (found := tuple(one for one in notices_of(record) if one.kind in OF_A_WORK))
    }
    decided = {record for _, record in now.ballots if record in now.duplicates}
    assert standings.decided_copies(session, review) == sorted(decided)


def _flow(session: Session) -> Flow | str:
    try:
        return flow_of(session, the_review(session))
    except FlowDoesNotCloseError as error:
        return str(error)


def assert_flow_is_that_of_the_ledger(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from_places = _flow(session)
    assert isinstance(from_places, Flow), from_places
    with monkeypatch.context() as patch:
        patch.setattr(standings, "are_current", lambda *_: False)
        assert _flow(session) == from_places


def _step(database: Database, draw: random.Random, records: list[int], step: int) -> None:
    """Do something that a team may do; what is refused changes nothing."""
    at = NOW + timedelta(hours=step)
    who, stage = draw.choice(PEOPLE), draw.choice(list(Stage))
    some = draw.sample(records, k=draw.randint(1, 4))
    act = draw.choice(
        ["say"] * 12 + ["withdraw"] * 4 + ["settle"] * 4 + ["retrieve"] * 4
        + ["core"] * 2 + ["remove", "link", "rule", "pilot", "import", "merge"]
    )  # fmt: skip
    if act == "import":
        kind = draw.choice([None, *NoticeKind])
        records += import_records(
            database, [f"more {step}"], source=f"S{step}", at=at,
            notices=[[kind.value, "as its file says"]] if kind else [],
        )  # fmt: skip
        return
    if act == "link":
        pair = tuple(sorted(draw.sample(records, k=2)))
        try:
            link_duplicates(database, [pair], at=at)  # type: ignore[list-item]
        except sa.exc.IntegrityError:
            return
        return
    try:
        with writing(database, attributed(who, at)) as session:
            review = the_review(session)
            joined(session, review, who)
            match act:
                case "say":
                    verdict = draw.choice(list(Verdict))
                    reason = "1" if verdict is Verdict.EXCLUDE else None
                    choices = [Choice(r, verdict, reason) for r in some]
                    decide(
                        session, review, choices, stage=stage, handle=who, now=at, each_alone=True
                    )
                case "withdraw":
                    withdraw(session, review, some[0], stage=stage, handle=who, now=at)
                case "settle":
                    verdict = draw.choice([Verdict.INCLUDE, Verdict.EXCLUDE])
                    reason = "2" if verdict is Verdict.EXCLUDE else None
                    open_ = standings.conflicting(session, review, stage=stage)
                    record = draw.choice(open_ or some)
                    adjudicate(
                        session, review, Choice(record, verdict, reason), stage=stage, handle=who,
                        now=at,
                    )  # fmt: skip
                case "retrieve":
                    outcome = draw.choice(list(RetrievalOutcome))
                    missing = outcome is RetrievalOutcome.NOT_RETRIEVED
                    note_retrieval(
                        session, review, some[:1], outcome=outcome, handle=who, now=at,
                        reason="gone" if missing else None,
                    )  # fmt: skip
                case "remove":
                    cause = draw.choice(list(RemovalCause))
                    remove(session, review, some[:1], cause=cause, reason="x", handle=who, now=at)
                case "rule":
                    conduct.set_stage(
                        session, review, stage, required=draw.randint(1, 3), blind=True
                    )
                case "core":
                    person = person_known(session, who)
                    assert person is not None
                    ask_of(session, review, person, stage=stage, is_core=draw.random() < 0.7)
                case "pilot":
                    if any(p.closed_at is None for p in queries.pilots(session, review)):
                        conduct.close_pilot(session, review, stage=stage, now=at)
                    else:
                        conduct.open_pilot(
                            session, review, stage=stage, size=2, reviewers=2, seed=step, now=at
                        )
                case "merge":
                    merge_persons(session, *draw.sample(PEOPLE, k=2), now=NOW)
    except (InvalidDataError, LookupError, Exception) as error:
        if type(error).__module__.startswith("review."):
            return
        raise


@pytest.mark.parametrize("seed", seeds(2, 24))
def test_places_say_what_the_ledger_says(
    database: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)
    make_review(database)
    records = import_records(database, [f"Title {i}" for i in range(12)])
    for step in range(40):
        _step(database, draw, records, step)
        if step % EVERY == EVERY - 1:
            with writing(database, attributed()) as session:
                places.catch_up(session, the_review(session))
                assert_as_the_ledger_says(session)
                assert_flow_is_that_of_the_ledger(session, monkeypatch)


def test_readers_do_not_trust_places_that_are_behind(database: Database) -> None:
    make_review(database)
    first = import_records(database, ["One", "Two"])
    say(database, "anna", Verdict.INCLUDE, first[0])
    say(database, "ben", Verdict.EXCLUDE, first[0])
    import_records(database, ["Three"], source="Later")
    with database.reading() as session:
        review = the_review(session)
        assert not places.are_current(session, review)
        assert standings.conflicting(session, review, stage=Stage.TITLE_ABSTRACT) == [first[0]]
        counted = standings.progress(session, review, Stage.TITLE_ABSTRACT, screeners=frozenset())
        assert counted.records == 3
        assert flow_of(session, review).n("records_identified") == 3


def _serve(database: Database, who: str, minutes: float = 0, count: int = 1) -> tuple[int, ...]:
    at = NOW + timedelta(minutes=minutes)
    with writing(database, attributed(who, at)) as session:
        review = the_review(session)
        joined(session, review, who)
        person = person_known(session, who)
        assert person is not None
        return serving.serve(
            session, review, person, stage=Stage.TITLE_ABSTRACT, now=at, count=count
        ).records


def test_a_record_is_handed_to_no_more_people_than_it_needs(database: Database) -> None:
    make_review(database)
    one, two = import_records(database, ["One", "Two"])
    assert _serve(database, "anna") == (one,)
    assert _serve(database, "anna", 5) == (one,)  # again what she reads, for ten more minutes
    assert _serve(database, "ben", 6) == (one,)
    assert _serve(database, "cleo", 7) == (two,)
    assert _serve(database, "dora", 7) == (two,)
    assert _serve(database, "eve", 8) == ()  # others read all that wants her
    assert _serve(database, "eve", 16) == (one,)  # both holds on it are over
    say(database, "eve", Verdict.INCLUDE, one, at=NOW + timedelta(minutes=16))
    with database.reading() as session:
        held = session.scalars(
            sa.select(Hold.record_id).where(Hold.until > NOW + timedelta(minutes=16, seconds=30))
        ).all()
    assert sorted(held) == [two, two]


def test_whoever_decides_late_is_thanked_and_it_is_kept_and_counts_in_nothing(
    database: Database,
) -> None:
    make_review(database)
    (one,) = import_records(database, ["One"])
    assert _serve(database, "anna") == (one,)
    for who in ("ben", "cleo"):
        say(database, who, Verdict.INCLUDE, one, at=NOW + timedelta(minutes=20))
    late = say(database, "anna", Verdict.EXCLUDE, one, at=NOW + timedelta(minutes=30))
    assert late.late == (one,)
    assert late.decided == ()
    with database.reading() as session:
        ledger = queries.ledger(session, the_review(session))
        (kept,) = session.scalars(sa.select(LateDecision))
        assert kept.verdict is Verdict.EXCLUDE
        assert queries.broken_seals(session, the_review(session)) == []
        (event,) = events(session, viewer="ben", entity="late_decision")
        assert event.new is not None
        assert "verdict" not in event.new
    assert ledger.standing(Stage.TITLE_ABSTRACT, one).state is State.INCLUDED


def test_releasing_gives_back_what_was_not_decided(database: Database) -> None:
    make_review(database)
    records = import_records(database, ["One", "Two"])
    with writing(database, attributed()) as session:
        conduct.set_stage(
            session, the_review(session), Stage.TITLE_ABSTRACT, required=1, blind=True
        )
    assert _serve(database, "anna", count=2) == tuple(records)
    assert _serve(database, "ben", 1) == ()
    with writing(database, attributed("anna")) as session:
        person = person_known(session, "anna")
        assert person is not None
        serving.release(session, person, now=NOW + timedelta(minutes=2))
    assert _serve(database, "ben", 3) == (records[0],)


def _withdraw(database: Database, who: str, record: int, minutes: float = 0) -> bool:
    at = NOW + timedelta(minutes=minutes)
    with writing(database, attributed(who, at)) as session:
        return withdraw(
            session, the_review(session), record, stage=Stage.TITLE_ABSTRACT, handle=who, now=at
        )


def test_a_decision_taken_back_leaves_its_maker_undecided(database: Database) -> None:
    make_review(database)
    (one,) = import_records(database, ["One"])
    say(database, "anna", Verdict.INCLUDE, one)
    assert _withdraw(database, "anna", one)
    assert not _withdraw(database, "anna", one)
    with database.reading() as session:
        review = the_review(session)
        assert queries.queue(session, review, stage=Stage.TITLE_ABSTRACT, handle="anna") == [one]
        assert_as_the_ledger_says(session)
    say(database, "anna", Verdict.INCLUDE, one)  # the same again is a decision
    say(database, "ben", Verdict.INCLUDE, one)
    with database.reading() as session:
        now = queries.ledger(session, the_review(session))
        assert now.standing(Stage.TITLE_ABSTRACT, one).state is State.INCLUDED


def test_what_was_taken_back_after_all_had_decided_was_independent(database: Database) -> None:
    make_review(database)
    one, two = import_records(database, ["One", "Two"])
    for record in (one, two):
        say(database, "anna", Verdict.INCLUDE, record)
    assert _withdraw(database, "anna", two)  # before ben decided: it never counted
    say(database, "anna", Verdict.EXCLUDE, two)
    for record in (one, two):
        say(database, "ben", Verdict.EXCLUDE, record)
    assert _withdraw(database, "anna", one)  # after it
    say(database, "anna", Verdict.EXCLUDE, one)
    with database.reading() as session:
        now = queries.ledger(session, the_review(session))
        verdicts = [
            [b.verdict for b in now.compared(Stage.TITLE_ABSTRACT, r, final=False).values()]
            for r in (one, two)
        ]
    assert verdicts == [[Verdict.INCLUDE, Verdict.EXCLUDE], [Verdict.EXCLUDE, Verdict.EXCLUDE]]


def test_nothing_is_taken_back_after_an_adjudication(database: Database) -> None:
    make_review(database)
    (one,) = import_records(database, ["One"])
    say(database, "anna", Verdict.INCLUDE, one)
    say(database, "ben", Verdict.EXCLUDE, one)
    with writing(database, attributed("cleo")) as session:
        review = the_review(session)
        joined(session, review, "cleo")
        adjudicate(
            session, review, Choice(one, Verdict.INCLUDE), stage=Stage.TITLE_ABSTRACT,
            handle="cleo", now=NOW,
        )  # fmt: skip
    with pytest.raises(InvalidDataError, match="was adjudicated"):
        _withdraw(database, "anna", one)


def test_a_late_link_hides_no_inclusion(database: Database) -> None:
    make_review(database)
    (first,) = import_records(database, ["One"])
    for who in ("anna", "ben"):
        say(database, who, Verdict.EXCLUDE, first)
    (copy,) = import_records(database, ["One"], source="Later")
    for who in ("anna", "ben"):
        say(database, who, Verdict.INCLUDE, copy)
    link_duplicates(database, [(first, copy)], at=NOW + timedelta(hours=1))
    with database.reading() as session:
        review = the_review(session)
        now = queries.ledger(session, review)
        assert now.standing(Stage.TITLE_ABSTRACT, first).state is State.CONFLICT
        assert now.late_links() == [(Stage.TITLE_ABSTRACT, first, copy)]
    with writing(database, attributed()) as session:
        places.catch_up(session, the_review(session))
        told = standings.fates(session, the_review(session)).late_links
        assert list(told) == [(Stage.TITLE_ABSTRACT, first, copy)]
    later = NOW + timedelta(hours=2)
    with writing(database, attributed("cleo", later)) as session:
        review = the_review(session)
        joined(session, review, "cleo")
        choice = Choice(first, Verdict.INCLUDE)
        assert adjudicate(
            session, review, choice, stage=Stage.TITLE_ABSTRACT, handle="cleo", now=later
        )
        now = queries.ledger(session, review)
        assert now.standing(Stage.TITLE_ABSTRACT, first).state is State.INCLUDED
        assert now.late_links() == []


@pytest.mark.parametrize(
    ("kept", "copy", "state"),
    [
        ("ee", "ii", State.CONFLICT), ("ii", "ee", State.CONFLICT), ("ee", "i", State.CONFLICT),
        ("ee", "m", State.CONFLICT), ("ee", "e", State.EXCLUDED), ("ii", "e", State.INCLUDED),
        ("ee", "ie", State.CONFLICT), ("ii", "ii", State.INCLUDED), ("e", "ii", State.AWAITING),
    ],
)  # fmt: skip
def test_what_was_said_of_a_copy_counts_where_it_differs(
    database: Database, kept: str, copy: str, state: State
) -> None:
    words = {"i": Verdict.INCLUDE, "e": Verdict.EXCLUDE, "m": Verdict.MAYBE}
    make_review(database)
    one, two = import_records(database, ["One", "One again"])
    for record, verdicts in ((one, kept), (two, copy)):
        for who, letter in zip(PEOPLE, verdicts, strict=False):
            say(database, who, words[letter], record)
    link_duplicates(database, [(one, two)], at=NOW + timedelta(hours=1))
    with database.reading() as session:
        now = queries.ledger(session, the_review(session))
        assert now.standing(Stage.TITLE_ABSTRACT, one).state is state
