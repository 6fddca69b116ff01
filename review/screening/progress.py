"""How far screening is: counts of records and of decisions, never what somebody decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from review.independent.judgement import newest
from review.screening.ledger import Ledger
from review.screening.vocabulary import Stage, State


@dataclass(frozen=True, slots=True)
class Share:
    """One reviewer's part."""

    who: str
    decided: int
    remaining: int
    """Records that still want this person's decision."""


@dataclass(frozen=True, slots=True)
class StageProgress:
    """A stage in numbers."""

    stage: Stage
    required: int
    blind: bool
    records: int
    states: dict[State, int]
    begun: int
    """Awaiting records that somebody has decided on."""
    adjudicated: int
    reviewers: tuple[Share, ...]


def progress_at(
    ledger: Ledger, handles: Mapping[int, str], screeners: frozenset[int], stage: Stage
) -> StageProgress:
    """Return how far a stage is; `screeners` are the persons who still screen."""
    judged = list(ledger.to_judge(stage))
    states = {record: ledger.standing(stage, record).state for record in judged}
    counts = Counter(states.values())
    decided: Counter[int] = Counter()
    for record in judged:
        decided.update(newest(ledger.cast(stage, record)).keys())
    persons = sorted(set(decided) | screeners, key=lambda person: handles[person])
    rule = ledger.rule(stage)
    return StageProgress(
        stage=stage,
        required=rule.required,
        blind=rule.blind,
        records=len(judged),
        states={state: counts.get(state, 0) for state in State},
        begun=sum(
            1
            for record in judged
            if states[record] is State.AWAITING and newest(ledger.cast(stage, record))
        ),
        adjudicated=sum(1 for record in judged if (stage, record) in ledger.rulings),
        reviewers=tuple(
            Share(
                handles[person],
                decided[person],
                len(ledger.missing_from(stage, person)) if person in screeners else 0,
            )
            for person in persons
        ),
    )
