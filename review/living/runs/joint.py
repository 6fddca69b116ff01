"""What a run keeps of several outcomes taken together, as frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from review.living.runs.contents import RunPart

Interval = tuple[float, float]


class RobustLine(RunPart):
    """A cluster-robust test (CR2, a cluster a trial), on Satterthwaite's degrees of freedom.

    `p` is None with fewer than four of them.
    """

    se: float
    df: float
    p: float | None
    ci: Interval


class OutcomeLine(RunPart):
    """One outcome: its mean in the joint model, beside what its own trials say alone."""

    label: str
    k: int
    estimate: float
    se: float
    p: float
    ci: Interval
    pi: Interval | None
    tau2: float | None
    robust: RobustLine | None
    alone: float
    alone_ci: Interval


class DifferenceLine(RunPart):
    """An outcome minus the first."""

    label: str
    versus: str
    both: int
    """Trials that have both."""
    estimate: float
    se: float
    p: float
    ci: Interval
    robust: RobustLine | None


class CorrelationLine(RunPart):
    """Correlation of the true effects of two outcomes; None where nothing tells it."""

    first: str
    second: str
    value: float | None


def stated_words(pairs: Sequence[CorrelationLine]) -> str:
    """Return ``of wai and haq by 0.4`` for each, joined; nothing for none."""
    told = [f"of {one.first} and {one.second} by {one.value:g}" for one in pairs]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


class AssumedLine(RunPart):
    """The deciding outcome and the first difference, had another correlation been assumed."""

    rho: float
    estimate: float
    ci: Interval
    difference: float
    difference_ci: Interval
    loglik: float
    tau2: tuple[float, ...]
    correlations: tuple[float | None, ...]
    """As found by it, in the order of the run's own."""


class JointLine(RunPart):
    """Several outcomes taken together, in the plan's order, the deciding one first."""

    trials: int
    effects: int
    structure: str
    rho: float
    outcomes: tuple[OutcomeLine, ...]
    differences: tuple[DifferenceLine, ...]
    equal_stat: float | None
    equal_df: int
    equal_ddf: float | None
    equal_p: float | None
    """Whether all outcomes have one mean; None of a single outcome."""
    correlations: tuple[CorrelationLine, ...]
    loglik: float
    aic: float
    assumed: tuple[AssumedLine, ...] = ()
    stated: Annotated[tuple[CorrelationLine, ...], Field(exclude_if=lambda pairs: not pairs)] = ()
    """Correlations of sampling errors that the plan states of two outcomes, other than `rho`."""
    without: tuple[str, ...] = ()
    """Planned outcomes that no trial has."""

    def as_assumed(self, line: AssumedLine) -> tuple[CorrelationLine, ...]:
        """Return the correlations of true effects as another assumed correlation gives them."""
        return tuple(
            pair.model_copy(update={"value": value})
            for pair, value in zip(self.correlations, line.correlations, strict=True)
        )

    @property
    def deciding(self) -> OutcomeLine:
        """The outcome that the plan decides on."""
        return self.outcomes[0]
