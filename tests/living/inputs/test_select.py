"""Associations and single arms, through the database."""

from __future__ import annotations

import math

import pytest

from review.db import Database
from review.errors import InvalidDataError
from review.extraction.actions import import_extraction
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.history.actions import Attribution, writing
from review.living.job.repool import repool
from review.living.reports.changes import compare
from review.living.reports.sections import tell
from review.living.runs.contents import RunInputs
from review.living.runs.queries import run_numbered, snapshot_of
from review.living.runs.results import RunResults
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from tests.conftest import NOW

CORRELATIONS = (
    (0.187, 109), (0.162, 749), (0.34, 55), (0.32, 107), (0.27, 72), (0.0, 65), (0.175, 174),
    (0.05, 326), (0.26, 58), (0.01, 771), (-0.09, 56), (0.37, 91), (0.0, 116), (0.15, 537),
    (0.24, 158), (0.04, 65),
)  # fmt: skip
"""Correlation and n of the 16 studies of metadat's dat.molloy2014 (Molloy et al. 2014, Health
Psychol 33:1361; conscientiousness and adherence, here in the place of alliance and symptoms)."""


def association(**changes: object) -> Plan:
    return Plan.model_validate(
        {
            "title": "Alliance and outcome",
            "kind": "association",
            "outcome": "alliance",
            "predicts": "symptoms",
            "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
            "comparator": {"label": "in person", "delivery_mode": ["face_to_face"]},
            "measure": "ZCOR",
            "subgroups": ["side"],
            "moderators": ["side"],
            **changes,
        }
    )


SINGLE = {
    "title": "By video alone",
    "kind": "single_arm",
    "outcome": "alliance",
    "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
    "measure": "MN",
}


def test_a_sentence_calls_arms_arms_and_claims_no_superiority_without_a_contrast(
    database: Database, by: Attribution
) -> None:
    scores = [
        row(i, study=f"Synthetic {i}", arm="v", delivery_mode="videoconference", n=40, mean=m, sd=1)
        for i, m in ((2, 5.4), (3, 5.6))
    ]
    made = pooled(database, by, Plan.model_validate(SINGLE), scores)
    told = compare(None, made)
    assert told.sentence.startswith("2 arms of video: 5.50 [")
    assert "superior" not in " ".join(tell(told, None)[0].sentences)
    assert "conclusion" not in {row[0] for row in tell(told, None)[1].rows}
    linked = made[0].model_copy(update={"plan": association()})
    told = compare((linked, made[1]), (linked, made[1]))
    assert "(2 arms), the association of alliance with symptoms stayed at" in told.sentence
    assert told.sentence.endswith("the conclusion is still positive.")


def row(line: int, **values: object) -> NumberedRow:
    return NumberedRow(line, ExtractionRow.model_validate({"instrument": "wai", **values}))


def pooled(
    database: Database, by: Attribution, planned: Plan, rows: list[NumberedRow]
) -> tuple[RunInputs, RunResults]:
    with writing(database, by) as session:
        review = new_review(session, ReviewSpec(slug="kinds", title="Kinds"), owner="tester")
        for outcome, instrument, better in (
            ("alliance", "wai", True),
            ("symptoms", "bdi", False),
        ):
            add_outcome(session, review, OutcomeSpec(slug=outcome, name=outcome))
            spec = InstrumentSpec(
                slug=instrument, name=instrument, outcome=outcome, higher_is_better=better
            )
            add_instrument(session, review, spec)
        plan_analysis(session, review, AnalysisSpec(slug="main", plan=planned), now=NOW)
        import_extraction(session, review, rows, file="made", person="ada")
    report = repool(database, actor="t")
    assert report.failed == []
    with database.reading() as session:
        return snapshot_of(run_numbered(session, review_called(session, None), "main", None))


def test_an_association_is_metafors_of_fisher_z(database: Database, by: Attribution) -> None:
    """Golden: living updating, section 5 (metafor 3.8-1, REML with HKSJ), r turned by direction."""
    rows = [
        row(
            i,
            study=f"Study {i:02}",
            arm="video" if i % 2 else "in person",
            delivery_mode="videoconference" if i % 2 else "face_to_face",
            with_instrument="bdi",
            metric="r",
            estimate=-r,  # fewer symptoms are better: a negative r is a good alliance's
            n=n,
        )
        for i, (r, n) in enumerate(CORRELATIONS, 1)
    ]
    _, results = pooled(database, by, association(test="knha"), rows)
    line = results.pooled
    assert line.k == 16
    assert line.estimate == pytest.approx(0.149917988, abs=1e-6)
    assert line.tau2 == pytest.approx(0.0081105037, abs=1e-6)
    assert line.se == pytest.approx(0.032769996, abs=1e-6)
    assert line.natural is not None  # limits differ where metafor stops its search, at 1e-5 of tau²
    assert line.natural.estimate == pytest.approx(0.148804839, abs=1e-6)
    assert line.natural.ci == pytest.approx((0.079899715, 0.216294621), abs=2e-6)
    groups, regression = results.moderators
    assert {(g.label, g.k) for g in groups.lines} == {("video", 8), ("in person", 8)}
    assert len(regression.lines) == 2  # the difference of the modes is Cohen's q


def test_both_arms_of_one_trial_are_two_units(database: Database, by: Attribution) -> None:
    rows = [
        row(i, study="A", arm=mode, delivery_mode=mode, with_instrument="bdi", metric="r",
            estimate=r, n=40)
        for i, (mode, r) in enumerate((("videoconference", -0.3), ("face_to_face", -0.2)), 2)
    ]  # fmt: skip
    inputs, results = pooled(database, by, association(), rows)
    assert [t.study for t in inputs.trials] == ["A, videoconference", "A, face_to_face"]
    assert [e.yi for e in results.effects] == pytest.approx([math.atanh(0.3), math.atanh(0.2)])
    assert [e.vi for e in results.effects] == pytest.approx([1 / 37, 1 / 37])
    assert "better alliance goes with better symptoms" in inputs.plan.direction


def test_single_arms_are_pooled_without_a_comparison(database: Database, by: Attribution) -> None:
    planned = Plan.model_validate(
        {
            "title": "Alliance by video",
            "kind": "single_arm",
            "outcome": "alliance",
            "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
            "measure": "MN",
        }
    )
    rows = [
        row(i, study=f"S{i}", arm=mode, delivery_mode=mode, n=25, mean=5.0 + i / 10, sd=1.0)
        for i in (2, 3, 4)
        for mode in ("videoconference", "face_to_face")
    ]
    inputs, results = pooled(database, by, planned, rows)
    assert results.pooled.estimate == pytest.approx(5.3, abs=1e-12)
    assert [effect.vi for effect in results.effects] == pytest.approx([1 / 25] * 3)
    assert inputs.plan.direction == "Values are those of video."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"measure": "SMD"}, "pools one of COR, ZCOR"),
        ({"predicts": None}, "names the outcome that it predicts"),
        ({"margin": 0.1}, "only a contrast"),
    ],
)
def test_a_kind_takes_its_own_measures(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        association(**changes)
    assert issubclass(InvalidDataError, ValueError)
