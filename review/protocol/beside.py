"""What plans of one effect a study compute beside the pooled result, and other models refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

BESIDE: Final = (
    "variants", "subgroups", "moderators", "heterogeneity", "sequential", "zero_cells"
)  # fmt: skip
"""Choices of a plan that rest on one effect a study, with its inverse-variance weight."""


class _Modelled(Protocol):
    @property
    def heterogeneity(self) -> Sequence[str]: ...

    @property
    def method(self) -> str: ...


def heterogeneity_problem(plan: _Modelled) -> str | None:
    """Return why a plan cannot say what tau² depends on; None where nothing is wrong."""
    if not plan.heterogeneity or plan.method in ("REML", "ML"):
        return None
    return (
        f"heterogeneity is modelled by REML or ML, not {plan.method}; plan it as an analysis of "
        "its own beside this one"
    )


def refused_beside(plan: object, because: str) -> str | None:
    """Return why a plan cannot ask for what it asks beside its result; None where it asks nothing.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> none = dict.fromkeys(BESIDE, ())
    >>> refused_beside(SimpleNamespace(**{**none, "subgroups": ("year",)}), "of one outcome")
    'subgroups: of one outcome'
    """
    planned = [name for name in BESIDE if getattr(plan, name)]
    return f"{', '.join(planned)}: {because}" if planned else None
