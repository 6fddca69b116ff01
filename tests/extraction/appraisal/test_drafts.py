"""Drafts of appraisals: kept for their author, taken over whole, never written over unseen."""

from __future__ import annotations

from typing import Any

import pytest

from review.db import Database
from review.errors import InvalidDataError, NotAllowedError, StaleError
from review.extraction.appraisal.actions import FormError, appraise
from review.extraction.appraisal.drafts import drop_draft, hand_in, keep_draft
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.queue import Todo, bias_tasks, tool_for, waiting_for
from review.extraction.appraisal.views import Mode, appraisal_view
from review.extraction.appraisal.vocabulary import Kind, State
from review.extraction.vocabulary import Randomised
from review.history.actions import Attribution, writing
from review.history.queries import events
from review.protocol.queries import review_called
from tests.conftest import NOW
from tests.extraction.appraisal.samples import ALLIANCE, CLEAN, a_review, form, the_review

ROB = "rob2-parallel"
TYPED = {f"answer-{number}": answer for number, answer in CLEAN.items()}


def keep(database: Database, by: Attribution, who: str, fields: dict[str, str], **more: Any) -> int:
    with writing(database, by) as session:
        return keep_draft(
            session, the_review(session), ROB, ALLIANCE, fields, handle=who, now=NOW,
            **{"version": None, **more},
        ).version  # fmt: skip


def take(
    database: Database, by: Attribution, who: str, fields: dict[str, str], **more: Any
) -> bool:
    with writing(database, by) as session:
        return hand_in(
            session, the_review(session), ROB, ALLIANCE, fields, handle=who, now=NOW,
            **{"version": None, **more},
        )  # fmt: skip


def see(database: Database, who: str, target: Target = ALLIANCE, **more: Any) -> Any:
    with database.reading() as session:
        review = the_review(session)
        study = {s.target.study: s.study_id for s in bias_tasks(session, review, viewer=who)}
        return appraisal_view(
            session, review, study[target.study], ROB, target, viewer=who, may=True, **more
        )


def tasks(database: Database, who: str) -> dict[tuple[str, str], Any]:
    with database.reading() as session:
        found = bias_tasks(session, review_called(session, "vcp"), viewer=who)
    return {(task.target.study, task.about): task for task in found}


