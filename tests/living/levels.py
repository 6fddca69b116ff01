"""Made-up trials with several results and arms, and plans with random effects of their groups.

Nothing here is a real trial's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from review.db import Database
from review.extraction.actions import import_extraction
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.history.actions import Attribution, writing
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.living.networks import side


class Told(NamedTuple):
    """A trial: country, then of each result what measured it, when, and the arms' scores."""

    country: str
    results: Sequence[tuple[str, str, int, Sequence[tuple[str, int, float, float]]]]


TRIALS = {
    "Synthetic 1": Told("NL", [
        ("wai", "client", 4, [("video", 40, 5.6, 0.9), ("in person", 42, 5.5, 1.0)]),
        ("wai", "therapist", 4, [("video", 40, 5.1, 0.8), ("in person", 42, 5.4, 0.9)]),
        ("wai", "client", 12, [("video", 38, 5.9, 0.9), ("in person", 39, 5.4, 1.0)]),
    ]),
    "Synthetic 2": Told("NL", [
        ("haq", "client", 8, [("video", 35, 5.9, 0.8), ("in person", 36, 5.4, 0.9)]),
    ]),
    "Synthetic 3": Told("UK", [
        ("wai", "client", 4, [
            ("video", 28, 5.2, 1.1), ("phone", 29, 5.6, 1.0), ("in person", 30, 5.4, 1.0),
        ]),
        ("wai", "therapist", 4, [
            ("video", 28, 4.8, 0.9), ("phone", 27, 5.1, 0.9), ("in person", 30, 5.5, 0.8),
        ]),
    ]),
    "Synthetic 4": Told("UK", [
        ("haq", "client", 6, [("video", 25, 6.0, 0.7), ("in person", 26, 5.3, 0.9)]),
        ("haq", "client", 20, [("video", 24, 5.4, 0.8), ("in person", 26, 5.2, 0.7)]),
    ]),
    "Synthetic 5": Told("DE", [
        ("wai", "therapist", 5, [("phone", 50, 5.0, 0.9), ("in person", 48, 5.3, 0.8)]),
        ("haq", "therapist", 5, [("phone", 49, 5.9, 0.9), ("in person", 47, 5.1, 0.8)]),
    ]),
    "Synthetic 6": Told("DE", [
        ("wai", "client", 8, [("video", 31, 5.5, 0.9), ("in person", 33, 5.3, 0.8)]),
        ("wai", "therapist", 8, [("video", 30, 5.2, 0.8), ("in person", 33, 5.3, 0.9)]),
    ]),
    "Synthetic 7": Told("DE", [
        ("haq", "therapist", 9, [("video", 45, 4.9, 1.0), ("in person", 43, 5.9, 0.9)]),
    ]),
}  # fmt: skip
"""Scores of which higher is better."""

LATER = {
    "Synthetic 8": Told("FR", [
        ("wai", "client", 4, [("video", 60, 5.7, 0.9), ("in person", 61, 5.2, 0.9)]),
        ("haq", "client", 4, [("video", 60, 5.2, 0.8), ("in person", 61, 5.4, 0.8)]),
    ]),
}  # fmt: skip


def levels_plan(**changes: object) -> Plan:
    """Video or phone against in person, all results of a study."""
    return Plan.model_validate(
        {
            "title": "Alliance, all results",
            "outcome": "alliance",
            "intervention": {"label": "at a distance", "treatment": ["video", "phone"]},
            "comparator": side("in person"),
            "random": ["study / result"],
            **changes,
        }
    )


def begin(database: Database, by: Attribution, *plans: Plan) -> None:
    """Make a review with planned analyses, the first called ``levels``, others ``levels-2``…"""
    with writing(database, by) as session:
        spec = ReviewSpec(slug="levels", title="Levels", question="Is the alliance as good?")
        review = new_review(session, spec, owner="tester")
        add_outcome(session, review, OutcomeSpec(slug="alliance", name="Alliance"))
        for slug in ("wai", "haq"):
            one = InstrumentSpec(slug=slug, name=slug, outcome="alliance", higher_is_better=True)
            add_instrument(session, review, one)
        for i, planned in enumerate(plans, start=1):
            name = "levels" if i == 1 else f"levels-{i}"
            plan_analysis(session, review, AnalysisSpec(slug=name, plan=planned), now=NOW)


def enter(database: Database, by: Attribution, trials: dict[str, Told] | None = None) -> None:
    """Enter trials."""
    rows = [
        ExtractionRow.model_validate(
            {
                "study": study, "year": 2000 + int(study.split()[-1]), "country": told.country,
                "arm": arm, "treatment": arm, "instrument": instrument, "rater": rater,
                "timepoint": f"week {weeks}", "weeks": weeks, "n": n, "mean": mean, "sd": sd,
            }
        )
        for study, told in (TRIALS if trials is None else trials).items()
        for instrument, rater, weeks, arms in told.results
        for arm, n, mean, sd in arms
    ]  # fmt: skip
    numbered = [NumberedRow(i, row) for i, row in enumerate(rows, start=2)]
    with writing(database, by) as session:
        review = review_called(session, "levels")
        import_extraction(session, review, numbered, file="alliance.csv", person="ada")
