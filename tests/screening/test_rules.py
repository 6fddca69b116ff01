"""The state of a record is a rule over its decisions."""

from __future__ import annotations

import itertools

import pytest

from review.independent.judgement import is_wanted, newest, shows_others
from review.screening.ledger import Ledger, PilotRound, StageRule
from review.screening.rules import (
    CIRCLE,
    Ballot,
    Facts,
    Ruling,
    Standing,
    box_of,
    independent,
    interval_of,
    is_kept,
    is_offered,
    standing,
    with_copies,
)
from review.screening.vocabulary import (
    Box,
    RemovalCause,
    RetrievalOutcome,
    Stage,
    State,
    Verdict,
)

I, E, M = Verdict.INCLUDE, Verdict.EXCLUDE, Verdict.MAYBE  # noqa: E741 -- the keys reviewers press
ABSTRACT, FULL = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT


def ballots(*verdicts: Verdict) -> list[Ballot]:
    return [Ballot(number, number, verdict) for number, verdict in enumerate(verdicts, start=1)]


@pytest.mark.parametrize(
    ("stage", "verdicts", "state"),
    [
        (ABSTRACT, (I, I), State.INCLUDED),
        (ABSTRACT, (I, M), State.INCLUDED),
        (ABSTRACT, (M, M), State.INCLUDED),
        (ABSTRACT, (E, E), State.EXCLUDED),
        (ABSTRACT, (I, E), State.CONFLICT),
        (ABSTRACT, (M, E), State.CONFLICT),
        (ABSTRACT, (I,), State.AWAITING),
        (ABSTRACT, (), State.AWAITING),
        (FULL, (I, I), State.INCLUDED),
        (FULL, (E, E), State.EXCLUDED),
        (FULL, (I, M), State.CONFLICT),
        (FULL, (M, M), State.CONFLICT),
        (FULL, (E, M), State.CONFLICT),
    ],
)
def test_two_reviewers(stage: Stage, verdicts: tuple[Verdict, ...], state: State) -> None:
    for order in itertools.permutations(verdicts):
        assert standing(stage, ballots(*order), required=2).state is state


def test_one_or_three_reviewers_where_a_stage_says_so() -> None:
    assert standing(ABSTRACT, ballots(E), required=1).state is State.EXCLUDED
    assert standing(FULL, ballots(I), required=1).state is State.INCLUDED
    assert standing(FULL, ballots(M), required=1).state is State.CONFLICT
    assert standing(ABSTRACT, ballots(E, E), required=3).state is State.AWAITING
    assert standing(ABSTRACT, ballots(E, E, I), required=3).state is State.CONFLICT


def test_a_reviewers_newest_decision_counts_whatever_the_order_of_rows() -> None:
    said = [Ballot(3, 1, E), Ballot(1, 1, I), Ballot(2, 2, E)]
    assert newest(said)[1].verdict is E
    assert standing(ABSTRACT, said, required=2).state is State.EXCLUDED


def test_two_decisions_of_one_reviewer_are_not_two_reviewers() -> None:
    said = [Ballot(1, 1, E), Ballot(2, 1, E)]
    assert standing(ABSTRACT, said, required=2).state is State.AWAITING


def test_an_adjudication_settles_whatever_the_ballots_say() -> None:
    said = ballots(I, E)
    assert standing(FULL, said, required=2, ruling=Ruling(I)) == Standing(State.INCLUDED)
    assert standing(FULL, said, required=2, ruling=Ruling(E, 2)) == Standing(State.EXCLUDED, 2)


def test_of_two_reasons_the_first_of_the_protocol_counts() -> None:
    said = [Ballot(1, 1, E, 3), Ballot(2, 2, E, 1)]
    assert standing(FULL, said, required=2) == Standing(State.EXCLUDED, 1)


def test_a_change_after_both_decided_is_not_independent() -> None:
    said = [Ballot(1, 1, I), Ballot(2, 1, E), Ballot(3, 2, I), Ballot(4, 2, E)]
    blind = independent(said, required=2)
    assert {person: ballot.verdict for person, ballot in blind.items()} == {1: E, 2: I}
    assert independent(said[:2], required=2) == {}


def test_a_decision_that_was_taken_back_leaves_no_two_independent_ones() -> None:
    """The first two were blind; one was taken back since, so that only one counts."""
    said = [Ballot(1, 1, I), Ballot(2, 2, E, withdrawn=3)]
    assert independent(said, required=2) == {}
    assert independent([*said, Ballot(4, 3, I)], required=2).keys() == {1, 2}


