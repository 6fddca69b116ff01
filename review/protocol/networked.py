"""What a planned network must have, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from review.measures import OF_COUNTS
from review.protocol.beside import OF_NETWORKS, refused_beside
from review.protocol.characteristics import Condition, base_name
from review.protocol.vocabulary import AnalysisKind, Variant


class _Named(Protocol):
    @property
    def label(self) -> str: ...


class _Networked(Protocol):
    """What of a plan says whether its network can be."""

    @property
    def kind(self) -> AnalysisKind: ...

    @property
    def other_treatments(self) -> Sequence[_Named]: ...

    @property
    def treatments(self) -> Sequence[_Named]: ...

    @property
    def conditions(self) -> Sequence[Condition]: ...

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def several_arms(self) -> str: ...

    @property
    def several_results(self) -> str: ...

    @property
    def method(self) -> str: ...

    @property
    def variants(self) -> Sequence[Variant]: ...


def network_problem(plan: _Networked) -> str | None:
    """Return why a plan's network cannot be; None where nothing is wrong."""
    if plan.kind is not AnalysisKind.NETWORK:
        alone = bool(plan.other_treatments)
        return "other_treatments are of a network: set kind: network" if alone else None
    if not plan.other_treatments:
        return "a network names other_treatments beside intervention and comparator"
    labels = [rule.label for rule in plan.treatments]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        return f"two treatments of the network are called {twice}"
    if plan.several_arms != "combine" or plan.several_results != "choose":
        return (
            "a network combines several arms of a treatment and takes one result of each arm: "
            "leave several_arms and several_results as they are"
        )
    if plan.method in OF_COUNTS:
        return f"a network is no table of two arms: method {plan.method} is not of it"
    sided = [str(one) for one in plan.conditions if base_name(one.name) != one.name]
    sided += [name for name in plan.names if base_name(name) != name]
    if sided:
        return f"a network has no two sides that {sided[0]!r} could speak of"
    return refused_beside(
        plan,
        "of analyses of one comparison; plan them for a contrast beside the network",
        but=OF_NETWORKS,
    )
