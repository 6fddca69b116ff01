"""Nobody sees another's judgement early: one property over records, forms and cells."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.extraction.appraisal.form import Appraisal, Judged, Target
from review.extraction.appraisal.rules import Cast, seen_by
from review.extraction.appraisal.vocabulary import Kind
from review.extraction.models import Entry
from review.extraction.queries import visible as visible_entries
from review.extraction.vocabulary import EntryKind
from review.independent.judgement import (
    Made,
    Outcome,
    is_wanted,
    newest,
    outcome,
    shows_others,
    visible,
)
from review.independent.seals import broken, nonce, seal
from review.people.models import Person
from review.screening.ledger import Ledger, StageRule
from review.screening.rules import Ballot
from review.screening.vocabulary import Stage, Verdict

PEOPLE = ("anna", "ben", "cleo")
STAGE = Stage.TITLE_ABSTRACT

Seen = Callable[[Sequence[Made], str, int], set[int]]
"""Ids of the judgements that a person sees, of those made, where so many are required."""


def _core(made: Sequence[Made], viewer: str, required: int) -> set[int]:
    return {one.id for one in visible(made, viewer, required=required)}


def _decisions(made: Sequence[Made], viewer: str, required: int) -> set[int]:
    """Screening: one's own decision is on the card, others' where the ledger shows them."""
    ballots = [
        Ballot(one.id, PEOPLE.index(str(one.person)), Verdict.INCLUDE,
               withdrawn=None if one.stands else 99)
        for one in made
    ]  # fmt: skip
    ledger = Ledger(
        {1: 1}, ballots={(STAGE, 1): ballots}, rules={STAGE: StageRule(required, blind=True)}
    )
    shown = ledger.shows_others(STAGE, 1)
    return {one.id for one in made if shown or one.person == viewer}


def _appraisals(made: Sequence[Made], viewer: str, required: int) -> set[int]:
    """Risk of bias: a form that is not handed in is not in the ledger at all."""
    form = Appraisal(Target("Day 2002"), {}, {}, Judged("low", "low"))
    cast = [Cast(m.id, str(m.person), Kind.ASSESSOR, form) for m in made if m.stands]
    unsent = {m.id for m in made if not m.stands and m.person == viewer}
    return {one.id for one in seen_by(cast, viewer, required=required)} | unsent


def _entries(made: Sequence[Made], viewer: str, required: int) -> set[int]:
    """Double entry: two enter a study, and none of the entries that were begun may be open."""
    del required
    people = {name: Person(id=n, handle=name) for n, name in enumerate(PEOPLE)}
    entries = [
        Entry(
            id=one.id, kind=EntryKind.BLIND, person=people[str(one.person)],
            finished_at=datetime.now(UTC) if one.stands else None,
        )
        for one in made
    ]  # fmt: skip
    return {entry.id for entry in visible_entries(entries, viewer)}


@st.composite
def histories(draw: st.DrawFn) -> list[Made]:
    made = draw(st.lists(st.tuples(st.sampled_from(PEOPLE), st.booleans()), max_size=6))
    return [Made(number, person, stands) for number, (person, stands) in enumerate(made, start=1)]


@pytest.mark.parametrize("seen", [_core, _decisions, _appraisals, _entries])
@given(made=histories(), viewer=st.sampled_from(PEOPLE), required=st.integers(2, 3))
def test_nobody_sees_anothers_judgement_before_all_have_judged(
    seen: Seen, made: list[Made], viewer: str, required: int
) -> None:
    """An oracle in other words: of every prefix of a history, by counting persons."""
    entered = seen is _entries
    for known in itertools.accumulate(([one] for one in made), initial=[]):
        finished = {one.person for one in known if one.stands}
        needed = 2 if entered else required
        complete = len(finished) >= needed and not (
            entered and any(not one.stands for one in known)
        )
        shown = seen(known, viewer, required)
        own = {one.id for one in known if one.person == viewer}
        assert own <= shown
        others = {one.id for one in known if one.person != viewer and one.stands}
        assert shown & others == (others if complete else set())


@given(made=histories(), required=st.integers(1, 3))
def test_whoever_has_not_judged_is_wanted_until_others_may_be_seen(
    made: list[Made], required: int
) -> None:
    assert shows_others(made, required=required, blind=False)
    for person in PEOPLE:
        may = is_wanted(made, person, required=required)
        assert may == (person in newest(made) or not shows_others(made, required=required))


@given(made=histories(), required=st.integers(1, 3), data=st.data())
def test_what_judgements_amount_to(made: list[Made], required: int, data: st.DataObject) -> None:
    said = {one.id: data.draw(st.sampled_from("ie")) for one in made}
    counting = newest(made).values()
    assert all(
        one.stands and one.id == max(o.id for o in made if o.person == one.person and o.stands)
        for one in counting
    )
    found = outcome(counting, required=required, by=lambda one: said[one.id])
    words = {said[one.id] for one in counting}
    expected = Outcome.AGREED if len(words) == 1 else Outcome.CONFLICT
    assert found is (Outcome.AWAITING if len(counting) < required else expected)


def test_a_seal_tells_nothing_and_finds_what_was_turned() -> None:
    one, other = nonce(), nonce()
    assert len(one) == 32
    assert seal("include", one) != seal("include", other)

    class Sealed:
        def __init__(self, id: int, said: str) -> None:  # noqa: A002 -- as rows call it
            self.id, self.said, self.seal = id, said, seal(said, one)

    def seal_of(row: Sealed) -> str:
        return seal(row.said, one)

    rows = [Sealed(1, "include"), Sealed(2, "exclude")]
    noted = {row.id: row.seal for row in rows}
    assert broken(rows, seal_of, noted) == []
    rows[1].said = "include"
    assert broken(rows, seal_of, noted) == rows[1:]
    rows[1].seal = seal_of(rows[1])  # sealed anew: the history knows better
    assert broken(rows, seal_of, noted) == rows[1:]
    assert broken(rows[:1], seal_of, {}) == rows[:1]
