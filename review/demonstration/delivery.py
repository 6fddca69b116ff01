"""The review of delivery modes as it might have gone: its trials are real, its days are not.

76 trials (López-López et al. 2019) in four runs of any CBT against control: those of 2008, the
later ones, a slip of entry put right, a changed plan. The slip is planted and undone: what the
database holds in the end is what the data set says. Multimedia CBT is not touched by it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from review.demonstration.steps import Step, Story
from review.extraction.actions import import_extraction
from review.extraction.numbers import ReportedNumbers
from review.extraction.seeds import Seed, load_seed, seed_called
from review.measures import Measure
from review.protocol.actions import plan_analysis, revise_analysis
from review.protocol.parts import ArmRule
from review.protocol.queries import plan_of, versions
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec
from review.protocol.vocabulary import Variant

NAME: Final = "cbt-delivery"
_SLIP: Final = ("Arean (1993)", "F2F CBT")
"""A study and its arm; the sign of the estimate was lost at entry."""


def tell(story: Story) -> None:
    """Make the review and its runs."""
    seed = seed_called(NAME)
    with story.making(240, "the trials of 2008") as (session, now):
        load_seed(session, seed, until=2008, person=story.person, now=now)
    with story.step(240, "the question of noninferiority; the margin is for demonstration") as step:
        plan_analysis(step.session, step.review, _by_computer(), now=step.now)
    with story.step(240, "entry by hand, with a planted slip (demonstration)") as step:
        _enter_slip(step, seed, slipped=True)
    story.pool(239)
    with story.step(90, "the later trials") as step:
        load_seed(step.session, seed, until=None, person=story.person, now=step.now)
    story.pool(89)
    with story.step(30, "a slip of entry put right: the sign was lost (planted)") as step:
        _enter_slip(step, seed, slipped=False)
    story.pool(29.9)
    with story.step(9, "sensitivity of the result, planned before the next search") as step:
        _revise(step)
    story.pool(8.9)


def _by_computer() -> AnalysisSpec:
    return AnalysisSpec(
        slug="computer",
        plan=Plan(
            title="CBT by computer against face to face (margin for demonstration)",
            outcome="depression",
            intervention=ArmRule(
                label="CBT by computer", treatment=("Multimedia CBT", "Hybrid CBT")
            ),
            comparator=ArmRule(label="face-to-face CBT", treatment=("F2F CBT",)),
            measure=Measure.GEN,
            effect="Difference in standardized mean change",
            margin=0.50,
        ),
    )


def _enter_slip(step: Step, seed: Seed, *, slipped: bool) -> None:
    rows = [row for row in seed.rows if (row.row.study, row.row.arm) == _SLIP]
    if slipped:
        rows = [
            replace(row, row=row.row.model_copy(update={"numbers": _without_sign(row.row.numbers)}))
            for row in rows
        ]
    import_extraction(step.session, step.review, rows, file="entry by hand", person=step.person)


def _without_sign(numbers: ReportedNumbers) -> ReportedNumbers:
    assert numbers.estimate is not None
    return numbers._replace(estimate=-numbers.estimate)


def _revise(step: Step) -> None:
    old = plan_of(versions(step.session, step.review, "any-cbt")[-1])
    changed = {
        "variants": [Variant.FIXED, Variant.LEAVE_ONE_OUT, Variant.TRIM_AND_FILL],
        "moderators": ["year"],
        "subgroups": ["intervention.delivery_mode"],
    }
    plan = Plan.model_validate({**old.model_dump(mode="json"), **changed})
    spec = AnalysisSpec(slug="any-cbt", plan=plan)
    revise_analysis(step.session, step.review, spec, now=step.now)
