"""What plans of one effect a study compute beside the pooled result, and other models refuse."""

from __future__ import annotations

from typing import Final

BESIDE: Final = (
    "variants", "subgroups", "moderators", "heterogeneity", "sequential", "zero_cells"
)  # fmt: skip
"""Choices of a plan that rest on one effect a study, with its inverse-variance weight."""


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
