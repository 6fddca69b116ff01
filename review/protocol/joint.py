"""Outcomes that one model takes together: what each takes of a study, what such a plan refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, Protocol

from pydantic import Field

from review.protocol.beside import OF_WHOLE_MODELS, TESTS_OF_MANY, refused_beside
from review.protocol.frozen import Frozen, Line, Slug
from review.protocol.vocabulary import AnalysisKind, Rater, Variant

ModelName = Literal["univariate", "multivariate"]

StructureName = Literal["UN", "CS", "HCS", "DIAG", "ID", "AR", "HAR", "CAR"]
"""How true effects of a study's outcomes go together, by metafor's names."""

MODEL_WORDS: Final = {
    "univariate": ("One effect a study", ""),
    "multivariate": ("Several outcomes together", "Each study gives one effect of each."),
}

STRUCTURE_WORDS: Final = {
    "UN": ("Unstructured", "A variance each, a correlation of each two; asks most of the data."),
    "CS": ("Compound symmetric", "One variance, one correlation."),
    "HCS": ("One correlation", "A variance each, one correlation."),
    "DIAG": ("Diagonal", "A variance each, no correlation."),
    "ID": ("Identity", "One variance, no correlation."),
    "AR": ("Autoregressive", "Times in order: the nearer, the more alike."),
    "HAR": ("Autoregressive, a variance each", ""),
    "CAR": ("Continuous autoregressive", "By the time between."),
}
"""What a form calls them, and what they mean."""

JOINT_METHODS: Final = ("REML", "ML", "EE")


def _is_empty(value: object) -> bool:
    return value is None or value == ()


class JointOutcome(Frozen):
    """One of several outcomes of a multivariate model: what is not said here, the plan says."""

    label: Line
    """What outputs call it."""
    outcome: Annotated[Slug | None, Field(exclude_if=_is_empty)] = None
    instruments: Annotated[tuple[Slug, ...], Field(exclude_if=_is_empty)] = ()
    raters: Annotated[tuple[Rater, ...], Field(exclude_if=_is_empty)] = ()
    timepoints: Annotated[tuple[Line, ...], Field(exclude_if=_is_empty)] = ()
    time: Annotated[float | None, Field(exclude_if=_is_empty)] = None
    """When it is measured, for structures in time; then sampling errors correlate by `rho` to the
    power of the time between."""


class _Joint(Protocol):
    """What of a plan says whether outcomes can be taken together."""

    @property
    def model(self) -> str: ...

    @property
    def kind(self) -> AnalysisKind: ...

    @property
    def outcomes(self) -> Sequence[JointOutcome]: ...

    @property
    def structure(self) -> str: ...

    @property
    def method(self) -> str: ...

    @property
    def test(self) -> str: ...

    @property
    def variants(self) -> Sequence[Variant]: ...

    @property
    def title(self) -> str: ...

    def of_outcome(self, one: JointOutcome) -> _Joint: ...


def joint_problem(plan: _Joint) -> str | None:
    """Return why a plan's model of several outcomes cannot be; None where nothing is wrong."""
    if plan.model != "multivariate":
        return "outcomes are of a multivariate model: set model: multivariate" if (
            plan.outcomes
        ) else None  # fmt: skip
    if plan.kind is not AnalysisKind.CONTRAST:
        return "a multivariate model is of a contrast: leave kind as it is"
    labels = [one.label for one in plan.outcomes]
    if len(labels) < 2:
        return "a multivariate model names two outcomes or more, the one that decides first"
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        return f"two outcomes of the model are called {twice}"
    alike = _taken_twice(plan)
    if alike is not None:
        return alike
    times = [one.time for one in plan.outcomes if one.time is not None]
    if times and (len(times) < len(labels) or len(set(times)) < len(times)):
        return "time is given of every outcome, each another, or of none"
    if plan.structure in ("AR", "HAR", "CAR") and not times:
        return f"structure {plan.structure} needs the time of each outcome"
    if plan.method not in JOINT_METHODS or plan.test not in TESTS_OF_MANY:
        return (
            f"a multivariate model goes with method {', '.join(JOINT_METHODS)} and test "
            f"{' or '.join(TESTS_OF_MANY)}"
        )
    return refused_beside(
        plan,
        "of analyses of one outcome; plan them for a contrast beside the multivariate model",
        but=OF_WHOLE_MODELS - _without_sense(plan.outcomes),
    )


def _without_sense(outcomes: Sequence[JointOutcome]) -> set[Variant]:
    """Return variants that its method, or what tells its outcomes apart, leaves no room for."""
    told_apart = {Variant.BY_RATER} if any(one.raters for one in outcomes) else set()
    return {Variant.DERSIMONIAN_LAIRD, *told_apart}


def _taken_twice(plan: _Joint) -> str | None:
    """Return which two outcomes would take the same results."""
    parts = [plan.of_outcome(one) for one in plan.outcomes]
    lists = ("outcome", "instruments", "raters", "timepoints")
    for i, part in enumerate(parts):
        for other in parts[:i]:
            if all(getattr(part, name) == getattr(other, name) for name in lists):
                one, two = other.title, part.title
                return f"{one} and {two} take the same results: give each its raters, say"
    return None
