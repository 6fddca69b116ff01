"""What Egger's test regresses effects on, in plans: what stands for the size of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

from review.measures import AnalysisKind

PredictorName = Literal["sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"]

PREDICTORS: Final[Mapping[str, tuple[str, str]]] = {
    "sei": ("Standard error", "As Egger et al. 1997 have it."),
    "vi": ("Sampling variance", ""),
    "ni": ("Sample size", ""),
    "ninv": ("Inverse of the sample size", ""),
    "sqrtni": ("Square root of the sample size", ""),
    "sqrtninv": (
        "Inverse square root of the sample size",
        "Of standardized differences, whose standard error depends on the effect.",
    ),
}
"""What each is called, and what a form says of it."""

OF_SIZES: Final = frozenset({"ni", "ninv", "sqrtni", "sqrtninv"})
"""Those that need the participants of every trial."""


class _Tested(Protocol):
    """What of a plan says whether its effects are tested for asymmetry, and by what."""

    @property
    def kind(self) -> AnalysisKind: ...

    @property
    def model(self) -> str: ...

    @property
    def random(self) -> Sequence[str]: ...

    @property
    def asymmetry(self) -> PredictorName: ...


def asymmetry_problem(plan: _Tested) -> str | None:
    """Return why a plan cannot choose a predictor of asymmetry; None where nothing is wrong."""
    if plan.asymmetry != "sei" and (
        plan.kind is AnalysisKind.NETWORK or plan.model != "univariate" or plan.random
    ):
        return "asymmetry is of one effect a trial, of one comparison: else Egger has no test"
    return None


def predictor_words(name: str) -> str:
    """Return what a sentence calls a predictor.

    Examples
    --------
    >>> predictor_words("ninv")
    'inverse of the sample size'
    """
    words = PREDICTORS[name][0]
    return words[:1].lower() + words[1:]
