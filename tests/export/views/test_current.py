"""What is remembered of a review is what the database says: every change makes it anew."""

from __future__ import annotations

from datetime import timedelta

from review.db import Database
from review.export.views.current import names_in_history, remembered
from review.export.views.events import Asked, history_page
from review.export.views.plan_versions import plan_versions_of
from review.export.views.tabs import history_of, selection_of
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.protocol.queries import review_called
from review.screening.conduct import add_reason
from tests.conftest import NOW
from tests.living.fixture import begin, enter


def test_a_change_makes_what_pages_show_anew(database: Database, by: Attribution) -> None:
    begin(database, by)
    enter(database, by, range(1, 5))
    repool(database, actor="tester", now=lambda: NOW)
    with database.reading() as session:
        review = review_called(session, "fixture")
        first = history_of(session, review, "alliance")
        assert history_of(session, review, "alliance") is first
        assert len(selection_of(session, review, "alliance").taken) == 4
        assert plan_versions_of(session, review, "alliance").versions[0].runs == (1,)
    enter(database, by, range(5, 7))
    with database.reading() as session:
        review = review_called(session, "fixture")
        assert history_of(session, review, "alliance").head.outdated
        assert len(selection_of(session, review, "alliance").taken) == 6
    repool(database, actor="tester", now=lambda: NOW + timedelta(days=1))
    with database.reading() as session:
        review = review_called(session, "fixture")
        again = history_of(session, review, "alliance")
        assert (first.numbers, again.numbers) == ((1,), (1, 2))
        assert not again.head.outdated
        assert plan_versions_of(session, review, "alliance").versions[0].runs == (1, 2)


def test_who_stands_in_the_history_is_read_as_it_grows(database: Database, by: Attribution) -> None:
    begin(database, by)
    for number, who in enumerate(("ada", "ben", "ben")):
        with writing(database, Attribution(actor=who, review="fixture", at=NOW)) as session:
            add_reason(session, review_called(session, "fixture"), f"wrong {number}")
        with database.reading() as session:
            review = review_called(session, "fixture")
            page = history_page(session, review, Asked(), viewer="tester")
            assert who in page.actors
            assert "exclusion_reason" in page.entities
            assert set(page.actors) == set(names_in_history(session, review).actors)
    assert page.actors == ("ada", "ben")


def test_nothing_of_another_state_is_kept(database: Database, by: Attribution) -> None:
    begin(database, by)
    made: list[int] = []

    def make() -> int:
        made.append(len(made) + 1)
        return made[-1]

    def asked() -> int:
        with database.reading() as session:
            return remembered(session, review_called(session, "fixture"), ("made",), make)

    assert [asked(), asked()] == [1, 1]
    enter(database, by, range(1, 2))
    assert [asked(), asked()] == [2, 2]
