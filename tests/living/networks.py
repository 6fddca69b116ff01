"""Made-up trials of several treatments, and plans of networks. Nothing here is a real trial's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from review.db import Database
from review.extraction.actions import import_extraction
from review.extraction.evidence import ArmSide, Evidence
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.vocabulary import Level
from review.history.actions import Attribution, writing
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.inputs.select import select
from review.living.runs.contents import RunInputs
from review.living.runs.results import RunResults
from review.protocol.actions import add_instrument, add_outcome, new_review, plan_analysis
from review.protocol.queries import review_called
from review.protocol.rules import Plan
from review.protocol.specs import AnalysisSpec, InstrumentSpec, OutcomeSpec, ReviewSpec
from review.protocol.vocabulary import AnalysisSet, Rater
from tests.conftest import NOW
from tests.extraction.reported import evidence_with

Numbers = Mapping[str, object]


def side(name: str) -> dict[str, object]:
    """The rule of a treatment that is called as its arms are."""
    return {"label": name, "treatment": [name]}


def network_plan(*others: str, **changes: object) -> Plan:
    """A network of video, in person and others, read as video against in person."""
    return Plan.model_validate(
        {
            "kind": "network",
            "title": "Network",
            "outcome": "mood",
            "intervention": side("video"),
            "comparator": side("in person"),
            "other_treatments": [side(name) for name in others or ("wait list", "book")],
            "measure": "MD",
            **changes,
        }
    )


def means(n: int, mean: float, sd: float) -> Numbers:
    """Numbers of an arm with a mean."""
    return {"n": n, "mean": mean, "sd": sd}


def events(x: int, n: int) -> Numbers:
    """Numbers of an arm with events."""
    return {"n": n, "events": x}


def rows_of(study: str, arms: Mapping[str, Numbers], line: int = 2) -> list[NumberedRow]:
    """The rows of a trial's arms, each called by its treatment."""
    return [
        NumberedRow(
            line + i,
            ExtractionRow.model_validate(
                {"study": study, "arm": name, "treatment": name, "instrument": "bdi", **numbers}
            ),
        )
        for i, (name, numbers) in enumerate(arms.items())
    ]


TRIALS: Mapping[str, Mapping[str, Numbers]] = {
    "Synthetic 1": {"video": means(40, 21.3, 6.1), "in person": means(42, 20.9, 6.4)},
    "Synthetic 2": {"video": means(35, 20.8, 5.9), "wait list": means(36, 25.4, 6.6)},
    "Synthetic 3": {"in person": means(28, 20.1, 6.0), "wait list": means(30, 26.2, 6.3)},
    "Synthetic 4": {
        "video": means(25, 22.4, 6.2),
        "in person": means(26, 20.5, 5.8),
        "wait list": means(24, 25.9, 6.5),
    },
    "Synthetic 5": {"book": means(50, 23.0, 6.3), "wait list": means(48, 25.1, 6.0)},
    "Synthetic 6": {"video": means(31, 19.7, 5.5), "in person": means(33, 21.0, 6.9)},
    "Synthetic 7": {"in person": means(45, 20.4, 6.2), "book": means(44, 23.9, 6.1)},
    "Synthetic 8": {"video": means(22, 21.9, 6.6), "wait list": means(20, 24.2, 5.7)},
}
"""Scores of which lower is better: a loop with a trial of three arms, and two more treatments."""


def begin(
    database: Database,
    by: Attribution,
    *plans: Plan,
    slug: str = "networks",
    higher_is_better: bool = False,
) -> None:
    """Make a review with planned analyses, the first called ``network``, others ``network-2``…"""
    with writing(database, by) as session:
        review = new_review(
            session, ReviewSpec(slug=slug, title=slug, question="Which is best?"), owner="tester"
        )
        add_outcome(session, review, OutcomeSpec(slug="mood", name="Mood"))
        bdi = InstrumentSpec(
            slug="bdi", name="BDI", outcome="mood", higher_is_better=higher_is_better
        )
        add_instrument(session, review, bdi)
        for i, planned in enumerate(plans, start=1):
            name = "network" if i == 1 else f"network-{i}"
            plan_analysis(session, review, AnalysisSpec(slug=name, plan=planned), now=NOW)


def enter(
    database: Database,
    by: Attribution,
    trials: Mapping[str, Mapping[str, Numbers]] = TRIALS,
    *,
    slug: str = "networks",
    rows: Sequence[NumberedRow] = (),
) -> None:
    """Enter trials, and rows of any other kind."""
    given = [row for study, arms in trials.items() for row in rows_of(study, arms)]
    numbered = [NumberedRow(i, row.row) for i, row in enumerate([*given, *rows], start=2)]
    with writing(database, by) as session:
        review = review_called(session, slug)
        import_extraction(session, review, numbered, file="networks.csv", person="ada")


ARMS: dict[str, int] = {}
"""Numbers of arms by what they are called."""


def item(
    study: int, arm: str, numbers: Numbers, *, versus: str | None = None, **given: Any
) -> Evidence:
    """One result as selection reads it; its arm is called by its treatment."""
    number = ARMS.setdefault(f"{study} {arm}", len(ARMS) + 1)
    other = None
    if versus is not None:
        other = ArmSide(ARMS.setdefault(f"{study} {versus}", len(ARMS) + 1), versus, versus, None)
    return evidence_with(
        result_id=given.pop("result_id", number),
        entry_kind="single",
        study_id=study,
        study=f"Synthetic {study}",
        year=2000 + study,
        excluded_because=None,
        outcome="mood",
        instrument=given.pop("instrument", "bdi"),
        instrument_name="BDI",
        higher_is_better=given.pop("higher_is_better", False),
        rater=Rater.SELF,
        timepoint=given.pop("timepoint", "post"),
        analysis_set=AnalysisSet.ITT,
        arm=ArmSide(number, given.pop("label", arm), arm, None),
        versus=other,
        level=Level.CONTRAST if versus else Level.ARM,
        **numbers,
        **given,
    )


def items_of(trials: Mapping[str, Mapping[str, Numbers]] = TRIALS, **given: Any) -> list[Evidence]:
    """The results of all arms of trials, which are numbered by their names."""
    return [
        item(int(study.split()[-1]), arm, numbers, **given)
        for study, arms in trials.items()
        for arm, numbers in arms.items()
    ]


def run_of(plan: Plan, items: Sequence[Evidence]) -> tuple[RunInputs, RunResults]:
    """Select, keep, and compute: what a run would hold."""
    inputs = select(plan, items)
    kept = RunInputs.model_validate_json(inputs.model_dump_json())
    assert kept.fingerprint == inputs.fingerprint
    (results,) = pool_inputs([(kept, trial_effects(kept))])
    assert RunResults.model_validate_json(results.model_dump_json()) == results
    return kept, results
