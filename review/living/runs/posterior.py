"""What a run keeps of a posterior by Bayes beside its pooled line, as frozen values."""

from __future__ import annotations

from review.living.runs.contents import RunPart
from review.protocol.parts import PriorRules

Interval = tuple[float, float]


class Chance(RunPart):
    """Posterior probabilities that an effect lies above minus a margin (None: above zero)."""

    margin: float | None
    mean: float
    """Of the mean effect."""
    new: float
    """Of the effect in a new trial."""


class PosteriorLine(RunPart):
    """The normal-normal model of a run's effects, with the priors that its plan states."""

    priors: PriorRules
    """As planned, the scale of tau's resolved."""
    k: int = 0
    level: float
    """Of the central intervals."""
    estimate: float | None = None
    """Posterior mean of the mean effect; None, as all numbers, where `note` says why."""
    sd: float | None = None
    median: float | None = None
    ci: Interval | None = None
    pi: Interval | None = None
    """Of the effect in a new trial."""
    tau: float | None = None
    """Posterior median of the standard deviation between trials."""
    tau_mean: float | None = None
    tau_ci: Interval | None = None
    chances: tuple[Chance, ...] = ()
    """Of each margin, the deciding one first, and of zero, where zero means no effect."""
    note: str | None = None
    """Why there are no numbers."""

    @property
    def of_tau(self) -> str:
        """The prior of tau in words: ``half-normal with scale 0.5``."""
        scale = "" if self.priors.scale is None else f" with scale {self.priors.scale:g}"
        return f"{self.priors.tau.value}{scale}"

    @property
    def of_mean(self) -> str:
        """The prior of the mean effect in words: ``flat``, ``normal with mean 0 and SD 1``."""
        if self.priors.mean_sd is None:
            return "flat"
        return f"normal with mean {self.priors.mean:g} and SD {self.priors.mean_sd:g}"