def test_the_last_decision_is_kept_for_the_core_of_reviewers() -> None:
    assert is_kept({1}, {7}, 8, required=2)
    assert not is_kept({1}, set(), 8, required=2)
    assert is_kept({1}, {7, 6}, 8, required=3)
    assert not is_kept({1}, {7, 1}, 8, required=3)
    assert is_kept(set(), {7}, 8, required=2) is False


def test_nobody_sees_others_before_all_have_decided() -> None:
    assert not shows_others(ballots(I), required=2, blind=True)
    assert not shows_others([Ballot(1, 1, I), Ballot(2, 1, E)], required=2, blind=True)
    assert shows_others(ballots(I, E), required=2, blind=True)
    assert shows_others(ballots(I), required=2, blind=False)


def test_a_third_reviewer_is_not_wanted_but_the_two_may_change() -> None:
    assert is_wanted(ballots(I, E), 1, required=2)
    assert not is_wanted(ballots(I, E), 3, required=2)
    assert is_wanted(ballots(I), 3, required=2)


def test_every_combination_of_facts_has_exactly_one_box() -> None:
    states = [Standing(state) for state in State]
    seen = {
        box_of(Facts(duplicate, removal, abstract, retrieval, full))
        for duplicate in (True, False)
        for removal in (None, *RemovalCause)
        for abstract in states
        for retrieval in (None, *RetrievalOutcome)
        for full in states
    }
    assert seen == set(Box)


INCLUDED, EXCLUDED, CONFLICT = (
    Standing(s) for s in (State.INCLUDED, State.EXCLUDED, State.CONFLICT)
)
AWAITING = Standing(State.AWAITING)
GOT, LOST = RetrievalOutcome.RETRIEVED, RetrievalOutcome.NOT_RETRIEVED


@pytest.mark.parametrize(
    ("facts", "box"),
    [
        (Facts(), Box.AWAITING_SCREENING),
        (Facts(duplicate=True, title_abstract=INCLUDED), Box.DUPLICATE),
        (Facts(removal=RemovalCause.AUTOMATION_TOOL, title_abstract=EXCLUDED), Box.AUTOMATION),
        (Facts(removal=RemovalCause.OTHER, title_abstract=INCLUDED), Box.OTHER),
        (Facts(title_abstract=CONFLICT, retrieval=GOT), Box.AWAITING_SCREENING),
        (Facts(title_abstract=EXCLUDED), Box.EXCLUDED),
        (Facts(title_abstract=INCLUDED), Box.AWAITING_RETRIEVAL),
        (Facts(title_abstract=INCLUDED, retrieval=LOST), Box.NOT_RETRIEVED),
        (Facts(title_abstract=INCLUDED, retrieval=GOT), Box.AWAITING_ASSESSMENT),
        (
            Facts(title_abstract=INCLUDED, retrieval=GOT, full_text=CONFLICT),
            Box.AWAITING_ASSESSMENT,
        ),
        (Facts(title_abstract=INCLUDED, retrieval=GOT, full_text=EXCLUDED), Box.REPORT_EXCLUDED),
        (Facts(title_abstract=INCLUDED, retrieval=GOT, full_text=INCLUDED), Box.INCLUDED),
    ],
)
def test_each_box_has_its_facts(facts: Facts, box: Box) -> None:
    assert box_of(facts) is box


@pytest.mark.parametrize(
    ("own", "copy", "decided", "then"),
    [
        (INCLUDED, EXCLUDED, (E, E), CONFLICT),
        (INCLUDED, INCLUDED, (I, I), INCLUDED),
        (INCLUDED, CONFLICT, (I, E), CONFLICT),
        (INCLUDED, AWAITING, (I,), INCLUDED),
        (INCLUDED, AWAITING, (E,), INCLUDED),
        (EXCLUDED, INCLUDED, (I, I), CONFLICT),
        (EXCLUDED, EXCLUDED, (E, E), EXCLUDED),
        (EXCLUDED, AWAITING, (M,), CONFLICT),
        (EXCLUDED, AWAITING, (E,), EXCLUDED),
        (EXCLUDED, AWAITING, (), EXCLUDED),
        (AWAITING, EXCLUDED, (E, E), AWAITING),
        (CONFLICT, INCLUDED, (I, I), CONFLICT),
    ],
)
def test_a_copy_that_is_found_late_hides_no_inclusion(
    own: Standing, copy: Standing, decided: tuple[Verdict, ...], then: Standing
) -> None:
    assert with_copies(own, [(own, ()), (copy, ballots(*decided))]) == then
    assert with_copies(own, []) == own


def test_a_restored_record_is_screened_and_a_duplicate_is_not() -> None:
    assert box_of(Facts(removal=RemovalCause.RESTORED)) is Box.AWAITING_SCREENING
    assert box_of(Facts(duplicate=True, removal=RemovalCause.OTHER)) is Box.DUPLICATE


