"""Who is asked to enter what, and what one person sees of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.db import Database
from review.errors import InvalidDataError, NotAllowedError
from review.extraction.actions import finish_entry, import_extraction
from review.extraction.assigning.actions import assign, release, share_out
from review.extraction.assigning.queries import assigned
from review.extraction.assigning.rules import shared
from review.extraction.assigning.views import Next, Stand, extraction_queue
from review.extraction.consensus import reach_consensus, resolve, sides
from review.extraction.files import read_extraction
from review.extraction.queries import study_called
from review.extraction.vocabulary import EntryKind, Taken
from review.history.actions import Attribution, writing
from review.history.queries import events
from tests.conftest import NOW
from tests.extraction.appraisal.samples import a_review, the_review

PEOPLE = ["ada", "ben", "cleo", "dan", "eve"]
DAY = "Day (2002)"


@given(
    st.integers(1, 40),
    st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True),
    st.dictionaries(st.integers(0, 39), st.lists(st.sampled_from(PEOPLE), max_size=2, unique=True)),
)
def test_every_study_gets_two_people_and_everybody_as_many(
    n: int, people: list[str], have: dict[int, list[str]]
) -> None:
    found = shared(range(n), people, have)
    everybody: dict[int, list[str]] = {study: list(have.get(study, ())) for study in range(n)}
    for study, person in found:
        assert person not in everybody[study]
        everybody[study].append(person)
    enough = min(2, len(people))
    assert all(len(given) >= enough for given in everybody.values())
    assert all(len(given) <= max(2, len(have.get(s, ()))) for s, given in everybody.items())
    if not have:
        load = Counter(person for _, person in found)
        assert max(load.values()) - min(load[person] for person in people) <= 1


def test_pairs_change_from_study_to_study() -> None:
    found = shared(range(6), PEOPLE[:4], {})
    pairs = Counter(frozenset(p for s, p in found if s == study) for study in range(6))
    assert len(pairs) == 6, "four people make six pairs"


def see(database: Database, who: str) -> dict[str, Any]:
    with database.reading() as session:
        found = extraction_queue(session, the_review(session), viewer=who)
    return {task.study: task for task in found.tasks}


def give(database: Database, by: Attribution, *who: str) -> None:
    with writing(database, by) as session:
        review = the_review(session)
        assign(session, review, study_called(session, review, DAY), who, now=NOW)


def test_who_is_not_asked_has_nothing_to_start(database: Database, by: Attribution) -> None:
    a_review(database, by)
    assert see(database, "cleo")[DAY].next is Next.START
    give(database, by, "ada")
    assert see(database, "cleo")[DAY].next is Next.START, "one is missing still"
    give(database, by, "ada", "ben")
    assert see(database, "ada")[DAY].asked == ("ada", "ben")
    assert see(database, "ada")[DAY].next is Next.START
    assert see(database, "cleo")[DAY].next is None
    with pytest.raises(InvalidDataError, match="2 people at most; it has ada, ben"):
        give(database, by, "cleo")
    with pytest.raises(NotAllowedError):
        give(database, by, "stranger")
    with writing(database, by) as session:
        study = study_called(session, the_review(session), DAY)
        assert release(session, study, "ben", because="ill")
        assert not release(session, study, "ben", because="ill")
    assert see(database, "cleo")[DAY].next is Next.START
    give(database, by, "ben")
    with database.reading() as session:
        assert list(assigned(session, the_review(session)).values()) == [("ada", "ben")]
        told = events(session, viewer=None, entity="assignment")
    assert len(told) == 4, "asked three times, once no longer"


def test_what_nobody_has_entered_is_shared_out(database: Database, by: Attribution) -> None:
    a_review(database, by)
    give(database, by, "dan")
    with writing(database, by) as session:
        assert share_out(session, the_review(session), ["ada", "ben"], now=NOW) == 7
        assert share_out(session, the_review(session), ["ada", "ben"], now=NOW) == 0
    with database.reading() as session:
        given_out = assigned(session, the_review(session)).values()
    assert all(len(people) == 2 for people in given_out)


ROWS = """study,arm,treatment,delivery_mode,instrument,rater,timepoint,n,mean,sd
Day (2002),video,CBT,videoconference,wai,client,post,20,{0},1.1
Day (2002),live,CBT,face_to_face,wai,client,post,21,5.2,1.0
"""


def test_others_are_said_to_have_finished_and_not_what(
    database: Database, by: Attribution, tmp_path: Any
) -> None:
    a_review(database, by)

    def enter(who: str, mean: str, *, finished: bool = True) -> None:
        file = tmp_path / f"{who}.csv"
        file.write_text(ROWS.format(mean))
        with writing(database, by) as session:
            import_extraction(
                session, the_review(session), read_extraction(file), file=str(file), person=who,
                kind=EntryKind.BLIND, finished=NOW if finished else None,
            )  # fmt: skip

    enter("ada", "5.6", finished=False)
    assert see(database, "ada")[DAY].next is Next.GO_ON
    assert see(database, "ben")[DAY].finished_by == ()
    enter("ben", "5.4")
    mine = see(database, "ben")[DAY]
    assert (mine.next, mine.mine, mine.stand) == (None, "yours is finished", Stand.ENTERING)
    theirs = see(database, "ada")[DAY]
    assert (theirs.finished_by, theirs.results, theirs.doubts) == (("ben",), 0, 0)
    assert see(database, "cleo")[DAY].next is None
    with writing(database, by) as session:
        finish_entry(session, the_review(session), study=DAY, person="ada", now=NOW)
    assert see(database, "cleo")[DAY].next is Next.AGREE
    with writing(database, by) as session:
        review = the_review(session)
        found = sides(session, review, DAY)
        for cell in found.open:
            resolve(
                session, review, found, cell.id, taken=Taken.FIRST, person="ada", now=NOW,
                reason="table 2",
            )  # fmt: skip
        reach_consensus(session, review, sides(session, review, DAY), person="ada", now=NOW)
    done = see(database, "ada")[DAY]
    assert (done.stand, done.results) == (Stand.AGREED, 2)


def test_commands_ask_and_list(
    database: Database, by: Attribution, cli: Callable[..., Any]
) -> None:
    a_review(database, by)
    assert "2 asks made" in cli("extract", "assign", DAY, "--to", "ada", "--to", "ben").output
    listed = cli("extract", "queue", "--as", "ada").output
    assert "ada, ben" in listed
    assert "start" in listed
    assert DAY not in cli("extract", "queue", "--as", "cleo").output
    assert DAY in cli("extract", "queue", "--as", "cleo", "--all").output
    assert "1 ask taken back" in cli("extract", "assign", DAY, "--to", "ben", "--release").output
    assert "say whom" in cli("extract", "assign", DAY, status=1).output
