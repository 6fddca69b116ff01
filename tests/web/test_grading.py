"""The certainty of an analysis is rated on its page."""

from __future__ import annotations

from typing import Any

import pytest

from review.extraction.appraisal.certainty import certainties, rate_certainty
from review.extraction.appraisal.vocabulary import Design
from review.history.actions import Attribution, writing
from review.protocol.actions import add_outcome, plan_analysis
from review.protocol.parts import ArmRule
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, OutcomeSpec
from review.protocol.vocabulary import DeliveryMode
from tests.conftest import NOW
from tests.web.conftest import Team

PAGE = "/r/alliance/a/panic/grade"


@pytest.fixture
def planned(team: Team) -> Team:
    """The team with a planned analysis that was never pooled."""
    with writing(team.database, Attribution(actor="lead", review="alliance", at=NOW)) as session:
        review = review_called(session, "alliance")
        add_outcome(session, review, OutcomeSpec(slug="panic", name="Panic"))
        plan = Plan(
            title="Panic",
            outcome="panic",
            intervention=ArmRule(label="video", delivery_mode=(DeliveryMode.VIDEOCONFERENCE,)),
            comparator=ArmRule(label="in person", delivery_mode=(DeliveryMode.FACE_TO_FACE,)),
        )
        plan_analysis(session, review, AnalysisSpec(slug="panic", plan=plan), now=NOW)
    return team


def _send(team: Team, who: str, path: str = PAGE, **fields: str) -> Any:
    named = {name.replace("__", "-"): text for name, text in fields.items()}
    return team.client(who).post(path, data={"token": team.form_token(who), **named})


DOWN = {"levels__imprecision": "2", "reason__imprecision": "twelve people"}


def test_a_rating_is_made_and_earlier_ones_stay(planned: Team) -> None:
    assert "Not rated yet" in planned.client("viewer").get(PAGE).text
    assert _send(planned, "reviewer", of="0", **DOWN).status_code == 303
    told = planned.client("viewer").get(PAGE).text
    assert "Low certainty: down 2 for imprecision (twelve people)" in told
    assert "<textarea" not in told
    again = planned.client("reviewer").get(PAGE).text
    assert 'name="levels-imprecision" value="2" checked' in again
    assert _send(planned, "lead", of="1", note="for the table").status_code == 303
    both = planned.client("viewer").get(PAGE).text
    assert "High certainty: nothing moves it" in both
    assert "Earlier ratings" in both
    with planned.database.reading() as session:
        found = certainties(session, review_called(session, "alliance"))["panic"]
    assert (found.person, found.note, found.run_number) == ("lead", "for the table", None)


def test_what_cannot_be_is_said_and_nothing_typed_is_lost(planned: Team) -> None:
    nameless = _send(planned, "reviewer", levels__inconsistency="1", note="my note")
    assert nameless.status_code == 422
    assert "Inconsistency moves the certainty and needs a reason" in nameless.text
    assert "my note" in nameless.text
    raised = _send(planned, "reviewer", levels__large_effect="1", reason__large_effect="huge")
    assert "only evidence from non-randomised studies" in raised.text.lower()
    beyond = _send(planned, "reviewer", levels__inconsistency="9", reason__inconsistency="x")
    assert "inconsistency lowers by 0 to 2 levels" in beyond.text.lower()
    assert _send(planned, "reviewer", of="0").status_code == 303
    stale = _send(planned, "lead", of="0", **DOWN)
    assert stale.status_code == 409
    assert "Reviewer rated it since" in stale.text
    assert "twelve people" in stale.text
    assert _send(planned, "viewer", **DOWN).status_code == 403


def test_a_note_that_is_longer_than_the_page_takes_is_shown_all_the_same(planned: Team) -> None:
    with writing(planned.database, Attribution(actor="lead", review="alliance", at=NOW)) as session:
        rate_certainty(
            session, review_called(session, "alliance"), "panic", handle="lead", now=NOW,
            design=Design.NONRANDOMISED, steps={}, note="word " * 1000,
        )  # fmt: skip
    assert "Low certainty" in planned.client("reviewer").get(PAGE).text
    refused = _send(planned, "reviewer", of="1", note="word " * 1000)
    assert refused.status_code == 422
    assert "word word" in refused.text


def test_what_a_rating_would_come_to_is_said_while_it_is_typed(planned: Team) -> None:
    shown = _send(planned, "reviewer", f"{PAGE}/preview", **DOWN).text
    assert "Low</b> certainty" in shown
    start = _send(planned, "reviewer", f"{PAGE}/preview", design="nonrandomised").text
    assert "Starts low" in start
    robins = {"design": "nonrandomised", "robins_i": "true"}
    assert "Starts high" in _send(planned, "reviewer", f"{PAGE}/preview", **robins).text
    missing = _send(planned, "reviewer", f"{PAGE}/preview", levels__imprecision="1").text
    assert "needs a reason" in missing
