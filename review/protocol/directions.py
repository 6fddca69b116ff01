"""What the sides of no effect mean in a plan, in the sentence that every output prints."""

from __future__ import annotations

from typing import Protocol

from review.measures import AnalysisKind, Measure
from review.protocol.frozen import Slug
from review.protocol.parts import ArmRule


class _Directed(Protocol):
    @property
    def kind(self) -> AnalysisKind: ...

    @property
    def measure(self) -> Measure: ...

    @property
    def outcome(self) -> Slug: ...

    @property
    def predicts(self) -> Slug | None: ...

    @property
    def intervention(self) -> ArmRule: ...

    @property
    def within_arms(self) -> bool: ...


def direction_of(plan: _Directed) -> str:
    """Return what positive values of a plan mean."""
    if plan.kind is AnalysisKind.ASSOCIATION:
        return f"Positive values: better {plan.outcome} goes with better {plan.predicts}."
    if plan.within_arms:
        return f"Positive values: {since_before(plan)}."
    if plan.kind is AnalysisKind.SINGLE_ARM:
        return f"Values are those of {plan.intervention.label}."
    return f"Positive values favour {plan.intervention.label}."


def since_before(plan: _Directed) -> str:
    """Return what a change within arms above none means; of spread neither side is better."""
    what = "scores vary more" if plan.measure.facts.of_spread else "better"
    return f"{what} after than before, in {plan.intervention.label}"