def test_a_draft_is_seen_by_its_author_alone_and_is_in_no_history(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    with database.reading() as session:
        before = len(events(session, viewer=None))
    assert keep(database, by, "ada", {"answer-1.2": "N", "why-1.2": "open list"}) == 1
    assert see(database, "ada").given == {"answer-1.2": "N", "why-1.2": "open list"}
    assert see(database, "ben").given == {}
    assert see(database, "ben").draft is None
    assert tasks(database, "ada")["Day (2002)", "alliance"].todo is Todo.GO_ON
    assert tasks(database, "ben")["Day (2002)", "alliance"].todo is Todo.ASSESS
    with database.reading() as session:
        assert len(events(session, viewer=None)) == before


def test_a_draft_of_another_window_is_not_written_over(database: Database, by: Attribution) -> None:
    a_review(database, by)
    first = keep(database, by, "ada", {"answer-1.1": "Y"})
    second = keep(database, by, "ada", {"answer-1.1": "Y", "answer-1.2": "Y"}, version=first)
    assert second == first + 1
    for stale in (None, first):
        with pytest.raises(StaleError, match="another window"):
            keep(database, by, "ada", {"answer-1.1": "N"}, version=stale)
        with pytest.raises(StaleError, match="another window"):
            take(database, by, "ada", TYPED, version=stale)
    assert see(database, "ada").given == {"answer-1.1": "Y", "answer-1.2": "Y"}
    assert (
        keep(database, by, "ada", {"answer-1.1": "Y", "answer-1.2": "Y"}, version=second) == second
    )


def test_handing_in_takes_all_or_nothing_and_removes_the_draft(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    version = keep(database, by, "ada", {"answer-1.1": "Y"})
    with pytest.raises(FormError) as refused:
        take(database, by, "ada", {"answer-1.1": "Y"}, version=version)
    assert {"1.2", "1.3"} <= {flaw.cell for flaw in refused.value.flaws}
    assert see(database, "ada").given == {"answer-1.1": "Y"}
    assert take(database, by, "ada", TYPED, version=version)
    view = see(database, "ada")
    assert (view.draft, view.own, view.mode) == (None, True, Mode.ASSESS)
    assert view.given == TYPED
    assert view.finished_by == ("ada",)
    assert not take(database, by, "ada", TYPED)


def test_what_others_said_is_there_when_all_have_judged_and_not_before(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    take(database, by, "ada", {**TYPED, "answer-1.2": "N", "why-1.2": "open list"})
    blind = see(database, "ben")
    assert (blind.mode, blind.assessors, blind.finished_by) == (Mode.ASSESS, (), ("ada",))
    assert not any(one.said for one in blind.domains)
    assert not any(q.said for one in blind.domains for q in one.questions)
    assert "open list" not in repr(blind)
    with pytest.raises(InvalidDataError, match="consensus comes after"):
        see(database, "ben", settling=True)
    take(database, by, "ben", TYPED)
    for who in ("ada", "ben", "cleo"):
        seen = see(database, who)
        assert (seen.mode, seen.state) == (Mode.READ, State.CONFLICT)
        assert [q.number for one in seen.domains for q in one.questions if q.differs] == ["1.2"]
        assert "open list" in repr(seen)
    with database.reading() as session:
        assert waiting_for(session, the_review(session), "cleo")[1] == 1


def test_a_consensus_begins_with_what_is_alike_and_is_not_written_over_unseen(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    take(database, by, "ada", {**TYPED, "answer-1.2": "N"})
    take(database, by, "ben", TYPED)
    view = see(database, "cleo", settling=True)
    assert view.mode is Mode.SETTLE
    assert view.given == {name: text for name, text in TYPED.items() if name != "answer-1.2"}
    assert see(database, "cleo", settling=True, after="ada").given["answer-1.2"] == "N"
    settled = {**TYPED, "reason": "the protocol names a central service"}
    with pytest.raises(InvalidDataError, match="needs a reason"):
        take(database, by, "cleo", TYPED, kind=Kind.CONSENSUS)
    assert take(database, by, "cleo", settled, kind=Kind.CONSENSUS)
    after = see(database, "ada")
    assert (after.state, after.counts["Overall"]) == (State.CONSENSUS, "low")
    assert after.reason == "the protocol names a central service"
    with pytest.raises(StaleError, match="somebody settled"):
        take(database, by, "dan", {**settled, "answer-1.2": "NI"}, kind=Kind.CONSENSUS)
    assert take(
        database, by, "dan", {**settled, "answer-1.2": "NI"}, kind=Kind.CONSENSUS,
        settled=after.settled,
    )  # fmt: skip


def test_answers_of_another_result_of_the_trial_are_taken_over_where_asked(
    database: Database, by: Attribution
) -> None:
    a_review(database, by)
    take(database, by, "ada", {**TYPED, "why-1.1": "computer"})
    other = Target("Day (2002)", "symptoms")
    plain, like = see(database, "ada", other), see(database, "ada", other, like=True)
    assert (plain.given, plain.like) == ({}, "alliance")
    assert like.given["why-1.1"] == "computer"
    assert see(database, "ben", other, like=True).given == {}, "nobody takes over what others said"
    assert see(database, "ada", Target("Yuen (2013)", "alliance"), like=True).like is None


def test_what_is_to_be_judged_is_listed_before_anybody_begins(
    database: Database, by: Attribution
) -> None:
    a_review(database, by, ROB, "rob2-cluster")
    found = tasks(database, "ada")
    assert len(found) == 4
    assert {task.todo for task in found.values()} == {Todo.ASSESS}
    with writing(database, by) as session:
        appraise(session, the_review(session), ROB, form(), handle="ada", now=NOW)
    assert tasks(database, "ada")["Day (2002)", "alliance"].todo is None
    with database.reading() as session:
        assert waiting_for(session, the_review(session), "ada") == (3, 0)
        assert waiting_for(session, the_review(session), "ben") == (4, 0)


def test_the_tool_fits_how_a_study_was_randomised() -> None:
    tools = ["rob2-parallel", "rob2-cluster", "own"]
    assert tool_for(tools, Randomised.CLUSTER) == "rob2-cluster"
    assert tool_for(tools, None) == "rob2-parallel"
    assert tool_for(["own"], Randomised.CROSSOVER) == "own"
    assert tool_for([], None) is None


def test_who_may_not_appraise_keeps_no_draft(database: Database, by: Attribution) -> None:
    a_review(database, by)
    with pytest.raises(NotAllowedError):
        keep(database, by, "stranger", TYPED)


def test_a_draft_is_thrown_away(database: Database, by: Attribution) -> None:
    a_review(database, by)
    keep(database, by, "ada", TYPED)
    with writing(database, by) as session:
        drop_draft(session, the_review(session), ROB, ALLIANCE, handle="ada")
    assert see(database, "ada").given == {}
