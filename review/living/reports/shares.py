"""What moved a result, divided among events, and the signals that fired, as reports tell them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ANOTHER_MODEL: Final = "another model (plan)"
"""The event of a plan that pools otherwise."""
BY_PLAN: Final = "effects computed otherwise (plan)"
"""The event of a plan that makes other effects of the same numbers: by other ways with medians,
correlations, reliabilities, scales of instruments, or what is added to empty cells."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one event did to the result: averaged over all orders, and in the order given."""

    what: str
    estimate: float
    lower: float
    upper: float
    tau2: float | None
    """None where the model has one common effect."""
    in_order: float
    """Change of the estimate when the events are taken one after another as listed."""


@dataclass(frozen=True, slots=True)
class Shares:
    """A change divided among its events; shares and split both sum to the total."""

    shares: tuple[Share, ...]
    total: Share
    data_at_old_tau2: float | None
    tau2_reestimated: float | None
    exact: bool


@dataclass(frozen=True, slots=True)
class SignalTold:
    """A signal that fired."""

    kind: str
    value: float | None
    threshold: float | None
    margin: float | None
    trials: tuple[str, ...]
    before: str | None
    after: str | None
