"""Ready to retire means all three criteria, and each says what it is now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from review.extraction.appraisal.certainty import Rated
from review.extraction.appraisal.vocabulary import Certainty, Design
from review.living.reports.forecast import NextTrial, Outlook
from review.living.reports.repeated_looks import LookTold, Panel
from review.living.reports.retirement import certainty_text, readiness
from review.synthesis import Test
from tests.conftest import NOW

LOOK = LookTold(8, -0.1, (-0.3, 0.1), "noninferior", 80.0, 0.01, 1.5, 3.0, 2.0, "analysed")
PANEL = Panel((LOOK,), 5, True, False, 8, False, 5.3, ())
OUTLOOK = Outlook(
    (NextTrial("50", 50, 0.04, (-0.5, 0.3), 0.049, ()),), "noninferiority", True, None, 2, 0.0, 0.9,
    Test.ADHOC, 0.95,
)  # fmt: skip
RATED = Rated(
    "alliance", 1, 5, "ada", NOW, Design.RANDOMISED, Certainty.HIGH, {}, Certainty.MODERATE, "",
    None, False,
)  # fmt: skip


def looked(conclusion: str | None, limits: tuple[float, float]) -> Panel:
    return replace(PANEL, looks=(replace(LOOK, sequence_class=conclusion, sequence=limits),))


def ahead(*changes: float) -> Outlook:
    trials = tuple(replace(OUTLOOK.trials[0], change=change) for change in changes)
    return replace(OUTLOOK, trials=trials)


def test_all_criteria_met_is_ready_and_leaves_it_to_people() -> None:
    found = readiness(PANEL, OUTLOOK, RATED)
    assert found.ready
    assert "for people to decide" in found.sentence


@pytest.mark.parametrize(
    ("panel", "outlook", "rated", "which", "met"),
    [
        (None, OUTLOOK, RATED, 0, None),
        (looked("inconclusive", (-0.6, 0.1)), OUTLOOK, RATED, 0, False),
        (looked("inconclusive, statistically worse", (-0.6, -0.1)), OUTLOOK, RATED, 0, False),
        (looked(None, (-0.1, 0.4)), OUTLOOK, RATED, 0, False),
        (PANEL, None, RATED, 1, None),
        (PANEL, ahead(0.01, 0.05), RATED, 1, False),
        (PANEL, OUTLOOK, None, 2, None),
        (PANEL, OUTLOOK, replace(RATED, certainty=Certainty.LOW), 2, False),
        (PANEL, OUTLOOK, replace(RATED, outdated=True), 2, False),
    ],
)
def test_one_criterion_that_is_not_met_is_enough(
    panel: Panel | None, outlook: Outlook | None, rated: Rated | None, which: int, met: bool | None
) -> None:
    found = readiness(panel, outlook, rated)
    assert [c.met for c in found.criteria if c is not found.criteria[which]] == [True, True]
    assert found.criteria[which].met is met
    assert not found.ready
    assert found.criteria[which].name in found.sentence


@pytest.mark.parametrize("limits", [(0.1, 0.4), (-0.4, -0.1)])
def test_without_a_margin_a_sequence_is_conclusive_beyond_zero(limits: tuple[float, float]) -> None:
    assert readiness(looked(None, limits), OUTLOOK, RATED).ready


def test_a_rating_says_which_run_it_was_of() -> None:
    assert certainty_text(RATED) == "moderate (rated on run 5)"
    assert "before any run, of an older plan" in certainty_text(
        replace(RATED, run_number=None, outdated=True)
    )
