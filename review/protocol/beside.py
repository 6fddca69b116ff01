"""What plans of one effect a study compute beside the pooled result, and other models refuse."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from review.measures import Family, Measure
from review.protocol.vocabulary import Variant

if TYPE_CHECKING:  # pydantic, which `review pool` does without
    from review.protocol.parts import PriorRules

BESIDE: Final = ("subgroups", "moderators", "heterogeneity", "sequential", "zero_cells", "bayes")
"""Choices of a plan that, as some variants do, rest on one effect a study, with its weight."""

OF_WHOLE_MODELS: Final = frozenset(
    {
        Variant.FIXED, Variant.Z_TEST, Variant.DERSIMONIAN_LAIRD, Variant.LEAVE_ONE_OUT,
        Variant.BY_RATER, Variant.ITT_ONLY, Variant.LOW_RISK_ONLY,
    }
)  # fmt: skip
"""Variants of a model of whole trials: it is fitted otherwise, or to other trials or results.

The others rest on the funnel or the influence of single effects, or take several results of an arm.
"""

TESTS_OF_MANY: Final = ("t", "z")
"""Tests of models that take several effects of a trial."""

OF_NETWORKS: Final = frozenset({*OF_WHOLE_MODELS, "subgroups", "moderators"})
"""What a network has beside its result."""


class _Beside(Protocol):
    @property
    def variants(self) -> Sequence[Variant]: ...


class _Modelled(Protocol):
    @property
    def heterogeneity(self) -> Sequence[str]: ...

    @property
    def method(self) -> str: ...


class _Believed(Protocol):
    @property
    def bayes(self) -> PriorRules | None: ...

    @property
    def measure(self) -> Measure: ...


class _Pooled(Protocol):
    @property
    def change_correlation(self) -> float | None: ...

    @property
    def scores(self) -> str: ...

    @property
    def measure(self) -> Measure: ...


def change_problem(plan: _Pooled) -> str | None:
    """Return why a plan cannot assume how both occasions go together; None where it can, or not."""
    within = plan.measure.facts.family is Family.CHANGES
    if within and plan.scores == "change":
        return f"{plan.measure.value} is of change whatever scores says; leave scores out"
    if plan.change_correlation is None or within or plan.scores == "change":
        return None
    return (
        "change_correlation is of plans that pool change: scores: change of a contrast, or the "
        "mean change of a single arm (MC, SMCC, SMCR, SMCRH, SMCRP, SMCRPH, ROMC, VRC, CVRC)"
    )


def heterogeneity_problem(plan: _Modelled) -> str | None:
    """Return why a plan cannot say what tau² depends on; None where nothing is wrong."""
    if not plan.heterogeneity or plan.method in ("REML", "ML"):
        return None
    return (
        f"heterogeneity is modelled by REML or ML, not {plan.method}; plan it as an analysis of "
        "its own beside this one"
    )


def prior_problem(plan: _Believed) -> str | None:
    """Return why a plan's priors do not hold for its measure; None where nothing is wrong."""
    if plan.bayes is None or plan.bayes.scale is not None:
        return None
    if plan.measure is Measure.GEN or plan.measure.unit_free:
        return None
    return (
        f"bayes: {plan.measure.value} has a unit; state the scale of tau's prior in it (0.5 is of "
        "effects without a unit)"
    )


def refused_beside(plan: _Beside, because: str, *, but: Container[str] = frozenset()) -> str | None:
    """Return why a plan cannot ask for what it asks beside its result; None where it asks nothing.

    Parameters
    ----------
    but : of Variant, and names of `BESIDE`
        What it may ask for nevertheless.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> none = dict.fromkeys(("variants", *BESIDE), ())
    >>> refused_beside(SimpleNamespace(**{**none, "subgroups": ("year",)}), "of one outcome")
    'subgroups: of one outcome'
    >>> some = SimpleNamespace(**{**none, "variants": (Variant.FIXED, Variant.PET_PEESE)})
    >>> refused_beside(some, "of one outcome", but=OF_WHOLE_MODELS)
    'variants pet_peese: of one outcome'
    """
    refused = [variant for variant in plan.variants if variant not in but]
    planned = [f"variants {', '.join(refused)}"] if refused else []
    planned += [name for name in BESIDE if name not in but and getattr(plan, name)]
    return f"{', '.join(planned)}: {because}" if planned else None
