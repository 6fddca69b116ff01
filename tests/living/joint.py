"""Made-up trials whose alliance several people rate, and plans that take their views together.

Nothing here is a real trial's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from review.db import Database
from review.extraction.actions import import_extraction
from review.extraction.evidence import ArmSide, Evidence
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.vocabulary import Level
from review.history.actions import Attribution, writing
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from review.protocol.vocabulary import AnalysisSet, Rater
from tests.conftest import NOW
from tests.extraction.reported import evidence_with
from tests.living.networks import side

Arm = tuple[int, float, float]
"""Participants, mean, SD."""

CLIENT, THERAPIST = "client’s view", "therapist’s view"

TRIALS: Mapping[str, Mapping[str, tuple[Arm, Arm]]] = {
    "Synthetic 1": {"client": ((40, 5.6, 0.9), (42, 5.5, 1.0)),
                    "therapist": ((40, 5.1, 0.8), (42, 5.4, 0.9))},
    "Synthetic 2": {"client": ((35, 5.9, 0.8), (36, 5.4, 0.9))},
    "Synthetic 3": {"client": ((28, 5.2, 1.1), (30, 5.4, 1.0)),
                    "therapist": ((28, 4.8, 0.9), (30, 5.5, 0.8))},
    "Synthetic 4": {"client": ((25, 6.0, 0.7), (26, 5.3, 0.9)),
                    "therapist": ((24, 5.4, 0.8), (26, 5.2, 0.7))},
    "Synthetic 5": {"therapist": ((50, 5.0, 0.9), (48, 5.3, 0.8))},
    "Synthetic 6": {"client": ((31, 5.5, 0.9), (33, 5.3, 0.8)),
                    "therapist": ((30, 5.2, 0.8), (33, 5.3, 0.9))},
    "Synthetic 7": {"client": ((45, 5.4, 1.0), (44, 5.5, 0.9)),
                    "therapist": ((45, 4.9, 1.0), (43, 5.4, 0.9))},
    "Synthetic 8": {"client": ((22, 5.8, 0.8), (20, 5.1, 1.1)),
                    "observer": ((22, 5.0, 0.7), (20, 4.8, 0.9))},
}  # fmt: skip
"""Scores of which higher is better: video, then in person, by rater."""

LATER = {
    "Synthetic 9": {"client": ((60, 5.7, 0.9), (61, 5.2, 0.9)),
                    "therapist": ((60, 5.2, 0.8), (61, 5.4, 0.8))},
}  # fmt: skip


def joint_plan(**changes: object) -> Plan:
    """Video against in person, by client and therapist together."""
    outcomes = [
        {"label": CLIENT, "raters": ["client"]},
        {"label": THERAPIST, "raters": ["therapist"]},
    ]
    return Plan.model_validate(
        {
            "model": "multivariate",
            "title": "Alliance by two raters",
            "outcome": "alliance",
            "intervention": side("video"),
            "comparator": side("in person"),
            "outcomes": outcomes,
            **changes,
        }
    )


def begin(database: Database, by: Attribution, *plans: Plan) -> None:
    """Make a review with planned analyses, the first called ``joint``, others ``joint-2``…"""
    with writing(database, by) as session:
        spec = ReviewSpec(slug="joint", title="Joint", question="Is the alliance as good by video?")
        review = new_review(session, spec, owner="tester")
        add_outcome(session, review, OutcomeSpec(slug="alliance", name="Alliance"))
        wai = InstrumentSpec(slug="wai", name="WAI", outcome="alliance", higher_is_better=True)
        add_instrument(session, review, wai)
        for i, planned in enumerate(plans, start=1):
            name = "joint" if i == 1 else f"joint-{i}"
            plan_analysis(session, review, AnalysisSpec(slug=name, plan=planned), now=NOW)


def enter(
    database: Database,
    by: Attribution,
    trials: Mapping[str, Mapping[str, tuple[Arm, Arm]]] = TRIALS,
    *,
    timepoint: str | None = None,
) -> None:
    """Enter trials."""
    rows = [
        ExtractionRow.model_validate(
            {
                "study": study, "year": 2000 + int(study.split()[-1]), "arm": name,
                "treatment": name, "instrument": "wai", "rater": rater, "n": n, "mean": mean,
                "sd": sd, **({"timepoint": timepoint} if timepoint else {}),
            }
        )
        for study, of in trials.items()
        for rater, both in of.items()
        for name, (n, mean, sd) in zip(("video", "in person"), both, strict=True)
    ]  # fmt: skip
    numbered = [NumberedRow(i, row) for i, row in enumerate(rows, start=2)]
    with writing(database, by) as session:
        review = review_called(session, "joint")
        import_extraction(session, review, numbered, file="alliance.csv", person="ada")


def items_of(
    trials: Mapping[str, Mapping[str, tuple[Arm, Arm]]] = TRIALS, **given: Any
) -> list[Evidence]:
    """The results of all arms of trials, which are numbered by their names."""
    found = []
    higher = given.pop("higher_is_better", True)
    for study, of in trials.items():
        number = int(study.split()[-1])
        for place, (rater, both) in enumerate(of.items()):
            for arm, (name, (n, mean, sd)) in enumerate(
                zip(("video", "in person"), both, strict=True)
            ):
                found.append(
                    evidence_with(
                        result_id=1000 * number + 10 * place + arm, entry_kind="single",
                        study_id=number, study=study, year=2000 + number, excluded_because=None,
                        outcome="alliance", instrument="wai", instrument_name="WAI",
                        higher_is_better=higher, rater=Rater(rater), timepoint="post",
                        analysis_set=AnalysisSet.ITT,
                        arm=ArmSide(2 * number + arm, name, name, None), versus=None,
                        level=Level.ARM, n=n, mean=mean, sd=sd, **given,
                    )
                )  # fmt: skip
    return found
