"""What a run keeps of a location-scale model: what tau² depends on, as frozen values."""

from __future__ import annotations

from collections.abc import Sequence

from review.living.runs.contents import LeftOut, RunPart
from review.synthesis.design import INTERCEPT

Interval = tuple[float, float]


def told_beside(without: Sequence[LeftOut], remarks: Sequence[str]) -> tuple[str, ...]:
    """Return what is said beside a model's numbers: trials without a value by reason, and remarks.

    Examples
    --------
    >>> told_beside([LeftOut(study="Lee", reason="not reported")], ["Few trials."])
    ('Without a value (not reported): Lee.', 'Few trials.')
    """
    studies: dict[str, list[str]] = {}
    for item in without:
        studies.setdefault(item.reason, []).append(item.study)
    told = (f"Without a value ({why}): {'; '.join(of)}." for why, of in studies.items())
    return (*told, *remarks)


class ScaleTerm(RunPart):
    """A coefficient of the mean effect, and the same of log tau²; a level where they are levels."""

    label: str
    k: int
    """Trials of the level, or of the model."""
    estimate: float
    ci: Interval
    p: float
    coefficient: float | None
    """Of log tau²; None, with its interval and test, where a tau² is at zero, its limit."""
    coefficient_ci: Interval | None
    coefficient_p: float | None
    tau2: float | None
    """Of a level; None of other terms."""
    tau2_ci: Interval | None


class Tau2At(RunPart):
    """tau² where a number that it depends on is lowest and highest."""

    label: str
    tau2: float


class HeterogeneityLine(RunPart):
    """A planned location-scale model: the mean effect and log tau² depend on one formula."""

    formula: str
    by_level: bool
    """Whether the terms are the levels of a category, each with a mean and a tau² of its own."""
    k: int = 0
    terms: tuple[ScaleTerm, ...] = ()
    at: tuple[Tau2At, ...] = ()
    same_tau2: float | None = None
    """One for all trials, the means as they are."""
    stat: float | None = None
    """Likelihood ratio against one tau², chi² on `df`."""
    df: int | None = None
    p: float | None = None
    loglik: float | None = None
    note: str | None = None
    """Why there are no numbers."""
    without: tuple[LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def printed(self) -> tuple[tuple[int, ScaleTerm], ...]:
        """The terms by place, without an intercept (of a year 0, say) where `at` tells more."""
        return tuple(
            (i, term) for i, term in enumerate(self.terms) if not self.at or term.label != INTERCEPT
        )

    @property
    def beside(self) -> tuple[str, ...]:
        """What is to be said beside its numbers."""
        return told_beside(self.without, self.remarks)
