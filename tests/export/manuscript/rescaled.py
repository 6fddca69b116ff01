"""Synthetic reviews whose effects are put on another scale than they were measured on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from review.db import Database
from review.extraction.actions import import_extraction
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.history.actions import writing
from review.living.job.repool import repool
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.living.job.test_repool import plan
from tests.screening.builders import attributed

OUTCOMES = (("alliance", "Alliance"), ("symptoms", "Symptoms"))
INSTRUMENTS = (
    ("wai", "WAI", "alliance", True), ("cals", "CALS", "alliance", False),
    ("bdi", "BDI", "symptoms", False),
)  # fmt: skip

LINKED = {
    "measure": "MD",
    "target_instrument": "wai",
    "reference_scores": (
        "wai = 5.5 (0.9); Invented and Others 2001 (table 2)", "cals = 60 (7.2); Invented 2002",
    ),
    "variants": ("without_linked",),
    "margin": None,
    "other_margins": (),
}  # fmt: skip


def begin(database: Database, slug: str, *plans: Plan) -> None:
    """Make a review with three instruments and these analyses."""
    with writing(database, attributed("tester", slug=slug)) as session:
        review = new_review(session, ReviewSpec(slug=slug, title=slug), owner="tester")
        for name, called in OUTCOMES:
            add_outcome(session, review, OutcomeSpec(slug=name, name=called))
        for name, called, outcome, better in INSTRUMENTS:
            add_instrument(
                session,
                review,
                InstrumentSpec(slug=name, name=called, outcome=outcome, higher_is_better=better),
            )
        for n, planned in enumerate(plans):
            spec = AnalysisSpec(slug=f"analysis-{n}", plan=planned)
            plan_analysis(session, review, spec, now=NOW)


def enter(database: Database, slug: str, rows: Sequence[dict[str, Any]]) -> None:
    """Import rows and pool."""
    numbered = [
        NumberedRow(line, ExtractionRow.model_validate(row)) for line, row in enumerate(rows, 2)
    ]
    by = attributed("tester", slug=slug)
    with writing(database, by) as session:
        import_extraction(
            session, review_called(session, slug), numbered, file="s.csv", person="ada"
        )
    repool(database, actor="tester", review=slug, now=lambda: NOW)


def of_arms() -> list[dict[str, Any]]:
    """Arms of five trials by two instruments, one of which runs the other way."""
    means = (
        ("wai", 5.9, 5.5),
        ("cals", 58, 61),
        ("wai", 5.2, 5.3),
        ("cals", 63, 60),
        ("wai", 6, 5),
    )
    return [
        {
            "study": f"Synthetic {n}", "arm": arm, "delivery_mode": mode, "instrument": instrument,
            "n": 30 + 4 * n, "mean": mean, "sd": 0.9 if instrument == "wai" else 8.1,
        }
        for n, (instrument, *two) in enumerate(means, 1)
        for arm, mode, mean in zip(
            ("video", "in person"), ("videoconference", "face_to_face"), two, strict=True
        )
    ]  # fmt: skip


def of_many() -> list[dict[str, Any]]:
    """Arms of twelve trials, enough for a test of asymmetry."""
    return [
        {
            "study": f"Synthetic {n}", "arm": arm, "delivery_mode": mode, "instrument": "wai",
            "n": 16 + 7 * n, "mean": 5 + better * (0.2 + 0.9 / n) + 0.05 * (n % 3), "sd": 0.9,
        }
        for n in range(1, 13)
        for arm, mode, better in (
            ("video", "videoconference", 1), ("in person", "face_to_face", 0),
        )
    ]  # fmt: skip


def correlations() -> list[dict[str, Any]]:
    """Correlations of alliance and symptoms in one arm each."""
    found = ((0.31, 40), (0.2, 55), (0.45, 38), (0.12, 61))
    return [
        {
            "study": f"Synthetic {n}", "arm": "video", "delivery_mode": "videoconference",
            "instrument": "wai", "with_instrument": "bdi", "metric": "r", "estimate": -r, "n": size,
        }
        for n, (r, size) in enumerate(found, 1)
    ]  # fmt: skip


def corrected(measure: str) -> Plan:
    """Return the plan of an association whose measures are both unreliable."""
    return plan(
        title=f"Synthetic association by {measure}",
        kind="association",
        predicts="symptoms",
        measure=measure,
        margin=None,
        reliability=("wai = 0.93", "bdi = 0.86"),
    )


def changes() -> list[dict[str, Any]]:
    """Arms before and after treatment, of which two report how both occasions go together."""
    found = (
        ("wai", 4.9, 5.6, 0.6), ("cals", 66, 58, None), ("wai", 5.0, 5.4, None),
        ("cals", 64, 60, 0.4), ("wai", 4.8, 5.7, None),
    )  # fmt: skip
    return [
        {
            "study": f"Synthetic {n}", "arm": "video", "delivery_mode": "videoconference",
            "instrument": instrument, "n": 25 + 4 * n, "baseline_mean": before, "mean": after,
            "baseline_sd": 1.0 if instrument == "wai" else 9.0,
            "sd": 0.9 if instrument == "wai" else 8.1, "correlation": r,
        }
        for n, (instrument, before, after, r) in enumerate(found, 1)
    ]  # fmt: skip


def within(measure: str, **more: Any) -> Plan:
    """Return the plan of a change within arms."""
    return plan(
        title=f"Synthetic change by {measure}", kind="single_arm", measure=measure, margin=None,
        other_margins=(), change_correlation=0.5, **more,
    )  # fmt: skip


def in_points() -> list[dict[str, Any]]:
    """Ready differences in points, of which no prior without a unit holds."""
    return [
        {
            "study": f"Synthetic {n}", "arm": "video", "delivery_mode": "videoconference",
            "versus_arm": "in person", "versus_delivery_mode": "face_to_face",
            "instrument": "wai", "metric": "MD", "estimate": y, "variance": 0.4,
        }
        for n, y in enumerate((0.4, -1.2, 0.9), 1)
    ]  # fmt: skip


def rescaled(database: Database) -> None:
    """Make reviews of linked instruments, corrected correlations, changes within arms, points."""
    points = plan(
        title="Synthetic differences", measure="GEN", margin=None, other_margins=(), bayes={}
    )
    begin(database, "points", points)
    enter(database, "points", in_points())
    begin(database, "linked", plan(title="Synthetic points", **LINKED))
    enter(database, "linked", of_arms())
    responders = plan(title="Synthetic responders", margin=None, baseline_risks=(0.2, 0.5))
    begin(database, "responders", responders)
    enter(database, "responders", of_arms())
    begin(
        database,
        "formulas",
        plan(title="Synthetic differences", vtype="UB", correct=False),
        plan(title="Synthetic points of one variance", measure="MD", vtype="HO", margin=None,
             instruments=("wai",)),
    )  # fmt: skip
    enter(database, "formulas", of_arms())
    begin(
        database, "small-studies",
        plan(title="Synthetic by sample size", asymmetry="sqrtninv"),
        plan(title="Synthetic by standard error"),
    )  # fmt: skip
    enter(database, "small-studies", of_many())
    begin(database, "unreliable", corrected("COR"), corrected("ZCOR"))
    enter(database, "unreliable", correlations())
    begin(
        database,
        "before-after",
        within("SMCR", variants=("leave_one_out",)),
        within("SMCC"),
        within("ROMC"),
        within("VRC"),
    )
    enter(database, "before-after", changes())
