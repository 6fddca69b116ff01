"""Parts of a planned analysis: its sides, signals and looks, priors, and rule for zero cells."""

from __future__ import annotations

from typing import Annotated, Final, Protocol

from pydantic import Field, model_validator

from review.conventions import AddTo, TauFamily
from review.protocol.frozen import Frozen, Line
from review.protocol.vocabulary import DeliveryMode


class _Arm(Protocol):
    """What a side is recognised by."""

    @property
    def delivery_mode(self) -> DeliveryMode | None: ...

    @property
    def treatment(self) -> str: ...


class ArmRule(Frozen):
    """Which arms stand on one side of the contrast: those that match every list given."""

    label: Line
    """What outputs call this side."""
    delivery_mode: tuple[DeliveryMode, ...] = ()
    treatment: tuple[Line, ...] = ()

    @model_validator(mode="after")
    def _selects_something(self) -> ArmRule:
        if not self.delivery_mode and not self.treatment:
            raise ValueError("give delivery_mode, treatment, or both")
        return self

    def matches(self, arm: _Arm) -> bool:
        """Whether an arm belongs to this side."""
        return (not self.delivery_mode or arm.delivery_mode in self.delivery_mode) and (
            not self.treatment or arm.treatment in self.treatment
        )


NOBODY: Final = ArmRule(label="no comparator", treatment=("no comparator",))
"""The comparator of a single-arm analysis."""


class SignalRules(Frozen):
    """When a moved result is worth a look; part of the protocol (living updating, section 3.1)."""

    shift: Annotated[float, Field(gt=0)] = 0.10
    shift_se: Annotated[float, Field(gt=0)] = 0.5
    relative: Annotated[float, Field(gt=0)] = 0.5
    relative_from: Annotated[float, Field(ge=0)] = 0.10
    narrower: Annotated[float, Field(gt=0, lt=1)] = 0.20
    weight: Annotated[float, Field(gt=0, lt=100)] = 40.0


class SequentialRules(Frozen):
    """The design of the panel for repeated looks (living updating, section 1.10)."""

    alpha: Annotated[float, Field(gt=0, lt=0.5)] = 0.025
    """One-sided."""
    beta: Annotated[float, Field(gt=0, lt=1)] = 0.10
    hoped: float = 0.0
    """The effect hoped for; noninferiority is designed for margin + hoped."""
    delta: Annotated[float, Field(gt=0)] | None = None
    """Effect of interest where there is no margin."""
    tau2_floor: Annotated[float, Field(ge=0)] = 0.04


class PriorRules(Frozen):
    """What a posterior by Bayes beside the planned estimate assumes beforehand."""

    tau: TauFamily = TauFamily.HALF_NORMAL
    """Prior family of the standard deviation between trials, tau."""
    scale: Annotated[float, Field(gt=0)] | None = None
    """Of that prior, on the scale of the measure; None is 0.5, of effects without a unit only."""
    mean: float = 0.0
    """Of the normal prior of the mean effect, oriented as effects are."""
    mean_sd: Annotated[float, Field(gt=0)] | None = None
    """Of the same; None is a flat prior, whatever `mean` is."""

    @model_validator(mode="after")
    def _a_mean_has_a_spread(self) -> PriorRules:
        if self.mean and self.mean_sd is None:
            raise ValueError("a mean beforehand needs its mean_sd; without it the prior is flat")
        return self


class ZeroCellRule(Frozen):
    """What is done about cells without events, in the words of metafor's ``escalc``."""

    add: Annotated[float, Field(ge=0)] = 0.5
    """Added to each cell of the trials that the rule touches; of rates to each arm's events."""
    to: AddTo = AddTo.ONLY0
    """Which these are: those with a zero cell, all, all as soon as one has a zero cell, none."""
    drop00: bool = False
    """Whether trials without events (or with events only) in both arms are left out."""
    by_arm: Annotated[bool, Field(exclude_if=lambda chosen: not chosen)] = False
    """Whether of twice `add` each arm gets its share of the trial's participants, so that no effect
    stays none where arms differ in size (Sweeting, Sutton & Lambert 2004). Of tables of two arms;
    kept out of what is stored where it is not chosen."""
