"""The synthetic fixture of the living-updating notes, as trials that arrive one after another.

Eight made-up effects and variances. Nothing here is a real trial's.
"""

from __future__ import annotations

from review.db import Database
from review.extraction.actions import import_extraction
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.history.actions import Attribution, writing
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.queries import review_called
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW
from tests.living.job.test_repool import plan

Y = (-0.45, -0.20, -0.85, 0.00, -0.12, 0.05, -0.25, -0.05)
V = (0.1244, 0.0935, 0.1180, 0.0318, 0.0393, 0.0225, 0.0498, 0.0180)


def trial(number: int, y: float, v: float) -> NumberedRow:
    """A reported contrast of video against in person."""
    return NumberedRow(
        number + 1,
        ExtractionRow.model_validate(
            {
                "study": f"Synthetic {number}",
                "arm": "video",
                "delivery_mode": "videoconference",
                "versus_arm": "in person",
                "versus_delivery_mode": "face_to_face",
                "instrument": "wai",
                "metric": "SMD",
                "estimate": y,
                "variance": v,
            }
        ),
    )


def begin(database: Database, by: Attribution, **changes: object) -> None:
    """Make the review with its planned analysis, by DL and normal intervals as in the notes."""
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug="fixture", title="Fixture"), owner="tester")
        add_outcome(session, review, OutcomeSpec(slug="alliance", name="Alliance"))
        add_instrument(
            session,
            review,
            InstrumentSpec(slug="wai", name="WAI", outcome="alliance", higher_is_better=True),
        )
        planned = plan(method="DL", test="z", other_margins=(0.25, 0.3), **changes)
        spec = AnalysisSpec(slug="alliance", plan=planned)
        plan_analysis(session, review, spec, now=NOW)


def enter(database: Database, by: Attribution, numbers: range) -> None:
    """Enter trials by number, from one; beyond the last the effects begin again."""
    rows = [trial(n, Y[(n - 1) % len(Y)], V[(n - 1) % len(V)]) for n in numbers]
    with writing(database, by) as session:
        review = review_called(session, "fixture")
        import_extraction(session, review, rows, file="fixture", person="ada")
