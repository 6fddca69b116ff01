"""Forms and reviews for the tests of appraisals."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from review.db import Database
from review.extraction.appraisal.actions import adopt_tool
from review.extraction.appraisal.catalogue import shipped_tool
from review.extraction.appraisal.form import Answered, Form, Stated, Target
from review.extraction.appraisal.vocabulary import Answer
from review.extraction.models import Study
from review.history.actions import Attribution, writing
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.models import Review
from review.protocol.parts import ArmRule
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from review.protocol.vocabulary import DeliveryMode
from tests.conftest import NOW
from tests.joining import joined

CLEAN = {
    "1.1": "Y", "1.2": "PY", "1.3": "N", "2.1": "N", "2.2": "PN", "2.6": "Y", "3.1": "Y",
    "4.1": "N", "4.2": "N", "4.3": "PN", "5.1": "Y", "5.2": "N", "5.3": "N",
}  # fmt: skip
"""Answers of a result at low risk in every domain."""

ALLIANCE = Target("Day (2002)", "alliance")


def form(
    target: Target = ALLIANCE,
    *,
    domains: Mapping[str, Stated] | None = None,
    overall: Stated | None = None,
    **changed: str | None,
) -> Form:
    """The clean form with some answers changed: ``q1_2="NI"``; None leaves one out."""
    answers = CLEAN | {name[1:].replace("_", "."): value for name, value in changed.items()}
    return Form(
        target,
        {number: Answered(Answer(a)) for number, a in answers.items() if a is not None},
        domains or {},
        overall or Stated(),
    )


def a_review(database: Database, by: Attribution, *tools: str) -> None:
    """A review with two outcomes, four studies, an analysis and some tools."""
    with writing(database, by) as session:
        spec = ReviewSpec(slug="vcp", title="Video against in person", question="Q")
        review = new_review(session, spec, owner="tester")
        for slug in ("alliance", "symptoms"):
            add_outcome(session, review, OutcomeSpec(slug=slug, name=slug))
        for slug, outcome in (("wai", "alliance"), ("phq", "symptoms")):
            spec_ = InstrumentSpec(slug=slug, name=slug, outcome=outcome, higher_is_better=True)
            add_instrument(session, review, spec_)
        plan = Plan(
            title="Alliance",
            outcome="alliance",
            intervention=ArmRule(label="video", delivery_mode=(DeliveryMode.VIDEOCONFERENCE,)),
            comparator=ArmRule(label="in person", delivery_mode=(DeliveryMode.FACE_TO_FACE,)),
        )
        plan_analysis(session, review, AnalysisSpec(slug="alliance", plan=plan), now=NOW)
        for label in ("Day (2002)", "Ertelt (2010)", "Stubbings (2013)", "Yuen (2013)"):
            session.add(Study(review_id=review.id, label=label))
        session.flush()
        for slug in tools or ("rob2-parallel",):
            adopt_tool(session, review, shipped_tool(slug), now=NOW)
        for who in ("ada", "ben", "cleo", "dan"):
            joined(session, review, who)


def the_review(session: Session) -> Review:
    return review_called(session, "vcp")