def _ledger(**values: object) -> Ledger:
    return Ledger(records={1: 10, 2: 10, 3: 11}, **values)  # type: ignore[arg-type]


def test_an_open_pilot_asks_more_reviewers_and_comes_first() -> None:
    pilot = PilotRound(1, ABSTRACT, 1, 3, frozenset({2}), True)
    ledger = _ledger(pilots=(pilot,), ballots={(ABSTRACT, 2): ballots(I, I)})
    assert ledger.standing(ABSTRACT, 2).state is State.AWAITING
    assert not ledger.shows_others(ABSTRACT, 2)
    assert ledger.missing_from(ABSTRACT, 9) == [2]
    assert ledger.missing_from(ABSTRACT, 1) == [1, 3]
    closed = PilotRound(1, ABSTRACT, 1, 3, frozenset({2}), False)
    after = _ledger(pilots=(closed,), ballots={(ABSTRACT, 2): ballots(I, I)})
    assert after.standing(ABSTRACT, 2).state is State.INCLUDED
    assert after.missing_from(ABSTRACT, 9) == [1, 3]


def test_full_text_is_about_retrieved_reports_only() -> None:
    ledger = _ledger(
        ballots={(ABSTRACT, 1): ballots(I, I), (ABSTRACT, 2): ballots(I, I)},
        retrievals={1: RetrievalOutcome.RETRIEVED, 2: RetrievalOutcome.NOT_RETRIEVED},
    )
    assert list(ledger.to_judge(FULL)) == [1]
    assert "not retrieved" in str(ledger.refusal(FULL, 2, 5))
    assert "not included on title" in str(ledger.refusal(FULL, 3, 5))
    assert ledger.refusal(FULL, 1, 5) is None


def test_a_refusal_says_why() -> None:
    ledger = _ledger(
        duplicates={2: 1},
        removals={3: RemovalCause.AUTOMATION_TOOL},
        ballots={(ABSTRACT, 1): ballots(I, E)},
        rules={ABSTRACT: StageRule(2, True)},
    )
    assert ledger.refusal(ABSTRACT, 4, 1) == "there is no record 4 in this review"
    assert ledger.refusal(ABSTRACT, 2, 1) == "record 2 is a duplicate of record 1"
    assert ledger.refusal(ABSTRACT, 3, 1) == "record 3 was removed before screening"
    assert "2 decisions from other reviewers" in str(ledger.refusal(ABSTRACT, 1, 3))
    assert ledger.refusal(ABSTRACT, 1, 1) is None


def test_what_was_taken_back_before_the_record_was_complete_is_not_independent() -> None:
    """Taken back with the first decision as the newest, or with the second, which completes it."""
    before = [Ballot(1, 1, I, withdrawn=1), Ballot(2, 2, E), Ballot(3, 1, E)]
    assert {p: b.id for p, b in independent(before, required=2).items()} == {2: 2, 1: 3}
    after = [Ballot(1, 1, I, withdrawn=2), Ballot(2, 3, E), Ballot(3, 2, I), Ballot(4, 1, E)]
    assert {p: b.id for p, b in independent(after, required=2).items()} == {1: 1, 3: 2}


@pytest.mark.parametrize(
    ("person", "interval", "records"),
    [
        (4, (0, CIRCLE // 4), {0, 2, 5}),
        (9, (CIRCLE // 4, CIRCLE * 3 // 4), {1, 3, 4, 6, 7}),
        (12, (0, CIRCLE // 2), {0, 2, 4, 5, 7}),  # the circle is round once: it begins anew
        (1, (0, CIRCLE), set(range(8))),  # has no share: everything
    ],
)
def test_records_are_offered_by_their_place_on_the_circle(
    person: int, interval: tuple[int, int], records: set[int]
) -> None:
    """Places are 40503 i modulo 65536: 0, 40503, 15470, 55973, 30940, 5907, 46410, 21377."""
    found = interval_of({4: 0.25, 9: 0.75, 12: 0.5}, person)
    assert found == interval
    assert {record for record in range(8) if is_offered(record, found)} == records


def test_a_place_on_the_edge_of_two_shares_is_of_the_later() -> None:
    """Record 1 stands at 40503 of 65536."""
    edge = 40503 / 65536
    shares = {1: edge, 2: 1 - edge}
    offered = [is_offered(1, interval_of(shares, person)) for person in (1, 2)]
    assert offered == [False, True]
    beyond = {1: 40504 / 65536, 2: 25032 / 65536}
    assert [is_offered(1, interval_of(beyond, person)) for person in (1, 2)] == [True, False]
